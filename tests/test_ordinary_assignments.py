"""An assignment without an exam of ours: nbgrader's own rules, its kernel contained.

The scenarios are those that nbgrader's own tests try on `nbgrader autograde`. Not tried here, for
these are nbgrader's alone and nothing of ours has a part in them: its help, `groupshared`, autotests
(a release of nbgrader's own kind), hashes in them, and a source notebook without a kernelspec.
"""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.api import MissingEntry
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory

from autograder.course_paths import CoursePaths
from autograder.grading.plugins.autograde import AutogradeTakenIn
from autograder.nbgrader_api import configuration, open_gradebook, release
from autograder.records import Outcome, read_records

NAME = "project"
RIGHT = "def square(x):\n    return x * x"
VISIBLE_ONLY = "def square(x):\n    return x + x  # right for 2 alone"
HIDDEN = "assert square(3) == 9"


def cell(kind: Any, text: str, grade_id: str, **marks: Any) -> Any:
    usual = {"grade": False, "solution": False, "locked": False, "task": False}
    nbgrader = usual | {"schema_version": 3, "grade_id": grade_id} | marks
    return kind(text, metadata={"nbgrader": nbgrader})


def main_notebook() -> Any:
    hidden = f"### BEGIN HIDDEN TESTS\n{HIDDEN}\n### END HIDDEN TESTS"
    solution = f"### BEGIN SOLUTION\n{RIGHT}\n### END SOLUTION"
    scheme = "=== BEGIN MARK SCHEME ===\nfour facts\n=== END MARK SCHEME ==="
    return new_notebook(
        cells=[
            cell(new_code_cell, solution, "square", solution=True),
            cell(
                new_code_cell, f"assert square(2) == 4\n{hidden}", "square-tests",
                grade=True, locked=True, points=2,
            ),
            cell(
                new_code_cell, "min(3, square(1) + open('rows.txt').read().count('row'))",
                "rows", grade=True, locked=True, points=5,
            ),
            cell(
                new_markdown_cell, f"Say why.\n{scheme}", "essay",
                grade=True, solution=True, points=4,
            ),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )  # fmt: skip


@pytest.fixture(scope="module")
def term(released: CoursePaths, tmp_path_factory: pytest.TempPathFactory) -> CoursePaths:
    """A course with a project in two notebooks and a file, released."""
    root = tmp_path_factory.mktemp("ordinary") / "course"
    shutil.copytree(released.root, root)
    paths = CoursePaths(root)
    folder = paths.source / NAME
    folder.mkdir()
    nbformat.write(main_notebook(), folder / "main.ipynb")
    second = cell(new_code_cell, "assert 1 == 1", "always", grade=True, locked=True, points=1)
    nbformat.write(new_notebook(cells=[second]), folder / "more.ipynb")
    (folder / "rows.txt").write_text("row\nrow\n")
    with open_gradebook(root) as gradebook:
        gradebook.add_assignment(NAME, duedate="2026-12-01 12:00:00")
    release(root, NAME)
    return paths


def hand_in(paths: CoursePaths, student: str, answer: str | None = None, **changed: str) -> Path:
    """Hand in the released project, with an answer in it and cells `changed` by grade_id."""
    folder = paths.submitted / student / NAME
    shutil.copytree(paths.release / NAME, folder)
    notebook = nbformat.read(folder / "main.ipynb", as_version=4)
    texts = changed | ({} if answer is None else {"square": answer})
    for one in notebook.cells:
        one.source = texts.get(one.metadata.nbgrader.grade_id.replace("-", "_"), one.source)
    nbformat.write(notebook, folder / "main.ipynb")
    return folder


def autograde(
    paths: CoursePaths, student: str, options: dict[str, Any] | None = None, **more: Any
) -> None:
    """Do what `nbgrader autograde` does, with this course's configuration."""
    config = configuration(paths.root, options or {})
    folders = CourseDirectory(config=config)
    folders.assignment_id, folders.student_id = NAME, student
    folders.notebook_id = more.pop("notebook", "*")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nbgrader's own, about its tables
        AutogradeTakenIn(folders, config=config, **more).start()


def scores(paths: CoursePaths, student: str) -> dict[str, tuple[float | None, bool]]:
    """Return what the autograder gave each cell, and whether it waits for a person."""
    with open_gradebook(paths.root) as gradebook:
        submission = gradebook.find_submission(NAME, student)
        return {
            one.name: (one.auto_score, one.needs_manual_grade)
            for notebook in submission.notebooks
            for one in notebook.grades
        }


def graded(paths: CoursePaths, student: str) -> Path:
    return paths.autograded / student / NAME


def test_students_get_no_hidden_test_no_mark_scheme_and_no_solution(term: CoursePaths) -> None:
    text = (term.release / NAME / "main.ipynb").read_text()
    for secret in (HIDDEN, "HIDDEN TESTS", "four facts", "x * x"):
        assert secret not in text
    assert "assert square(2) == 4" in text and "YOUR CODE HERE" in text


def test_right_half_right_and_blank_work_is_scored_by_nbgraders_rules(term: CoursePaths) -> None:
    hand_in(term, "right", RIGHT, essay="Because.")
    hand_in(term, "half", VISIBLE_ONLY)
    hand_in(term, "blank")
    for student in ("right", "half", "blank"):
        autograde(term, student)
    right, half, blank = (scores(term, student) for student in ("right", "half", "blank"))
    # The number that a cell shows is its points; what a person wrote waits, what nobody did is 0.
    assert right == {
        "square-tests": (2, False), "rows": (3, False), "essay": (None, True), "always": (1, False),
    }  # fmt: skip
    assert half["square-tests"] == (0, False) and half["rows"] == (3, False)
    assert blank["square-tests"] == (0, False) and blank["rows"] == (0, False)
    assert blank["essay"] == (0, False)
    # The hidden tests ran: they are put back for that.
    assert HIDDEN in (graded(term, "half") / "main.ipynb").read_text()


def test_changed_tests_points_and_files_are_the_instructors_again(term: CoursePaths) -> None:
    folder = hand_in(term, "sly", VISIBLE_ONLY, square_tests="pass", rows="5")
    (folder / "rows.txt").write_text("row\n" * 50)
    (folder / "own.txt").write_text("mine")
    autograde(term, "sly")
    assert scores(term, "sly")["square-tests"] == (0, False)
    assert scores(term, "sly")["rows"] == (3, False)
    assert (graded(term, "sly") / "rows.txt").read_text() == "row\nrow\n"
    assert (graded(term, "sly") / "own.txt").read_text() == "mine"


def test_a_missing_notebook_is_zero_and_a_further_one_is_left_out(term: CoursePaths) -> None:
    folder = hand_in(term, "some", RIGHT)
    (folder / "more.ipynb").rename(folder / "scratch.ipynb")
    autograde(term, "some")
    assert scores(term, "some")["always"] == (0, False)
    assert not (graded(term, "some") / "scratch.ipynb").exists()


def test_one_notebook_alone_can_be_graded(term: CoursePaths) -> None:
    hand_in(term, "one", RIGHT)
    autograde(term, "one", notebook="more")
    assert [path.name for path in sorted(graded(term, "one").glob("*.ipynb"))] == ["more.ipynb"]
    assert scores(term, "one")["always"] == (1, False)
    assert scores(term, "one")["square-tests"] == (None, True)


def test_what_is_graded_is_left_alone_unless_it_is_newer_or_forced(term: CoursePaths) -> None:
    folder = hand_in(term, "again", VISIBLE_ONLY)
    (folder / "timestamp.txt").write_text("2026-12-01 10:00:00 UTC")
    autograde(term, "again")
    shutil.rmtree(folder)
    hand_in(term, "again", RIGHT)
    (folder / "timestamp.txt").write_text("2026-12-01 10:00:00 UTC")
    autograde(term, "again")
    assert scores(term, "again")["square-tests"] == (0, False)
    (folder / "timestamp.txt").write_text("2026-12-01 11:00:00 UTC")
    autograde(term, "again")
    assert scores(term, "again")["square-tests"] == (2, False)
    shutil.rmtree(folder)
    hand_in(term, "again", VISIBLE_ONLY)
    autograde(term, "again", force=True)
    assert scores(term, "again")["square-tests"] == (0, False)


def test_being_late_costs_what_nbgraders_plug_in_says(term: CoursePaths) -> None:
    folder = hand_in(term, "late", RIGHT)
    (folder / "timestamp.txt").write_text("2026-12-01 13:00:00 UTC")
    autograde(term, "late")
    zero = {"LateSubmissionPlugin": {"penalty_method": "zero"}}
    for options, points in (({}, 6), (zero, 0)):
        autograde(term, "late", options, force=True)
        with open_gradebook(term.root) as gradebook:
            notebooks = gradebook.find_submission(NAME, "late").notebooks
            assert (
                sum(one.score - (one.late_submission_penalty or 0) for one in notebooks) == points
            )


def test_unknown_students_are_made_unless_that_is_forbidden(term: CoursePaths) -> None:
    hand_in(term, "stranger", RIGHT)
    with pytest.raises(NbGraderException):
        autograde(term, "stranger", create_student=False)
    with open_gradebook(term.root) as gradebook, pytest.raises(MissingEntry):
        gradebook.find_student("stranger")
    assert not graded(term, "stranger").exists()
    excluded = {"CourseDirectory": {"student_id_exclude": "stranger"}}
    autograde(term, "stranger", excluded)
    assert not graded(term, "stranger").exists()
    autograde(term, "stranger")
    assert scores(term, "stranger")["square-tests"] == (2, False)


def test_work_that_cannot_be_read_fails_alone(term: CoursePaths) -> None:
    folder = hand_in(term, "torn", RIGHT)
    (folder / "main.ipynb").write_text("{")
    with pytest.raises(NbGraderException):
        autograde(term, "torn")
    assert not graded(term, "torn").exists()


def test_endless_loops_and_endless_output_end(term: CoursePaths) -> None:
    hand_in(term, "loop", "while True:\n    pass")
    hand_in(term, "flood", "while True:\n    print('x' * 1000)")
    for student in ("loop", "flood"):
        autograde(term, student, {"ContainedExecute": {"timeout": 2, "output_limit": 100_000}})
        assert scores(term, student)["square-tests"] == (0, False)
        assert (graded(term, student) / "main.ipynb").stat().st_size < 1_000_000


def test_the_kernel_is_contained_whatever_the_notebook_says_of_it(term: CoursePaths) -> None:
    gradebook = str(term.gradebook)
    spy = f"{RIGHT}\nimport os\nprint('sees', os.path.exists({gradebook!r}))"
    folder = hand_in(term, "spy", spy)
    notebook = json.loads((folder / "main.ipynb").read_text())
    notebook["metadata"]["kernelspec"] = {"name": "nosuch", "display_name": "none"}
    (folder / "main.ipynb").write_text(json.dumps(notebook))
    autograde(term, "spy")
    assert "sees False" in (graded(term, "spy") / "main.ipynb").read_text()
    assert scores(term, "spy")["square-tests"] == (2, False)


@pytest.mark.long
def test_autograder_grade_gives_the_same_marks_beside_our_own_lessons(
    term: CoursePaths, run: Any
) -> None:
    hand_in(term, "pat", VISIBLE_ONLY, essay="Because.")
    done = run("autograder", "grade", NAME, "--student", "pat", "--root", term.root)
    assert "4  failed, partial, marked by hand" in done.stdout
    assert scores(term, "pat")["square-tests"] == (0, False)
    outcomes = {one.grade_id: one.outcome for one in read_records(term.records(NAME, "pat"))}
    assert outcomes == {
        "square-tests": Outcome.FAILED, "rows": Outcome.PARTIAL,
        "essay": Outcome.SKIPPED, "always": Outcome.PASSED,
    }  # fmt: skip
    before = (graded(term, "pat") / "main.ipynb").stat().st_mtime_ns
    run("autograder", "grade", NAME, "--student", "pat", "--root", term.root)
    assert (graded(term, "pat") / "main.ipynb").stat().st_mtime_ns == before  # nothing ran again
