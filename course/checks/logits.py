"""Visible checks of lesson 02, on the way: logits that are the same whenever they are asked for."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any

from course.checks.base import Check, Inputs, Raised
from course.checks.mistakes import MistakeError, code
from course.checks.tiny import padded, some_reviews, tiny_classifier
from course.checks.values import close, need_mapping, numbers


class PredictLogits(Check):
    """Every review of the batch gets its logits, the same each time and whatever the padding."""

    function = "predict_logits"

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield models and batches of token ids."""
        for classes in (3, 2):
            yield {
                "seed": rng.randrange(10**6),
                "classes": classes,
                "reviews": some_reviews(rng, 5),
            }

    @staticmethod
    def observe(
        function: Callable[..., Any], *, seed: int, classes: int, reviews: list[list[int]]
    ) -> dict[str, Any]:
        """Ask for the logits of the same reviews several times, and padded in several ways."""
        from transformers import BatchEncoding

        model = tiny_classifier(seed, classes)

        def ask(rows: list[list[int]], extra: int = 0) -> Any:
            # As in the middle of a fine-tuning run, dropout is on when the question comes.
            model.train()
            return function(model, BatchEncoding(padded(rows, extra)))

        return {
            "once": ask(reviews),
            "again": ask(reviews),
            "padded": ask(reviews, extra=6),
            "backwards": ask(reviews[::-1]),
            "alone": ask(reviews[:1]),
        }

    def judge(self, observed: Any, **inputs: Any) -> None:
        """See :class:`Check`."""
        self.results(observed, **inputs)
        self.judge_gradient(observed)

    @staticmethod
    def judge_gradient(observed: Any) -> None:
        """Raise :class:`MistakeError` if the logits, which are right, still hang on a graph."""
        if getattr(observed["once"], "requires_grad", False):
            raise MistakeError(
                "logits-with-gradient",
                "The logits are right, but they carry `requires_grad=True`: PyTorch kept all "
                "intermediate results for a backward pass that never comes, and `.numpy()` will "
                "refuse them. Ask the model inside `with torch.no_grad():`.",
                credit=0.5,
            )

    def results(self, observed: Any, **inputs: Any) -> dict[str, Any]:
        """Return the logits as tensors if they behave as logits do; otherwise raise MistakeError."""
        reviews, classes = inputs["reviews"], inputs["classes"]
        names = ("once", "again", "padded", "backwards", "alone")
        told = need_mapping(observed, names, "What was observed")
        if isinstance(told["once"], dict) and "logits" in told["once"]:
            raise MistakeError(
                "logits-in-a-package",
                "Your function returns the model's whole output. The logits are inside it: "
                "`.logits`.",
            )
        found = {name: numbers(told[name], "The result of predict_logits") for name in names}
        once = found["once"]
        for name in ("once", "again", "padded", "backwards"):
            self._judge_shape(found[name], len(reviews), classes)
        self._judge_scale(once)
        if not close(once, found["again"]):
            raise MistakeError(
                "logits-dropout-on",
                "Asked twice for the same batch, your function gave different logits: "
                f"{code(_short(once[0]))}, then {code(_short(found['again'][0]))} for the first "
                "review. In training mode dropout switches parts of the model off at random. Which "
                "method of the model ends that?",
            )
        if len(once) > 1 and close(once[:1].expand_as(once), once):
            raise MistakeError(
                "logits-rows-alike",
                f"All {len(once)} different reviews got the same logits. That happens when the "
                "attention mask is all zeros, so that BERT looks at no word: the *second* "
                "positional argument of the model is `attention_mask`, but the second entry of a "
                "batch is `token_type_ids`. Pass by name, not by place.",
            )
        if not close(once, found["padded"]):
            raise MistakeError(
                "logits-mask-forgotten",
                f"The first review's logits are {code(_short(once[0]))}; with more padding behind "
                f"it they become {code(_short(found['padded'][0]))}. BERT read the padding as "
                "words. What in the batch says which tokens count?",
            )
        alone = found["alone"]
        if alone.shape != (1, classes):
            raise MistakeError(
                "logits-batch-of-one",
                f"For a batch of one review the logits should be 1 × {classes}; yours have the "
                f"shape {tuple(alone.shape)}. Is a dimension squeezed away?",
            )
        if not close(once.flip(0), found["backwards"]):
            raise MistakeError(
                "logits-order",
                "With the reviews in backward order your logits are not in backward order. Row i "
                "of the logits belongs to row i of the batch.",
            )
        if not close(once[:1], alone):
            raise MistakeError(
                "logits-of-neighbours",
                f"In a batch of {len(once)} the first review's logits are {code(_short(once[0]))}, "
                f"asked alone {code(_short(alone[0]))}. A review's logits must not depend on what "
                "else is in the batch.",
            )
        return found

    @staticmethod
    def _judge_shape(logits: Any, rows: int, classes: int) -> None:
        shape, given = tuple(logits.shape), f"For {rows} reviews and {classes} classes"
        if shape == (rows, classes):
            return
        if shape in ((classes,), (1, classes)):
            raise MistakeError(
                "logits-first-only",
                f"{given} your function returns the logits of one review only. Return all rows.",
            )
        if shape == (rows,):
            raise MistakeError(
                "logits-argmaxed",
                f"{given} your function returns {rows} numbers. These look like class ids: the "
                "argmax comes later, here the logits themselves are asked for.",
            )
        raise MistakeError(
            "logits-shape",
            f"{given} the logits should be {rows} × {classes}; yours have the shape {shape}.",
        )

    @staticmethod
    def _judge_scale(once: Any) -> None:
        import torch

        ones = torch.ones(len(once), dtype=once.dtype)
        if bool((once >= 0).all()) and close(once.sum(dim=1), ones):
            raise MistakeError(
                "logits-softmaxed",
                f"Each row of your result adds up to 1 ({code(_short(once[0]))}, …): these are "
                "probabilities, softmax has been applied. The loss takes raw logits; after a second "
                "softmax it would learn badly without any error.",
            )
        if close(once.exp().sum(dim=1), ones):
            raise MistakeError(
                "logits-log-softmaxed",
                f"The exponentials of each row add up to 1 ({code(_short(once[0]))}, …): these are "
                "log-probabilities. Return the model's logits as they are.",
            )

    def explain(self, raised: Raised, **inputs: Any) -> MistakeError | None:
        """See :class:`Check`."""
        text = raised.text
        if "requires grad" in text and "numpy" in text:
            return MistakeError(
                "logits-numpy-refused",
                f"Your function raised {str(raised).rstrip('.')}. The logits still hang on "
                "the notes for a backward pass: ask the model inside `with torch.no_grad():`.",
            )
        if raised.type_name == "AttributeError" and (
            not text or "'size'" in text or "'shape'" in text
        ):
            return MistakeError(
                "batch-not-unpacked",
                "Your function raised an AttributeError inside the model. It was probably given the "
                "batch as one thing; the model wants its entries one by one, each by its name: "
                "`model(**batch)` does that.",
            )
        if "object is not callable" in text and "Tensor" in text:
            return MistakeError(
                "logits-called",
                f"Your function raised {raised}. `logits` is a value, not a method: leave the "
                "brackets out.",
            )
        return None


def _short(row: Any) -> list[float]:
    return [round(value, 3) for value in row.flatten()[:6].tolist()]
