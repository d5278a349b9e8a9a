"""Tries at a task: after two honest ones, whoever learns alone is offered a solution.

A try is honest if it is no blank and another program than the tries before it. In a class nothing is
counted: there the instructor decides when solutions are shown.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import textwrap
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from course.needs import is_alone, is_blank

if TYPE_CHECKING:
    from course.practice.journal import Entries

ENOUGH = 2


def offer_after(name: str, function: Callable[..., Any]) -> str:
    """Note that `function` did not pass, and return what is offered after that; "" if nothing is."""
    if not is_alone() or is_blank(function):
        return ""
    from course.practice.journal import Journal

    digest = _digest(function)

    def tried(entries: Entries) -> int:
        known = entries.task(name)
        tries = known.tries if digest in known.tries else [*known.tries, digest][-ENOUGH:]
        entries.tasks[name] = known.model_copy(update={"tries": tries})
        return len(tries)

    with suppress(OSError, RuntimeError):
        if Journal().change(tried) >= ENOUGH:
            return (
                "Stuck? The hints below the task come first. Then: "
                f'`from course import show_solution; show_solution("{name}")` shows a solution, and '
                "the lines in which yours differs."
            )
    return ""


def _digest(function: Callable[..., Any]) -> str:
    """Return a digest of what a function does: comments, spaces and blank lines do not count."""
    try:
        program = ast.dump(ast.parse(textwrap.dedent(inspect.getsource(function))))
    except (OSError, TypeError, SyntaxError):
        program = repr(function)
    return hashlib.sha256(program.encode()).hexdigest()[:16]
