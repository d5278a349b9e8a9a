"""A round through nbgrader's exchange with three Unix users: an instructor and two students."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import nbformat
import pytest
from classroom import NAME, SOLUTION, cell_of, grades, submit

from autograder.course_paths import CoursePaths

LONGEST = "def longest_word(text):\n    return max(text.split(), key=len)\n"
#: Shows to a student the Python that runs here, should it lie in a folder of root's own.
OPENED = """
set -e
for path in {python}; do mkdir -p $T$path; mount --bind $path $T$path; done
mount --rbind $T{closed} {closed}
exec "$@"
"""


class Student:
    """A Unix user with a home of its own, who types nbgrader's commands there."""

    def __init__(self, name: str, home: Path, config: str) -> None:
        self.name, self.home = name, home
        subprocess.run(["useradd", "-M", "-d", str(home), name], check=True)
        home.mkdir(mode=0o700)
        (home / "nbgrader_config.py").write_text(config)
        subprocess.run(["chown", "-R", f"{name}:", str(home)], check=True)

    def types(self, *command: str) -> str:
        """Run a command as this user, and return what it said."""
        done = subprocess.run(
            [*_visible(self.home), "setpriv", f"--reuid={self.name}", f"--regid={self.name}",
             "--clear-groups", "--no-new-privs", *command],
            cwd=self.home, capture_output=True, text=True,
            env={"PATH": os.environ["PATH"], "HOME": str(self.home), "USER": self.name},
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def writes(self, **answers: str) -> None:
        """Write answers into the notebook that was fetched, as an editor does."""
        path = self.home / NAME / "counting.ipynb"
        notebook = nbformat.read(path, as_version=4)
        for cell, source in answers.items():
            cell_of(notebook, cell.replace("_", "-")).source = source
        nbformat.write(notebook, path)


def _visible(folder: Path) -> list[str]:
    """Return what to put before a command so that any user may run this Python."""
    python = {Path(sys.base_prefix).resolve(), Path(sys.prefix)}
    closed = {
        above
        for path in python
        for above in [*reversed(path.parents), path]
        if not above.stat().st_mode & 0o001
    }
    if not closed:
        return []
    (root,) = closed
    inside = " ".join(str(path) for path in python if path.is_relative_to(root))
    script = OPENED.format(python=inside, closed=root)
    return ["unshare", "--mount", "env", f"T={folder.parent}/seen", "bash", "-c", script, "-"]


@pytest.fixture
def exchange() -> Iterator[Path]:
    """A folder that all users may write into, as nbgrader's guide asks for."""
    folder = Path(tempfile.mkdtemp(prefix="exchange-", dir="/tmp"))
    folder.chmod(0o755)
    (folder / "exchange").mkdir()
    (folder / "exchange").chmod(0o777)
    yield folder / "exchange"
    shutil.rmtree(folder)


@pytest.fixture
def students(exchange: Path) -> Iterator[tuple[Student, Student]]:
    if os.geteuid() != 0 or not all(map(shutil.which, ("useradd", "setpriv", "unshare"))):
        pytest.skip("only root can make the two users of this test")
    config = f"c = get_config()\nc.Exchange.root = {str(exchange)!r}\n"
    config += "c.CourseDirectory.course_id = 'bert-classroom'\n"
    names = [f"bert{os.getpid()}{part}" for part in "ab"]
    try:
        yield tuple(Student(name, exchange.parent / name, config) for name in names)
    finally:
        for name in names:
            subprocess.run(["userdel", name], check=False, capture_output=True)


@pytest.mark.long
def test_a_round_through_the_exchange(
    classroom: CoursePaths,
    exchange: Path,
    students: tuple[Student, Student],
    run: Callable[..., Any],
) -> None:
    ann, ben = students
    root = classroom.root
    with (root / "nbgrader_config.py").open("a") as file:
        file.write(f"c.Exchange.root = {str(exchange)!r}\n")
    run("nbgrader", "release_assignment", NAME, cwd=root)
    for student in students:
        student.types("nbgrader", "fetch_assignment", NAME)
    # One submits twice in time, and one late by a clock of another zone.
    ann.types("nbgrader", "submit", NAME)
    ann.writes(count_words=SOLUTION, longest_word=LONGEST)
    ann.types("nbgrader", "submit", NAME)
    due = datetime.now(ZoneInfo("Asia/Tokyo"))
    run(
        "nbgrader", "db", "assignment", "add", NAME, f"--duedate={due:%Y-%m-%d %H:%M:%S} Asia/Tokyo",
        cwd=root,
    )  # fmt: skip
    ben.writes(count_words=SOLUTION)
    ben.types("nbgrader", "submit", NAME)
    run("nbgrader", "collect", NAME, cwd=root)
    # A third one sent it by e-mail.
    submit(classroom, "carl")
    done = run("autograder", "grade", "--feedback", cwd=root)
    assert grades(classroom) == {ann.name: 5, ben.name: 2, "carl": 5}
    late = [line for line in done.stdout.splitlines() if "late by" in line]
    assert len(late) == 1 and ben.name in late[0] and "late by 1 min" in late[0]
    done = run("nbgrader", "release_feedback", NAME, cwd=root)
    assert "carl did not submit through the exchange" in done.stderr
    for student, mark in ((ann, "5"), (ben, "2")):
        said = student.types("nbgrader", "fetch_feedback", NAME)
        (page,) = (student.home / NAME / "feedback").glob("*/counting.html")
        assert f"{mark} of 5 points" in page.read_text(encoding="utf-8"), said
        assert page.owner() == student.name
    # What is in the exchange is nobody's to read but whose it is.
    (released,) = {path.parent for path in exchange.rglob("feedback/*.html")}
    assert not released.stat().st_mode & 0o004 and len(list(released.iterdir())) == 2
