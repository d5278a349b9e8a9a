"""The store of results: what belongs to a key, and what is kept under it."""

from __future__ import annotations

import copy
import importlib.metadata
import json
import os
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.notebooknode import NotebookNode, from_dict

import autograder
import course
from autograder.grading import store
from autograder.grading.store import Entry, ResultStore, key_of
from autograder.records import Finding, Outcome

CELLS = st.lists(st.tuples(st.sampled_from(["code", "markdown", "raw"]), st.text()), max_size=5)
NAMES = st.text("abcñ .", min_size=1, max_size=4).filter(lambda name: name.strip(" ."))
PATHS = NAMES | st.tuples(NAMES, NAMES).map("/".join)
#: What a result depends on beside the cells and files: the grader hands it over by name.
POLICY: dict[str, Any] = {
    "assignment": "01-counting",
    "exam": "ab" * 32,
    "timeout": 60,
    "output": 4 * 2**20,
    "contained": True,
    "devices": ["cpu"],
    "limits": {"memory": 4096, "disk": 1024, "wall_seconds": 1200},
}


def notebook_of(cells: list[tuple[str, str]]) -> NotebookNode:
    made = nbformat.v4.new_notebook()
    made.cells = [
        from_dict({"cell_type": kind, "source": text, "metadata": {}, "id": f"id-{number}"})
        for number, (kind, text) in enumerate(cells)
    ]
    return made


def key(
    cells: list[tuple[str, str]], files: dict[str, bytes], where: Path, policy: dict[str, Any] = POLICY
) -> str:  # fmt: skip
    """Return the key of a submission of these cells and files, laid down in `where`."""
    shutil.rmtree(where, ignore_errors=True)
    where.mkdir()
    for name, data in files.items():
        path = where / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return key_of(notebook_of(cells), where, policy)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("submissions")


def can_lie_together(files: dict[str, bytes]) -> bool:
    """Return whether none of the files would have to be a folder as well."""
    return not any(other.startswith(f"{name}/") for name in files for other in files)


FILES = st.dictionaries(PATHS, st.binary(max_size=20), max_size=3).filter(can_lie_together)


@given(CELLS, FILES, CELLS, FILES)
def test_equal_submissions_have_equal_keys_and_others_have_others(
    place: Path, cells: Any, files: Any, other_cells: Any, other_files: Any
) -> None:
    first = key(cells, files, place / "a")
    assert key(cells, files, place / "b") == first
    other = key(other_cells, other_files, place / "a")
    assert (other == first) == ((cells, files) == (other_cells, other_files))


@settings(max_examples=30)
@given(CELLS, FILES, st.data())
def test_each_single_change_in_a_submission_gives_another_key(
    place: Path, cells: Any, files: Any, data: st.DataObject
) -> None:
    keys = [key(cells, files, place / "a")]
    if cells:
        where = data.draw(st.integers(0, len(cells) - 1))
        kind, text = cells[where]
        other = "raw" if kind == "code" else "code"
        for changed in ([(kind, f"{text} ")], [(other, text)], [], [(kind, text)] * 2):
            keys.append(key(cells[:where] + changed + cells[where + 1 :], files, place / "a"))
    keys.append(key([*cells, ("code", "")], files, place / "a"))
    for name, content in files.items():
        rest = {one: files[one] for one in files if one != name}
        keys.append(key(cells, rest, place / "a"))
        keys.append(key(cells, rest | {name: content + b"\0"}, place / "a"))
        keys.append(key(cells, rest | {f"{name}x": content}, place / "a"))
    keys.append(key(cells, files | {"one-more": b""}, place / "a"))
    assert keys[0] not in keys[1:]


@pytest.mark.parametrize(
    "change",
    [
        {"assignment": "02-other"},
        {"exam": "cd" * 32},
        {"timeout": 61},
        {"output": 1},
        {"contained": False},
        {"devices": ["cpu", "cuda"]},
        {"limits": {"memory": 4097, "disk": 1024, "wall_seconds": 1200}},
        {"new": None},
    ],
    ids=lambda change: next(iter(change)),
)
def test_each_single_change_in_what_grading_depends_on_gives_another_key(
    change: dict[str, Any], tmp_path: Path
) -> None:
    cells = [("code", "x = 1")]
    before = key(cells, {}, tmp_path / "a")
    assert key(cells, {}, tmp_path / "a", POLICY | change) != before
    backwards = dict(reversed(POLICY.items()))
    assert key(cells, {}, tmp_path / "a", backwards) == before


def test_what_no_mark_depends_on_is_not_in_the_key(tmp_path: Path) -> None:
    """Ids, metadata, outputs, the notebook's own file, its date, links and empty folders."""
    cells = [("code", "x = 1"), ("markdown", "text")]
    before = key(cells, {"data.csv": b"1"}, tmp_path / "a")
    other = notebook_of(cells)
    for cell in other.cells:
        cell["id"], cell.metadata = "another", from_dict({"tags": ["x"]})
    other.cells[0].outputs = [nbformat.v4.new_output("stream", text="seen")]
    beside = {"data.csv": b"1", "timestamp.txt": b"now", "tokenizing.ipynb": b"{}"}
    key(cells, beside, tmp_path / "b")
    (tmp_path / "b" / "empty").mkdir()
    assert key_of(other, tmp_path / "b", POLICY) == before
    os.utime(tmp_path / "b" / "data.csv", (1, 1))
    assert key_of(other, tmp_path / "b", POLICY) == before


def test_without_a_folder_there_are_no_files(tmp_path: Path) -> None:
    assert key_of(notebook_of([]), None, POLICY) == key([], {}, tmp_path / "a")


