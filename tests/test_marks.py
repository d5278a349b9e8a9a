"""What is written into the gradebook, and what is read from it: marks, and what became of them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbgrader import api
from nbgrader.api import Gradebook, MissingEntry
from sqlalchemy import event
from traitlets.config import Config

from autograder.course_paths import CoursePaths
from autograder.errors import CourseError
from autograder.grading.entering import Entering
from autograder.grading.executed import Executed
from autograder.grading.marks import Mark, Marks, TaskMark, duration, lateness, read_marks
from autograder.grading.submission import SubmissionId
from autograder.records import Finding, GradeRecord, Outcome


def finding(grade_id: str, outcome: Outcome, points: float = 0) -> Finding:
    return Finding(grade_id=grade_id, outcome=outcome, points=points, max_points=4, message="")


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """A new gradebook without asking alembic, a program of its own, for its version."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api, "get_alembic_version", lambda: "of a test")
        yield


@pytest.fixture(scope="module")
def gradebook_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('marks') / 'gradebook.db'}"
    with Gradebook(url) as gradebook:
        gradebook.add_assignment("01-x")
        gradebook.add_notebook("x", "01-x")
        for name in ("one", "two", "three"):
            gradebook.add_grade_cell(name, "x", "01-x", max_score=4, cell_type="code")
    return url


class Submission:
    """What a student of their own has handed in, in a gradebook that the tests share."""

    def __init__(self, url: str, student: str, folder: Path) -> None:
        self.url, self.student, self.folder = url, student, folder

    def entered(self, *findings: Finding) -> dict[str, Any]:
        """Enter findings as grading does; return score and "waits" by cell."""
        done = Executed(SubmissionId("01-x", self.student), self.folder, "x", findings)
        config = Config({"CourseDirectory": {"root": str(self.folder)}})
        with Gradebook(self.url) as gradebook, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # nbgrader's own, about its tables
            Entering(gradebook, config).enter([done])
        return self.grades(self.student)

    def grades(self, student: str) -> dict[str, Any]:
        with Gradebook(self.url) as gradebook:
            found = gradebook.find_submission_notebook("x", "01-x", student).grades
            return {one.name: (one.auto_score, one.needs_manual_grade) for one in found}


@pytest.fixture
def submission(gradebook_url: str, request: pytest.FixtureRequest, tmp_path: Path) -> Submission:
    return Submission(gradebook_url, request.node.name, tmp_path)


def test_points_are_entered_and_only_our_own_fault_waits_for_a_person(
    submission: Submission,
) -> None:
    findings = [
        finding("one", Outcome.GRADER_ERROR),
        finding("two", Outcome.FAILED, 1.5),
        finding("three", Outcome.PASSED, 4),
    ]
    assert submission.entered(*findings) == {
        "one": (None, True),
        "two": (1.5, False),
        "three": (4, False),
    }


@pytest.mark.parametrize("outcome", Outcome)
def test_each_outcome_but_our_own_fault_is_a_mark(submission: Submission, outcome: Outcome) -> None:
    ours = outcome is Outcome.GRADER_ERROR
    found = submission.entered(finding("one", outcome, 3))
    assert found["one"] == ((None, True) if ours else (3, False))


def test_what_is_mended_no_longer_waits(submission: Submission) -> None:
    assert submission.entered(finding("one", Outcome.GRADER_ERROR))["one"] == (None, True)
    assert submission.entered(finding("one", Outcome.PASSED, 4))["one"] == (4, False)


def test_points_given_by_hand_stay_and_are_to_be_looked_at_again(submission: Submission) -> None:
    submission.entered(finding("one", Outcome.FAILED))
    with Gradebook(submission.url) as gradebook:
        grade = gradebook.find_grade("one", "x", "01-x", submission.student)
        grade.manual_score, grade.needs_manual_grade = 2.5, False
        gradebook.db.commit()
    assert submission.entered(finding("one", Outcome.PASSED, 4))["one"] == (4, True)
    with Gradebook(submission.url) as gradebook:
        assert gradebook.find_grade("one", "x", "01-x", submission.student).score == 2.5


