"""Reads numbers from optimizers and parameters that a student's code may have put anything into.

Whatever is met, something is returned and nothing is raised: None is what could not be read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from typing import Any


def groups_of(optimizer: Any) -> list[dict[Any, Any]]:
    """Return an optimizer's parameter groups, as far as they are dictionaries."""
    with suppress(Exception):
        return [group for group in optimizer.param_groups if type(group) is dict]
    return []


def gradients_of(group: dict[Any, Any]) -> Iterator[tuple[Any, Any]]:
    """Yield the parameters of a group that have a gradient, with it."""
    import torch

    for one in group["params"]:
        if isinstance(one, torch.Tensor) and one.is_leaf and one.grad is not None:
            yield one, one.grad.detach()


def sizes_of(group: dict[Any, Any]) -> tuple[float | None, float | None]:
    """Return the norm of a group's gradients and the largest of them, 0 where there are none."""
    squares = largest = 0.0
    with suppress(Exception):
        for _, gradient in gradients_of(group):
            if gradient.numel():
                sizes = gradient.to_dense().abs().double()
                squares += float(sizes.pow(2).sum())
                largest = max(largest, float(sizes.max()))
        return math.sqrt(squares), largest
    return None, None


def smallest_of(optimizer: Any) -> Any:
    """Return the smallest parameter with a gradient: it stands for all of an optimizer's."""
    with suppress(Exception):
        having = (one for group in groups_of(optimizer) for one, _ in gradients_of(group))
        return min(having, key=lambda one: one.numel(), default=None)
    return None


def has_gradient(parameter: Any) -> bool | None:
    """Return whether a gradient other than 0 lies in `parameter`."""
    with suppress(Exception):
        return parameter.grad is not None and bool((parameter.grad.to_dense() != 0).any())
    return None


def real_number(value: Any) -> float | None:
    """Return `value` as a float if it is one real number."""
    import torch

    with suppress(Exception):
        if isinstance(value, torch.Tensor):
            value = value.detach().item() if value.numel() == 1 else None
        return float(value) if isinstance(value, int | float) else None
    return None
