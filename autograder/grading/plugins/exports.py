"""Exports of all marks: for Canvas, Moodle and Blackboard in their own columns, as CSV and as JSON.

Used by `nbgrader export --exporter=…`. The numbers are the gradebook's, late penalties included.
What is missing or excused is left empty: no student gets a zero for it in passing.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from nbgrader.plugins import ExportPlugin
from traitlets import Dict, Enum

from autograder.course_paths import CoursePaths
from autograder.errors import CourseError, did_you_mean
from autograder.grading.kept_lists import read_excused
from autograder.grading.marks import Mark, Marks, marks_in
from course.files import write_whole

#: What makes a spreadsheet take a cell for a formula.
FORMULA = tuple("=+-@\t\r\n")
#: The same inside a cell, where a spreadsheet that separates by something else begins another one.
_FORMULA_INSIDE = re.compile(r"(?<=[;,\t\r\n])([\"' ]*)(?=[=+\-@])")


@dataclass(frozen=True)
class Class:
    """What is exported: students with what the gradebook knows of them, assignments, marks."""

    students: list[Any]
    #: Each assignment's name, and the points that it is worth.
    assignments: dict[str, float]
    marks: Marks

    def mark(self, assignment: str, student: str) -> Mark | None:
        """Return a mark; None where there is none, or the student is excused."""
        return self.marks.by_submission.get((assignment, student))

    def points(self, assignment: str, student: str) -> str:
        """Return the points of a mark as a cell: empty where there is none."""
        mark = self.mark(assignment, student)
        return number(mark.points) if mark else ""

    def remarks(self, assignment: str, student: str) -> list[str]:
        """Return what became of a mark beside the points earned, and what a person wrote to it."""
        mark = self.mark(assignment, student)
        written = self.marks.comments.get((assignment, student), {}) if mark else {}
        said = mark.remarks() if mark else []
        return said + [f"{cell.removesuffix('-points')}: {text}" for cell, text in written.items()]


def number(points: float) -> str:
    """Return points as they are written: 3, 2.5."""
    return f"{points:.10g}"


def harmless(text: str | None) -> str:
    """Return text for a cell that no spreadsheet takes for a formula."""
    text = _FORMULA_INSIDE.sub(r"\1'", text or "")
    return f"'{text}" if text.startswith(FORMULA) else text


class Export(ExportPlugin):
    """What all exports share: whom and what they are about, and a file written whole."""

    default_name = ""

    def export(self, gradebook: Any) -> None:
        """See nbgrader's ExportPlugin; ends with one sentence and status 1 where it cannot."""
        path = Path(self.to or self.default_name).absolute()
        try:
            if path.is_dir():
                raise CourseError(f"{path} is a folder: name a file in it.")
            if not path.parent.is_dir():
                raise CourseError(f"There is no folder {path.parent}.")
            shown = self._class(gradebook)
            write_whole(path, self.text(shown))
        except (CourseError, OSError) as error:
            self.log.error("%s", error if isinstance(error, CourseError) else f"{path}: {error}")
            sys.exit(1)
        waiting = sorted(
            f"{who} ({name})"
            for (name, who), mark in shown.marks.by_submission.items()
            if name in shown.assignments and mark.waits
        )
        if waiting:
            self.log.warning(
                "Some marks still wait for manual grading and are exported as they stand: %s",
                ", ".join(waiting),
            )
        self.log.info("Wrote %s", path)

    def _class(self, gradebook: Any) -> Class:
        paths = CoursePaths(Path(self.parent.coursedir.root))
        marks = marks_in(gradebook, read_excused(paths))
        students = {one.id: one for one in gradebook.students}
        assignments = {one.name: float(one.max_score) for one in gradebook.assignments}
        return Class(
            [students[id] for id in self._chosen("student", self.student, students)],
            {
                name: assignments[name]
                for name in self._chosen("assignment", self.assignment, assignments)
            },
            marks,
        )

    @staticmethod
    def _chosen(kind: str, asked: Iterable[Any], there: Iterable[str]) -> list[str]:
        """Return the ids asked for, sorted, or all."""
        wanted, known = {str(one) for one in asked}, set(there)
        if unknown := sorted(wanted - known):
            near = did_you_mean(unknown[0], known)
            raise CourseError(f"There is no {kind} {unknown[0]!r} in the gradebook.{near}")
        return sorted(wanted or known)

    def text(self, shown: Class) -> str:
        """Return the file's text."""
        raise NotImplementedError


