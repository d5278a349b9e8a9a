"""Grades submissions: workers execute them into the store, then their marks are entered.

Two steps, one direction. What is executed stays in the store, and what is entered is marked with
what it was entered from; a run that was interrupted, however hard, goes on where it stopped.
This process alone writes the gradebook, by nbgrader's own interface; it executes nothing.
"""

from __future__ import annotations

import hashlib
import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from autograder.course_paths import CoursePaths
from autograder.errors import CourseError
from autograder.examining.exam import exam_state, load_exam
from autograder.grading.dependencies import code_state
from autograder.grading.entering import Entering
from autograder.grading.executed import Executed, reason_of
from autograder.grading.gradebook import Book, read_gradebook
from autograder.grading.ordinary import autograded_records
from autograder.grading.roster_names import read_aliases
from autograder.grading.submission import SubmissionId, state_of
from autograder.grading.workers import Worths, on_cluster, on_this_machine
from autograder.nbgrader_api import autograde, configuration, open_gradebook
from autograder.records import GradeRecord, Outcome, read_records, write_records
from course.files import write_whole

log = logging.getLogger(__name__)

Progress = Callable[[SubmissionId, list[GradeRecord]], None]
Recorded = dict[SubmissionId, list[GradeRecord]]


def grade(
    paths: CoursePaths,
    ids: list[SubmissionId],
    *,
    workers: int | None = None,
    cluster: str | None = None,
    contained: bool = True,
    force: bool = False,
    progress: Progress = lambda id, records: None,
) -> list[GradeRecord]:
    """Grade submissions and return all records; what is graded already is not graded again.

    `workers` processes run at once (default: :func:`default_workers`); `cluster` names a Dask
    scheduler to use instead. Raises CourseError, and NotContainedError where
    submissions cannot be contained and `contained` does not say that they need not be.
    """
    book = read_gradebook(paths)
    for assignment in sorted({id.assignment for id in ids}):
        book.check_released(assignment)
        if paths.has_exam(assignment):
            book.check_tasks(load_exam(paths.exams, assignment))
    recorder = Recorder(paths, book)
    graded: dict[SubmissionId, list[GradeRecord]] = {}
    for id in ids:
        if not force and (found := recorder.recorded(id)) is not None:
            graded[id] = found
            progress(id, found)
    ordinary = [id for id in ids if id not in graded and not paths.has_exam(id.assignment)]
    if ordinary:
        with Interrupts() as interrupts:
            for id in ordinary:
                graded[id] = recorder.autograded(id, contained=contained)
                progress(id, graded[id])
                interrupts.check()
    left = [id for id in ids if id not in graded]
    if left:
        options = {"contained": contained, "fresh": force}
        with Interrupts() as interrupts, recorder.open() as record:
            for batch in executed(paths, left, options, book.tasks, workers, cluster):
                with interrupts.put_off():
                    done = record(batch)
                graded |= done
                for id, records in done.items():
                    progress(id, records)
                interrupts.check()
    # Each submission's records are in its notebook's order already.
    records = [record for found in graded.values() for record in found]
    return sorted(records, key=lambda one: (one.assignment, one.student))


def executed(
    paths: CoursePaths,
    ids: list[SubmissionId],
    options: dict[str, Any],
    worths: Worths,
    workers: int | None = None,
    cluster: str | None = None,
) -> Iterator[list[Executed]]:
    """Yield submissions as they are executed into the store; `options` are ExamExecute's.

    `worths` are the gradebook's points by assignment; without them the released notebook's hold.
    """
    workers = min(workers or default_workers(paths, ids), len(ids))
    _share_cores(workers)
    if cluster:
        return on_cluster(paths, ids, {"ExamExecute": options}, worths, cluster)
    return on_this_machine(paths, ids, {"ExamExecute": options}, worths, workers)


class Interrupts:
    """Ctrl-C, put off while a mark is recorded, and never lost.

    nbgrader would take it for a failed submission; and Python drops an interrupt that comes while
    it tidies up an object. So it is noted, and asked after again and again.
    """

    def __init__(self) -> None:
        self.caught = self.held = False
        self.ours = threading.current_thread() is threading.main_thread()
        self.before: Any = None

    def __enter__(self) -> Interrupts:
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


