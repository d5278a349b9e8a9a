"""Lists in the course's folder of what nbgrader's gradebook has no place for: who is excused.

Each is a CSV file of two columns, which an instructor may also edit in a spreadsheet.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from autograder.course_paths import CoursePaths
from autograder.errors import CourseError
from autograder.nbgrader_api import known_student, open_gradebook
from course.files import write_whole

Pair = tuple[str, str]

EXCUSED = ("student", "assignment")


def read_pairs(path: Path, columns: Pair) -> list[Pair]:
    """Return the lines of a list, none where there is no file; raises CourseError with the line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"{path} cannot be read: {error}.") from error
    # Where a comma separates decimals, spreadsheets write semicolons.
    separator = ";" if text.partition("\n")[0].count(";") else ","
    rows = [
        (number, tuple(value.strip() for value in row))
        for number, row in enumerate(csv.reader(io.StringIO(text), delimiter=separator), 1)
        if any(value.strip() for value in row)
    ]
    pairs: list[Pair] = []
    for number, row in rows:
        if len(row) != 2 or not all(row) or (number == 1 and row != columns):
            raise CourseError(
                f"{path}, line {number}: a line has two columns; the first names them: "
                f"{','.join(columns)}."
            )
        pairs.append((row[0], row[1]))
    return pairs[1:]


def write_pairs(path: Path, columns: Pair, pairs: Iterable[Pair]) -> None:
    """Write a list, sorted and each line once; raises CourseError where it cannot be written."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([columns, *sorted(set(pairs))])
    try:
        write_whole(path, text.getvalue())
    except OSError as error:
        raise CourseError(f"{path} cannot be written: {error.strerror}.") from error


def read_excused(paths: CoursePaths) -> frozenset[Pair]:
    """Return who is excused from what, by assignment and student; raises CourseError."""
    return frozenset((name, student) for student, name in read_pairs(paths.excused, EXCUSED))


def excuse(paths: CoursePaths, student: str, assignment: str, *, undo: bool = False) -> bool:
    """Excuse `student` from `assignment`, or no longer; return whether that changes anything.

    Raises CourseError where the student is not in the gradebook.
    """
    pairs, pair = set(read_pairs(paths.excused, EXCUSED)), (student, assignment)
    if undo:
        changed = pair in pairs
        pairs.discard(pair)
    else:
        with open_gradebook(paths.root) as gradebook:
            known_student(gradebook, student)
        changed = pair not in pairs
        pairs.add(pair)
    if changed:
        write_pairs(paths.excused, EXCUSED, pairs)
    return changed
