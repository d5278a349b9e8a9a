"""What is to be seen in a watched run: the record of :mod:`course.checks.run_watch`, read as hostile.

A record comes from the student's process, so it proves nothing; it says why a measured result may be
what it is. What it does not hold is *not seen*, which is not the same as none: such a property is
None or empty, and no sign rests on it.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from statistics import fmean, median
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

#: Numbers from here on are of rows that are none of the run's texts; from FOREIGN[1] on, of rows too
#: short to be known. See RunWatch.
FOREIGN = (10**6, 2 * 10**6)
#: Losses at either end of a run that are averaged.
ENDS = 5
#: Rates below this share of the highest are nothing.
NO_RATE = 1e-6

Count = Annotated[int, Field(ge=0, le=10**9)]


def highest(rates: list[float]) -> float | None:
    """Return the highest of `rates` that is a number, or None."""
    return max(filter(math.isfinite, rates), default=None)


class Update(BaseModel):
    """One update of weights, and what went on since the one before."""

    model_config = ConfigDict(frozen=True, strict=True)

    rates: list[float] = []
    encoder_rates: list[float] = []
    rows: list[Count] = []
    labels: list[int] = []
    losses: list[float] = []
    backwards: Count = 0
    training: bool = False
    gradients: bool = False
    stale: bool = False
    softmaxed: bool = False
    by_hand: bool = False

    @property
    def rate(self) -> float | None:
        """The highest rate of all groups, or None where none was seen."""
        return highest(self.rates)


class Record(BaseModel):
    """All that the watcher tells; whatever is missing was not seen."""

    model_config = ConfigDict(frozen=True, strict=True)

    updates: list[Update] = []
    backwards_left: Count = 0
    forwards_left: Count = 0
    optimizers: list[Annotated[str, Field(max_length=100)]] = []
    returned_is_held: bool = False
    returned_got_gradients: bool = False
    head_moved: bool | None = None
    left_in_training: bool = False
    seconds: float = 0.0


def read_record(told: Any) -> Record:
    """Return the record in what came back; one in which nothing was seen where it is none."""
    try:
        return Record.model_validate(told)
    except ValidationError:
        return Record()


@dataclass(frozen=True)
class Seen:
    """What a record shows, beside what was asked for: `labels` are those that fine_tune was given."""

    record: Record
    asked_steps: int
    asked_batch: int
    labels: tuple[int, ...]

    @property
    def updates(self) -> list[Update]:
        return self.record.updates

    @property
    def steps(self) -> int:
        return len(self.updates)

    @property
    def nothing(self) -> bool:
        """Nothing of a training run was seen: no update, no backward, no forward with gradients."""
        return not (self.updates or self.record.backwards_left or self.record.forwards_left)

    @cached_property
    def optimizer(self) -> str:
        """The optimizer's name, or how the weights were updated."""
        if self.record.optimizers:
            return " and ".join(self.record.optimizers)[:80]
        return "updates by hand" if self.updates else "no optimizer"

    @property
    def by_hand(self) -> bool:
        return bool(self.updates) and not self.record.optimizers

    # Rates

    @cached_property
    def rates(self) -> list[float]:
        return [rate for update in self.updates if (rate := update.rate) is not None]

    @property
    def highest_rate(self) -> float:
        return max(self.rates, default=0.0)

    @property
    def encoder_rate(self) -> float:
        """The highest rate at which a whole layer was moved; a head alone bears a larger one."""
        return highest([rate for one in self.updates for rate in one.encoder_rates]) or 0.0

    @property
    def rates_known(self) -> bool:
        """Every update told a rate."""
        return bool(self.rates) and len(self.rates) == self.steps

    @property
    def idle_steps(self) -> int:
        """How many updates had a rate of 0 (or next to it)."""
        return sum(rate <= NO_RATE * self.highest_rate for rate in self.rates)

    @property
    def only_rises(self) -> bool:
        """The rate rose to the very end."""
        rates = self.rates
        return len(set(rates)) > 2 and all(a < b for a, b in pairwise(rates))

    # Rows and labels

    @cached_property
    def rows(self) -> list[int]:
        return [row for update in self.updates for row in update.rows]

    @property
    def distinct_rows(self) -> int:
        """How many different rows may have been used: those too short to be known may all differ."""
        known = [row for row in self.rows if row < FOREIGN[1]]
        return len(set(known)) + len(self.rows) - len(known)

    @property
    def foreign_rows(self) -> int:
        """How many rows are none of the given texts."""
        return sum(FOREIGN[0] <= row < FOREIGN[1] for row in self.rows)

    @property
    def batch(self) -> int:
        """How many different rows an update used, in the middle of the run; 0 if not seen."""
        sizes = [
            len(set(update.rows))
            for update in self.updates
            if update.rows and max(update.rows) < FOREIGN[1]
        ]
        return int(median(sizes)) if sizes else 0

    @cached_property
    def labelled(self) -> list[tuple[int, int]]:
        """The label that was given, and the one that was used, of each row where both are known."""
        return [
            (self.labels[row], label)
            for update in self.updates
            for row, label in zip(update.rows, update.labels, strict=False)
            if row < len(self.labels) and label >= 0
        ]

    @property
    def labels_known(self) -> bool:
        """Enough labels were seen to say how they fit."""
        return len(self.labelled) >= max(12, len(self.rows) // 2)

    @property
    def wrong_labels(self) -> float:
        """The share of rows that were trained with another label than the given one."""
        return fmean(given != used for given, used in self.labelled) if self.labelled else 0.0

    @property
    def used_labels(self) -> Counter[int]:
        return Counter(used for _, used in self.labelled)

    @property
    def only_label(self) -> int | None:
        """The one label that all rows had in training, or None."""
        used = list(self.used_labels)
        return used[0] if len(used) == 1 else None

    @property
    def over_budget(self) -> str:
        """In which way the run did not keep its budget, in words; empty where it did."""
        most = self.asked_steps * self.asked_batch
        if not self.steps or not self.rows:
            return f"its {'reviews' if self.steps else 'steps'} were not seen"
        if self.steps > self.asked_steps:
            return f"{self.steps} steps instead of {self.asked_steps}"
        if len(self.rows) > most:
            return f"{len(self.rows):,} reviews instead of {most:,}"
        if self.foreign_rows:
            return f"{self.foreign_rows} texts that were not given"
        return ""

    # Losses and modes

    @cached_property
    def losses(self) -> list[float]:
        means = [fmean(update.losses) for update in self.updates if update.losses]
        return [loss for loss in means if math.isfinite(loss)]

    @property
    def first_loss(self) -> float:
        return fmean(self.losses[:ENDS]) if self.losses else math.nan

    @property
    def last_loss(self) -> float:
        return fmean(self.losses[-ENDS:]) if self.losses else math.nan

    @property
    def course_of_loss(self) -> str:
        """A sentence on the loss at either end of the run; empty where it was not seen."""
        if len(self.losses) < 2 * ENDS:
            return ""
        return (
            f" The mean loss was {self.first_loss:.2f} over the first {ENDS} updates and "
            f"{self.last_loss:.2f} over the last {ENDS}."
        )

    @property
    def looked_at(self) -> list[Update]:
        """The updates of which a forward pass was seen."""
        return [update for update in self.updates if update.rows]

    @property
    def never_training(self) -> bool:
        return bool(self.looked_at) and not any(update.training for update in self.looked_at)

    @property
    def stale(self) -> int:
        return sum(update.stale for update in self.updates)

    @property
    def empty_steps(self) -> int:
        """How many optimizer steps found no gradient."""
        return sum(not update.gradients for update in self.updates if not update.by_hand)

    @property
    def softmaxed(self) -> bool:
        return any(update.softmaxed for update in self.updates)
