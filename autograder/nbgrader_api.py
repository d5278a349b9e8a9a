"""What nbgrader does for us: release, autograde, feedback, gradebook. It is called, not imitated."""

from __future__ import annotations

import logging
import os
import re
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.course_paths import CoursePaths, program
from autograder.errors import CourseError, did_you_mean

if TYPE_CHECKING:
    from traitlets.config import Config


def release(root: Path, assignment: str, *, no_gradebook: bool = False) -> None:
    """Make `release/` of `source/` in the course `root`; raises CourseError.

    nbgrader also records the cells in the course's gradebook; without that, no submission can be
    graded. `no_gradebook` skips it. Where nbgrader refuses, what was released before stays.
    """
    released = CoursePaths(root).release / assignment
    with tempfile.TemporaryDirectory(prefix="released-") as name, _api(root) as api:
        if released.is_dir():
            shutil.copytree(released, Path(name, "before"))
        if no_gradebook:
            api.config.GenerateAssignment.no_database = True
            api.config.SaveCells.enabled = False
        result = api.generate_assignment(assignment, force=True)
        if not result["success"] and Path(name, "before").is_dir():
            shutil.copytree(Path(name, "before"), released, dirs_exist_ok=True)
    _check(result, f"release {assignment}")


def autograde(
    root: Path, assignment: str, student: str, options: dict[str, dict[str, Any]]
) -> None:
    """Autograde a submission into the gradebook; raises CourseError.

    `options` (class → trait → value) go over the course's configuration.
    """
    with _api(root, options) as api:
        result = api.autograde(assignment, student, force=True)
    _check(result, f"autograde {assignment} of {student}")


def feedback(root: Path, assignment: str, student: str) -> None:
    """Write one student's feedback page for `assignment`; raises CourseError."""
    with _api(root) as api:
        result = api.generate_feedback(assignment, student, force=True)
    _check(result, f"write feedback on {assignment} for {student}")


def configuration(root: Path, options: dict[str, dict[str, Any]]) -> Config:
    """Return the course's nbgrader configuration, with `options` (class → trait → value) over it.

    Raises CourseError where there is none, or it stops with an error.
    """
    from traitlets.config import Config
    from traitlets.config.loader import PyFileConfigLoader

    if not (root / "nbgrader_config.py").is_file():
        raise CourseError(
            f"There is no course in {root}: it has no nbgrader_config.py. Run this in a course's "
            "folder, or name that folder with --root."
        )
    try:
        config: Config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    except Exception as error:
        raise CourseError(
            f"{root / 'nbgrader_config.py'} stops with {type(error).__name__}: {error}."
        ) from error
    config.CourseDirectory.root = str(root)
    config.merge(Config(options))
    return config


@contextmanager
def _api(root: Path, options: dict[str, dict[str, Any]] | None = None) -> Iterator[Any]:
    """Yield nbgrader's API for the course in `root`, with the course's own configuration."""
    from nbgrader.apps.api import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory

    config = configuration(root, options or {})
    # Its results say what went wrong, so its log need not be shown; errors are all that is kept.
    config.NbGraderAPI.log_level = "ERROR"
    with _quiet():
        yield NbGraderAPI(CourseDirectory(config=config), config=config)


@contextmanager
def open_gradebook(root: Path) -> Iterator[Any]:
    """Yield the gradebook that nbgrader's configuration of the course in `root` names.

    An empty one is made where there is none. Raises CourseError where it cannot be read or written.
    """
    from nbgrader.api import Gradebook
    from nbgrader.coursedir import CourseDirectory
    from sqlalchemy.exc import SQLAlchemyError

    folders = CourseDirectory(config=configuration(root, {}))
    try:
        with _quiet():
            gradebook = Gradebook(folders.db_url, folders.course_id)
        with gradebook, _without_warnings():
            yield gradebook
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).partition("\n")[0].rstrip(".")
        cure = next((cure for words, cure in _CURES.items() if words in cause), "")
        raise CourseError(
            f"The gradebook {shown_url(folders.db_url)} cannot be used: {cause}.{cure}"
        ) from error


