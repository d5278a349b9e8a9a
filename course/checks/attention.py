"""The check of `attention_head`, lesson 02: one head's attention, computed by hand."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, ClassVar

from course.checks.base import Inputs
from course.checks.mistakes import Mistake, Signs, mistake, tell_first
from course.checks.predicted import Predicted
from course.checks.values import close, numbers

#: How long the texts of a case are, and how many numbers a head has for each token. All sizes differ,
#: so that no axis is taken for another.
LENGTHS, SIZE = (7, 4, 5), 9


def drawn_head(seed: int) -> tuple[Any, Any, Any, Any]:
    """Return query, key and value (texts × tokens × numbers) and the mask (texts × tokens)."""
    import torch

    chance = torch.Generator(device="cpu").manual_seed(seed)
    shape = (len(LENGTHS), max(LENGTHS), SIZE)
    parts = [
        torch.randn(shape, generator=chance, dtype=torch.float32, device="cpu") for _ in range(3)
    ]
    # Of another size each, so that no two can be swapped unseen.
    query, key, value = 1.5 * parts[0], parts[1], 2 * parts[2]
    mask = torch.tensor(
        [[int(place < length) for place in range(max(LENGTHS))] for length in LENGTHS], device="cpu"
    )
    return query, key, value, mask


class Head:
    """One drawn head, and what it gives when it is computed in one way or another."""

    def __init__(self, seed: int) -> None:
        query, key, value, mask = drawn_head(seed)
        self.query, self.key, self.value = query.double(), key.double(), value.double()
        self.real = mask.bool()

    def weights(
        self,
        *,
        scale: float = SIZE**0.5,
        masked: bool = True,
        axis: int = -1,
        reverse: bool = False,
    ) -> Any:
        """Return how much each token looks at each other one: texts × tokens × tokens."""
        scores = self.query @ self.key.transpose(1, 2) / scale
        if masked:
            hidden = self.real if reverse else ~self.real
            scores = scores.masked_fill(hidden[:, None, :], -1e9)
        return scores.softmax(dim=axis)

    def right(self) -> Any:
        """Return the mean of the values for each token: texts × tokens × numbers."""
        return self.weights() @ self.value

    def mistaken(self) -> dict[str, Any]:
        """Return what each known mistake gives, by its id."""
        raw = self.query @ self.key.transpose(1, 2) / SIZE**0.5
        keep = self.real[:, None, :].double()
        free = self.weights(masked=False)
        of_values = (self.query @ self.value.transpose(1, 2) / SIZE**0.5).masked_fill(
            ~self.real[:, None, :], -1e9
        )
        return {
            "attention-not-scaled": self.weights(scale=1) @ self.value,
            "attention-scaled-by-size": self.weights(scale=SIZE) @ self.value,
            "attention-over-queries": self.weights(axis=1) @ self.value,
            "attention-over-texts": self.weights(axis=0) @ self.value,
            "attention-mask-ignored": free @ self.value,
            "attention-mask-reversed": self.weights(reverse=True) @ self.value,
            "attention-mask-times-scores": (raw * keep).softmax(dim=-1) @ self.value,
            "attention-mask-too-weak": (raw - (1 - keep)).softmax(dim=-1) @ self.value,
            "attention-mask-after-softmax": (free * keep) @ self.value,
            "attention-without-softmax": (raw * keep) @ self.value,
            "attention-keys-for-values": self.weights() @ self.key,
            "attention-of-values": of_values.softmax(dim=-1) @ self.key,
        }


class Attended:
    """What is to be seen in what came back for one drawn head."""

    what = "The result of attention_head"

    def __init__(self, observed: Any, *, seed: int) -> None:
        # A head that is returned with its weights beside it is looked at by its first part.
        pair = isinstance(observed, tuple) and len(observed) == 2
        self.found = numbers(observed[0] if pair else observed, self.what)
        self.shape, self.expected = tuple(self.found.shape), (len(LENGTHS), max(LENGTHS), SIZE)
        self.head = Head(seed)

    @cached_property
    def right(self) -> Any:
        return self.head.right()

    def same(self, other: Any) -> bool:
        """Return whether the result is `other` at all tokens that are no padding."""
        real = self.head.real
        return self.found.shape == other.shape and close(
            self.found[real], other[real], relative=1e-3, absolute=1e-3
        )

    @property
    def is_weights(self) -> bool:
        return self.shape == (len(LENGTHS), max(LENGTHS), max(LENGTHS))

    @property
    def place(self) -> tuple[int, int]:
        """The first token that is wrong, as text and place, from 0."""
        off = ((self.found - self.right).abs() > 1e-3).any(dim=-1) & self.head.real
        off |= ~self.found.isfinite().all(dim=-1) & self.head.real
        text, token = off.nonzero()[0].tolist()
        return text, token

    @property
    def begins(self) -> list[float]:
        return [round(one, 3) for one in self.found[self.place][:3].tolist()]

    @property
    def should_begin(self) -> list[float]:
        return [round(one, 3) for one in self.right[self.place][:3].tolist()]


class AttentionHead(Predicted):
    """Each token gets the mean of the values that it looks at, weighted by softmax of its scores."""

    function = "attention_head"
    facts = Attended
    signs: ClassVar[Signs] = {
        "attention-weights-returned": lambda it: it.is_weights,
        "wrong-shape": lambda it: it.shape != it.expected,
    }
    predicted = (
        "attention-not-scaled",
        "attention-scaled-by-size",
        "attention-over-queries",
        "attention-over-texts",
        "attention-mask-ignored",
        "attention-mask-reversed",
        "attention-mask-times-scores",
        "attention-mask-too-weak",
        "attention-mask-after-softmax",
        "attention-without-softmax",
        "attention-keys-for-values",
        "attention-of-values",
    )
    told: ClassVar[tuple[str | Mistake, ...]] = ("returns-none", "not-numbers", "attention-wrong")

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield the seeds of two heads."""
        for _ in range(2):
            yield {"seed": rng.randrange(10**6)}

    @staticmethod
    def observe(function: Callable[..., Any], seed: int) -> Any:
        """Call `function` with a drawn head, by position, as the lesson does."""
        return function(*drawn_head(seed))

    def predictions(self, **inputs: Any) -> dict[str, Any]:
        """See :class:`Predicted`."""
        return Head(**inputs).mistaken()

    def judge(self, observed: Any, **inputs: Any) -> None:
        """See :class:`Check`."""
        facts = Attended(observed, **inputs)
        if facts.same(facts.right):
            return
        tell_first(self.signs, facts, function=self.function)
        self.tell_prediction(facts.same, inputs=inputs, expected=facts.expected)
        raise mistake("attention-wrong", facts, function=self.function)


CHECKS = (AttentionHead,)
