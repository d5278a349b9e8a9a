"""The errors that a person can correct, raised by all other modules of the autograder."""

from __future__ import annotations


class CourseError(Exception):
    """Something that the caller must correct; the text says what, in one sentence."""


class UnknownAssignmentError(CourseError):
    """There is no exam for an assignment of that name."""


class GraderError(CourseError):
    """Grading itself does not work on this machine; no submission is to blame."""
