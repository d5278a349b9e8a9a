"""Visible checks of lesson 07, second part: classes get weights, and long texts are cut."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any

from course.checks.base import Check, Compared, Inputs
from course.checks.mistakes import mistake
from course.checks.shared_tokenizer import tokenizer
from course.checks.values import kind_of, need_tensor

LONG = (
    "I saw the late film on Friday and enjoyed it, although the projector failed twice and the "
    "seats in the back rows are worn; the staff were kind. On my way home I noticed that I had "
    "left my umbrella under my seat. Has anybody found it?"
)


class Weights:
    """One weight for each class, beside how often the class occurs."""

    def __init__(self, observed: Any, labels: list[int], classes: int) -> None:
        found = need_tensor(observed, "The result of class_weights")
        self.shape, self.dtype = tuple(found.shape), str(found.dtype)
        self.classes, self.rows = classes, len(labels)
        self.counts = [labels.count(one) for one in range(classes)]
        self.weights = found.detach().double().flatten().tolist()

    def proportional_to(self, wanted: Iterable[float]) -> bool:
        """Return whether the weights are these, or all of them so many times."""
        ratios = [have / want for have, want in zip(self.weights, wanted, strict=True)]
        return min(ratios) > 0 and max(ratios) / min(ratios) < 1.01

    @property
    def shown(self) -> str:
        return ", ".join(f"{one:.3g}" for one in self.weights)


class ClassWeights(Check):
    """A class that is half as frequent weighs twice as much."""

    function = "class_weights"
    facts = Weights
    signs = {
        "weight-of-every-row": lambda it: it.shape == (it.rows,) != (it.classes,),
        "weights-of-another-shape": lambda it: it.shape != (it.classes,),
        "weights-all-equal": lambda it: it.proportional_to([1] * it.classes),
        "weights-follow-counts": lambda it: it.proportional_to(it.counts),
        "weights-of-roots": lambda it: it.proportional_to(one**-0.5 for one in it.counts),
        "weights-not-inverse": lambda it: it.proportional_to(
            1 - one / it.rows for one in it.counts
        ),
        "weights-in-another-order": lambda it: (
            not it.proportional_to(1 / one for one in it.counts)
            and sorted_inverse(it.weights, it.counts)
        ),
        "weights-wrong": lambda it: not it.proportional_to(1 / one for one in it.counts),
        "weights-not-float32": lambda it: it.dtype != "torch.float32",
    }
    told = ("returns-none", "not-a-tensor")

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield the example of the lesson, then labels whose classes come in no order."""
        yield {"labels": [0, 0, 0, 0, 0, 0, 2, 2, 1, 1, 1, 1], "classes": 3}
        yield drawn_labels(rng, 4)

    @staticmethod
    def observe(function: Callable[..., Any], labels: list[int], classes: int) -> Any:
        """Call the function in its arguments' order, however they are named."""
        return function(list(labels), classes)


def sorted_inverse(weights: list[float], counts: list[int]) -> bool:
    """Return whether the weights are right ones in a wrong order."""
    wanted = sorted(1 / one for one in counts)
    ratios = [have / want for have, want in zip(sorted(weights), wanted, strict=True)]
    return min(ratios) > 0 and max(ratios) / min(ratios) < 1.01


def drawn_labels(rng: random.Random, classes: int) -> Inputs:
    """Return labels of which no class is as frequent as another, and class 0 not the first one."""
    counts = rng.sample(range(6, 60, 6), classes)
    labels = [one for one, count in enumerate(counts) for _ in range(count)]
    while True:
        rng.shuffle(labels)
        first = list(dict.fromkeys(labels))
        # Neither in order of appearance nor in order of frequency do the classes stand in theirs.
        frequent = sorted(range(classes), key=counts.__getitem__, reverse=True)
        if list(range(classes)) not in (first, frequent, frequent[::-1]):
            return {"labels": labels, "classes": classes}
        if list(range(classes)) in (frequent, frequent[::-1]):
            return drawn_labels(rng, classes)


