"""What a check is: inputs drawn, the student's code observed, the observation judged.

The three steps are kept apart because at grading they run in two places: `observe` beside the
student's code, `cases` and `judge` where the student's code cannot reach. A visible check runs
the same three in the notebook, on other inputs, and is worth no points.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from course.plain import Opaque

Inputs = dict[str, Any]


class MistakeError(Exception):
    """A check was not met, and why.

    `misconception` is the short id under which exams record the mistake, `message` is what the
    student reads: what the code did, what was expected, what to think about. `credit` is the
    share of the points (0 to 1) that the work has earned all the same.
    """

    def __init__(self, misconception: str, message: str, *, credit: float = 0.0) -> None:
        super().__init__(message)
        self.misconception = misconception
        self.message = message
        self.credit = credit


@dataclass(frozen=True)
class Raised:
    """An exception that the student's code raised: its type's name, text and line of code."""

    type_name: str
    text: str
    line: str = ""

    def __str__(self) -> str:
        where = f", in the line `{self.line}`" if self.line else ""
        return f"{self.type_name}: {self.text}{where}" if self.text else f"{self.type_name}{where}"


class Check:
    """One thing that a student's function must do; the docstring's first line is its title.

    Subclasses name the student's function in `function`, and say in `cases` with what inputs it
    is tried, in `observe` (where the function's own result is not the observation) what is done
    with it, and in `judge` what is right. `explain` may recognise an exception as a known
    mistake.
    """

    function: str

    @property
    def title(self) -> str:
        return (type(self).__doc__ or self.function).strip().splitlines()[0]

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield the inputs of each trial, plain data only."""
        raise NotImplementedError

    @staticmethod
    def observe(function: Callable[..., Any], **inputs: Any) -> Any:
        """Try `function`, beside the student's code, and return what is to be judged."""
        return function(**inputs)

    def judge(self, observed: Any, **inputs: Any) -> None:
        """Return if `observed` is right for `inputs`; otherwise raise :class:`MistakeError`."""
        raise NotImplementedError

    def explain(self, raised: Raised, **inputs: Any) -> MistakeError | None:
        """Return the known mistake that an exception shows, or None."""
        return None


def code(value: object) -> str:
    """Return `value` short enough to be quoted in a message."""
    text = str(value) if isinstance(value, Opaque) else repr(value)
    return text if len(text) <= 120 else text[:117] + "..."


def need_mapping(value: Any, keys: Iterable[str], what: str) -> Mapping[str, Any]:
    """Return `value` if it is a mapping that has `keys`; otherwise raise :class:`MistakeError`."""
    if value is None:
        raise MistakeError("returns-none", f"{what} is None. Does your function end with `return`?")
    if not isinstance(value, dict):
        raise MistakeError(
            "wrong-type", f"{what} should be a dictionary, but it is {_kind(value)}."
        )
    for key in keys:
        if key not in value:
            have = ", ".join(map(str, value)) or "nothing"
            raise MistakeError("missing-key", f"{what} has no {key!r}; it holds {have}.")
    return value


def need_tensor(
    value: Any, what: str, *, shape: tuple[int, ...] | None = None, floating: bool | None = None
) -> Any:
    """Return `value` if it is a torch tensor of `shape` and kind; otherwise raise :class:`MistakeError`."""
    import torch

    if value is None:
        raise MistakeError("returns-none", f"{what} is None. Does your function end with `return`?")
    if not isinstance(value, torch.Tensor):
        raise MistakeError(
            "not-a-tensor", f"{what} should be a PyTorch tensor, but it is {_kind(value)}."
        )
    if shape is not None and tuple(value.shape) != shape:
        raise MistakeError(
            "wrong-shape", f"{what} should have shape {shape}, not {tuple(value.shape)}."
        )
    if floating is not None and value.is_floating_point() != floating:
        kind = "floating-point numbers" if floating else "integers"
        raise MistakeError(
            "wrong-dtype", f"{what} should hold {kind}, but its dtype is {value.dtype}."
        )
    return value


def need_number(value: Any, what: str) -> float:
    """Return `value` as a float if it is one finite number; otherwise raise :class:`MistakeError`."""
    import math

    import torch

    if value is None:
        raise MistakeError("returns-none", f"{what} is None. Does your function end with `return`?")
    if isinstance(value, torch.Tensor) and value.numel() == 1 and not value.is_complex():
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise MistakeError("not-a-number", f"{what} should be a number, but it is {_kind(value)}.")
    if not math.isfinite(value):
        raise MistakeError("not-finite", f"{what} is {value}: a division by zero, or an overflow?")
    return float(value)


def _kind(value: Any) -> str:
    return (
        str(value)
        if isinstance(value, Opaque)
        else f"of type {type(value).__name__}: {code(value)}"
    )
