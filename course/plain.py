"""Plain data: the only form in which values pass between a student's code and those who look at it.

A value is split into a JSON *skeleton* and a flat list of tensors, and put together again from
them. Nothing else exists on the way: no pickle, no classes, no code. A visible check passes its
observation through here too, so that it sees exactly what the examiner will see at grading.
"""

from __future__ import annotations

import decimal
import json
import numbers
import sys
from dataclasses import dataclass
from typing import Any

#: Deeper values are cut off; no observation of this course nests further.
MAX_DEPTH = 20


#: Dtypes that a tensor may have: those that all of torch can compute with.
DTYPES = {
    "torch.bool", "torch.uint8", "torch.int8", "torch.int16", "torch.int32", "torch.int64",
    "torch.float16", "torch.bfloat16", "torch.float32", "torch.float64",
}  # fmt: skip


@dataclass(frozen=True)
class Opaque:
    """Stands for an object that is not plain data: only the name of its type came across."""

    type_name: str

    def __str__(self) -> str:
        return f"an object of type {self.type_name}"


class NotPlainError(ValueError):
    """A skeleton that :func:`flatten` cannot have written."""


def flatten(value: Any, tensors: dict[str, Any], depth: int = 0) -> Any:
    """Return the JSON skeleton of `value`; tensors and arrays are added to `tensors`.

    Mappings, lists, tuples, strings, numbers, None, torch tensors and numpy arrays survive. Any
    other object becomes :class:`Opaque`. Subclasses lose what they added: a `BatchEncoding`
    comes back as a dict. Nothing is raised, whatever an object does when it is looked at.
    """
    if depth > MAX_DEPTH:
        return {"opaque": "nested too deeply"}
    try:
        return _flatten(value, tensors, depth)
    except Exception:
        return _opaque(value)


def _flatten(value: Any, tensors: dict[str, Any], depth: int) -> Any:
    # A subclass may have methods of its own: the base class's are asked.
    match value:
        case None | True | False:
            return value
        case int():
            # A Python integer has no bound; 64 bits are all that a tensor or a length can hold.
            number = int.__int__(value)
            return number if _fits(number) else {"opaque": "int beyond 64 bits"}
        case float():
            return {"float": repr(float.__float__(value))}
        case str():
            return str.__str__(value)
        case tuple():
            return {"tuple": [flatten(item, tensors, depth + 1) for item in value]}
        case list():
            return [flatten(item, tensors, depth + 1) for item in value]
    torch, numpy = sys.modules.get("torch"), sys.modules.get("numpy")
    if torch is not None and isinstance(value, torch.Tensor):
        return _flatten_tensor(value, tensors)
    if numpy is not None and isinstance(value, numpy.ndarray | numpy.generic):
        return _flatten_array(value, tensors, depth)
    if isinstance(value, numbers.Real | decimal.Decimal):
        return {"float": repr(float(value))}
    if hasattr(value, "keys") and hasattr(value, "__getitem__"):
        keys = list(value.keys())  # BatchEncoding iterates over rows instead
        pairs = [[flatten(key, tensors), flatten(value[key], tensors, depth + 1)] for key in keys]
        if all(isinstance(key, str | int) for key, _ in pairs):
            return {"dict": pairs}
    return _opaque(value)


def _flatten_tensor(value: Any, tensors: dict[str, Any]) -> Any:
    import torch

    plain = value.layout is torch.strided and not value.is_meta and not value.is_nested
    if not plain or str(value.dtype) not in DTYPES:
        return {"opaque": f"{type(value).__name__} of {value.dtype}"}
    name = f"t{len(tensors)}"
    tensors[name] = value.detach().cpu().contiguous().clone()
    return {"tensor": name, "requires_grad": bool(value.requires_grad)}


