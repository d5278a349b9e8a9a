"""Visible checks of one step of training: `update` and `train_step`, of lessons 03 and 05.

Both are judged by the weights and losses that the steps leave behind. Where these are wrong, the
mistake that would have led to them is told, if it is the only one; otherwise what was seen.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any

from course.checks.base import Check, Inputs
from course.checks.mistakes import Signs, tell_first
from course.checks.reference_step import (
    NEAR,
    batches_of,
    draw_case,
    flat,
    model_of,
    optimizer_of,
)
from course.checks.steps_seen import Steps
from course.checks.training_trace import Trace, as_data
from course.watching import Watch


def take_steps(
    step: Callable[..., Any], *, training: bool, device: str, **case: Any
) -> dict[str, Any]:
    """Take the steps of a case and return the losses, the weights after each, and what was seen."""
    import torch

    # On a GPU the batch stays behind on the CPU: moving it is the student's part.
    found = "cuda" if device == "any" and torch.cuda.is_available() else "cpu"
    model = model_of(**case).to(found).train(training)
    optimizer, scheduler = optimizer_of(model, **case)
    result: dict[str, Any] = {"losses": [], "weights": [], "told": []}
    with torch.random.fork_rng(devices=[]), Watch(gradients=True) as watch:
        for batch in batches_of(**case):
            begun = len(watch.events)
            result["losses"].append(step(model, batch, optimizer, scheduler))
            result["weights"].append(flat(model))
            result["told"].append(as_data(watch.events[begun:]))
    return result


Sign = Callable[[Steps], Any]
Seen = Callable[[Trace], bool]


def shows(name: str, seen: Seen = lambda trace: False) -> Sign:
    """Return a sign: this known mistake alone explains the weights, or none does and it was `seen`."""
    return lambda it: name in it.mistakes if len(it.mistakes) == 1 else seen(it.trace)


def not_clipped(seen: Seen) -> Sign:
    """Return a sign: gradients that are too long were used, and it was `seen` why."""
    return lambda it: (
        it.mistakes <= {"not clipped"} and it.norm > it.max_norm * (1 + NEAR) and seen(it.trace)
    )


def signs_of(
    *,
    mode: str,
    late: str,
    early: str,
    values: str,
    stretches: str,
    other: str,
    none: str,
    end: str,
) -> dict[str, Sign]:
    """Return the signs of a step that left wrong weights; a lesson has words of its own for some."""
    return {
        "step-model-not-asked": lambda it: it.unmoved and not it.trace.saw("forward"),
        mode: lambda it: it.trace.never_trained and it.mistakes <= {"without dropout"},
        "step-only-forward": lambda it: (
            it.unmoved and not it.trace.saw("step") and not it.trace.saw("backward")
        ),
        "step-no-optimizer": lambda it: it.unmoved and not it.trace.saw("step"),
        "step-no-backward": lambda it: it.unmoved and not it.trace.saw("backward"),
        "step-backward-too-late": lambda it: it.unmoved and it.trace.before("step", "backward"),
        "step-cleared-too-early": lambda it: it.unmoved and it.trace.cleared_between,
        "step-graph-cut": lambda it: it.unmoved and it.trace.norms and not any(it.trace.norms),
        "step-by-hand": lambda it: (
            it.weights is not None and not it.unmoved and not it.trace.saw("step")
        ),
        "step-never-clears": shows("never clears", lambda trace: trace.stale),
        "step-optimizer-twice": shows("optimizer twice", lambda trace: trace.most("step") > 1),
        "step-no-scheduler": shows("no scheduler", lambda trace: not trace.saw("schedule")),
        "step-scheduler-first": shows(
            "scheduler first", lambda trace: trace.before("schedule", "step")
        ),
        "step-scheduler-twice": shows("scheduler twice", lambda trace: trace.most("schedule") > 1),
        "step-own-rate": lambda it: len(it.mistakes) != 1 and it.other_rate,
        "step-mask-forgotten": shows("mask forgotten"),
        "step-without-dropout": shows("without dropout"),
        "step-loss-summed": shows("loss summed"),
        late: not_clipped(lambda trace: trace.before("step", "clip")),
        early: not_clipped(lambda trace: trace.before("clip", "backward")),
        values: shows("clips each value"),
        "step-clips-each-tensor": shows("clips each tensor"),
        "step-clips-each-group": shows("clips each group"),
        "step-clips-one-group": shows("clips one group"),
        "step-clips-another-norm": shows("clips another norm"),
        stretches: shows("stretches"),
        "step-clips-a-part": lambda it: it.mistakes <= {"not clipped"} and it.clipped_part,
        none: lambda it: it.mistakes == {"not clipped"} and it.unclipped,
        "step-part-still": lambda it: it.still and not it.mistakes,
        "step-gradients-scaled": lambda it: it.scaled and not it.mistakes,
        other: lambda it: (
            it.another_norm and (len(it.mistakes) != 1 or it.mistakes == {"not clipped"})
        ),
        end: lambda it: True,
    }


class Step(Check):
    """A step of training, judged by what it does to weights."""

    #: What is told of a step that left the right weights.
    loss_signs: Signs = {
        "step-loss-after": lambda it: it.other_loss and it.losses_after,
        "step-wrong-loss": lambda it: it.other_loss,
        "step-returns-graph": lambda it: it.on_graph,
    }
    raised = (
        "step-without-labels",
        "step-item-too-early",
        "step-without-gradients",
        "step-backward-twice",
        "step-batch-in-one-piece",
        "step-backward-too-late",
        "step-gradient-none",
        "step-batch-not-moved",
    )
    told = (*loss_signs, "returns-none", "not-a-number", "not-finite")
    #: The mode of the model at the beginning, and where it may be.
    begins: Inputs

    def limit(self, rng: random.Random, clipped: bool) -> float:
        """Return what gradients are clipped to in a case."""
        raise NotImplementedError

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield steps whose gradients are too long, and steps whose gradients are not."""
        for clipped in (True, False):
            case = draw_case(rng, clipped=clipped, max_norm=self.limit(rng, clipped))
            yield {**case, **self.begins}

    def judge(self, observed: Any, **inputs: Any) -> None:
        """See :class:`Check`."""
        it = Steps(observed, self.function, **inputs)
        tell_first(self.loss_signs if it.fits else self.signs, it, function=self.function)


