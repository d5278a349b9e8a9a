"""The visible check of lesson 00: the share of predictions that are right, from two lists."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean
from typing import Any

from course.checks.base import Inputs
from course.checks.mistakes import mistake
from course.checks.predicted import Found, Measured
from course.checks.values import one_number

#: How many pairs the lesson's example has, and how many in every hundred.
EXAMPLE, HUNDRED = 4, 100


class ShareRight(Measured):
    """The share of predictions that equal their label is computed."""

    function = "share_right"
    otherwise = "share-wrong"
    predicted = (
        "share-of-the-wrong",
        "share-counted",
        "share-in-percent",
        "share-cut-to-a-whole",
        "share-divided-by-other",
        "share-without-order",
        "share-of-one-class",
        "share-by-distance",
        "share-after-one-pair",
        "share-without-the-last",
    )
    raised = ("one-answer-for-two-lists", "lists-do-not-compute")
    told = (
        otherwise,
        "lists-compared-whole",
        "pairs-not-counted",
        "returns-none",
        "not-numbers",
        "several-numbers",
        "not-finite",
    )

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield four classes, for which every known mistake gives something else; then two."""
        yield {
            "predictions": [1, 0, 1, 0, 3, 2, 0, 2, 0, 0, 0],
            "labels": [1, 2, 1, 1, 0, 0, 2, 2, 0, 2, 0],
        }
        yield {"predictions": [0, 1, 1, 0, 1, 0, 1], "labels": [0, 1, 0, 0, 1, 1, 1]}

    @staticmethod
    def observe(function: Callable[..., Any], **inputs: Any) -> Any:
        """Call the function in its arguments' order, however they are named."""
        return function(inputs["predictions"], inputs["labels"])

    def answer(self, *, predictions: Sequence[int], labels: Sequence[int]) -> Found:
        """See :class:`Predicted`."""
        return (fmean(map(int.__eq__, predictions, labels)),)

    def predictions(self, *, predictions: Sequence[int], labels: Sequence[int]) -> dict[str, Any]:
        """See :class:`Predicted`."""
        pairs = list(zip(predictions, labels, strict=True))
        rows, right = len(pairs), [one == other for one, other in pairs]
        hits, of_one = sum(right), pairs.count((1, 1))
        shared = sum((Counter(predictions) & Counter(labels)).values())
        distance = fmean(abs(one - other) for one, other in pairs)
        found: dict[str, list[float]] = {
            "share-of-the-wrong": [1 - hits / rows],
            "share-counted": [hits],
            "share-in-percent": [HUNDRED * hits / rows],
            "share-cut-to-a-whole": [hits // rows, round(hits / rows)],
            "share-divided-by-other": [hits / EXAMPLE, hits / len({*labels}), hits / HUNDRED],
            "share-without-order": [
                fmean(one in labels for one in predictions),
                fmean(map(int.__eq__, sorted(predictions), sorted(labels))),
                shared / rows,
            ],
            "share-of-one-class": [
                of_one / rows,
                of_one / labels.count(1),
                of_one / predictions.count(1),
            ],
            "share-by-distance": [1 - distance, distance],
            "share-after-one-pair": [right[0] / rows],
            "share-without-the-last": [sum(right[:-1]) / rows, fmean(right[:-1])],
            # Classes counted alike however rare they are; pairs of two zeros not counted.
            self.otherwise: [_mean_of_classes(pairs), (hits - pairs.count((0, 0))) / rows],
        }
        if len({*predictions, *labels}) == 2:
            del found["share-by-distance"]  # between 0 and 1 the distance says "equal or not", too
        return {id: [(wrong,) for wrong in wrongs] for id, wrongs in found.items()}

    def judge(self, observed: Any, **inputs: Any) -> None:
        """See :class:`Check`."""
        predictions, labels = inputs["predictions"], inputs["labels"]
        hits = sum(map(int.__eq__, predictions, labels))
        call = f"share_right({predictions}, {labels})"
        values = {"call": call if len(call) < 120 else self.function, "rows": len(labels)}
        if isinstance(observed, bool):
            raise mistake("lists-compared-whole", returned=observed, **values)
        if isinstance(observed, list) and len(observed) == len(labels):
            raise mistake("pairs-not-counted", returned=observed, **values)
        found = one_number(observed, "The result of share_right")
        self.compare((found,), inputs, found=found, hits=hits, **values)


def _mean_of_classes(pairs: Sequence[tuple[int, int]]) -> float:
    """Return the mean over classes of the share of their labels that were predicted."""
    found: dict[int, list[bool]] = {}
    for predicted, label in pairs:
        found.setdefault(label, []).append(predicted == label)
    return fmean(map(fmean, found.values()))


CHECKS = (ShareRight,)
