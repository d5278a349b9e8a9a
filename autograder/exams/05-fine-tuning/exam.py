"""The exam of lesson 05: a step, an evaluation, one real run, and what several runs show."""

from __future__ import annotations

import random
from collections.abc import Iterable

from autograder.examining.exam import Task
from autograder.verdict.task import FineTune
from course.checks import evaluation, paired, train_step
from course.checks.base import Inputs
from course.checks.paired import UNDECIDED, compared, told_apart, verdict_of


class TrainStep(train_step.TrainStep, Task):
    """One step makes the model learn from one batch, with clipped gradients, at the planned rate."""

    answer_id = "train-step"
    points = 5
    timeout = 20


class Evaluate(evaluation.Evaluate, Task):
    """Accuracy and loss are those of all rows, asked with dropout off and without gradients."""

    answer_id = "evaluate"
    points = 5
    timeout = 20


class Compare(paired.Compare, Task):
    """Two arms are compared seed by seed, with an interval, and a verdict that follows from it."""

    answer_id = "compare"
    points = 4
    timeout = 10

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield arms of which one is better, then the other, arms that are equal, and a lucky seed."""
        better = rng.choice((1, -1))
        for effect, luck, wanted in (
            (better * rng.uniform(0.045, 0.065), 0.0, "AB"[better < 0]),
            (0.0, 0.0, UNDECIDED),
            (0.0, rng.choice((1, -1)) * rng.uniform(0.08, 0.12), UNDECIDED),
            (-better * rng.uniform(0.045, 0.065), 0.0, "AB"[better > 0]),
        ):
            yield _draw_arms(rng, effect, luck, wanted)


def _draw_arms(rng: random.Random, effect: float, luck: float, wanted: str) -> Inputs:
    """Draw two arms: A is better by `effect`, and in one run by `luck`; both share a seed's fortune.

    Drawn again until the right verdict is the `wanted` one, with room to spare, and no known mistake
    gives another's result.
    """
    while True:
        seeds = rng.sample(range(100), rng.randint(5, 6))
        fortunes = [rng.gauss(0.72, 0.04) for _ in seeds]
        a, b = ([one + rng.gauss(0, 0.017) for one in fortunes] for _ in "AB")
        a = [one + effect for one in a]
        a[rng.randrange(len(a))] += luck
        # As shares of 400 reviews.
        a, b = ([round(400 * one) / 400 for one in arm] for arm in (a, b))
        interval = compared(a, b)
        room = min(map(abs, interval[1:])) > 0.004
        if max(a + b) < 0.95 and room and verdict_of(interval) == wanted and told_apart(a, b):
            return {"seeds": seeds, "a": a, "b": b}


TASKS = [TrainStep, Evaluate, FineTune, Compare]
