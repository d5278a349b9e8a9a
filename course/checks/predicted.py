"""Checks that compute what each known mistake would give, and name it when just that came back.

A mistake is named only if its own prediction fits the result and no other's does: where two
predictions coincide, nobody can say which of them it was.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from itertools import combinations
from typing import Any, ClassVar

from course.checks.base import Check, Inputs
from course.checks.mistakes import Mistake, mistake
from course.checks.values import near

Found = tuple[float, ...]
#: How far apart two results must be that are told apart: twice what rounding to two digits moves.
APART = 0.012


class Predicted(Check):
    """A check that knows, for each of its cases, the right result and those of known mistakes.

    A visible check takes them from `table`; an exam draws cases and overrides `answer` and
    `predictions`.
    """

    #: Inputs, the right result, and what known mistakes give instead.
    table: ClassVar[tuple[tuple[Inputs, Any, dict[str, Any]], ...]] = ()
    #: The mistakes that predictions are made for.
    predicted: ClassVar[tuple[str, ...]] = ()

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield the inputs of the table."""
        return [inputs for inputs, _, _ in self.table]

    def answer(self, **inputs: Any) -> Any:
        """Return the right result."""
        return next(answer for known, answer, _ in self.table if known == inputs)

    def predictions(self, **inputs: Any) -> dict[str, Any]:
        """Return what known mistakes give, by their ids."""
        return next(predictions for known, _, predictions in self.table if known == inputs)

    def tell_prediction(self, fits: Any, **values: Any) -> None:
        """Raise the one mistake whose prediction `fits` (a predicate) accepts; `values` fill it in.

        `inputs` among the values are those of the case.
        """
        found = [id for id, wrong in self.predictions(**values["inputs"]).items() if fits(wrong)]
        if len(found) == 1:
            raise mistake(found[0], function=self.function, **values)

    def mistakes(self) -> list[str | Mistake]:
        """See :class:`Check`."""
        return list(dict.fromkeys([*self.predicted, *super().mistakes()]))


class Measured(Predicted):
    """A check of some numbers; predictions are, by mistake, all the numbers that it can give."""

    #: What is told where no prediction fits.
    otherwise: str

    def compare(self, found: Found, inputs: Inputs, /, **values: Any) -> None:
        """Return if `found` is the answer; otherwise raise what it shows, filled from `values`."""
        right = self.answer(**inputs)
        if _fits(found, right):
            return
        values |= {"inputs": inputs, "right": right}
        self.tell_prediction(lambda wrongs: any(_fits(found, wrong) for wrong in wrongs), **values)
        raise mistake(self.otherwise, function=self.function, **values)

    def told_apart(self, inputs: Inputs, by: float = APART) -> bool:
        """Return whether no known mistake gives what another gives, or what is right."""
        results = [[self.answer(**inputs)], *self.predictions(**inputs).values()]
        return not any(
            all(abs(a - b) <= by for a, b in zip(one, other, strict=True))
            for ones, others in combinations(results, 2)
            for one in ones
            for other in others
        )


def _fits(found: Found, other: Found) -> bool:
    return all(map(near, found, other))
