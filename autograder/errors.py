"""The errors that a person can put right, as every other module of the autograder raises them."""

from __future__ import annotations


class CourseError(Exception):
    """Something that the caller must put right; the text is one sentence that says what."""


class UnknownAssignmentError(CourseError):
    """There is no exam for an assignment of that name."""


class GraderError(CourseError):
    """Grading itself does not work on this machine; no submission is to blame."""
