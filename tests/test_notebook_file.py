"""A notebook's cells are read one by one: what is odd in one costs neither it nor the others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from autograder.cells import grade_id_of
from autograder.grading.notebook_file import read_notebook


def read(tmp_path: Path, *cells: Any, **rest: Any) -> Any:
    path = tmp_path / "x.ipynb"
    path.write_text(json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5} | rest))
    return read_notebook(path)


def deep(levels: int, kind: type) -> Any:
    value: Any = kind()
    for _ in range(levels):
        value = {"x": value} if kind is dict else [value]
    return value


@pytest.mark.parametrize("kind", [dict, list])
@pytest.mark.parametrize("place", ["metadata", "outputs", "attachments", "id", "more"])
def test_what_is_nested_as_deep_as_json_reads_costs_nothing(
    place: str, kind: type, tmp_path: Path
) -> None:
    cell = {"cell_type": "code", "source": "x = 1", place: deep(400, kind)}
    text = {"cell_type": "markdown", "source": "y", place: deep(400, kind)}
    found = read(tmp_path, cell, text, metadata=deep(400, dict))
    assert [one.source for one in found.cells] == ["x = 1", "y"]


def test_of_metadata_only_the_grade_id_is_kept(tmp_path: Path) -> None:
    marks = {"grade_id": "collate", "points": 1000, "locked": [[]]}
    cell = {"cell_type": "code", "source": "", "metadata": {"nbgrader": marks, "tags": ["demo"]}}
    found = read(tmp_path, cell, {"cell_type": "code", "source": "", "metadata": {"nbgrader": {}}})
    assert [grade_id_of(one) for one in found.cells] == ["collate"]
    assert found.cells[0].metadata == {"nbgrader": {"grade_id": "collate"}}


def test_pictures_are_kept_as_text_and_nothing_else_is(tmp_path: Path) -> None:
    given = {
        "a.png": {"image/png": "iVBOR\ud800", "image/gif": {"x": 1}},
        "b\udc80.png": {"image/png": ["iV", "BO", 5]},
        "c.png": {"image/png": 5},
        "d.png": [],
    }
    source = "![](attachment:a.png) ![](attachment:c.png)"
    found = read(tmp_path, {"cell_type": "markdown", "source": source, "attachments": given})
    assert found.cells[0].attachments == {
        "a.png": {"image/png": "iVBOR?"},
        "b?.png": {"image/png": "iVBO"},
    }
    assert found.cells[0].source == source.replace("attachment:c", "missing-attachment:c")
