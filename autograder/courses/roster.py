"""Reads a roster: a CSV file with nbgrader's columns, as spreadsheets write it."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import CourseError

#: What nbgrader knows of a student; only `id` must be there.
COLUMNS = ("id", "first_name", "last_name", "email", "lms_user_id")
#: What would not be a folder's name of its own, or what nbgrader's exchange separates by.
FORBIDDEN = set('/\\+*?[]"\0')


@dataclass(frozen=True)
class Roster:
    """The students of a course."""

    #: By id: what nbgrader's gradebook keeps of a student.
    students: dict[str, dict[str, str]]
    #: Columns of the file that the gradebook has no place for.
    unused: tuple[str, ...] = ()


def read_roster(path: Path) -> Roster:
    """Return the students listed in `path`; raises CourseError with the line of a fault."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise CourseError(
            f"The roster {path} is not in UTF-8: save it as CSV with that encoding."
        ) from error
    except OSError as error:
        raise CourseError(f"The roster {path} cannot be read: {error.strerror}.") from error
    head = text.partition("\n")[0]
    # Where a comma separates decimals, spreadsheets write semicolons.
    separator = max(",;\t", key=head.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        names = [name.strip().lower().replace(" ", "_") for name in next(rows, [])]
        if "id" not in names:
            raise CourseError(
                f"The roster {path} has no column `id`; its first line must name the columns: "
                f"{','.join(COLUMNS[:4])}."
            )
        students: dict[str, dict[str, str]] = {}
        for row in rows:
            fields = dict(zip(names, (value.strip() for value in row), strict=False))
            if not any(fields.values()):
                continue
            student = fields.get("id", "")
            _check_id(student, students, f"{path}, line {rows.line_num}")
            students[student] = {name: fields[name] for name in COLUMNS[1:] if fields.get(name)}
    except csv.Error as error:
        raise CourseError(f"The roster {path}, line {rows.line_num}: {error}.") from error
    if not students:
        raise CourseError(f"The roster {path} names no student.")
    return Roster(students, tuple(name for name in names if name and name not in COLUMNS))


def _check_id(student: str, students: dict[str, dict[str, str]], where: str) -> None:
    if not student:
        raise CourseError(f"{where}: the id is missing.")
    if student in students:
        raise CourseError(f"{where}: the id {student!r} is there twice.")
    if FORBIDDEN & set(student) or student.startswith("."):
        raise CourseError(
            f"{where}: the id {student!r} cannot name a folder of `submitted/`: use letters, digits, "
            "`-`, `_`, `.` and `@`."
        )
