"""What came of one submission that was executed and examined: all that is left to write down."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import CourseError
from autograder.grading.submission import SubmissionId
from autograder.records import Finding, GradeRecord

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Executed:
    """A submission with its findings, or with our own failure."""

    id: SubmissionId
    #: The grader's copy: the files handed in and the executed notebook, as people are to see it.
    folder: Path = Path()
    #: The notebook's name, without its ending.
    notebook: str = ""
    findings: tuple[Finding, ...] = ()
    #: The grade_ids of cells for answers that are as they were handed out.
    unanswered: frozenset[str] = frozenset()
    contained: bool = True
    #: Why it could not be executed; None where it could.
    failure: str | None = None

    def records(self) -> list[GradeRecord]:
        """Return the findings with the submission that they belong to."""
        return [
            GradeRecord(
                **finding.model_dump(),
                assignment=self.id.assignment,
                student=self.id.student,
                notebook=self.notebook,
                contained=self.contained,
            )
            for finding in self.findings
        ]


def reason_of(error: Exception, id: SubmissionId, what: str) -> str:
    """Return why a submission could not be "executed", say; what nobody foresaw is logged in full."""
    if isinstance(error, CourseError):
        return str(error)
    log.error("%s of %s could not be %s", id.assignment, id.student, what, exc_info=error)
    return f"{type(error).__name__}: {error}"