@contextmanager
def one_transaction(gradebook: Any) -> Iterator[None]:
    """Write all that nbgrader commits in the block at its end, or nothing of it after an error.

    nbgrader commits each cell, which waits for the disk each time.
    """
    sessions = gradebook.db
    sessions.remove()
    with gradebook.engine.begin() as connection:
        # A session's commit leaves a transaction alone that was begun outside of it.
        sessions.configure(bind=connection, expire_on_commit=False)
        try:
            yield
            sessions.flush()
        finally:
            sessions.remove()
            sessions.configure(bind=gradebook.engine, expire_on_commit=True)


_ANEW = (
    " Put a backup in its place, or move it away: `autograder grade` then fills a new one from its "
    "own results, without what was entered by hand."
)
_UPGRADE = " It is another version's: run `nbgrader db upgrade`."
#: What databases complain of, and what an instructor can do about it.
_CURES = {
    "locked": " Another program is using it: close that, or try again later.",
    "not a database": _ANEW,
    "malformed": _ANEW,
    "no such column": _UPGRADE,
    "no such table": _UPGRADE,
}


def check_gradebook(root: Path) -> None:
    """Raise CourseError where the gradebook cannot be written, or has not this nbgrader's tables."""
    from nbgrader.api import Base
    from sqlalchemy import inspect, text

    with open_gradebook(root) as gradebook:
        inspector = inspect(gradebook.engine)
        for name, table in Base.metadata.tables.items():
            there = {column["name"] for column in inspector.get_columns(name)}
            if missing := sorted({column.name for column in table.columns} - there):
                raise CourseError(f"The gradebook has no column {name}.{missing[0]}.{_UPGRADE}")
        # Whoever holds the gradebook, or may not write it, is met here and not at the first mark.
        gradebook.db.execute(text("UPDATE alembic_version SET version_num = version_num"))
        gradebook.db.rollback()


def shown_url(db_url: str) -> str:
    """Return a database's URL without its password."""
    from sqlalchemy.engine import make_url

    return make_url(db_url).render_as_string(hide_password=True)


def known_student(gradebook: Any, student: str) -> str:
    """Return `student` if that id is in the gradebook; otherwise raise CourseError."""
    if student in (students := [one.id for one in gradebook.students]):
        return student
    near = did_you_mean(student, students)
    raise CourseError(f"There is no student {student!r} in the gradebook.{near}")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep nbgrader's log and warnings to itself, and let it find its own programs."""
    logger, path = logging.getLogger("traitlets"), os.environ["PATH"]
    level, propagate = logger.level, logger.propagate
    # nbgrader calls `alembic` by name; it is installed beside it.
    os.environ["PATH"] = f"{Path(program('alembic')).parent}{os.pathsep}{path}"
    try:
        with _without_warnings():
            logger.propagate = False
            yield
    finally:
        logger.setLevel(level)
        logger.propagate = propagate
        os.environ["PATH"] = path


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Keep SQLAlchemy's and nbformat's warnings, which are about nbgrader's code, to themselves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


#: An exception's last line in a traceback, such as "pkg.mod.SomeError: text"; logs indent it.
_EXCEPTION = re.compile(
    r"^[ \t]*(?:\w+\.)*(\w*(?:Error|Exception|Invalid\w*|Warning)): (.+)$", re.MULTILINE
)
#: Sentences of nbgrader that only say that there was an error.
_EMPTY = ("Traceback (most", "Please see the", "There was an error processing", "Removing failed")


def _check(result: dict[str, Any], what: str) -> None:
    if not result["success"]:
        raise CourseError(f"nbgrader could not {what}: {cause_in(result)}")


def cause_in(result: dict[str, Any]) -> str:
    """Return the cause that nbgrader's result names, in one line."""
    log, error = str(result.get("log") or ""), str(result.get("error") or "")
    named = [
        f"{kind}: {text}"
        for kind, text in _EXCEPTION.findall(f"{log}\n{error}")
        if not text.startswith(_EMPTY)
    ]
    said = [
        line.partition("] ")[2]
        for line in log.splitlines()
        if line.startswith("[ERROR] ") and not line.partition("] ")[2].startswith(_EMPTY)
    ]
    lines = [line for line in (*named[:1], *said[-1:]) if line.strip()]
    return (lines or ["it said nothing"])[0][:300]
