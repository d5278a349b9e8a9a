"""Grading the miniature course with real nbgrader and real kernels, in each way that it can go."""

from __future__ import annotations

import copy
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from classroom import LOOP, NAME, SOLUTION, by_task, cell_of, grades, set_source, submit
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook

from autograder.course_paths import CoursePaths
from autograder.records import all_records, read_records
from course import checkpoint


def hostile(notebook: NotebookNode) -> None:
    """Try everything that gives full marks on stock nbgrader, with nothing solved."""
    cell_of(notebook, "count-words").source = (
        "import sys\n"
        "get_ipython().input_transformers_cleanup.append(lambda lines: [])\n"
        "class Always:\n    def __eq__(self, other): return True\n    __hash__ = None\n"
        "count_words = longest_word = lambda text: Always()\n"
        "sys.displayhook(5)\n"
    )
    cell_of(notebook, "longest-word").source = "pass"
    for cell in notebook.cells:
        cell.metadata["tags"] = ["skip-execution"]
        if "points" in cell.metadata.get("nbgrader", {}):
            cell.metadata["nbgrader"]["points"] = 100
            cell.source = "5"


def swapped_ids(notebook: NotebookNode) -> None:
    one, two = cell_of(notebook, "count-words-points"), cell_of(notebook, "longest-word-points")
    one.metadata["nbgrader"]["grade_id"] = "longest-word-points"
    two.metadata["nbgrader"]["grade_id"] = "count-words-points"


def duplicated(notebook: NotebookNode) -> None:
    notebook.cells += [copy.deepcopy(cell_of(notebook, "count-words-points")) for _ in range(2)]


def deleted(notebook: NotebookNode) -> None:
    notebook.cells = [c for c in notebook.cells if not c.metadata.get("nbgrader", {}).get("grade")]