class HeadAndTailIds:
    """The ids of one text, beside the right ones."""

    def __init__(self, observed: Any, text: str, max_length: int) -> None:
        if observed is None:
            raise mistake("returns-none", what="The result of head_and_tail")
        import torch

        if isinstance(observed, torch.Tensor) and observed.dim() < 2:
            observed = observed.tolist()
        observed = list(observed) if isinstance(observed, tuple) else observed
        if isinstance(observed, list | torch.Tensor) and len(observed) == 1 != max_length:
            raise mistake("ids-nested", returned=observed)
        if not isinstance(observed, list) or not all(type(one) is int for one in observed):
            raise mistake("ids-not-a-list", returned=kind_of(observed))
        self.ids, self.max_length, self.length = observed, max_length, len(observed)
        special = tokenizer()
        self.cls, self.sep, self.pad = special.convert_tokens_to_ids(["[CLS]", "[SEP]", "[PAD]"])
        self.pieces = special.convert_tokens_to_ids(special.tokenize(text))
        self.room = max_length - 2
        self.is_long = len(self.pieces) > self.room

    def cut(self, head: int, tail: int) -> list[int]:
        """Return the ids of so many pieces from the beginning and so many from the end."""
        kept = self.pieces[:head] + self.pieces[len(self.pieces) - tail :]
        return [self.cls, *kept, self.sep]

    @property
    def right(self) -> list[list[int]]:
        if not self.is_long:
            return [self.cut(len(self.pieces), 0)]
        half = self.room // 2
        return [self.cut(half, self.room - half), self.cut(self.room - half, half)]

    @property
    def is_right(self) -> bool:
        return self.ids in self.right

    @property
    def is_in_two_parts(self) -> bool:
        """Whether it is the beginning and the end, but not half of each."""
        return any(self.ids == self.cut(head, self.room - head) for head in range(1, self.room))


class HeadAndTail(Compared):
    """A long text keeps its beginning and its end, a short one everything."""

    function = "head_and_tail"
    facts = HeadAndTailIds
    signs = {
        "padding-added": lambda it: it.pad in it.ids,
        "only-the-head": lambda it: it.is_long and it.ids == it.cut(it.room, 0),
        "only-the-tail": lambda it: it.is_long and it.ids == it.cut(0, it.room),
        "specials-in-the-middle": lambda it: it.cls in it.ids[1:] or it.sep in it.ids[:-1],
        "specials-missing": lambda it: [*it.ids[:1], *it.ids[-1:]] != [it.cls, it.sep],
        "short-text-repeated": lambda it: not it.is_long and it.length > len(it.pieces) + 2,
        "too-long-by-the-specials": lambda it: it.is_long and it.length == it.max_length + 2,
        "not-cut": lambda it: it.length > it.max_length,
        "room-left-over": lambda it: it.is_long and it.length < it.max_length - 1,
        "halves-unequal": lambda it: it.is_long and it.is_in_two_parts,
        "other-pieces-kept": lambda it: True,
    }
    told = ("returns-none", "ids-nested", "ids-not-a-list")

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield a long text, one that just fits, one that is a piece too long, and a short one."""
        yield from cuts(LONG, 20)

    @staticmethod
    def observe(function: Callable[..., Any], text: str, max_length: int) -> Any:
        """Call the function with a real tokenizer."""
        return function(tokenizer(), text, max_length)


def cuts(text: str, max_length: int) -> Iterable[Inputs]:
    """Yield `text`, then its beginnings of exactly as many pieces as fit, of one more, and of five."""
    yield {"text": text, "max_length": max_length}
    special = tokenizer()
    ends = [end for _, end in special(text, return_offsets_mapping=True)["offset_mapping"][1:-1]]
    for pieces in (max_length - 2, max_length - 1, 5):
        yield {"text": text[: ends[pieces - 1]], "max_length": max_length}


CHECKS = (ClassWeights, HeadAndTail)
