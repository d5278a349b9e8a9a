"""The self-learner's edition: its package, and the marks, solutions and loans in a notebook."""

from __future__ import annotations

import linecache
import os
import random
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import Run

from autograder.alone.learner import EXAMS, grade_me, lend, show_solution, solutions
from autograder.authoring.lessons import read_lesson
from autograder.authoring.recorded_answers import frame_of, recorded_answers
from autograder.course_paths import CoursePaths
from autograder.examining.exam import load_exam
from autograder.examining.examiner import examine
from autograder.examining.notebook import StudentNotebook, examine_here
from autograder.examining.processes import StudentSubprocess
from autograder.sample.sheets import sheet_of
from course import check, edition
from course.needs import transformed
from course.practice import progress
from course.practice.journal import VARIABLE, Journal
from course.practice.mastery import SHEET

ROOT = Path(__file__).resolve().parent.parent
COURSE = CoursePaths(ROOT)


@pytest.fixture(autouse=True)
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Journal:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "kept" / "progress.json"))
    return Journal()


def notebook_of(lesson: str) -> dict[str, Any]:
    """Return the names of a solved notebook."""
    exam = load_exam(COURSE.exams, lesson)
    names: dict[str, Any] = {"__name__": "__main__"}
    for task in exam.tasks:
        frame = frame_of(read_lesson(COURSE.lessons / f"{lesson}.md"), task)
        for cell in frame.cells(frame.solution):
            exec(cell, names)
    return names


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run(
        [sys.executable, *command, "--wheel-dir", folder, "./autograder"], cwd=ROOT, check=True
    )
    return next(folder.glob("bert_classroom_alone-*.whl"))


# ---- the package ---------------------------------------------------------------------------------


def test_the_wheel_is_the_class_s_and_what_marks_ones_own_work(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if "dist-info" not in name}
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "course"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    wanted = {one for one in tracked if not one.startswith(("course/lessons/", "course/pyproject"))}
    assert {name for name in names if name.startswith("course/")} == wanted
    ours = {name.split("/")[1] for name in names if name.startswith("autograder/")}
    files = {"__init__.py", "errors.py", "records.py", "py.typed"}
    assert ours - files == {"alone", "examining", "exams", "kernels", "verdict"}
    assert not [name for name in names if "/answers/" in name or "nbgrader" in name]
    assert "autograder/exams/solutions.json" in names


def test_both_editions_need_the_same_packages() -> None:
    course, alone = (
        tomllib.loads((ROOT / folder / "pyproject.toml").read_text())["project"]
        for folder in ("course", "autograder")
    )
    assert course["dependencies"] == alone["dependencies"]
    assert course["requires-python"] == alone["requires-python"]