def garbled_metadata(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata["nbgrader"].update(schema_version=99, points="many", locked="?")
    notebook.cells[0].metadata["nbgrader"] = "nothing"


def retyped(notebook: NotebookNode) -> None:
    cell = cell_of(notebook, "count-words-points")
    cell.cell_type = "markdown"
    for field in ("outputs", "execution_count"):
        cell.pop(field)


STUBBORN = """
import time
while True:
    try:
        time.sleep(9)
    except KeyboardInterrupt:
        pass
"""


def test_a_class_is_graded_whatever_is_handed_in(
    classroom: CoursePaths, run: Callable[..., Any]
) -> None:
    submit(classroom, "right")
    submit(
        classroom,
        "noisy",
        set_source(
            "count-words",
            "import sys, warnings\nwarnings.warn('w')\nsys.stderr.write('x')\n" + SOLUTION,
        ),
    )
    submit(classroom, "hostile", hostile)
    submit(classroom, "swapped", swapped_ids)
    submit(classroom, "duplicated", duplicated)
    submit(classroom, "deleted", deleted)
    submit(classroom, "garbled", garbled_metadata)
    submit(classroom, "retyped", retyped)
    submit(classroom, "loop", set_source("count-words", LOOP))
    submit(classroom, "stubborn", set_source("count-words", STUBBORN))
    submit(classroom, "dies", set_source("count-words", "import os\nos._exit(1)"))
    submit(classroom, "syntax", set_source("count-words", "def count_words(text:"))
    submit(classroom, "removed", lambda nb: nb.cells.remove(cell_of(nb, "count-words")))
    cut = submit(classroom, "cut")
    cut.write_text(cut.read_text()[:900])
    submit(classroom, "renamed").rename(
        classroom.submitted / "renamed" / NAME / "counting (1).ipynb"
    )
    (classroom.submitted / "empty" / NAME).mkdir(parents=True)
    secret = submit(classroom, "linked")
    secret.unlink()
    secret.symlink_to(classroom.notebook(classroom.source, NAME))
    handed_in = {path: path.read_bytes() for path in classroom.submitted.glob("*/*/*")}

    done = run(
        "autograder",
        "grade",
        NAME,
        "--root",
        classroom.root,
        "--feedback",
        "--json",
        classroom.root / "out.json",
    )

    points = grades(classroom)
    full = ("right", "noisy", "swapped", "duplicated", "deleted", "garbled", "retyped", "renamed")
    assert {student: points[student] for student in full} == dict.fromkeys(full, 5)
    assert {
        student: points[student]
        for student in ("hostile", "stubborn", "dies", "cut", "empty", "linked")
    } == dict.fromkeys(("hostile", "stubborn", "dies", "cut", "empty", "linked"), 0)
    assert points["loop"] == points["syntax"] == points["removed"] == 3
    assert by_task(classroom, "loop")["count-words"].misconception == "timeout"
    assert by_task(classroom, "syntax")["count-words"].misconception == "cell-error"
    assert by_task(classroom, "removed")["count-words"].misconception == "missing-name"
    assert by_task(classroom, "cut")["count-words"].misconception == "unreadable-notebook"
    assert "did not stop" in by_task(classroom, "stubborn")["longest-word"].message
    assert "died while cell 2" in by_task(classroom, "dies")["longest-word"].message
    # One record a cell, the same in the file, in our folder and in nbgrader's gradebook.
    written = read_records(classroom.root / "out.json")
    assert written == all_records(classroom.records_folder)
    assert len(written) == 2 * len(points)
    for student, score in points.items():
        assert sum(r.points for r in written if r.student == student) == score
    assert {path: path.read_bytes() for path in classroom.submitted.glob("*/*/*")} == handed_in
    assert "stubborn" in done.stdout
    # Feedback has each message, and nothing of the exam.
    page = (classroom.feedback / "loop" / NAME / "counting.html").read_text()
    assert "no answer came within 3 seconds" in page
    for path in classroom.feedback.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert "Counter(text" not in text and "case-kept" not in text and "def judge" not in text


def test_plain_nbgrader_gives_the_same_marks(
    classroom: CoursePaths, run: Callable[..., Any]
) -> None:
    submit(classroom, "right")
    submit(classroom, "wrong", set_source("count-words", SOLUTION.replace(".lower()", "")))
    run("nbgrader", "autograde", NAME, cwd=classroom.root)
    assert grades(classroom) == {"right": 5, "wrong": 3}
    assert by_task(classroom, "wrong")["count-words"].misconception == "case-kept"


def test_the_released_notebook_runs_and_validates_without_us(
    classroom: CoursePaths, tmp_path: Path, run: Callable[..., Any]
) -> None:
    # A folder with nothing of ours beside it: a student's own machine.
    shutil.copy(classroom.notebook(classroom.source, NAME), tmp_path / "counting.ipynb")
    notebook = nbformat.read(tmp_path / "counting.ipynb", as_version=4)
    notebook.cells.remove(cell_of(notebook, "see-counts"))
    nbformat.write(notebook, tmp_path / "counting.ipynb")
    done = run("nbgrader", "validate", "counting.ipynb", cwd=tmp_path)
    assert "Your notebook passes all the tests" in done.stdout


def test_what_is_graded_is_not_graded_again_unless_it_changed(
    classroom: CoursePaths, run: Callable[..., Any]
) -> None:
    submit(classroom, "ann")
    changed = submit(classroom, "ben")
    command = ("autograder", "grade", NAME, "--root", classroom.root, "--jobs", "1")
    run(*command)
    first = {s: classroom.records(NAME, s).stat().st_mtime_ns for s in ("ann", "ben")}
    notebook = nbformat.read(changed, as_version=4)
    cell_of(notebook, "count-words").source = "count_words = None"
    nbformat.write(notebook, changed)
    run(*command)
    second = {s: classroom.records(NAME, s).stat().st_mtime_ns for s in ("ann", "ben")}
    assert first["ann"] == second["ann"] and first["ben"] != second["ben"]
    assert grades(classroom) == {"ann": 5, "ben": 3}
    run(*command, "--force", "--student", "ann")
    assert classroom.records(NAME, "ann").stat().st_mtime_ns != second["ann"]


def test_a_fault_of_ours_waits_for_a_person_and_the_batch_goes_on(
    classroom: CoursePaths, run: Callable[..., Any]
) -> None:
    exam = classroom.exams / NAME / "exam.py"
    exam.write_text(
        exam.read_text().replace("right = Counter(text.lower().split())", "right = 1 / 0")
    )
    submit(classroom, "ann")
    done = run("autograder", "grade", NAME, "--root", classroom.root, code=3)
    assert (
        "need manual grading in formgrader" in done.stderr and "No marks were lost" in done.stderr
    )
    assert by_task(classroom, "ann")["count-words"].outcome == "grader_error"
    assert by_task(classroom, "ann")["longest-word"].points == 3
    with Gradebook(f"sqlite:///{classroom.gradebook}") as gradebook:
        grade = gradebook.find_grade("count-words-points", "counting", NAME, "ann")
        assert grade.needs_manual_grade and grade.auto_score is None
    # Mended, the same command grades what was left.
    exam.write_text(
        exam.read_text().replace("right = 1 / 0", "right = Counter(text.lower().split())")
    )
    run("autograder", "grade", NAME, "--root", classroom.root)
    assert grades(classroom) == {"ann": 5}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("grade", "02-nothing"), "There is no assignment '02-nothing'; there are: 01-counting."),
        (("grade", NAME), f"There is no submission for {NAME}"),
        (("grade", NAME, "--student", "nobody"), "There is no submission of 'nobody'"),
        (("report",), "Nothing is graded yet"),
        (("build", "x"), "There is no assignment 'x'"),
        (("verdict", "nothing.py"), "There is no file 'nothing.py'"),
    ],
)
def test_bad_input_gets_one_clear_sentence(
    classroom: CoursePaths, run: Callable[..., Any], arguments: tuple[str, ...], words: str
) -> None:
    root = () if arguments[0] == "verdict" else ("--root", classroom.root)
    done = run("autograder", *arguments, *root, code=2)
    assert words in done.stderr and len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr + done.stdout


def test_what_is_not_released_cannot_be_graded(
    miniature: CoursePaths, run: Callable[..., Any]
) -> None:
    submit(miniature, "ann")
    done = run("autograder", "grade", "--root", miniature.root, code=2)
    assert (
        "01-counting is not released yet: run `nbgrader generate_assignment 01-counting --force`"
        in done.stderr
    )


def test_a_changed_model_or_a_missing_package_stops_before_it_costs_marks(
    classroom: CoursePaths, tmp_path: Path, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(classroom, "ann")
    program = (
        "import sys; sys.modules['nbgrader'] = None; from autograder.cli import app; "
        f"app(['grade', '--root', {str(classroom.root)!r}])"
    )
    done = run(sys.executable, "-c", program, code=2)
    assert "The package 'nbgrader' is missing: run `pip install -r requirements.txt`" in done.stderr
    folder = tmp_path / "model"
    shutil.copytree(checkpoint(), folder)
    with (folder / "model.safetensors").open("r+b") as file:
        file.seek(5_000_000)
        file.write(b"\0\0\0\0")
    monkeypatch.setenv("BERT_CLASSROOM_CHECKPOINT", str(folder))
    for arguments in (
        ("grade", "--root", classroom.root),
        ("check-course", "--root", classroom.root),
    ):
        done = run("autograder", *arguments, code=2)
        assert "sha256 differs" in done.stderr and len(done.stderr.strip().splitlines()) == 1
    assert not classroom.records(NAME, "ann").exists()
