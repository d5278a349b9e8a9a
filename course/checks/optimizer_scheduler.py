"""Visible checks of lesson 03: what an optimizer moves, and what one update does."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable
from typing import Any

from course.checks.base import Check, Inputs, Raised
from course.checks.fine_tuning import TrainStep, losses_in
from course.checks.mistakes import MistakeError, code
from course.checks.tiny import as_batch, draw_reviews, tiny_bert
from course.checks.training_trace import Told, Trace
from course.checks.values import need_mapping


def filled_bert(seed: int) -> Any:
    """Return a tiny BERT classifier in which every number differs from 0, biases too."""
    import torch

    model = tiny_bert(seed, dropout=0.0, classes=3)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return model


def gradients_for(model: Any, seed: int) -> list[Any]:
    """Return a gradient for each parameter: of both signs, some a hundred times as large."""
    import torch

    generator = torch.Generator().manual_seed(seed)

    def draw(shape: Any) -> Any:
        sizes = 10 ** (-2 * torch.rand(shape, generator=generator))
        return sizes * torch.randn(shape, generator=generator).sign()

    return [draw(parameter.shape) for parameter in model.parameters()]


def flat(model: Any) -> Any:
    """Return all of a model's weights as one tensor."""
    from torch.nn.utils import parameters_to_vector

    return parameters_to_vector(model.parameters()).detach().clone()


def by_name(model: Any, vector: Any) -> dict[str, Any]:
    """Return what :func:`flat` gave, cut into the model's tensors again."""
    named = list(model.named_parameters())
    parts = vector.double().split([parameter.numel() for _, parameter in named])
    return {name: part for (name, _), part in zip(named, parts, strict=True)}


