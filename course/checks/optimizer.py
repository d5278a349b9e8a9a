"""Visible check of lesson 03: which optimizer it is, how far it moves, what it lets shrink.

An optimizer is known by what it does. Where the weights are 0, there is nothing to decay, and its
steps show its kind and each tensor's learning rate. Where the gradients are 0, a step is weight
decay and nothing else.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

from course.checks.base import Check, Inputs
from course.checks.mistakes import mistake
from course.checks.tiny import tiny_bert
from course.checks.values import need_mapping, need_tensor, numbers

#: One try has a rate so much larger than the others: a rate that was not passed on shows.
FASTER = 2
#: The last of so many steps shows what AdamW remembers of the gradients.
STEPS = 8
#: How far a tensor may go astray, as a share of its way. Measured: `eps=1e-6`, BERT's own and no
#: mistake, 0.03 % (no gradient is smaller than 0.001); betas of (0.9, 0.99) 0.3 %, others more.
NEAR = 1e-3
#: float32 rounds a number by at most half of this share of it.
ROUNDING = 2.0**-23
#: How far a measured rate or decay may be from the one wanted, as a share of it. The least that is
#: wanted, a shrinking by 0.0005, is rounded by 0.02 % of itself.
MEASURED = 5e-3
#: What AdamW takes for the decay of a group that names none.
DEFAULT_DECAY = 0.01
#: Optimizers that are named if theirs is just how the weights moved.
OTHERS = ("Adadelta", "Adafactor", "Adagrad", "Adamax", "NAdam", "RAdam", "RMSprop", "Rprop")


def filled_bert(seed: int) -> Any:
    """Return a tiny BERT classifier in which every number differs from 0, biases too."""
    import torch

    model = tiny_bert(seed, classes=3).to("cpu", torch.float32)
    generator = torch.Generator("cpu").manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(generator=generator)
    return model


def set_gradients(parameters: Iterable[Any], seed: int | None) -> None:
    """Give all a gradient of either sign, some a thousand times as large; without a seed, of 0."""
    import torch

    generator = torch.Generator("cpu").manual_seed(seed or 0)
    for parameter in parameters:
        signs = torch.empty(parameter.shape, dtype=torch.float32, device="cpu")
        sizes = torch.empty_like(signs).uniform_(-3, 0, generator=generator)
        gradient = signs.normal_(generator=generator).sign() * 10**sizes
        parameter.grad = gradient.to(parameter.dtype) if seed else torch.zeros_like(parameter)


def states(
    optimizer: Any, parameters: list[Any], seeds: Iterable[int | None], *, from_zero: bool = False
) -> list[Any]:
    """Return all weights as one tensor: before the first step, after it, and after the last.

    Each step may be taken from weights of 0.
    """
    import torch

    def weights() -> Any:
        return torch.cat([parameter.detach().flatten() for parameter in parameters])

    found = [weights()]
    for seed in seeds:
        set_gradients(parameters, seed)
        for parameter in parameters if from_zero else ():
            parameter.detach().zero_()
        optimizer.step()
        found = [*found[:2], weights()]
    return found


def multiple(found: Any, like: Any, weights: Any) -> float | None:
    """Return by what factor `found` is `like`, but for the rounding of `weights`; None if by none."""
    factor = float(found @ like / (like @ like))
    slack = NEAR * found.norm() + ROUNDING * weights.norm()
    return factor if bool((found - factor * like).norm() <= slack) else None


def is_near(measured: float | None, wanted: float) -> bool:
    """Return whether a measured number is the one wanted."""
    return measured is not None and abs(measured - wanted) <= MEASURED * abs(wanted)


class Way:
    """What became of one tensor: with two learning rates, and without gradients.

    `rate` and `slow_rate` are what it took for the two learning rates if it moved as with AdamW,
    and `decay` what it took for the weight decay; None where it moved otherwise.
    """

    def __init__(self, name: str, learning_rate: float, weight_decay: float, *weights: Any) -> None:
        self.name, self.weight_decay = name, weight_decay
        self.start, self.made, self.first, self.last, self.idle, self.moved, one, last = weights
        self.changed = bool((self.made != self.start).any())
        self.still = not self.last.any() and bool((self.moved == self.start).all())
        self.spared = name.endswith(".bias") or ".LayerNorm." in name
        rate = self.as_with(one, last)
        # AdamW decays first, by a share of the weight; its step is the same as without.
        slow_rate = multiple(self.moved - self.idle, one, self.idle)
        decay = multiple(self.start - self.idle, self.start, self.start)
        self.odd, self.steps_like_adam = None in (rate, slow_rate, decay), rate is not None
        self.rate = (rate or 0.0) * FASTER * learning_rate
        self.slow_rate = (slow_rate or 0.0) * FASTER * learning_rate
        self.decay = (decay or 0.0) / learning_rate
        # Less than a thousandth of the decay cannot be told from rounding.
        self.shrinks = abs(self.decay) > 1e-3 * weight_decay

    def as_with(self, one: Any, last: Any) -> float | None:
        """Return how many times as far it went as to `one` in the first step, to `last` in the last."""
        import torch

        found = torch.cat([self.first, self.last])
        return multiple(found, torch.cat([one, last]), found)

    @property
    def full_step(self) -> Any:
        """Whether decay is a step as large for small weights as for large ones, as with Adam."""
        way = self.start - self.idle
        shrinks = multiple(way, self.start, self.start) is not None
        return self.steps_like_adam and not shrinks and multiple(way, self.start.sign(), self.start)


class Names(list[str]):
    """Names of tensors; shows the first two."""

    def __format__(self, spec: str) -> str:
        return ", ".join(f"`{name}`" for name in self[:2]) + ", …" * (len(self) > 2)


class Moves:
    """What is to be seen in how an optimizer moved a model's weights."""

    #: The first tensor that shows what was asked last, its name and what it took for its settings.
    way: Way
    #: The tensors that show it.
    names: Names

    def __init__(
        self, observed: Any, *, seed: int, learning_rate: float, weight_decay: float
    ) -> None:
        found = need_mapping(observed, [], "What was observed")
        if "instead" in found:
            instead = found["instead"]
            raise mistake("optimizer-none" if instead is None else "not-an-optimizer", it=instead)
        self.seed, self.learning_rate, self.weight_decay = seed, learning_rate, weight_decay
        self.faster = FASTER * learning_rate
        self.tensors = dict(filled_bert(seed).named_parameters())
        start, *adamw = self._predicted("AdamW")
        read = [*self._read(found, "fast", 3), *self._read(found, "idle", 2)[1:]]
        read += self._read(found, "moved", 2)[1:]
        parts = zip(*map(self._split, (start, *read, *adamw)), strict=True)
        self.ways = [
            Way(name, learning_rate, weight_decay, *weights)
            for name, weights in zip(self.tensors, parts, strict=True)
        ]

    def _split(self, weights: Any) -> Any:
        return weights.split([tensor.numel() for tensor in self.tensors.values()])

    def _read(self, found: Any, name: str, count: int) -> Any:
        need_mapping(found, [name], "What was observed")
        what = "The weights before and after each step"
        size = sum(tensor.numel() for tensor in self.tensors.values())
        read = need_tensor(numbers(found[name], what), what, shape=(count, size))
        if not bool(read.isfinite().all()):
            raise mistake("not-finite", what="A weight after a step", value=float(read.sum()))
        return read

    def _predicted(self, kind: str) -> list[Any]:
        """Return the weights before, after the first and after the last step of PyTorch's `kind`."""
        import torch

        weights = [tensor.detach().double() for tensor in self.tensors.values()]
        optimizer = getattr(torch.optim, kind)(weights, lr=self.faster)
        seeds = range(self.seed + 1, self.seed + 1 + STEPS)
        return states(optimizer, weights, seeds, from_zero=True)

    @cached_property
    def kind(self) -> str:
        """The name of another optimizer that would have moved all weights just so, or nothing."""
        for kind in OTHERS:
            _, *after = map(self._split, self._predicted(kind))
            if all(way.as_with(*ends) for way, *ends in zip(self.ways, *after, strict=True)):
                return kind
        return ""

    @property
    def odd(self) -> bool:
        """Whether a tensor moves otherwise than with AdamW at any rate and decay."""
        return self.any(lambda way: way.odd)

    @property
    def wrong(self) -> Names:
        """The tensors that shrink and should not."""
        return Names(way.name for way in self.ways if way.spared and way.shrinks)

    @property
    def missing(self) -> Names:
        """The tensors that should shrink and do not."""
        return Names(way.name for way in self.ways if not way.spared and not way.shrinks)

    @property
    def in_proportion(self) -> bool:
        """Whether the first step follows the size of the gradients, as with SGD."""
        _, after, _ = map(self._split, self._predicted("SGD"))
        return all(
            multiple(way.first, one, way.first) for way, one in zip(self.ways, after, strict=True)
        )

    def any(self, shows: Callable[[Way], Any]) -> bool:
        """Return whether tensors show something; they are then in `names`, the first in `way`."""
        found = [way for way in self.ways if shows(way)]
        self.names = Names(way.name for way in found)
        self.way = (found or self.ways)[0]
        return bool(found)

    def all(self, shows: Callable[[Way], Any]) -> bool:
        """Return whether all tensors show something."""
        return all(map(shows, self.ways))


