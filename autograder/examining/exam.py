"""What an exam is: tasks worth points, loaded from `exams/<assignment>/exam.py`."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from autograder.errors import CourseError, UnknownAssignmentError
from autograder.records import Finding, Standing
from course.checks.base import Check
from course.checks.mistakes import MistakeError


class Task(Check):
    """A check that is worth points: `points` for what the cell `grade_id` examines.

    `answer_id` is the grade_id of the cell where the student writes. `timeout` is in seconds, for
    each case. The recorded answers in `answers/<answer_id>.py` prove the task.
    """

    answer_id: str
    points: float
    timeout: float = 30.0
    #: On how many draws a recorded answer is tried at most when the course is checked; 0: on all.
    most_draws: int = 0
    #: What the student's code computes on in this task: "cpu" or "cuda".
    device: str = "cpu"
    #: Where each student has another case: the name for which this one was drawn.
    drawn_for: str | None = None

    @property
    def grade_id(self) -> str:
        return f"{self.answer_id}-points"

    @property
    def name(self) -> str:
        """What people call it: the student's function, or else its cell."""
        return getattr(self, "function", self.answer_id)

    def success(self) -> str:
        """Return what a student reads who has all points."""
        return f"Right: {self.title}"

    def picture(self) -> str:
        """Return a picture of text of what was measured; empty where there is none."""
        return ""

    def standing(self) -> Standing | None:
        """Return the accuracy in that picture; None where there is none."""
        return None

    def may_be_luck(self, error: MistakeError) -> bool:
        """Return whether chance alone may have cost these points.

        The task is then tried once more, on new inputs, and the better result counts.
        """
        return False


class UndecidedError(Exception):
    """Only a person can decide this; the text tells student and instructor why."""


class SheetTask(Task):
    """A task on a file handed in next to the notebook: it is marked, and no code is run."""

    #: The folder of the bank of questions.
    questions: Path

    def mark(self, folder: Path) -> Finding:
        """Return the finding for what is in `folder`; raises MistakeError or UndecidedError."""
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
    for path in sorted(
        [*exam.folder.glob("*.py"), *exam.folder.glob("**/*.yaml"), *exam.folder.glob("**/*.txt")]
    ):
        parts.update(f"{path.name}\0".encode())
        parts.update(path.read_bytes())
    return parts.hexdigest()


@cache
def load_exam(exams: Path, assignment: str) -> Exam:
    """Load `exams/<assignment>/exam.py`.

    Raises :class:`UnknownAssignmentError`, and CourseError for a mistake of its author.
    """
    folder = exams / assignment
    if not (folder / "exam.py").is_file():
        have = ", ".join(sorted(path.parent.name for path in exams.glob("*/exam.py"))) or "none"
        raise UnknownAssignmentError(f"There is no assignment {assignment!r}; there are: {have}.")
    package = (
        "bert_classroom_exam_" + hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:8]
    )
    if (folder / "probes.py").is_file():
        _load(f"{package}.probes", folder / "probes.py", package, folder)
    module = _load(f"{package}.exam", folder / "exam.py", package, folder)
    path = folder / "exam.py"
    if not isinstance(getattr(module, "TASKS", None), list | tuple):
        raise CourseError(f"{path}: there is no list TASKS of the exam's tasks.")
    tasks = tuple(task_class() for task_class in module.TASKS)
    for task in tasks:
        if isinstance(task.points, bool) or not isinstance(task.points, int | float):
            raise CourseError(
                f"{path}: the points of {task.answer_id!r} are {task.points!r}, not a number."
            )
    return Exam(assignment, folder, tasks)


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
    except SyntaxError as error:
        del sys.modules[name]
        raise CourseError(f"{error.filename}:{error.lineno}: {error.msg}.") from error
    except BaseException:
        del sys.modules[name]
        raise
    return module
