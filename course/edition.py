"""What the self-learner's edition adds: marks for oneself, solutions, loans, a certificate.

The package bert-classroom-alone registers it; that is the one switch between the editions. In a
class nothing is registered, even where the autograder is installed, and each call says who decides.
"""

from __future__ import annotations

import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from course.needs import GROUP

IN_A_CLASS = {
    "grade_me": "In a class, your instructor grades this lesson: hand in the notebook. (Working on "
    "your own? The self-learner's edition, bert-classroom-alone, marks it here.)",
    "show_solution": "In a class, your instructor decides when solutions are shown.",
    "lend": "In a class, your instructor decides whether a function is lent.",
    "certificate": "In a class, your instructor's gradebook is the record of your work.",
}


def grade_me(lesson: str, **how: Any) -> Any:
    """Mark your own work on `lesson`, by the exam that an instructor grades it with.

    The mastery test is handed in by it: `hand_in=True` does so although answers are missing.
    """
    return _asked("grade_me", lesson, **how)


def show_solution(task: str) -> Any:
    """Return a solution of `task`, named by its function, and in what your own differs from it."""
    return _asked("show_solution", task)


def lend(task: str) -> Any:
    """Define the function of `task` in your notebook, so that later cells run."""
    return _asked("lend", task)


def certificate(name: str, path: str | Path = "certificate.html") -> Any:
    """Write a page to print of what you have obtained, for the person called `name`, to `path`."""
    return _asked("certificate", name, path=path)


def _asked(call: str, what: str, **how: Any) -> Any:
    from course.practice.text import Said

    notebook = sys._getframe(2).f_globals
    for edition in entry_points(group=GROUP):
        return getattr(edition.load(), call)(what, notebook, **how)
    return Said(None, [IN_A_CLASS[call]])
