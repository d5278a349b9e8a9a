"""The errors that a person can correct, raised by all other modules of the autograder."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class CourseError(Exception):
    """Something that the caller must correct; the text says what, in one sentence."""


class UnknownAssignmentError(CourseError):
    """There is no exam for an assignment of that name."""


class NotReleasedError(CourseError):
    """The assignment of that name has no released notebook, or the gradebook does not know it."""

    # Not in `__init__`: that would be called again with the sentence when a worker sends the error.
    def __str__(self) -> str:
        (assignment,) = self.args
        return f"{assignment} is not released yet: run `nbgrader generate_assignment {assignment}`."


class GraderError(CourseError):
    """Grading itself does not work on this machine; no submission is to blame."""


def did_you_mean(name: str, names: Iterable[str], *, cutoff: float = 0.6) -> str:
    """Return a sentence that names what is spelt almost like `name`; empty where nothing is."""
    near = difflib.get_close_matches(name, list(names), n=1, cutoff=cutoff)
    return f" Did you mean {near[0]!r}?" if near else ""
