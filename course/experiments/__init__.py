"""Experiments with real training: a bench for short runs, and the challenge of lesson 05.

`TrainingBench()` trains the top of BERT for some seconds, with settings of one's own; `Challenge(...)`
runs a student's `fine_tune` within a budget. Every run is kept in the learner's journal.
"""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["Challenge", "TrainingBench"]

_HOMES = {"Challenge": "challenge", "TrainingBench": "bench"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'course.experiments' has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
