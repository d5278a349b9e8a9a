"""Visible checks of lesson 03: what an optimizer moves."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any

from course.checks.base import Check, Inputs, Raised
from course.checks.mistakes import MistakeError, code
from course.checks.tiny import tiny_bert
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


CHECKS = (MakeOptimizer,)