def test_a_name_that_is_no_text_is_part_of_the_key(tmp_path: Path) -> None:
    keys = {key([], {os.fsdecode(name): b""}, tmp_path / "a") for name in (b"\xff", b"\xfe", b"f")}
    assert len(keys) == 3


# ---- the grader's own code -----------------------------------------------------------------------


@pytest.fixture
def own_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two packages that stand for ours."""
    for package in (autograder, course):
        folder = tmp_path / package.__name__
        (folder / "lessons").mkdir(parents=True)
        (folder / "__init__.py").write_text("")
        (folder / "bars.json").write_text("{}")
        (folder / "notes.txt").write_text("")
        (folder / "lessons" / "01.py").write_text("")
        monkeypatch.setattr(package, "__file__", str(folder / "__init__.py"))
    return tmp_path


def state() -> str:
    store.code_state.cache_clear()
    try:
        return store.code_state()
    finally:
        store.code_state.cache_clear()


@pytest.mark.parametrize("package", ["autograder", "course"])
@pytest.mark.parametrize("change", ["change", "json", "add", "rename", "deep"])
def test_a_change_in_our_code_or_data_gives_another_key(
    own_code: Path, package: str, change: str
) -> None:
    folder = own_code / package
    before = state()
    assert state() == before
    match change:
        case "change":
            (folder / "__init__.py").write_text("x = 1")
        case "json":
            (folder / "bars.json").write_text("[]")
        case "add":
            (folder / "more.py").write_text("")
        case "rename":
            (folder / "bars.json").rename(folder / "spans.json")
        case "deep":
            (folder / "inner").mkdir()
            (folder / "inner" / "more.py").write_text("")
    assert state() != before


def test_the_state_of_our_code_is_in_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = key([], {}, tmp_path / "a")
    monkeypatch.setattr(store, "code_state", lambda: "another state")
    assert key([], {}, tmp_path / "a") != before


@pytest.mark.xfail(strict=True, reason="course/mistakes/*.yaml hold messages and credit")
def test_a_changed_mistake_gives_another_key(own_code: Path) -> None:
    before = state()
    (own_code / "course" / "mistakes.yaml").write_text("[]")
    assert state() != before


def test_lessons_and_notes_are_no_code(own_code: Path) -> None:
    before = state()
    (own_code / "course" / "lessons" / "01.py").write_text("x = 1")
    (own_code / "course" / "notes.txt").write_text("x = 1")
    assert state() == before


@pytest.mark.parametrize(
    "name", ["torch", "transformers", "datasets", "scikit-learn", "ipykernel", "nbclient"]
)
def test_another_version_of_a_library_gives_another_key(
    own_code: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state()
    version = importlib.metadata.version
    monkeypatch.setattr(
        importlib.metadata, "version", lambda of: "0.0" if of == name else version(of)
    )
    assert state() != before


# ---- entries -------------------------------------------------------------------------------------


def executed() -> NotebookNode:
    notebook = nbformat.v4.new_notebook(metadata={"language_info": {"name": "python"}})
    notebook.cells = [
        nbformat.v4.new_markdown_cell("text"),
        nbformat.v4.new_code_cell(
            "1",
            execution_count=7,
            outputs=[nbformat.v4.new_output("stream", text="seen"),
                     nbformat.v4.new_output("display_data", data={"text/html": "<b>"})],
        ),
        nbformat.v4.new_code_cell("2"),
    ]  # fmt: skip
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"id-{number}"
    return notebook


FINDING = Finding(
    grade_id="one-points", outcome=Outcome.PARTIAL, points=0.5, max_points=2, message="half ½"
)


@pytest.mark.parametrize("contained", [True, False])
def test_what_is_kept_comes_back_and_is_grafted_onto_an_equal_notebook(
    tmp_path: Path, contained: bool
) -> None:
    kept = ResultStore(tmp_path / "store")
    key = "ab" * 32
    assert kept.get(key) is None
    kept.put(key, Entry.of(executed(), [FINDING], contained=contained))
    entry = ResultStore(tmp_path / "store").get(key)
    assert entry is not None and entry.findings == [FINDING] and entry.contained is contained
    fresh = executed()
    del fresh.metadata["language_info"]
    for cell in fresh.cells[1:]:
        cell.outputs, cell.execution_count = [], None
    entry.graft(fresh)
    assert fresh == executed() and isinstance(fresh.cells[1].outputs[1], NotebookNode)
    assert isinstance(fresh.metadata["language_info"], NotebookNode)
    (path,) = (path for path in (tmp_path / "store").rglob("*") if path.is_file())
    assert path == kept.path(key) and path.parent.name == "ab" and path.name == f"{key}.json"


def test_a_notebook_that_says_no_language_is_kept_as_well() -> None:
    notebook = executed()
    del notebook.metadata["language_info"]
    entry = Entry.of(notebook, [], contained=True)
    entry.graft(notebook)
    assert notebook.metadata["language_info"] == {}


@pytest.mark.parametrize("damage", ["cut", "bytes", "other", "empty"])
def test_an_entry_that_cannot_be_read_is_as_good_as_none(tmp_path: Path, damage: str) -> None:
    kept = ResultStore(tmp_path)
    kept.put("key", Entry.of(executed(), [FINDING], contained=True))
    path = kept.path("key")
    whole = path.read_bytes()
    said = json.loads(whole)
    path.write_bytes(
        {
            "cut": whole[:-5],
            "bytes": whole.replace(b"half", b"\xff"),
            "other": json.dumps({one: said[one] for one in said if one != "findings"}).encode(),
            "empty": b"",
        }[damage]
    )
    assert kept.get("key") is None
    kept.put("key", Entry.of(executed(), [FINDING], contained=True))
    assert kept.get("key") == Entry.of(copy.deepcopy(executed()), [FINDING], contained=True)
