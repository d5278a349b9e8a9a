"""Reads a notebook cell's grade_id, and names the tags that mean something here."""

from __future__ import annotations

from nbformat.notebooknode import NotebookNode

#: Cells with this tag only show something and are skipped at grading.
DEMO_TAG = "demo"
#: Cells with this tag hold practice questions.
PRACTICE_TAG = "practice"


def grade_id_of(cell: NotebookNode) -> str | None:
    """Return the cell's grade_id, whatever a student has made of the metadata."""
    marks = cell.get("metadata", {}).get("nbgrader")
    grade_id = marks.get("grade_id") if isinstance(marks, dict) else None
    return grade_id if isinstance(grade_id, str) else None


def cleaned(cell: NotebookNode, number: int) -> NotebookNode:
    """Return `cell` with what the notebook format has for it and nothing else, and no outputs.

    Whatever stands there instead (an id that is none, outputs of no known type, half a surrogate
    pair) nobody needs for grading, and some reader would fall over it.
    """
    source = cell.source.encode("utf-8", "replace").decode("utf-8")
    clean = {"cell_type": cell.cell_type, "id": f"cell-{number}", "metadata": cell.metadata}
    if cell.cell_type == "code":
        clean |= {"outputs": [], "execution_count": None}
    return NotebookNode(clean | {"source": source})
