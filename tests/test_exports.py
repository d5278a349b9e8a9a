"""Marks go to an LMS in its own columns, by nbgrader's own command; nothing in them is a formula."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from autograder.course_paths import INSTALLATION
from autograder.grading.plugins.exports import harmless
from autograder.nbgrader_api import open_gradebook

EXPORTER = "--exporter=autograder.grading.plugins.exports."
LMS_IDS = {"01-tokenizing": "4711"}


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gradebook with a late mark, an excused student, one who handed in nothing, one who waits."""
    root = tmp_path_factory.mktemp("export") / "Größe 2"
    root.mkdir()
    shutil.copy(INSTALLATION / "nbgrader_config.py", root)
    with (root / "nbgrader_config.py").open("a") as file:
        file.write(f"c.CanvasExport.lms_ids = c.BlackboardExport.lms_ids = {LMS_IDS}\n")
    with open_gradebook(root) as gradebook:
        gradebook.add_student(
            "ann", first_name="Änne", last_name="Maier, Dr.", email="ann@x.org", lms_user_id="9"
        )
        gradebook.add_student("ben", first_name="=HYPERLINK(1)", last_name='O"Neil')
        for student in ("carl", "dora"):
            gradebook.add_student(student)
        for name in ("01-tokenizing", "02-model"):
            gradebook.add_assignment(name, duedate=datetime(2026, 12, 2))
            gradebook.add_notebook("nb", name)
            gradebook.add_solution_cell("b", "nb", name)
            gradebook.add_grade_cell("a", "nb", name, max_score=10, cell_type="code")
        marks = {
            ("01-tokenizing", "ann"): (8.5, 1.0),
            ("01-tokenizing", "ben"): (1 / 3, None),
            ("02-model", "ann"): (0.0, 2.0),
            ("02-model", "carl"): (7.0, None),
            ("02-model", "dora"): (None, None),
        }
        for (name, student), (score, penalty) in marks.items():
            submission = gradebook.add_submission(name, student)
            submission.notebooks[0].late_submission_penalty = penalty
            submission.timestamp = datetime(2026, 12, 4 if penalty else 1)
            grade = submission.notebooks[0].grades[0]
            grade.auto_score, grade.needs_manual_grade = score, score is None
        comment = gradebook.find_comment("b", "nb", "01-tokenizing", "ben")
        comment.manual_comment = "=good;+1\n"
        # An extension alone is no mark.
        gradebook.add_submission("01-tokenizing", "dora")
        for grade in gradebook.find_submission("01-tokenizing", "dora").notebooks[0].grades:
            grade.needs_manual_grade = False
        gradebook.db.commit()
    (root / "excused.csv").write_text("student,assignment\ncarl,02-model\n")
    return root


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_canvas_reads_names_points_and_marks(graded: Path, run: Callable[..., Any]) -> None:
    done = run("nbgrader", "export", f"{EXPORTER}CanvasExport", cwd=graded)
    assert rows(graded / "canvas.csv") == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "01-tokenizing (4711)", "02-model"],
        ["    Points Possible", "", "", "", "", "10", "10"],
        ["Maier, Dr., Änne", "9", "", "ann", "", "7.5", "0"],
        ["O\"Neil, '=HYPERLINK(1)", "", "", "ben", "", "0.3333333333", ""],
        ["carl", "", "", "carl", "", "", ""],
        ["dora", "", "", "dora", "", "", "0"],
    ]  # fmt: skip
    assert "exported as they stand: dora (02-model)" in done.stderr


def test_moodle_finds_students_by_e_mail_or_id(graded: Path, run: Callable[..., Any]) -> None:
    run(
        "nbgrader", "export", f"{EXPORTER}MoodleExport", "--assignment=02-model", "--to", "m.csv",
        cwd=graded,
    )  # fmt: skip
    assert rows(graded / "m.csv")[:3] == [
        ["First name", "Last name", "ID number", "Email address", "Assignment: 02-model (Real)"],
        ["Änne", "Maier, Dr.", "ann", "ann@x.org", "0"],
        ["'=HYPERLINK(1)", 'O"Neil', "ben", "", ""],
    ]


def test_blackboard_finds_its_own_column(graded: Path, run: Callable[..., Any]) -> None:
    run("nbgrader", "export", f"{EXPORTER}BlackboardExport", "--student=ann", cwd=graded)
    text = (graded / "blackboard.csv").read_text(encoding="utf-8")
    assert text == (
        '"Last Name","First Name","Username","01-tokenizing [Total Pts: 10 Score] |4711",'
        '"02-model [Total Pts: 10 Score]"\n"Maier, Dr.","Änne","ann","7.5","0"\n'
    )


def test_plain_exports_say_who_is_missing_and_who_is_excused(
    graded: Path, run: Callable[..., Any]
) -> None:
    run("nbgrader", "export", f"{EXPORTER}CsvExport", cwd=graded)
    assert rows(graded / "marks.csv")[0] == [
        "student_id", "last_name", "first_name", "email", "01-tokenizing", "02-model",
        "remarks",
    ]  # fmt: skip
    ann, ben, carl = (row[4:] for row in rows(graded / "marks.csv")[1:4])
    assert ann == ["7.5", "0", "01-tokenizing: late by 2 d, −1; 02-model: late by 2 d, −2"]
    # What a person wrote in formgrader goes along, and is no formula in any spreadsheet.
    assert ben == ["0.3333333333", "", "01-tokenizing: b: =good;'+1"]
    assert carl == ["", "", ""]
    run("nbgrader", "export", f"{EXPORTER}JsonExport", cwd=graded)
    found = json.loads((graded / "marks.json").read_text(encoding="utf-8"))
    told = {(one["assignment"], one["student_id"]): (one["status"], one["score"]) for one in found}
    assert told["02-model", "carl"] == ("excused", None)
    assert told["01-tokenizing", "dora"] == ("missing", None)
    assert told["01-tokenizing", "ann"] == ("graded", 7.5)
    (late,) = [one for one in found if one["late_submission_penalty"] == 2]
    assert late["score"] == 0 and late["email"] == "ann@x.org"
    assert late["remarks"] == ["late by 2 d, −2"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--to", "."], "is a folder: name a file in it"),
        (["--to", "gone/marks.csv"], "There is no folder"),
        (["--student=an"], "There is no student 'an' in the gradebook"),
        (["--assignment=1"], "There is no assignment '1' in the gradebook"),
    ],
)
def test_what_cannot_be_exported_gets_one_sentence(
    graded: Path, run: Callable[..., Any], arguments: list[str], words: str
) -> None:
    done = run("nbgrader", "export", f"{EXPORTER}CsvExport", *arguments, cwd=graded, code=1)
    assert words in done.stderr and "Traceback" not in done.stderr


def test_no_cell_is_a_formula() -> None:
    assert [harmless(f"{sign}1") for sign in "=+-@\t\r\n"] == [f"'{sign}1" for sign in "=+-@\t\r\n"]
    assert harmless(None) == "" and harmless("a=1") == "a=1"
    # A spreadsheet may separate by a semicolon what was written with commas.
    assert harmless('x;=1, "-2"; @y') == "x;'=1, \"'-2\"; '@y"
