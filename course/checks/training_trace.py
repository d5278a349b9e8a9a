"""Watches one step of training: what happened, in which order, and what it says of mistakes.

Watching only finds words for a mistake; whether a step was right shows in the weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from course.checks.mistakes import MistakeError

#: What the events are called in messages.
WORDS = {
    "forward": "model(**batch)",
    "backward": "backward()",
    "clip": "clip",
    "step": "optimizer.step()",
    "schedule": "scheduler.step()",
    "clear": "zero_grad()",
}


class Trace:
    """Writes down the events of each step between `begin` and the next `begin`."""

    def __init__(self, model: Any, optimizer: Any, scheduler: Any) -> None:
        self.model, self.optimizer, self.scheduler = model, optimizer, scheduler
        self.events: list[list[str]] = []
        self.losses: list[float] = []
        self.norms: list[float] = []
        self.largest: list[float] = []
        self.rates: list[float] = []
        self.stale = self.training = 0
        self._undo: list[Callable[[], None]] = []

    def begin(self) -> None:
        """Begin the next step."""
        self.events.append([])

    def told(self) -> dict[str, Any]:
        """Return all that was written down, as plain data."""
        names = ("events", "losses", "norms", "largest", "rates", "stale", "training")
        return {name: getattr(self, name) for name in names}

    def __enter__(self) -> Trace:
        import torch
        from torch.nn.utils import clip_grad

        self._handles = [
            self.model.register_forward_pre_hook(lambda *_: self._note("forward")),
            self.model.register_forward_hook(self._on_forward),
            self.optimizer.register_step_pre_hook(self._on_step),
        ]
        self._spy(torch.Tensor, "backward", "backward", before=self._on_backward)
        # clip_grad_norm_ may have been imported by name, but it looks up its helper here.
        self._spy(clip_grad, "_clip_grads_with_norm_", "clip")
        self._spy(clip_grad, "clip_grads_with_norm_", "clip")
        self._spy(self.optimizer, "zero_grad", "clear")
        self._spy(self.model, "zero_grad", "clear")
        self._spy(self.scheduler, "step", "schedule")
        return self

    def __exit__(self, *error: object) -> None:
        for handle in self._handles:
            handle.remove()
        for undo in reversed(self._undo):
            undo()

    def _spy(
        self, owner: Any, name: str, event: str, before: Callable[..., None] | None = None
    ) -> None:
        """Note `event` whenever `owner.name` is called, as long as the trace is open."""
        original = getattr(owner, name, None)
        if original is None:  # another version of torch
            return
        own = name in vars(owner)

        def spied(*args: Any, **kwargs: Any) -> Any:
            if before is not None:
                before()
            self._note(event)
            return original(*args, **kwargs)

        setattr(owner, name, spied)
        self._undo.append(
            (lambda: setattr(owner, name, original)) if own else (lambda: delattr(owner, name))
        )

    def _note(self, event: str) -> None:
        if self.events:
            self.events[-1].append(event)

    def _gradients(self) -> list[Any]:
        found = (parameter.grad for parameter in self.model.parameters())
        return [gradient.detach() for gradient in found if gradient is not None]

    def _on_forward(self, module: Any, args: Any, output: Any) -> None:
        self.training += int(module.training)
        loss = getattr(output, "loss", None)
        if loss is not None and loss.numel() == 1:
            self.losses.append(float(loss.detach()))

    def _on_backward(self) -> None:
        self.stale += int(any(bool(gradient.abs().max() > 0) for gradient in self._gradients()))

    def _on_step(self, *_: Any) -> None:
        self._note("step")
        gradients = self._gradients()
        self.norms.append(math.sqrt(sum(float(g.double().pow(2).sum()) for g in gradients)))
        self.largest.append(max((float(g.abs().max()) for g in gradients), default=0.0))
        self.rates.append(float(self.optimizer.param_groups[0]["lr"]))


class Told:
    """What a trace told, read as hostile data, and the mistakes in it."""

    def __init__(self, told: Any) -> None:
        def numbers(name: str) -> list[float]:
            value = told.get(name) if isinstance(told, dict) else None
            items = value[:100] if isinstance(value, list) else []
            good = [item for item in items if isinstance(item, int | float)]
            return [float(item) if abs(item) < 1e300 else math.inf for item in good]

        calls = told.get("events") if isinstance(told, dict) else None
        self.calls = [
            [event for event in call[:50] if isinstance(event, str) and event in WORDS]
            for call in (calls[:20] if isinstance(calls, list) else [])
            if isinstance(call, list)
        ]
        self.losses, self.norms = numbers("losses"), numbers("norms")
        self.largest, self.rates = numbers("largest"), numbers("rates")
        self.training, self.stale = (
            (
                value if isinstance(value := told.get(name), int) else 0
                for name in ("training", "stale")
            )
            if isinstance(told, dict)
            else (0, 0)
        )

    def _before(self, one: str, other: str) -> bool:
        """Return whether in the first step `one` comes before the first `other`."""
        events = self.calls[0] if self.calls else []
        return one in events and other in events and events.index(one) < events.index(other)

    def order(self) -> str:
        """Return the order of the first step in words."""
        return " → ".join(WORDS[event] for event in self.calls[0]) if self.calls else "nothing"

    def judge_order(self) -> None:
        """Raise if something is missing, too early, or there twice."""
        seen = {event for call in self.calls for event in call}
        order = f"Your step does: {self.order()}."
        if "forward" not in seen:
            raise MistakeError(
                "step-model-not-asked",
                "train_step never called the model on the batch, so there is nothing to learn from.",
            )
        if self.training == 0:
            raise MistakeError(
                "step-in-eval-mode",
                "The model was in evaluation mode while it was trained, so dropout never worked. "
                "`from_pretrained` hands models over in that mode, and so does every evaluation: "
                "call `model.train()` in the step.",
            )
        if "step" not in seen:
            if "backward" not in seen:
                raise MistakeError(
                    "step-only-forward",
                    f"{order} It computes a loss and then leaves the weights as they are.",
                )
            raise MistakeError(
                "step-no-optimizer",
                f"{order} `backward()` only computes gradients. The weights change in "
                "`optimizer.step()`, which is missing.",
            )
        if max((call.count("step") for call in self.calls), default=0) > 1:
            raise MistakeError(
                "step-optimizer-twice", f"{order} One call should be one optimizer step."
            )
        if self._before("step", "backward"):
            raise MistakeError(
                "step-backward-too-late",
                f"{order} The optimizer steps before the gradients of this batch exist.",
            )
        if self.norms and max(self.norms) == 0:
            if "backward" not in seen:
                raise MistakeError(
                    "step-no-backward",
                    f"{order} The optimizer found no gradients: nobody called `backward()`.",
                )
            raise MistakeError(
                "step-cleared-too-early",
                f"{order} When the optimizer came, the gradients of this batch had been cleared, "
                "so the weights stay as they are. Clear before `backward()` or after the step.",
            )
        if self.stale:
            raise MistakeError(
                "step-never-clears",
                "In the second step, gradients of the first were still there: `backward()` adds to "
                "what it finds. Call `optimizer.zero_grad()` once a step, before `backward()` or "
                "at the end.",
            )

    def judge_rates(self, rates: list[float]) -> None:
        """Raise if the steps were not taken with `rates`, one after the other."""
        order = f"Your step does: {self.order()}."
        seen = {event for call in self.calls for event in call}
        if "schedule" not in seen:
            raise MistakeError(
                "step-no-scheduler",
                f"{order} The learning rate stays where it began. With warm-up it begins at 0, and "
                "nothing would ever be learned: call `scheduler.step()` once a step.",
            )
        if self._before("schedule", "step"):
            raise MistakeError(
                "step-scheduler-first",
                f"{order} The scheduler moved the learning rate before the optimizer had used it: "
                "the first rate is skipped, and PyTorch warns. First the optimizer, then the "
                "scheduler.",
            )
        if max(call.count("schedule") for call in self.calls) > 1:
            raise MistakeError(
                "step-scheduler-twice", f"{order} The schedule counts every call: once is right."
            )
        for number, (found, wanted) in enumerate(zip(self.rates, rates, strict=False), 1):
            if not math.isclose(found, wanted, rel_tol=1e-6):
                raise MistakeError(
                    "step-own-rate",
                    f"Step {number} was taken with the learning rate {found:g}; the scheduler said "
                    f"{wanted:g}. Leave the rate to the scheduler.",
                )

    def judge_clipping(self) -> None:
        """Raise if the gradients that the optimizer used had not been clipped to norm 1."""
        if not self.norms or all(0.99 < norm < 1.001 for norm in self.norms):
            return
        norm, order = max(self.norms), f"Your step does: {self.order()}."
        if self._before("step", "clip"):
            raise MistakeError(
                "step-clipped-too-late",
                f"{order} The optimizer had used the gradients (norm {norm:.1f}) before they were "
                "clipped to 1. Clip between `backward()` and `optimizer.step()`.",
            )
        if self._before("clip", "backward"):
            raise MistakeError(
                "step-clipped-too-early",
                f"{order} When you clip, the gradients of this batch do not exist yet; the "
                f"optimizer then used a norm of {norm:.1f}. Clip after `backward()`.",
            )
        if any(math.isclose(value, 1.0, abs_tol=1e-6) for value in self.largest):
            raise MistakeError(
                "step-clips-each-value",
                f"Each single gradient was cut to at most 1, but the norm of all together is "
                f"{norm:.1f}. `clip_grad_norm_` scales all of them alike and keeps their direction.",
            )
        if any("clip" in call for call in self.calls) or norm < 0.99:
            raise MistakeError(
                "step-clipped-elsewhere",
                f"When the optimizer stepped, the norm of the gradients was {norm:.3g}, not 1. Which "
                "number did `clip_grad_norm_` get, and did it get all parameters of the model?",
            )
        raise MistakeError(
            "step-not-clipped",
            f"The optimizer used gradients with a norm of {norm:.1f}: one unlucky batch can throw "
            "the model far off. Clip the norm to 1.0 between `backward()` and `optimizer.step()`.",
        )
