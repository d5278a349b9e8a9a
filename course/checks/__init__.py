"""Visible checks: answer at once, are worth no points, and say which mistake a wrong answer shows."""

from __future__ import annotations

import copy
import html
import importlib
import pkgutil
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from course.checks.base import Check, Raised
from course.checks.mistakes import MistakeError
from course.checks.settings import usual_settings
from course.plain import as_plain


@dataclass(frozen=True)
class Result:
    """What a visible check found; shows itself in a notebook and in a plain terminal."""

    function: str
    passed: bool
    message: str

    def __str__(self) -> str:
        return f"{'✓' if self.passed else '✗'} {self.function}: {self.message}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        colour, mark = ("#1a7f37", "✓") if self.passed else ("#cf222e", "✗")
        message = html.escape(self.message).replace("\n", "<br>")
        return (
            f'<div role="status" style="border-left:4px solid {colour};padding:.4em .8em">'
            f'<b style="color:{colour}">{mark} {html.escape(self.function)}</b> {message}</div>'
        )


@cache
def find_check(function: str) -> Check:
    """Return the visible check of the student's function of that name; raises LookupError."""
    # One module a lesson, each with its checks in `CHECKS`; the file's presence is enough.
    for lesson in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{lesson.name}")
        for check_class in getattr(module, "CHECKS", ()):
            if check_class.function == function:
                found: Check = check_class()
                return found
    raise LookupError(f"there is no check for {function!r}")


def run_check(check: Check, function: Callable[..., Any]) -> Result:
    """Try `function` on the check's visible cases and return what was found; never raises."""
    try:
        # The visible inputs are the same every time, so that a student can think about them.
        with usual_settings():
            cases = list(check.cases(random.Random(0)))
        for inputs in cases:
            try:
                # A copy, as at grading: what the student's function changes is not judged by.
                observed = as_plain(check.observe(function, **copy.deepcopy(inputs)))
            except NotImplementedError:
                raise MistakeError(
                    "not-attempted", "not written yet: the blank is still there."
                ) from None
            except Exception as error:
                raised = Raised(type(error).__name__, str(error))
                raise check.explain(raised, **inputs) or MistakeError(
                    "raised", f"your code raised {raised}"
                ) from error
            with usual_settings():
                check.judge(observed, **inputs)
    except MistakeError as miss:
        return Result(check.function, False, miss.message)
    return Result(check.function, True, check.title)


def check(name: str | Callable[..., Any]) -> Result:
    """Check the function called `name` in the notebook that asks, as `check("encode_reviews")`."""
    if callable(name):  # check(encode_reviews) is an easy slip, and clear enough
        name = getattr(name, "__name__", "")
    caller = sys._getframe(1).f_globals
    if name not in caller:
        return Result(name, False, f"nothing is called {name!r} yet: run the cell that defines it.")
    return run_check(find_check(name), caller[name])


def visible(function: Callable[..., Any], *, name: str) -> str | None:
    """Return the visible check's complaint about `function`, or None where there is none."""
    try:
        found = find_check(name)
    except LookupError:
        return None
    result = run_check(found, function)
    return None if result.passed else result.message
