"""Visible checks of lesson 04, first half: from logits to classes, and to the model's accuracy."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

from course.checks.base import Check, Inputs
from course.checks.model_evaluation import Evaluated, Evaluation, watched
from course.checks.values import close, numbers, one_number


def places(rows: Iterable[Iterable[float]]) -> list[int]:
    """Return for each row the place of its largest number."""
    return [max(enumerate(row), key=lambda pair: pair[1])[0] for row in rows]


class Classes:
    """What is to be seen in the class ids that came back for some logits."""

    what = "The result of predicted_classes"

    def __init__(self, observed: Any, logits: list[list[float]]) -> None:
        self.logits, self.right = logits, places(logits)
        self.rows, self.columns = len(logits), len(logits[0])
        self.expected = (self.rows,)
        self.maxima = [max(row) for row in logits]
        found = numbers(observed, self.what)
        self.pair = (
            isinstance(observed, tuple)
            and found.shape == (2, self.rows)
            and close(found, [self.maxima, self.right])
        )
        found = found[1] if self.pair else found
        self.shape = tuple(found.shape)
        self.values = found.tolist()

    @property
    def flat(self) -> int:
        """The place that `argmax` finds without a dimension."""
        return places([chain.from_iterable(self.logits)])[0]

    @property
    def down(self) -> list[int]:
        """For each class, the review that has most of it."""
        return places(zip(*self.logits, strict=True))

    @property
    def largest(self) -> bool:
        """Whether these are the largest numbers of the rows, or of the rows' softmax."""
        import torch

        softmax = torch.tensor(self.logits, dtype=torch.float64, device="cpu").softmax(dim=1)
        return any(close(self.values, most) for most in (self.maxima, softmax.amax(dim=1)))

    @property
    def binary(self) -> bool:
        """Whether these are answers as if there were two classes; one or two rows cannot show it."""
        import torch

        if self.rows < 3:
            return False
        rows = torch.tensor(self.logits, dtype=torch.float64, device="cpu")
        second = rows[:, 1]
        answers = (second > rows[:, 0], second > 0, rows.softmax(dim=1)[:, 1] > 0.5)
        return any(self.values == answer.tolist() for answer in answers)

    @property
    def whole(self) -> bool:
        return all(value.is_integer() for value in self.values)

    @property
    def row(self) -> int:
        """The first row with another class than its own."""
        return next(row for row in range(self.rows) if self.values[row] != self.right[row])

    @property
    def wrong_row(self) -> list[float]:
        return [round(value, 3) for value in self.logits[self.row]]

    @property
    def wrong_class(self) -> int:
        return int(self.values[self.row])


class PredictedClasses(Check):
    """Every row of logits becomes one class id: the place of its largest logit."""

    function = "predicted_classes"
    facts = Classes
    signs = {
        "max-and-place": lambda it: it.pair,
        "batch-squeezed": lambda it: it.shape == () and it.rows == 1,
        "argmax-flat": lambda it: it.shape == () and it.values == it.flat,
        "axis-kept": lambda it: it.shape == (it.rows, 1),
        "argmax-dim0": lambda it: it.values == it.down != it.right,
        "one-answer-per-logit": lambda it: it.shape == (it.rows, it.columns),
        "wrong-shape": lambda it: it.shape != it.expected,
        "max-not-place": lambda it: it.values != it.right and it.largest,
        "not-class-ids": lambda it: not it.whole,
        "two-classes-only": lambda it: it.binary and it.values != it.right,
        "predicted-wrong": lambda it: it.values != it.right,
    }
    raised = ("item-of-many",)
    told = ("returns-none", "not-numbers")

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield more reviews than classes, fewer, as many, and a single one."""
        for logits in (
            [[2.0, 1.0, 0.5], [0.5, 1.5, 2.5], [-1.0, -3.0, -2.0], [0.0, 4.0, 1.0]],
            [[-4.0, -1.5, -3.0, -2.0], [-2.0, -3.0, -1.0, -0.5]],
            [[0.5, 3.0, 2.5], [0.0, 4.0, 1.0], [1.0, 2.0, 0.25]],
            [[0.25, -1.0, 2.5]],
        ):
            yield {"logits": logits}

    @staticmethod
    def observe(function: Callable[..., Any], logits: list[list[float]]) -> Any:
        """Call the function with a tensor of logits."""
        import torch

        return function(torch.tensor(logits, dtype=torch.float32, device="cpu"))


class Shares(Evaluated):
    """What is to be seen in results of `model_accuracy`."""

    @staticmethod
    def read(result: Any) -> tuple[float, None]:
        """See :class:`Evaluated`."""
        return one_number(result, "The result of model_accuracy"), None


class ModelAccuracy(Evaluation):
    """The model is asked without dropout, and right answers are counted over all reviews."""

    function = "model_accuracy"
    facts = Shares
    signs = {
        "dropout-on": lambda it: it.wrong and it.dropout,
        "count-not-share": lambda it: it.accuracy_is("count"),
        "length-of-batch": lambda it: it.accuracy_is("length"),
        "accuracy-not-a-share": lambda it: not 0 <= it.accuracy <= 1,
        "first-batch-only": lambda it: it.accuracy_is("first"),
        "last-batch-only": lambda it: it.accuracy_is("last"),
        "mean-of-batches": lambda it: it.accuracy_is("means"),
        "mask-not-passed": lambda it: it.accuracy_is("unmasked"),
        "error-rate": lambda it: it.accuracy_is("errors"),
        "kept-between-calls": lambda it: it.accuracy_is("kept"),
        "accuracies-do-not-add-up": lambda it: it.wrong and abs(it.total - 1) > 0.01,
        "model-accuracy-wrong": lambda it: it.wrong,
        "model-left-changed": lambda it: it.change,
        "gradients-on": lambda it: it.gradients,
    }
    raised = ("numpy-of-gradients", "argmax-dim0-in-model", "output-not-logits")
    told = ("returns-none", "not-numbers", "several-numbers", "not-finite")

    @staticmethod
    def observe(function: Callable[..., Any], **inputs: Any) -> dict[str, Any]:
        """Ask for the accuracy of a model on batches that are plain dictionaries."""
        return watched(function, inputs, dict, "cpu")


CHECKS = (PredictedClasses, ModelAccuracy)
