"""Recorded answers: right ones in several styles, wrong ones with the misconception they show.

An exam keeps them in `answers/<answer_id>.py`, one block each, under a heading `# %% right: STYLE`
or `# %% wrong: MISCONCEPTION`. `(0.5)` after the latter means that the answer still earns that
share of the points; `(0.4..0.7)`, that chance decides how much of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from nbformat.notebooknode import NotebookNode

from autograder.authoring.lesson_text import text_of
from autograder.authoring.lessons import read_lesson
from autograder.cells import DEMO_TAG, grade_id_of
from autograder.course_paths import CoursePaths
from autograder.errors import CourseError
from autograder.examining.exam import Exam, Task

_HEAD = re.compile(
    r"^# %% (?:(right): (.+?)|(wrong): ([\w-]+)(?: \((0?\.\d+)(?:\.\.(0?\.\d+))?\))?)\s*$"
)


@dataclass(frozen=True)
class RecordedAnswer:
    """One recorded answer to one task."""

    answer_id: str
    name: str  # the style of a right answer, the misconception of a wrong one
    right: bool
    credit: float  # the least and the most that it earns, as shares of the points
    most_credit: float
    source: str


@dataclass(frozen=True)
class LessonFrame:
    """The cells of a lesson that run around one task's answer, and the lesson's own solution."""

    before: tuple[str, ...]
    solution: str
    after: tuple[str, ...]

    def cells(self, answer: str) -> tuple[str, ...]:
        """Return the texts of all cells, with `answer` in the answer cell's place."""
        return (*self.before, answer, *self.after)


def frame_of(notebook: NotebookNode, task: Task) -> LessonFrame:
    """Return the frame of `task` in a lesson's source `notebook`; raises CourseError.

    The cells are those that run at grading: all code cells up to the examined one, except those
    that only show something.
    """
    before: list[str] = []
    solution: str | None = None
    after: list[str] = []
    for cell in notebook.cells:
        grade_id = grade_id_of(cell)
        if grade_id == task.grade_id:
            break
        if cell.cell_type != "code" or DEMO_TAG in cell.metadata.get("tags", []):
            continue
        if cell.metadata.get("nbgrader", {}).get("grade"):
            continue
        if grade_id == task.answer_id:
            solution = cell.source
        else:
            (before if solution is None else after).append(cell.source)
    if solution is None:
        raise CourseError(f"The lesson has no cell {task.answer_id!r} above {task.grade_id!r}.")
    return LessonFrame(tuple(before), solution, tuple(after))


def recorded_answers(exam: Exam, task: Task) -> list[RecordedAnswer]:
    """Return the answers recorded for `task`, none where there is no file."""
    path = exam.folder / "answers" / f"{task.answer_id}.py"
    return read_answers(path) if path.exists() else []


def solution_cells(paths: CoursePaths, exam: Exam, task: Task) -> tuple[str, ...]:
    """Return the cells that run when the lesson's own solution is examined in `task`."""
    frame = frame_of(read_lesson(paths.lessons / f"{exam.assignment}.md"), task)
    return frame.cells(frame.solution)


def read_answers(path: Path) -> list[RecordedAnswer]:
    """Return the answers recorded in `path`; raises CourseError naming the line."""
    answers: list[RecordedAnswer] = []
    head: re.Match[str] | None = None
    lines: list[str] = []

    def close() -> None:
        if head is None:
            return
        right = head[1] is not None
        answers.append(
            RecordedAnswer(
                answer_id=path.stem,
                name=head[2] if right else head[4],
                right=right,
                credit=1.0 if right else float(head[5] or 0),
                most_credit=1.0 if right else float(head[6] or head[5] or 0),
                source="\n".join(lines).strip() + "\n",
            )
        )

    for number, line in enumerate(text_of(path).splitlines(), 1):
        if not line.startswith("# %%"):
            if head is None and line.strip() and not line.startswith("#"):
                raise CourseError(
                    f"{path}:{number}: a `# %%` line that says what this is must come first."
                )
            lines.append(line)
            continue
        close()
        head, lines = _HEAD.match(line), []
        if head is None:
            raise CourseError(
                f"{path}:{number}: write `# %% right: STYLE` or `# %% wrong: MISCONCEPTION`."
            )
    close()
    return answers
