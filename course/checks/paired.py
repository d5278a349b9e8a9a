"""Visible check of lesson 05: two ways of training, compared seed by seed.

The arms are cheap stand-ins for training runs: functions from a seed to an accuracy, read from a
table. What a comparison comes to follows from the table, and so does what known mistakes make of it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from functools import cache, cached_property
from itertools import combinations
from math import sqrt
from statistics import fmean, median, pstdev, stdev
from typing import Any

from course.checks.base import Check, Inputs
from course.checks.mistakes import mistake
from course.checks.values import need_mapping, numbers, one_number

#: An interval as its middle and its two ends.
Interval = tuple[float, float, float]
KEYS = ("difference", "interval", "verdict")
UNDECIDED = "undecided"
#: How far a number may be off, if it is not just rounded: t = 2.78 for 2.776 moves an end less far.
TOLERANCE = 2e-4
#: To so many digits numbers may be rounded; a wrong result must not round to the right one.
DIGITS = 3
FROM_RIGHT, FROM_WRONG = 1.1 * 10**-DIGITS, 2.2 * TOLERANCE
#: So many calls are read at most.
MOST_CALLS = 1000


@cache
def t_value(degrees: float, share: float = 0.975) -> float:
    """Return the quantile of Student's t distribution."""
    from scipy.stats import t

    return float(t.ppf(share, degrees))


def around(middle: float, half: float) -> Interval:
    """Return an interval of `half` to either side of `middle`."""
    return middle, middle - half, middle + half


def compared(a: Sequence[float], b: Sequence[float]) -> Interval:
    """Return the mean paired difference of two arms' accuracies, and its 95 % interval."""
    differences = [one - other for one, other in zip(a, b, strict=True)]
    count = len(differences)
    return around(fmean(differences), t_value(count - 1) * stdev(differences) / sqrt(count))


def verdict_of(interval: Interval) -> str:
    """Return which arm an interval shows to be better, if any."""
    _, low, high = interval
    return "A" if low > 0 else "B" if high < 0 else UNDECIDED


def misread(a: Sequence[float], b: Sequence[float]) -> dict[str, list[Interval]]:
    """Return what known mistakes make of two arms' accuracies, by mistake."""
    middle, low, high = compared(a, b)
    differences = [one - other for one, other in zip(a, b, strict=True)]
    count, spread = len(differences), stdev(differences)
    right, root = t_value(count - 1), sqrt(count)
    error, biased = spread / root, pstdev(differences) / root
    variances = [stdev(arm) ** 2 / count for arm in (a, b)]
    apart = sqrt(sum(variances))
    welch = sum(variances) ** 2 / sum(one**2 / (count - 1) for one in variances)
    return {
        "arms-reversed": [(-middle, -high, -low)],
        "best-of-seeds": [around(max(a) - max(b), half) for half in (0.0, right * error)],
        "percentage-points": [(100 * middle, 100 * low, 100 * high)],
        "ends-reversed": [(middle, high, low)],
        "normal-not-t": [around(middle, z * error) for z in (1.96, 2.0)],
        "population-spread": [around(middle, one * biased) for one in (right, 1.96)],
        "arms-unpaired": [
            around(middle, one * apart)
            for one in (right, t_value(2 * count - 2), t_value(welch), 1.96)
        ],
        "spread-not-error": [around(middle, one * spread) for one in (right, 1.96)],
        "seeds-not-degrees": [around(middle, t_value(count) * error)],
        "one-sided": [around(middle, t_value(count - 1, 0.95) * error)],
        "one-error": [around(middle, error)],
        "around-zero": [(middle, -right * error, right * error)],
    }


def is_near(one: Interval, other: Interval, by: float = TOLERANCE) -> bool:
    """Return whether all three numbers are the same within `by`."""
    return all(abs(mine - theirs) <= by for mine, theirs in zip(one, other, strict=True))


def fits(found: Interval, other: Interval) -> bool:
    """Return whether `found` is the result `other`, which may be rounded."""
    rounded = tuple(round(number, DIGITS) for number in other)
    return is_near(found, other) or is_near(found, rounded, 1e-6)  # type: ignore[arg-type]


