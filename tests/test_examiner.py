"""The examiner's findings, on real processes: every outcome, and draws that nobody can foresee."""

from __future__ import annotations

import random
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from autograder.course_paths import CoursePaths
from autograder.errors import CourseError, GraderError, UnknownAssignmentError
from autograder.examining import processes
from autograder.examining.exam import Exam, SheetTask, Task, UndecidedError, exam_state, load_exam
from autograder.examining.examiner import examine, examine_sheet, skipped
from autograder.examining.processes import (
    Mailbox,
    Missing,
    Reply,
    Returned,
    Silent,
    StudentSubprocess,
)
from autograder.records import Finding, Outcome
from course.checks.base import Inputs, Raised
from course.checks.mistakes import Mistake, MistakeError

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
        (RIGHT.replace(".lower()", ""), Outcome.FAILED, 0, "case-kept", "Lower the case"),
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


def test_an_unknown_assignment_is_said_with_those_there_are(built_miniature: CoursePaths) -> None:
    with pytest.raises(UnknownAssignmentError, match=r"no .*02-x/exam\.py; exams: 01-counting"):
        load_exam(built_miniature.exams, "02-x")


# ---- with a student who is made up ---------------------------------------------------------------


class Doubled(Task):
    """A number is doubled.

    What it is to be is kept between drawing and judging, as a whole run's plan is.
    """

    answer_id = "double"
    function = "double"
    points = 3

    def __init__(self, credit: float = 0.0) -> None:
        self.credit = credit
        self.number = 0.0

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        self.number = rng.random()
        yield {"number": self.number}

    def judge(self, observed: Any, *, number: float) -> None:
        if observed != 2 * self.number:
            raise ClaimingError(
                "wrong-number", f"double({number}) should be {2 * self.number}.", self.credit
            )


class ClaimingError(MistakeError):
    """A mistake that claims any credit, whatever its record allows."""

    def __init__(self, id: str, message: str, credit: float) -> None:
        record = Mistake(id=id, title="A mistake", message=message)
        super().__init__(record.model_copy(update={"credit": credit}), message)


class Student:
    """Answers as it is told to; no process at all."""

    def __init__(self, answer: Callable[[Inputs], Reply]) -> None:
        self.answer = answer

    def ask(self, function: str, observe: Any, inputs: Inputs, timeout: float) -> Reply:
        return self.answer(inputs)


RIGHT_ONE = Student(lambda inputs: Returned(2 * inputs["number"]))
WRONG_ONE = Student(lambda inputs: Returned(None))


@pytest.mark.parametrize(
    ("credit", "points", "outcome"),
    [
        (0.0, 0, Outcome.FAILED),
        (0.5, 1.5, Outcome.PARTIAL),
        (0.123, 0.37, Outcome.PARTIAL),
        (7.0, 3, Outcome.PARTIAL),
        (-7.0, 0, Outcome.FAILED),
        (float("inf"), 3, Outcome.PARTIAL),
    ],
)
def test_no_mistake_earns_more_than_all_or_less_than_nothing(
    credit: float, points: float, outcome: Outcome
) -> None:
    finding = examine(Doubled(credit), WRONG_ONE, random.Random(1))
    assert (finding.points, finding.outcome, finding.max_points) == (points, outcome, 3)
    assert finding.misconception == "wrong-number" and finding.grade_id == "double-points"


@pytest.mark.parametrize(
    ("right", "points", "asked"),
    [
        ([True], 3, 1),
        ([False, True], 3, 2),  # bad luck once
        ([False, False], 2.1, 2),
        ([False, None], 2.1, 2),  # no second try without an answer takes anything away
    ],
)
def test_what_may_be_luck_is_tried_once_more_and_the_better_counts(
    right: list[bool | None], points: float, asked: int
) -> None:
    class Lucky(Doubled):
        def may_be_luck(self, error: MistakeError) -> bool:
            return error.mistake.id == "wrong-number"

    numbers: list[float] = []

    def answer(inputs: Inputs) -> Reply:
        numbers.append(inputs["number"])
        good = right[len(numbers) - 1]
        return Silent("kernel-died") if good is None else Returned(good and 2 * inputs["number"])

    finding = examine(Lucky(0.7), Student(answer), random.Random(1))
    assert (finding.points, len(set(numbers)), len(numbers)) == (points, asked, asked)
    assert ("This was tried twice" in finding.message) == (points < 3)