class MakeOptimizer(Check):
    """AdamW moves every weight at the given rate; biases and LayerNorm are spared from decay."""

    function = "make_optimizer"

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield two models with two learning rates and two strengths of decay."""
        yield {"seed": 3, "learning_rate": 0.01, "weight_decay": 0.3}
        yield {"seed": 4, "learning_rate": 0.002, "weight_decay": 0.1}

    @staticmethod
    def observe(
        function: Callable[..., Any], *, seed: int, learning_rate: float, weight_decay: float
    ) -> Any:
        """Let the optimizer step with gradients of 0, and another one with known gradients."""
        import torch

        found: dict[str, Any] = {}
        for name, gradient_seeds in (("idle", (None,)), ("moved", (seed + 1, seed + 2))):
            model = filled_bert(seed)
            optimizer = function(model, learning_rate, weight_decay)
            if not callable(getattr(optimizer, "step", None)):
                return {"instead": optimizer, "idle": [], "moved": []}
            found[name] = []
            for gradient_seed in gradient_seeds:
                gradients = gradients_for(model, gradient_seed or 0)
                for parameter, gradient in zip(model.parameters(), gradients, strict=True):
                    parameter.grad = gradient if gradient_seed else torch.zeros_like(gradient)
                optimizer.step()
                found[name].append(flat(model))
        return found

    def judge(self, observed: Any, **inputs: Any) -> None:
        """See :class:`Check`."""
        self.symptoms(observed, **inputs)

    def steps(self, observed: Any, seed: int) -> tuple[Any, list[Any], list[Any]]:
        """Return the model as it was, and the weights after each step; otherwise raise MistakeError."""
        import torch

        found = need_mapping(observed, ["idle", "moved"], "What was observed")
        if "instead" in found:
            if found["instead"] is None:
                raise MistakeError(
                    "optimizer-none",
                    "make_optimizer returns None. Does it end with `return` and the optimizer?",
                )
            raise MistakeError(
                "not-an-optimizer",
                f"make_optimizer returned {code(found['instead'])}; that is no optimizer, for it "
                "has no `step()`.",
            )
        model = filled_bert(seed)
        shape = flat(model).shape
        for name, count in (("idle", 1), ("moved", 2)):
            weights = found[name]
            if not isinstance(weights, list) or len(weights) != count:
                raise MistakeError(
                    "optimizer-no-weights", "The weights after a step did not come back."
                )
            for tensor in weights:
                if (
                    not isinstance(tensor, torch.Tensor)
                    or tensor.shape != shape
                    or tensor.dtype not in (torch.float32, torch.float64)
                ):
                    raise MistakeError(
                        "optimizer-other-weights",
                        "After make_optimizer the model has other weights than before: it should "
                        "make an optimizer and leave the model as it is.",
                    )
                if not bool(torch.isfinite(tensor).all()):
                    raise MistakeError(
                        "optimizer-not-finite", "After a step some weights are infinite or NaN."
                    )
        return model, found["idle"], found["moved"]

    def symptoms(
        self, observed: Any, *, seed: int, learning_rate: float, weight_decay: float
    ) -> None:
        """Raise the mistake that shows in how the weights moved."""
        import torch

        model, idle, moved = self.steps(observed, seed)
        start = by_name(model, flat(model))
        moves = {name: start[name] - weights for name, weights in by_name(model, moved[0]).items()}
        still = [name for name, move in moves.items() if not bool(move.abs().max() > 0)]
        if len(still) == len(moves):
            raise MistakeError(
                "optimizer-moves-nothing",
                "Every weight had a gradient, the optimizer took a step, and nothing moved. Does "
                "it hold the parameters of the model that you were given, and not of a copy?",
            )
        if still:
            raise MistakeError(
                "parameters-left-out",
                f"{len(still)} of {len(moves)} tensors never move, {_some(still)} among them: the "
                "optimizer does not hold them. Each parameter belongs into exactly one group. "
                "(A generator such as `named_parameters()` can be gone through only once.)",
            )
        gradients = torch.cat([g.flatten().double() for g in gradients_for(model, seed + 1)])
        steps = torch.cat(list(moves.values())).abs() / learning_rate
        small = float(steps[gradients.abs() < 0.03].median())
        large = float(steps[gradients.abs() > 0.5].median())
        if small < 0.6 * large:
            raise MistakeError(
                "sgd-not-adamw",
                "Weights with a large gradient moved much further than weights with a small one, "
                "in proportion to it. So does SGD. AdamW divides by the gradient's usual size, "
                "so that in the first step all weights move about alike.",
            )
        for name, move in moves.items():
            way = float(move.abs().median())
            if not 0.6 < way / learning_rate < 1.6:
                raise MistakeError(
                    "learning-rate-ignored",
                    f"With learning_rate={learning_rate:g} the first step of AdamW moves a weight "
                    f"by about {learning_rate:g}; in `{name}` yours moves them by {way:.2g}. Does "
                    "the optimizer get `lr=`, for all its groups? (Left out, it is 1e-3.)",
                )
        self._judge_decay(start, by_name(model, idle[0]), learning_rate, weight_decay)

    @staticmethod
    def _judge_decay(
        start: dict[str, Any], after: dict[str, Any], learning_rate: float, weight_decay: float
    ) -> None:
        """Raise if other tensors shrink than should, where there is no gradient to follow."""
        shares = {}
        for name, before in start.items():
            way = before - after[name]
            if float(way.abs().median()) > 0.5 * learning_rate:
                raise MistakeError(
                    "adam-not-adamw",
                    f"With gradients of 0, `{name}` moved by {float(way.abs().median()):.2g} a "
                    "weight: a full step, large weights no more than small ones. That is Adam, "
                    "which takes the decay for a gradient. AdamW, with a W, shrinks each weight "
                    "in proportion to itself.",
                )
            shares[name] = float(way @ before / (before @ before)) / learning_rate
        wanted = f"weight_decay={weight_decay:g}"
        decayed = [name for name, share in shares.items() if abs(share) > 0.02 * weight_decay]
        if not decayed:
            raise MistakeError(
                "decay-nowhere",
                f"With {wanted} and gradients of 0 no weight shrinks at all: decay is off "
                "everywhere. It should be off for biases and LayerNorm only.",
            )
        strange = next((n for n in decayed if abs(shares[n] / weight_decay - 1) > 0.05), None)
        if strange:
            raise MistakeError(
                "weight-decay-ignored",
                f"With {wanted}, `{strange}` shrinks as if it were {shares[strange]:.2g}. Does the "
                "optimizer get the `weight_decay` that make_optimizer was given? (Left out, it "
                "is 0.01.)",
            )
        biases = [name for name in start if name.endswith("bias")]
        norms = [name for name in start if "LayerNorm" in name and name not in biases]
        others = [name for name in start if name not in biases and name not in norms]
        wrong = [name for name in decayed if name not in others]
        missing = [name for name in others if name not in decayed]
        if missing and wrong:
            raise MistakeError(
                "decay-reversed",
                f"With {wanted}, {_some(wrong)} shrink and {_some(missing)} do not: it is the "
                "other way round.",
            )
        if missing:
            raise MistakeError(
                "decay-too-narrow",
                f"{len(missing)} tensors that are neither bias nor LayerNorm do not shrink: "
                f"{_some(missing)}. Only biases and LayerNorm are to be spared.",
            )
        if set(wrong) == {*biases, *norms}:
            raise MistakeError(
                "decay-everywhere",
                f"With {wanted} all {len(start)} tensors shrink, biases and LayerNorm too. Give "
                "the optimizer two groups of parameters, each with a `weight_decay` of its own.",
            )
        if set(wrong) & set(norms):
            raise MistakeError(
                "layer-norm-decays",
                f"LayerNorm's weights are not spared: {_some(set(wrong) & set(norms))} shrink. "
                "Look closely at how those names are written (`model.named_parameters()`).",
            )
        if wrong:
            raise MistakeError(
                "biases-decay",
                f"LayerNorm's weights are spared, but biases are not: {_some(wrong)} shrink.",
            )

    def explain(self, raised: Raised, **inputs: Any) -> MistakeError | None:
        """See :class:`Check`."""
        text, said = raised.text, f"make_optimizer raised {raised.type_name}."
        if "cannot import name" in text and "'transformers'" in text:
            return MistakeError(
                "old-adamw-import",
                f"{raised.text.partition(' (')[0]}. Many pages still show that import, but the "
                "optimizers have gone from transformers: they are PyTorch's, in `torch.optim`.",
            )
        if "more than one parameter group" in text:
            return MistakeError(
                "parameters-in-two-groups",
                f"{said} Some parameters are in both groups. LayerNorm has a bias too: does one "
                "of your conditions let it in twice?",
            )
        if "object is not iterable" in text:
            return MistakeError(
                "model-for-parameters",
                f"{said} An optimizer wants parameters, or groups of them; it got the whole model.",
            )
        if "can only optimize Tensors" in text:
            return MistakeError(
                "optimizer-of-names",
                f"{said} {text[:120]}. In a group belong the parameters; their names only help "
                "you to choose.",
            )
        if "unexpected keyword argument" in text:
            return MistakeError(
                "adamw-keyword",
                f"{said} {text[:160]}. AdamW calls them `lr` and `weight_decay`.",
            )
        return None


def _some(names: Iterable[str]) -> str:
    chosen = sorted(names)
    return ", ".join(f"`{name}`" for name in chosen[:2]) + (", …" if len(chosen) > 2 else "")


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


CHECKS = (MakeOptimizer, Update)
