"""What is written into the gradebook: points, and where the examiner failed a person's task."""

from __future__ import annotations

import warnings
from typing import Any

import nbformat
import pytest
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook

from autograder.grading.plugins.grades import SaveExamGrades
from autograder.records import Finding, Outcome


def graded_cell(grade_id: str, points: float) -> NotebookNode:
    """Return a graded cell as the examiner leaves it: its last output is the number of points."""
    marks = {"grade_id": grade_id, "grade": True, "solution": False, "locked": True, "points": 4,
             "schema_version": 3, "task": False, "cell_type": "code"}  # fmt: skip
    output = nbformat.v4.new_output("execute_result", data={"text/plain": f"{points:g}"})
    return nbformat.v4.new_code_cell("examined", metadata={"nbgrader": marks}, outputs=[output])


def finding(grade_id: str, outcome: Outcome) -> Finding:
    return Finding(grade_id=grade_id, outcome=outcome, points=0, max_points=4, message="")


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

    def __init__(self, url: str, student: str) -> None:
        self.url, self.student = url, student
        with Gradebook(url) as gradebook, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # nbgrader's own, about its tables
            gradebook.add_student(student)
            gradebook.add_submission("01-x", student)

    def saved(self, points: dict[str, float], findings: Any = None) -> dict[str, Any]:
        """Save the points of the cells as nbgrader does; return score and "waits" by cell."""
        cells = [graded_cell(grade_id, number) for grade_id, number in points.items()]
        names = {"notebook": "x", "assignment": "01-x", "student": self.student, "db_url": self.url}
        resources = {"nbgrader": names} | ({} if findings is None else {"findings": findings})
        SaveExamGrades().preprocess(nbformat.v4.new_notebook(cells=cells), resources)
        with Gradebook(self.url) as gradebook:
            grades = [gradebook.find_grade(name, "x", "01-x", self.student) for name in points]
            return {one.name: (one.auto_score, one.needs_manual_grade) for one in grades}


@pytest.fixture
def submission(gradebook_url: str, request: pytest.FixtureRequest) -> Submission:
    return Submission(gradebook_url, request.node.name)


def test_points_are_saved_and_only_our_own_fault_waits_for_a_person(submission: Submission) -> None:
    findings = {
        "one": finding("one", Outcome.GRADER_ERROR),
        "two": finding("two", Outcome.FAILED),
    }
    assert submission.saved({"one": 0, "two": 1.5, "three": 4}, findings) == {
        "one": (None, True),
        "two": (1.5, False),
        "three": (4, False),
    }


@pytest.mark.parametrize("outcome", Outcome)
def test_each_outcome_but_our_own_fault_is_a_mark(submission: Submission, outcome: Outcome) -> None:
    ours = outcome is Outcome.GRADER_ERROR
    found = submission.saved({"one": 3}, {"one": finding("one", outcome)})
    assert found == {"one": (None, True) if ours else (3, False)}


def test_what_is_mended_no_longer_waits(submission: Submission) -> None:
    waiting = {"one": finding("one", Outcome.GRADER_ERROR)}
    assert submission.saved({"one": 0}, waiting) == {"one": (None, True)}
    mended = {"one": finding("one", Outcome.PASSED)}
    assert submission.saved({"one": 4}, mended) == {"one": (4, False)}


def test_without_findings_nbgrader_saves_as_ever(submission: Submission) -> None:
    assert submission.saved({"one": 2, "two": 0}) == {"one": (2, False), "two": (0, False)}
