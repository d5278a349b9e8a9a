"""Whatever a student does to a notebook's cells, each released cell is there once, as released."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.notebooknode import NotebookNode, from_dict

from autograder.cells import SUPERSEDED_TAG, grade_id_of
from autograder.grading.repair import PLACEHOLDER, repair

ROOT = Path(__file__).resolve().parent.parent


def code(source: str, grade_id: str = "", **marks: Any) -> dict[str, Any]:
    cell: dict[str, Any] = nbformat.v4.new_code_cell(source)
    cell["id"] = f"id-{grade_id or source}"
    if grade_id:
        cell["metadata"] = {"nbgrader": {"grade_id": grade_id, "grade": False, "locked": False,
                                         "solution": False, "schema_version": 3} | marks}  # fmt: skip
    return cell


def small() -> NotebookNode:
    """Return a released notebook: two answers, their points, a cell to read, others between."""
    notebook = nbformat.v4.new_notebook(metadata={"x": 1})
    locked = {"grade": True, "locked": True, "points": 2}
    text = code("Read **this**.", "read-me", locked=True)
    text |= {"cell_type": "markdown"}
    del text["outputs"], text["execution_count"]
    notebook.cells = [
        nbformat.v4.new_markdown_cell("# A lesson"),
        code("def one(): ...", "one", solution=True),
        code("shown", "shown", locked=True) | {"metadata": {"tags": ["demo"], "nbgrader": {
            "grade_id": "shown", "locked": True, "grade": False, "solution": False}}},
        code("points", "one-points", **locked),
        text,
        code("def two(): ...", "two", solution=True),
        code("more points", "two-points", **locked),
        code("try yourself"),
    ]  # fmt: skip
    return from_dict(notebook)


def lesson() -> NotebookNode:
    return nbformat.read(ROOT / "release/01-tokenizing/01-tokenizing.ipynb", as_version=4)


RELEASED = {"small": small(), "lesson": lesson()}

Edit = Callable[[NotebookNode], None]
PLACES = st.floats(0, 1, exclude_max=True)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)  # fmt: skip


@st.composite
def edits(draw: st.DrawFn) -> Any:
    """One thing that a student, a tool or a forger does: a name, and what it is done with."""
    return draw(
        st.sampled_from(["delete", "double", "move", "retype", "retag", "rename", "unname", "write",
                         "insert", "blank"])
    ), draw(PLACES), draw(PLACES), draw(JSON), draw(st.text(max_size=8))  # fmt: skip


def apply(notebook: NotebookNode, released: NotebookNode, edit: Any) -> None:
    kind, one, other, junk, text = edit
    cells, ids = notebook.cells, [id for cell in released.cells if (id := grade_id_of(cell))]
    if not cells:
        return
    where, to = int(one * len(cells)), int(other * len(cells))
    cell = cells[where]
    match kind:
        case "delete":
            del cells[where]
        case "double":
            cells.insert(to, copy.deepcopy(cell))
        case "move":
            cells.insert(to, cells.pop(where))
        case "retype":
            retype(cell, ["code", "markdown", "raw"][int(other * 3)])
        case "retag":
            cell.metadata = from_dict({"tags": ["skip-execution"], "nbgrader": junk, "x": junk})
        case "rename":
            cell.metadata["nbgrader"] = from_dict(
                {"grade_id": ids[int(other * len(ids))], "x": junk}
            )
        case "unname":
            cell.metadata.pop("nbgrader", None)
        case "write":
            cell.source = text
        case "insert":
            cells.insert(where, nbformat.v4.new_code_cell(text))
        case "blank":
            cell.source = next(
                (c.source for c in released.cells if grade_id_of(c) == grade_id_of(cell)), ""
            )


def retype(cell: NotebookNode, kind: str) -> None:
    cell.cell_type = kind
    for field in ("outputs", "execution_count"):
        cell.pop(field, None)
    if kind == "code":
        cell.outputs, cell.execution_count = [], None


def last_written(cells: list[NotebookNode], released: NotebookNode) -> str | None:
    """Return what counts of several copies of an answer: the last that is no longer as released."""
    mine = [cell.source for cell in cells if grade_id_of(cell) == grade_id_of(released)]
    other = (text for text in reversed(mine) if text.strip() != released.source.strip())
    return next(other, mine[-1] if mine else None)


def faults(notebook: NotebookNode, handed_in: NotebookNode, released: NotebookNode) -> list[str]:
    """Return what is wrong with a repaired notebook."""
    wanted = {id: cell for cell in released.cells if (id := grade_id_of(cell))}
    found = [cell for cell in notebook.cells if grade_id_of(cell)]
    wrong = []
    if sorted(map(str, map(grade_id_of, found))) != sorted(wanted):
        return ["not each released cell once"]
    before = [cell.source for cell in handed_in.cells]
    for cell in found:
        name, model = grade_id_of(cell), wanted[str(grade_id_of(cell))]
        metadata = copy.deepcopy(cell.metadata)
        if metadata.get("tags") == [SUPERSEDED_TAG] and cell.source.strip() == model.source.strip():
            del metadata["tags"]
        if (metadata, cell.id, cell.cell_type) != (model.metadata, model.id, model.cell_type):
            wrong.append(f"{name}: metadata, id or type are not the released ones")
        counts = last_written(handed_in.cells, model)
        if model.metadata.nbgrader.locked:
            if cell.source != model.source:
                wrong.append(f"{name}: its text is not the released one")
        elif counts is not None and cell.source != counts:
            wrong.append(f"{name}: its text is not the last")
        elif cell.source not in [*before, PLACEHOLDER, model.source]:
            wrong.append(f"{name}: its text comes from nowhere")
    others = [cell for cell in notebook.cells if not grade_id_of(cell)]
    if any(cell.metadata not in ({}, {"tags": [SUPERSEDED_TAG]}) for cell in others):
        wrong.append("another cell has metadata")
    if not is_part_of([cell.source for cell in others], before):
        wrong.append("other cells are not as handed in")
    if len(notebook.cells) < len(handed_in.cells):
        wrong.append("a cell was lost")
    if (notebook.metadata, notebook.nbformat_minor) != (released.metadata, released.nbformat_minor):
        wrong.append("the notebook's own metadata are not the released ones")
    nbformat.validate(notebook)
    return wrong


def is_part_of(some: list[str], all_of_them: list[str]) -> bool:
    """Return whether `some` are among `all_of_them`, in their order."""
    rest = iter(all_of_them)
    return all(text in rest for text in some)


@pytest.mark.parametrize("name", RELEASED)
@settings(max_examples=100)
@given(st.lists(edits(), max_size=8))
def test_after_any_edits_each_released_cell_is_there_once(name: str, done: list[Any]) -> None:
    released = copy.deepcopy(RELEASED[name])
    notebook = copy.deepcopy(released)
    for edit in done:
        apply(notebook, released, edit)
    handed_in = copy.deepcopy(notebook)
    repair(notebook, released)
    assert faults(notebook, handed_in, released) == []
    assert released == RELEASED[name], "the released notebook itself was changed"
    again = copy.deepcopy(notebook)
    repair(again, released)
    for one in (notebook, again):  # other cells are numbered by their places
        one.cells = [cell if grade_id_of(cell) else cell | {"id": "other"} for cell in one.cells]
    assert again == notebook, "to repair twice changes something"


def test_a_notebook_without_cells_gets_them_all() -> None:
    released = small()
    notebook = nbformat.v4.new_notebook()
    repair(notebook, released)
    wanted = [cell for cell in released.cells if grade_id_of(cell)]
    assert [cell.id for cell in notebook.cells] == [cell.id for cell in wanted]
    solutions = [cell for cell in notebook.cells if cell.metadata.nbgrader.solution]
    assert {cell.source for cell in solutions} == {PLACEHOLDER}


def test_of_several_copies_the_last_that_differs_counts() -> None:
    released = small()
    for texts, counts in (
        (["first", "second"], "second"),
        (["first", "def one(): ..."], "first"),
        (["def one(): ...", "second", "def one(): ..."], "second"),
        (["def one(): ..."] * 2, "def one(): ..."),
    ):
        notebook = small()
        notebook.cells[1:2] = [from_dict(code(text, "one")) for text in texts]
        repair(notebook, released)
        (answer,) = (cell for cell in notebook.cells if grade_id_of(cell) == "one")
        assert answer.source == counts


def test_a_missing_cell_comes_back_after_the_one_before_it() -> None:
    released = small()
    notebook = small()
    notebook.cells = [cell for cell in notebook.cells if grade_id_of(cell) not in ("shown", "two")]
    repair(notebook, released)
    assert [grade_id_of(cell) for cell in notebook.cells] == [
        None, "one", "shown", "one-points", "read-me", "two", "two-points", None,
    ]  # fmt: skip


@pytest.mark.parametrize("known_by", ["id", "definition"])
def test_an_answer_without_metadata_is_known_by_its_id_or_by_what_it_defines(known_by: str) -> None:
    released, notebook = small(), small()
    for number, cell in enumerate(notebook.cells):
        cell.metadata = from_dict({})
        if known_by == "definition":
            cell["id"] = f"new-{number}"
    notebook.cells[1].source = "def one(): return 1"
    repair(notebook, released)
    found = {grade_id_of(cell): cell.source for cell in notebook.cells if grade_id_of(cell)}
    assert found["one"] == "def one(): return 1" and found["two"] == "def two(): ..."
    assert len(notebook.cells) == len(released.cells)


@pytest.mark.parametrize("place", [0, 2, 8])
def test_an_untouched_blank_gives_way_to_an_answer_elsewhere(place: int) -> None:
    released, notebook = small(), small()
    notebook.cells.insert(place, nbformat.v4.new_code_cell("def one(): return 1"))
    repair(notebook, released)
    tags = {grade_id_of(cell): cell.metadata.get("tags") for cell in notebook.cells}
    assert tags["one"] == [SUPERSEDED_TAG] and tags["two"] is None


def test_two_answers_in_one_cell_are_both_kept() -> None:
    released, notebook = small(), small()
    notebook.cells[1].source = "def one(): return 1\n\n\ndef two(): return 2"
    notebook.cells = [cell for cell in notebook.cells if grade_id_of(cell) != "two"]
    repair(notebook, released)
    found = {grade_id_of(cell): cell.source for cell in notebook.cells}
    assert "def two(): return 2" in found["one"] and found["two"] == PLACEHOLDER
