"""A question that was born with the run: labels that existed nowhere before.

What a full mark proves, in five lines:

1. A direction is drawn at random in the checkpoint's feature space, after the answer was handed in.
2. A text's label is the side of the median on which it lies along that direction.
3. The student's process gets this run's training texts with their labels. The direction and the
   labels of the hidden texts never leave the examiner.
4. Weights that were made before say nothing about these labels: on average they get half of them
   right. (Two directions may be alike by chance: all labels of one question, known by heart, are
   worth full marks in another once in 360 times, by 4,000 drawn pairs.)
5. So every point of accuracy above a half on hidden texts was learned from this run's labels.

What it does not prove is how: by which optimizer, in how many steps, by the encoder or by the head
alone. Encoders are compared with the checkpoint's for that (:mod:`autograder.verdict.weights`), and
the run is watched (:mod:`course.checks.run_watch`). Nobody need be suspected of anything.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

from autograder.verdict.space import space

#: The share of texts that lie far enough from the median to have a clear label.
CLEAR = 0.4
HIDDEN_ROWS = 500


@dataclass(frozen=True)
class Budget:
    """How much training a run may do on a kind of device, and with what it is compared."""

    device: str
    steps: int
    batch_size: int


#: On a GPU a run is bound by launches, not arithmetic: fewer, larger steps.
BUDGETS = {"cpu": Budget("cpu", 60, 16), "cuda": Budget("cuda", 100, 64)}


@dataclass(frozen=True)
class Reviews:
    """Texts and their labels, 0 or 1."""

    texts: list[str]
    labels: list[int]


@dataclass(frozen=True)
class Run:
    """What the student's code is given, and the hidden texts that the examiner keeps to itself."""

    train: Reviews
    hidden: Reviews
    seed: int


def budget_for(device: str, measured: bool) -> Budget:
    """Return the budget on `device`: its own if a bar was `measured` with it, else the CPU's."""
    return BUDGETS[device] if measured else replace(BUDGETS["cpu"], device=device)


def draw_run(rng: random.Random, budget: Budget) -> Run:
    """Draw a question, and texts that it divides clearly."""
    import numpy

    places = space()
    generator = numpy.random.default_rng(rng.getrandbits(64))
    direction = generator.standard_normal(places.training.shape[1])
    along, hidden = places.training @ direction, places.hidden @ direction
    middle = numpy.median(along)
    clear = numpy.quantile(abs(along - middle), 1 - CLEAR)

    def clear_ones(texts: list[str], along: Any, most: int) -> Reviews:
        rows = generator.permutation(numpy.flatnonzero(abs(along - middle) >= clear))[:most]
        return Reviews([texts[row] for row in rows], [int(along[row] > middle) for row in rows])

    return Run(
        clear_ones(places.training_texts, along, budget.steps * budget.batch_size),
        clear_ones(places.hidden_texts, hidden, HIDDEN_ROWS),
        rng.randrange(2**31),
    )
