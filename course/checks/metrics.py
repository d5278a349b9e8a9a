"""Visible checks of lesson 04, second half: what a measured number must be compared with."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean
from typing import Any

from course.checks.base import Check, Inputs
from course.checks.mistakes import mistake
from course.checks.predicted import Found, Measured
from course.checks.values import near, need_mapping, numbers, one_number

#: The scores of a class, in one order.
SCORES = ("precision", "recall", "f1")
#: To how many standard errors a 95 % interval reaches.
Z = 1.96
#: How far an end of an interval may be from the textbook's, in standard errors. The usual methods
#: differ by less than 0.5 for 250 rows and more, a bootstrap of 500 draws by 5 * 0.12.
END = 0.6
#: How far the mean width of all intervals may be off. That of 90 % confidence is 16 % narrower.
WIDTH = 0.1


class MajorityBaseline(Measured):
    """The commonest class of the training labels is scored on the test labels."""

    function = "majority_baseline"
    otherwise = "majority-wrong"
    predicted = (
        "majority-from-test",
        "majority-share-of-train",
        "majority-class-itself",
        "majority-largest-id",
        "majority-other-class",
        "majority-mean-of-labels",
        "majority-in-percent",
        "majority-count",
    )
    raised = ("list-compared-with-number",)
    told = (otherwise, "returns-none", "not-numbers", "several-numbers", "not-finite")

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield six classes, of which nearly every wrong way finds another one; then two."""
        yield {
            "train_labels": [1, 0, 4, 3, 0, 3, 3, 5, 0, 3, 0, 2, 3, 1, 2],
            "test_labels": [0] * 10 + [1] * 2 + [2] * 3 + [3] * 5 + [4] + [5] * 7,
        }
        yield {"train_labels": [1, 0, 1, 1, 0], "test_labels": [0, 0, 1, 0, 0, 1, 0, 0]}

    @staticmethod
    def observe(function: Callable[..., Any], **inputs: Any) -> Any:
        """Call the function in its arguments' order, however they are named."""
        return function(inputs["train_labels"], inputs["test_labels"])

    def answer(self, *, train_labels: list[int], test_labels: list[int]) -> Found:
        """See :class:`Predicted`."""
        commonest = max(train_labels, key=train_labels.count)
        return (test_labels.count(commonest) / len(test_labels),)

    def predictions(self, *, train_labels: list[int], test_labels: list[int]) -> dict[str, Any]:
        """See :class:`Predicted`."""
        [(commonest, times)] = Counter(train_labels).most_common(1)
        right, rows = (
            self.answer(train_labels=train_labels, test_labels=test_labels)[0],
            len(test_labels),
        )
        shares = {one: test_labels.count(one) / rows for one in {*train_labels, *test_labels}}
        of_test, largest = max(shares, key=shares.__getitem__), max(train_labels)
        others = shares.keys() - {commonest, of_test, largest}
        found: dict[str, list[float]] = {
            "majority-from-test": [shares[of_test]],
            "majority-share-of-train": [times / len(train_labels)],
            "majority-class-itself": [commonest],
            "majority-largest-id": [shares[largest]],
            "majority-other-class": [shares[one] for one in others],
            "majority-mean-of-labels": [fmean(test_labels), fmean(train_labels)],
            "majority-in-percent": [100 * right],
            "majority-count": [right * rows],
        }
        return {id: [(wrong,) for wrong in wrongs] for id, wrongs in found.items()}

    def judge(self, observed: Any, **inputs: Any) -> None:
        """See :class:`Check`."""
        found = one_number(observed, "The result of majority_baseline")
        call = "majority_baseline({train_labels}, {test_labels})".format(**inputs)
        call = call if len(call) < 150 else self.function
        self.compare((found,), inputs, found=found, call=call)