class Recorder:
    """Enters results into the gradebook, and knows what was entered from what."""

    def __init__(self, paths: CoursePaths, book: Book) -> None:
        self.paths, self.book = paths, book
        self._assignment_states: dict[str, str] = {}

    def recorded(self, id: SubmissionId) -> list[GradeRecord] | None:
        """Return the records of a submission if nothing has changed since; it only reads.

        A mark that the gradebook has lost is no mark: the result is recorded once more.
        """
        if not self.book.has_marks(id.assignment, id.student):
            return None
        path = self.paths.records(id.assignment, id.student)
        try:
            if path.with_suffix(".done").read_text() == self._state(id):
                return read_records(path)
        except (OSError, ValueError, CourseError):
            pass  # not graded, or not readable: then it is graded
        return None

    @contextmanager
    def open(self) -> Iterator[Callable[[list[Executed]], Recorded]]:
        """Yield what enters a batch of results and returns its records; the gradebook is open."""
        with open_gradebook(self.paths.root) as gradebook:
            entering = Entering(gradebook, configuration(self.paths.root, {}))

            def record(batch: list[Executed]) -> Recorded:
                try:
                    good = [one for one in batch if one.failure is None]
                    entering.enter(good)
                    entered = {one.id for one in good}
                except Exception:
                    entered = set()  # one of them is at fault: each is entered alone
                return {one.id: self._recorded(entering, one, entered) for one in batch}

            yield record

    def _recorded(
        self, entering: Entering, one: Executed, entered: set[SubmissionId]
    ) -> list[GradeRecord]:
        """Finish what was entered, or enter it alone; return the records."""
        if one.failure is not None:
            return self._failed(one.id, one.failure)
        done = self.paths.records(one.id.assignment, one.id.student).with_suffix(".done")
        try:
            done.unlink(missing_ok=True)
            state = self._state(one.id)
            if one.id not in entered:
                entering.enter([one])
            entering.hand_over(one)
            records = one.records()
            write_records(done.with_suffix(".json"), records)
            if not any(record.outcome is Outcome.GRADER_ERROR for record in records):
                write_whole(done, state)
        except Exception as error:
            return self._failed(one.id, reason_of(error, one.id, "recorded"))
        return records

    def autograded(self, id: SubmissionId, *, contained: bool) -> list[GradeRecord]:
        """Let nbgrader grade a submission without an exam of ours, and return its records."""
        path = self.paths.records(id.assignment, id.student)
        try:
            path.with_suffix(".done").unlink(missing_ok=True)
            state = self._state(id)
            options = {"ContainedExecute": {"contained": contained}}
            autograde(self.paths.root, id.assignment, id.student, options)
            records = autograded_records(self.paths, id, contained=contained)
            write_records(path, records)
            write_whole(path.with_suffix(".done"), state)
        except Exception as error:
            return self._failed(id, reason_of(error, id, "recorded"))
        return records

    def _failed(self, id: SubmissionId, reason: str) -> list[GradeRecord]:
        """Write and return records that say that we failed, not the student."""
        log.error("%s of %s: %s", id.assignment, id.student, reason)
        records = [
            GradeRecord(
                assignment=id.assignment,
                student=id.student,
                notebook=self.paths.notebook_name(id.assignment),
                grade_id=grade_id,
                outcome=Outcome.GRADER_ERROR,
                points=0,
                max_points=points,
                message=f"This could not be graded, which is not the student's fault: {reason}",
            )
            for grade_id, points in self.book.tasks[id.assignment].items()
        ]
        write_records(self.paths.records(id.assignment, id.student), records)
        return records

    def _state(self, id: SubmissionId) -> str:
        """Return what a grade depends on, as one digest: a change in any part grades anew."""
        parts = hashlib.sha256(state_of(self.paths, id).encode())
        parts.update(self._state_of_assignment(id.assignment).encode())
        parts.update(self.book.scoring(id.assignment, id.student).encode())
        parts.update(str(self._aliases.get(id.student, "")).encode())
        return parts.hexdigest()

    def _state_of_assignment(self, assignment: str) -> str:
        if assignment not in self._assignment_states:
            parts = hashlib.sha256(self._configuration)
            folders = [self.paths.release]
            if self.paths.has_exam(assignment):
                exam = load_exam(self.paths.exams, assignment)
                parts.update(exam_state(exam).encode())
                parts.update(code_state(exam).encode())
            else:
                folders.append(self.paths.source)  # it holds the hidden tests
            for folder in folders:
                for path in sorted((folder / assignment).glob("*.ipynb")):
                    parts.update(path.read_bytes())
            self._assignment_states[assignment] = parts.hexdigest()
        return self._assignment_states[assignment]

    @cached_property
    def _aliases(self) -> dict[str, list[str]]:
        """By student: the names that a test may be drawn for beside the roster's."""
        found: dict[str, list[str]] = {}
        for student, name in read_aliases(self.paths):
            found.setdefault(student, []).append(name)
        return found

    @cached_property
    def _configuration(self) -> bytes:
        return (self.paths.root / "nbgrader_config.py").read_bytes()


def default_workers(
    paths: CoursePaths, ids: list[SubmissionId], gpu_jobs: int | None = None
) -> int:
    """Return how many submissions to run at once: a core each, or as many as share the GPU."""
    names = {id.assignment for id in ids if paths.has_exam(id.assignment)}
    exams = [load_exam(paths.exams, name) for name in names]
    if not any(task.device == "cuda" for exam in exams for task in exam.tasks):
        return cores()
    return gpu_jobs or runs_on_gpu(cores())


def cores() -> int:
    """Return how many cores this process may use."""
    have = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return have or 1


#: GiB of GPU memory that one fine-tuning run of this course holds, CUDA's own context included.
GPU_RUN_GIB = 3.0


def runs_on_gpu(at_most: int) -> int:
    """Return how many fine-tuning runs share the GPU: by its memory, and not over one a core."""
    import torch

    free, _ = torch.cuda.mem_get_info()
    return max(1, min(at_most, int(free / 2**30 / GPU_RUN_GIB)))


def _share_cores(workers: int) -> None:
    """Let each worker and its kernel use its share of the cores: they compute in turns."""
    share = max(1, (os.cpu_count() or 1) // workers)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(share)
    # Nothing is fetched while grading, and no library needs a terminal.
    os.environ |= {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "MPLBACKEND": "agg"}
