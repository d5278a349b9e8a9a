"""A round through nbgrader's exchange with three Unix users: an instructor and two students."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from classroom import NAME, SOLUTION, grades, submit
from unix_users import Student, exchange, users

from autograder.course_paths import CoursePaths

__all__ = ["exchange"]  # a fixture

LONGEST = "def longest_word(text):\n    return max(text.split(), key=len)\n"


@pytest.fixture
def students(exchange: Path) -> Iterator[list[Student]]:
    config = f"c = get_config()\nc.Exchange.root = {str(exchange)!r}\n"
    config += "c.CourseDirectory.course_id = 'bert-classroom'\n"
    with users(exchange.parent, "ab", config) as made:
        yield made


@pytest.mark.long
def test_a_round_through_the_exchange(
    classroom: CoursePaths,
    exchange: Path,
    students: list[Student],
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
    # nbgrader takes whole seconds: rounded down, the time would lie before the last hand-in.
    due = datetime.now(ZoneInfo("Asia/Tokyo")) + timedelta(seconds=1)
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
        (page,) = (student.home / NAME / "feedback").glob(f"*/{NAME}.html")
        assert f"{mark} of 5 points" in page.read_text(encoding="utf-8"), said
        assert page.owner() == student.name
    # What is in the exchange is nobody's to read but whose it is.
    (released,) = {path.parent for path in exchange.rglob("feedback/*.html")}
    assert not released.stat().st_mode & 0o004 and len(list(released.iterdir())) == 2
