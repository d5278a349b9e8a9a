"""The check of `predict_logits`, lesson 02: the model's own logits, whatever the model's mode."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

from course.checks.base import Check, Inputs
from course.checks.mistakes import mistake
from course.checks.tiny import padded, some_reviews, tiny_classifier
from course.checks.undisturbed import Before, disturbed, signs
from course.checks.values import close, need_mapping, numbers

#: How the same reviews are asked for: twice, with more padding, last one first, the first alone.
ASKED = ("once", "again", "padded", "backwards", "alone")
EXTRA = 6


def logits_of(model: Any, reviews: list[list[int]], extra: int = 0, **changed: Any) -> Any:
    """Return the logits of a model in evaluation mode; `changed` are entries of the batch."""
    import torch

    batch = padded(reviews, extra)
    inputs = {name: batch[name] for name in ("input_ids", "attention_mask")} | changed
    with torch.no_grad():
        return model.eval()(**inputs).logits.double()


class Predictions:
    """What the model answers when it is asked in the right way, and in wrong ones."""

    def __init__(self, seed: int, classes: int, reviews: list[list[int]]) -> None:
        model = tiny_classifier(seed, classes)
        self.right = logits_of(model, reviews)
        #: Without a mask every token counts, padding too.
        self.unmasked = logits_of(model, reviews, attention_mask=None)
        self.unmasked_padded = logits_of(model, reviews, EXTRA, attention_mask=None)
        self.expected = dict.fromkeys(("once", "again", "padded"), self.right) | {
            "backwards": self.right.flip(0),
            "alone": self.right[:1],
        }

    def apart(self) -> bool:
        """Return whether every known mistake shows."""
        right = self.right
        wrong = (self.unmasked, self.unmasked_padded, right.flip(0), right.sort(dim=0).values)
        return not any(close(other, right) for other in wrong)


class Answers:
    """What is to be seen in the logits that came back."""

    def __init__(self, observed: Any, *, seed: int, classes: int, reviews: list[list[int]]) -> None:
        told = need_mapping(observed, (*ASKED, "dropout_on", "disturbed"), "What was observed")
        if isinstance(told["once"], dict) and "logits" in told["once"]:
            raise mistake("logits-in-a-package")
        self.found = {name: numbers(told[name], "The result of predict_logits") for name in ASKED}
        self.classes, self.rows, self.entries = classes, len(reviews), len(padded(reviews))
        self.dropout_on = told["dropout_on"] is True
        self.with_gradient = _with_gradient(told["once"])
        self.disturbed = disturbed(told["disturbed"])
        self._drawn = (seed, classes, reviews)

    @cached_property
    def predicted(self) -> Predictions:
        return Predictions(*self._drawn)

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the first shape that is not texts × classes, if there is one."""
        whole = [tuple(self.found[name].shape) for name in ASKED if name != "alone"]
        return next((shape for shape in whole if shape != (self.rows, self.classes)), whole[0])

    @property
    def shape_alone(self) -> tuple[int, ...]:
        return tuple(self.found["alone"].shape)

    @property
    def class_ids(self) -> bool:
        """Return whether there is one number for each text, and each is the id of a class."""
        once = self.found["once"]
        return self.shape == (self.rows,) and all(
            number in range(self.classes) for number in once.flatten().tolist()
        )

    def adds_up(self, values: Any) -> bool:
        """Return whether the numbers of each row are probabilities."""
        return bool((values >= 0).all()) and close(values.sum(dim=1), values.new_ones(len(values)))

    @property
    def rows_alike(self) -> bool:
        once = self.found["once"]
        return close(once[:1].expand_as(once), once)

    what = "A logit that predict_logits returns"

    @property
    def value(self) -> float | None:
        """Return a number that is infinite or not a number, if there is one."""
        flat = [number for found in self.found.values() for number in found.flatten().tolist()]
        return next((number for number in flat if not math.isfinite(number)), None)

    @property
    def steady(self) -> bool:
        return close(self.found["once"], self.found["again"])

    @property
    def right(self) -> bool:
        return all(close(self.found[name], self.predicted.expected[name]) for name in ASKED)

    @property
    def unmasked(self) -> bool:
        """Return whether these are the logits of a model that reads the padding."""
        return close(self.found["once"], self.predicted.unmasked) and close(
            self.found["padded"], self.predicted.unmasked_padded
        )

    @property
    def reordered(self) -> bool:
        """Return whether the right numbers stand in other rows."""
        return any(
            not close(self.found[name], self.predicted.expected[name])
            and close(self.found[name].sort(dim=0).values, self.predicted.right.sort(dim=0).values)
            for name in ("once", "backwards")
        )

    @property
    def rounded(self) -> bool:
        """Return whether the numbers are the right ones, rounded."""
        once = self.found["once"]
        return any(close(once, self.predicted.right.round(decimals=places)) for places in range(4))

    @property
    def first(self) -> dict[str, list[float]]:
        """Return the first review's numbers, as told and as wanted, few enough to be read."""
        told = self.found | {"wanted": self.predicted.right}
        return {
            name: [round(number, 3) for number in logits.flatten()[: min(self.classes, 6)].tolist()]
            for name, logits in told.items()
        }


