"""What an exam is: tasks worth points, loaded from `exams/<assignment>/exam.py`."""

from __future__ import annotations

import ast
import difflib
import hashlib
import importlib.util
import sys
import traceback
from dataclasses import dataclass
from functools import cache
from math import inf
from pathlib import Path
from typing import Any, NoReturn

from autograder.errors import CourseError, UnknownAssignmentError
from autograder.records import Finding, Standing
from course.checks.base import Check
from course.checks.mistakes import MistakeError
from course.yaml_records import RecordsError

#: What each task must say, and in what form.
FIELDS = (("answer_id", str, "a text"), ("points", int | float, "a number"))


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
        raise UnknownAssignmentError(f"There is no {folder / 'exam.py'}; exams: {have}.")
    package = (
        "bert_classroom_exam_" + hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:8]
    )
    if (folder / "probes.py").is_file():
        _load(f"{package}.probes", folder / "probes.py", package, folder)
    module = _load(f"{package}.exam", folder / "exam.py", package, folder)
    return Exam(assignment, folder, _tasks(module, folder / "exam.py"))


def _tasks(module: Any, path: Path) -> tuple[Task, ...]:
    """Return the tasks that a module lists in TASKS; raises CourseError with the line."""

    def refuse(sentence: str, *name: str) -> NoReturn:
        raise CourseError(f"{path}:{line_of(path, *name)}: {sentence}")

    listed = getattr(module, "TASKS", None)
    if not isinstance(listed, list | tuple) or not listed:
        refuse("there is no list TASKS of the exam's tasks.", "TASKS")
    tasks: list[Task] = []
    for one in listed:
        if not (isinstance(one, type) and issubclass(one, Task)):
            refuse(f"TASKS holds {one!r}, which is not a class of Task.", "TASKS")
        for name, kind, what in FIELDS:
            value = getattr(one, name, None)
            if not isinstance(value, kind) or isinstance(value, bool):
                shown = "missing" if value is None else f"{value!r}, and not {what}"
                refuse(f"{name!r} of the task {one.__name__} is {shown}.", one.__name__, name)
        if not 0 <= one.points < inf:
            refuse(f"the points of {one.__name__} are {one.points!r}.", one.__name__, "points")
        if one.answer_id in {task.answer_id for task in tasks}:
            sentence = f"the answer_id {one.answer_id!r} is used twice."
            refuse(sentence, one.__name__, "answer_id")
        tasks.append(one())
    return tuple(tasks)


def line_of(path: Path, name: str, attribute: str = "") -> int:
    """Return the line on which a module names something, or what is spelt almost like it; or 1.

    With `attribute`, it is what a class of that name sets; the class's own line where it does not.
    """
    tree = ast.parse(path.read_bytes())
    lines = {one.name: one.lineno for one in tree.body if isinstance(one, ast.ClassDef)} | _set(
        tree
    )
    for one in tree.body:
        if isinstance(one, ast.ClassDef) and one.name == name:
            return _set(one).get(attribute, one.lineno)
    near = difflib.get_close_matches(name, lines, n=1)
    return lines[near[0]] if near else 1


def _set(block: ast.Module | ast.ClassDef) -> dict[str, int]:
    """Return the names that a block assigns, each with its line."""
    return {
        target.id: one.lineno
        for one in block.body
        if isinstance(one, ast.Assign | ast.AnnAssign)
        for target in (one.targets if isinstance(one, ast.Assign) else [one.target])
        if isinstance(target, ast.Name)
    }


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
    except BaseException as error:
        del sys.modules[name]
        if not isinstance(error, Exception):
            raise
        raise CourseError(_sentence(error, path, folder)) from error
    return module


def _sentence(error: Exception, path: Path, folder: Path) -> str:
    """Return what stops a module from being loaded, with the line of the exam where it does."""
    if isinstance(error, SyntaxError):
        return f"{error.filename or path}:{error.lineno or 1}: {error.msg}."
    if isinstance(error, RecordsError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    own = [one for one in frames if Path(one.filename).is_relative_to(folder)]
    where = f"{own[-1].filename}:{own[-1].lineno}" if own else f"{path}:1"
    said = " ".join(f"{type(error).__name__}: {error}".split())
    return f"{where}: {said.rstrip('.')}."