class Table(Export):
    """An export as CSV: some columns about the student, then one for each assignment."""

    quoting: Literal[0, 1] = csv.QUOTE_MINIMAL
    columns: tuple[str, ...] = ()
    #: Whether a last column says what became of the marks.
    remarks = False

    lms_ids = Dict(
        help="The LMS's own number of each assignment: with it, an existing column is filled."
    ).tag(config=True)

    def person(self, student: Any) -> tuple[str | None, ...]:
        """Return what stands in the columns about the student."""
        raise NotImplementedError

    def heading(self, assignment: str, points: float) -> str:
        """Return the heading of an assignment's column."""
        return assignment

    def above(self, shown: Class) -> list[list[str]]:
        """Return lines between the headings and the first student."""
        return []

    def text(self, shown: Class) -> str:
        """See :class:`Export`."""
        headings = [self.heading(*one) for one in shown.assignments.items()]
        headings += ["remarks"] * self.remarks
        lines = [[harmless(one) for one in (*self.columns, *headings)], *self.above(shown)]
        for student in shown.students:
            person = [harmless(one) for one in self.person(student)]
            points = [shown.points(name, student.id) for name in shown.assignments]
            lines.append([*person, *points, *self._remarks(shown, student.id)])
        text = io.StringIO()
        csv.writer(text, quoting=self.quoting, lineterminator="\r\n").writerows(lines)
        return text.getvalue()

    def _remarks(self, shown: Class, student: str) -> list[str]:
        if not self.remarks:
            return []
        said = {name: shown.remarks(name, student) for name in shown.assignments}
        told = [f"{name}: {', '.join(some)}" for name, some in said.items() if some]
        return [harmless("; ".join(told))]


class CsvExport(Table):
    """A plain table: a row for each student, and what became of the marks beside the points."""

    remarks = True
    default_name = "marks.csv"
    columns = ("student_id", "last_name", "first_name", "email")

    def person(self, student: Any) -> tuple[str | None, ...]:
        """See :class:`Table`."""
        return (student.id, student.last_name, student.first_name, student.email)


class CanvasExport(Table):
    """For Canvas: Gradebook → Import."""

    default_name = "canvas.csv"
    columns = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")

    student_column = Enum(
        columns[1:4], default_value="SIS Login ID", help="The column that a student's id stands in."
    ).tag(config=True)

    def person(self, student: Any) -> tuple[str | None, ...]:
        """See :class:`Table`; Canvas's own number is the gradebook's lms_user_id."""
        name = ", ".join(filter(None, (student.last_name, student.first_name))) or student.id
        ids = {"ID": student.lms_user_id, self.student_column: student.id}
        return (name, *(ids.get(column) for column in self.columns[1:4]), None)

    def heading(self, assignment: str, points: float) -> str:
        """See :class:`Table`."""
        known = self.lms_ids.get(assignment)
        return f"{assignment} ({known})" if known else assignment

    def above(self, shown: Class) -> list[list[str]]:
        """See :class:`Table`."""
        points = [number(one) for one in shown.assignments.values()]
        return [["    Points Possible", *[""] * (len(self.columns) - 1), *points]]


class MoodleExport(Table):
    """For Moodle: Grades → Import → CSV file, mapped from the e-mail address or the ID number."""

    default_name = "moodle.csv"
    columns = ("First name", "Last name", "ID number", "Email address")

    def person(self, student: Any) -> tuple[str | None, ...]:
        """See :class:`Table`."""
        return (student.first_name, student.last_name, student.id, student.email)

    def heading(self, assignment: str, points: float) -> str:
        """See :class:`Table`."""
        return f"Assignment: {assignment} (Real)"


class BlackboardExport(Table):
    """For Blackboard: Grade Center → Work Offline → Upload."""

    default_name = "blackboard.csv"
    quoting = csv.QUOTE_ALL
    columns = ("Last Name", "First Name", "Username")

    def person(self, student: Any) -> tuple[str | None, ...]:
        """See :class:`Table`."""
        return (student.last_name, student.first_name, student.id)

    def heading(self, assignment: str, points: float) -> str:
        """See :class:`Table`."""
        known = self.lms_ids.get(assignment)
        title = f"{assignment} [Total Pts: {number(points)} Score]"
        return f"{title} |{known}" if known else title


class JsonExport(Export):
    """One object for each student and assignment; the score is null where there is no mark."""

    default_name = "marks.json"

    def text(self, shown: Class) -> str:
        """See :class:`Export`."""
        rows = []
        for name, worth in shown.assignments.items():
            for student in shown.students:
                mark = shown.mark(name, student.id)
                excused = (name, student.id) in shown.marks.excused
                rows.append(
                    {
                        "assignment": name,
                        "student_id": student.id,
                        "last_name": student.last_name or "",
                        "first_name": student.first_name or "",
                        "email": student.email or "",
                        "status": "excused" if excused else "graded" if mark else "missing",
                        "score": mark.points if mark else None,
                        "max_score": worth,
                        "late_submission_penalty": mark.penalty if mark else None,
                        "remarks": shown.remarks(name, student.id),
                        "waits": mark is not None and mark.waits,
                    }
                )
        return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"
