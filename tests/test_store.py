"""The store of results: what belongs to a key, and what is kept under it."""

from __future__ import annotations

import copy
import importlib.metadata
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest
from classroom import NAME
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.notebooknode import NotebookNode

from autograder.course_paths import CoursePaths
from autograder.examining.exam import Exam, load_exam
from autograder.grading import dependencies, store
from autograder.grading.store import Entry, ResultStore, key_of
from autograder.grading.submission import digest_of_folder
from autograder.records import Finding, Outcome
from course.checks.mistakes import course_mistakes

NAMES = st.text("abcñ .", min_size=1, max_size=4).filter(lambda name: name.strip(" ."))
PATHS = NAMES | st.tuples(NAMES, NAMES).map("/".join)
POLICY: dict[str, Any] = {
    "timeout": 60,
    "output": [4 * 2**20, 32 * 2**20],
    "contained": True,
    "devices": ["cpu"],
    "limits": {"memory": 4096, "disk": 1024, "wall_seconds": 1200},
}


def digest(files: dict[str, bytes], where: Path) -> str:
    """Return the digest of a submission of these files, laid down in `where`."""
    shutil.rmtree(where, ignore_errors=True)
    where.mkdir()
    for name, data in files.items():
        path = where / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return digest_of_folder(where)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("submissions")


def can_lie_together(files: dict[str, bytes]) -> bool:
    """Return whether none of the files would have to be a folder as well."""
    return not any(other.startswith(f"{name}/") for name in files for other in files)


FILES = st.dictionaries(PATHS, st.binary(max_size=20), max_size=3).filter(can_lie_together)


@given(FILES, FILES)
def test_equal_submissions_have_equal_digests_and_others_have_others(
    place: Path, files: Any, others: Any
) -> None:
    first = digest(files, place / "a")
    assert digest(files, place / "b") == first
    assert (digest(others, place / "a") == first) == (files == others)


@settings(max_examples=30)
@given(FILES)
def test_each_single_change_in_a_submission_gives_another_digest(place: Path, files: Any) -> None:
    digests = [digest(files, place / "a")]
    for name, content in files.items():
        rest = {one: files[one] for one in files if one != name}
        digests.append(digest(rest, place / "a"))
        digests.append(digest(rest | {name: content + b"\0"}, place / "a"))
        digests.append(digest(rest | {f"{name}x": content}, place / "a"))
    digests.append(digest(files | {"one-more": b""}, place / "a"))
    assert digests[0] not in digests[1:]


def test_everything_that_a_kernel_sees_counts_but_what_the_exchange_wrote(tmp_path: Path) -> None:
    """Two hand-ins that read a helper notebook or a date of their own shared one mark."""
    own = {"tokenizing.ipynb": b"{}"}
    before = digest(own, tmp_path / "a")
    for name in ("helper.ipynb", "x/timestamp.txt", "x/submission_secret.txt", "tokenizing.py"):
        assert digest(own | {name: b"1"}, tmp_path / "a") != before, name
    for name in ("timestamp.txt", "submission_secret.txt"):
        assert digest(own | {name: b"1"}, tmp_path / "a") == before, name


def test_a_name_that_is_no_text_counts(tmp_path: Path) -> None:
    digests = {
        digest({os.fsdecode(name): b""}, tmp_path / "a") for name in (b"\xff", b"\xfe", b"f")
    }
    assert len(digests) == 3


# ---- the key -------------------------------------------------------------------------------------


def exam_of(paths: CoursePaths) -> Exam:
    return Exam(NAME, paths.exams / NAME, load_exam(paths.exams, NAME).tasks)


@pytest.mark.parametrize(
    "change",
    [
        {"timeout": 61},
        {"output": [1, 1]},
        {"contained": False},
        {"devices": ["cpu", "cuda"]},
        {"limits": {"memory": 4097, "disk": 1024, "wall_seconds": 1200}},
        {"new": None},
    ],
    ids=lambda change: next(iter(change)),
)
def test_each_single_change_in_what_grading_depends_on_gives_another_key(
    change: dict[str, Any], miniature: CoursePaths
) -> None:
    exam = exam_of(miniature)
    before = key_of("digest", exam, POLICY)
    assert key_of("digest", exam, POLICY | change) != before
    assert key_of("digest", exam, dict(reversed(POLICY.items()))) == before
    assert key_of("another", exam, POLICY) != before


@pytest.mark.parametrize("file", ["exam.py", "mistakes.yaml"])
def test_a_change_in_the_exam_gives_another_key(miniature: CoursePaths, file: str) -> None:
    exam = exam_of(miniature)
    before = key_of("digest", exam, POLICY)
    path = exam.folder / file
    path.write_text(path.read_text() + "\n# changed\n")
    assert key_of("digest", exam, POLICY) != before


