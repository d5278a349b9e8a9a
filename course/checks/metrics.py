"""Visible checks of lesson 04, second half: what a measured number must be compared with."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from course.checks.base import Check, Inputs, Raised
from course.checks.mistakes import MistakeError, code
from course.checks.values import need_mapping, numbers, one_number

#: How far a share may be from the right one: rounding is no mistake.
TOLERANCE = 0.002


def close(one: float, other: float) -> bool:
    """Return whether two shares are the same but for rounding."""
    return abs(one - other) <= TOLERANCE


class Tabled(Check):
    """A check that knows, for each of its cases, the right result and those of known mistakes."""

    #: Inputs, the right result, and what known mistakes give instead.
    seen: ClassVar[tuple[tuple[Inputs, Any, dict[str, Any]], ...]] = ()
    #: What a student is told whose result is that of a known mistake.
    messages: ClassVar[dict[str, str]] = {}
    tells_answer: ClassVar[bool] = True

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield the inputs of the table."""
        return [inputs for inputs, _, _ in self.seen]

    def answer(self, **inputs: Any) -> Any:
        """Return the right result."""
        return next(answer for known, answer, _ in self.seen if known == inputs)

    def mistakes(self, **inputs: Any) -> dict[str, Any]:
        """Return what known mistakes give."""
        return next(mistakes for known, _, mistakes in self.seen if known == inputs)

    def expected(self, **inputs: Any) -> str:
        """Return the end of a message that may name the right result."""
        return f" It should give {self.answer(**inputs)}." if self.tells_answer else ""


class MajorityBaseline(Tabled):
    """The commonest class of the training labels is scored on the test labels."""

    function = "majority_baseline"
    seen = (
        (
            {
                "train_labels": [2, 0, 2, 1, 2, 0, 2, 1, 0, 2, 3, 3],
                "test_labels": [0, 0, 1, 2, 0, 1, 2, 0, 0, 3],
            },
            0.2,
            {
                "majority-from-test": 0.5,
                "majority-share-of-train": 5 / 12,
                "majority-class-itself": 2,
                "majority-largest-id": 0.1,
                "majority-mean-of-labels": 0.9,
            },
        ),
        (
            {"train_labels": [1, 0, 1, 1, 0], "test_labels": [0, 0, 1, 0, 0, 1, 0, 0]},
            0.25,
            {"majority-from-test": 0.75, "majority-share-of-train": 0.6},
        ),
    )
    messages: ClassVar[dict[str, str]] = {
        "majority-from-test": "Your class is the commonest among the *test* labels. A baseline may "
        "not look at them: it learns from the training labels, as a model does.",
        "majority-share-of-train": "That is the share of the commonest class among the *training* "
        "labels. Learn the class there, then score it on the test labels.",
        "majority-class-itself": "That is the commonest class, not its accuracy: in what share of "
        "the test labels is that class right?",
        "majority-largest-id": "That is the score of the largest class id: `max(labels)` finds "
        "the greatest number, not the commonest. Count how often each class occurs.",
        "majority-mean-of-labels": "That is the mean of the test labels. Class ids are names, not "
        "amounts: with classes 0, 1, 2 … their mean says nothing.",
    }

    @staticmethod
    def observe(function: Callable[..., Any], **inputs: Any) -> Any:
        """Call the function in its arguments' order, however they are named."""
        return function(inputs["train_labels"], inputs["test_labels"])

    def judge(self, observed: Any, **inputs: Any) -> None:
        """See :class:`Check`."""
        found = one_number(observed, "The result of majority_baseline")
        if close(found, self.answer(**inputs)):
            return
        given = f"majority_baseline({inputs['train_labels']}, {inputs['test_labels']})"
        given = given if len(given) <= 150 else "majority_baseline"
        for mistake, wrong in self.mistakes(**inputs).items():
            if close(found, wrong):
                raise MistakeError(mistake, f"{given} returns {found:g}. {self.messages[mistake]}")
        if close(found / 100, self.answer(**inputs)):
            raise MistakeError(
                "majority-in-percent",
                f"{given} returns {found:g}: a percentage. An accuracy is a share, from 0 to 1.",
            )
        raise MistakeError(
            "majority-wrong",
            f"{given} returns {found:g}.{self.expected(**inputs)} Which class is commonest in "
            "training, and in what share of the test labels does it occur?",
        )

    def explain(self, raised: Raised, **inputs: Any) -> MistakeError | None:
        """See :class:`Check`."""
        if raised.type_name == "AttributeError" and "'bool' object" in raised.text:
            return MistakeError(
                "list-compared-with-number",
                f"Your function raised {raised}. `labels == 1` compares the whole *list* with a "
                "number, which is simply False. Compare label by label, or make it an array first.",
            )
        return None


