"""What nbgrader's gradebook says, read at one moment: assignments, and who has marks.

The gradebook is the only truth about marks. What the grader remembers of its own work counts only
as long as the gradebook agrees with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from autograder.course_paths import CoursePaths
from autograder.errors import CourseError, NotReleasedError
from autograder.examining.exam import Exam
from autograder.nbgrader_api import open_gradebook, release


@dataclass(frozen=True)
class Book:
    """A gradebook's content, as far as grading depends on it."""

    #: What all marks of an assignment depend on: date due and points; only of released ones.
    assignments: dict[str, str]
    #: By assignment: its tasks by grade_id, each with the points that it is worth.
    tasks: dict[str, dict[str, float]]
    #: The extensions granted, by assignment and student.
    extensions: dict[tuple[str, str], str]
    #: Assignment and student where the autograder's marks are in the gradebook.
    marked: frozenset[tuple[str, str]]

    def check_released(self, assignment: str) -> None:
        """Raise CourseError if nbgrader has not entered the assignment's cells."""
        if assignment not in self.assignments:
            raise NotReleasedError(assignment)

    def check_tasks(self, exam: Exam) -> None:
        """Raise CourseError where the gradebook has other tasks than the exam: none can be marked."""
        examined = {task.grade_id for task in exam.tasks}
        there = self.tasks.get(exam.assignment, {}).keys()
        said = [f"{name.removesuffix('-points')} is new" for name in sorted(examined - there)]
        said += [f"{name.removesuffix('-points')} is gone" for name in sorted(there - examined)]
        if said:
            raise CourseError(
                f"The tasks of {exam.assignment} are not those in the gradebook ({', '.join(said)}): "
                f"nothing was graded. Run `autograder regrade {exam.assignment}`."
            )

    def has_marks(self, assignment: str, student: str) -> bool:
        """Return whether the autograder's marks of a submission are in the gradebook."""
        return (assignment, student) in self.marked

    def scoring(self, assignment: str, student: str) -> str:
        """Return what nbgrader makes a score of beside the points that were earned."""
        extension = self.extensions.get((assignment, student), "")
        return f"{self.assignments[assignment]}, {extension}"


def read_gradebook(paths: CoursePaths) -> Book:
    """Return what the course's gradebook says; raises CourseError where it cannot be read."""
    from nbgrader.api import Assignment, Grade, GradeCell, Notebook, SubmittedAssignment
    from nbgrader.api import SubmittedNotebook as Submitted

    with open_gradebook(paths.root) as gradebook:
        db = gradebook.db
        cells: dict[str, list[Any]] = defaultdict(list)
        for name, due, cell, points in (
            db.query(Assignment.name, Assignment.duedate, GradeCell.name, GradeCell.max_score)
            .join(Notebook, Notebook.assignment_id == Assignment.id)
            .join(GradeCell, GradeCell.notebook_id == Notebook.id)
            .order_by(Assignment.name, Notebook.name, GradeCell.name)
        ):
            cells[name].append((str(due), cell, points))
        extensions = (
            db.query(Assignment.name, SubmittedAssignment.student_id, SubmittedAssignment.extension)
            .join(SubmittedAssignment, SubmittedAssignment.assignment_id == Assignment.id)
            .filter(SubmittedAssignment.extension.is_not(None))
        )
        marked = (
            db.query(Assignment.name, SubmittedAssignment.student_id)
            .join(SubmittedAssignment, SubmittedAssignment.assignment_id == Assignment.id)
            .join(Submitted, Submitted.assignment_id == SubmittedAssignment.id)
            .join(Grade, Grade.notebook_id == Submitted.id)
            .filter(Grade.auto_score.is_not(None))
            .distinct()
        )
        return Book(
            assignments={name: str(row) for name, row in cells.items()},
            tasks={name: {one[1]: one[2] for one in row} for name, row in cells.items()},
            extensions={(name, student): str(more) for name, student, more in extensions},
            marked=frozenset((name, student) for name, student in marked),
        )


def release_missing(paths: CoursePaths, assignments: Iterable[str]) -> list[str]:
    """Release what is not in the gradebook or in `release/`, and return its names.

    Raises CourseError where there is nothing to release it from.
    """
    book = read_gradebook(paths)
    missing = [
        name
        for name in assignments
        if name not in book.assignments or not any((paths.release / name).glob("*.ipynb"))
    ]
    for name in missing:
        if not any((paths.source / name).glob("*.ipynb")):
            raise CourseError(f"{name} is not built yet: run `autograder build {name}`.")
        release(paths.root, name)
    return missing
