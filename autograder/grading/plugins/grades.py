"""Saves the points, except where the examiner itself failed: that is left to a person."""

from __future__ import annotations

from typing import Any

from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import SaveAutoGrades

from autograder.records import Outcome


class SaveExamGrades(SaveAutoGrades):
    """nbgrader's SaveAutoGrades, which turns a grader error into "needs manual grading"."""

    def _add_score(self, cell: NotebookNode, resources: Any) -> None:
        super()._add_score(cell, resources)
        finding = resources.get("findings", {}).get(cell.metadata["nbgrader"]["grade_id"])
        if finding is not None and finding.outcome is Outcome.GRADER_ERROR:
            grade = self.gradebook.find_grade(
                finding.grade_id, self.notebook_id, self.assignment_id, self.student_id
            )
            grade.auto_score, grade.needs_manual_grade = None, True
            self.gradebook.db.commit()
