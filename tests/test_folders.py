"""Submissions that came as a folder: clones, saved e-mails, loose files, archives."""

from __future__ import annotations

import os
import subprocess
import zipfile
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from classroom import NAME
from typer.testing import CliRunner

from autograder.cli import app
from autograder.course_paths import CoursePaths
from autograder.grading.collecting import owner
from autograder.grading.roster_names import accept
from autograder.nbgrader_api import open_gradebook
from course.practice.mastery import SHEET

ROSTER = {
    "ann": {"first_name": "Anna", "last_name": "Berger", "email": "a.berger@x.org"},
    "ben": {"first_name": "Ben", "last_name": "Otto"},
    "carl": {"first_name": "Carl", "last_name": "Núñez"},
    "dora": {"first_name": "Dora", "last_name": "König"},
}


@pytest.fixture
def paths(classroom: CoursePaths) -> CoursePaths:
    with open_gradebook(classroom.root) as gradebook:
        for student, known in ROSTER.items():
            gradebook.add_student(student, **known)
    return classroom


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Abgaben 1").mkdir()
    return tmp_path / "Abgaben 1"


def collected(paths: CoursePaths, folder: Path, *options: str, code: int = 0) -> list[str]:
    """Collect the folder and return what was said, line by line."""
    command = ["collect", NAME, str(folder), "--root", str(paths.root), *options]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == code, done.output
    return done.output.splitlines()


def handed_in(paths: CoursePaths, student: str) -> dict[str, str]:
    """Return a collected submission's files by place; of a notebook only that it is there."""
    base = paths.submitted / student / NAME
    return {
        path.relative_to(base).as_posix(): path.read_text() if path.suffix == ".txt" else ""
        for path in sorted(base.rglob("*"))
        if path.is_file()
    }


def git(folder: Path, *command: str, when: str = "") -> None:
    who = {
        f"GIT_{role}_{part}": "x" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")
    }
    when_ = {"GIT_COMMITTER_DATE": when} if when else {}
    subprocess.run(
        ["git", "-c", "init.defaultBranch=main", *command],
        cwd=folder, check=True, capture_output=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"} | who | when_,
    )  # fmt: skip


def clone(paths: CoursePaths, folder: Path, place: str = "", name: str = f"{NAME}.ipynb") -> Path:
    """Make a student's repository with the notebook at `place`, and a later commit beside it."""
    notebook = folder / place / name
    notebook.parent.mkdir(parents=True)
    notebook.write_bytes(paths.notebook(paths.source, NAME).read_bytes())
    git(folder, "init")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "done", when="2026-11-30T23:30:00 +0900")
    (folder / "README.md").write_text("a bot's remark")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "later", when="2026-12-24T00:00:00 +0000")
    return notebook


def test_clones_are_collected_with_the_time_of_the_last_commit(
    paths: CoursePaths, folder: Path
) -> None:
    clone(paths, folder / f"term-{NAME}-ann")
    clone(paths, folder / f"term-{NAME}-gh-ben", "week 1/01-counting", "counting.ipynb")
    changed = clone(paths, folder / f"term-{NAME}-Núñez-Carl")
    changed.write_bytes(changed.read_bytes() + b"\n")
    os.utime(changed, (0, datetime(2026, 12, 2, 9, tzinfo=UTC).timestamp()))
    clone(paths, folder / "term-x-dora").unlink()
    # A repository of a student's making is read, and nothing in it is run.
    config = folder / f"term-{NAME}-ann" / ".git" / "config"
    config.write_text(f"{config.read_text()}[log]\nshowSignature = true\n[gpg]\nprogram = false\n")
    said = collected(paths, folder, code=3)
    assert said[0] == f"Collected {NAME} of ann, carl."
    assert said[1] == f"Nothing of {NAME} in term-x-dora."
    assert "no student in the gradebook has the name 'gh-ben'" in said[2]
    assert handed_in(paths, "ann") == {
        "README.md": "", f"{NAME}.ipynb": "", "timestamp.txt": "2026-11-30 14:30:00 UTC\n",
    }  # fmt: skip
    # What was written after the last commit counts from when it was written.
    assert handed_in(paths, "carl")["timestamp.txt"] == "2026-12-02 09:00:00 UTC\n"
    accept(paths, [("ben", "gh-ben")])
    assert collected(paths, folder)[:2] == [
        f"Collected {NAME} of ben.", "Collected before, and unchanged: ann, carl.",
    ]  # fmt: skip
    assert handed_in(paths, "ben") == {
        "counting.ipynb": "", "timestamp.txt": "2026-11-30 14:30:00 UTC\n"
    }  # fmt: skip


def mail(sender: str, date: str, received: str = "", **attachments: bytes) -> bytes:
    message = EmailMessage()
    if received:
        message["Received"] = f"from x by mx.example.org with ESMTPS; {received}"
    message["From"], message["Date"] = sender, date
    message.set_content("Here it is.")
    for name, content in attachments.items():
        message.add_attachment(
            content, maintype="application", subtype="x", filename=name.replace("__", ".")
        )
    return message.as_bytes()