def test_installed_it_marks_a_notebook_and_the_class_s_edition_does_not(
    wheel: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
    subprocess.run([*command, tmp_path / "alone", wheel], check=True)
    code = (
        "from course import certificate, grade_me, lend, show_solution\n"
        "import course\n"
        "print(course.__file__)\n"
        "def word_pieces(tokenizer, text):\n    return text.split()\n"
        "print(lend('collate'), show_solution('word_pieces'), grade_me('01-tokenizing'), sep='\\n')\n"
        "print(certificate('Ada'))\n"
    )
    (tmp_path / "notebook.py").write_text(code)
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "alone")}
    said = subprocess.run(
        [sys.executable, "notebook.py"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    ).stdout
    assert said.startswith(str(tmp_path / "alone" / "course"))
    assert "collate is on loan" in said and "-    return text.split()" in said
    assert "01-tokenizing: 0 of 10 points" in said and "✗ word_pieces (0 of 2): " in said
    assert "collate is on loan. Write your own" in said.replace("`", "")
    assert "certificate.html is your record of work" in said
    assert "Ada" in (tmp_path / "certificate.html").read_text()
    # The same calls where the edition is not registered.
    environment["PYTHONPATH"] = str(ROOT)
    said = subprocess.run(
        [sys.executable, "notebook.py"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    ).stdout
    for sentence in edition.IN_A_CLASS.values():
        assert sentence in said
    assert "0 of 10" not in said


# ---- marks ---------------------------------------------------------------------------------------


def test_a_solved_lesson_has_all_points_and_the_progress_shows_them(journal: Journal) -> None:
    names = notebook_of("01-tokenizing")
    marks = grade_me("01-tokenizing", names)
    assert (marks.points, marks.max_points) == (10, 10) and "10 of 10 points" in repr(marks)
    assert "4 of 4 tasks passed" in repr(progress()) and "10 of 10 points" in repr(progress())
    del names["collate"]
    again = grade_me("01-tokenizing", names)
    assert again.points == 7 and "name `collate`" in repr(again).replace("called", "name")
    assert journal.read().task("collate").points == 3, "the best marks are kept"


def test_a_met_check_counts_as_passed_and_is_never_in_the_way(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    names = notebook_of("01-tokenizing") | {"check": check}
    assert eval('check("word_pieces")', names).passed
    assert "1 of 4 tasks passed" in repr(progress("01-tokenizing"))
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "file" / "progress.json"))
    assert eval('check("collate")', names).passed


@pytest.mark.parametrize("answer_id", ["encode-reviews", "collate"])
def test_each_wrong_answer_is_told_as_an_instructor_would(answer_id: str) -> None:
    exam = load_exam(COURSE.exams, "01-tokenizing")
    task = next(task for task in exam.tasks if task.answer_id == answer_id)
    frame = frame_of(read_lesson(COURSE.lessons / "01-tokenizing.md"), task)
    for answer in [one for one in recorded_answers(exam, task) if not one.right]:
        cells, names = frame.cells(answer.source), {"__name__": "__main__"}
        for cell in cells:
            exec(cell, names)
        with StudentSubprocess(cells) as student:
            theirs = examine(task, student, random.Random(1))
        ours = examine(task, StudentNotebook(names), random.Random(1))
        assert ours.model_copy(update={"seconds": theirs.seconds}) == theirs, answer.name


def test_what_the_notebook_has_set_is_as_before() -> None:
    task = load_exam(COURSE.exams, "02-model-set-up").tasks[1]
    names = notebook_of("02-model-set-up")
    torch.set_default_dtype(torch.float64)
    try:
        state = torch.random.get_rng_state()
        assert examine_here(task, names).points == task.points
        assert torch.get_default_dtype() is torch.float64
        assert torch.equal(torch.random.get_rng_state(), state)
    finally:
        torch.set_default_dtype(torch.float32)


def test_while_it_marks_it_says_what_it_examines_and_then_clears_the_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    grade_me("01-tokenizing", notebook_of("01-tokenizing"))
    said = capsys.readouterr().out
    for task in load_exam(EXAMS, "01-tokenizing").tasks:
        assert f"\rExamining {task.function} …" in said
    assert said.endswith(f"\r{'':60}\r")


def test_the_stop_button_ends_it_all() -> None:
    def word_pieces(tokenizer: Any, text: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        grade_me("01-tokenizing", {"word_pieces": word_pieces})


# ---- the mastery test ----------------------------------------------------------------------------


def lay_sheet(right: int) -> None:
    sheet = sheet_of(EXAMS / "08-mastery-test" / "questions", "anna", right)
    Path(SHEET).write_text(sheet.model_dump_json())


def test_the_test_shows_its_answers_when_handed_in_and_counts_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, journal: Journal
) -> None:
    monkeypatch.chdir(tmp_path)
    lesson = "08-mastery-test"
    assert "There is no file" in repr(grade_me(lesson, {}))
    lay_sheet(6)
    marks = grade_me(lesson, {})
    assert marks.points == 6 and len(marks.answers) == 10
    assert [one.right for one in marks.answers] == [False] * 4 + [True] * 6
    for one in marks.answers:
        assert one.answer and one.why
        assert one.right or one.given not in ("", one.answer)
    assert repr(marks).count("Your answer:") == 4 and "<details>" in marks._repr_html_()
    lay_sheet(10)
    again = grade_me(lesson, {})
    assert "with 6 points, and saw the answers. That result counts" in again.note
    assert journal.read().task("mastery").points == 6
    assert "6 of 10 points" in repr(progress())


def test_an_unfinished_test_is_handed_in_only_when_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, journal: Journal
) -> None:
    monkeypatch.chdir(tmp_path)
    sheet = sheet_of(EXAMS / "08-mastery-test" / "questions", "anna", 10)
    sheet.answers.popitem()
    Path(SHEET).write_text(sheet.model_dump_json())
    said = repr(grade_me("08-mastery-test", {}))
    assert "1 of 10 questions have no answer yet" in said and not journal.read().tests
    assert grade_me("08-mastery-test", {}, hand_in=True).points == 9


