"""A fault of the whole course is told once, before anything runs, and nothing is overwritten."""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from classroom import NAME, submit
from typer.testing import CliRunner

from autograder.__main__ import main
from autograder.cli import app
from autograder.course_paths import INSTALLATION, CoursePaths
from autograder.errors import CourseError, NotReleasedError
from autograder.grading import course_check
from autograder.grading.workers import _deaf_to_interrupts
from autograder.nbgrader_api import open_gradebook, release


@pytest.fixture
def handed_in(classroom: CoursePaths) -> CoursePaths:
    submit(classroom, "ann")
    return classroom


def refused(paths: CoursePaths) -> str:
    """Return the one sentence with which grading ends before anything is executed."""
    done = CliRunner().invoke(app, ["grade", "--root", str(paths.root)])
    assert done.exit_code == 2, done.output
    (sentence,) = done.stderr.strip().splitlines()
    assert not paths.store.is_dir() or not any(paths.store.iterdir())
    assert not paths.records_folder.exists()
    return sentence


def without_a_column(book: Path) -> None:
    with sqlite3.connect(book) as database:
        database.execute("ALTER TABLE submitted_assignment DROP COLUMN extension")


def of_another_program(book: Path) -> None:
    book.unlink()
    with sqlite3.connect(book) as database:
        database.execute("CREATE TABLE notes (text)")


#: What happened to the gradebook's file, and what is said.
BOOKS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "corrupt": (
        lambda book: book.write_bytes(bytes(range(256)) * 8),
        "file is not a database. Put a",
    ),
    "cut": (lambda book: book.write_bytes(book.read_bytes()[:5000]), "malformed. Put a backup"),
    "older": (without_a_column, "It is another version's: run `nbgrader db upgrade`"),
    "another's": (of_another_program, "run `nbgrader db upgrade`"),
}


@pytest.mark.parametrize("what", BOOKS)
def test_a_gradebook_that_cannot_be_used_is_told_at_once(handed_in: CoursePaths, what: str) -> None:
    harm, words = BOOKS[what]
    harm(handed_in.gradebook)
    before = handed_in.gradebook.read_bytes()
    assert words in refused(handed_in)
    assert what == "another's" or handed_in.gradebook.read_bytes() == before


@pytest.fixture
def locked(handed_in: CoursePaths) -> Iterator[CoursePaths]:
    holder = sqlite3.connect(handed_in.gradebook)
    holder.execute("BEGIN EXCLUSIVE")
    yield handed_in
    holder.close()


def test_a_gradebook_that_another_program_holds_is_told_at_once(locked: CoursePaths) -> None:
    assert "database is locked. Another program is using it" in refused(locked)


def test_a_file_in_the_place_of_a_folder_is_told_at_once(handed_in: CoursePaths) -> None:
    handed_in.log.parent.mkdir()
    handed_in.store.write_text("")
    assert "store is a file, where grading needs a folder" in refused(handed_in)


def test_a_full_disk_and_a_closed_folder_are_told_at_once(
    handed_in: CoursePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(handed_in.root)
    with monkeypatch.context() as patch:
        patch.setattr(course_check.shutil, "disk_usage", lambda _: usage._replace(free=7 * 2**20))
        assert "Only 7 MiB are free on the disk" in refused(handed_in)
    closed = SimpleNamespace(access=lambda path, _: path != handed_in.root, W_OK=os.W_OK)
    monkeypatch.setattr(course_check, "os", closed)
    assert f"{handed_in.root} cannot be written" in refused(handed_in)


def test_other_tasks_than_the_released_ones_are_told_at_once(handed_in: CoursePaths) -> None:
    with open_gradebook(handed_in.root) as gradebook:
        gradebook.add_grade_cell("old-points", NAME, NAME, max_score=1, cell_type="code")
        gradebook.find_grade_cell("longest-word-points", NAME, NAME).name = "longest-points"
        gradebook.db.commit()
    sentence = refused(handed_in)
    assert "(longest-word is new, longest is gone, old is gone)" in sentence
    assert f"Run `autograder regrade {NAME}`" in sentence


def test_what_nbgrader_refuses_to_release_leaves_the_old_release(handed_in: CoursePaths) -> None:
    with open_gradebook(handed_in.root) as gradebook:
        gradebook.add_student("ann")
        gradebook.add_submission(NAME, "ann")
        gradebook.find_grade_cell("longest-word-points", NAME, NAME).name = "longest-points"
        gradebook.db.commit()
    before = handed_in.notebook(handed_in.release, NAME).read_bytes()
    with pytest.raises(CourseError, match="Cannot add or remove cells for notebook '01-counting'"):
        release(handed_in.root, NAME)
    assert handed_in.notebook(handed_in.release, NAME).read_bytes() == before


def test_a_list_that_cannot_be_read_is_told_at_once(handed_in: CoursePaths) -> None:
    handed_in.aliases.write_bytes(b"student,name\n\xff")
    assert "aliases.csv cannot be read" in refused(handed_in)
    with pytest.raises(CourseError):
        course_check.check_places(handed_in)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["report"], "nbgrader_config.py stops with SyntaxError: '(' was never closed"),
        (["verdict", "latin.py"], "latin.py is not Python in UTF-8"),
        (["demo", "--into", "latin.py"], "latin.py: Not a directory"),
        (["mastery", "."], "There is no file '.'"),
    ],
)
def test_a_wrong_file_gets_one_sentence(
    arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("latin.py").write_bytes("# Müller".encode("latin-1"))
    Path("nbgrader_config.py").write_text("c = get_config(\n")
    root = [] if arguments[0] != "demo" else ["--root", str(INSTALLATION)]
    done = CliRunner().invoke(app, [*arguments, *root])
    assert done.exit_code == 2 and words in done.stderr, done.output
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_disk_that_fills_up_meanwhile_is_told_in_one_sentence(
    handed_in: CoursePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device", str(handed_in.store))

    monkeypatch.setattr("autograder.grading.grade.read_gradebook", full)
    assert f"{handed_in.store}: No space left on device." in refused(handed_in)


def test_a_process_that_begins_hears_no_ctrl_c_and_none_is_lost() -> None:
    look = "import signal; print(signal.pthread_sigmask(signal.SIG_BLOCK, ()))"
    begun = ""
    with pytest.raises(KeyboardInterrupt), _deaf_to_interrupts():
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        begun = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True).stdout
    assert "SIGINT" in begun
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_ctrl_c_while_the_command_loads_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("autograder.cli.app", interrupted)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["grade", "01-countin"], "Did you mean '01-counting'?"),
        (["grade", "--student", "an"], "no submission of 'an' for 01-counting in"),
        (["grade", "--student", "an"], "submitted. Did you mean 'ann'?"),
        (
            ["grade", "--cluster", "nonsense"],
            "No Dask scheduler answers at 'nonsense': missing port",
        ),
    ],
)
def test_a_mistyped_name_gets_one_sentence_and_the_near_name(
    handed_in: CoursePaths, arguments: list[str], words: str
) -> None:
    done = CliRunner().invoke(app, [*arguments, "--root", str(handed_in.root)])
    assert done.exit_code == 2 and words in done.stderr, done.output
    assert len(done.stderr.strip().splitlines()) == 1


def test_an_error_that_a_worker_sends_says_the_same() -> None:
    error = NotReleasedError(NAME)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert str(error).startswith(f"{NAME} is not released yet: run `nbgrader generate_")
