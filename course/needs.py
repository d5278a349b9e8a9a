"""Cells that use a student's function: where it is not written yet, they say so and nothing stops.

A lesson's later cells show what a solved task gives. Run from top to bottom before it is solved,
such a cell names the task that it waits for, and every cell that does not need it goes on.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any


class needs:
    """The functions that a block uses: `with needs("build_classifier"): …`.

    An exception that comes while one of them is still blank is swallowed, and one sentence tells
    which. With all of them written, exceptions pass as ever.
    """

    def __init__(self, *names: str) -> None:
        self.names = names
        self.notebook: dict[str, Any] = sys._getframe(1).f_globals

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        missing = [name for name in self.names if is_blank(self.notebook.get(name))]
        if not missing or not isinstance(error, Exception):
            return False
        listed = " and ".join(f"`{name}`" for name in missing)
        word = "is" if len(missing) == 1 else "are"
        print(f"This cell needs {listed}, which {word} not written yet. Come back to it later.")
        return True


def is_blank(function: Callable[..., Any] | None) -> bool:
    """Return whether a function is missing, or still the blank that a lesson handed out."""
    code = getattr(function, "__code__", None)
    if function is None:
        return True
    return code is not None and "NotImplementedError" in code.co_names
