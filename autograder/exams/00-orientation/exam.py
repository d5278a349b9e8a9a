"""The exam of lesson 00: the share of right predictions, on lists that are drawn.

They are drawn until no known mistake is right by luck, or gives what another one gives.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

from autograder.examining.draws import until
from autograder.examining.exam import Task
from course.checks import share
from course.checks.base import Inputs

#: How far a wrong way must be from the right share where two classes cannot tell all ways apart.
CLEAR = 0.02


class ShareRight(share.ShareRight, Task):
    """The share of predictions that equal their label is computed."""

    answer_id = "share-right"
    points = 1
    timeout = 5

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield lists of many classes, each of another length; then of two."""
        for classes in (4, 5):
            yield until(self.told_apart, lambda classes=classes: _draw(rng, classes))
        yield until(self._right_alone, lambda: _draw(rng, 2))

    def predictions(self, **inputs: Any) -> dict[str, Any]:
        """See :class:`Predicted`; the answers of the visible check, written down, are wrong here."""
        found = super().predictions(**inputs)
        shown = [self.answer(**case) for case in share.ShareRight.cases(self, random.Random(0))]
        return found | {self.otherwise: [*found[self.otherwise], *shown]}

    def _right_alone(self, inputs: Inputs) -> bool:
        """Return whether no known mistake gives what is right."""
        [share] = self.answer(**inputs)
        wrongs = [wrong for found in self.predictions(**inputs).values() for [wrong] in found]
        return all(abs(share - wrong) > CLEAR for wrong in wrongs)


def _draw(rng: random.Random, classes: int) -> Inputs:
    """Return lists whose first and last pair are equal, and most others not; the first is of two ones."""
    rows = rng.randint(24, 33)
    often = [rng.uniform(0.3, 2) for _ in range(classes)]
    labels = [1, *rng.choices(range(classes), often, k=rows)]
    predictions = [one if rng.random() < 0.2 else rng.randrange(classes) for one in labels]
    predictions[0], predictions[-1] = labels[0], labels[-1]
    return {"predictions": predictions, "labels": labels}


TASKS = [ShareRight]
