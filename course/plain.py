"""Plain data: the only form in which values pass between a student's code and those who look at it.

A value is split into a JSON *skeleton* and a flat list of tensors, and put together again from
them. Nothing else exists on the way: no pickle, no classes, no code. A visible check passes its
observation through here too, so that it sees exactly what the examiner will see at grading.
"""

from __future__ import annotations

import json
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
    comes back as a dict.
    """
    if depth > MAX_DEPTH:
        return {"opaque": "nested too deeply"}
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        # A Python integer has no bound; 64 bits are all that a tensor or a length can hold.
        return int(value) if -(2**63) <= value < 2**63 else {"opaque": "int beyond 64 bits"}
    if isinstance(value, float):
        return {"float": repr(float(value))}
    if isinstance(value, str):
        return str(value)
    torch, numpy = sys.modules.get("torch"), sys.modules.get("numpy")
    if torch is not None and isinstance(value, torch.Tensor):
        if value.is_meta or value.layout is not torch.strided or str(value.dtype) not in DTYPES:
            return {"opaque": f"{type(value).__name__} of {value.dtype}"}
        name = f"t{len(tensors)}"
        tensors[name] = value.detach().cpu().contiguous().clone()
        return {"tensor": name, "requires_grad": bool(value.requires_grad)}
    if numpy is not None and isinstance(value, numpy.generic):
        return flatten(value.item(), tensors, depth)
    if numpy is not None and isinstance(value, numpy.ndarray):
        if value.dtype.kind not in "biuf":
            return flatten(value.tolist(), tensors, depth)
        import torch as pytorch

        name = f"t{len(tensors)}"
        tensors[name] = pytorch.from_numpy(numpy.ascontiguousarray(value).copy())
        return {"array": name}
    if isinstance(value, tuple):
        return {"tuple": [flatten(item, tensors, depth + 1) for item in value]}
    if isinstance(value, list):
        return [flatten(item, tensors, depth + 1) for item in value]
    if hasattr(value, "keys") and hasattr(value, "__getitem__"):
        pairs = [[key, flatten(value[key], tensors, depth + 1)] for key in value.keys()]  # noqa: SIM118 - BatchEncoding iterates rows
        if all(isinstance(key, str | int) for key, _ in pairs):
            return {"dict": pairs}
    return {"opaque": f"{type(value).__module__}.{type(value).__qualname__}"}


def restore(skeleton: Any, tensors: dict[str, Any]) -> Any:
    """Build the value that `skeleton` and `tensors` describe; raises :class:`NotPlainError`.

    Safe on hostile input of limited size: whatever does not fit is refused, never guessed.
    """
    if skeleton is None or isinstance(skeleton, bool):
        return skeleton
    if isinstance(skeleton, int):
        if not -(2**63) <= skeleton < 2**63:
            raise NotPlainError("an integer of more than 64 bits")
        return skeleton
    if isinstance(skeleton, str):
        return _text(skeleton)
    if isinstance(skeleton, list):
        return [restore(item, tensors) for item in skeleton]
    if not isinstance(skeleton, dict):
        raise NotPlainError(f"a skeleton holds no {type(skeleton).__name__}")
    match skeleton:
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
            try:
                return tensors[name].detach().numpy()
            except TypeError as error:  # numpy has no bfloat16
                raise NotPlainError("not an array's dtype") from error
        case {"tuple": list(items)}:
            return tuple(restore(item, tensors) for item in items)
        case {"dict": list(pairs)}:
            return dict(_pair(pair, tensors) for pair in pairs)
        case {"opaque": str(type_name)}:
            return Opaque(_text(type_name[:200]))
    raise NotPlainError("an unknown node")


def _pair(pair: Any, tensors: dict[str, Any]) -> tuple[Any, Any]:
    match pair:
        case [str() | int() as key, item]:
            return _text(key) if isinstance(key, str) else key, restore(item, tensors)
    raise NotPlainError("a dict's item is not a pair")


def _text(text: str) -> str:
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
