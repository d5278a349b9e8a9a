"""The whole job once, on real input: build, release, hand in, grade, feedback, report."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from autograder.authoring.build import build
from autograder.course_paths import CoursePaths
from autograder.errors import CourseError
from autograder.nbgrader_api import release

#: What a course's folder needs to be one; the rest is made.
PARTS = ("course/lessons", "autograder/exams", "nbgrader_config.py")


def set_up(
    origin: CoursePaths, root: Path, assignments: list[str], progress: Callable[[str], None]
) -> CoursePaths:
    """Make a course of its own in `root`, built and released from the lessons in `origin`."""
    if root.exists():
        if not (root / ".demo").exists() and any(root.iterdir()):
            raise CourseError(
                f"{root} is not empty and not an earlier demo: choose another folder."
            )
        shutil.rmtree(root)
    root.mkdir(parents=True)
    (root / ".demo").write_text("Made by `autograder demo`, which may delete it.\n")
    ignore = shutil.ignore_patterns("__pycache__")
    for part in PARTS:
        place = root / part
        place.parent.mkdir(parents=True, exist_ok=True)
        if (origin.root / part).is_dir():
            shutil.copytree(origin.root / part, place, ignore=ignore)
        else:
            shutil.copy(origin.root / part, place)
    paths = CoursePaths(root)
    build(paths, assignments, progress=progress)
    for assignment in assignments:
        # Again, this time into this course's own gradebook, as an instructor would.
        release(root, assignment)
        progress(f"{assignment}: in the gradebook")
    return paths