def test_many_are_written_in_one_transaction_or_none_of_them(submission: Submission) -> None:
    config = Config({"CourseDirectory": {"root": str(submission.folder)}})
    commits: list[Any] = []
    students = [f"{submission.student}-{number}" for number in (1, 2, 3)]
    batch = [
        Executed(SubmissionId("01-x", student), submission.folder, "x", (passed,))
        for student, passed in zip(students, [finding("one", Outcome.PASSED, 4)] * 3, strict=True)
    ]
    with Gradebook(submission.url) as gradebook, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nbgrader's own, about its tables
        event.listen(gradebook.engine, "commit", note := commits.append)
        Entering(gradebook, config).enter(batch)
        event.remove(gradebook.engine, "commit", note)
    assert len(commits) == 1
    assert [submission.grades(one)["one"] for one in students] == [(4, False)] * 3
    good = Executed(SubmissionId("01-x", "good"), submission.folder, "x")
    bad = Executed(SubmissionId("01-x", "bad"), submission.folder, "another")
    with Gradebook(submission.url) as gradebook, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(CourseError, match="knows no notebook 'another'"):
            Entering(gradebook, config).enter([good, bad])
        with pytest.raises(MissingEntry):
            gradebook.find_student("good")


# ---- what is read from the gradebook -------------------------------------------------------------

