"""The examiner's findings, on real processes: every outcome, and draws that nobody can foresee."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from autograder.course_paths import CoursePaths
from autograder.errors import UnknownAssignmentError
from autograder.examining.draws import course_secret, draws_for
from autograder.examining.exam import load_exam
from autograder.examining.examiner import examine
from autograder.examining.processes import StudentSubprocess
from autograder.records import Finding, Outcome

RIGHT = """
def count_words(text):
    words = text.lower().split()
    return {word: words.count(word) for word in words}
"""


def found(paths: CoursePaths, cell: str) -> Finding:
    task = load_exam(paths.exams, "01-counting").tasks[0]
    with StudentSubprocess([cell]) as student:
        error = student.cell_errors[0] if student.cell_errors else None
        return examine(task, student, random.Random(1), error)


ZEROS = "count_words = lambda text: dict.fromkeys(text.lower().split(), 0)"


@pytest.mark.parametrize(
    ("cell", "outcome", "points", "misconception", "words"),
    [
        (RIGHT, Outcome.PASSED, 2, None, "whatever their case"),
        (RIGHT + "\nprint('x')\nimport sys; print('y', file=sys.stderr)", Outcome.PASSED, 2, None, ""),
        (RIGHT.replace(".lower()", ""), Outcome.FAILED, 0, "case-kept", "lower the case"),
        (ZEROS, Outcome.PARTIAL, 1, "wrong-counts", "should give"),
        ("def count_words(text): raise NotImplementedError()", Outcome.NOT_ATTEMPTED, 0, "not-attempted", ""),
        ("def count_words(text): return text.upper_case()", Outcome.FAILED, 0, "raised", "text.upper_case()"),
        ("def count_words(text:", Outcome.FAILED, 0, "cell-error", "SyntaxError"),
        ("pass", Outcome.FAILED, 0, "missing-name", "nothing was called `count_words`"),
        ("def count_words(text):\n while True: pass", Outcome.FAILED, 0, "timeout", "3 seconds"),
        ("def count_words(text):\n import os; os._exit(0)", Outcome.FAILED, 0, "kernel-died", "died"),
        ("def count_words(text):\n raise SystemExit", Outcome.FAILED, 0, "raised", "SystemExit"),
    ],
)  # fmt: skip
def test_each_outcome_says_what_the_code_did(
    built_miniature: CoursePaths,
    cell: str,
    outcome: Outcome,
    points: float,
    misconception: str | None,
    words: str,
) -> None:
    finding = found(built_miniature, cell)
    assert (finding.outcome, finding.points, finding.misconception) == (
        outcome,
        points,
        misconception,
    )
    assert words in finding.message


def test_a_fault_of_our_own_costs_no_marks_and_is_called_so(
    built_miniature: CoursePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: object, observed: Any, **inputs: Any) -> None:
        raise ZeroDivisionError("our fault")

    task = load_exam(built_miniature.exams, "01-counting").tasks[0]
    monkeypatch.setattr(type(task), "judge", broken)
    finding = found(built_miniature, RIGHT)
    assert finding.outcome is Outcome.GRADER_ERROR
    assert "not your fault" in finding.message and "ZeroDivisionError" in finding.message


def test_what_an_exam_knows_never_travels(built_miniature: CoursePaths) -> None:
    task = load_exam(built_miniature.exams, "01-counting").tasks[0]
    with (
        StudentSubprocess([RIGHT]) as student,
        pytest.raises(ValueError, match="must live in a probes module"),
    ):
        student.ask("count_words", type(task).judge, {}, 1.0)


def test_the_same_submission_draws_the_same_and_another_does_not(tmp_path: Path) -> None:
    secret = course_secret(tmp_path / "secret")
    assert secret == course_secret(tmp_path / "secret") and len(secret) == 32
    assert (tmp_path / "secret").stat().st_mode & 0o077 == 0
    first, again = draws_for(secret, "a", "b"), draws_for(secret, "a", "b")
    assert first.random() == again.random()
    assert draws_for(secret, "a", "c").random() != draws_for(secret, "a", "b").random()
    assert draws_for(bytes(32), "a", "b").random() != draws_for(secret, "a", "b").random()


def test_an_unknown_assignment_is_said_with_those_there_are(built_miniature: CoursePaths) -> None:
    with pytest.raises(
        UnknownAssignmentError, match=r"no assignment '02-x'; there are: 01-counting"
    ):
        load_exam(built_miniature.exams, "02-x")
