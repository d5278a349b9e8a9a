"""Steps of SGD on a tiny model, written out: taken rightly, and as known mistakes take them.

A step is judged by the weights that it leaves behind, whatever way the code took to them. Three
things make that exact. Dropout drops the same features every time, so that the mode shows in the
weights and chance does not. SGD, unlike AdamW, hides neither the length of a gradient nor the
rate, and its momentum shows when weights are moved without it. Its parameters are in two groups
with unequal rates, as in lesson 03.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

from course.checks.base import Inputs
from course.checks.step_ways import PARTLY, RIGHT, UNCLIPPED, WAYS, Parts, Way
from course.checks.tiny import Batch, draw_reviews, padded, tiny_bert
from course.settings import usual_settings

MOMENTUM = 0.5
#: How far weights may be from ours, as a share of the way that ours went, and losses as a share of
#: ours. Sums in another order stay below 1e-5 in both.
NEAR = 0.05
#: How far both may move when the model computes in bfloat16. A case in which they move more is not
#: drawn (one in fifty), so that whoever rounds so coarsely in a way of his own is still near.
ROUNDED = NEAR / 2
#: How far apart the results of two ways must be: what is near one is then not near the other.
FAR = 3 * NEAR
#: Between these bounds a loss is neither lost in rounding nor near its end.
LOSSES = (0.2, 4.0)


def model_of(*, seed: int, dropout: float, head: float, pooler: float, **_: Any) -> Any:
    """Return a classifier in training mode; `head` and `pooler` scale its last two layers."""
    import torch

    class SameDropout(torch.nn.Dropout):
        """Dropout that drops the same features of every vector, in every call."""

        def forward(self, vectors: Any) -> Any:
            if not self.training or not self.p:
                return vectors
            chance = torch.Generator("cpu").manual_seed(vectors.shape[-1])
            size = vectors.shape[-1]
            drawn = torch.rand(size, generator=chance, device="cpu", dtype=torch.float32)
            return vectors * ((drawn >= self.p) / (1 - self.p)).to(vectors)

    with usual_settings():
        model = tiny_bert(seed, dropout=dropout, attention_dropout=0.0, classes=2, spread=0.12)
        for module in list(model.modules()):
            for name, child in module.named_children():
                if isinstance(child, torch.nn.Dropout) and child.p:
                    setattr(module, name, SameDropout(child.p))
        with torch.no_grad():
            model.classifier.weight *= head
            model.bert.pooler.dense.weight *= pooler
    return model.train()


def batches_of(
    *, reviews: list[list[list[int]]], labels: list[list[int]], padding: int, **_: Any
) -> list[Batch]:
    """Return the batches of a case, as a tokenizer makes them, with labels."""
    import torch

    with usual_settings():
        return [
            Batch(padded(rows, padding) | {"labels": torch.tensor(answers)})
            for rows, answers in zip(reviews, labels, strict=True)
        ]


def optimizer_of(
    model: Any, *, rates: list[float], factors: list[float], **_: Any
) -> tuple[Any, Any]:
    """Return an SGD with two groups, the matrices first, and a schedule for it."""
    import torch
    from torch.optim.lr_scheduler import LambdaLR

    groups = [
        {"params": [p for p in model.parameters() if (p.ndim > 1) is matrices], "lr": rate}
        for matrices, rate in zip((True, False), rates, strict=True)
    ]
    with usual_settings():
        optimizer = torch.optim.SGD(groups, lr=rates[0], momentum=MOMENTUM)
        return optimizer, LambdaLR(optimizer, lambda step: factors[min(step, len(factors) - 1)])


def flat(model: Any) -> Any:
    """Return all of a model's weights as one tensor, a copy on the CPU."""
    import torch

    return torch.cat([weights.detach().cpu().flatten() for weights in model.parameters()])


#: How far a result in float32 may be from ours to be the same; a hundred times its rounding.
EXACT = 1e-3


@dataclass
class Steps:
    """Of each step the loss before it, the norm of its gradient, and the weights after it."""

    losses: list[float] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    weights: list[Any] = field(default_factory=list)


