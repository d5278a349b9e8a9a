"""Visible check of lesson 03: what one update does."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable
from typing import Any

from course.checks.base import Check, Inputs, Raised
from course.checks.fine_tuning import TrainStep, losses_in
from course.checks.mistakes import MistakeError
from course.checks.tiny import as_batch, draw_reviews, tiny_bert
from course.checks.training_trace import Told, Trace
from course.checks.values import need_mapping


def flat(model: Any) -> Any:
    """Return all of a model's weights as one tensor."""
    from torch.nn.utils import parameters_to_vector

    return parameters_to_vector(model.parameters()).detach().clone()


class Update(Check):
    """One batch moves the weights once: clipped gradients, the planned rate, nothing left over."""

    function = "update"

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield two steps whose gradients are too long, and two whose gradients are not."""
        for max_norm in (0.5, 1e4):
            yield {
                "seed": 5,
                "reviews": [draw_reviews(rng, 4) for _ in range(2)],
                "labels": [[0, 1, 1, 0], [1, 1, 0, 1]],
                "lr": 0.02,
                "factors": [1.0, 0.5, 0.25],
                "max_norm": max_norm,
            }

    @staticmethod
    def observe(function: Callable[..., Any], **inputs: Any) -> dict[str, Any]:
        """Take the steps and return the losses, the weights after each, and what was watched."""
        import torch
        from torch.optim.lr_scheduler import LambdaLR

        factors = inputs["factors"]
        model = tiny_bert(inputs["seed"], dropout=0.0, classes=2).train()
        # Plain SGD hides nothing: what it is given is how far it goes.
        optimizer = torch.optim.SGD(model.parameters(), lr=inputs["lr"])
        scheduler = LambdaLR(optimizer, lambda step: factors[min(step, len(factors) - 1)])
        losses, weights = [], []
        with Trace(model, optimizer, scheduler) as trace:
            for reviews, labels in zip(inputs["reviews"], inputs["labels"], strict=True):
                trace.begin()
                batch = as_batch(reviews, labels)
                losses.append(function(model, batch, optimizer, scheduler, inputs["max_norm"]))
                weights.append(flat(model))
        return {"losses": losses, "weights": weights, "told": trace.told()}

    def judge(self, observed: Any, **inputs: Any) -> None:
        """See :class:`Check`."""
        self.symptoms(observed, **inputs)
        self.judge_form(observed)

    def symptoms(self, observed: Any, **inputs: Any) -> None:
        """Raise the mistake that the watched steps show, if they show one."""
        with_name(lambda: self._symptoms(observed, **inputs))

    def _symptoms(self, observed: Any, **inputs: Any) -> None:
        found = need_mapping(observed, ["losses", "told"], "What was observed")
        told = Told(found["told"])
        if told._before("step", "backward"):
            raise MistakeError(
                "step-backward-too-late",
                f"Your step does: {told.order()}. The optimizer steps before the gradients of "
                "this batch exist.",
            )
        told.judge_order()
        told.judge_rates([inputs["lr"] * factor for factor in inputs["factors"]])
        self._judge_clipping(told, inputs["max_norm"])
        for returned, asked in zip(losses_in(found), told.losses, strict=False):
            if not math.isclose(returned, asked, rel_tol=1e-3, abs_tol=1e-5):
                raise MistakeError(
                    "step-wrong-loss",
                    f"update returned {returned:.4f}, but the model's loss for this batch was "
                    f"{asked:.4f}. Return that loss, `loss.item()`, neither scaled nor summed up.",
                )

    @staticmethod
    def _judge_clipping(told: Told, max_norm: float) -> None:
        """Raise if the gradients that the optimizer used were longer than `max_norm`, or blown up."""
        if not told.norms:
            return
        order, norm = f"Your step does: {told.order()}.", max(told.norms)
        seen = {event for call in told.calls for event in call}
        if max_norm > 1e3:  # far above what any batch here has
            if norm > 0.9 * max_norm:
                raise MistakeError(
                    "update-stretches",
                    f"With max_norm={max_norm:g} the gradients had a norm of {norm:.4g} when the "
                    "optimizer came: they were stretched to it. Clipping only ever shortens.",
                )
            if norm < 1.001:
                raise MistakeError(
                    "update-own-norm", _OTHER_NORM.format(norm=norm, max_norm=max_norm)
                )
            return
        if all(0.99 * max_norm < found < 1.001 * max_norm for found in told.norms):
            return
        if told._before("step", "clip"):
            raise MistakeError(
                "update-clips-too-late",
                f"{order} The optimizer had used the gradients, with a norm of {norm:.3g}, before "
                f"they were clipped to {max_norm:g}. Clip between `backward()` and the optimizer.",
            )
        if told._before("clip", "backward"):
            raise MistakeError(
                "update-clips-too-early",
                f"{order} When you clip, there are no gradients of this batch yet; the optimizer "
                f"then used a norm of {norm:.3g} instead of {max_norm:g}. Clip after `backward()`.",
            )
        if any(math.isclose(value, max_norm, rel_tol=1e-5) for value in told.largest):
            raise MistakeError(
                "update-clips-each-value",
                f"Each single gradient was cut to at most {max_norm:g}, but the norm of all "
                f"together is {norm:.3g}. `clip_grad_norm_` scales all of them alike and keeps "
                "their direction.",
            )
        if "clip" in seen or norm < 1.001:
            raise MistakeError("update-own-norm", _OTHER_NORM.format(norm=norm, max_norm=max_norm))
        raise MistakeError(
            "update-not-clipped",
            f"{order} The optimizer used gradients with a norm of {norm:.3g}, though max_norm was "
            f"{max_norm:g}: one odd batch can throw the model far off. Clip between `backward()` "
            "and `optimizer.step()`.",
        )

    @staticmethod
    def judge_form(observed: Any) -> None:
        """Raise if a loss still hangs on the graph."""
        with_name(lambda: TrainStep.judge_form(observed))

    def explain(self, raised: Raised, **inputs: Any) -> MistakeError | None:
        """See :class:`Check`."""
        miss = TrainStep().explain(raised, **inputs)
        return miss and named(miss)


_OTHER_NORM = (
    "When the optimizer came, the norm of the gradients was {norm:.3g}, though max_norm was "
    "{max_norm:g}. Is a number of your own written where `max_norm` belongs, and are all "
    "parameters clipped?"
)


def named(miss: MistakeError) -> MistakeError:
    """Return what lesson 05 would say of a step, with this lesson's name for it."""
    message = miss.message.replace("train_step", "update")
    return MistakeError(miss.misconception, message, credit=miss.credit)


def with_name(judge: Callable[[], None]) -> None:
    """Call `judge`; a MistakeError that it raises gets this lesson's name for a step."""
    try:
        judge()
    except MistakeError as miss:
        raise named(miss) from None


CHECKS = (Update,)
