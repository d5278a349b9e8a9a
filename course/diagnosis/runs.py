"""The broken runs as students have them: scripts and logs, one drawn for each name.

They come from `runs.json`, which is built from the graders' catalogue. Only the practice runs have
their answers with them.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from course.practice.mastery import plain_name

FILE = Path(__file__).with_name("runs.json")
#: From here on a learning rate is a fault by itself (lesson 05, the experiment with four rates).
FAR_TOO_HIGH = 1e-3


class Answer(BaseModel):
    """What is wrong with a practice run."""

    model_config = ConfigDict(frozen=True)

    fault: str
    #: The lines that may be named, from 1.
    lines: tuple[int, ...]
    hint: str
    why: str


class Log(BaseModel):
    """What was seen of the script's real run."""

    model_config = ConfigDict(frozen=True)

    #: For each step: the loss, the learning rate, and the norm of the gradients that the optimizer
    #: found; None where there was none.
    steps: tuple[tuple[float | None, float | None, float | None], ...]
    #: The first loss of another run with the same seed.
    again: float | None
    #: Of the model that came back, in the mode in which it came.
    training_accuracy: float
    validation_accuracy: float


class Run(BaseModel):
    """One broken run: a script with one fault, and the log of its real run."""

    model_config = ConfigDict(frozen=True)

    number: int
    script: str
    log: Log
    answer: Answer | None = None

    @property
    def lines(self) -> list[str]:
        return self.script.splitlines()

    @property
    def rate(self) -> float | None:
        """The learning rate that the script sets, or None where that is far too high."""
        found = re.search(r"\blr=([\d.]+(?:e-?\d+)?)", self.script)
        rate = float(found[1]) if found else None
        return None if rate is None or rate >= FAR_TOO_HIGH else rate


@cache
def _built() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


@cache
def fault_titles() -> dict[str, str]:
    """Return what each fault is called, by its name."""
    return dict(_built()["faults"])


@cache
def runs() -> dict[int, Run]:
    """Return all runs, by number."""
    return {one["number"]: Run.model_validate(one) for one in _built()["runs"]}


def run_number(name: str) -> int:
    """Return the number of the run that is drawn for the student `name`: always the same."""
    graded = sorted(number for number, run in runs().items() if run.answer is None)
    digest = hashlib.sha256(f"broken run\0{plain_name(name)}".encode()).digest()
    return graded[int.from_bytes(digest[:8]) % len(graded)]


def run_of(name: str) -> Run:
    """Return the run that is drawn for `name`; its docstring says whose it is."""
    run = runs()[run_number(name)]
    own = run.script.replace(f'"""Run {run.number}."""', f'"""Run {run.number} of {name}."""')
    return run.model_copy(update={"script": own})


def practised(number: int) -> tuple[Run, Answer]:
    """Return a run to practise on and its answer; raises LookupError with the numbers there are."""
    run = runs().get(number)
    if run is None or run.answer is None:
        have = ", ".join(str(one) for one, run in runs().items() if run.answer is not None)
        raise LookupError(f"There is no practice run {number!r}; there are {have}.")
    return run, run.answer
