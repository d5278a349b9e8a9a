"""The checks of lesson 06: a diagnosis that can be read, and a script that is mended.

The diagnosis is judged at grading alone: this package does not hold the answers. The mended script
is tried like `fine_tune` in lesson 05, on a tiny BERT, and must still be the run that it was.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, ClassVar

from course.checks import training_run
from course.checks.base import Check, Inputs
from course.checks.mistakes import Mistake, Signs, mistake
from course.checks.training_run import BATCH, Rehearsal
from course.checks.values import need_mapping, one_number
from course.diagnosis.runs import fault_titles, run_number, runs

#: The rates at which a short run like these learns (lesson 05).
SENSIBLE = (2e-5, 5e-4)
#: So much is read of the line that says whose run a script is.
LINE = 300


class Diagnosed:
    """What a student has found: whose run it is, the line, and the fault."""

    def __init__(self, observed: Any, **inputs: Any) -> None:
        found = need_mapping(observed, ["name", "line", "fault"], "What diagnosis returned")
        self.name = str(found["name"])[:200].strip()
        self.line = _whole(found["line"], 'The value of "line"')
        self.fault = " ".join(str(found["fault"]).split()).strip("`'\" ").lower()
        by_title = {title.lower(): name for name, title in fault_titles().items()}
        self.fault = by_title.get(self.fault, self.fault)
        self.number = run_number(self.name)
        self.count = len(runs()[self.number].lines)


def _whole(value: Any, what: str) -> int:
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value.strip()[:9])
    number = one_number(value, what)
    return int(number) if number.is_integer() and abs(number) < 10**6 else -1


class Diagnosis(Check):
    """The diagnosis names a run, a line and a fault. You learn at grading whether it is right."""

    function = "diagnosis"
    facts = Diagnosed
    signs: ClassVar[Signs] = {
        "no-name": lambda it: not it.name,
        "no-such-line": lambda it: not 1 <= it.line <= it.count,
        "no-such-fault": lambda it: it.fault not in fault_titles(),
    }
    told: ClassVar[tuple[str | Mistake, ...]] = (
        "returns-none",
        "wrong-type",
        "missing-key",
        "not-numbers",
        "several-numbers",
        "not-finite",
    )

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield one call without arguments."""
        yield {}


class Mended(Rehearsal):
    """What is to be seen of a mended script, beside what the script was."""

    def __init__(self, observed: Any, **inputs: Any) -> None:
        super().__init__(observed, **inputs)
        says = str(observed.get("says", ""))[:LINE]
        said = re.search(r"\bRun (\d{1,3}) of (.{1,200}?)\.?\s*$", says)
        if said is None or run_number(said[2]) != int(said[1]):
            raise mistake("run-not-named")
        self.run, self.name = runs()[int(said[1])], said[2]

    @property
    def rate(self) -> float:
        return self.seen.highest_rate

    @cached_property
    def wanted(self) -> str:
        rate = self.run.rate
        return f"{rate:g}" if rate else f"{SENSIBLE[0]:g} to {SENSIBLE[1]:g}"

    @property
    def keeps_rate(self) -> bool:
        """The script's own rate is kept; where that was the fault, any sensible one will do."""
        if not self.seen.rates_known:
            return True
        if self.run.rate is None:
            return SENSIBLE[0] <= self.rate <= SENSIBLE[1]
        return abs(self.rate - self.run.rate) <= 0.01 * self.run.rate


class TrainReviews(training_run.FineTune):
    """The script is mended: it trains the whole model, on all rows, and can be repeated."""

    function = "train_reviews"
    facts = Mended
    signs: ClassVar[Signs] = {
        **training_run.FineTune.signs,
        "same-rows-again": lambda it: it.seen.rows and it.seen.distinct_rows < 2 * BATCH,
        "warmup-never-ends": lambda it: it.seen.rates_known and it.seen.only_rises,
        "rate-never-changes": lambda it: it.seen.rates_known and len(set(it.seen.rates)) == 1,
        "another-rate": lambda it: not it.keeps_rate,
    }
    told: ClassVar[tuple[str | Mistake, ...]] = (*training_run.FineTune.told, "run-not-named")

    @staticmethod
    def observe(function: Callable[..., Any], **inputs: Any) -> dict[str, Any]:
        """Watch it as `fine_tune` is watched, and read which run it says it is."""
        found = training_run.FineTune.observe(function, **inputs)
        says = (getattr(function, "__doc__", None) or "").strip().partition("\n")[0]
        return {**found, "says": says[:LINE]}


CHECKS = (Diagnosis, TrainReviews)
