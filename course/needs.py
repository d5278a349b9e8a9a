"""Cells that use a student's function: where it is not written yet, they say so and nothing stops.

Such a cell of a lesson begins with `%%needs build_classifier`. Run from top to bottom before the
task is solved, it names what it waits for, and every cell that does not need it goes on. With all
of the functions written the line does nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

MARK = "%%needs"
#: The group of entry points in which the self-learner's edition is registered.
GROUP = "bert_classroom"


def is_blank(function: Any) -> bool:
    """Return whether a function is missing, or still the blank that a lesson handed out."""
    code = getattr(function, "__code__", None)
    return function is None or (code is not None and "NotImplementedError" in code.co_names)


def is_alone() -> bool:
    """Return whether this is the self-learner's edition."""
    return bool(entry_points(group=GROUP))


def transformed(lines: list[str], notebook: Mapping[str, Any]) -> list[str]:
    """Return a cell's lines as they run: its own, or one that says what the cell waits for."""
    if not lines or not lines[0].startswith(MARK):
        return lines
    names = lines[0].removeprefix(MARK).split()
    missing = [name for name in names if is_blank(notebook.get(name))]
    if not missing:
        return ["\n", *lines[1:]]  # an error keeps the number of its line
    listed = " and ".join(f"`{name}`" for name in missing)
    word = "is" if len(missing) == 1 else "are"
    said = f"This cell needs {listed}, which {word} not written yet. Come back later."
    if is_alone():
        calls = "; ".join(f'lend("{name}")' for name in missing)
        said += f" To borrow: `from course import lend; {calls}`."
    return [f"print({said!r})\n"]


def register() -> None:
    """Let the notebook that imports the course understand `%%needs`; elsewhere do nothing."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None else None
    if shell is not None and not any(
        getattr(one, "__name__", "") == "needs" for one in shell.input_transformers_cleanup
    ):

        def needs(lines: list[str]) -> list[str]:
            return transformed(lines, shell.user_ns)

        shell.input_transformers_cleanup.append(needs)