class Reference:
    """What the steps of a case do when they are taken in one way or another."""

    def __init__(self, **case: Any) -> None:
        self.case, self.model, self.batches = case, model_of(**case), batches_of(**case)
        self.start, self.parts = flat(self.model), Parts.of(self.model)
        self._gradients: dict[Any, tuple[float, Any]] = {}

    @cached_property
    def right(self) -> Steps:
        return self.take(RIGHT)

    def gradient(self, number: int, weights: Any, way: Way) -> tuple[float, Any]:
        """Return loss and gradient on a batch; for the same weights they are computed once."""
        import torch
        from torch.nn.functional import cross_entropy
        from torch.nn.utils import vector_to_parameters

        kind = (way.training, way.masked, way.summed, way.rounded)
        key = (number, kind, weights.numpy().tobytes())
        if key not in self._gradients:
            batch, model = self.batches[number], self.model.train(way.training)
            mask = batch.attention_mask
            with usual_settings():
                vector_to_parameters(weights.clone(), model.parameters())
                with torch.autocast("cpu", torch.bfloat16, enabled=way.rounded):
                    logits = model(
                        batch.input_ids,
                        attention_mask=mask if way.masked else torch.ones_like(mask),
                    ).logits
                loss = cross_entropy(
                    logits.float(), batch.labels, reduction="sum" if way.summed else "mean"
                )
                found = torch.autograd.grad(loss, list(model.parameters()))
            self._gradients[key] = float(loss.detach()), torch.cat([g.flatten() for g in found])
        return self._gradients[key]

    def take(self, way: Way, count: int | None = None) -> Steps:
        """Return what happens when all steps, or the first so many, are taken in this way."""
        rates, factors = self.case["rates"], self.case["factors"]
        scale = sum(rate * group for rate, group in zip(rates, self.parts.groups, strict=True))
        weights, gradient, moving, scheduled = self.start, None, None, 0
        steps = Steps()
        for number in range(count or len(self.batches)):
            loss, found = self.gradient(number, weights, way)
            for action in way.actions.split():
                match action:
                    case "clear":
                        gradient = None
                    case "backward":
                        gradient = found if gradient is None else gradient + found
                    case "clip":
                        gradient = way.clip(gradient, self.case["max_norm"], self.parts)
                    case "step":
                        moving = gradient if moving is None else MOMENTUM * moving + gradient
                        factor = factors[min(scheduled, len(factors) - 1)]
                        weights = weights - factor * scale * moving
                    case "schedule":
                        scheduled += 1
            steps.losses.append(loss)
            steps.norms.append(float(found.norm()))
            steps.weights.append(weights)
        return steps

    def distance(self, one: Sequence[Any], other: Sequence[Any]) -> float:
        """Return how far two results are apart at most, as a share of the shorter of their ways."""
        shares = []
        for mine, theirs in zip(one, other, strict=True):
            apart = float((mine.double() - theirs).norm())
            ways = [float((weights.double() - self.start).norm()) for weights in (mine, theirs)]
            shares.append(apart / max(min(ways), 1e-12))
        return max(shares) if all(share == share for share in shares) else float("inf")

    def fitting(self, weights: Sequence[Any]) -> set[str]:
        """Return the known mistakes that would have led to these weights."""
        return {
            name
            for name, ways in WAYS.items()
            if any(self.distance(weights, self.take(way).weights) < NEAR for way in ways)
        }

    def clipped_part(self, weights: Sequence[Any]) -> str | None:
        """Return the part of the model whose clipping alone explains these weights, if one does."""
        away = {
            name: self.distance(weights, self.take(way).weights) for name, way in PARTLY.items()
        }
        part = min(away, key=away.__getitem__)
        if away.pop(part) > EXACT:
            return None
        ways = [way for known in WAYS.values() for way in known]
        others = [*away.values(), *(self.distance(weights, self.take(way).weights) for way in ways)]
        return part if min(others) > 3 * EXACT else None

    def tells_apart(self, names: set[str]) -> bool:
        """Return whether after two steps known mistakes are far from ours and from each other."""
        ends = [("right", self.right.weights[:2])]
        for name in names:
            ends += [(name, self.take(way, 2).weights) for way in WAYS[name]]
        return all(
            name == other or self.distance(one, two) > FAR
            for place, (name, one) in enumerate(ends)
            for other, two in ends[:place]
        )

    def shows(self, max_norm: float, *, clipped: bool) -> bool:
        """Return whether known mistakes show, and would show on a machine that rounds otherwise."""
        norms, losses = self.right.norms, self.right.losses
        if not clipped:
            return (
                max(norms) < 0.8 * max_norm and self.tells_apart(UNCLIPPED) and self.bears_rounding
            )
        return (
            min(norms) > 2 * max_norm
            and all(LOSSES[0] < loss < LOSSES[1] for loss in losses)
            and all(abs(one - other) > FAR * other for one, other in pairwise(losses))
            and any(
                abs(self.loss_at(after, n) - loss) > FAR * loss
                for n, (after, loss) in enumerate(zip(self.right.weights, losses, strict=True))
            )
            and self.tells_apart(WAYS.keys() - UNCLIPPED)
            and self.bears_rounding
        )

    @property
    def bears_rounding(self) -> bool:
        """Whether a model that computes in bfloat16 comes to nearly the same."""
        rounded = self.take(Way(rounded=True))
        pairs = zip(rounded.losses, self.right.losses, strict=True)
        return self.distance(rounded.weights, self.right.weights) < ROUNDED and all(
            abs(one - other) < ROUNDED * other for one, other in pairs
        )

    def loss_at(self, weights: Any, number: int, *, training: bool = True) -> float:
        """Return the loss of a model with these weights on the batch of a step."""
        return self.gradient(number, weights, Way(training=training))[0]


def draw_case(rng: random.Random, *, clipped: bool, max_norm: float) -> Inputs:
    """Draw a case of three steps in which known mistakes lead elsewhere.

    Where it is `clipped`, all gradients are longer than `max_norm`, and one batch has a single row;
    otherwise all are shorter. Every known mistake shows in one of the two.
    """
    while True:
        counts = [1 if clipped else 2, rng.randint(2, 6), rng.randint(2, 6)]
        rng.shuffle(counts)
        case: Inputs = {
            "seed": rng.randrange(10**6),
            "dropout": 0.3,
            "head": rng.uniform(4, 6) if clipped else rng.uniform(0.1, 0.2),
            "pooler": 1.0 if clipped else 0.1,
            "padding": rng.randint(3, 6),
            "reviews": [draw_reviews(rng, count) for count in counts],
            "labels": [rng.sample([0, 1] * 3, count) for count in counts],
            "rates": [rng.uniform(0.05, 0.08), rng.uniform(0.1, 0.15)],
            # Far apart, so that a rate taken a step too early or too late shows.
            "factors": rng.sample((0.3, 0.6, 1.0, 1.7), 4),
            "max_norm": round(max_norm, 3),
        }
        reference = Reference(**case)
        if reference.shows(max_norm, clipped=clipped):
            return case
