"""The exam of lesson 03: what an optimizer, a schedule and one update do to weights and rates."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from typing import Any

from autograder.examining.exam import Task
from course.checks import optimizer_scheduler, rate_schedule, train_step
from course.checks.base import Inputs
from course.checks.mistakes import MistakeError
from course.checks.optimizer_scheduler import by_name, flat, gradients_for


class MakeOptimizer(optimizer_scheduler.MakeOptimizer, Task):
    """AdamW moves every weight at the given rate; biases and LayerNorm are spared from decay."""

    answer_id = "make-optimizer"
    points = 3
    timeout = 20

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        for _ in range(2):
            yield {
                "seed": rng.randrange(1, 10**6),
                # Far from PyTorch's own 1e-3 and 0.01, so that a default shows.
                "learning_rate": round(rng.uniform(2e-3, 2e-2), 5),
                "weight_decay": round(rng.uniform(0.1, 0.3), 4),
            }

    def judge(self, observed: Any, **inputs: Any) -> None:
        """Compare the weights with AdamW written out; symptoms only choose the message."""
        model, idle, moved = self.steps(observed, inputs["seed"])
        rate, decay = inputs["learning_rate"], inputs["weight_decay"]
        shrunk, right = _adamw(model, **inputs)
        start = by_name(model, flat(model))
        for weights, wanted, unit in (
            # Without gradients the step is decay alone, and so is the unit of its error.
            (idle[0], shrunk, rate * decay),
            (moved[0], right[0], rate),
            (moved[1], right[1], rate),
        ):
            for name, tensor in by_name(model, weights).items():
                error = float((tensor - wanted[name]).pow(2).mean().sqrt()) / unit
                if not error < 0.02 * max(1.0, float(start[name].pow(2).mean().sqrt())):
                    self.symptoms(observed, **inputs)
                    raise MistakeError(
                        "adamw-other-settings",
                        f"The first step is as AdamW's, but not all is: `{name}` ends elsewhere. "
                        "Is it `torch.optim.AdamW`, with its own `betas` and `eps`?",
                    )


def _adamw(
    model: Any, *, seed: int, learning_rate: float, weight_decay: float
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the weights after a step without gradients, and after two with them."""
    import torch

    start = by_name(model, flat(model))
    spared = {name for name in start if name.endswith(".bias") or ".LayerNorm." in name}
    decay = {name: 0.0 if name in spared else weight_decay for name in start}
    shrunk = {name: w * (1 - learning_rate * decay[name]) for name, w in start.items()}
    first, second = ({name: torch.zeros_like(w) for name, w in start.items()} for _ in range(2))
    weights, result = start, []
    for step in (1, 2):
        gradients = torch.cat([g.flatten() for g in gradients_for(model, seed + step)])
        moved = {}
        for name, gradient in by_name(model, gradients).items():
            first[name] = 0.9 * first[name] + 0.1 * gradient
            second[name] = 0.999 * second[name] + 0.001 * gradient**2
            mean = first[name] / (1 - 0.9**step)
            size = (second[name] / (1 - 0.999**step)).sqrt() + 1e-8
            kept = weights[name] * (1 - learning_rate * decay[name])
            moved[name] = kept - learning_rate * mean / size
        weights = moved
        result.append(moved)
    return shrunk, result


class TrainingSteps(rate_schedule.TrainingSteps, Task):
    """A run has as many steps as batches in all epochs, the short ones included."""

    answer_id = "training-steps"
    points = 1
    timeout = 10

    # The judgement is the visible check's; only the counting is done here.
    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        size = rng.randint(5, 40)
        full = rng.randint(20, 90)
        for rows, batch_size in (
            # So few rows left over that two epochs of them make no batch more.
            (full * size + rng.randint(1, size // 4), size),
            (full * size, size),
            (rng.randint(2, size - 1), size),
            (full * size - 1, size),
        ):
            yield {"rows": rows, "batch_size": batch_size, "epochs": rng.randint(3, 6)}

    def batches(self, rows: int, batch_size: int) -> tuple[int, int]:
        return rows // batch_size, int(rows % batch_size > 0)


class MakeSchedule(rate_schedule.MakeSchedule, Task):
    """The rate rises from 0 to its full height, and falls to 0 again, over all batches of all epochs."""

    answer_id = "make-schedule"
    points = 2
    timeout = 15

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        for _ in range(3):
            yield {
                "rates": [10 ** rng.uniform(-5, 1) for _ in range(rng.randint(2, 3))],
                "batches_per_epoch": rng.randint(20, 40),
                "epochs": rng.randint(3, 5),
                "warmup_share": rng.choice([0.1, 0.15, 0.2, 0.25, 0.3]),
            }

    def judge(self, observed: Any, **inputs: Any) -> None:
        """Compare with the curve itself; symptoms only choose the message."""
        total = inputs["batches_per_epoch"] * inputs["epochs"]
        exact = inputs["warmup_share"] * total
        # A share of the steps need not be a whole number: however it is rounded is right.
        warm_ups = {math.floor(exact), round(exact), math.ceil(exact), exact}
        for shares in self.shares(observed, **inputs):
            if not any(_near(shares, _curve(warm, total)) for warm in warm_ups):
                self.symptoms(observed, **inputs)
                raise MistakeError(
                    "schedule-other-curve",
                    f"In a run of {total} steps your rate does not follow the two straight lines "
                    f"from 0 to its full height, in {exact:g} steps, and down to 0 at the end.",
                )


def _curve(warm: float, total: int) -> list[float]:
    return [
        step / warm if step < warm else (total - step) / (total - warm) for step in range(total + 1)
    ]


def _near(found: list[float], wanted: list[float]) -> bool:
    return all(abs(a - b) < 1e-3 for a, b in zip(found, wanted, strict=True))


class Update(train_step.Update, Task):
    """One batch moves the weights once: clipped gradients, the planned rate, nothing left over."""

    answer_id = "update"
    points = 4
    timeout = 20


TASKS = [MakeOptimizer, TrainingSteps, MakeSchedule, Update]
