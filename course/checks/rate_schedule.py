"""Visible checks of lesson 03: how long a run is, and how its learning rate rises and falls."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any, ClassVar

from course.checks.base import Check, Inputs, Raised
from course.checks.mistakes import MistakeError, code
from course.checks.values import need_mapping, need_number


class TrainingSteps(Check):
    """A run has as many steps as batches in all epochs, the short ones included."""

    function = "training_steps"

    #: Batches of one epoch, full and short ones, counted on fingers.
    COUNTED: ClassVar = {(50, 16): (3, 1), (64, 16): (4, 0), (5, 8): (0, 1)}

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield runs whose rows fill the last batch, and runs whose rows do not."""
        for epochs, (rows, batch_size) in enumerate(self.COUNTED, 2):
            yield {"rows": rows, "batch_size": batch_size, "epochs": epochs}

    @staticmethod
    def observe(function: Callable[..., Any], *, rows: int, batch_size: int, epochs: int) -> Any:
        """Ask for one run; the arguments may have other names."""
        return function(rows, batch_size, epochs)

    def batches(self, rows: int, batch_size: int) -> tuple[int, int]:
        """Return how many full batches an epoch has, and how many short ones."""
        return self.COUNTED[rows, batch_size]

    def judge(self, observed: Any, *, rows: int, batch_size: int, epochs: int) -> None:
        """See :class:`Check`."""
        steps = need_number(observed, "The result of training_steps")
        asked = f"training_steps({rows}, {batch_size}, {epochs}) gave {steps:g}."
        full, short = self.batches(rows, batch_size)
        if steps == epochs * (full + short):
            return
        if steps == full + short:
            raise MistakeError(
                "steps-of-one-epoch",
                f"{asked} That is one epoch. {epochs} epochs go through the rows {epochs} times.",
            )
        if steps == epochs * full:
            raise MistakeError(
                "steps-without-the-last",
                f"{asked} The rows that are left over at the end of each epoch make a batch too, "
                "a short one, and it is one step like the others.",
            )
        if steps == epochs * (full + 1):
            raise MistakeError(
                "steps-one-too-many",
                f"{asked} The rows fill the batches exactly, and no row is left over: there is no "
                "extra batch.",
            )
        if steps == epochs * rows:
            raise MistakeError(
                "steps-per-row",
                f"{asked} The model takes one step a *batch* of {batch_size} rows, not one a row.",
            )
        if steps == math.ceil(epochs * rows / batch_size):
            raise MistakeError(
                "steps-across-epochs",
                f"{asked} You fill batches across the end of an epoch. Each epoch ends with a "
                "batch of its own, full or not: round first, then multiply.",
            )
        if not steps.is_integer():
            raise MistakeError(
                "steps-broken",
                f"{asked} There is no fraction of a step. Round, and think about which way.",
            )
        raise MistakeError(
            "steps-wrong",
            f"{asked} Count on your fingers: how many batches has one epoch, the last one "
            "included, and how many epochs are there?",
        )


