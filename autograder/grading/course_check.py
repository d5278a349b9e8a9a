"""Looks, before anything runs, for faults of the whole course: gradebook, folders, disk.

Found later they would look like sixty students' failures, after an hour of work.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from autograder.course_paths import CoursePaths
from autograder.errors import CourseError
from autograder.grading.kept_lists import read_excused
from autograder.grading.roster_names import read_aliases
from autograder.nbgrader_api import check_gradebook

#: MiB that grading needs free at least: logs, copies, results.
FREE = 200


def check_places(paths: CoursePaths) -> None:
    """Raise CourseError where grading could not write, or the gradebook cannot be used."""
    ours = paths.log.parent
    for place in (
        paths.root, ours, paths.store, paths.staging, paths.records_folder, paths.autograded,
        paths.log,
    ):  # fmt: skip
        if place.exists() and not os.access(place, os.W_OK):
            raise CourseError(
                f"{place} cannot be written: give the account that grades permission to write it."
            )
        if place.exists() and place != paths.log and not place.is_dir():
            raise CourseError(f"{place} is a file, where grading needs a folder: move it away.")
    _check_space(paths.root)
    # What an instructor may have edited, too.
    read_excused(paths)
    read_aliases(paths)
    check_gradebook(paths.root)


def _check_space(root: Path) -> None:
    free = shutil.disk_usage(root).free // 2**20
    if free < FREE:
        raise CourseError(
            f"Only {free} MiB are free on the disk of {root}, and grading needs {FREE}: make room; "
            "`autograder store prune --days 30` deletes old results."
        )