@pytest.mark.parametrize("credit", [-0.1, 1.0, 1.5, float("nan"), float("inf")])
def test_no_record_of_a_mistake_promises_such_credit(credit: float) -> None:
    with pytest.raises(ValidationError, match="credit"):
        Mistake(id="x", title="A mistake", message="It is wrong.", credit=credit)


def test_what_a_task_keeps_belongs_to_one_examination() -> None:
    """Two examinations of one task at once: the second begins while the first waits."""
    task = Doubled()
    inner: list[Finding] = []

    def answer(inputs: Inputs) -> Reply:
        if not inner:
            inner.append(examine(task, RIGHT_ONE, random.Random(2)))
        return Returned(2 * inputs["number"])

    outer = examine(task, Student(answer), random.Random(1))
    assert [one.outcome for one in (outer, *inner)] == [Outcome.PASSED] * 2
    assert task.number == 0.0


def test_examiners_think_one_at_a_time_and_wait_side_by_side() -> None:
    """Judges seed torch's one generator; students are asked at the same time all the same."""
    thinking, at_once, together = threading.Lock(), [], threading.Barrier(3)

    class Slow(Doubled):
        def alone(self) -> None:
            at_once.append(thinking.acquire(blocking=False))
            time.sleep(0.01)
            if at_once[-1]:
                thinking.release()

        def cases(self, rng: random.Random) -> Iterable[Inputs]:
            self.alone()
            yield from super().cases(rng)

        def judge(self, observed: Any, **inputs: Any) -> None:
            self.alone()
            super().judge(observed, **inputs)

    def answer(inputs: Inputs) -> Reply:
        together.wait(30)  # breaks if one were only asked when another has been answered
        return Returned(2 * inputs["number"])

    found: list[Finding] = []
    threads = [
        threading.Thread(
            target=lambda n=n: found.append(examine(Slow(), Student(answer), random.Random(n)))
        )
        for n in range(3)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert [one.outcome for one in found] == [Outcome.PASSED] * 3
    assert at_once == [True] * 6


@pytest.mark.parametrize(
    ("reply", "cell_error", "outcome", "misconception", "message"),
    [
        (Raised("NotImplementedError", ""), None, Outcome.NOT_ATTEMPTED, "not-attempted",
         "`double` is not written yet."),
        (Raised("KeyError", "'a'", "x['a']"), None, Outcome.FAILED, "raised",
         "`double` raised KeyError: 'a', in the line `x['a']`."),
        (Missing("double"), "SyntaxError: bad", Outcome.FAILED, "cell-error",
         "There is no `double`, because its cell raised SyntaxError: bad."),
        (Missing("double"), None, Outcome.FAILED, "missing-name", "nothing was called `double`"),
        (Silent("timeout", seconds=7), None, Outcome.FAILED, "timeout",
         "`double`: no answer came within 7 seconds."),
    ],
)  # fmt: skip
def test_each_reply_has_its_finding(
    reply: Reply, cell_error: str | None, outcome: Outcome, misconception: str, message: str
) -> None:
    finding = examine(Doubled(), Student(lambda _: reply), random.Random(1), cell_error)
    assert (finding.outcome, finding.misconception, finding.points) == (outcome, misconception, 0)
    assert message in finding.message and 0 <= finding.seconds < 5


def test_work_that_could_not_be_tried_is_skipped_with_the_reason() -> None:
    finding = skipped(Doubled(), "the kernel died")
    assert finding.outcome is Outcome.SKIPPED and finding.points == 0 and finding.max_points == 3
    assert (
        finding.message == "This task was not tested, because the kernel died."
        and finding.misconception == "skipped"
    )


class Sheet(SheetTask):
    """A sheet is marked."""

    answer_id, points = "sheet", 4

    def mark(self, folder: Path) -> Finding:
        raise {"undecided": UndecidedError("A person must see this."), "ours": OSError("full")}[
            folder.name
        ]


@pytest.mark.parametrize(
    ("folder", "message"),
    [("undecided", "A person must see this."), ("ours", "this is not your fault")],
)
def test_a_sheet_that_cannot_be_marked_waits_for_a_person(folder: str, message: str) -> None:
    finding = examine_sheet(Sheet(), Path(folder))
    assert finding.outcome is Outcome.GRADER_ERROR and finding.points == 0
    assert message in finding.message


# ---- the exam itself -----------------------------------------------------------------------------


def test_each_change_in_an_exams_own_files_is_another_exam(tmp_path: Path) -> None:
    exam = Exam("01-x", tmp_path, ())
    (tmp_path / "questions").mkdir()
    (tmp_path / "answers").mkdir()
    files = {"exam.py": "a", "probes.py": "b", "questions/x.yaml": "c"}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    before = exam_state(exam)
    for name, text in files.items():
        (tmp_path / name).write_text("changed")
        assert exam_state(exam) != before, name
        (tmp_path / name).rename(tmp_path / f"{name}.away")
        assert exam_state(exam) != before, name
        (tmp_path / f"{name}.away").unlink()
        (tmp_path / name).write_text(text)
        assert exam_state(exam) == before
    (tmp_path / "more.py").write_text("")
    assert exam_state(exam) != before
    (tmp_path / "more.py").unlink()
    (tmp_path / "answers" / "double.py").write_text("recorded answers change no mark")
    assert exam_state(exam) == before


def test_a_task_is_found_by_its_graded_cell_alone(built_miniature: CoursePaths) -> None:
    exam = load_exam(built_miniature.exams, "01-counting")
    assert [task.grade_id for task in exam.tasks] == ["count-words-points", "longest-word-points"]
    assert exam.task("longest-word-points") is exam.tasks[1]
    assert exam.task("longest-word") is None and exam.assignment == "01-counting"
    again = load_exam(built_miniature.exams, "01-counting")
    assert again is exam, "an exam is loaded once"


def test_an_exam_that_cannot_be_loaded_is_tried_again_when_it_is_mended(tmp_path: Path) -> None:
    (tmp_path / "01-x").mkdir()
    path = tmp_path / "01-x" / "exam.py"
    path.write_text("1 / 0")
    with pytest.raises(CourseError, match=r"exam\.py:1: ZeroDivisionError: division by zero"):
        load_exam(tmp_path, "01-x")
    path.write_text("TASKS = []")
    with pytest.raises(CourseError, match=r"exam\.py:1: there is no list TASKS"):
        load_exam(tmp_path, "01-x")


def test_an_exam_that_is_loaded_while_an_error_is_handled_stays_loaded(
    built_miniature: CoursePaths, tmp_path: Path
) -> None:
    """Its probes are looked up among the modules when they travel to a student's process."""
    shutil.copytree(built_miniature.exams / "01-counting", tmp_path / "01-counting")
    try:
        raise ValueError("something else")
    except ValueError:
        exam = load_exam(tmp_path, "01-counting")
    assert type(exam.tasks[0]).__module__ in sys.modules


def test_a_process_that_does_not_begin_is_not_the_students(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The code of the grader was missing there once, and all answers were told that they died."""

    class Nowhere(Mailbox):
        def __init__(self) -> None:
            super().__init__(tmp_path / "gone")

    monkeypatch.setattr(processes, "Mailbox", Nowhere)
    with pytest.raises(GraderError, match="before any of it ran"):
        StudentSubprocess([RIGHT])
