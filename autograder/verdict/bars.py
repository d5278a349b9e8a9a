"""The bars: how the reference solution itself came out, over seeds, on each kind of device.

`bars.json` is written by `autograder calibrate`; no number in it is guessed.
"""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from autograder.verdict.evidence import Evidence

PATH = Path(__file__).with_name("bars.json")

#: Standard deviations below the reference's mean that still earn full marks: one run in 700 of
#: the reference itself falls lower.
FULL_SIGMAS = 3.0
#: Standard errors above an untrained model's mean accuracy, below which a run has shown nothing.
CHANCE_SIGMAS = 3.0
#: What a run earns that falls short of full marks: in the upper half of the way there, or the lower.
NEARLY, SOME = 0.7, 0.4


class Bar(BaseModel):
    """The reference's spread on one kind of device, and what it was measured with."""

    model_config = ConfigDict(frozen=True)

    device: str
    device_name: str
    versions: dict[str, str]
    measured_on: str
    steps: int
    batch_size: int
    accuracies: list[float]
    losses: list[float]
    canary_rates: list[float]
    untrained_accuracies: list[float]
    seconds: list[float]

    @property
    def mean(self) -> float:
        return sum(self.accuracies) / len(self.accuracies)

    @property
    def deviation(self) -> float:
        """The sample standard deviation over the seeds (with n - 1)."""
        squares = sum((a - self.mean) ** 2 for a in self.accuracies)
        return math.sqrt(squares / (len(self.accuracies) - 1))

    @property
    def untrained(self) -> float:
        return sum(self.untrained_accuracies) / len(self.untrained_accuracies)

    def full(self) -> float:
        """The accuracy from which full marks are given.

        Each recorded accuracy is over as many hidden reviews as a student's run, so the spread
        over seeds holds the chance of the draw of reviews already.
        """
        return self.mean - FULL_SIGMAS * self.deviation

    def chance(self, rows: int) -> float:
        """The accuracy on `rows` reviews that luck alone hardly ever gives an untrained model."""
        p = self.untrained
        return p + CHANCE_SIGMAS * math.sqrt(p * (1 - p) / rows)

    def credit(self, evidence: Evidence) -> float:
        """Return the share of the points that a proved run's accuracy earns."""
        full, chance = self.full(), self.chance(evidence.rows)
        if evidence.accuracy >= full:
            return 1.0
        if evidence.accuracy < chance:
            return 0.0
        return NEARLY if evidence.accuracy >= (full + chance) / 2 else SOME


@cache
def load_bars(path: Path = PATH) -> dict[str, Bar]:
    """Return the recorded bars by device."""
    import json

    return {
        device: Bar.model_validate(bar)
        for device, bar in json.loads(path.read_text(encoding="utf-8")).items()
    }


def bar_for(device: str) -> Bar:
    """Return the bar for `device`; where none was recorded, the CPU's.

    The GPU's budget sees seven times the reviews of the CPU's, so the CPU's bar is the milder
    one: lacking a record costs no student marks.
    """
    bars = load_bars()
    return bars.get(device, bars["cpu"])
