"""Visible checks: answer at once, are worth no points, and say which mistake a wrong answer shows.

Notebooks call :func:`check`. A check judges by the same result as the exam, on other inputs.
"""

from __future__ import annotations

import contextlib
import copy
import html
import importlib
import io
import linecache
import logging
import os
import pkgutil
import random
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from course.checks.base import Check, Raised
from course.checks.mistakes import MistakeError, mistake
from course.checks.tries import offer_after
from course.plain import as_plain
from course.settings import usual_settings


@dataclass(frozen=True)
class Result:
    """What a visible check found; shows itself in a notebook and in a plain terminal.

    `title` and `section` name the mistake and where the lesson treats it; `trace` are the
    student's own lines in which an exception was raised; `offer` is help, when it is due.
    """

    function: str
    passed: bool
    message: str
    title: str = ""
    section: str = ""
    trace: str = ""
    offer: str = ""

    def __str__(self) -> str:
        title = f"{self.title}. " if self.title else ""
        where = f' See "{self.section_title}".' if self.section else ""
        trace = f"\n{self.trace}" if self.trace else ""
        offer = f"\n{self.offer}" if self.offer else ""
        mark = "✓" if self.passed else "✗"
        return f"{mark} {self.function}: {title}{self.message}{where}{trace}{offer}"

    __repr__ = __str__

    @property
    def section_title(self) -> str:
        from course.practice.places import taught_in

        return taught_in(self.section)

    def _repr_html_(self) -> str:
        from course.practice.showing import inline

        mark, kind = ("✓", "right") if self.passed else ("✗", "wrong")
        parts = [f"<b>{mark} {html.escape(self.function)}</b>"]
        if self.title:
            parts.append(f"<b>{html.escape(self.title)}.</b>")
        parts.append(html.escape(self.message).replace("\n", "<br>"))
        if self.section:
            title = self.section_title
            anchor = html.escape(title.replace(" ", "-"), quote=True)
            parts.append(f'See <a href="#{anchor}">{html.escape(title)}</a>.')
        if self.trace:
            parts.append(f"<pre>{html.escape(self.trace)}</pre>")
        if self.offer:
            parts.append(f"<br>{inline(self.offer)}")
        return (
            f"<style>{_STYLE}</style>"
            f'<div role="status" class="bc-check bc-{kind}">{" ".join(parts)}</div>'
        )


# JupyterLab's own colours, so that the mark is seen on light and on dark pages.
_STYLE = (
    ".bc-check{border-left:4px solid;padding:.4em .8em}"
    ".bc-check.bc-right{border-color:var(--jp-success-color1,#1a7f37)}"
    ".bc-check.bc-wrong{border-color:var(--jp-error-color1,#cf222e)}"
)


@cache
def find_check(function: str) -> Check:
    """Return the visible check of the student's function of that name; raises LookupError."""
    # Modules of lessons list their checks in `CHECKS`; the file's presence is enough.
    for module_info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        for check_class in getattr(module, "CHECKS", ()):
            if check_class.function == function:
                found: Check = check_class()
                return found
    raise LookupError(f"there is no check for {function!r}")


def run_check(check: Check, function: Callable[..., Any]) -> Result:
    """Try `function` on the check's visible cases and return what was found; never raises."""
    trace = ""
    try:
        with usual_settings():
            # The visible inputs are the same every time, so that a student can think about them.
            for inputs in check.cases(random.Random(0)):
                try:
                    # A copy, as at grading: what the function changes is not judged by.
                    observed = as_plain(check.observe(function, **copy.deepcopy(inputs)))
                except NotImplementedError:
                    raise mistake("not-attempted", function=check.function) from None
                except Exception as error:
                    trace = _own_lines(error)
                    raised = Raised(type(error).__name__, str(error))
                    known = check.explain(raised, **inputs)
                    raise known or mistake(
                        "raised", function=check.function, raised=raised
                    ) from error
                check.judge(observed, **inputs)
    except MistakeError as error:
        told = error.mistake
        return Result(check.function, False, error.message, told.title, told.section, trace)
    return Result(check.function, True, check.title)


def _own_lines(error: Exception) -> str:
    """Return where in the notebook's own cells an exception came from: cell, line and text."""
    lines = []
    for frame in traceback.extract_tb(error.__traceback__):
        if "ipykernel" in frame.filename or frame.filename.startswith("<"):
            text = linecache.getline(frame.filename, frame.lineno or 0).strip()
            if text:
                lines.append(f"line {frame.lineno} of its cell, in {frame.name}: {text}")
    return "\n".join(lines[-4:])


def check(name: str | Callable[..., Any]) -> Result | None:
    """Check the function called `name` in the notebook that asks, as `check("encode_reviews")`.

    While `nbgrader validate` runs, what does not pass raises, so that validation fails there.
    """
    if callable(name):  # check(encode_reviews) is an easy slip, and clear enough
        name = getattr(name, "__name__", "")
    caller = sys._getframe(1).f_globals
    validating = os.environ.get("NBGRADER_EXECUTION") == "validate"
    if name in caller:
        with _without_noise() if validating else contextlib.nullcontext():
            result = run_check(find_check(name), caller[name])
    else:
        message = f"nothing is called {name!r} yet: run the cell that defines it."
        result = Result(name, False, message)
    if result.passed:
        _remember(name)
    if not validating:
        if not result.passed and name in caller:
            return replace(result, offer=offer_after(name, caller[name]))
        return result
    if not result.passed:
        raise AssertionError(str(result))
    print(result)  # a value would be taken for a number of points
    return None


def _remember(function: str) -> None:
    """Write into the learner's journal that a check is met; where nothing can be kept, go on."""
    from course.practice.journal import Entries, Journal

    def met(entries: Entries) -> None:
        entries.tasks[function] = entries.task(function).model_copy(update={"checked": True})

    with contextlib.suppress(OSError, RuntimeError):
        journal = Journal()
        if not journal.read().task(function).checked:
            journal.change(met)


@contextlib.contextmanager
def _without_noise() -> Iterator[None]:
    """Nothing on stderr: nbgrader's validation takes any word there for a failure."""
    disabled = logging.root.manager.disable
    logging.disable()
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(disabled)


def visible(function: Callable[..., Any], *, name: str) -> str | None:
    """Return the visible check's complaint about `function`, or None where there is none."""
    try:
        found = find_check(name)
    except LookupError:
        return None
    result = run_check(found, function)
    return None if result.passed else result.message
