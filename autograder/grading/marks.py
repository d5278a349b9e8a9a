"""The marks as the gradebook has them, and in words what became of them beside the points earned.

Late penalties, extensions, scores given by hand and extra credit are nbgrader's. Records explain a
mark; they never replace it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from autograder.course_paths import CoursePaths
from autograder.grading.kept_lists import read_excused
from autograder.nbgrader_api import open_gradebook
from autograder.records import GradeRecord, Outcome


@dataclass(frozen=True)
class TaskMark:
    """What the gradebook says of one task."""

    points: float
    by_hand: bool
    waits: bool
    max_points: float = 0.0


@dataclass(frozen=True)
class Mark:
    """One student's mark for one assignment."""

    max_points: float
    penalty: float
    late: timedelta
    tasks: dict[str, TaskMark]
    #: When the work was due for all, how much longer this student had, and when it came; in UTC.
    due: datetime | None = None
    extension: timedelta | None = None
    handed_in: datetime | None = None

    @property
    def earned(self) -> float:
        """What the tasks add up to, before any penalty."""
        return sum(one.points for one in self.tasks.values())

    @property
    def points(self) -> float:
        """What counts: all tasks' points less the penalty, as `nbgrader export` has it."""
        return max(0.0, self.earned - self.penalty)

    @property
    def waits(self) -> bool:
        """Whether some task waits for a person."""
        return any(one.waits for one in self.tasks.values())

    def by_hand(self, grade_id: str) -> bool:
        """Return whether a person gave the points of a task, or some of them."""
        return grade_id in self.tasks and self.tasks[grade_id].by_hand

    def remarks(self) -> list[str]:
        """Return what happened to the mark beside grading, each in a few words."""
        said = []
        if self.late:
            cost = f", −{self.penalty:g}" if self.penalty else ""
            said.append(f"late by {duration(self.late)}{cost}")
        for name, one in self.tasks.items():
            if one.by_hand:
                said.append(f"{name.removesuffix('-points')} by hand: {one.points:g}")
        return said


@dataclass(frozen=True)
class Marks:
    """All marks of the gradebook."""

    by_submission: dict[tuple[str, str], Mark] = field(default_factory=dict)
    #: The name of each student in the gradebook, by id; empty where it has none.
    names: dict[str, str] = field(default_factory=dict)
    #: Assignments and students that are excused from them: these have no mark, and miss none.
    excused: frozenset[tuple[str, str]] = frozenset()
    #: By assignment and student: what a person wrote to each cell in formgrader.
    comments: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)

    def not_handed_in(self, assignment: str) -> list[str]:
        """Return the students in the gradebook who have no mark for `assignment` and need one."""
        done = self.by_submission.keys() | self.excused
        return sorted(one for one in self.names if (assignment, one) not in done)

    def of(self, record: GradeRecord) -> Mark | None:
        """Return the mark that a record explains; None where it has none."""
        return self.by_submission.get((record.assignment, record.student))

    def points(self, record: GradeRecord) -> float:
        """Return the points of a record's task: the gradebook's, where there are any."""
        mark = self.of(record)
        task = mark.tasks.get(record.grade_id) if mark else None
        return task.points if task else record.points

    def explained_by(self, records: list[GradeRecord]) -> list[GradeRecord]:
        """Return the records that belong to a mark, and those of what could not be recorded.

        A student, an assignment or a task that was removed from the gradebook has none, nor has
        who is excused.
        """
        kept = []
        for one in records:
            mark = self.of(one)
            if (one.assignment, one.student) in self.excused:
                continue
            if (mark is None and one.outcome is Outcome.GRADER_ERROR) or (
                mark is not None and one.grade_id in mark.tasks
            ):
                kept.append(one)
        return kept


def read_marks(paths: CoursePaths) -> Marks:
    """Return all marks in the course's gradebook; raises CourseError where it cannot be read."""
    with open_gradebook(paths.root) as gradebook:
        return marks_in(gradebook, read_excused(paths))


