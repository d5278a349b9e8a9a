"""Broken training runs to find the fault in: a script that raises no error, and its real log.

`broken_run("anna")` shows the run that is drawn for a name, `practice_run(101)` one to practise on,
`diagnose(101, line=7, fault="...")` says whether a practice diagnosis is right, and `faults()` lists
all faults by name. Answers of the graded runs are not in this package.
"""

from __future__ import annotations

from typing import Any

__all__ = ["broken_run", "diagnose", "faults", "practice_run"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'course.diagnosis' has no attribute {name!r}")
    from course.diagnosis import showing

    return getattr(showing, name)
