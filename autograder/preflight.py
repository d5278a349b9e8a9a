"""Looks before a long job whether what it needs is there: packages, model file, reviews.

A missing model would otherwise show as an error in the students' processes, and cost them marks.
"""

from __future__ import annotations

import importlib.util

from autograder.errors import CourseError
from course.checkpoints import CheckpointError, checkpoint
from course.reviews import find_combined

#: Import name and the name that pip knows.
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
    """Raise CourseError, in one sentence, if something is missing or changed.

    Without `jupyter`, what only notebooks need is not asked for.
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
