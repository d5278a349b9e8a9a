"""Finds a released notebook's cells in a submission, and gives them back what is nbgrader's.

A student can delete, duplicate, merge, move, rename, retype or tag cells, on purpose or not, and
an editor can drop their metadata or ids. Stock nbgrader stops the whole batch at some of these.
Here a released cell is recognized by its grade_id, else by its cell id, else by what it defines
or holds. Afterwards every nbgrader cell exists exactly once, with the released metadata; what the
student wrote stays where the student wrote it.
"""

from __future__ import annotations

from nbformat.notebooknode import NotebookNode

from autograder.cells import SUPERSEDED_TAG, grade_id_of
from autograder.grading.names import binds_anything, defined

PLACEHOLDER = "# This cell was missing from the notebook that was handed in."


def repair(nb: NotebookNode, released: NotebookNode) -> None:
    """Make `nb` hold each nbgrader cell of `released` once, with its metadata, all else plain."""
    wanted = {grade_id: cell for cell in released.cells if (grade_id := grade_id_of(cell))}
    chosen = _chosen(nb, wanted)
    owner = {index: grade_id for grade_id, index in chosen.items()}
    for index, cell in enumerate(nb.cells):
        if (grade_id := owner.get(index)) is not None:
            _restore(cell, wanted[grade_id])
        else:
            # Nothing of nbgrader's in other cells, and no tag that could steer their execution.
            cell.metadata = NotebookNode()
            cell["id"] = f"own-{index}"
    _insert_missing(nb, wanted)
    _supersede_blanks(nb, wanted)
    nb.metadata = NotebookNode(released.metadata)
    nb.nbformat, nb.nbformat_minor = released.nbformat, released.nbformat_minor


def _restore(cell: NotebookNode, model: NotebookNode) -> None:
    cell.metadata, cell["id"] = NotebookNode(model.metadata), model["id"]
    if model.metadata.nbgrader.locked:
        cell.source = model.source
    if cell.cell_type != model.cell_type:
        cell.cell_type = model.cell_type
        for field in ("outputs", "execution_count", "attachments"):
            cell.pop(field, None)
        if model.cell_type == "code":
            cell.outputs, cell.execution_count = [], None


def _chosen(nb: NotebookNode, wanted: dict[str, NotebookNode]) -> dict[str, int]:
    """Return for each wanted grade_id the index of the cell that is it, where there is one."""
    chosen: dict[str, int] = {}
    taken: set[int] = set()
    for candidates in (_by_grade_id(nb, wanted), _by_cell_id(nb, wanted)):
        for grade_id, indices in candidates.items():
            free = [index for index in indices if index not in taken]
            if grade_id not in chosen and free:
                chosen[grade_id] = _in_force(nb, free, wanted[grade_id])
                taken.add(chosen[grade_id])
    for grade_id, model in wanted.items():
        if grade_id not in chosen:
            free = [i for i, cell in enumerate(nb.cells) if i not in taken and _is_it(cell, model)]
            if free:
                chosen[grade_id] = free[-1]
                taken.add(free[-1])
    return chosen


def _by_grade_id(nb: NotebookNode, wanted: dict[str, NotebookNode]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for index, cell in enumerate(nb.cells):
        if (grade_id := grade_id_of(cell)) in wanted:
            found.setdefault(str(grade_id), []).append(index)
    return found


def _by_cell_id(nb: NotebookNode, wanted: dict[str, NotebookNode]) -> dict[str, list[int]]:
    ids = {model["id"]: grade_id for grade_id, model in wanted.items()}
    found: dict[str, list[int]] = {}
    for index, cell in enumerate(nb.cells):
        if cell.get("id") in ids:
            found.setdefault(ids[cell["id"]], []).append(index)
    return found


def _in_force(nb: NotebookNode, indices: list[int], model: NotebookNode) -> int:
    """Return which of several copies counts: the last one that differs from the blank.

    It is what the student's own kernel ends with when all cells run.
    """
    written = [index for index in indices if nb.cells[index].source.strip() != model.source.strip()]
    return (written or indices)[-1]


def _is_it(cell: NotebookNode, model: NotebookNode) -> bool:
    """Return whether a cell without any mark is the released one: by what it defines or holds."""
    if cell.source.strip() == model.source.strip():
        return cell.cell_type == model.cell_type
    names = defined(model.source)
    if not model.metadata.nbgrader.solution or cell.cell_type != "code" or not names:
        return False
    return bool(names & defined(cell.source))


def _insert_missing(nb: NotebookNode, wanted: dict[str, NotebookNode]) -> None:
    """Insert each missing cell after the nearest wanted cell before it."""
    where = -1
    for grade_id, model in wanted.items():
        present = next((i for i, c in enumerate(nb.cells) if grade_id_of(c) == grade_id), None)
        if present is not None:
            where = max(where, present)
            continue
        where += 1
        cell = NotebookNode(model)
        if model.metadata.nbgrader.solution and model.cell_type == "code":
            # The blank itself would override an answer that stands elsewhere.
            cell["source"] = PLACEHOLDER
        nb.cells.insert(where, cell)


def _supersede_blanks(nb: NotebookNode, wanted: dict[str, NotebookNode]) -> None:
    """Tag each untouched blank whose names another cell defines: it must not override the answer.

    A blank is one wherever it stands, also a second copy of it.
    """
    blanks = {
        model.source.strip()
        for model in wanted.values()
        if model.metadata.nbgrader.solution and model.cell_type == "code"
    }
    code = [cell for cell in nb.cells if cell.cell_type == "code"]
    written = [cell for cell in code if cell.source.strip() not in (blanks | {PLACEHOLDER})]
    for cell in code:
        if cell.source.strip() not in blanks:
            continue
        names = defined(cell.source)
        if any(names & defined(other.source) or binds_anything(other.source) for other in written):
            cell.metadata["tags"] = [SUPERSEDED_TAG]