def told_apart(a: Sequence[float], b: Sequence[float]) -> bool:
    """Return whether no known mistake gives what is right, or what another gives."""
    right, wrongs = compared(a, b), list(misread(a, b).values())
    # The best seeds are told by the difference alone: it must be no single pair's, nor the median.
    differences = [one - other for one, other in zip(a, b, strict=True)]
    best = max(a) - max(b)
    if any(abs(best - one) <= FROM_WRONG for one in (*differences, median(differences))):
        return False
    return not any(is_near(right, one, FROM_RIGHT) for ones in wrongs for one in ones) and not any(
        is_near(one, other, FROM_WRONG)
        for ones, others in combinations(wrongs, 2)
        for one in ones
        for other in others
    )


class Arm:
    """A stand-in for training runs: known seeds give their accuracy, others some accuracy nearby."""

    def __init__(
        self, name: str, seeds: list[int], accuracies: list[float], calls: list[list[Any]]
    ) -> None:
        self.name, self.calls = name, calls
        self.known = dict(zip(seeds, accuracies, strict=True))

    def __call__(self, seed: Any) -> float:
        """Return the accuracy with `seed`, and note the call."""
        try:
            number = int(seed)
        except (TypeError, ValueError):
            raise TypeError(f"an arm takes one seed, and was called with {seed!r}") from None
        self.calls.append([self.name, number])
        nearby = fmean(self.known.values()) + (number * 37 % 41 - 20) / 400
        return self.known.get(number, nearby)


class Comparison:
    """What is to be seen in a comparison that came back, and in the calls that it made."""

    def __init__(self, observed: Any, seeds: list[int], a: list[float], b: list[float]) -> None:
        self.seeds, self.a, self.b = seeds, a, b
        seen = need_mapping(observed, ("result", "calls"), "What was observed")
        told = need_mapping(seen["result"], KEYS, "The result of compare")
        self.difference = one_number(told["difference"], "The difference")
        ends = numbers(told["interval"], "The interval").flatten().tolist()
        if len(ends) != 2:
            raise mistake("interval-not-two-ends", returned=told["interval"])
        self.low, self.high = ends
        self.verdict = self._read(told["verdict"])
        self.calls = {name: self._called(seen["calls"], name) for name in "AB"}

    @staticmethod
    def _read(told: Any) -> str:
        known = {word.casefold(): word for word in ("A", "B", UNDECIDED)}
        word = known.get(told.strip().casefold()) if isinstance(told, str) else None
        if word is None:
            raise mistake("verdict-unknown", returned=told)
        return word

    @staticmethod
    def _called(calls: Any, name: str) -> list[int]:
        """Return the seeds that the arm `name` was called with, in order."""
        calls = calls[:MOST_CALLS] if isinstance(calls, list) else []
        return [
            one[1]
            for one in calls
            if isinstance(one, list)
            and len(one) == 2
            and isinstance(one[0], str)
            and one[0] == name
            and type(one[1]) is int
        ]

    @property
    def found(self) -> Interval:
        return self.difference, self.low, self.high

    @cached_property
    def right(self) -> Interval:
        return compared(self.a, self.b)

    @property
    def right_verdict(self) -> str:
        return verdict_of(self.right)

    @cached_property
    def wrong(self) -> bool:
        """Whether the numbers, which the verdict rests on, are not the right ones."""
        return not fits(self.found, self.right)

    @property
    def difference_wrong(self) -> bool:
        middle = self.right[0]
        return not fits((self.difference,) * 3, (middle,) * 3)

    @cached_property
    def known(self) -> str:
        """The one known mistake that gives this result; empty where none does, or several do."""
        all_wrongs = misread(self.a, self.b).items()
        known = [id for id, wrongs in all_wrongs if any(fits(self.found, one) for one in wrongs)]
        return known[0] if len(known) == 1 and self.wrong else ""

    @property
    def best_only(self) -> bool:
        """Whether the difference is that of the two best seeds, whatever the interval."""
        best = max(self.a) - max(self.b)
        return self.difference_wrong and fits((self.difference,) * 3, (best,) * 3)

    # Calls

    @property
    def silent_arm(self) -> str:
        """The arm that was never called; empty where both were."""
        return next((name for name in "AB" if not self.calls[name]), "")

    @property
    def seeds_apart(self) -> bool:
        return set(self.calls["A"]) != set(self.calls["B"])

    @property
    def seeds_left_out(self) -> list[int]:
        return [seed for seed in self.seeds if seed not in self.calls["A"]]

    @property
    def runs(self) -> int:
        return len(self.calls["A"]) + len(self.calls["B"])

    @property
    def needed_runs(self) -> int:
        return 2 * len(self.seeds)

    # For messages

    @property
    def table(self) -> str:
        """The accuracies that the arms gave, in a sentence."""
        first, second = (", ".join(f"{one:.4g}" for one in arm) for arm in (self.a, self.b))
        return f"With the seeds {self.seeds}, arm A gave {first} and arm B {second}."

    @property
    def interval(self) -> str:
        return f"({self.low:.4f}, {self.high:.4f})"

    @property
    def wanted(self) -> str:
        return f"({self.right[1]:.4f}, {self.right[2]:.4f})"