class ClassScores(Measured):
    """Precision, recall and F1 of one class are told apart."""

    function = "class_scores"
    otherwise = "scores-wrong"
    predicted = (
        "precision-recall-swapped",
        "mean-over-classes",
        "weighted-over-classes",
        "accuracy-again",
        "always-class-one",
        "scores-of-the-rest",
        "f1-arithmetic-mean",
        "scores-in-percent",
    )
    raised = ("average-left-binary",)
    told = (
        otherwise,
        "scores-of-every-class",
        "returns-none",
        "wrong-type",
        "missing-key",
        "not-numbers",
        "not-finite",
    )

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield four classes, then two, of which once the first is `positive`."""
        yield {
            "y_true": [2, 2, 2, 2, 2, 2, 0, 0, 0, 0, 1, 1, 1, 1, 1, 3, 3, 3, 3, 3],
            "y_pred": [2, 2, 2, 0, 1, 3, 2, 0, 0, 1, 1, 1, 1, 1, 0, 3, 3, 1, 0, 3],
            "positive": 2,
        }
        for positive in (1, 0):
            true, said = [0, 0, 0, 0, 0, 0, 0, 1, 1, 1], [0, 0, 0, 0, 0, 0, 1, 1, 0, 0]
            yield {
                "y_true": true if positive else [1 - one for one in true],
                "y_pred": said if positive else [1 - one for one in said],
                "positive": positive,
            }

    @staticmethod
    def observe(function: Callable[..., Any], **inputs: Any) -> Any:
        """Call the function with NumPy arrays of class ids."""
        import numpy

        y_true, y_pred = (numpy.array(inputs[name], numpy.int64) for name in ("y_true", "y_pred"))
        return function(y_true, y_pred, inputs["positive"])

    def answer(self, *, y_true: Sequence[int], y_pred: Sequence[int], positive: int) -> Found:
        """See :class:`Predicted`."""
        hits = sum(true == said == positive for true, said in zip(y_true, y_pred, strict=True))
        said, true = y_pred.count(positive), y_true.count(positive)
        return hits / said, hits / true, 2 * hits / (said + true)

    def predictions(
        self, *, y_true: Sequence[int], y_pred: Sequence[int], positive: int
    ) -> dict[str, Any]:
        """See :class:`Predicted`."""
        rows, classes = len(y_true), sorted({*y_true, *y_pred})
        each = [self.answer(y_true=y_true, y_pred=y_pred, positive=one) for one in classes]
        rest = [[int(one == positive) for one in column] for column in (y_true, y_pred)]
        precision, recall, f1 = self.answer(y_true=y_true, y_pred=y_pred, positive=positive)
        hits = sum(true == said for true, said in zip(y_true, y_pred, strict=True))
        shares = [y_true.count(one) / rows for one in classes]
        found = {
            "precision-recall-swapped": (recall, precision, f1),
            "mean-over-classes": tuple(map(fmean, zip(*each, strict=True))),
            "weighted-over-classes": tuple(
                sum(map(float.__mul__, column, shares)) for column in zip(*each, strict=True)
            ),
            "accuracy-again": (hits / rows,) * 3,
            "scores-of-the-rest": self.answer(y_true=rest[0], y_pred=rest[1], positive=0),
            "f1-arithmetic-mean": (precision, recall, (precision + recall) / 2),
            "scores-in-percent": (100 * precision, 100 * recall, 100 * f1),
        }
        if len(classes) > 2 and positive != 1:
            found["always-class-one"] = self.answer(y_true=y_true, y_pred=y_pred, positive=1)
        return {id: [wrong] for id, wrong in found.items()}

    def judge(self, observed: Any, **inputs: Any) -> None:
        """See :class:`Check`."""
        told = need_mapping(observed, SCORES, "The result of class_scores")
        for name in SCORES:
            if (count := numbers(told[name], f"The {name}").numel()) > 1:
                raise mistake("scores-of-every-class", name=name, count=count)
        found = tuple(one_number(told[name], f"The {name}") for name in SCORES)
        right = self.answer(**inputs)
        named = list(zip(SCORES, found, right, strict=True))
        self.compare(
            found,
            inputs,
            rows=len(inputs["y_true"]),
            shown=", ".join(f"{name} {value:.3f}" for name, value, _ in named),
            wrong=", ".join(name for name, value, wanted in named if not near(value, wanted)),
        )


class Interval:
    """One interval that came back, beside the textbook's."""

    def __init__(self, observed: Any, correct: int, total: int) -> None:
        self.call, self.total = f"accuracy_interval({correct}, {total})", total
        what = f"The result of {self.call}"
        ends = None if isinstance(observed, dict) else numbers(observed, what).flatten()
        if ends is None or ends.numel() != 2:
            raise mistake("not-a-pair", call=self.call, returned=observed)
        self.low, self.high = ends.tolist()
        if not math.isfinite(self.low + self.high):
            raise mistake("not-finite", what=what, value=(self.low, self.high))
        self.share = correct / total
        self.error = math.sqrt(self.share * (1 - self.share) / total)

    @property
    def textbook(self) -> Found:
        return self.share - Z * self.error, self.share + Z * self.error

    @property
    def width(self) -> float:
        """The width, as a share of the textbook's."""
        return (self.high - self.low) / (2 * Z * self.error)

    def is_near(self, ends: Sequence[float], away: float) -> bool:
        """Return whether both ends are so near to `ends`, in standard errors."""
        distances = abs(self.low - ends[0]), abs(self.high - ends[1])
        return max(distances) <= away * self.error

    def reaches(self, errors: float) -> bool:
        """Return whether it reaches so many standard errors to either side, within 2 %."""
        width = errors * self.error
        return self.is_near((self.share - width, self.share + width), 0.02 * errors)