class MakeSchedule(Check):
    """The rate rises from 0 to its full height, and falls to 0 again, over all batches of all epochs."""

    function = "make_schedule"

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield a run whose warm-up is a whole number of steps, and one where it is not."""
        yield {"rates": [0.5, 0.1], "batches_per_epoch": 20, "epochs": 3, "warmup_share": 0.1}
        yield {"rates": [2e-3, 3.0], "batches_per_epoch": 23, "epochs": 4, "warmup_share": 0.25}

    @staticmethod
    def observe(function: Callable[..., Any], **inputs: Any) -> dict[str, Any]:
        """Step through a whole run and return the learning rates before each step, and at the end."""
        import torch

        rates = inputs["rates"]
        groups = [{"params": [torch.nn.Parameter(torch.ones(1))], "lr": rate} for rate in rates]
        optimizer = torch.optim.SGD(groups, lr=1.0)
        total = inputs["batches_per_epoch"] * inputs["epochs"]
        scheduler = function(
            optimizer, inputs["batches_per_epoch"], inputs["epochs"], inputs["warmup_share"]
        )
        if not callable(getattr(scheduler, "step", None)):
            return {"instead": scheduler, "curve": []}
        curve = [[group["lr"] for group in optimizer.param_groups]]
        for _ in range(total):
            optimizer.step()
            scheduler.step()
            curve.append([group["lr"] for group in optimizer.param_groups])
        return {"curve": curve}

    def shares(self, observed: Any, **inputs: Any) -> list[list[float]]:
        """Return each group's rates as shares of its full rate; otherwise raise MistakeError."""
        found = need_mapping(observed, ["curve"], "What was observed")
        if "instead" in found:
            if found["instead"] is None:
                raise MistakeError(
                    "schedule-none",
                    "make_schedule returns None. Does it end with `return` and the scheduler?",
                )
            raise MistakeError(
                "not-a-scheduler",
                f"make_schedule returned {code(found['instead'])}; that is no scheduler, for it "
                "has no `step()`.",
            )
        total = inputs["batches_per_epoch"] * inputs["epochs"]
        curve = found["curve"]
        if not isinstance(curve, list) or len(curve) != total + 1:
            raise MistakeError(
                "schedule-no-rates", "The learning rates did not come back, step by step."
            )
        groups: list[list[float]] = [[] for _ in inputs["rates"]]
        for row in curve:
            if not isinstance(row, list) or len(row) != len(groups):
                raise MistakeError(
                    "schedule-no-groups", "A group of parameters has got lost on the way."
                )
            for shares, rate, full in zip(groups, row, inputs["rates"], strict=True):
                shares.append(need_number(rate, "The learning rate") / full)
        return groups

    def judge(self, observed: Any, **inputs: Any) -> None:
        """See :class:`Check`."""
        self.symptoms(observed, **inputs)

    def symptoms(self, observed: Any, **inputs: Any) -> None:
        """Raise the mistake that the curve of the learning rate shows."""
        for shares in self.shares(observed, **inputs):
            self._judge_curve(shares, **inputs)

    @staticmethod
    def _judge_curve(
        shares: list[float], *, batches_per_epoch: int, epochs: int, warmup_share: float, **_: Any
    ) -> None:
        total = batches_per_epoch * epochs
        warm = warmup_share * total
        peak = max(range(len(shares)), key=shares.__getitem__)
        height = shares[peak]
        run = f"In a run of {epochs} epochs of {batches_per_epoch} batches, {total} steps, "
        if not 1 - 1.01 / warm < height < 1.001:
            raise MistakeError(
                "schedule-other-height",
                f"{run}the rate reaches {height:.3g} times the one that the optimizer was made "
                "with. It should reach exactly that one, in every group.",
            )
        first_zero = next((k for k, s in enumerate(shares) if k >= peak and s < 1e-4), None)
        if max(shares) - min(shares) < 1e-4:
            raise MistakeError(
                "schedule-constant", f"{run}the rate never changes. Does it warm up, and fall?"
            )
        if peak >= total - 1:
            raise MistakeError(
                "schedule-never-falls",
                f"{run}your rate rises from first to last and never falls. The number of warm-up "
                "steps is a small part of all steps; are they equal, or have they changed places?",
            )
        if first_zero is not None and abs(first_zero - epochs) <= 1:
            raise MistakeError(
                "schedule-counts-epochs",
                f"{run}your rate is 0 after {first_zero} of them. You planned one step an epoch, "
                "but `scheduler.step()` will be called once a batch.",
            )
        if first_zero is not None and abs(first_zero - batches_per_epoch) <= 1:
            raise MistakeError(
                "schedule-one-epoch",
                f"{run}your rate is 0 after {first_zero} of them, at the end of the first epoch. "
                "The rest of the run learns nothing. Does the schedule know how many epochs "
                "there are?",
            )
        if shares[0] > 1e-3 and (shares[0] > 0.9 or peak <= 1):
            kind = _falls(shares)
            if kind == "stairs":
                raise MistakeError(
                    "schedule-in-stairs",
                    f"{run}your rate begins at full height and falls in stairs, as with `StepLR`. "
                    "Wanted are two straight lines: up in the warm-up, then down.",
                )
            raise MistakeError(
                "warm-up-missing",
                f"{run}your rate begins at {shares[0]:.0%} of its full height. With a warm-up "
                "it begins at 0.",
            )
        if peak <= 1:
            raise MistakeError(
                "warm-up-share-for-steps",
                f"{run}your rate is at full height after {peak} step. warmup_share="
                f"{warmup_share:g} is a share of all steps; a schedule wants a number of steps.",
            )
        if abs(peak - warmup_share * batches_per_epoch) <= 1:
            raise MistakeError(
                "warm-up-of-one-epoch",
                f"{run}your warm-up ends after {peak}. That is the share {warmup_share:g} of one "
                "epoch; it should be that share of the whole run.",
            )
        kind = _falls(shares[peak:])
        if kind == "flat":
            raise MistakeError(
                "schedule-stays-high",
                f"{run}your rate warms up and then stays where it is. It should fall in a straight "
                "line, to 0 after the last step.",
            )
        if kind == "curved":
            raise MistakeError(
                "schedule-curved",
                f"{run}your rate warms up and then falls in a curve, like a cosine. Wanted is a "
                "straight line.",
            )
        if shares[0] > 1e-3:
            raise MistakeError(
                "schedule-shifted",
                f"{run}your first step is taken at {shares[0]:.1%} of the full rate. The line "
                "begins at 0, so that yours is a step ahead of it.",
                credit=0.5,
            )
        if abs(peak - warm) > 1:
            raise MistakeError(
                "warm-up-other-length",
                f"{run}your warm-up ends after {peak}. The share {warmup_share:g} of {total} is "
                f"{warm:g}.",
            )
        if shares[-1] > 1e-3:
            raise MistakeError(
                "schedule-ends-high",
                f"{run}your rate is still at {shares[-1]:.2g} of its full height after the last. "
                "It should have come down to 0. How many steps does your schedule count on?",
            )
        if first_zero is not None and first_zero < total:
            raise MistakeError(
                "schedule-ends-early",
                f"{run}your rate is 0 after {first_zero} of them; the rest learns nothing.",
            )
        if not _straight(shares[: peak + 1], 1 / warm):
            raise MistakeError("warm-up-bent", f"{run}your warm-up is not a straight line.")

    def explain(self, raised: Raised, **inputs: Any) -> MistakeError | None:
        """See :class:`Check`."""
        text, said = raised.text, f"make_schedule raised {raised.type_name}: {raised.text[:160]}."
        if "StepLR" in text and "unexpected keyword" in text:
            return MistakeError(
                "steplr-no-warm-up",
                f"{said} `StepLR` knows no warm-up and no length of a run: it multiplies the rate "
                "by `gamma` every `step_size` steps. Another schedule has both.",
            )
        if "cannot import name" in text and "'transformers'" in text:
            return MistakeError(
                "old-scheduler-import",
                f"{text.partition(' (')[0]}. Schedules that PyTorch has are in "
                "`torch.optim.lr_scheduler`; the one with a linear warm-up is in transformers.",
            )
        if "num_training_steps" in text and "missing" in text:
            return MistakeError(
                "schedule-length-missing",
                f"{said} A rate that shall reach 0 at the end must know where the end is.",
            )
        if "param_groups" in text:
            return MistakeError(
                "schedule-without-optimizer",
                f"{said} A scheduler's first argument is the optimizer whose rate it sets.",
            )
        return None


def _straight(shares: list[float], slope: float) -> bool:
    """Return whether neighbours differ by one and the same amount, but for the last at the top."""
    steps = [b - a for a, b in pairwise(shares)][:-1]
    return not steps or max(steps) - min(steps) < 0.02 * abs(slope) + 1e-6


def _falls(shares: list[float]) -> str:
    """Return how a curve falls: flat, stairs, curved or straight."""
    # The end may be 0 for a while, and the first step may lie across the peak.
    falling = [share for share in shares[1:] if share > 1e-4]
    steps = [a - b for a, b in pairwise(falling)]
    if len(steps) < 3 or max(map(abs, steps)) < 1e-4:
        return "flat" if len(steps) >= 3 else "straight"
    if sum(abs(step) < 1e-6 for step in steps) > len(steps) / 2:
        return "stairs"
    return "curved" if max(steps) - min(steps) > 0.2 * max(steps) else "straight"


CHECKS = (TrainingSteps, MakeSchedule)
