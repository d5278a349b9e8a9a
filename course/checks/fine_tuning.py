"""Visible checks of lesson 05: one step of training, and one whole run."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable
from typing import Any

from course.checks.base import Check, Inputs, Raised
from course.checks.mistakes import MistakeError
from course.checks.tiny import as_batch, draw_reviews, tiny_bert
from course.checks.training_run import FineTune
from course.checks.training_trace import Told, Trace
from course.checks.values import need_mapping, need_number


class TrainStep(Check):
    """One step makes the model learn from one batch, with clipped gradients, at the planned rate."""

    function = "train_step"

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield two batches for two steps, with a learning rate that changes between them."""
        yield {
            "seed": 5,
            "noise": 6,
            "dropout": 0.5,
            "device": "cpu",
            "reviews": [draw_reviews(rng, 4) for _ in range(2)],
            "labels": [[0, 1, 1, 0], [1, 1, 0, 1]],
            "lr": 0.1,
            "factors": [1.0, 0.5, 0.25],
        }

    @staticmethod
    def observe(function: Callable[..., Any], **inputs: Any) -> dict[str, Any]:
        """Take the steps and return the losses, the weights after each, and what was watched."""
        import torch
        from torch.nn.utils import parameters_to_vector
        from torch.optim.lr_scheduler import LambdaLR

        factors = inputs["factors"]
        # On a GPU the batch stays behind on the CPU: moving it is the student's part.
        device = "cuda" if inputs["device"] == "any" and torch.cuda.is_available() else "cpu"
        model = tiny_bert(inputs["seed"], dropout=inputs["dropout"], classes=2).to(device).eval()
        optimizer = torch.optim.SGD(model.parameters(), lr=inputs["lr"])
        scheduler = LambdaLR(optimizer, lambda step: factors[min(step, len(factors) - 1)])
        losses, weights = [], []
        with torch.random.fork_rng(devices=[]), Trace(model, optimizer, scheduler) as trace:
            torch.manual_seed(inputs["noise"])
            for reviews, labels in zip(inputs["reviews"], inputs["labels"], strict=True):
                trace.begin()
                losses.append(function(model, as_batch(reviews, labels), optimizer, scheduler))
                weights.append(parameters_to_vector(model.parameters()).detach().cpu())
        return {"losses": losses, "weights": weights, "told": trace.told()}

    def judge(self, observed: Any, **inputs: Any) -> None:
        """See :class:`Check`."""
        self.symptoms(observed, **inputs)
        self.judge_form(observed)

    def symptoms(self, observed: Any, **inputs: Any) -> None:
        """Raise the mistake that the watched steps show, if they show one."""
        found = need_mapping(observed, ["losses", "told"], "What was observed")
        told = Told(found["told"])
        told.judge_order()
        told.judge_rates([inputs["lr"] * factor for factor in inputs["factors"]])
        told.judge_clipping()
        for returned, asked in zip(losses_in(observed), told.losses, strict=False):
            if not math.isclose(returned, asked, rel_tol=1e-3, abs_tol=1e-5):
                raise MistakeError(
                    "step-wrong-loss",
                    f"train_step returned {returned:.4f}, but the model's loss for this batch was "
                    f"{asked:.4f}. Return that loss, `loss.item()`, neither scaled nor summed up.",
                )

    @staticmethod
    def judge_form(observed: Any) -> None:
        """Raise if a loss still hangs on the graph: right, but a trap for whoever collects it."""
        losses_in(observed)
        for value in observed["losses"]:
            if getattr(value, "requires_grad", False) is True:
                raise MistakeError(
                    "step-returns-graph",
                    "The step is right, but the loss that train_step returns is still tied to the "
                    "computation it came from (`requires_grad` is True): plotting it raises an "
                    "error, and a list of such losses keeps memory. Return `loss.item()`.",
                    credit=0.8,
                )

    def explain(self, raised: Raised, **inputs: Any) -> MistakeError | None:
        """See :class:`Check`."""
        text, said = raised.text, f"train_step raised {raised}."
        if "'NoneType' object has no attribute" in text:
            return MistakeError(
                "step-without-labels",
                f"{said} The model was called without `labels=`, so its loss is None. The batch "
                "holds them: `model(**batch)` passes all of it.",
            )
        if "'float' object has no attribute 'backward'" in text:
            return MistakeError(
                "step-item-too-early",
                f"{said} `.item()` makes a plain number of the loss, and a number knows no "
                "gradients. Call backward on the tensor; take `.item()` for the return.",
            )
        if "does not require grad" in text:
            return MistakeError(
                "step-without-gradients",
                f"{said} The model was called under `torch.no_grad()`, or the loss was detached: "
                "then there is nothing to go backward through.",
            )
        if "backward through the graph a second time" in text:
            return MistakeError(
                "step-backward-twice", f"{said} One loss, one `backward()`: it is called twice."
            )
        if text == "size" or "has no attribute 'size'" in text:
            return MistakeError(
                "step-batch-in-one-piece",
                f"{said} The model got the whole batch as its first argument, `input_ids`. Two "
                "stars unpack a dict into named arguments: `model(**batch)`.",
            )
        if "modified by an inplace operation" in text:
            return MistakeError(
                "step-backward-too-late",
                f"train_step raised {raised.type_name}: a weight was changed before `backward()` "
                "could use it. The optimizer steps after `backward()`, which tells it where to.",
            )
        if "same device" in text:
            return MistakeError(
                "step-batch-not-moved",
                f"{said} The model is on the GPU, the batch on the CPU. Move every tensor of the "
                "batch to `model.device`.",
            )
        return None


def losses_in(observed: Any) -> list[float]:
    """Return the losses that the steps returned, each one finite number; otherwise raise MistakeError."""
    found = need_mapping(observed, ["losses"], "What was observed")["losses"]
    if not isinstance(found, list) or not found:
        raise MistakeError("step-no-losses", "No losses came back from train_step.")
    return [need_number(value, "The loss that train_step returns") for value in found]


CHECKS = (TrainStep, FineTune)
