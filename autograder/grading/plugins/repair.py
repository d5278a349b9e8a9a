"""Gives a submitted notebook back the shape of the released one, before anything else looks at it.

A student can delete, duplicate, rename, retype or tag cells, on purpose or not. Stock nbgrader
stops the whole batch at some of these. Here every cell of the released notebook exists exactly
once afterwards, with the released metadata; what the student wrote in the answer cells is kept.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

from autograder.cells import cleaned, grade_id_of
from autograder.course_paths import CoursePaths


class Repair(NbGraderPreprocessor):
    """Restores cells and metadata from the released notebook; first of the sanitizers."""

    course_root = Unicode(".", help="The course's folder.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """See nbconvert's Preprocessor."""
        paths = CoursePaths(Path(self.course_root))
        names = resources["nbgrader"]
        path = paths.release / names["assignment"] / f"{names['notebook']}.ipynb"
        repair(nb, nbformat.read(path, as_version=4))
        return nb, resources


def repair(nb: NotebookNode, released: NotebookNode) -> None:
    """Make `nb` hold each nbgrader cell of `released` once, in place, with released metadata."""
    nb.cells = [cleaned(cell, number) for number, cell in enumerate(nb.cells)]
    wanted = {grade_id: cell for cell in released.cells if (grade_id := grade_id_of(cell))}
    keep = _chosen(nb, wanted)
    for index, cell in enumerate(nb.cells):
        grade_id = grade_id_of(cell)
        if keep.get(grade_id or "") == index:
            model = wanted[grade_id or ""]
            cell.metadata, cell["id"] = NotebookNode(model.metadata), model["id"]
            if model.metadata.nbgrader.locked:
                cell.source = model.source
            if cell.cell_type != model.cell_type:
                _retype(cell, model)
        else:
            # Nothing of nbgrader's in other cells, and no tag that could steer their execution.
            cell.metadata = NotebookNode()
    _insert_missing(nb, wanted)
    _reorder(nb, list(wanted))
    nb.metadata = NotebookNode(released.metadata)
    nb.nbformat, nb.nbformat_minor = released.nbformat, released.nbformat_minor


def _chosen(nb: NotebookNode, wanted: dict[str, NotebookNode]) -> dict[str, int]:
    """Return for each wanted grade_id the index of the cell that counts.

    Of several copies of an answer the last one that differs from the blank counts: it is what
    the student's own kernel ended with.
    """
    chosen: dict[str, int] = {}
    for index, cell in enumerate(nb.cells):
        grade_id = grade_id_of(cell)
        if grade_id not in wanted:
            continue
        if grade_id not in chosen or cell.source != wanted[grade_id].source:
            chosen[grade_id] = index
    return chosen


def _retype(cell: NotebookNode, model: NotebookNode) -> None:
    cell.cell_type = model.cell_type
    for field in ("outputs", "execution_count", "attachments"):
        cell.pop(field, None)
    if model.cell_type == "code":
        cell.outputs, cell.execution_count = [], None


def _insert_missing(nb: NotebookNode, wanted: dict[str, NotebookNode]) -> None:
    """Insert each missing cell behind the nearest wanted cell before it."""
    where = -1
    for grade_id, model in wanted.items():
        present = next((i for i, c in enumerate(nb.cells) if grade_id_of(c) == grade_id), None)
        if present is None:
            where += 1
            nb.cells.insert(where, NotebookNode(model))
        else:
            where = max(where, present)


def _reorder(nb: NotebookNode, wanted: list[str]) -> None:
    """Put the wanted cells into the released order; other cells keep their places."""
    places = [index for index, cell in enumerate(nb.cells) if grade_id_of(cell)]
    cells = {grade_id_of(nb.cells[index]): nb.cells[index] for index in places}
    for index, grade_id in zip(places, wanted, strict=True):
        nb.cells[index] = cells[grade_id]
