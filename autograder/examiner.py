"""The examiner: tries a student's function on hidden inputs and judges what comes back.

It runs in a trusted process. Inputs are drawn anew for every submission, from a secret of the
course, so that an answer that was written down beforehand is worth nothing; the same submission
draws the same inputs, so that grading twice gives the same marks.
"""

from __future__ import annotations

import copy
import hashlib
import hmac
import importlib.util
import logging
import random
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.layout import CourseError
from autograder.records import Finding, Outcome
from autograder.students import Missing, Reply, Returned, Silent, Student
from course.checks.base import Check, Inputs, Miss, Raised

log = logging.getLogger(__name__)

#: Judges seed torch's one global generator to build their references: in threads, one at a time.
_thinking = threading.Lock()


class Task(Check):
    """A check that is worth points: `points` for what the cell `grade_id` examines.

    `answer_id` is the grade_id of the cell where the student writes. `timeout` is in seconds, for
    each case. The recorded answers in `answers/<answer_id>.py` prove the task.
    """

    answer_id: str
    points: float
    timeout: float = 30.0
    #: What the student's code computes on in this task: "cpu" or "cuda".
    device: str = "cpu"

    @property
    def grade_id(self) -> str:
        return f"{self.answer_id}-points"

    def success(self) -> str:
        """Return what a student reads who has all points."""
        return f"Right: {self.title}"


class NotDecided(Exception):
    """What only a person can decide; the text says why, to student and instructor."""


class Paper(Task):
    """A task on what was handed in beside the notebook: it is marked, and no code is tried."""

    def mark(self, folder: Path) -> Finding:
        """Return the finding for what is in `folder`; raises Miss or NotDecided."""
        raise NotImplementedError

    def faults(self) -> Iterable[str]:
        """Return what is wrong with the task itself, one sentence each."""
        raise NotImplementedError


@dataclass(frozen=True)
class Exam:
    """All tasks of one assignment, in the order of its notebook."""

    assignment: str
    folder: Path
    tasks: tuple[Task, ...]

    def task(self, grade_id: str) -> Task | None:
        """Return the task examined in the cell `grade_id`, or None."""
        return next((task for task in self.tasks if task.grade_id == grade_id), None)


def exam_state(exam: Exam) -> str:
    """Return a digest of the exam's own files: a change in any of them is another exam."""
    parts = hashlib.sha256()
    for path in sorted([*exam.folder.glob("*.py"), *exam.folder.glob("questions/*.yaml")]):
        parts.update(f"{path.name}\0".encode())
        parts.update(path.read_bytes())
    return parts.hexdigest()


class UnknownAssignment(CourseError):
    """There is no exam for an assignment of that name."""


def load_exam(exams: Path, assignment: str) -> Exam:
    """Load `exams/<assignment>/exam.py`; raises :class:`UnknownAssignment`."""
    folder = exams / assignment
    if not (folder / "exam.py").is_file():
        have = ", ".join(sorted(path.parent.name for path in exams.glob("*/exam.py"))) or "none"
        raise UnknownAssignment(f"There is no assignment {assignment!r}; there are: {have}.")
    package = (
        "bert_classroom_exam_" + hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:8]
    )
    if (folder / "probes.py").is_file():
        _load(f"{package}.probes", folder / "probes.py", package, folder)
    module = _load(f"{package}.exam", folder / "exam.py", package, folder)
    return Exam(assignment, folder, tuple(task_class() for task_class in module.TASKS))


