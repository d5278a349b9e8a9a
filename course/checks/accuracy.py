"""Visible checks of lesson 04: from logits to an accuracy that can be believed."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable
from typing import Any

from course.checks.base import Check, Inputs, Raised
from course.checks.metrics import AccuracyInterval, ClassScores, MajorityBaseline, Tabled, close
from course.checks.mistakes import MistakeError, code
from course.checks.tiny import tiny_bert
from course.checks.values import need_mapping, numbers, one_number

#: Classes of the little model.
CLASSES = 3


class PredictedClasses(Tabled):
    """Every row of logits becomes one class id: the place of its largest logit."""

    function = "predicted_classes"
    seen = (
        ({"logits": [[2.0, 1.0], [0.5, 1.5], [3.0, 0.0]]}, [0, 1, 0], {}),
        ({"logits": [[-4.0, -1.5, -3.0, -2.0], [-2.0, -3.0, -1.0, -0.5]]}, [1, 3], {}),
        (
            {"logits": [[0.5, 3.0, 2.5], [0.0, 4.0, 1.0], [1.0, 2.0, 0.5]]},
            [1, 1, 1],
            {"argmax-dim0": [2, 1, 0]},
        ),
        ({"logits": [[0.25, -1.0, 2.0]]}, [2], {}),
    )

    @staticmethod
    def observe(function: Callable[..., Any], **inputs: Any) -> Any:
        """Call the function with a tensor of logits."""
        import torch

        return function(torch.tensor(inputs["logits"]))

    def judge(self, observed: Any, **inputs: Any) -> None:
        """See :class:`Check`."""
        rows, columns = len(inputs["logits"]), len(inputs["logits"][0])
        given = f"logits of {rows} reviews × {columns} classes"
        if isinstance(observed, tuple) and len(observed) == 2 != rows:
            raise MistakeError(
                "max-and-place",
                f"For {given} your function returns a pair: `max` with a dimension gives the "
                "largest values *and* where they are. Only the second is asked for.",
            )
        found = numbers(observed, "The result of predicted_classes")
        self._judge_shape(tuple(found.shape), found.tolist(), rows, columns, given)
        values = found.tolist()
        if values != [round(value) if math.isfinite(value) else None for value in values]:
            raise MistakeError(
                "max-not-place",
                f"For {given} your function returns {code(values)}. These are no class ids: a "
                "class id is a place (0, 1, …). `max` gives the largest logit, not its place.",
            )
        if values == (right := self.answer(**inputs)):
            return
        if values == self.mistakes(**inputs).get("argmax-dim0"):
            raise MistakeError(*_wrong_axis(given, f"{code(found.int().tolist())}"))
        if max(right) > 1 >= max(values) and min(values) >= 0:
            raise MistakeError(
                "two-classes-only",
                f"For {given} your function answers only 0 and 1, as if there were two classes. "
                "Compare all logits of a row, not the first two of them, and none with a "
                "fixed threshold.",
            )
        row = next(i for i in range(rows) if values[i] != right[i])
        logits = [round(value, 3) for value in inputs["logits"][row]]
        raise MistakeError(
            "predicted-wrong",
            f"In the row {logits} your function answers class {int(values[row])}. Count the "
            "places from 0: where is the largest logit?",
        )

    @staticmethod
    def _judge_shape(
        shape: tuple[int, ...], values: Any, rows: int, columns: int, given: str
    ) -> None:
        if shape == (rows,):
            return
        if shape == () and rows > 1:
            raise MistakeError(
                "argmax-flat",
                f"For {given} your function returns one number. `argmax()` without a dimension "
                "looks for the largest of *all* numbers at once; each review needs its own answer.",
            )
        if shape == ():
            raise MistakeError(
                "batch-squeezed",
                "For a batch of one review your function returns a bare number instead of one "
                "class id in a list or tensor. `squeeze` removes the batch itself if it is 1 long.",
            )
        if shape == (rows, 1):
            raise MistakeError(
                "axis-kept",
                f"For {given} your function returns the shape {shape}. Labels have the shape "
                f"({rows},): leave `keepdim` out.",
            )
        if shape == (columns,):
            raise MistakeError(*_wrong_axis(given, f"{columns} answers"))
        if shape == (rows, columns):
            raise MistakeError(
                "one-answer-per-logit",
                f"For {given} your function still returns {rows} × {columns} numbers. Softmax "
                "and rounding keep the table; asked for is one class id a review.",
            )
        raise MistakeError(
            "wrong-shape", f"For {given} your function returns the shape {shape}, not ({rows},)."
        )

    def explain(self, raised: Raised, **inputs: Any) -> MistakeError | None:
        """See :class:`Check`."""
        if "only one element tensors" in raised.text or "converted to Scalar" in raised.text:
            return MistakeError(
                "item-of-many",
                f"Your function raised {raised}. `.item()` takes one number out of a tensor that "
                "holds one; here each review has its own class id, so return them all.",
            )
        return None


def _wrong_axis(given: str, got: str) -> tuple[str, str]:
    return (
        "argmax-dim0",
        f"For {given} your function returns {got}: for each *class*, the review that has most of "
        "it. That is dimension 0, down the columns. Each review needs its own answer, along "
        "its row. (With as many reviews as classes nobody would have told you.)",
    )


class ModelAccuracy(Check):
    """The model is asked without dropout, and right answers are counted over all reviews."""

    function = "model_accuracy"

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield random token ids and labels, in batches of which the last is short."""
        for sizes in ([8, 8, 3], [5, 9, 2]):
            lengths = [rng.randint(3, 10) for _ in range(sum(sizes))]
            yield {
                "seed": rng.randrange(10**6),
                "reviews": [[rng.randrange(1, 200) for _ in range(n)] for n in lengths],
                "labels": [rng.randrange(CLASSES) for _ in lengths],
                "sizes": sizes,
            }

    @staticmethod
    def observe(function: Callable[..., Any], **inputs: Any) -> dict[str, Any]:
        """Ask for the accuracy of one model on the same reviews, put in batches in several ways."""
        import torch

        reviews, labels, sizes = inputs["reviews"], inputs["labels"], inputs["sizes"]
        model = tiny_bert(inputs["seed"], classes=CLASSES, dropout=0.5, attention_dropout=0.1)
        longest = max(map(len, reviews))
        training: list[bool] = []
        gradients: list[bool] = []

        def watch(module: Any, _: Any) -> None:
            training.append(module.training)
            gradients.append(torch.is_grad_enabled())

        model.register_forward_pre_hook(watch)

        def ask(cuts: list[int], shift: int = 0, padding: int = 0, start: int = 0) -> Any:
            # Every batch is padded alike: what differs between two cuts is only the cut.
            batches, width = [], longest + padding
            for size in cuts:
                rows = reviews[start : start + size]
                batches.append(
                    {
                        "input_ids": torch.tensor([row + [0] * (width - len(row)) for row in rows]),
                        "attention_mask": torch.tensor(
                            [[1] * len(row) + [0] * (width - len(row)) for row in rows]
                        ),
                        "labels": (torch.tensor(labels[start : start + size]) + shift) % CLASSES,
                    }
                )
                start += size
            # As in the middle of a fine-tuning run, dropout is on when the evaluation begins.
            model.train()
            return function(model, batches)

        return {
            "whole": ask(sizes),
            "again": ask(sizes),
            "in_one_batch": ask([len(reviews)]),
            "padded": ask(sizes, padding=8),
            "shifted": [ask(sizes, shift) for shift in range(1, CLASSES)],
            "first_batch": ask(sizes[:1]),
            "last_batch": ask(sizes[-1:], start=sum(sizes[:-1])),
            "training": any(training),
            "gradients": any(gradients),
        }

    def judge(self, observed: Any, **inputs: Any) -> None:
        """See :class:`Check`."""
        self.judge_symptoms(observed, **inputs)
        if observed["gradients"] is True:
            raise MistakeError(
                "gradients-on",
                "The accuracy is right, but torch kept the notes for a backward pass that never "
                "comes: that costs memory and time. Ask the model inside `with torch.no_grad():`.",
            )

    def judge_symptoms(self, observed: Any, *, sizes: list[int], **inputs: Any) -> None:
        """Judge by what must hold for any model: no right answer is needed for it."""
        found = self.results(observed)
        rows = sum(sizes)
        whole = found["whole"]
        self._judge_unit(whole, rows)
        if observed["training"] is True or not close(whole, found["again"]):
            again = "" if close(whole, found["again"]) else f", then {found['again']:.3f}"
            raise MistakeError(
                "dropout-on",
                f"The same model on the same reviews gave {whole:.3f}{again}: it was asked in "
                "training mode, where dropout removes parts of it by chance. Call `model.eval()` "
                "before you ask.",
            )
        if not close(whole, found["in_one_batch"]):
            if close(whole, found["first_batch"]):
                raise MistakeError(
                    "first-batch-only",
                    f"Your accuracy is that of the first batch, {whole:.3f}. Does `return` stand "
                    "inside the loop?",
                )
            if close(whole, found["last_batch"]):
                raise MistakeError(
                    "last-batch-only",
                    f"Your accuracy is that of the last batch, {whole:.3f}: each batch overwrites "
                    "what the one before had given. Keep the count, and add to it.",
                )
            raise MistakeError(
                "mean-of-batches",
                f"In batches of {sizes} your accuracy is {whole:.3f}; the same {rows} reviews in "
                f"one batch give {found['in_one_batch']:.3f}. A review in a short batch must not "
                "weigh more: count right answers and reviews over all batches, divide once.",
            )
        if not close(whole, found["padded"]):
            raise MistakeError(
                "mask-not-passed",
                f"More padding at the end of the reviews moved your accuracy from {whole:.3f} to "
                f"{found['padded']:.3f}. Did the model get the `attention_mask` of each batch?",
            )
        total = whole + sum(found["shifted"])
        if not abs(total - 1) < 0.01:
            raise MistakeError(
                "accuracies-do-not-add-up",
                f"With {CLASSES} classes, each review has one label that the model gets right. "
                f"Asked with each of them in turn, your accuracies add up to {total:.3f} instead "
                "of 1. Is each review's *own* prediction compared with its *own* label?",
            )

    @staticmethod
    def results(observed: Any) -> dict[str, Any]:
        """Return the accuracies in an observation, each one finite number; otherwise raise MistakeError."""
        names = ("whole", "again", "in_one_batch", "padded", "first_batch", "last_batch")
        told = need_mapping(
            observed, [*names, "shifted", "training", "gradients"], "What was observed"
        )
        found: dict[str, Any] = {
            name: one_number(told[name], "The result of model_accuracy") for name in names
        }
        shifted = numbers(told["shifted"], "The list of accuracies").flatten().tolist()
        if len(shifted) != CLASSES - 1 or not all(map(math.isfinite, shifted)):
            raise MistakeError(
                "not-finite", "model_accuracy should return one finite number each time."
            )
        return found | {"shifted": shifted}

    @staticmethod
    def _judge_unit(whole: float, rows: int) -> None:
        if 0 <= whole <= 1:
            return
        if whole == round(whole) and whole <= rows:
            raise MistakeError(
                "count-not-share",
                f"Your function returns {whole:.0f}: that many right answers among {rows} reviews? "
                "The accuracy is their share, between 0 and 1.",
            )
        raise MistakeError(
            "accuracy-not-a-share",
            f"Your function returns {whole:.3f}. An accuracy is a share between 0 and 1; "
            "leave percent to the printing.",
        )

    def explain(self, raised: Raised, **inputs: Any) -> MistakeError | None:
        """See :class:`Check`."""
        text = raised.text
        if "requires grad" in text and "numpy" in text:
            return MistakeError(
                "numpy-of-gradients",
                'Your function raised "Can\'t call numpy() on Tensor that requires grad". The '
                "logits still carry the notes for a backward pass: ask the model inside "
                "`with torch.no_grad():`.",
            )
        if "inconsistent numbers of samples" in text:
            return MistakeError(
                "argmax-dim0-in-model",
                f"Your function raised {raised}. There are as many predictions as classes, "
                "not as reviews: is the argmax taken down the columns?",
            )
        if raised.type_name == "AttributeError" and (
            "'dict' object" in text or "Output' object has no attribute" in text
        ):
            return MistakeError(
                "output-not-logits",
                f"Your function raised {raised}. A batch is a dictionary, to be passed as "
                "`model(**batch)`; what comes back is a package, and the scores are its `.logits`.",
            )
        return None


CHECKS = (PredictedClasses, ModelAccuracy, MajorityBaseline, ClassScores, AccuracyInterval)
