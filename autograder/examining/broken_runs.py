"""Broken runs for lesson 06: a healthy script with one silent fault, its settings drawn by number.

The faults with their answers are in the exam's folder and go to no student, except those of the
practice runs. `course/diagnosis/runs.json` is built from here: scripts and logs, without answers.
"""

from __future__ import annotations

import ast
import difflib
import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from autograder.errors import CourseError
from course.yaml_records import RecordsError, read_records

LAYOUTS = ("plain", "loader")
#: Numbers of the practice runs begin here; their answers are known to students.
PRACTICE_FROM = 101
#: The faults that are practised on: one of each kind of symptom.
PRACTISED = (
    "scheduler-never-stepped",
    "labels-of-other-rows",
    "softmax-before-loss",
    "same-batch-again",
    "fresh-model-returned",
    "seeded-too-late",
    "optimizer-of-the-head-only",
    "gradients-never-cleared",
)


class Edit(BaseModel):
    """One replacement in a script's text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    old: str
    new: str


class Fault(BaseModel):
    """One silent fault: what it is called, what points to it, and how it is put into a script."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    title: str
    hint: str
    why: str
    plain: list[Edit] | Edit
    loader: list[Edit] | Edit
    #: What else a line may hold that is named with reason, besides those that were changed.
    also: list[str] = []

    def edits(self, layout: str) -> list[Edit]:
        found: list[Edit] | Edit = getattr(self, layout)
        return found if isinstance(found, list) else [found]


@dataclass(frozen=True)
class BrokenRun:
    """A script with one fault."""

    number: int
    fault: Fault
    layout: str
    healthy: str
    script: str
    #: The highest learning rate that the healthy script sets.
    rate: float

    @property
    def lines(self) -> frozenset[int]:
        """The lines of the script that may be named, from 1.

        These are the lines that were changed and those beside them, for a line may be missing
        there; all lines of a statement that was changed; and what the fault names in `also`.
        """
        old, new = self.healthy.splitlines(), self.script.splitlines()
        found: set[int] = set()
        matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
        for tag, _, _, start, end in matcher.get_opcodes():
            if tag != "equal":
                found |= set(range(start, end + 2))
        for node in ast.walk(ast.parse(self.script)):
            if isinstance(node, ast.Assign | ast.Expr | ast.Return):
                lines = set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
                found |= lines if found & lines else set()
        for number, line in enumerate(new, 1):
            if any(text in line for text in self.fault.also):
                found.add(number)
        return frozenset(found & set(range(1, len(new) + 1)))

    @property
    def practised(self) -> bool:
        return self.number >= PRACTICE_FROM


@cache
def faults(folder: Path) -> dict[str, Fault]:
    """Return the faults of the exam in `folder`, by id; raises CourseError."""
    try:
        return read_records(folder / "faults.yaml", Fault)
    except RecordsError as error:
        raise CourseError(str(error)) from error


@cache
def broken_runs(folder: Path) -> dict[int, BrokenRun]:
    """Return all runs, by number: each fault in each layout, then those for practice."""
    known = faults(folder)
    graded = [(known[id], layout) for id in known for layout in LAYOUTS]
    # In an order that says nothing of the fault.
    random.Random("broken runs").shuffle(graded)
    practised = [(known[id], LAYOUTS[place % 2]) for place, id in enumerate(PRACTISED)]
    numbered = [*enumerate(graded, 1), *enumerate(practised, PRACTICE_FROM)]
    return {number: _run(folder, number, fault, layout) for number, (fault, layout) in numbered}


def _run(folder: Path, number: int, fault: Fault, layout: str) -> BrokenRun:
    rng = random.Random(f"broken run {number}")
    rate = rng.choice(["8e-5", "9e-5", "1e-4", "1.1e-4", "1.2e-4", "1.3e-4", "1.4e-4", "1.5e-4"])
    settings: dict[str, Any] = {
        "number": number,
        "lr": rate,
        "decay": rng.choice(["0.01", "0.02", "0.05"]),
        "warmup": rng.choice([8, 10, 12]),
        "length": rng.choice([40, 44, 48, 56]),
        "rows": rng.choice(["rows", "chosen", "drawn", "members"]),
        "deck": rng.choice(["order", "deck", "queue", "supply"]),
    }

    def filled(text: str) -> str:
        for name, value in settings.items():
            text = text.replace(f"{{{name}}}", str(value))
        return text

    healthy = filled((folder / "scripts" / f"{layout}.txt").read_text(encoding="utf-8"))
    script = healthy
    for edit in fault.edits(layout):
        old = filled(edit.old)
        if script.count(old) != 1:
            raise CourseError(f"The fault {fault.id}: {old!r} is not once in {layout}.txt.")
        script = script.replace(old, filled(edit.new))
    return BrokenRun(number, fault, layout, healthy, script, float(rate))
