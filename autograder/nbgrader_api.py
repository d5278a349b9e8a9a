"""What nbgrader does for us: release, autograde, feedback. It is called, not imitated."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.course_paths import CoursePaths, program
from autograder.errors import CourseError

if TYPE_CHECKING:
    from traitlets.config import Config


def release(root: Path, assignment: str, *, no_gradebook: bool = False) -> None:
    """Make `release/` of `source/` in the course `root`; raises CourseError.

    nbgrader also records the cells in the course's gradebook; without that, no submission can be
    graded. `no_gradebook` skips it.
    """
    with _api(root) as api:
        if no_gradebook:
            api.config.GenerateAssignment.no_database = True
            api.config.SaveCells.enabled = False
        _check(api.generate_assignment(assignment, force=True), f"release {assignment}")


def autograde(
    paths: CoursePaths, assignment: str, student: str, options: dict[str, dict[str, Any]]
) -> None:
    """Autograde the staged submission into the gradebook; raises CourseError.

    `options` (class → trait → value) go over the course's configuration.
    """
    staged = {"CourseDirectory": {"submitted_directory": str(paths.staging)}}
    with _api(paths.root, options | staged) as api:
        result = api.autograde(assignment, student, force=True)
    _check(result, f"autograde {assignment} of {student}")


def feedback(paths: CoursePaths, assignment: str) -> None:
    """Write every student's feedback page for `assignment`; raises CourseError."""
    with _api(paths.root) as api:
        _check(api.generate_feedback(assignment, force=True), f"write feedback for {assignment}")


def configuration(root: Path, options: dict[str, dict[str, Any]]) -> Config:
    """Return the course's nbgrader configuration, with `options` (class → trait → value) over it."""
    from traitlets.config import Config
    from traitlets.config.loader import PyFileConfigLoader

    if not (root / "nbgrader_config.py").is_file():
        raise CourseError(f"There is no nbgrader_config.py in {root}: is this a course's root?")
    config: Config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    config.CourseDirectory.root = str(root)
    config.merge(Config(options))
    return config


@contextmanager
def _api(root: Path, options: dict[str, dict[str, Any]] | None = None) -> Iterator[Any]:
    """Yield nbgrader's API for the course in `root`, with the course's own configuration."""
    from nbgrader.apps.api import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory

    config = configuration(root, options or {})
    config.NbGraderAPI.log_level = "CRITICAL"
    # nbgrader calls `alembic` by name; it is installed beside it.
    before = os.environ["PATH"]
    os.environ["PATH"] = f"{Path(program('alembic')).parent}{os.pathsep}{before}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # SQLAlchemy's and nbformat's, about nbgrader's code
            # Its results say what went wrong; its log would only repeat it, for lack of an
            # exchange folder at every call.
            logging.getLogger("traitlets").setLevel(logging.CRITICAL + 1)
            yield NbGraderAPI(CourseDirectory(config=config), config=config)
    finally:
        os.environ["PATH"] = before


def _check(result: dict[str, Any], what: str) -> None:
    if not result["success"]:
        words = str(result.get("error") or result.get("log") or "it said nothing").strip()
        raise CourseError(f"nbgrader could not {what}: {words.splitlines()[-1][:300]}")
