"""Visible checks of lesson 03: how long a run is, and how its learning rate rises and falls."""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any, ClassVar

from course.checks.base import Check, Inputs
from course.checks.mistakes import mistake, tell_first
from course.checks.predicted import Predicted
from course.checks.values import need_mapping, need_number, need_tensor, numbers


class TrainingSteps(Predicted):
    """A run has as many steps as batches in all epochs, the short ones included."""

    function = "training_steps"
    predicted = (
        "steps-of-one-epoch",
        "steps-without-the-last",
        "steps-short-batch-once",
        "steps-one-too-many",
        "steps-per-row",
        "steps-across-epochs",
        "steps-rounded-in-the-end",
        "steps-broken",
    )
    told = ("returns-none", "not-a-number", "not-finite", "steps-wrong")

    #: Batches of one epoch, full and short ones, counted on fingers.
    COUNTED: ClassVar = {(53, 16): (3, 1), (64, 16): (4, 0), (5, 8): (0, 1), (65, 16): (4, 1)}

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield runs whose rows fill the last batch, and runs whose rows do not."""
        for epochs, (rows, batch_size) in zip((7, 3, 4, 3), self.COUNTED, strict=True):
            yield {"rows": rows, "batch_size": batch_size, "epochs": epochs}

    @staticmethod
    def observe(function: Callable[..., Any], *, rows: int, batch_size: int, epochs: int) -> Any:
        """Ask for one run; the arguments may have other names."""
        return function(rows, batch_size, epochs)

    def batches(self, rows: int, batch_size: int) -> tuple[int, int]:
        """Return how many full batches an epoch has, and how many short ones."""
        return self.COUNTED[rows, batch_size]

    def answer(self, *, rows: int, batch_size: int, epochs: int) -> int:
        """See :class:`Predicted`."""
        return epochs * sum(self.batches(rows, batch_size))

    def predictions(self, *, rows: int, batch_size: int, epochs: int) -> dict[str, Any]:
        """See :class:`Predicted`."""
        full, short = self.batches(rows, batch_size)
        exact = epochs * rows / batch_size
        found = (
            full + short,
            epochs * full,
            epochs * full + short,
            epochs * (full + 1),
            epochs * rows,
            math.ceil(exact),
            math.floor(exact),
            exact,
        )
        return dict(zip(self.predicted, found, strict=True))

    def judge(self, observed: Any, **inputs: Any) -> None:
        """See :class:`Check`."""
        steps = need_number(observed, "The result of training_steps")
        if steps == self.answer(**inputs):
            return
        self.tell_prediction(lambda wrong: steps == wrong, inputs=inputs, steps=steps)
        id = "steps-wrong" if steps.is_integer() else "steps-broken"
        raise mistake(id, function=self.function, inputs=inputs, steps=steps)


def line_up_and_down(warm_up: float, total: int, steps: int) -> list[float]:
    """Return the shares of a rate that rises for `warm_up` steps and is 0 again after `total`."""
    return [
        step / warm_up if step < warm_up else max(0.0, (total - step) / (total - warm_up))
        for step in range(steps + 1)
    ]


class Curve:
    """The rate of one group of parameters before each step and at the end, as shares of its own."""

    def __init__(
        self, shares: list[float], *, batches_per_epoch: int, epochs: int, warmup_share: float
    ) -> None:
        self.shares, self.batches, self.epochs = shares, batches_per_epoch, epochs
        self.share, self.total = warmup_share, batches_per_epoch * epochs
        self.exact = warmup_share * self.total
        #: A quarter of the flattest step: a curve that is a step off is never taken for right, and
        #: neither rounding nor a start at a thousandth, which LinearLR needs, for wrong.
        self.near = 0.25 / self.total
        self.peak = max(range(len(shares)), key=shares.__getitem__)
        self.height, self.least = shares[self.peak], min(shares)
        self.start, self.end = shares[0], shares[-1]
        #: From this step on, the rate is 0.
        self.zero = max((k + 1 for k, s in enumerate(shares) if abs(s) > self.near), default=0)
        self.rise, self.fall = shares[: self.peak], shares[self.peak + 1 : self.zero]
        # Where the warm-up ends, measured by how steep it begins.
        self.warm_up = 1 / shares[1] if shares[1] > self.near else 0.0
        self.right = self.follows(self.warm_ups)
        self.partly = False

    @property
    def run(self) -> str:
        return f"In a run of {self.total} steps ({self.epochs} epochs of {self.batches} batches),"

    @property
    def warm_ups(self) -> list[float]:
        """All lengths of a right warm-up: rounded up or down, whatever floats made of the product."""
        around = range(math.ceil(self.exact - 1.01), math.floor(self.exact + 1.01) + 1)
        own = [self.warm_up] if abs(self.warm_up - self.exact) <= 1.01 else []
        return [*around, self.exact, *own]

    def same(self, shares: Iterable[float], wanted: Iterable[float]) -> bool:
        """Return whether two curves are the same, as far as they can be."""
        return all(
            abs(one - other) <= self.near for one, other in zip(shares, wanted, strict=False)
        )

    def follows(self, warm_ups: Iterable[float], late: int = 0) -> bool:
        """Return whether the lines are right for one of `warm_ups`, and reach 0 so much too late."""
        # What comes after a wrong end tells nothing more.
        shares = self.shares if not late else self.shares[:-1]
        return any(
            self.same(shares, line_up_and_down(warm_up, self.total + late, self.total))
            for warm_up in warm_ups
            if 0 < warm_up < self.total - 1
        )

    def straight(self, part: list[float]) -> bool:
        """Return whether a part of the curve is a straight line."""
        last = max(len(part) - 1, 1)
        return self.same(
            part, (part[0] + (part[-1] - part[0]) * k / last for k in range(len(part)))
        )

    @property
    def of_one_epoch(self) -> bool:
        part = self.share * self.batches
        return self.follows({part, math.floor(part), round(part), math.ceil(part)})

    @property
    def ahead(self) -> bool:
        """Whether all is right, but that the warm-up begins up to a step above 0."""
        return (
            self.near < self.start <= self.near + 1 / (self.exact - 1)
            and abs(self.peak - self.exact) <= 2
            and self.zero in (self.total, self.total - 1)
            and self.straight(self.rise)
            and self.straight(self.fall)
        )

    @property
    def levels(self) -> list[bool]:
        """For each step of the fall, whether the rate stays as it is."""
        return [abs(a - b) <= 1e-9 for a, b in pairwise(self.shares[self.peak : self.zero])]

    @property
    def in_stairs(self) -> bool:
        """Whether the fall has steps down, and never two of them in a row."""
        return not all(self.levels) and all(one or other for one, other in pairwise(self.levels))

    @property
    def valley(self) -> int:
        """The first step after the peak at which the rate is 0 and then rises again, or 0."""
        down = (k for k in range(self.peak, self.zero) if abs(self.shares[k]) <= self.near)
        return next(down, 0)


class MakeSchedule(Check):
    """The rate rises from 0 to its full height, and falls to 0 again, over all batches of all epochs."""

    function = "make_schedule"
    signs = {
        # Between two steps a peak may be missed, by less than one step's fall.
        "schedule-other-height": lambda it: not 1 - 2 / it.total < it.height < 1 + it.near,
        "schedule-some-groups": lambda it: it.partly,
        "schedule-constant": lambda it: it.height - it.least < it.near,
        "schedule-shifted": lambda it: it.ahead,
        "schedule-a-step-off": lambda it: it.follows(it.warm_ups, -1) or it.follows(it.warm_ups, 1),
        "warm-up-share-for-steps": lambda it: it.follows([it.share]),
        "warm-up-of-one-epoch": lambda it: it.of_one_epoch,
        "schedule-negative": lambda it: it.least < -it.near,
        "schedule-never-falls": lambda it: it.peak >= it.total - 1,
        "schedule-counts-epochs": lambda it: it.zero == it.epochs,
        "schedule-one-epoch": lambda it: it.zero == it.batches,
        "schedule-starts-again": lambda it: it.valley,
        "schedule-in-stairs": lambda it: it.in_stairs,
        "warm-up-missing": lambda it: it.peak == 0 and it.shares == sorted(it.shares, reverse=True),
        "schedule-starts-high": lambda it: it.start > it.near,
        "warm-up-bent": lambda it: not it.straight(it.rise),
        "schedule-stays-high": lambda it: all(it.levels),
        "schedule-curved": lambda it: not it.straight(it.fall),
        "schedule-ends-early": lambda it: it.zero < it.total,
        "schedule-ends-high": lambda it: it.zero > it.total,
        "warm-up-other-length": lambda it: it.follows([it.warm_up]),
        "schedule-other-curve": lambda it: True,
    }
    raised = (
        "steplr-no-warm-up",
        "old-scheduler-import",
        "schedule-length-missing",
        "schedule-without-optimizer",
        "schedule-wants-a-metric",
    )
    told = ("schedule-none", "not-a-scheduler", "not-finite")

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield a run whose warm-up is a whole number of steps, and one where it is not."""
        yield {"rates": [0.5, 0.1], "batches_per_epoch": 20, "epochs": 3, "warmup_share": 0.1}
        yield {"rates": [2e-3, 3.0], "batches_per_epoch": 23, "epochs": 5, "warmup_share": 0.25}

    @staticmethod
    def observe(
        function: Callable[..., Any],
        *,
        rates: list[float],
        batches_per_epoch: int,
        epochs: int,
        warmup_share: float,
    ) -> dict[str, Any]:
        """Step through a whole run and return the learning rates before each step, and at the end."""
        import torch

        groups = [{"params": [torch.nn.Parameter(torch.ones(1))], "lr": rate} for rate in rates]
        optimizer = torch.optim.SGD(groups, lr=1.0)
        scheduler = function(optimizer, batches_per_epoch, epochs, warmup_share)
        if not callable(getattr(scheduler, "step", None)):
            return {"instead": scheduler}
        curve = []
        for _ in range(batches_per_epoch * epochs):
            # A rate may be a tensor that the next step overwrites.
            curve.append([copy.deepcopy(group["lr"]) for group in optimizer.param_groups])
            optimizer.step()
            scheduler.step()
        return {"curve": [*curve, [group["lr"] for group in optimizer.param_groups]]}

    def judge(self, observed: Any, *, rates: list[float], **inputs: Any) -> None:
        """See :class:`Check`."""
        found = need_mapping(observed, [], "What was observed")
        if "instead" in found:
            instead = found["instead"]
            raise mistake("schedule-none" if instead is None else "not-a-scheduler", it=instead)
        need_mapping(found, ["curve"], "What was observed")
        what, total = "The learning rates", inputs["batches_per_epoch"] * inputs["epochs"]
        curve = need_tensor(numbers(found["curve"], what), what, shape=(total + 1, len(rates)))
        if not bool(curve.isfinite().all()):
            raise mistake("not-finite", what="A learning rate", value=float(curve.sum()))
        curves = [
            Curve([share / rate for share in curve[:, group].tolist()], **inputs)
            for group, rate in enumerate(rates)
        ]
        wrong = [curve for curve in curves if not curve.right]
        if wrong:
            wrong[0].partly = len(wrong) < len(curves)
            tell_first(self.signs, wrong[0], function=self.function)


CHECKS = (TrainingSteps, MakeSchedule)
