"""A course of one's own: made anywhere, released, graded; and what a wrong argument is told."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook
from typer.testing import CliRunner

from autograder.cli import app
from autograder.course_paths import INSTALLATION, CoursePaths
from autograder.courses.dates import as_stored, due_dates, time_zone
from autograder.courses.new_course import id_from
from autograder.courses.roster import read_roster
from autograder.errors import CourseError

NAME = "01-tokenizing"
#: As a spreadsheet saves it where a comma separates decimals.
ROSTER = '\ufeffID;First name;Last name;email;Gruppe\r\nann;Änne;"Maier; Dr.";ann@x.org;1\r\nben;;;;\r\n\r\n'


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, run: Callable[..., Any]) -> tuple[Path, str]:
    """A course with two students, in a folder whose name is not plain; and what was said."""
    home = tmp_path_factory.mktemp("home")
    (home / "roster.csv").write_text(ROSTER, encoding="utf-8")
    folder = home / "Kurs Größe 2"
    done = run(
        "autograder", "new-course", "Kurs Größe 2", "--roster", "roster.csv",
        "--due", f"{NAME}=2026-12-01 23:59", "--timezone", "Europe/Berlin",
        "--exchange", home, cwd=home,
    )  # fmt: skip
    return folder, done.stdout


def test_a_course_is_made_released_and_graded_from_any_folder(
    made: tuple[Path, str], tmp_path: Path, run: Callable[..., Any]
) -> None:
    folder, said = made
    assert "9 assignments, 2 students" in said and "does not keep: gruppe." in said
    assert "Tuesday, 2026-12-01 at 23:59 CET" in said
    # What is printed last is typed next.
    command = said.strip().splitlines()[-1].strip()
    assert (
        command == f"cd {shlex.quote(str(folder))} && nbgrader generate_assignment 00-orientation"
    )
    run("bash", "-c", command, cwd=tmp_path)
    run("nbgrader", "generate_assignment", NAME, cwd=folder)
    paths = CoursePaths(folder)
    ours, theirs = (
        json.loads(one.notebook(one.release, NAME).read_text(encoding="utf-8"))
        for one in (paths, CoursePaths(INSTALLATION))
    )
    assert ours == theirs
    place = paths.notebook(paths.submitted / "ann", NAME)
    place.parent.mkdir(parents=True)
    shutil.copy(paths.notebook(paths.source, NAME), place)
    run("autograder", "grade", "--root", folder, cwd=tmp_path)
    with Gradebook(f"sqlite:///{paths.gradebook}") as gradebook:
        assert gradebook.find_submission(NAME, "ann").score == 10
        assert gradebook.find_assignment(NAME).duedate == datetime(2026, 12, 1, 22, 59)
        students = {one.id: (one.first_name, one.last_name) for one in gradebook.students}
        assert students == {"ann": ("Änne", "Maier; Dr."), "ben": (None, None)}
    config = (folder / "nbgrader_config.py").read_text(encoding="utf-8")
    assert "course_id = 'kurs-größe-2'" in config and "timezone = 'Europe/Berlin'" in config
    assert f"Exchange.root = {str(folder.parent)!r}" in config


BAD: list[tuple[str, list[str], str]] = [
    ("not empty", ["full"], "is not empty: choose another folder"),
    ("a file", ["full/x"], "is a file"),
    ("a file above", ["full/x/y"], "full/x/y cannot be written: Not a directory"),
    ("no such roster", ["new", "--roster", "no.csv"], "no.csv cannot be read: No such file"),
    ("a folder as roster", ["new", "--roster", "full"], "full cannot be read: Is a directory"),
    ("not UTF-8", ["new", "--roster", "latin.csv"], "is not in UTF-8"),
    ("no zone", ["new", "--timezone", "Europe/Berln"], "Did you mean Europe/Berlin"),
    ("a town", ["new", "--timezone", "Berlin"], "Europe/Berlin?"),
    ("no name", ["new", "--timezone", "../x"], "There is no time zone '../x'"),
    ("no equals sign", ["new", "--due", NAME], "is no due date: write ASSIGNMENT="),
    ("no assignment", ["new", "--due", "9=2026-12-01"], "There is no assignment '9'"),
    ("no date", ["new", "--due", f"{NAME}=1.12.2026"], "'1.12.2026' is no date"),
    ("no id", ["new", "--id", "a b/c"], "'a b/c' is no course id"),
    ("empty id", ["new", "--id", ""], "is no course id"),
    ("no exchange", ["new", "--exchange", "gone"], "There is no folder gone for the exchange"),
]


@pytest.mark.parametrize(("arguments", "words"), [row[1:] for row in BAD], ids=[r[0] for r in BAD])
def test_a_wrong_argument_gets_one_sentence_and_nothing_is_made(
    arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("full").mkdir()
    Path("full/x").touch()
    Path("latin.csv").write_bytes("id,last_name\nann,Müller\n".encode("latin-1"))
    before = sorted(tmp_path.rglob("*"))
    done = CliRunner().invoke(app, ["new-course", *arguments])
    assert done.exit_code == 2 and words in done.stderr, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name\nann\n", "has no column `id`"),
        ("", "has no column `id`"),
        ("id,email\n", "names no student"),
        ("id,email\nann,a\n,b\n", "line 3: the id is missing"),
        ("id\nann\nben\nann\n", "line 4: the id 'ann' is there twice"),
        ("id\na/b\n", "line 2: the id 'a/b' cannot name a folder"),
        ("id\n..\n", "cannot name a folder"),
    ],
)
def test_a_fault_in_a_roster_is_named_with_its_line(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    path.write_text(text)
    with pytest.raises(CourseError) as error:
        read_roster(path)
    assert words in str(error.value)


def test_due_dates_are_kept_in_utc_whatever_the_clock_does() -> None:
    said = ["a=2026-07-01", "b = 2026-12-01 08:00", "c=2026-12-01T08:00+00:00"]
    due = due_dates(said, ["a", "b", "c"], time_zone("Europe/Berlin"))
    assert {name: as_stored(moment) for name, moment in due.items()} == {
        "a": datetime(2026, 7, 1, 21, 59),
        "b": datetime(2026, 12, 1, 7, 0),
        "c": datetime(2026, 12, 1, 8, 0),
    }
    with pytest.raises(CourseError, match="a has two due dates"):
        due_dates(["a=2026-07-01", "a=2026-07-02"], ["a"], UTC)  # type: ignore[arg-type]


def test_a_course_that_could_not_be_made_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("autograder.courses.new_course.open_gradebook", full)
    (tmp_path / "there").mkdir()
    for name, left in (("new", False), ("there", True)):
        done = CliRunner().invoke(app, ["new-course", str(tmp_path / name)])
        assert done.exit_code == 2 and "cannot be written: No space left" in done.stderr
        assert (tmp_path / name).exists() is left
    assert not any((tmp_path / "there").iterdir())


def test_a_course_id_is_made_of_the_folder() -> None:
    assert id_from(Path("/x/BERT 2026 (Herbst)")) == "bert-2026-herbst"
    assert id_from(Path("/x/ ")) == "course"


def test_another_clone_is_graded_by_its_own_packages(
    tmp_path: Path, run: Callable[..., Any]
) -> None:
    ignored = shutil.ignore_patterns("__pycache__")
    for part in ("autograder", "course"):
        shutil.copytree(INSTALLATION / part, tmp_path / part, ignore=ignored)
    shutil.copy(INSTALLATION / "nbgrader_config.py", tmp_path)
    module = tmp_path / "autograder" / "course_paths.py"
    module.write_text(module.read_text().replace("There is no assignment", "Nobody wrote"))
    done = run("autograder", "build", "x", "--root", tmp_path, code=2)
    assert "Nobody wrote 'x'" in done.stderr
    # nbgrader's commands, too, which start with the installed packages.
    program = (
        "from traitlets.config.loader import PyFileConfigLoader as Load; "
        f"Load('nbgrader_config.py', path={str(tmp_path)!r}).load_config(); "
        "import autograder; print(autograder.__file__)"
    )
    told = subprocess.run(
        [sys.executable, "-P", "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    assert told.stdout.strip() == str(tmp_path / "autograder" / "__init__.py")
