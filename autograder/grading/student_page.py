"""What a student's page says above the notebook: marks by task, and what each of them rests on.

The points are the gradebook's. A record explains them where it was the grader who gave them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from nbformat.notebooknode import NotebookNode

from autograder.cells import grade_id_of
from autograder.grading.marks import Mark, TaskMark, duration
from autograder.grading.pages import counted, number, section_title, task_title, without_points
from autograder.records import GradeRecord, Outcome

#: What is said of a task, where a record tells how it came out.
WORDS = {
    Outcome.PASSED: "right",
    Outcome.PARTIAL: "partly right",
    Outcome.FAILED: "not right yet",
    Outcome.NOT_ATTEMPTED: "not attempted",
    Outcome.SKIPPED: "could not be tried",
    Outcome.GRADER_ERROR: "waits for your instructor",
}


@dataclass(frozen=True)
class TaskShown:
    """One task: its name, its mark, and what explains it."""

    anchor: str
    title: str
    points: float
    max_points: float
    #: One of "right", "part", "wrong" and "waits", for colour; and the same in words.
    kind: str
    words: str
    #: The cell of the notebook, "" if there is none.
    cell: str
    record: GradeRecord | None = None
    comments: tuple[str, ...] = ()
    #: The section to read again, with the lesson if it is another one, and where it stands here.
    section: str = ""
    section_cell: str = ""


@dataclass(frozen=True)
class StudentPage:
    """One student's page for one assignment."""

    student: str
    name: str
    assignment: str
    title: str
    mark: Mark | None
    excused: bool
    tasks: tuple[TaskShown, ...]
    late: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()

    @property
    def called(self) -> bool:
        """Whether functions were called with inputs of the grader's own."""
        return any(one.record is not None and not one.record.topics for one in self.tasks)

    @property
    def waits(self) -> bool:
        """Whether a part of the mark is still to be given by a person."""
        return self.mark is not None and self.mark.waits


def tasks_shown(
    nb: NotebookNode,
    mark: Mark | None,
    records: Mapping[str, GradeRecord],
    comments: Mapping[str, str],
    assignment: str,
) -> tuple[TaskShown, ...]:
    """Return the tasks of a mark, in the notebook's order; `comments` are by cell."""
    cells = {
        grade_id: f"cell-{n}" for n, cell in enumerate(nb.cells) if (grade_id := grade_id_of(cell))
    }
    order, headings = list(cells), _headings(nb)
    marks = mark.tasks if mark else {}
    shown: list[TaskShown] = []
    for grade_id in sorted(marks, key=lambda one: order.index(one) if one in cells else len(order)):
        record = records.get(grade_id)
        answer = grade_id.removesuffix("-points")
        kind, words = _came_out(marks[grade_id], record)
        section, section_cell = _section(headings, cells, record, assignment)
        shown.append(
            TaskShown(
                anchor=f"task-{len(shown) + 1}",
                title=task_title(assignment, grade_id),
                points=marks[grade_id].points,
                max_points=marks[grade_id].max_points,
                kind=kind,
                words=words,
                cell=cells.get(answer) or cells.get(grade_id, ""),
                record=record,
                comments=tuple(
                    comments[one] for one in dict.fromkeys((answer, grade_id)) if one in comments
                ),
                section=section,
                section_cell=section_cell,
            )
        )
    return tuple(shown)


def _came_out(mark: TaskMark, record: GradeRecord | None) -> tuple[str, str]:
    """Return how a task came out, as a kind and in words."""
    if mark.waits:
        return "waits", WORDS[Outcome.GRADER_ERROR]
    full = mark.points >= mark.max_points
    kind = "right" if full else "part" if mark.points > 0 else "wrong"
    if mark.by_hand:
        return kind, "graded by your instructor"
    return kind, WORDS[record.outcome] if record else counted(mark.points)


def _section(
    headings: Mapping[str, str],
    cells: Mapping[str, str],
    record: GradeRecord | None,
    assignment: str,
) -> tuple[str, str]:
    """Return the section that a record refers to, and the cell where it begins, if any."""
    title = section_title(record.section) if record else ""
    if record is None or not title:
        return "", ""
    lesson, _, place = record.section.partition("#")
    if lesson != assignment:
        return f"“{title}” in lesson {lesson[:2]}", ""
    return f"“{title}”", headings.get(title.replace("`", "")) or cells.get(place, "")


def _headings(nb: NotebookNode) -> dict[str, str]:
    """Return the cell where each section of a notebook begins, by its title."""
    return {
        without_points(line.lstrip("# ").replace("`", "").strip()): f"cell-{place}"
        for place, cell in enumerate(nb.cells)
        if cell.cell_type == "markdown"
        for line in cell.source.splitlines()
        if line.startswith("#")
    }


def late_sentences(mark: Mark | None, zone: ZoneInfo) -> tuple[str, ...]:
    """Return what became of a mark because the work came late; nothing if it was in time."""
    if mark is None or not mark.late or mark.due is None or mark.handed_in is None:
        return ()
    due = f"The work was due on {_moment(mark.due, zone)}"
    if mark.extension:
        due += f"; you had {duration(mark.extension)} more"
    said = [f"{due}. It came on {_moment(mark.handed_in, zone)}, late by {duration(mark.late)}."]
    if not mark.penalty:
        said.append("No points were taken off for that.")
        return tuple(said)
    taken = f"The penalty is {counted(mark.penalty)}"
    sum_ = f"{number(mark.earned)} − {number(mark.penalty)} = {number(mark.points)}"
    if mark.penalty > mark.earned:
        sum_ = "no points are left; a penalty takes no more than was earned"
    return (*said, f"{taken}: {sum_}.")


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    here = moment.replace(tzinfo=UTC).astimezone(zone)
    return f"{here:%A, %Y-%m-%d at %H:%M} {here.tzname()}"


def other_comments(comments: Mapping[str, str], tasks: Iterable[str]) -> tuple[str, ...]:
    """Return the comments that stand at none of the `tasks` (grade_ids)."""
    taken = {one for task in tasks for one in (task, task.removesuffix("-points"))}
    return tuple(text for cell, text in comments.items() if cell not in taken)