# ---- solutions and loans -------------------------------------------------------------------------


def test_a_solution_says_what_differs_from_ones_own() -> None:
    names = notebook_of("01-tokenizing")
    said = str(show_solution("word_pieces", names))
    assert "return tokenizer.tokenize(text)" in said and "SOLUTION" not in said
    assert "There is no task 'words'; there are: share_right, word_pieces" in str(
        show_solution("words", names)
    )


def test_a_solution_is_offered_after_two_honest_tries(
    monkeypatch: pytest.MonkeyPatch, journal: Journal
) -> None:
    names: dict[str, Any] = {}

    def said(code: str) -> str:
        # As a notebook's cell: its source can be found again.
        file = f"<cell {len(linecache.cache)}>"
        linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)
        exec(compile(code, file, "exec"), names)
        return str(eval("check('word_pieces')", names | {"check": check}))

    blank = "def word_pieces(tokenizer, text):\n    raise NotImplementedError\n"
    first = "def word_pieces(tokenizer, text):\n    return text.split()\n"
    same = "def word_pieces(tokenizer, text):\n    # now?\n\n    return text.split()\n"
    second = "def word_pieces(tokenizer, text):\n    return list(text)\n"
    # In a class nothing is offered, and nothing counted.
    assert "show_solution" not in said(first) + said(second)
    assert not journal.read().task("word_pieces").tries
    monkeypatch.setattr("course.needs.entry_points", lambda group: ["alone"])
    for code in (blank, first, same, blank):
        assert "show_solution" not in said(code), code
    shown = said(second)
    assert shown.startswith("✗") and 'show_solution("word_pieces")` shows a solution' in shown
    assert "hints below the task come first" in said(same)
    assert "show_solution" not in said(solutions()["word_pieces"])


def test_a_lent_function_works_earns_nothing_and_gives_way_to_ones_own() -> None:
    names: dict[str, Any] = {}
    lend("word_pieces", names)
    assert names["word_pieces"].__code__.co_filename == "<lent>"
    marks = grade_me("01-tokenizing", names)
    assert marks.points == 0 and "on loan" in marks.findings["word_pieces"].message
    assert grade_me("01-tokenizing", notebook_of("01-tokenizing")).points == 10


def test_a_cell_that_waits_says_how_to_borrow_where_that_is_possible(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cell = ["%%needs collate\n", "x = 1\n"]
    assert "lend" not in transformed(cell, {})[0]
    monkeypatch.setattr("course.needs.entry_points", lambda group: ["alone"])
    printed: list[str] = []
    exec(transformed(cell, {})[0], {"print": printed.append})
    assert printed[0].endswith('To borrow: `from course import lend; lend("collate")`.')


# ---- autograder try ------------------------------------------------------------------------------


def test_ones_own_notebook_is_graded_as_a_submission(
    released: CoursePaths, run: Run, tmp_path: Path, journal: Journal
) -> None:
    name = released.assignments()[0]
    solved = tmp_path / "my work (2).ipynb"
    shutil.copy(released.notebook(released.source, name), solved)
    said = run(sys.executable, "-m", "autograder", "try", solved, "--root", released.root).stdout
    exam = load_exam(released.exams, name)
    points = sum(task.points for task in exam.tasks)
    assert f"{name}: {points:g} of {points:g} points" in said
    assert all(journal.read().task(task.name).passed for task in exam.tasks)
    blank = tmp_path / "blank.ipynb"
    shutil.copy(released.notebook(released.release, name), blank)
    said = run(
        sys.executable, "-m", "autograder", "try", blank, "--root", released.root, code=1
    ).stdout
    assert f"{name}: 0 of {points:g} points" in said
    other = tmp_path / "other.ipynb"
    other.write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    said = run(
        sys.executable, "-m", "autograder", "try", other, "--root", released.root, code=2
    ).stderr
    assert "other.ipynb has no graded cell of this course." in said
    assert not list(released.submitted.glob("you"))


@pytest.mark.nightly
def test_the_fine_tuning_verdict_comes_with_its_picture() -> None:
    marks = grade_me("05-fine-tuning", notebook_of("05-fine-tuning"))
    assert marks.points == 24, repr(marks)
    assert "full marks from" in marks.findings["fine_tune"].picture
    assert "●" in repr(marks) and "<pre>" in marks._repr_html_()