def test_saved_mails_are_collected_by_their_senders(paths: CoursePaths, folder: Path) -> None:
    notebook = paths.notebook(paths.source, NAME).read_bytes()
    first, last = "Mon, 30 Nov 2026 22:00:00 +0100", "Tue, 1 Dec 2026 08:00:00 +0900"
    files = {"my work__ipynb": notebook, "mastery_answers (1)__json": b"{}", "__bashrc": b"x"}
    # Of two mails the later one counts; what a server wrote is believed before the sender.
    (folder / "1.eml").write_bytes(mail("A. <a.berger@x.org>", first, x__ipynb=b"{}"))
    (folder / "2.eml").write_bytes(mail("A. <a.berger@x.org>", first, last, **files))
    (folder / "3.eml").write_bytes(mail("Ben Otto <b@home.org>", first, work__zip=b"PK"))
    (folder / "4.eml").write_bytes(mail("who@x.org", "yesterday", x__ipynb=notebook))
    (folder / "5.eml").write_bytes(mail("Dora König <d@x.org>", first, photo__png=b"x"))
    said = collected(paths, folder, code=3)
    assert said[:2] == [f"Collected {NAME} of ann, ben.", f"Nothing of {NAME} in d@x.org."]
    assert "has the name 'who@x.org'" in said[2] and len(said) == 3
    assert handed_in(paths, "ann") == {
        f"{NAME}.ipynb": "", SHEET: "", "timestamp.txt": "2026-11-30 23:00:00 UTC\n"
    }  # fmt: skip
    assert paths.notebook(paths.submitted / "ann", NAME).read_bytes() == notebook
    assert handed_in(paths, "ben")["timestamp.txt"] == "2026-11-30 21:00:00 UTC\n"


def test_loose_files_of_a_student_are_put_together(paths: CoursePaths, folder: Path) -> None:
    notebook = paths.notebook(paths.source, NAME).read_bytes()
    (folder / "Anna Berger - counting (2).ipynb").write_bytes(notebook)
    (folder / f"ann_{SHEET}").write_bytes(b"{}")
    (folder / "notes.docx").write_bytes(b"x")
    for name in ("ben.ipynb", "Otto Ben.ipynb"):
        (folder / name).write_bytes(notebook)
    with zipfile.ZipFile(folder / "carl.zip", "w") as packed:
        packed.writestr(f"{NAME}.ipynb", notebook)
    said = collected(paths, folder, code=3)
    assert said[:2] == [f"Collected {NAME} of ann, carl.", f"Nothing of {NAME} in notes."]
    assert "several files, none with a date: ben" in said[2]
    # No date is made up where there is none.
    assert handed_in(paths, "ann") == {f"{NAME}.ipynb": "", SHEET: ""}
    assert handed_in(paths, "carl") == {"carl.zip": ""} and handed_in(paths, "ben") == {}
    # What was collected stays until it is said otherwise.
    (folder / "Otto Ben.ipynb").unlink()
    (folder / "Anna Berger - counting (2).ipynb").write_bytes(notebook + b"\n")
    assert "Kept what was collected before of ann; --force replaces it." in collected(paths, folder)
    assert paths.notebook(paths.submitted / "ann", NAME).read_bytes() == notebook
    assert f"Collected {NAME} of ann." in collected(paths, folder, "--force")
    assert paths.notebook(paths.submitted / "ann", NAME).read_bytes() == notebook + b"\n"


def test_without_a_roster_each_name_is_a_student(classroom: CoursePaths, folder: Path) -> None:
    for name in ("eva-n.ipynb", "+x.ipynb"):
        (folder / name).write_bytes(classroom.notebook(classroom.source, NAME).read_bytes())
    said = collected(classroom, folder, code=3)
    assert said[0] == f"Collected {NAME} of eva-n." and "has the name '+x'" in said[1]


@pytest.mark.parametrize(
    ("entry", "whose"),
    [
        ("01-counting-ann", "ann"),
        ("bert-2026-01-counting-ann-b", "ann-b"),
        ("counting_Anna Berger", "Anna Berger"),
        ("Anna Berger - counting", "Anna Berger"),
        ("ann_mastery_answers", "ann"),
        ("accounting", "accounting"),
        ("discounting-ann", "discounting-ann"),
        ("01-counting", ""),
    ],
)
def test_the_owner_is_what_is_left_of_a_name(entry: str, whose: str) -> None:
    assert owner(entry, NAME) == whose
    assert owner(f"hw1-{whose}", NAME, "hw1-") == whose


def test_what_cannot_be_collected_gets_one_sentence(paths: CoursePaths, folder: Path) -> None:
    (said,) = collected(paths, folder / "gone", code=2)
    assert "There is no folder" in said
    (folder / "ann.ipynb").write_text("{}")
    paths.notebook(paths.release, NAME).unlink()
    (said,) = collected(paths, folder, code=2)
    assert f"is not released yet: run `nbgrader generate_assignment {NAME}`" in said
