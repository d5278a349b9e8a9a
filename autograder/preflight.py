"""Checks before a long job that everything it needs is there: packages, model file, reviews.

Otherwise a missing model would cause errors in the students' processes and cost them marks.
"""

from __future__ import annotations

import importlib.util

from autograder.errors import CourseError
from course.checkpoints import CheckpointError, checkpoint
from course.reviews import find_combined

#: Import name, and the name for pip.
PACKAGES = {
    "nbgrader": "nbgrader",
    "jupytext": "jupytext",
    "ipykernel": "ipykernel",
    "torch": "torch",
    "transformers": "transformers",
    "datasets": "datasets",
    "safetensors": "safetensors",
    "sklearn": "scikit-learn",
}


def check_materials(*, jupyter: bool = True) -> None:
    """Raise CourseError with one sentence if something is missing or has changed.

    Without `jupyter`, skip what only notebooks need.
    """
    for module, package in PACKAGES.items():
        if not jupyter and module in ("nbgrader", "jupytext", "ipykernel"):
            continue
        if importlib.util.find_spec(module) is None:
            raise CourseError(
                f"The package {package!r} is missing: run `pip install -r requirements.txt`."
            )
    try:
        checkpoint()
        find_combined()
    except (CheckpointError, FileNotFoundError, ModuleNotFoundError) as error:
        raise CourseError(str(error)) from error