def test_the_state_of_our_code_is_in_the_key(
    miniature: CoursePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    exam = exam_of(miniature)
    before = key_of("digest", exam, POLICY)
    monkeypatch.setattr(store, "code_state", lambda exam: "another state")
    assert key_of("digest", exam, POLICY) != before


# ---- what a result depends on --------------------------------------------------------------------


def state(exam: Exam) -> str:
    dependencies._code_state.cache_clear()
    dependencies._imported.cache_clear()
    try:
        return dependencies.code_state(exam)
    finally:
        dependencies._code_state.cache_clear()
        dependencies._imported.cache_clear()


def modules_of(course: CoursePaths, assignment: str) -> set[str]:
    exam = load_exam(course.exams, assignment)
    files = dependencies.closure(
        [*dependencies._files_of(dependencies.RUNNING), exam.folder / "exam.py"]
    )
    return {path.stem if path.name != "__init__.py" else path.parent.name for path in files}


def test_a_lesson_depends_on_what_it_imports_and_on_no_other_lesson(course: CoursePaths) -> None:
    modules = modules_of(course, "01-tokenizing")
    assert {"tokenizing", "batching", "values", "plain", "settings", "examiner", "seccomp",
            "responder", "repair", "notebook_file"} <= modules  # fmt: skip
    assert not {"panel", "widget", "report", "cli", "logits", "rate_schedule", "build"} & modules
    assert {"logits", "parameters"} <= modules_of(course, "02-model-set-up")


@pytest.mark.parametrize("which", [0, -1])
def test_a_change_in_a_file_that_is_imported_gives_another_state(
    miniature: CoursePaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: int
) -> None:
    files = [tmp_path / "one.py", tmp_path / "two.py"]
    for file in files:
        file.write_text("x = 1\n")
    monkeypatch.setattr(dependencies, "closure", lambda paths: files)
    exam = exam_of(miniature)
    before = state(exam)
    assert state(exam) == before
    files[which].write_text("x = 2\n")
    assert state(exam) != before


def test_a_changed_mistake_of_the_exam_gives_another_state(
    course: CoursePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    exam = load_exam(course.exams, "01-tokenizing")
    before = state(exam)
    known = course_mistakes()
    for id, changes in (("no-truncation", True), ("evaluate-percent", False)):
        if id in known:
            other = known | {id: known[id].model_copy(update={"message": "Another sentence."})}
            monkeypatch.setattr(dependencies, "course_mistakes", lambda other=other: other)
            assert (state(exam) != before) == changes, id


@pytest.mark.parametrize("name", dependencies.LIBRARIES)
def test_another_version_of_a_library_gives_another_state(
    course: CoursePaths, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    exam = load_exam(course.exams, "01-tokenizing")
    before = state(exam)
    version = importlib.metadata.version
    monkeypatch.setattr(
        importlib.metadata, "version", lambda of: "0.0" if of == name else version(of)
    )
    assert state(exam) != before


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


def test_whatever_a_kernel_sent_is_kept_as_a_file_can_hold_it(tmp_path: Path) -> None:
    nest: Any = []
    for _ in range(270):
        nest = [nest]
    sent = [
        {"output_type": "stream", "name": "stdout", "text": "half \ud800"},
        {"output_type": "display_data", "data": {"text/html": 5}, "metadata": {}},
        {"output_type": "display_data", "data": {"text/html": nest}, "metadata": {}},
        {"output_type": "display_data", "data": {"application/json": nest}, "metadata": {}},
        {"output_type": "error", "ename": [], "evalue": {}, "traceback": "x"},
        {"output_type": "gift"},
    ]
    notebook = executed()
    notebook.cells[1].outputs, notebook.cells[1].execution_count = sent, "five"
    kept = ResultStore(tmp_path)
    kept.put("ab" * 32, Entry.of(notebook, [], contained=True))
    entry = kept.get("ab" * 32)
    assert entry is not None and entry.counts[1] is None
    entry.graft(notebook)
    assert notebook.cells[1].outputs[0].text == "half ?"
    assert len(notebook.cells[1].outputs) == len(sent)
    nbformat.write(notebook, tmp_path / "x.ipynb")
    nbformat.validate(nbformat.read(tmp_path / "x.ipynb", 4), relax_add_props=True)


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


def test_pruning_takes_what_is_old_then_what_is_too_much(tmp_path: Path) -> None:
    kept = ResultStore(tmp_path)
    entry = Entry.of(executed(), [FINDING], contained=True)
    for age, key in enumerate(("new", "middle", "old")):
        kept.put(key, entry)
        when = time.time() - 100 * age * store.DAY
        os.utime(kept.path(key), (when, when))
    size = kept.path("new").stat().st_size
    assert kept.prune(days=150) == (1, size) and kept.get("old") is None
    assert kept.prune(mebibytes=1.5 * size / 2**20) == (1, size)
    assert kept.get("new") == entry and kept.get("middle") is None
    assert kept.prune(days=0.5, mebibytes=1) == (0, 0)


def test_what_is_just_not_too_old_and_just_not_too_much_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = ResultStore(tmp_path)
    kept.put("key", Entry.of(executed(), [FINDING], contained=True))
    size = kept.path("key").stat().st_size
    os.utime(kept.path("key"), (10 * store.DAY, 10 * store.DAY))
    monkeypatch.setattr(time, "time", lambda: 15 * store.DAY)
    assert kept.prune() == kept.prune(days=5) == kept.prune(mebibytes=size / 2**20) == (0, 0)
    assert kept.prune(mebibytes=(size - 1) / 2**20) == (1, size)


def test_what_another_process_has_pruned_meanwhile_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = ResultStore(tmp_path)
    monkeypatch.setattr(kept, "entries", lambda: iter([(0.0, 5, tmp_path / "gone.json")]))
    assert kept.prune(days=1) == (1, 5)
