"""The bars: how the reference solution itself came out, over secrets and seeds, on each device.

`bars.json` is written by `autograder calibrate`; no number in it is guessed. `runs.json` beside it
says how other ways of training come out on the same questions.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from statistics import fmean, stdev

from pydantic import BaseModel, ConfigDict

PATH = Path(__file__).with_name("bars.json")
RUNS = Path(__file__).with_name("runs.json")

#: How often a run of the reference may fall short of full marks, and an untrained model get any.
#: A run that falls short although nothing was seen to be wrong is asked a second question.
SHORT_OF_FULL, BY_LUCK = 1 / 100, 1 / 1000
#: How far full marks may lie from an untrained model, on the way to the mean of the reference: other
#: right ways learn more slowly, see runs.json.
FULL_FROM = 0.7
#: The deviation of the accuracy of models with a random head on the checkpoint's encoder, over 4,000
#: questions: such a head is a direction, too, and may happen to be like the question's.
UNTRAINED_SPREAD = 0.039
#: What a run earns that falls short of full marks: above, or below, two thirds of the way there from
#: luck. Six steps get less far, and so does a rate of 2e-5.
NEARLY, SOME, NEARLY_FROM = 0.7, 0.4, 2 / 3


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
    seconds: list[float]

    #: An untrained model knows nothing of a question that did not exist.
    untrained: float = 0.5

    @property
    def mean(self) -> float:
        return fmean(self.accuracies)

    @property
    def deviation(self) -> float:
        return stdev(self.accuracies)

    @cached_property
    def full(self) -> float:
        """The accuracy from which all points are earned.

        One more run of the reference misses it once in 100 times at most: it is no higher than the
        lower end of a prediction interval by Student's t. Each recorded accuracy is over as many
        hidden texts as a student's run, so the spread holds the chance of their draw already.
        """
        from scipy.stats import t

        n = len(self.accuracies)
        reach = -float(t.ppf(SHORT_OF_FULL, n - 1)) * (1 + 1 / n) ** 0.5
        most_of_the_way = self.untrained + FULL_FROM * (self.mean - self.untrained)
        return min(self.mean - reach * self.deviation, most_of_the_way)

    def luck(self, rows: int) -> float:
        """The accuracy on `rows` texts that an untrained model reaches once in 1,000 times."""
        from scipy.stats import binom, norm

        by_rows = float(binom.isf(BY_LUCK, rows, self.untrained)) / rows
        return max(by_rows, self.untrained + float(norm.isf(BY_LUCK)) * UNTRAINED_SPREAD)

    def nearly(self, rows: int) -> float:
        """The accuracy on `rows` texts from which most of the points are earned."""
        return self.luck(rows) + NEARLY_FROM * (self.full - self.luck(rows))

    def credit(self, correct: int, rows: int) -> float:
        """Return the share of the points that so many right texts of `rows` earn."""
        accuracy = correct / rows
        if accuracy >= self.full:
            return 1.0
        if accuracy >= self.nearly(rows):
            return NEARLY
        return SOME if accuracy > self.luck(rows) else 0.0


@dataclass(frozen=True)
class Way:
    """A way of training (or none) and how it came out on this question, over some secrets."""

    name: str
    accuracies: list[float]

    @property
    def mean(self) -> float:
        return fmean(self.accuracies)


@cache
def load_bars(path: Path = PATH) -> dict[str, Bar]:
    """Return the recorded bars by device."""
    found = json.loads(path.read_text(encoding="utf-8"))
    return {device: Bar.model_validate(bar) for device, bar in found.items()}


@cache
def load_ways(path: Path = RUNS) -> list[Way]:
    """Return the other ways of training that were measured, best first."""
    found = json.loads(path.read_text(encoding="utf-8"))
    ways = [Way(name, accuracies) for name, accuracies in found["ways"].items()]
    return sorted(ways, key=lambda way: -way.mean)


def bar_for(device: str) -> Bar:
    """Return the bar for `device`; where none was measured, the CPU's, for the CPU's budget."""
    bars = load_bars()
    return bars.get(device, bars["cpu"])