def _flatten_array(value: Any, tensors: dict[str, Any], depth: int) -> Any:
    import numpy

    if isinstance(value, numpy.generic) or value.dtype.kind not in "biuf":
        items = value.tolist()
        # Of some types numpy knows no Python value, and gives back what it was given.
        known = not isinstance(items, numpy.ndarray | numpy.generic)
        return flatten(items, tensors, depth + 1) if known else _opaque(value)
    import torch

    native = numpy.ascontiguousarray(value, dtype=value.dtype.newbyteorder("="))
    # An array without axes gains one on the way.
    tensor = torch.from_numpy(native.copy().reshape(value.shape))
    tensors[name := f"t{len(tensors)}"] = tensor
    return {"array": name}


def _fits(number: int) -> bool:
    return -(2**63) <= number < 2**63


def _opaque(value: Any) -> dict[str, str]:
    kind = type(value)
    return {"opaque": f"{kind.__module__}.{kind.__qualname__}"}


def restore(skeleton: Any, tensors: dict[str, Any], depth: int = 0) -> Any:
    """Build the value that `skeleton` and `tensors` describe; raises :class:`NotPlainError`.

    Safe on hostile input of limited size: whatever does not fit is refused, never guessed.
    """
    if depth > MAX_DEPTH + 1:
        raise NotPlainError("nested too deeply")
    match skeleton:
        case None | bool():
            return skeleton
        case int():
            return _integer(skeleton)
        case str():
            return whole_text(skeleton)
        case list():
            return [restore(item, tensors, depth + 1) for item in skeleton]
        case {"float": str(text)}:
            try:
                return float(text)
            except ValueError as error:
                raise NotPlainError("not a number") from error
        case {"tensor": str(name), "requires_grad": bool(requires_grad)} if name in tensors:
            tensor = tensors[name]
            if str(tensor.dtype) not in DTYPES:
                raise NotPlainError(f"a tensor of {tensor.dtype}")
            # A view of its own: what is said of one use of a tensor must not change another.
            return tensor.detach().requires_grad_(requires_grad and tensor.is_floating_point())
        case {"array": str(name)} if name in tensors:
            return _array(tensors[name])
        case {"tuple": list(items)}:
            return tuple(restore(item, tensors, depth + 1) for item in items)
        case {"dict": list(pairs)}:
            return dict(_pair(pair, tensors, depth + 1) for pair in pairs)
        case {"opaque": str(type_name)}:
            return Opaque(whole_text(type_name[:200]))
    raise NotPlainError("an unknown node")


def _pair(pair: Any, tensors: dict[str, Any], depth: int) -> tuple[Any, Any]:
    match pair:
        case [str(key), item]:
            return whole_text(key), restore(item, tensors, depth)
        case [int(key), item]:
            return _integer(key), restore(item, tensors, depth)
    raise NotPlainError("a dict's item is not a pair")


def _integer(number: int) -> int:
    if not _fits(number):
        raise NotPlainError("an integer beyond 64 bits")
    return number


def _array(tensor: Any) -> Any:
    try:
        # The same tensor may be named a second time, as one that requires gradients.
        array = tensor.detach().numpy()
    except TypeError as error:  # numpy has no bfloat16
        raise NotPlainError("not an array's dtype") from error
    if array.dtype.kind not in "biuf":
        raise NotPlainError("not an array's dtype")
    return array


def whole_text(text: str) -> str:
    """Return `text` with "?" for halves of surrogate pairs, which no file or message can hold."""
    return text.encode("utf-8", "replace").decode()


def pack(value: Any) -> bytes:
    """Return `value` as one message: a line of JSON, then its tensors as safetensors, if any."""
    tensors: dict[str, Any] = {}
    message = json.dumps(flatten(value, tensors)).encode() + b"\n"
    if tensors:
        from safetensors.torch import save

        message += save(tensors)
    return message


def as_plain(value: Any) -> Any:
    """Return `value` as the examiner would receive it."""
    tensors: dict[str, Any] = {}
    return restore(flatten(value, tensors), tensors)
