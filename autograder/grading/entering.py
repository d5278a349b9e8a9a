"""Enters what was found into nbgrader's gradebook, by nbgrader's own interface and rules.

Many submissions are written in one transaction, so that the disk is waited for once. Only then are
their notebooks put where nbgrader keeps graded ones.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from nbgrader.api import BaseCell
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties
from traitlets.config import Config

from autograder.errors import CourseError
from autograder.grading.executed import Executed
from autograder.nbgrader_api import one_transaction
from autograder.records import Finding, Outcome


class Entering:
    """Enters results into one open `gradebook` of the course that `config` describes."""

    def __init__(self, gradebook: Any, config: Config, *, create_students: bool = True) -> None:
        self.gradebook, self.create_students = gradebook, create_students
        self.folders = CourseDirectory(config=config)
        self._nbgrader = Autograde(self.folders, config=config)
        self._late = AssignLatePenalties(config=config)
        self._late.init_plugin()

    def enter(self, batch: Iterable[Executed]) -> None:
        """Write all marks of `batch`, or none; raises what the database raises."""
        with one_transaction(self.gradebook):
            # Held, so that no grade asks the database anew which cell it is of.
            cells = self.gradebook.db.query(BaseCell).all()
            for one in batch:
                self._marks_of(one)
            del cells

    def _marks_of(self, one: Executed) -> None:
        assignment, student = one.id.assignment, one.id.student
        if self.create_students:
            self.gradebook.update_or_create_student(student)
        # Without a time of handing in, the one that is known already stays.
        handed_in = self.folders.get_existing_timestamp(str(one.folder))
        known = {"timestamp": handed_in} if handed_in else {}
        submission = self.gradebook.update_or_create_submission(assignment, student, **known)
        notebook = {each.name: each for each in submission.notebooks}.get(one.notebook)
        if notebook is None:
            raise CourseError(
                f"The gradebook knows no notebook {one.notebook!r} in {assignment}: run "
                f"`nbgrader generate_assignment {assignment}`."
            )
        findings = {finding.grade_id: finding for finding in one.findings}
        for grade in notebook.grades:
            if (finding := findings.get(grade.name)) is not None:
                set_grade(grade, finding)
        for comment in notebook.comments:
            answered = comment.name not in one.unanswered
            comment.auto_comment = None if answered else "No response."
        self._penalty(submission, notebook, student)

    def _penalty(self, submission: Any, notebook: Any, student: str) -> None:
        """Let nbgrader's plug-in decide what being late costs."""
        notebook.late_submission_penalty = None
        if (late := submission.total_seconds_late) > 0:
            self.gradebook.db.flush()
            self.gradebook.db.refresh(notebook, ["score"])
            plugin = self._late.plugin_inst
            penalty = plugin.late_submission_penalty(student, notebook.score, late)
            if penalty is not None:
                notebook.late_submission_penalty = self._late._check_late_penalty(notebook, penalty)

    def hand_over(self, one: Executed) -> None:
        """Put the graded notebook and its files where nbgrader looks for them; raises OSError."""
        assignment, student = one.id.assignment, one.id.student
        place = self.folders.format_path(self.folders.autograded_directory, student, assignment)
        target = Path(self.folders.root, os.path.normpath(place))
        if target.is_dir():
            shutil.rmtree(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(one.folder, target)
        self._nbgrader.set_permissions(assignment, student)


def set_grade(grade: Any, finding: Finding) -> None:
    """Give one task its points, as nbgrader's SaveAutoGrades does; our own fault waits for a person.

    Points that were given by hand before stay, and are to be looked at again.
    """
    waits = finding.outcome is Outcome.GRADER_ERROR
    grade.auto_score = None if waits else finding.points
    grade.needs_manual_grade = waits or grade.manual_score is not None