def _load(name: str, path: Path, package: str, folder: Path) -> Any:
    if name in sys.modules:
        return sys.modules[name]
    if package not in sys.modules:
        # The folder's name is no identifier ("01-tokenizing"), so the package is made by hand.
        spec = importlib.util.spec_from_loader(package, loader=None, is_package=True)
        assert spec is not None
        parent = importlib.util.module_from_spec(spec)
        parent.__path__ = [str(folder)]
        sys.modules[package] = parent
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def course_secret(path: Path) -> bytes:
    """Return the secret in `path`, made when there is none; readable by its owner only."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        part.touch(mode=0o600)
        part.write_bytes(secrets.token_bytes(32))
        try:
            # A hard link fails if another process was first: then its secret counts.
            path.hardlink_to(part)
        except FileExistsError:
            pass
        finally:
            part.unlink()
    return path.read_bytes()


def draws_for(secret: bytes, *names: str) -> random.Random:
    """Return the random draws that belong to `names` (assignment, submission, task)."""
    return random.Random(hmac.digest(secret, "\0".join(names).encode(), "sha256"))


def examine(
    task: Task, student: Student, rng: random.Random, cell_error: str | None = None
) -> Finding:
    """Try `task` on `student` and return the finding; a fault of our own is a `grader_error`.

    `cell_error` is what the student's answer cell raised when it ran, if it did.
    """
    task = copy.copy(task)  # what a task keeps between its steps belongs to this examination

    def tried() -> Finding:
        with _thinking:
            cases = list(task.cases(rng))
        for inputs in cases:
            reply = student.ask(task.function, type(task).observe, inputs, task.timeout)
            with _thinking:
                _judge(task, reply, inputs, cell_error)
        return _finding(task, Outcome.PASSED, task.success(), credit=1.0)

    return _settled(task, tried)


def examine_paper(paper: Paper, folder: Path) -> Finding:
    """Mark what is in `folder` and return the finding; a fault of our own is a `grader_error`."""
    return _settled(paper, lambda: paper.mark(folder))


def _settled(task: Task, tried: Callable[[], Finding]) -> Finding:
    """Return what `tried` finds, or the finding that what it raises comes to; with its time."""
    started = time.monotonic()
    try:
        found = tried()
    except Miss as miss:
        credit = min(max(miss.credit, 0.0), 1.0)
        outcome = Outcome.PARTIAL if credit else Outcome.FAILED
        if miss.misconception == "not-attempted":
            outcome, credit = Outcome.NOT_ATTEMPTED, 0.0
        found = _finding(
            task, outcome, miss.message, credit=credit, misconception=miss.misconception
        )
    except NotDecided as reason:
        found = _finding(task, Outcome.GRADER_ERROR, str(reason))
    except Exception as error:
        log.exception("the examiner itself failed in %s", task.grade_id)
        found = _finding(
            task,
            Outcome.GRADER_ERROR,
            f"The examiner itself failed ({type(error).__name__}); this is not your fault, and your "
            "instructor has been told.",
        )
    return found.model_copy(update={"seconds": round(time.monotonic() - started, 3)})


def _finding(
    task: Task,
    outcome: Outcome,
    message: str,
    *,
    credit: float = 0.0,
    misconception: str | None = None,
) -> Finding:
    return Finding(
        grade_id=task.grade_id,
        outcome=outcome,
        points=round(task.points * credit, 2),
        max_points=task.points,
        message=message,
        misconception=misconception,
    )


def skipped(task: Task, reason: str) -> Finding:
    """Return the finding for a task that could not be tried any more, and why."""
    return _finding(task, Outcome.SKIPPED, reason, misconception="skipped")


def _judge(task: Task, reply: Reply, inputs: Inputs, cell_error: str | None) -> None:
    match reply:
        case Returned(value):
            task.judge(value, **inputs)
        case Raised(type_name="NotImplementedError"):
            raise Miss("not-attempted", f"`{task.function}` is not written yet.")
        case Raised():
            raise task.explain(reply, **inputs) or Miss(
                "raised", f"`{task.function}` raised {reply}."
            )
        case Missing(name) if cell_error:
            raise Miss("cell-error", f"There is no `{name}`, because its cell raised {cell_error}.")
        case Missing(name):
            raise Miss(
                "missing-name",
                f"When this task was examined, nothing was called `{name}`. Was its cell deleted, "
                "or the function renamed?",
            )
        case Silent(reason, message):
            raise Miss(reason, f"`{task.function}`: {message}")
