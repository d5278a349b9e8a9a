"""Work that came by the roads which the instructor's guide shows: the downloads of three LMS.

The names of the files are those that these systems are known to give in bulk downloads; none of them
publishes a specification that we could hold them to.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook

from autograder.course_paths import CoursePaths
from autograder.courses.new_course import Plan, make_course
from autograder.courses.roster import Roster
from autograder.errors import CourseError
from autograder.grading.roster_names import RosterNames, accept, plain
from autograder.sample.sheets import sheet_of

NAME = "08-mastery-test"
ROSTER = {
    "ann": {"first_name": "Änne", "last_name": "Maier", "email": "a.maier@x.org"},
    "ben": {"first_name": "Ben", "last_name": "Otto"},
    "carl": {"first_name": "Carl", "last_name": "Núñez", "lms_user_id": "77"},
    "dora_k": {"first_name": "Dora", "last_name": "König"},
    "fritz": {"first_name": "Fritz", "last_name": "Huber"},
    "gerd": {"first_name": "Gerd", "last_name": "von der Au"},
}
#: For each LMS: whose work it is, what stands before the file's name, a number that the LMS adds,
#: the name that was typed into the test, and how many answers are right.
HANDED_IN = {
    "moodle": [
        ("Änne Maier_4711_assignsubmission_file/", "", "Änne Maier", 10),
        ("Ben Otto_4712_assignsubmission_file_", "", "ben", 6),
        ("Eva Neu_4713_assignsubmission_file_/", "", "eva neu", 5),
    ],
    "canvas": [
        ("nunezcarl_LATE_77_90210_", "-1", "Carlos N.", 9),
        ("huberfritz_78_90211_", "", "Änne Maier", 8),
    ],
    "blackboard": [
        ("Week_6_dora_k_attempt_2026-11-30-18-05-09_", "", "König, Dora", 7),
        ("Week_6_gerd_attempt_2026-11-30-18-05-10_", "", "Gerdi", 4),
    ],
}


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory, run: Callable[..., Any]) -> CoursePaths:
    """A course into which three downloads were collected and graded."""
    plan = Plan("lms", "Europe/Berlin", Roster(ROSTER))
    paths = make_course(tmp_path_factory.mktemp("lms") / "Größe 2", plan)
    run("nbgrader", "generate_assignment", NAME, cwd=paths.root)
    archive = paths.root / "downloaded" / NAME / "archive"
    archive.mkdir(parents=True)
    notebook = paths.notebook(paths.release, NAME)
    for lms, works in HANDED_IN.items():
        with zipfile.ZipFile(archive / f"{lms}_2026_12_24.zip", "w") as packed:
            for begin, number, typed, right in works:
                sheet = sheet_of(paths.exams / NAME / "questions", typed, right)
                packed.write(notebook, f"{begin}{NAME}{number}.ipynb")
                packed.writestr(f"{begin}mastery_answers{number}.json", sheet.model_dump_json())
            if lms == "blackboard":
                packed.writestr("Week_6_dora_k_attempt_2026-11-30-18-05-09.txt", "Name: Dora")
    said = run("nbgrader", "zip_collect", NAME, cwd=paths.root).stderr
    assert "No student in the gradebook has the name 'Eva Neu'" in said
    done = run("autograder", "grade", NAME, "--root", paths.root, code=3)
    assert "`autograder accept` lists tests drawn under an unknown name" in done.stderr
    return paths


def marks(paths: CoursePaths) -> dict[str, float]:
    with Gradebook(f"sqlite:///{paths.gradebook}") as gradebook:
        graded = gradebook.assignment_submissions(NAME)
        return {one.student.id: one.score for one in graded if not one.needs_manual_grade}


@pytest.mark.long
def test_downloads_of_three_lms_are_collected_under_the_ids_of_the_roster(
    collected: CoursePaths, run: Callable[..., Any]
) -> None:
    assert sorted(one.name for one in collected.submitted.iterdir()) == sorted([*ROSTER, "Eva Neu"])
    assert marks(collected) == {"ann": 10, "ben": 6, "dora_k": 7, "Eva Neu": 5}
    with Gradebook(f"sqlite:///{collected.gradebook}") as gradebook:
        assert gradebook.find_submission(NAME, "dora_k").timestamp == datetime(
            2026, 11, 30, 17, 5, 9
        )
    # Names that nobody knows wait for one command; a name that is another's waits for a person.
    done = run("autograder", "accept", "--root", collected.root)
    assert done.stdout.splitlines()[:3] == [
        "carl: drawn under 'Carlos N.'",
        "gerd: drawn under 'Gerdi'",
        "fritz: drawn under 'Änne Maier', which is the name of ann",
    ]
    done = run("autograder", "accept", "fritz", "Änne Maier", "--root", collected.root, code=2)
    assert "'Änne Maier' is the name of ann, so it cannot be accepted for fritz" in done.stderr
    run("autograder", "accept", "carl", "Carlos N.", "--root", collected.root)
    run("autograder", "accept", "--all", "--root", collected.root)
    text = collected.aliases.read_text(encoding="utf-8")
    assert text == "student,name\ncarl,Carlos N.\ngerd,Gerdi\n"
    results = sorted(collected.store.glob("*/*.json"))
    run("autograder", "grade", "--root", collected.root, code=3)  # fritz still waits
    assert marks(collected) == {
        "ann": 10, "ben": 6, "dora_k": 7, "Eva Neu": 5, "carl": 9, "gerd": 4,
    }  # fmt: skip
    assert sorted(collected.store.glob("*/*.json")) == results


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("carl",), "Say whose name to accept: STUDENT and NAME, or --all, or nothing."),
        (("carl", "C", "--all"), "Say whose name to accept"),
        (("karl", "K"), "There is no student 'karl' in the gradebook. Did you mean 'carl'?"),
        (("carl", "?"), "'?' is no name"),
    ],
)
def test_what_cannot_be_accepted_gets_one_sentence(
    collected: CoursePaths, run: Callable[..., Any], arguments: tuple[str, ...], words: str
) -> None:
    done = run("autograder", "accept", *arguments, "--root", collected.root, code=2)
    assert words in done.stderr and len(done.stderr.strip().splitlines()) == 1


def test_a_name_that_two_students_share_is_neithers(tmp_path: Path) -> None:
    assert plain("  Núñez, Carl ") == "nunezcarl"
    names = RosterNames({"annaberger": frozenset({"a1", "a2"}), "ben": frozenset({"ben"})})
    assert names.student("Anna Berger") is None and names.of("anna BERGER") == {"a1", "a2"}
    assert names.student("Ben") == "ben" and names.student("x") is None
    with pytest.raises(CourseError, match=r"no nbgrader_config.py"):
        accept(CoursePaths(tmp_path), [("a", "b")])
