"""Visible checks of lesson 05: one evaluation, one whole run."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable
from typing import Any

from course.checks.base import Check, Inputs, Raised
from course.checks.mistakes import MistakeError, code
from course.checks.tiny import as_batch, draw_reviews, tiny_bert
from course.checks.training_run import FineTune
from course.checks.values import need_mapping, need_number


class Evaluate(Check):
    """Accuracy and loss are those of all rows, asked with dropout off and without gradients."""

    function = "evaluate"

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield random reviews with labels, in batches of which the last is short."""
        for classes, sizes in ((2, [6, 6, 3]), (3, [4, 7, 1])):
            yield {
                "seed": rng.randrange(10**6),
                "classes": classes,
                "reviews": draw_reviews(rng, sum(sizes)),
                "labels": [rng.randrange(classes) for _ in range(sum(sizes))],
                "sizes": sizes,
            }

    @staticmethod
    def observe(function: Callable[..., Any], **inputs: Any) -> dict[str, Any]:
        """Evaluate one model on the same rows, cut into batches in several ways."""
        import torch

        reviews, labels = inputs["reviews"], inputs["labels"]
        device = "cuda" if torch.cuda.is_available() else "cpu"
        model = tiny_bert(inputs["seed"], dropout=0.5, classes=inputs["classes"]).to(device)
        training: list[bool] = []
        gradients: list[bool] = []

        def watch(module: Any, _: Any) -> None:
            training.append(module.training)
            gradients.append(torch.is_grad_enabled())

        model.register_forward_pre_hook(watch)

        def ask(cuts: list[int], start: int = 0, padding: int = 0) -> Any:
            batches = []
            for size in cuts:
                stop = start + size
                batches.append(as_batch(reviews[start:stop], labels[start:stop], padding))
                start = stop
            # As in the middle of a run: dropout is on when the evaluation begins.
            model.train()
            return function(model, batches)

        sizes = inputs["sizes"]
        told = {
            "whole": ask(sizes),
            "again": ask(sizes),
            "in_one_batch": ask([len(reviews)]),
            "first_batch": ask(sizes[:1]),
            "last_batch": ask(sizes[-1:], start=sum(sizes[:-1])),
            "padded": ask(sizes, padding=8),
            "training": any(training),
            "gradients": any(gradients),
        }
        with torch.no_grad():
            model.classifier.weight.zero_()
            model.classifier.bias.zero_()
            model.classifier.bias[0] = math.log(3)
        return told | {"stubborn": ask(sizes)}

    def judge(self, observed: Any, **inputs: Any) -> None:
        """See :class:`Check`."""
        self.symptoms(observed, **inputs)
        self.judge_stubborn(observed, **inputs)
        self.judge_gradients(observed)

    @staticmethod
    def judge_gradients(observed: Any) -> None:
        """Raise if the model was asked with gradients: right, but it costs memory and time."""
        if observed["gradients"] is True:
            raise MistakeError(
                "evaluate-keeps-gradients",
                "Both numbers are right, but PyTorch prepared a backward pass that never comes, "
                "which costs memory and time. Ask the model inside `with torch.no_grad():`.",
                credit=0.8,
            )

    def symptoms(self, observed: Any, *, sizes: list[int], **inputs: Any) -> None:
        """Raise the mistake that shows without knowing the right result."""
        told = need_mapping(
            observed, ["whole", "again", "in_one_batch", "padded", "training"], "What was observed"
        )
        whole, rows = scores(told["whole"]), sum(sizes)
        accuracy, loss = whole
        again = scores(told["again"])
        if told["training"] is True or not same(whole, again):
            raise MistakeError(
                "evaluate-dropout-on",
                f"The same model on the same rows gave accuracy {accuracy:.3f} and loss {loss:.3f}, "
                f"then {again[0]:.3f} and {again[1]:.3f}: it was asked in training mode, where "
                "dropout switches parts of it off by chance. Call `model.eval()` first.",
            )
        if accuracy > 1.0001 and loss < 1 and math.isclose(loss * rows, round(loss * rows)):
            raise MistakeError(
                "evaluate-keys-swapped",
                f'Your "accuracy" is {accuracy:.3f} and your "loss" {loss:.3f}: they stand under '
                "each other's name.",
            )
        if accuracy > 1.0001:
            kind = (
                "evaluate-counts",
                f"the number of right rows out of {rows}. Divide by all rows",
            )
            if not math.isclose(accuracy, round(accuracy), abs_tol=1e-6) or accuracy > rows:
                kind = ("evaluate-percent", "a percentage. Leave out the 100")
            raise MistakeError(
                kind[0], f"Your accuracy is {accuracy:g}; it looks like {kind[1]}: a share, 0 to 1."
            )
        if not same(whole, padded := scores(told["padded"])):
            raise MistakeError(
                "evaluate-mask-forgotten",
                f"More padding at the end of the reviews moved your loss from {loss:.4f} to "
                f"{padded[1]:.4f}. Does the model get the `attention_mask` of each batch?",
            )
        if not same(whole, one := scores(told["in_one_batch"])):
            self._judge_cuts(whole, one, told, sizes)

    @staticmethod
    def judge_stubborn(observed: Any, *, labels: list[int], classes: int, **_: Any) -> None:
        """Raise if a model that always says class 0 is not scored as it must be."""
        told = need_mapping(observed, ["stubborn"], "What was observed")
        accuracy, loss = scores(told["stubborn"])
        share = labels.count(0) / len(labels)
        # Its logits are log 3 for class 0 and 0 for the others, whatever the review says.
        sure = 3 / (3 + classes - 1)
        wanted = -share * math.log(sure) - (1 - share) * math.log(sure / 3)
        given = (
            f"A model that says class 0 to every review, with probability {sure:.2f}, was tried on "
            f"{len(labels)} rows, {labels.count(0)} of them of class 0. Your evaluate gives "
            f"accuracy {accuracy:.3f} and loss {loss:.3f}."
        )
        if math.isclose(accuracy, 1 - share, abs_tol=1e-3) and share != 0.5:
            raise MistakeError("evaluate-error-rate", f"{given} That is the share of *wrong* rows.")
        if same((accuracy, loss), (wanted, share)):
            raise MistakeError(
                "evaluate-keys-swapped", f"{given} The two stand under each other's name."
            )
        if not math.isclose(accuracy, share, abs_tol=1e-3):
            raise MistakeError(
                "evaluate-wrong-accuracy", f"{given} What share of the rows is right?"
            )
        if not math.isclose(loss, wanted, rel_tol=1e-3):
            raise MistakeError(
                "evaluate-wrong-loss",
                f"{given} The accuracy is right, the loss is not: the model's own `.loss` is the "
                "mean cross-entropy of its raw logits.",
                credit=0.5,
            )

    @staticmethod
    def _judge_cuts(
        whole: tuple[float, float], one: tuple[float, float], told: Any, sizes: list[int]
    ) -> None:
        """Raise what explains that the same rows in one batch give something else."""
        for name, words in (("first", "Does `return` stand inside the loop?"), ("last", "")):
            if same(whole, scores(told.get(f"{name}_batch"))):
                raise MistakeError(
                    f"evaluate-{name}-batch-only",
                    f"Your result for {len(sizes)} batches is that of the {name} batch alone. "
                    + (words or "Each batch overwrites what the one before gave: add up instead."),
                )
        rows, batches = sum(sizes), len(sizes)
        (accuracy, loss), (one_accuracy, one_loss) = whole, one
        cut = f"In batches of {sizes} rows"
        if abs(accuracy - one_accuracy) > 1e-4:
            raise MistakeError(
                "evaluate-mean-of-accuracies",
                f"{cut} your accuracy is {accuracy:.4f}; the same {rows} rows in one batch give "
                f"{one_accuracy:.4f}. A row in a short batch must not weigh more: count right "
                "rows and all rows, and divide once.",
            )
        if loss > 0.75 * batches * one_loss:
            raise MistakeError(
                "evaluate-loss-summed",
                f"{cut} your loss is {loss:.4f}, in one batch {one_loss:.4f}: it grows with the "
                "number of batches. Asked for is the mean over rows.",
                credit=0.5,
            )
        raise MistakeError(
            "evaluate-loss-not-weighted",
            f"{cut} your loss is {loss:.4f}; the same {rows} rows in one batch give "
            f"{one_loss:.4f}. The loss of a batch is the mean over its rows: multiply it by their "
            "number before you add, and divide by all rows in the end.",
            credit=0.5,
        )

    def explain(self, raised: Raised, **inputs: Any) -> MistakeError | None:
        """See :class:`Check`."""
        text, said = raised.text, f"evaluate raised {raised}."
        if "'NoneType' object has no attribute" in text or "must be real number, not None" in text:
            return MistakeError(
                "evaluate-without-labels",
                f"{said} The model was called without `labels=`: then it returns logits, but its "
                "loss is None. `model(**batch)` passes the labels too.",
            )
        if "must match the size of tensor" in text or "inconsistent numbers of samples" in text:
            return MistakeError(
                "evaluate-wrong-axis",
                f"{said} As many predictions as *classes* were compared with one label a row. "
                "Each row's class is along dim=1 of the logits.",
            )
        if "that requires grad" in text:
            return MistakeError(
                "evaluate-numpy-with-gradients",
                f"{said} Ask the model inside `with torch.no_grad():`, then its outputs carry no "
                "gradients, and NumPy may have them.",
            )
        if "same device" in text:
            return MistakeError(
                "evaluate-batch-not-moved",
                f"{said} The model is on the GPU, the batch on the CPU: move it to `model.device`.",
            )
        return None


def scores(value: Any) -> tuple[float, float]:
    """Return accuracy and loss of one result of `evaluate`; raises MistakeError."""
    if isinstance(value, tuple | list):
        raise MistakeError(
            "evaluate-not-a-dict",
            f'evaluate returns {code(value)}. Return a dictionary, {{"accuracy": …, "loss": …}}: '
            "names say which is which.",
        )
    found = need_mapping(value, ["accuracy", "loss"], "The result of evaluate")
    return (
        need_number(found["accuracy"], 'evaluate\'s "accuracy"'),
        need_number(found["loss"], 'evaluate\'s "loss"'),
    )


def same(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Return whether two results are the same but for rounding."""
    return all(
        math.isclose(a, b, rel_tol=1e-3, abs_tol=1e-4) for a, b in zip(one, other, strict=True)
    )


CHECKS = (Evaluate, FineTune)
