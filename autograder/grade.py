"""Grades submissions side by side: each through nbgrader's own autograde, in a worker process.

A batch never stops for one submission. What is finished is marked as such, together with what it
was graded from; a run that was interrupted, however hard, goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import logging
import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from autograder.converters import autograde
from autograder.examiner import Exam, load_exam
from autograder.layout import CourseError, Layout
from autograder.records import Outcome, Record, read_records, write_records, write_text
from autograder.staging import stage

log = logging.getLogger(__name__)

#: A submission whose worker process died this often is given up as a grader error.
ATTEMPTS = 2


@dataclass(frozen=True)
class Job:
    """One student's submission for one assignment."""

    assignment: str
    student: str


def find_jobs(layout: Layout, assignments: list[str], student: str | None = None) -> list[Job]:
    """Return all submissions for `assignments`; raises CourseError where there is none."""
    jobs = [
        Job(assignment, folder.name)
        for assignment in assignments
        for folder in sorted(layout.submitted.glob("*"))
        if (folder / assignment).is_dir() and student in (None, folder.name)
    ]
    if not jobs:
        who = f"of {student!r} " if student else ""
        raise CourseError(
            f"There is no submission {who}for {', '.join(assignments)} in {layout.submitted}."
        )
    return jobs


def grade(
    layout: Layout,
    jobs: list[Job],
    *,
    workers: int | None = None,
    force: bool = False,
    progress: Callable[[Job, list[Record]], None] = lambda job, records: None,
) -> list[Record]:
    """Grade `jobs` and return all records; what is graded already is not graded again."""
    for assignment in sorted({job.assignment for job in jobs}):
        _check_released(layout, assignment)
    workers = min(workers or os.cpu_count() or 1, len(jobs))
    _share_cores(workers)
    records: list[Record] = []
    for job, found in _in_pools(layout, jobs, workers, force):
        records += found
        progress(job, found)
    # Each submission's records are in its notebook's order already.
    return sorted(records, key=lambda one: (one.assignment, one.student))


def _in_pools(
    layout: Layout, jobs: list[Job], workers: int, force: bool
) -> Iterator[tuple[Job, list[Record]]]:
    """Yield each job with its records; a pool that broke is replaced by a new one."""
    attempts = dict.fromkeys(jobs, 0)
    context = multiprocessing.get_context("spawn")
    while attempts:
        with ProcessPoolExecutor(
            workers, mp_context=context, initializer=_be_quiet, initargs=(layout.log,)
        ) as pool:
            futures: dict[Future[list[Record]], Job] = {
                pool.submit(grade_one, layout.root, job, force): job for job in attempts
            }
            try:
                for future in as_completed(futures):
                    job = futures[future]
                    try:
                        found = future.result()
                    except BrokenProcessPool:
                        attempts[job] += 1
                        if attempts[job] < ATTEMPTS:
                            continue
                        found = _grader_error(layout, job, "its grading process died")
                    except Exception as error:
                        log.exception("%s of %s could not be graded", job.assignment, job.student)
                        found = _grader_error(layout, job, f"{type(error).__name__}: {error}")
                    del attempts[job]
                    yield job, found
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                for process in list((pool._processes or {}).values()):
                    process.terminate()
                raise


def _be_quiet(path: Path) -> None:
    """Send our log to a file, and what kernels write to the terminal nowhere (in a worker)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(filename=path, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def grade_one(root: Path, job: Job, force: bool) -> list[Record]:
    """Grade one submission through nbgrader and return its records (in a worker)."""
    layout = Layout(root)
    exam = load_exam(layout.exams, job.assignment)
    staged = stage(layout, job.assignment, job.student)
    state = _state(layout, exam, staged.digest)
    records_path = layout.records(job.assignment, job.student)
    done_path = records_path.with_suffix(".done")
    if not force and done_path.exists() and done_path.read_text() == state:
        return read_records(records_path)
    done_path.unlink(missing_ok=True)
    records_path.unlink(missing_ok=True)
    try:
        autograde(layout, job.assignment, job.student)
    except CourseError as error:
        return _grader_error(layout, job, str(error))
    records = read_records(records_path)
    if staged.complaint is not None:
        update = {
            "outcome": Outcome.FAILED,
            "misconception": "unreadable-notebook",
            "message": f"The notebook handed in could not be read: {staged.complaint}",
        }
        records = [record.model_copy(update=update) for record in records]
        write_records(records_path, records)
    if not any(record.outcome is Outcome.GRADER_ERROR for record in records):
        write_text(done_path, state)
    return records


def _grader_error(layout: Layout, job: Job, reason: str) -> list[Record]:
    """Write and return records that say that we failed, not the student."""
    log.error("%s of %s: %s", job.assignment, job.student, reason)
    exam = load_exam(layout.exams, job.assignment)
    records = [
        Record(
            assignment=job.assignment,
            student=job.student,
            notebook=layout.notebook_name(job.assignment),
            grade_id=task.grade_id,
            outcome=Outcome.GRADER_ERROR,
            points=0,
            max_points=task.points,
            message="The grader itself failed on this submission; your instructor has been told.",
        )
        for task in exam.tasks
    ]
    write_records(layout.records(job.assignment, job.student), records)
    return records


def _state(layout: Layout, exam: Exam, submission: str) -> str:
    """Return what a grade depends on, as one digest: a change in any part grades anew."""
    parts = hashlib.sha256(submission.encode())
    for path in sorted(exam.folder.glob("*.py")):
        parts.update(path.read_bytes())
    parts.update(layout.notebook(layout.release, exam.assignment).read_bytes())
    return parts.hexdigest()


def _check_released(layout: Layout, assignment: str) -> None:
    if not layout.notebook(layout.release, assignment).is_file() or not layout.gradebook.exists():
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
