"""When each task is examined: as soon as everything that defines its function has run.

Usually that is where its graded cell stands. A student may have written the answer further down;
then the examination waits for the last cell that defines the function, as it would be in force
after the student had run all cells.
"""

from __future__ import annotations

from nbformat.notebooknode import NotebookNode

from autograder.cells import SUPERSEDED_TAG, grade_id_of
from autograder.examining.exam import Exam, SheetTask
from autograder.grading.names import defined, used


def examinations(nb: NotebookNode, exam: Exam) -> dict[int, list[int]]:
    """Return, by the index of a cell after which they are due, the indices of graded cells."""
    binds = {
        index: defined(cell.source)
        for index, cell in enumerate(nb.cells)
        if cell.cell_type == "code" and SUPERSEDED_TAG not in cell.metadata.get("tags", [])
    }
    due: dict[int, list[int]] = {}
    for index, cell in enumerate(nb.cells):
        task = exam.task(grade_id_of(cell) or "")
        if task is None:
            continue
        after = index
        if not isinstance(task, SheetTask):
            after = max([index, *_definers(task.function, index, binds, nb)])
        due.setdefault(after, []).append(index)
    return due


def _definers(
    function: str, graded: int, binds: dict[int, frozenset[str]], nb: NotebookNode
) -> list[int]:
    """Return the cells that define the function, and later ones whose names it lacks so far."""
    definers = [index for index, names in binds.items() if function in names]
    last = max([graded, *definers])
    wanted = {name for index in definers for name in used(nb.cells[index].source)}
    have = {name for index, names in binds.items() if index <= last for name in names}
    lacking = wanted - have
    return [*definers, *(index for index, names in binds.items() if names & lacking)]
