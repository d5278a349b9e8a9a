"""What the weights and losses of some steps of training show, beside the steps of the reference."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

from course.checks.reference_step import (
    EXACT,
    NEAR,
    ROUNDED,
    Reference,
)
from course.checks.training_trace import Trace
from course.checks.values import need_mapping, need_number


class Steps:
    """What is to be seen in the steps that a function took."""

    def __init__(self, observed: Any, function: str, **case: Any) -> None:
        found = need_mapping(observed, ["losses", "weights"], "What was observed")
        self.case, self.reference = case, Reference(**case)
        self.right, self.max_norm = self.reference.right, case["max_norm"]
        steps = len(self.right.losses)
        losses = found["losses"] if isinstance(found["losses"], list) else []
        self.losses = [
            need_number(loss, f"The loss that {function} returns")
            for loss in [*losses, *[None] * steps][:steps]
        ]
        self.on_graph = any(getattr(loss, "requires_grad", False) is True for loss in losses)
        self.weights = self._read(found["weights"])
        self.trace = Trace(found.get("told"))

    def _read(self, weights: Any) -> list[Any] | None:
        """Return the weights after each step if they can be those of the model."""
        import torch

        steps, shape = len(self.right.weights), self.reference.start.shape
        good = isinstance(weights, list) and len(weights) == steps
        if good and all(
            isinstance(one, torch.Tensor)
            and one.shape == shape
            and one.dtype in (torch.float32, torch.float64)
            for one in weights
        ):
            return [one.detach() for one in weights]
        return None

    @property
    def fits(self) -> bool:
        """Whether the weights are ours after every step."""
        return (
            self.weights is not None
            and self.reference.distance(self.weights, self.right.weights) < NEAR
        )

    @cached_property
    def mistakes(self) -> set[str]:
        """The known mistakes that would have led to these weights."""
        return self.reference.fitting(self.weights) if self.weights is not None else set()

    @property
    def unmoved(self) -> bool:
        """Whether all weights stayed exactly as they were."""
        return self.weights is not None and all(map(self.reference.start.equal, self.weights))

    @cached_property
    def still(self) -> list[str]:
        """The tensors that stayed exactly as they were, though they should have moved."""
        start, right = self.reference.start, self.right.weights[-1]
        return [
            name
            for name, part in self.reference.parts.tensors.items()
            if float((right[part] - start[part]).norm()) > 1e-4
            and self.weights is not None
            and all(bool((one[part] == start[part]).all()) for one in self.weights)
        ]

    @property
    def order(self) -> str:
        return self.trace.order

    @property
    def norm(self) -> float:
        """The norm of the gradients that the optimizer used in the first step."""
        return next(iter(self.trace.norms), 0.0)

    @property
    def wanted_norm(self) -> float:
        return min(self.max_norm, self.right.norms[0])

    @property
    def another_norm(self) -> bool:
        return bool(self.trace.norms) and abs(self.norm / self.wanted_norm - 1) > NEAR

    @property
    def unclipped(self) -> bool:
        """Whether the gradients were used as they were, as far as their norm can tell."""
        longer = self.norm / self.right.norms[0] if self.trace.norms else None
        if self.trace.clipped_between:
            return longer is not None and abs(longer - 1) < EXACT
        return longer is None or longer > 1 - ROUNDED

    @cached_property
    def clipped_part(self) -> str | None:
        """The part of the model that was clipped alone, if that explains the weights."""
        return self.reference.clipped_part(self.weights) if self.weights is not None else None

    @cached_property
    def scaled(self) -> float | None:
        """How many times too long the first step was, if it had the right direction, unclipped."""
        if self.weights is None or self.right.norms[0] > self.max_norm:
            return None
        right = (self.right.weights[0] - self.reference.start).double()
        moved = self.weights[0].double() - self.reference.start
        times = float(moved @ right / (right @ right))
        same_direction = float((moved - times * right).norm()) < NEAR * float(moved.norm())
        return times if same_direction and abs(times - 1) > NEAR else None

    @cached_property
    def other_rate(self) -> tuple[int, float, float] | None:
        """The first step with another rate than planned: its number, the rate, the plan's."""
        for number, event in enumerate(self.trace.steps[: len(self.right.losses)]):
            for rate, planned in zip(event.rates, self.case["rates"], strict=False):
                wanted = planned * self.case["factors"][number]
                if rate is not None and not math.isclose(rate, wanted, rel_tol=1e-6):
                    return number + 1, rate, wanted
        return None

    @cached_property
    def other_loss(self) -> tuple[int, float, float] | None:
        """The first loss that is not the batch's before the step: which step, the loss, the right one.

        The right one is that of the weights which the student's own steps had come to; without
        dropout it is the batch's as well.
        """
        for number, (loss, before) in enumerate(zip(self.losses, self.path, strict=False)):
            if not self._is(loss, number, before):
                return number + 1, loss, self.reference.loss_at(before, number)
        return None

    @property
    def losses_after(self) -> bool:
        """Whether all losses are those of their batches after the step."""
        return all(
            self._is(loss, number, after)
            for number, (loss, after) in enumerate(zip(self.losses, self.path[1:], strict=True))
        )

    @property
    def path(self) -> list[Any]:
        """The weights at the beginning and after each step."""
        return [self.reference.start, *(one.float() for one in self.weights or ())]

    def _is(self, loss: float, number: int, weights: Any) -> bool:
        both = (self.reference.loss_at(weights, number, training=mode) for mode in (True, False))
        return any(abs(loss - one) < NEAR * one for one in both)
