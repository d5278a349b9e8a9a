"""The line under the first cell: what is loaded, and that something happens while it takes time."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from course import loading


def test_seconds_are_counted_until_all_is_loaded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "slow_to_import.py").write_text("import time\ntime.sleep(1.3)\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(loading, "LIBRARIES", ("slow_to_import",))
    shown: list[str] = []

    class Line:
        def update(self, text: object) -> None:
            shown.append(repr(text))

    monkeypatch.setattr(loading, "_line_of_the_notebook", Line)
    loading.load_libraries()
    assert shown[0] == "Loading PyTorch and transformers: 1 s"
    assert re.fullmatch(r"PyTorch \S+ and transformers \S+ are loaded\.", shown[-1])
    del sys.modules["slow_to_import"]


def test_what_cannot_be_imported_is_told_and_nothing_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(loading, "LIBRARIES", ("no_such_library",))
    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        loading.load_libraries()
    assert capsys.readouterr().out == ""


def test_a_notebook_shows_one_line() -> None:
    cell = nbformat.v4.new_code_cell("from course.loading import load_libraries\nload_libraries()")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
    (output,) = notebook.cells[0].outputs
    assert re.fullmatch(
        r"PyTorch \S+ and transformers \S+ are loaded\.", output["data"]["text/plain"]
    )