class ClassScores(Tabled):
    """Precision, recall and F1 of one class are told apart."""

    function = "class_scores"
    seen = (
        (
            {
                "y_true": [0, 0, 0, 0, 0, 0, 0, 1, 1, 1],
                "y_pred": [0, 0, 0, 0, 0, 0, 1, 1, 0, 0],
                "positive": 1,
            },
            {"precision": 1 / 2, "recall": 1 / 3, "f1": 0.4},
            {
                "precision-recall-swapped": {"precision": 1 / 3, "recall": 1 / 2, "f1": 0.4},
                "mean-over-classes": {"precision": 0.625, "recall": 0.5952, "f1": 0.6},
                "weighted-over-classes": {"precision": 0.675, "recall": 0.7, "f1": 0.68},
                "accuracy-again": {"precision": 0.7, "recall": 0.7, "f1": 0.7},
                "f1-arithmetic-mean": {"precision": 1 / 2, "recall": 1 / 3, "f1": 5 / 12},
            },
        ),
        (
            {
                "y_true": [2, 2, 2, 2, 0, 0, 0, 1, 1, 1, 1, 0],
                "y_pred": [2, 2, 0, 1, 2, 0, 0, 1, 1, 0, 1, 0],
                "positive": 2,
            },
            {"precision": 2 / 3, "recall": 1 / 2, "f1": 4 / 7},
            {
                "precision-recall-swapped": {"precision": 1 / 2, "recall": 2 / 3, "f1": 4 / 7},
                "mean-over-classes": {"precision": 0.6722, "recall": 2 / 3, "f1": 0.6627},
                "always-class-one": {"precision": 3 / 4, "recall": 3 / 4, "f1": 3 / 4},
                "accuracy-again": {"precision": 2 / 3, "recall": 2 / 3, "f1": 2 / 3},
                "f1-arithmetic-mean": {"precision": 2 / 3, "recall": 1 / 2, "f1": 7 / 12},
            },
        ),
    )
    messages: ClassVar[dict[str, str]] = {
        "precision-recall-swapped": "Precision and recall have changed places, while F1 is right: "
        "scikit-learn's functions take the truth first, the prediction second. (Accuracy and F1 of "
        "one class do not notice; these two do.)",
        "mean-over-classes": "These are the means over all classes (`average='macro'`). Asked for "
        "are the scores of the one class `positive`.",
        "weighted-over-classes": "These are the means over all classes, weighted by how common "
        "they are (`average='weighted'`). Asked for are the scores of the one class `positive`.",
        "accuracy-again": "All three are the plain accuracy (`average='micro'` gives that). "
        "Asked for are the scores of the one class `positive`.",
        "always-class-one": "These are the scores of class 1, whatever `positive` is. Class 1 is "
        "what scikit-learn takes when nothing else is said.",
        "f1-arithmetic-mean": "Precision and recall are right. F1 is not their half-way point "
        "but their *harmonic* mean, which is nearer to the smaller of the two.",
    }

    @staticmethod
    def observe(function: Callable[..., Any], **inputs: Any) -> Any:
        """Call the function with NumPy arrays of class ids."""
        import numpy

        y_true, y_pred = numpy.array(inputs["y_true"]), numpy.array(inputs["y_pred"])
        return function(y_true, y_pred, inputs["positive"])

    def judge(self, observed: Any, **inputs: Any) -> None:
        """See :class:`Check`."""
        names = ("precision", "recall", "f1")
        told = need_mapping(observed, names, "The result of class_scores")
        for name in names:
            found = numbers(told[name], f"The {name}")
            if found.numel() > 1:
                raise MistakeError(
                    "scores-of-every-class",
                    f"Your {name} is {found.numel()} numbers, one for every class "
                    "(`average=None` gives that). Asked for is the one class `positive`.",
                )
        scores = {name: one_number(told[name], f"The {name}") for name in names}

        def same(other: dict[str, float]) -> bool:
            return all(close(scores[name], other[name]) for name in names)

        right = self.answer(**inputs)
        if same(right):
            return
        shown = ", ".join(f"{name} {value:.3f}" for name, value in scores.items())
        given = f"For class {inputs['positive']} of {len(inputs['y_true'])} reviews yours gives"
        for mistake, wrong in self.mistakes(**inputs).items():
            if same(wrong):
                credit = 0.5 if mistake == "f1-arithmetic-mean" else 0.0
                message = f"{given} {shown}. {self.messages[mistake]}"
                raise MistakeError(mistake, message, credit=credit)
        if same({name: value * 100 for name, value in right.items()}):
            raise MistakeError(
                "scores-in-percent", f"{given} {shown}: percentages. Scores are shares, 0 to 1."
            )
        wrong_names = [name for name in names if not close(scores[name], right[name])]
        raise MistakeError(
            "scores-wrong",
            f"{given} {shown}; wrong is: {', '.join(wrong_names)}. Precision: of those *predicted* "
            "as this class, how many are? Recall: of those that *are* this class, how many were "
            "found?",
        )

    def explain(self, raised: Raised, **inputs: Any) -> MistakeError | None:
        """See :class:`Check`."""
        if "average='binary'" in raised.text:
            return MistakeError(
                "average-left-binary",
                f"Your function raised {raised} There may be more than two classes: turn the "
                'question into "this class or not?" first, or name the class with `labels=`.',
            )
        return None