def marks_in(
    gradebook: Any, excused: frozenset[tuple[str, str]], only: tuple[str, str] | None = None
) -> Marks:
    """Return all marks in an open gradebook, or `only` one assignment and student's.

    Who is excused has none.
    """
    from nbgrader.api import (
        Assignment,
        BaseCell,
        Grade,
        GradeCell,
        Student,
        SubmittedAssignment,
        SubmittedNotebook,
        TaskCell,
    )

    found: dict[tuple[str, str], Mark] = {}
    db = gradebook.db
    largest = dict(tuple(row) for row in db.query(Assignment.name, Assignment.max_score))
    people = db.query(Student.id, Student.first_name, Student.last_name)
    submitted = (
        db.query(
            Assignment.name, SubmittedAssignment.student_id, Assignment.duedate,
            SubmittedAssignment.timestamp, SubmittedAssignment.extension,
            SubmittedNotebook.id, SubmittedNotebook.late_submission_penalty,
        )
        .join(SubmittedAssignment, SubmittedAssignment.assignment_id == Assignment.id)
        .join(SubmittedNotebook)
    )  # fmt: skip
    graded = db.query(
        Grade.notebook_id, BaseCell.id, BaseCell.name, Grade.score, Grade.auto_score,
        Grade.manual_score, Grade.needs_manual_grade,
    ).join(BaseCell)  # fmt: skip
    if only is not None:
        submitted = submitted.filter(
            Assignment.name == only[0], SubmittedAssignment.student_id == only[1]
        )
        notebooks = [one[5] for one in submitted]
        graded = graded.filter(Grade.notebook_id.in_(notebooks))
        people = people.filter(Student.id == only[1])
    names = {student: " ".join(filter(None, (first, last))) for student, first, last in people}
    worth = {
        id: points
        for cell in (GradeCell, TaskCell)
        for id, points in db.query(cell.id, cell.max_score)
    }
    tasks: dict[str, dict[str, TaskMark]] = {}
    for notebook, id, cell, score, auto, manual, waits in graded.order_by(BaseCell.name):
        # Extra credit is given by hand, too.
        by_hand = manual is not None or (auto is not None and score != auto)
        if auto is not None or by_hand or waits:
            mine = tasks.setdefault(notebook, {})
            mine[cell] = TaskMark(score, by_hand=by_hand, waits=waits, max_points=worth[id])
    for assignment, student, due, handed_in, extension, notebook, penalty in submitted:
        if notebook not in tasks or (assignment, student) in excused:
            continue  # or it was never graded: an extension alone
        before = found.get((assignment, student))
        found[assignment, student] = Mark(
            max_points=largest[assignment],
            penalty=(penalty or 0.0) + (before.penalty if before else 0.0),
            late=lateness(due, extension, handed_in),
            tasks=(before.tasks if before else {}) | tasks[notebook],
            due=due,
            extension=extension,
            handed_in=handed_in,
        )
    known = frozenset((name, one) for name, one in excused if one in names and name in largest)
    return Marks(found, names, known, _comments_in(gradebook, only))


def _comments_in(
    gradebook: Any, only: tuple[str, str] | None
) -> dict[tuple[str, str], dict[str, str]]:
    from nbgrader.api import Assignment, BaseCell, Comment, SubmittedAssignment, SubmittedNotebook

    found: dict[tuple[str, str], dict[str, str]] = {}
    written = (
        gradebook.db.query(
            Assignment.name, SubmittedAssignment.student_id, BaseCell.name, Comment.manual_comment
        )
        .select_from(Comment)
        .join(BaseCell, BaseCell.id == Comment.cell_id)
        .join(SubmittedNotebook, SubmittedNotebook.id == Comment.notebook_id)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .filter(Comment.manual_comment.is_not(None))
        .order_by(BaseCell.name)
    )
    if only is not None:
        written = written.filter(
            Assignment.name == only[0], SubmittedAssignment.student_id == only[1]
        )
    for assignment, student, cell, text in written:
        if text.strip():
            found.setdefault((assignment, student), {})[cell] = text.strip()
    return found


def lateness(
    due: datetime | None, extension: timedelta | None, handed_in: datetime | None
) -> timedelta:
    """Return how late work was handed in, an extension taken into account; nothing if in time."""
    if due is None or handed_in is None:
        return timedelta()
    return max(timedelta(), handed_in - due - (extension or timedelta()))


def duration(span: timedelta) -> str:
    """Return `span` in its largest unit, and the next one where that is small: "2 d", "1 d 4 h"."""
    minutes = max(1, round(span.total_seconds() / 60))
    units = (("d", minutes // 1440), ("h", minutes // 60 % 24), ("min", minutes % 60))
    first = next(place for place, (_, number) in enumerate(units) if number)
    shown = units[first : first + (2 if units[first][1] == 1 else 1)]
    return " ".join(f"{number} {unit}" for unit, number in shown if number)