class TrainStep(Step):
    """One step makes the model learn from one batch, with clipped gradients, at the planned rate."""

    function = "train_step"
    begins = {"training": False, "device": "any"}
    signs = signs_of(
        mode="step-in-eval-mode",
        late="step-clipped-too-late",
        early="step-clipped-too-early",
        values="step-clips-each-value",
        stretches="step-stretches",
        other="step-clipped-elsewhere",
        none="step-not-clipped",
        end="step-wrong-weights",
    )

    def limit(self, rng: random.Random, clipped: bool) -> float:
        """Return the limit that the lesson sets."""
        return 1.0

    @staticmethod
    def observe(function: Callable[..., Any], **inputs: Any) -> dict[str, Any]:
        """Take the steps of a case."""
        return take_steps(function, **inputs)


class Update(Step):
    """One batch moves the weights once: clipped gradients, the planned rate, nothing left over."""

    function = "update"
    begins = {"training": True, "device": "cpu"}
    signs = signs_of(
        mode="update-in-eval-mode",
        late="update-clips-too-late",
        early="update-clips-too-early",
        values="update-clips-each-value",
        stretches="update-stretches",
        other="update-own-norm",
        none="update-not-clipped",
        end="update-wrong-weights",
    )

    def limit(self, rng: random.Random, clipped: bool) -> float:
        """Return a limit on one side of 1, which is what many write by habit."""
        return rng.uniform(0.3, 0.7) if clipped else rng.uniform(3, 10)

    @staticmethod
    def observe(function: Callable[..., Any], **inputs: Any) -> dict[str, Any]:
        """Take the steps of a case."""
        max_norm = inputs["max_norm"]
        return take_steps(lambda *given: function(*given, max_norm), **inputs)


CHECKS = (TrainStep, Update)
