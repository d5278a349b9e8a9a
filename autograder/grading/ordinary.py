"""Records of an assignment without an exam of ours: what nbgrader's own rules made of it.

Its tests are cells of its notebook, and some of it may be for a person to mark. The gradebook says
what came of each cell; why, the student reads in the executed notebook.
"""

from __future__ import annotations

from typing import Any

from autograder.course_paths import CoursePaths
from autograder.grading.submission import SubmissionId
from autograder.nbgrader_api import open_gradebook
from autograder.records import GradeRecord, Outcome


def autograded_records(
    paths: CoursePaths, id: SubmissionId, *, contained: bool
) -> list[GradeRecord]:
    """Return a record for each graded cell of a submission that nbgrader has graded."""
    with open_gradebook(paths.root) as gradebook:
        submission = gradebook.find_submission(id.assignment, id.student)
        return [
            _record(id, notebook.name, grade, contained=contained)
            for notebook in submission.notebooks
            for grade in notebook.grades
        ]


def _record(id: SubmissionId, notebook: str, grade: Any, *, contained: bool) -> GradeRecord:
    score, most = grade.auto_score, grade.max_score
    if score is None:
        outcome, message = Outcome.SKIPPED, "A person marks this."
    elif score >= most:
        outcome, message = Outcome.PASSED, "All tests of this cell passed."
    else:
        outcome = Outcome.PARTIAL if score > 0 else Outcome.FAILED
        message = "The executed notebook shows what failed."
    return GradeRecord(
        assignment=id.assignment,
        student=id.student,
        notebook=notebook,
        grade_id=grade.name,
        outcome=outcome,
        points=score or 0.0,
        max_points=most,
        title="marked by hand" if score is None else "",
        message=message,
        contained=contained,
    )
