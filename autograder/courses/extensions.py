"""Extensions of one student's time, kept where nbgrader keeps them: with the submission."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from autograder.course_paths import CoursePaths
from autograder.courses.dates import time_zone
from autograder.errors import CourseError, NotReleasedError
from autograder.nbgrader_api import configuration, known_student, open_gradebook

_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes"}
_PART = r"(\d+(?:\.\d+)?)([wdhm])"


def period(text: str) -> timedelta:
    """Return the time that `text` names, such as 3d or 1d12h; raises CourseError."""
    if not re.fullmatch(f"(?:{_PART})+", text):
        raise CourseError(
            f"{text!r} is no length of time: write 3d, 12h, 1d12h or 2w; 0d takes an extension back."
        )
    try:
        parts = re.findall(_PART, text)
        return sum(
            (timedelta(**{_UNITS[unit]: float(number)}) for number, unit in parts), timedelta()
        )
    except OverflowError:
        raise CourseError(f"{text!r} is longer than any term.") from None


def extend(paths: CoursePaths, student: str, assignment: str, more: timedelta) -> datetime:
    """Give `student` so much `more` time and return until when; an earlier extension is replaced.

    Raises CourseError where student or assignment is not in the gradebook, or nothing is due.
    """
    from nbgrader.api import MissingEntry

    zone = time_zone(configuration(paths.root, {}).Exchange.get("timezone", "UTC"))
    with open_gradebook(paths.root) as gradebook:
        known_student(gradebook, student)
        released = {one.name: one for one in gradebook.assignments if one.notebooks}
        if assignment not in released:
            raise NotReleasedError(assignment)
        due: datetime | None = released[assignment].duedate
        if due is None:
            raise CourseError(
                f"{assignment} has no due date: set one with `nbgrader db assignment add {assignment} "
                '--duedate "2026-12-01 23:59 UTC"`.'
            )
        try:
            submission = gradebook.find_submission(assignment, student)
        except MissingEntry:
            # An extension has no other place; what is not handed in waits for nobody.
            submission = gradebook.add_submission(assignment, student)
            for notebook in submission.notebooks:
                for grade in notebook.grades:
                    grade.needs_manual_grade = False
        submission.extension = more or None
        gradebook.db.commit()
    return (due + more).replace(tzinfo=UTC).astimezone(zone)
