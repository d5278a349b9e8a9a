"""Checks of an evaluation: a model is asked about labelled reviews, batch by batch.

Every task that asks for an evaluation is tried in one way and judged by one result, that of a
model of our own. What was watched only chooses the words.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from statistics import fmean
from typing import Any

from course.checks.base import Check, Inputs
from course.checks.mistakes import mistake
from course.checks.outcomes import Outcomes, cut, draw_case, logits_of, misread, model_of
from course.checks.tiny import as_batch
from course.checks.values import near, need_mapping

#: What an evaluation may not change, by what was watched; what it means for the student.
CHANGES = {
    "grad-mode": "gradients stay switched off for everything that follows",
    "requires-grad": "not the same parameters require gradients as before",
    "dropout": "a dropout layer has another rate `p` than before",
    "weights": "the model's weights are not what they were",
    "gradients": "the model's parameters hold gradients that the next training step would use",
}


def renamed(case: Inputs) -> list[list[Any]]:
    """Return the labels of each batch: as they are, then with each class called the next one."""
    return [
        cut([(label + shift) % case["classes"] for label in case["labels"]], case["sizes"])
        for shift in range(case["classes"])
    ]


def watched(function: Callable[..., Any], case: Inputs, form: type, device: str) -> dict[str, Any]:
    """Ask for the evaluation of a case, once for each renaming of its classes, and watch."""
    import torch

    seen: dict[str, Any] = {"results": [], "dropout": False, "gradients": False, "changed": None}

    def watch_dropout(layer: Any, *_: Any) -> None:
        seen["dropout"] |= layer.training and layer.p > 0

    def watch_gradients(_: Any, __: Any, logits: Any) -> None:
        seen["gradients"] |= logits.requires_grad

    for labels in renamed(case):
        model = model_of(case).to(device)
        for layer in _dropouts(model):
            layer.register_forward_hook(watch_dropout)
        model.classifier.register_forward_hook(watch_gradients)
        parts = zip(cut(case["reviews"], case["sizes"]), labels, strict=True)
        before = _state(model)
        try:
            seen["results"].append(function(model, [form(as_batch(*part)) for part in parts]))
            after = _state(model)
        finally:
            torch.set_grad_enabled(before["grad-mode"])
        changed = [name for name in CHANGES if not _same(before[name], after[name])]
        seen["changed"] = next(iter(changed), seen["changed"])
    return seen


def _dropouts(model: Any) -> list[Any]:
    import torch

    return [layer for layer in model.modules() if isinstance(layer, torch.nn.Dropout)]


def _state(model: Any) -> dict[str, Any]:
    """Return what an evaluation may not change, by the names of CHANGES."""
    import torch

    return {
        "grad-mode": torch.is_grad_enabled(),
        "requires-grad": [one.requires_grad for one in model.parameters()],
        "dropout": [layer.p for layer in _dropouts(model)],
        "weights": [one.detach().cpu().clone() for one in model.state_dict().values()],
        "gradients": [one.grad is None for one in model.parameters()],
    }


def _same(before: Any, after: Any) -> bool:
    import torch

    if isinstance(before, torch.Tensor):
        return before.dtype == after.dtype and torch.equal(before, after)
    if isinstance(before, list):
        return len(before) == len(after) and all(map(_same, before, after))
    return bool(before == after)


class Evaluated:
    """What is to be seen in the results of an evaluation, beside what ours comes to."""

    def __init__(self, observed: Any, **case: Any) -> None:
        names = ("results", "dropout", "gradients", "changed")
        seen = need_mapping(observed, names, "What was observed")
        results = seen["results"]
        if not isinstance(results, list) or len(results) != case["classes"]:
            raise mistake("not-numbers", what="What was observed", value=results)
        scores = [self.read(result) for result in results]
        self.case, self.sizes, self.classes = case, case["sizes"], case["classes"]
        self.rows, self.total = sum(self.sizes), sum(accuracy for accuracy, _ in scores)
        self.dropout, self.gradients = seen["dropout"] is True, seen["gradients"] is True
        self.change = CHANGES.get(str(seen["changed"]))
        exact, rounded = (
            logits_of(model_of(case), cut(case["reviews"], self.sizes), rounded=one)
            for one in (False, True)
        )
        self.rights = [Outcomes(exact, labels, rounded) for labels in renamed(case)]
        # The first wrong result is looked at; where none is wrong, the last one.
        for number, (score, right) in enumerate(zip(scores, self.rights, strict=True)):
            self.number, (self.accuracy, self.loss), self.right = number, score, right
            if self.wrong:
                break

    @staticmethod
    def read(result: Any) -> tuple[float, float | None]:
        """Return the accuracy in a result, and the loss where one is asked for."""
        raise NotImplementedError

    @property
    def wrong_accuracy(self) -> bool:
        return not near(self.accuracy, self.right.accuracy)

    @property
    def wrong(self) -> bool:
        wrong_loss = self.loss is not None and not self.right.is_loss(self.loss)
        return self.wrong_accuracy or wrong_loss

    @cached_property
    def accuracies(self) -> dict[str, list[float]]:
        """What known mistakes make of the accuracy."""
        found = self.right.accuracies()
        found["unmasked"] = [misread(model_of(self.case), self.case, self.right.labels).accuracy]
        if self.number:
            found["kept"] = [fmean(one.accuracy for one in self.rights[: self.number + 1])]
        return found

    def accuracy_is(self, name: str) -> bool:
        """Return whether the accuracy is wrong, and what that mistake alone makes of it."""
        return self.wrong_accuracy and _alone(self.accuracy, self.accuracies, name)

    def loss_is(self, name: str) -> bool:
        """Return whether only the loss is wrong, and what that mistake alone makes of it."""
        if self.loss is None or self.wrong_accuracy:
            return False
        return self.wrong and _alone(self.loss, self.right.mean_losses(), name)


def _alone(found: float, predicted: Mapping[str, list[float]], name: str) -> bool:
    return name in predicted and [name] == [
        other for other, wrongs in predicted.items() if any(near(found, one) for one in wrongs)
    ]


class Evaluation(Check):
    """A model is evaluated over all rows, with dropout off and without gradients."""

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield reviews whose labels the model mostly gets right."""
        yield draw_case(rng, 3, 5, first=True)
        yield draw_case(rng, 2, 1)
        yield draw_case(rng, 3, 3)
