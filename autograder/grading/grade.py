"""Grades submissions: workers execute them into the store, then nbgrader records the marks.

Two steps, one direction. What is executed stays in the store, and what is recorded is marked with
what it was recorded from; a run that was interrupted, however hard, goes on where it stopped.
nbgrader's own autograde, in this process, is the only writer of the gradebook.
"""

from __future__ import annotations

import hashlib
import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from autograder.course_paths import CoursePaths
from autograder.errors import CourseError
from autograder.examining.exam import exam_state, load_exam
from autograder.grading.intake import stage
from autograder.grading.store import code_state
from autograder.grading.workers import Executed, Job, on_cluster, on_this_machine
from autograder.nbgrader_api import autograde
from autograder.records import GradeRecord, Outcome, read_records, write_records, write_text

log = logging.getLogger(__name__)


def find_jobs(paths: CoursePaths, assignments: list[str], student: str | None = None) -> list[Job]:
    """Return all submissions for `assignments`; raises CourseError where there is none."""
    jobs = [
        Job(assignment, folder.name)
        for assignment in assignments
        for folder in sorted(paths.submitted.glob("*"))
        if (folder / assignment).is_dir() and student in (None, folder.name)
    ]
    if not jobs:
        who = f"of {student!r} " if student else ""
        raise CourseError(
            f"There is no submission {who}for {', '.join(assignments)} in {paths.submitted}."
        )
    return jobs


def grade(
    paths: CoursePaths,
    jobs: list[Job],
    *,
    workers: int | None = None,
    cluster: str | None = None,
    contained: bool = True,
    force: bool = False,
    progress: Callable[[Job, list[GradeRecord]], None] = lambda job, records: None,
) -> list[GradeRecord]:
    """Grade `jobs` and return all records; what is graded already is not graded again.

    `workers` processes run at once (default: :func:`default_workers`); `cluster` names a Dask
    scheduler to use instead. Raises CourseError, and NotContainedError where
    submissions cannot be contained and `contained` does not say that they need not be.
    """
    for assignment in sorted({job.assignment for job in jobs}):
        _check_released(paths, assignment)
    options: dict[str, dict[str, Any]] = {"ExamExecute": {"contained": contained}}
    graded = {} if force else {job: found for job in jobs if (found := _graded(paths, job))}
    for job, found in graded.items():
        progress(job, found)
    left = [job for job in jobs if job not in graded]
    if left:
        workers = min(workers or default_workers(paths, left), len(left))
        _share_cores(workers)
        ahead = {"ExamExecute": {"contained": contained, "fresh": force}}
        executed = (
            on_cluster(paths, left, ahead, cluster)
            if cluster
            else on_this_machine(paths, left, ahead, workers)
        )
        with _Interrupts() as interrupts:
            for done in executed:
                with interrupts.put_off():
                    graded[done.job] = _record(paths, done, options)
                progress(done.job, graded[done.job])
                interrupts.check()
    # Each submission's records are in its notebook's order already.
    records = [record for found in graded.values() for record in found]
    return sorted(records, key=lambda one: (one.assignment, one.student))


class _Interrupts:
    """Ctrl-C, put off while a mark is recorded, and never lost.

    nbgrader would take it for a failed submission; and Python drops an interrupt that comes while
    it tidies up an object. So it is noted, and asked after again and again.
    """

    def __enter__(self) -> _Interrupts:
        self.caught = self.held = False
        self.ours = threading.current_thread() is threading.main_thread()
        if self.ours:
            self.before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *error: object) -> None:
        if self.ours:
            signal.signal(signal.SIGINT, self.before)

    def _note(self, _number: int, _frame: Any) -> None:
        self.caught = True
        if not self.held:
            raise KeyboardInterrupt

    @contextmanager
    def put_off(self) -> Iterator[None]:
        """Put Ctrl-C off to the end of the block."""
        self.held = True
        try:
            yield
        finally:
            self.held = False
        self.check()

    def check(self) -> None:
        """Raise KeyboardInterrupt if there was one."""
        if self.caught:
            raise KeyboardInterrupt


