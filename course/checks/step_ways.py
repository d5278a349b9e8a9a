"""Ways of taking a step of training: the right one, and those of known mistakes, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

#: Makes of a gradient one that is clipped, given the limit and where its parts lie.
Clip = Callable[[Any, float, "Parts"], Any]


@dataclass(frozen=True)
class Parts:
    """Where in the flat weights the tensors lie, by name, and the parameter groups, as masks."""

    tensors: dict[str, slice]
    groups: list[Any]

    @classmethod
    def of(cls, model: Any) -> Parts:
        """Return the parts of a model's weights."""
        import torch

        tensors: dict[str, slice] = {}
        masks, start = [], 0
        for name, weights in model.named_parameters():
            tensors[name] = slice(start, start := start + weights.numel())
            masks.append(torch.full((weights.numel(),), weights.ndim > 1, device="cpu"))
        matrices = torch.cat(masks)
        return cls(tensors, [matrices, ~matrices])

    def under(self, start: str) -> slice:
        """Return where the tensors lie, one after the other, whose names begin with `start`."""
        found = [part for name, part in self.tensors.items() if name.startswith(start)]
        return slice(found[0].start, found[-1].stop)


def shortened(gradient: Any, limit: float, norm: float = 2.0) -> Any:
    """Return a gradient, shortened to `limit` if it is longer."""
    length = float(gradient.norm(norm))
    return gradient * (limit / length) if length > limit else gradient


def _clip_whole(gradient: Any, limit: float, parts: Parts) -> Any:
    return shortened(gradient, limit)


def _clip_each(choose: Callable[[Parts], Sequence[Any]]) -> Clip:
    def clip(gradient: Any, limit: float, parts: Parts) -> Any:
        gradient = gradient.clone()
        for part in choose(parts):
            gradient[part] = shortened(gradient[part], limit)
        return gradient

    return clip


@dataclass(frozen=True)
class Way:
    """A way to take a step: its actions in their order, and how the loss and clipping are done."""

    actions: str = "clear backward clip step schedule"
    training: bool = True
    masked: bool = True
    summed: bool = False
    clip: Clip = _clip_whole
    rounded: bool = False  # under autocast to bfloat16


RIGHT = Way()
#: Known mistakes, each with the ways of taking a step that show it.
WAYS: dict[str, list[Way]] = {
    "without dropout": [Way(training=False)],
    "mask forgotten": [Way(masked=False)],
    "never clears": [Way("backward clip step schedule")],
    "no scheduler": [Way("clear backward clip step")],
    "scheduler first": [Way("clear backward clip schedule step")],
    "scheduler twice": [Way("clear backward clip step schedule schedule")],
    "optimizer twice": [
        Way("clear backward clip step schedule step"),
        Way("clear backward clip step step schedule"),
    ],
    "not clipped": [Way("clear backward step schedule")],
    "clips each value": [Way(clip=lambda g, limit, parts: g.clamp(-limit, limit))],
    "clips each tensor": [Way(clip=_clip_each(lambda parts: list(parts.tensors.values())))],
    "clips each group": [Way(clip=_clip_each(lambda parts: parts.groups))],
    "clips one group": [
        Way(clip=_clip_each(lambda parts: parts.groups[:1])),
        Way(clip=_clip_each(lambda parts: parts.groups[1:])),
    ],
    "clips another norm": [
        Way(clip=lambda g, limit, parts: shortened(g, limit, float("inf"))),
        Way(clip=lambda g, limit, parts: shortened(g, limit, 1.0)),
    ],
    "stretches": [Way(clip=lambda g, limit, parts: g * (limit / float(g.norm())))],
    "loss summed": [Way(summed=True)],
}
#: Ways to clip a part of the model alone, by what the part is called. The rest may be so long that
#: nothing seems clipped; they are told by a result that is exactly theirs.
PARTLY = {
    "head": Way(clip=_clip_each(lambda parts: [parts.under("classifier.")])),
    "encoder": Way(clip=_clip_each(lambda parts: [parts.under("bert.")])),
}
#: What shows best, or at all, where no gradient is clipped.
UNCLIPPED = {"never clears", "stretches", "loss summed"}