def _with_gradient(value: Any) -> bool:
    """Return whether a tensor, or one in a list, carries a gradient."""
    if isinstance(value, list | tuple):
        return any(map(_with_gradient, value))
    return getattr(value, "requires_grad", False) is True


class PredictLogits(Check):
    """Every review of the batch gets its logits, the same each time and whatever the padding."""

    function = "predict_logits"
    facts = Answers
    signs = {
        "logits-first-only": lambda it: it.shape in ((it.classes,), (1, it.classes)),
        "logits-argmaxed": lambda it: it.class_ids,
        "logits-of-entries": lambda it: (
            it.shape == (it.entries, it.classes) != (it.rows, it.classes)
        ),
        "logits-shape": lambda it: it.shape != (it.rows, it.classes),
        "not-finite": lambda it: it.value is not None,
        "logits-softmaxed": lambda it: it.adds_up(it.found["once"]),
        "logits-log-softmaxed": lambda it: it.adds_up(it.found["once"].exp()),
        "logits-sigmoid": lambda it: close(it.found["once"], it.predicted.right.sigmoid()),
        "logits-dropout-on": lambda it: not it.steady and it.dropout_on,
        "logits-unsteady": lambda it: not it.steady,
        "logits-seeded": lambda it: it.dropout_on and not it.right,
        **signs("weights-changed"),
        "logits-rows-alike": lambda it: it.rows_alike,
        "logits-mask-forgotten": lambda it: it.unmasked,
        "logits-order": lambda it: it.reordered,
        "logits-batch-of-one": lambda it: it.shape_alone != (1, it.classes),
        "logits-rounded": lambda it: not it.right and it.rounded,
        "logits-of-neighbours": lambda it: not close(it.found["once"][:1], it.found["alone"]),
        "logits-wrong": lambda it: not it.right,
        "logits-with-gradient": lambda it: it.with_gradient,
        **signs(),
    }
    raised = ("logits-numpy-refused", "batch-not-unpacked", "logits-called")
    told = ("returns-none", "not-numbers", "logits-in-a-package")

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield models and batches on which every known mistake shows."""
        for classes in (rng.randint(3, 5), 2):
            while True:
                drawn: Inputs = {
                    "seed": rng.randrange(10**9),
                    "classes": classes,
                    "reviews": some_reviews(rng, rng.randint(6, 9)),
                }
                if Predictions(**drawn).apart():
                    break
            yield drawn

    @staticmethod
    def observe(
        function: Callable[..., Any], *, seed: int, classes: int, reviews: list[list[int]]
    ) -> dict[str, Any]:
        """Ask for the logits of the same reviews several times, and padded in several ways."""
        import torch
        from transformers import BatchEncoding

        dropout_on: list[bool] = []

        def ask(
            rows: list[list[int]], extra: int = 0, training: bool = True
        ) -> tuple[Any, dict[str, list[str]]]:
            # A model and a batch of its own each time. As in the middle of a fine-tuning run,
            # dropout is on and there are gradients.
            model = tiny_classifier(seed, classes).train(training)
            for parameter in model.parameters():
                parameter.grad = torch.full_like(parameter, 0.5)
            for module in model.modules():
                if isinstance(module, torch.nn.Dropout):
                    module.register_forward_pre_hook(
                        lambda at, _: dropout_on.append(at.training and at.p > 0)
                    )
            batch = BatchEncoding(padded(rows, extra))
            before = Before(model, batch=batch)
            return function(model, batch), before.changes()

        once, changed = ask(reviews)
        answers = {
            "once": once,
            "again": ask(reviews)[0],
            "padded": ask(reviews, extra=EXTRA)[0],
            "backwards": ask(reviews[::-1], training=False)[0],
            "alone": ask(reviews[:1])[0],
        }
        return answers | {"dropout_on": any(dropout_on), "disturbed": changed}