def default_workers(paths: CoursePaths, jobs: list[Job], gpu_jobs: int | None = None) -> int:
    """Return how many submissions to run at once: a core each, or as many as share the GPU."""
    exams = [load_exam(paths.exams, name) for name in {job.assignment for job in jobs}]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if not any(task.device == "cuda" for exam in exams for task in exam.tasks):
        return cores or 1
    return gpu_jobs or runs_on_gpu(cores or 1)


#: GiB of GPU memory that one fine-tuning run of this course holds, CUDA's own context included.
GPU_RUN_GIB = 3.0


def runs_on_gpu(cores: int) -> int:
    """Return how many fine-tuning runs share the GPU: by its memory, and not over one a core."""
    import torch

    free, _ = torch.cuda.mem_get_info()
    return max(1, min(cores, int(free / 2**30 / GPU_RUN_GIB)))


def _graded(paths: CoursePaths, job: Job) -> list[GradeRecord] | None:
    """Return the records of `job` if they stand in the gradebook and nothing has changed since."""
    path = paths.records(job.assignment, job.student)
    done = path.with_suffix(".done")
    try:
        if done.read_text() == _state(paths, job):
            return read_records(path)
    except (OSError, ValueError, CourseError):
        pass  # not graded, or not readable: then it is graded
    return None


def _record(
    paths: CoursePaths, done: Executed, options: dict[str, dict[str, Any]]
) -> list[GradeRecord]:
    """Let nbgrader record what a worker executed, and return the records."""
    job = done.job
    path = paths.records(job.assignment, job.student)
    mark = path.with_suffix(".done")
    mark.unlink(missing_ok=True)
    try:
        if done.failure is not None:
            raise CourseError(done.failure)
        state = _state(paths, job)
        autograde(paths, job.assignment, job.student, options)
        records = read_records(path)
    except CourseError as error:
        return _grader_error(paths, job, str(error))
    except Exception as error:
        log.exception("%s of %s could not be recorded", job.assignment, job.student)
        return _grader_error(paths, job, f"{type(error).__name__}: {error}")
    if done.complaint is not None:
        update = {
            "outcome": Outcome.FAILED,
            "misconception": "unreadable-notebook",
            "message": f"The notebook handed in could not be read: {done.complaint}",
        }
        records = [record.model_copy(update=update) for record in records]
        write_records(path, records)
    if not any(record.outcome is Outcome.GRADER_ERROR for record in records):
        write_text(mark, state)
    return records


def _grader_error(paths: CoursePaths, job: Job, reason: str) -> list[GradeRecord]:
    """Write and return records that say that we failed, not the student."""
    log.error("%s of %s: %s", job.assignment, job.student, reason)
    exam = load_exam(paths.exams, job.assignment)
    records = [
        GradeRecord(
            assignment=job.assignment,
            student=job.student,
            notebook=paths.notebook_name(job.assignment),
            grade_id=task.grade_id,
            outcome=Outcome.GRADER_ERROR,
            points=0,
            max_points=task.points,
            message="The grader itself failed on this submission; your instructor has been told.",
        )
        for task in exam.tasks
    ]
    write_records(paths.records(job.assignment, job.student), records)
    return records


def _state(paths: CoursePaths, job: Job) -> str:
    """Return what a grade depends on, as one digest: a change in any part grades anew."""
    parts = hashlib.sha256(stage(paths, job.assignment, job.student).digest.encode())
    parts.update(exam_state(load_exam(paths.exams, job.assignment)).encode())
    parts.update(paths.notebook(paths.release, job.assignment).read_bytes())
    parts.update((paths.root / "nbgrader_config.py").read_bytes())
    parts.update(code_state().encode())
    return parts.hexdigest()


def _check_released(paths: CoursePaths, assignment: str) -> None:
    if not paths.notebook(paths.release, assignment).is_file() or not paths.gradebook.exists():
        raise CourseError(
            f"{assignment} is not released yet: run `nbgrader generate_assignment {assignment}`."
        )


def _share_cores(workers: int) -> None:
    """Let each worker and its kernel use its share of the cores: they compute in turns."""
    share = max(1, (os.cpu_count() or 1) // workers)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(share)
    # Nothing is fetched while grading, and no library needs a terminal.
    os.environ |= {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "MPLBACKEND": "agg"}
