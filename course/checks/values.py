"""What a check asks of a value that came back, whatever the lesson: its type, its shape, its size."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from course.checks.mistakes import code, mistake, short
from course.plain import Opaque


def need_mapping(value: Any, keys: Iterable[str], what: str) -> Mapping[str, Any]:
    """Return `value` if it is a mapping that has `keys`; otherwise raise MistakeError."""
    if value is None:
        raise mistake("returns-none", what=what)
    if not isinstance(value, dict):
        raise mistake("wrong-type", what=what, kind=kind_of(value))
    for key in keys:
        if key not in value:
            have = short(", ".join(map(str, value))) or "nothing"
            raise mistake("missing-key", what=what, key=key, have=have)
    return value


def need_tensor(
    value: Any, what: str, *, shape: tuple[int, ...] | None = None, floating: bool | None = None
) -> Any:
    """Return `value` if it is a torch tensor of `shape` and kind; otherwise raise MistakeError."""
    import torch

    if value is None:
        raise mistake("returns-none", what=what)
    if not isinstance(value, torch.Tensor):
        raise mistake("not-a-tensor", what=what, kind=kind_of(value))
    if shape is not None and tuple(value.shape) != shape:
        raise mistake("wrong-shape", what=what, expected=shape, shape=tuple(value.shape))
    if floating is not None and value.is_floating_point() != floating:
        expected = "floating-point numbers" if floating else "integers"
        raise mistake("wrong-dtype", what=what, expected=expected, dtype=value.dtype)
    return value


def need_number(value: Any, what: str) -> float:
    """Return `value` as a float if it is one finite number; otherwise raise MistakeError."""
    import numpy
    import torch

    if value is None:
        raise mistake("returns-none", what=what)
    if isinstance(value, torch.Tensor) and value.numel() == 1 and not value.is_complex():
        value = value.item()
    if isinstance(value, numpy.ndarray) and value.size == 1:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise mistake("not-a-number", what=what, kind=kind_of(value))
    if not math.isfinite(value):
        raise mistake("not-finite", what=what, value=value)
    return float(value)


def numbers(value: Any, what: str) -> Any:
    """Return `value` (a number, tensor, array or list of them) as a float64 tensor.

    Raises MistakeError where it is none of these, or too large to be compared.
    """
    import numpy
    import torch

    if value is None:
        raise mistake("returns-none", what=what)
    if isinstance(value, numpy.ndarray):
        value = torch.from_numpy(value.copy(order="C"))  # an array without axes stays one
    if isinstance(value, bool | int | float):
        value = torch.tensor(float(value), dtype=torch.float64)
    if isinstance(value, list | tuple) and len(value) <= 10_000:
        item_of = f"An item of {what[:1].lower()}{what[1:]}"
        parts = [
            numbers(item, what if what.startswith("An item of") else item_of) for item in value
        ]
        if len({part.shape for part in parts}) == 1:
            value = torch.stack(parts)
    if not isinstance(value, torch.Tensor) or value.numel() > 100_000:
        raise mistake("not-numbers", what=what, value=value)
    try:
        return value.detach().to(torch.float64)
    except RuntimeError:
        raise mistake("not-numbers", what=what, value=value) from None


def one_number(value: Any, what: str) -> float:
    """Return `value` as one finite number; otherwise raise MistakeError."""
    if isinstance(value, int | float):  # needs no torch, which takes seconds to load
        result = float(value)
    else:
        found = numbers(value, what)
        if found.numel() != 1:
            shape = tuple(found.shape)
            raise mistake("several-numbers", what=what, count=found.numel(), shape=shape)
        result = float(found.item())
    if not math.isfinite(result):
        raise mistake("not-finite", what=what, value=result)
    return result


#: How far numbers may be apart that are the same: as a share, and by how much.
RELATIVE, ABSOLUTE = 1e-3, 1e-4


def close(one: Any, other: Any, *, relative: float = RELATIVE, absolute: float = ABSOLUTE) -> bool:
    """Return whether two numbers, tensors, or sequences or mappings of them are the same.

    They are if they have one shape and differ by at most `absolute + relative * |other|`, which
    float32 arithmetic in another order stays far below. NaN is close to nothing.
    """
    import torch

    if isinstance(other, Mapping):
        return (
            isinstance(one, Mapping)
            and one.keys() == other.keys()
            and all(
                close(one[key], other[key], relative=relative, absolute=absolute) for key in other
            )
        )
    one = torch.as_tensor(one, dtype=torch.float64, device="cpu")
    other = torch.as_tensor(other, dtype=torch.float64, device="cpu")
    return bool(
        one.shape == other.shape and torch.allclose(one, other, rtol=relative, atol=absolute)
    )


def near(found: float, right: float) -> bool:
    """Return whether `found` is the number `right`, which may be rounded to two digits or more."""
    rounded = (round(right, digits) for digits in (2, 3))
    return abs(found - right) <= ABSOLUTE + RELATIVE * abs(right) or any(
        abs(found - other) <= 1e-6 for other in rounded
    )


def kind_of(value: Any) -> str:
    """Return what kind of thing `value` is, in words."""
    if isinstance(value, Opaque):
        return str(value)
    return f"of type {type(value).__name__}: {code(value)}"
