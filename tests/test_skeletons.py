"""`new-lesson` and `new-question`, as an author uses them: in a fresh copy, up to a validated notebook."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.authoring.skeletons import TEMPLATES
from autograder.course_paths import CoursePaths
from course.practice.kinds import KINDS

NAME = "09-word-lengths"
Say = Callable[..., str]


@pytest.fixture
def author(clone: Callable[[str], Path]) -> tuple[CoursePaths, Say]:
    """A fresh copy of the course, and what runs a command line there and returns what it said."""
    root = clone("author")

    def say(command: str, code: int = 0) -> str:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=root,
            capture_output=True,
            text=True,
            env=os.environ | {"PYTHONPATH": str(root), "NO_COLOR": "1", "COLUMNS": "200"},
        )
        said = done.stdout + done.stderr
        assert done.returncode == code and "Traceback" not in said, f"$ {command}\n{said}"
        return said

    return CoursePaths(root), say


@pytest.mark.long
def test_a_begun_lesson_is_accepted_at_once(author: tuple[CoursePaths, Say]) -> None:
    paths, say = author
    said = say(f"autograder new-lesson {NAME}")
    assert said.count("Wrote ") == 5
    then = said.strip().rpartition("Then: ")[2]
    for kind in KINDS:
        assert f"Wrote the question word-lengths-{kind}-1" in say(
            f"autograder new-question {NAME} {kind}"
        )
    # Each way of practising has one cell, whatever the number of its kinds.
    assert (paths.lessons / f"{NAME}.md").read_text().count("tags: [demo, practice]") == 5
    # The command that it told, as it stands.
    assert "4 right and 3 wrong answers tried on 3 draws, 0 faults." in say(then)
    say(f"nbgrader generate_assignment {NAME} --force")
    assert "Success!" in say(f"nbgrader validate source/{NAME}/*.ipynb")
    assert "Not attempted" in say(f"nbgrader validate release/{NAME}/*.ipynb 2>&1 | tail -3")
    # A second question gets another name; in a lesson that has questions, their topic's file.
    assert f"{NAME[3:]}-choice-2 " in say(f"autograder new-question {NAME}")
    assert "at the end of course/questions/overfitting-and-debugging.yaml" in say(
        "autograder new-question 06-diagnosis"
    )
    # What is no longer true is found, by its file.
    questions = paths.questions / "word-lengths.yaml"
    questions.write_text(
        questions.read_text().replace("assert longest == 5", "assert longest == 6")
    )
    said = say(f"autograder build {NAME} && autograder check-course {NAME}", code=1)
    assert "word-lengths.yaml · word-lengths-order-1" in said and "1 faults" in said


def test_wrong_turns_are_one_sentence_and_write_nothing(author: tuple[CoursePaths, Say]) -> None:
    paths, say = author
    before = {path: path.read_bytes() for path in paths.root.rglob("*") if path.is_file()}
    for command, words in (
        ("new-lesson 9-x", "'9-x': a lesson's name is two digits, a hyphen"),
        ("new-lesson '09-Word lengths'", "lower-case words, such as 07-your-own-data."),
        ("new-lesson 01-tokenizing", "There is a lesson 01-tokenizing already."),
        ("new-lesson 01-words", "The number 01 is that of 01-tokenizing; 09 is free."),
        ("new-lesson 09-collate", "There is a task collate already: choose another name."),
        ("new-lesson 09-accuracy", "checks/accuracy.py is there already: choose another name."),
        ("new-question 01-tokenizin", "Did you mean '01-tokenizing'?"),
        ("new-question 01-tokenizing predic", "Did you mean 'predict'?"),
        ("new-lesson 09-x --root tests/miniature", "is not a clone of the course"),
    ):
        said = " ".join(say(f"autograder {command}", code=2).split())
        assert words in said and said.count("autograder: ") == 1
    now = {path: path.read_bytes() for path in paths.root.rglob("*") if path.is_file()}
    made = {path for path in now.keys() - before.keys() if "__pycache__" not in path.parts}
    assert not made and before.items() <= now.items()


def test_each_kind_has_an_example() -> None:
    assert {path.stem for path in (TEMPLATES / "questions").glob("*.yaml")} == set(KINDS)
