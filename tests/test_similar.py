"""Pairs of alike code: disguises are seen through, and what a task forces is not listed."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import nbformat
import pytest
from classroom import NAME, set_source, submit
from typer.testing import CliRunner

from autograder.authoring.recorded_answers import recorded_answers
from autograder.cli import app
from autograder.course_paths import CoursePaths
from autograder.examining.exam import load_exam
from autograder.grading import similar
from autograder.grading.code_tokens import statements
from autograder.grading.similar import OTHER, SHARE, TOKENS, Code, alike, known_rows, own_code

ROOT = CoursePaths(Path(__file__).resolve().parent.parent)
TASKS = [
    (assignment, task.answer_id)
    for assignment in ROOT.lessons_with_code()
    for task in load_exam(ROOT.exams, assignment).tasks
]
#: No recorded answer, and long enough to be nobody's by chance.
ODD = '''
def count_words(text):
    """Count."""
    found = {}
    for place, word in enumerate(text.lower().split()):
        if word in found and found[word] < 10**9:
            found[word] = found[word] + 1
        else:
            found[word] = max(1, min(1, place + 1))
    # Nothing else is to be done.
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))
'''
#: The same with other names, comments, types and layout.
DISGUISED = """
def count_words(text: str) -> dict:
    result = dict()
    result = {}
    for i, w in enumerate(
        text.lower().split()
    ):
        if (w in result and
            result[w] < 10**9):
            result[w] = result[w] + 1   # one more
        else:
            result[w] = max(1, min(1, i + 1))
    return dict(sorted(result.items(), key=lambda x: (-x[1], x[0])))
"""
OWN = """
def count_words(text):
    counts = {}
    while text:
        word, _, text = text.lstrip().partition(" ")
        counts.setdefault(word.lower(), []).append(word)
    return {word: len(every) for word, every in counts.items() if word}
"""


def answers(assignment: str, answer_id: str) -> tuple[str, list[str]]:
    """Return the function of a task, and the recorded right answers."""
    exam = load_exam(ROOT.exams, assignment)
    (task,) = (task for task in exam.tasks if task.answer_id == answer_id)
    return task.name, [one.source for one in recorded_answers(exam, task) if one.right]


def whole(source: str) -> Code:
    return Code(source, tuple(token for _, _, row in statements([source]) for token in row))


@pytest.mark.parametrize(("assignment", "answer_id"), TASKS)
def test_right_answers_written_to_differ_are_no_pair(assignment: str, answer_id: str) -> None:
    """The bounds' calibration: each two styles, with all others known."""
    if answer_id == "train-reviews":
        pytest.skip("the lesson gives this code, and the styles differ in one line of it")
    name, sources = answers(assignment, answer_id)
    codes = [whole(source) for source in sources]
    for a, b in combinations(range(len(codes)), 2):
        others = [code.row for place, code in enumerate(codes) if place not in (a, b)]
        pair = {"a": codes[a], "b": codes[b]}
        assert alike(name, pair, others) == [], (sources[a], sources[b])


@pytest.mark.parametrize("assignment", ROOT.lessons_with_code())
def test_a_class_in_which_two_each_found_the_same_recorded_answer_has_no_pair(
    assignment: str,
) -> None:
    exam = load_exam(ROOT.exams, assignment)
    released = nbformat.read(ROOT.notebook(ROOT.release, assignment), as_version=4)
    given = [row for _, _, row in statements(similar._sources(released))]
    asked = {task.name for task in exam.tasks}
    known = known_rows(exam, given, asked)
    for task in exam.tasks:
        _, sources = answers(assignment, task.answer_id)
        for source in sources:
            for function, code in own_code([source], given, asked).items():
                assert alike(function, {"a": code, "b": code}, known.get(function, [])) == []


def test_a_disguise_is_seen_through_and_an_own_way_is_not_touched(classroom: CoursePaths) -> None:
    sources = {"ann": ODD, "ben": DISGUISED, "carl": OWN}
    for student, source in sources.items():
        submit(classroom, student, set_source("count-words", source))
    submit(classroom, "dora")
    submit(classroom, "eva")
    broken = submit(classroom, "fritz", set_source("count-words", ODD))
    broken.write_text(broken.read_text()[:500])
    done = CliRunner().invoke(
        app,
        [
            "similar",
            NAME,
            "--root",
            str(classroom.root),
            "--output",
            str(classroom.root / "s.html"),
        ],
    )
    assert done.exit_code == 0, done.output
    assert re.findall(r"(\w+), (\w+) +│ +(\d+)%", done.output) == [("ann", "ben", "95")]
    assert "Being alike is no proof of copying" in done.output
    page = (classroom.root / "s.html").read_text()
    assert "<h2>count_words: ann and ben</h2>" in page and "not why" in page
    assert "carl" not in page and page.count("<h2>") == 1
    # No student's page and no record says anything of it.
    assert not classroom.records_folder.exists()


def test_what_a_student_writes_cannot_run_in_the_page() -> None:
    evil = "x = '</td><script>alert(1)</script>'\n"
    pair = similar.Pair("f", ("<b>a", "b"), (evil, evil * 2), 1.0, 40)
    page = similar.page("<i>", [pair], {"b": "<script>"})
    assert "<script>" not in page and "<b>a" not in page and "<i>" not in page


def test_what_many_have_alike_is_told_once_and_not_in_pairs(classroom: CoursePaths) -> None:
    for number in range(similar.FEW + 1):
        submit(classroom, f"s{number}", set_source("count-words", ODD))
    done = CliRunner().invoke(app, ["similar", NAME, "--root", str(classroom.root)])
    assert "No pair of 11 submissions stands out." in done.output, done.output
    assert "11 students have count_words much alike" in done.output


def test_helpers_are_compared_too_and_edited_cells_of_the_lesson_are_not() -> None:
    given = [row for _, _, row in statements(["show(model, text='one', steps=3)\n"])]
    helper = ODD.replace("count_words", "my_helper")
    found = own_code(
        ["show(model, text='mine', steps=4)", helper, "def f():\n  return 1"], given, {"f"}
    )
    assert set(found) == {OTHER, "f"} and "show" not in found[OTHER].text
    (pair,) = alike(OTHER, {"a": found[OTHER], "b": found[OTHER]}, [])
    assert pair.share == 1 and pair.tokens >= TOKENS and SHARE < 1


def test_code_nested_without_end_is_left_out() -> None:
    deep = "x = " + "-" * 900 + "1"
    assert [name for name, _, _ in statements([deep, "def f(): pass", "def ("])][-1:] == ["f"]