class AccuracyInterval(Tabled):
    """The interval around an accuracy is as wide as 95 % confidence and the number of rows ask."""

    function = "accuracy_interval"
    #: The right result is a range for each end: the usual methods differ a little.
    seen = (
        (
            {"correct": 230, "total": 300},
            ((0.708, 0.725), (0.805, 0.82)),
            {
                "one-standard-error": (0.742, 0.791),
                "root-forgotten": (0.7655, 0.7678),
                "total-forgotten": (-0.0622, 1.5956),
                "ninety-percent": (0.7265, 0.8068),
            },
        ),
        (
            {"correct": 1200, "total": 2000},
            ((0.5757, 0.5813), (0.6187, 0.6243)),
            {
                "one-standard-error": (0.589, 0.611),
                "root-forgotten": (0.5998, 0.6002),
                "total-forgotten": (-0.3602, 1.5602),
                "ninety-percent": (0.582, 0.618),
            },
        ),
    )
    messages: ClassVar[dict[str, str]] = {
        "one-standard-error": "That is one standard error to either side, which catches the true "
        "accuracy in about 68 of 100 tries. For 95 of 100 go further: 1.96 standard errors.",
        "root-forgotten": "That is far too narrow: p·(1−p)/n is a variance. The standard error "
        "is its square root.",
        "total-forgotten": "That is far too wide, as if one review had been tried. The standard "
        "error shrinks with the number of reviews: where does `total` stand below the fraction?",
        "ninety-percent": "That is the interval for 90 % (1.645 standard errors). For 95 % it "
        "takes 1.96.",
    }

    @staticmethod
    def observe(function: Callable[..., Any], **inputs: Any) -> Any:
        """Call the function in its arguments' order, however they are named."""
        return function(inputs["correct"], inputs["total"])

    def judge(self, observed: Any, **inputs: Any) -> None:
        """See :class:`Check`."""
        given = f"accuracy_interval({inputs['correct']}, {inputs['total']})"
        if isinstance(observed, dict):
            raise MistakeError(
                "not-a-pair", f"{given} should be the pair `(low, high)`, not a dictionary."
            )
        ends = numbers(observed, f"The result of {given}").flatten().tolist()
        if not all(map(math.isfinite, ends)):
            raise MistakeError("not-finite", f"{given} returns {code(ends)}: a division by zero?")
        if len(ends) != 2:
            raise MistakeError(
                "not-a-pair",
                f"{given} returns {code([round(end, 4) for end in ends[:9]])}. Asked for are two "
                "numbers, `(low, high)`: where the interval begins and where it ends.",
            )
        low, high = ends
        shown = f"({low:.4f}, {high:.4f})"
        if low > high:
            raise MistakeError("ends-swapped", f"{given} returns {shown}: put the lower end first.")
        ranges = self.answer(**inputs)
        if all(least <= end <= most for end, (least, most) in zip(ends, ranges, strict=True)):
            return
        for mistake, wrong in self.mistakes(**inputs).items():
            if all(abs(end - other) < 0.0005 for end, other in zip(ends, wrong, strict=True)):
                raise MistakeError(mistake, f"{given} returns {shown}. {self.messages[mistake]}")
        if low > 1:
            raise MistakeError(
                "interval-not-in-shares",
                f"{given} returns {shown}. Give both ends as shares between 0 and 1, as "
                "accuracies are: neither percent nor counts.",
            )
        (low_least, low_most), (high_least, high_most) = ranges
        what = "not in its place"
        if high - low < high_least - low_most:
            what = "too narrow"
        if high - low > high_most - low_least:
            what = "too wide"
        raise MistakeError(
            "interval-wrong",
            f"{given} returns {shown}, which is {what}. Middle: the accuracy p. To either "
            "side: 1.96 times the standard error of p.",
        )
