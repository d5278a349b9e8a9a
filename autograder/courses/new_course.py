"""Makes a course's own folder: nbgrader's configuration, source notebooks, and a gradebook.

Lessons, checks and exams stay in this installation, of one version all of them; the folder holds
what is the term's own.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from autograder.authoring.build import build_source
from autograder.course_paths import INSTALLATION, CoursePaths
from autograder.courses.dates import as_stored
from autograder.courses.roster import Roster
from autograder.errors import CourseError
from autograder.nbgrader_api import one_transaction, open_gradebook

CONFIGURATION = "nbgrader_config.py"
_COURSE_ID = re.compile(r"^c\.CourseDirectory\.course_id = .*$", re.M)


@dataclass(frozen=True)
class Plan:
    """What a new course shall be."""

    course_id: str
    time_zone: str
    roster: Roster = field(default_factory=lambda: Roster({}))
    due: dict[str, datetime] = field(default_factory=dict)
    #: The folder of nbgrader's exchange; None leaves it where nbgrader has it.
    exchange: Path | None = None
    #: The database of the gradebook; None is nbgrader's own choice, a file in the course's folder.
    db_url: str | None = None


def id_from(folder: Path) -> str:
    """Return a course id made of a folder's name."""
    return re.sub(r"[^\w.-]+", "-", folder.name).strip("-.").lower() or "course"


def check_plan(folder: Path, plan: Plan) -> None:
    """Raise CourseError where the course cannot be made; nothing is written."""
    if folder.is_file():
        raise CourseError(f"{folder} is a file: choose another name for the course's folder.")
    try:
        if folder.is_dir() and any(folder.iterdir()):
            raise CourseError(f"{folder} is not empty: choose another folder for the course.")
    except OSError as error:
        raise CourseError(f"{folder} cannot be read: {error.strerror}.") from error
    if not re.fullmatch(r"[\w.-]+", plan.course_id):
        raise CourseError(
            f"{plan.course_id!r} is no course id: use letters, digits, `-`, `_` and `.`, for it names "
            "a folder of the exchange."
        )
    if plan.db_url is not None:
        _check_url(plan.db_url)
    if plan.exchange is not None and not plan.exchange.is_dir():
        raise CourseError(
            f"There is no folder {plan.exchange} for the exchange: make it first, writable for all "
            "(`mkdir -p` and `chmod 777`)."
        )
    if not (INSTALLATION / CONFIGURATION).is_file():
        raise CourseError(
            f"There is no {CONFIGURATION} in {INSTALLATION}: install this package from a clone of its "
            "repository."
        )


def _check_url(db_url: str) -> None:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        make_url(db_url)
    except ArgumentError:
        raise CourseError(
            f"{db_url!r} is no address of a database: write one such as "
            "postgresql+psycopg2://USER:PASSWORD@HOST/DATABASE."
        ) from None


def make_course(
    folder: Path, plan: Plan, progress: Callable[[str], None] = lambda what: None
) -> CoursePaths:
    """Make the course in `folder`, whole or not at all; raises CourseError."""
    check_plan(folder, plan)
    was_there = folder.is_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        paths = CoursePaths(folder)
        (folder / CONFIGURATION).write_text(configuration_of(plan), encoding="utf-8")
        for assignment in paths.assignments():
            build_source(paths, assignment, paths.source)
            progress(assignment)
        paths.submitted.mkdir()
        _enter(paths, plan)
    except BaseException as error:
        _remove(folder, keep=was_there)
        if isinstance(error, OSError):
            raise CourseError(f"{folder} cannot be written: {error.strerror}.") from error
        raise
    return paths


def configuration_of(plan: Plan) -> str:
    """Return the text of the course's nbgrader_config.py: this repository's, with its own settings."""
    text = (INSTALLATION / CONFIGURATION).read_text(encoding="utf-8")
    own = [
        f"c.CourseDirectory.course_id = {plan.course_id!r}",
        f"c.Exchange.timezone = {plan.time_zone!r}",
    ]
    if plan.exchange is not None:
        own.append(f"c.Exchange.root = {str(plan.exchange.resolve())!r}")
    if plan.db_url is not None:
        own.append(f"c.CourseDirectory.db_url = {plan.db_url!r}")
    text, found = _COURSE_ID.subn(lambda _: "\n".join(own), text)
    assert found == 1
    return text


def _enter(paths: CoursePaths, plan: Plan) -> None:
    """Enter students, assignments and due dates in the gradebook."""
    with open_gradebook(paths.root) as gradebook, one_transaction(gradebook):
        for student, known in plan.roster.students.items():
            gradebook.update_or_create_student(student, **known)
        for assignment, moment in plan.due.items():
            gradebook.update_or_create_assignment(assignment, duedate=as_stored(moment))


def _remove(folder: Path, *, keep: bool) -> None:
    if not folder.is_dir():
        return
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)
        return
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
