"""What was seen of some steps of training: the events of each, in order.

A trace finds words for a mistake; whether a step is right shows in the weights. It was written in
the student's process, and may hold anything.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from course.watching import Event

#: What the events are called in messages.
WORDS = {
    "forward": "model(**batch)",
    "backward": "backward()",
    "clip": "clip",
    "step": "optimizer.step()",
    "change": "weights changed by hand",
    "schedule": "scheduler.step()",
    "clear": "zero_grad()",
}


def as_data(events: Iterable[Event]) -> list[dict[str, Any]]:
    """Return the events of one step as plain data."""
    return [asdict(event) for event in events]


class Trace:
    """The events of some steps, read from what :func:`as_data` gave for each."""

    def __init__(self, told: Any) -> None:
        calls = told[:20] if isinstance(told, list) else []
        self.calls = [
            [event for item in call[:500] if (event := _event(item)) is not None]
            for call in calls
            if isinstance(call, list)
        ]

    def saw(self, kind: str) -> bool:
        """Return whether an event of this kind is in any step."""
        return any(event.kind == kind for call in self.calls for event in call)

    def most(self, kind: str) -> int:
        """Return how many events of this kind a step has at most."""
        return max((sum(e.kind == kind for e in call) for call in self.calls), default=0)

    def before(self, one: str, other: str) -> bool:
        """Return whether in the first step `one` comes before the first `other`."""
        kinds = self._first_kinds()
        return one in kinds and other in kinds and kinds.index(one) < kinds.index(other)

    @property
    def cleared_between(self) -> bool:
        """Whether the first step clears between the last `backward()` and the optimizer."""
        return self._between("clear")

    @property
    def clipped_between(self) -> bool:
        """Whether the first step clips between the last `backward()` and the optimizer."""
        return self._between("clip")

    def _between(self, kind: str) -> bool:
        kinds = self._first_kinds()
        kinds = kinds[: kinds.index("step")] if "step" in kinds else []
        return "backward" in kinds and kind in kinds[::-1][: kinds[::-1].index("backward")]

    @property
    def order(self) -> str:
        """The order of the first step, in words."""
        return " → ".join(WORDS[kind] for kind in self._first_kinds()[:12]) or "nothing"

    @property
    def never_trained(self) -> bool:
        """Whether the model was in evaluation mode each time that it was called for gradients."""
        modes = [e.training for call in self.calls for e in call if e.gradients]
        return bool(modes) and not any(modes)

    @property
    def stale(self) -> bool:
        """Whether gradients of an earlier step were still there when the next went backward."""
        return any(event.stale is True for call in self.calls for event in call)

    @property
    def steps(self) -> list[Event]:
        return [event for call in self.calls for event in call if event.kind == "step"]

    @property
    def norms(self) -> list[float]:
        """The norm of all gradients that the optimizer found, step by step."""
        return [math.hypot(*known(event.norms)) for event in self.steps]

    def _first_kinds(self) -> list[str]:
        return [event.kind for event in self.calls[0]] if self.calls else []


def known(numbers: Iterable[float | None]) -> list[float]:
    """Return the numbers that could be read."""
    return [number for number in numbers if number is not None]


def _event(item: Any) -> Event | None:
    """Return an event from plain data, with only those of its fields that are what they should be."""
    kind = item.get("kind") if isinstance(item, dict) else None
    if not isinstance(kind, str) or kind not in WORDS:
        return None
    fields: dict[str, Any] = {name: value for name in ("training", "gradients", "stale")
             if isinstance(value := item.get(name), bool)}  # fmt: skip
    fields |= {name: tuple(map(_number, value[:10])) for name in ("rates", "norms", "largest")
              if isinstance(value := item.get(name), list | tuple)}  # fmt: skip
    return Event(kind, **fields)


def _number(value: Any) -> float | None:
    good = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if good and abs(value) < 1e300 else None