def _gives(id: str) -> Callable[[Comparison], bool]:
    return lambda it: it.known == id


class Compare(Check):
    """Two arms are compared seed by seed, with an interval, and a verdict that follows from it."""

    function = "compare"
    facts = Comparison
    signs = {
        "arm-never-run": lambda it: it.wrong and it.silent_arm,
        "other-seeds-for-each-arm": lambda it: it.wrong and it.seeds_apart,
        "seeds-left-out": lambda it: it.wrong and it.seeds_left_out,
        "arms-reversed": _gives("arms-reversed"),
        "best-of-seeds": lambda it: it.best_only,
        "percentage-points": _gives("percentage-points"),
        "difference-wrong": lambda it: it.difference_wrong,
        "ends-reversed": _gives("ends-reversed"),
        "normal-not-t": _gives("normal-not-t"),
        "population-spread": _gives("population-spread"),
        "arms-unpaired": _gives("arms-unpaired"),
        "spread-not-error": _gives("spread-not-error"),
        "seeds-not-degrees": _gives("seeds-not-degrees"),
        "one-sided": _gives("one-sided"),
        "one-error": _gives("one-error"),
        "around-zero": _gives("around-zero"),
        "paired-interval-wrong": lambda it: it.wrong,
        "verdict-without-evidence": lambda it: (
            it.verdict != it.right_verdict and it.right_verdict == UNDECIDED
        ),
        "verdict-withheld": lambda it: it.verdict != it.right_verdict and it.verdict == UNDECIDED,
        "verdict-for-the-other": lambda it: it.verdict != it.right_verdict,
        "runs-repeated": lambda it: it.runs > it.needed_runs,
    }
    raised = ("arm-given-all-seeds",)
    told = (
        "interval-not-two-ends",
        "verdict-unknown",
        "returns-none",
        "wrong-type",
        "missing-key",
        "not-numbers",
        "several-numbers",
        "not-finite",
    )

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield arms of which A is better, arms that are equal, and one with a lucky seed."""
        yield {
            "seeds": [3, 8, 21, 40, 41],
            "a": [0.72, 0.82, 0.695, 0.7675, 0.81],
            "b": [0.69, 0.715, 0.68, 0.69, 0.7525],
        }
        yield {
            "seeds": [0, 1, 2, 3, 4],
            "a": [0.6975, 0.7475, 0.7225, 0.76, 0.695],
            "b": [0.71, 0.74, 0.735, 0.72, 0.69],
        }
        yield {
            "seeds": [5, 6, 7, 11, 13],
            "a": [0.7, 0.815, 0.74, 0.665, 0.7275],
            "b": [0.715, 0.7, 0.7375, 0.64, 0.7325],
        }

    @staticmethod
    def observe(
        function: Callable[..., Any], seeds: list[int], a: list[float], b: list[float]
    ) -> dict[str, Any]:
        """Compare two stand-ins; return the result and the calls that were made."""
        calls: list[list[Any]] = []
        arms = [Arm(name, seeds, one, calls) for name, one in (("A", a), ("B", b))]
        return {"result": function(*arms, list(seeds)), "calls": calls}


CHECKS = (Compare,)