DUE = datetime(2026, 12, 1, 23, 59)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The gradebook of a term: one assignment with two notebooks, one with one, and some stories."""
    root = tmp_path_factory.mktemp("term")
    (root / "nbgrader_config.py").write_text("c = get_config()\n")
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as gradebook, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nbgrader's own, about its tables
        for assignment, due, notebooks in (("01-x", DUE, "ab"), ("02-y", None, "c")):
            gradebook.add_assignment(assignment, duedate=due)
            for notebook in notebooks:
                gradebook.add_notebook(notebook, assignment)
                for task in ("two", "one"):
                    name = f"{notebook}-{task}-points"
                    gradebook.add_grade_cell(
                        name, notebook, assignment, max_score=4, cell_type="code"
                    )
        gradebook.add_student("ann", first_name="Änne", last_name="Maier")
        gradebook.add_student("ben", last_name="Ode")
        gradebook.add_student("carl")
        gradebook.add_student("dora", first_name="Dora")

        def hand_in(assignment: str, student: str, when: datetime | None, **more: Any) -> Any:
            made = gradebook.add_submission(assignment, student, timestamp=when, **more)
            for one in (grade for notebook in made.notebooks for grade in notebook.grades):
                one.needs_manual_grade = False  # as after grading, or an extension of ours
            return made

        def grade(assignment: str, student: str, **scores: Any) -> None:
            for task, values in scores.items():
                notebook = task[0]
                cell = f"{task.replace('_', '-')}-points"
                found = gradebook.find_grade(cell, notebook, assignment, student)
                for name, value in values.items():
                    setattr(found, name, value)

        hand_in("01-x", "carl", None, extension=timedelta(days=3))  # more time, and nothing else
        late = hand_in("01-x", "ann", DUE + 26 * HOUR, extension=timedelta(hours=2))
        grade(
            "01-x", "ann",
            a_one={"auto_score": 4.0}, a_two={"auto_score": 1.0, "manual_score": 2.5},
            b_one={"auto_score": 3.0, "extra_credit": 0.5}, b_two={"needs_manual_grade": True},
        )  # fmt: skip
        for notebook, penalty in zip(late.notebooks, (1.0, 2.0), strict=True):
            notebook.late_submission_penalty = penalty
        hand_in("02-y", "ann", DUE)
        grade("02-y", "ann", c_one={"auto_score": 4.0}, c_two={"manual_score": 1.0})
        early = hand_in("01-x", "ben", DUE - HOUR)
        grade("01-x", "ben", a_one={"auto_score": 1.0}, a_two={"auto_score": 0.0})
        early.notebooks[0].late_submission_penalty = 5.0
        gradebook.db.commit()
    return root


@pytest.fixture
def term(root: Path) -> Marks:
    return read_marks(CoursePaths(root))


def test_a_mark_holds_what_the_gradebook_has_of_all_notebooks(term: Marks) -> None:
    assert set(term.by_submission) == {("01-x", "ann"), ("02-y", "ann"), ("01-x", "ben")}
    assert term.by_submission["01-x", "ann"] == Mark(
        max_points=16.0,
        penalty=3.0,
        late=24 * HOUR,
        tasks={
            "a-one-points": TaskMark(4.0, by_hand=False, waits=False, max_points=4),
            "a-two-points": TaskMark(2.5, by_hand=True, waits=False, max_points=4),
            "b-one-points": TaskMark(3.5, by_hand=True, waits=False, max_points=4),
            "b-two-points": TaskMark(0.0, by_hand=False, waits=True, max_points=4),
        },
        due=DUE,
        extension=2 * HOUR,
        handed_in=DUE + 26 * HOUR,
    )
    mark = term.by_submission["02-y", "ann"]
    assert (mark.max_points, mark.penalty, mark.late, mark.points) == (8.0, 0.0, timedelta(), 5.0)
    assert mark.tasks["c-two-points"].by_hand and not mark.tasks["c-one-points"].by_hand
    # A penalty may take all that was earned, and no more.
    assert term.by_submission["01-x", "ben"].points == 0.0
    assert list(term.by_submission["01-x", "ann"].tasks) == sorted(
        term.by_submission["01-x", "ann"].tasks
    )


def test_students_are_there_by_id_with_what_is_known_of_their_names(term: Marks) -> None:
    assert term.names == {"ann": "Änne Maier", "ben": "Ode", "carl": "", "dora": "Dora"}
    assert term.not_handed_in("01-x") == ["carl", "dora"]
    assert term.not_handed_in("02-y") == ["ben", "carl", "dora"]


def test_what_became_of_a_mark_is_said_in_a_few_words(term: Marks) -> None:
    assert term.by_submission["01-x", "ann"].remarks() == [
        "late by 1 d, −3",
        "a-two by hand: 2.5",
        "b-one by hand: 3.5",
    ]
    assert term.by_submission["02-y", "ann"].remarks() == ["c-two by hand: 1"]
    assert term.by_submission["01-x", "ben"].remarks() == []
    late = Mark(max_points=4, penalty=0.0, late=timedelta(minutes=90), tasks={})
    assert late.remarks() == ["late by 1 h 30 min"]


def record(assignment: str, student: str, grade_id: str, outcome: Outcome) -> GradeRecord:
    return GradeRecord(
        assignment=assignment, student=student, notebook="a", grade_id=grade_id, outcome=outcome,
        points=1.5, max_points=4, message="",
    )  # fmt: skip


def test_a_record_explains_a_mark_that_the_gradebook_has(term: Marks) -> None:
    mine = record("01-x", "ann", "a-two-points", Outcome.PARTIAL)
    other = record("01-x", "ann", "c-one-points", Outcome.PARTIAL)
    nobody = record("01-x", "carl", "a-one-points", Outcome.PASSED)
    failed = record("01-x", "carl", "a-one-points", Outcome.GRADER_ERROR)
    gone = record("01-x", "ann", "c-one-points", Outcome.GRADER_ERROR)
    assert term.of(mine) is term.by_submission["01-x", "ann"] and term.of(nobody) is None
    assert [term.points(one) for one in (mine, other, nobody)] == [2.5, 1.5, 1.5]
    # What could not be graded is kept for a person, unless its task was removed.
    assert term.explained_by([nobody, mine, other, failed, gone]) == [mine, failed]
    mark = term.by_submission["01-x", "ann"]
    assert mark.by_hand("a-two-points") and not mark.by_hand("a-one-points")
    assert not mark.by_hand("c-two-points")


@given(st.none() | st.integers(-99, 99), st.none() | st.integers(0, 99))
def test_late_is_what_lies_between_the_extended_date_and_the_hand_in(
    hours: int | None, extension: int | None
) -> None:
    handed_in = None if hours is None else DUE + hours * HOUR
    more = None if extension is None else extension * HOUR
    expected = max(0, (hours or 0) - (extension or 0)) * HOUR
    assert lateness(DUE, more, handed_in) == expected
    assert lateness(None, more, handed_in) == timedelta()


@given(st.integers(0, 10**7), st.integers(-29, 29))
def test_a_duration_is_its_largest_unit_and_the_next_one_after_a_single_one(
    minutes: int, seconds: int
) -> None:
    said = duration(timedelta(minutes=minutes, seconds=seconds))
    words = said.split()
    parts = [(int(number), unit) for number, unit in zip(words[::2], words[1::2], strict=True)]
    sizes = {"d": 1440, "h": 60, "min": 1}
    (first, unit), *rest = parts
    minutes = max(1, minutes)
    assert first == minutes // sizes[unit] > 0
    assert minutes < {"d": float("inf"), "h": 1440, "min": 60}[unit]
    left = minutes % sizes[unit]
    smaller = {"d": "h", "h": "min", "min": ""}[unit]
    number = left // sizes[smaller] if smaller else 0
    assert rest == ([(number, smaller)] if first == 1 and number else [])
