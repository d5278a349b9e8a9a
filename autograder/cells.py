"""Reads a notebook cell's grade_id, and names the tags that mean something here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Cells with this tag only show something and are skipped at grading.
DEMO_TAG = "demo"
#: A blank with this tag is not run: the student wrote the answer in another cell.
SUPERSEDED_TAG = "superseded"
#: Cells with this tag hold practice questions.
PRACTICE_TAG = "practice"


def grade_id_of(cell: Mapping[str, Any]) -> str | None:
    """Return the cell's grade_id, whatever a student has made of the metadata."""
    metadata = cell.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = marks.get("grade_id") if isinstance(marks, dict) else None
    return grade_id if isinstance(grade_id, str) else None