class MakeOptimizer(Check):
    """AdamW moves every weight at the given rate; biases and LayerNorm are spared from decay."""

    function = "make_optimizer"
    facts = Moves
    signs = {
        "model-changed": lambda it: it.any(lambda way: way.changed),
        "optimizer-moves-nothing": lambda it: it.all(lambda way: way.still),
        "parameters-left-out": lambda it: it.any(lambda way: way.still),
        "optimizer-of-another-kind": lambda it: it.odd and it.kind,
        "sgd-not-adamw": lambda it: it.odd and it.in_proportion,
        "adam-not-adamw": lambda it: it.any(lambda way: way.full_step),
        "adamw-other-settings": lambda it: it.odd,
        "rate-and-decay-swapped": lambda it: it.all(
            lambda way: is_near(way.rate, it.weight_decay) and is_near(way.slow_rate, way.rate)
        ),
        "learning-rate-ignored": lambda it: it.any(
            lambda way: way.rate and is_near(way.rate, way.slow_rate)
        ),
        "learning-rate-changed": lambda it: it.any(
            lambda way: (
                not (is_near(way.rate, it.faster) and is_near(way.slow_rate, it.learning_rate))
            )
        ),
        "decay-nowhere": lambda it: it.all(lambda way: not way.shrinks),
        "weight-decay-ignored": lambda it: it.any(
            lambda way: not way.spared and is_near(way.decay, DEFAULT_DECAY)
        ),
        "weight-decay-changed": lambda it: it.any(
            lambda way: way.shrinks and not way.spared and not is_near(way.decay, it.weight_decay)
        ),
        "decay-by-default": lambda it: it.any(
            lambda way: way.spared and is_near(way.decay, DEFAULT_DECAY)
        ),
        "decay-reversed": lambda it: it.missing and it.wrong,
        "decay-too-narrow": lambda it: it.missing,
        "decay-everywhere": lambda it: it.all(lambda way: way.shrinks),
        "layer-norm-decays": lambda it: it.any(
            lambda way: way.shrinks and way.name.endswith("LayerNorm.weight")
        ),
        "biases-decay": lambda it: it.any(lambda way: way.shrinks and way.spared),
    }
    raised = (
        "old-adamw-import",
        "parameters-in-two-groups",
        "model-for-parameters",
        "optimizer-of-names",
        "adamw-keyword",
    )
    told = ("returns-none", "optimizer-none", "not-an-optimizer", "not-finite")

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield two models with two learning rates and two strengths of decay."""
        yield {"seed": 3, "learning_rate": 0.01, "weight_decay": 0.3}
        yield {"seed": 4, "learning_rate": 0.006, "weight_decay": 0.1}

    @staticmethod
    def observe(
        function: Callable[..., Any], *, seed: int, learning_rate: float, weight_decay: float
    ) -> Any:
        """Let three optimizers step, each with a model of its own."""
        tries = {
            "fast": (FASTER * learning_rate, range(seed + 1, seed + 1 + STEPS)),
            "idle": (learning_rate, [None]),
            "moved": (learning_rate, [seed + 1]),
        }
        found = {}
        for name, (rate, seeds) in tries.items():
            model = filled_bert(seed)
            optimizer = function(model, rate, weight_decay)
            if not callable(getattr(optimizer, "step", None)):
                return {"instead": optimizer}
            parameters = list(model.parameters())
            found[name] = states(optimizer, parameters, seeds, from_zero=name == "fast")
        return found


CHECKS = (MakeOptimizer,)