class Intervals:
    """What is to be seen in the intervals that came back for some counts."""

    def __init__(self, observed: Any, counts: list[list[int]]) -> None:
        if not isinstance(observed, list) or len(observed) != len(counts):
            raise mistake("not-numbers", what="The list of intervals", value=observed)
        self.each = [Interval(one, *count) for one, count in zip(observed, counts, strict=True)]
        self.width = fmean(one.width for one in self.each)
        in_place = [one.is_near(one.textbook, END) for one in self.each]
        self.right = all(in_place) and abs(self.width - 1) <= WIDTH
        self.first = self.each[in_place.index(False)] if False in in_place else self.each[0]

    def all(self, shows: Callable[[Interval], bool]) -> bool:
        """Return whether every interval shows something."""
        return all(map(shows, self.each))

    @property
    def what(self) -> str:
        if abs(self.width - 1) <= WIDTH:
            return "not in its place"
        return "too narrow" if self.width < 1 else "too wide"


class AccuracyInterval(Check):
    """The interval around an accuracy is as wide as 95 % confidence and the number of rows ask."""

    function = "accuracy_interval"
    facts = Intervals
    signs = {
        "one-standard-error": lambda it: it.all(lambda one: one.reaches(1)),
        "ninety-percent": lambda it: it.all(lambda one: one.reaches(1.645)),
        "root-forgotten": lambda it: it.all(lambda one: one.reaches(Z * one.error)),
        "total-forgotten": lambda it: it.all(lambda one: one.reaches(Z * math.sqrt(one.total))),
        "interval-of-one-half": lambda it: it.all(
            lambda one: one.reaches(Z / 2 / math.sqrt(one.total) / one.error)
        ),
        "half-width-returned": lambda it: it.all(
            lambda one: one.is_near((one.share, Z * one.error), 0.05)
        ),
        "ends-swapped": lambda it: it.all(lambda one: one.is_near(one.textbook[::-1], END)),
        "interval-not-in-shares": lambda it: it.all(lambda one: one.low > 1),
        "interval-wrong": lambda it: not it.right,
    }
    told = ("not-a-pair", "returns-none", "not-numbers", "not-finite")

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield counts far from one half and near to it, of few reviews and many."""
        yield {"counts": [[230, 300], [510, 600], [45, 260], [1200, 2000], [704, 800], [130, 270]]}

    @staticmethod
    def observe(function: Callable[..., Any], counts: list[list[int]]) -> list[Any]:
        """Call the function in its arguments' order, however they are named."""
        return [function(correct, total) for correct, total in counts]


CHECKS = (MajorityBaseline, ClassScores, AccuracyInterval)
