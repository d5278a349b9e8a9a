"""Values of all kinds, for properties: plain ones, others, and what a hostile reply may say."""

from __future__ import annotations

import enum
import math
from collections import OrderedDict, UserDict, deque, namedtuple
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st

from course.plain import DTYPES, Opaque

TORCH_DTYPES = [getattr(torch, name.removeprefix("torch.")) for name in sorted(DTYPES)]
#: Dtypes that safetensors can hold and this course does not use.
OTHER_DTYPES = [
    torch.uint16, torch.uint32, torch.uint64, torch.complex64,
    torch.float8_e4m3fn, torch.float8_e5m2,
]  # fmt: skip
ARRAY_DTYPES = ["?", "u1", "i1", "i2", "i4", "i8", "u2", "u4", "u8", "f2", "f4", "f8"]
INTEGERS = st.integers(-(2**63), 2**63 - 1)


@st.composite
def tensors(draw: st.DrawFn, dtypes: list[Any] = TORCH_DTYPES) -> Any:
    """Tensors of each dtype with any bits in them, also those with a stride or without elements."""
    dtype = draw(st.sampled_from(dtypes))
    shape = draw(st.lists(st.integers(0, 3), max_size=3))
    count = math.prod(shape)
    data = bytearray(draw(st.binary(min_size=count * 16, max_size=count * 16)) or b"\0" * 16)
    if dtype is torch.bool:
        data = bytearray(byte % 2 for byte in data)
    tensor = torch.frombuffer(data, dtype=dtype, count=max(count, 1))[:count].reshape(shape)
    if shape and draw(st.booleans()):
        tensor = tensor.transpose(0, -1)[::2]
    if dtype.is_floating_point and draw(st.booleans()):
        tensor = tensor.clone().requires_grad_()
    return tensor


@st.composite
def arrays(draw: st.DrawFn) -> Any:
    """Arrays of each dtype with any bits in them, in either order of bytes."""
    dtype = np.dtype(draw(st.sampled_from(ARRAY_DTYPES)))
    shape = draw(st.lists(st.integers(0, 3), max_size=3))
    size = math.prod(shape) * dtype.itemsize
    data = draw(st.binary(min_size=size, max_size=size))
    if dtype.kind == "b":
        data = bytes(byte % 2 for byte in data)
    array = np.frombuffer(data, dtype=dtype).reshape(shape)
    if draw(st.booleans()):
        array = array.astype(dtype.newbyteorder(">"))
    return array.T if draw(st.booleans()) else array


def trees(leaves: Any, keys: Any, size: int = 12) -> Any:
    """Lists, tuples and dicts of `leaves`."""
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.lists(inner, max_size=4).map(tuple)
            | st.dictionaries(keys, inner, max_size=4)
        ),
        max_leaves=size,
    )


PLAIN_LEAVES = st.none() | st.booleans() | INTEGERS | st.floats() | st.text() | tensors() | arrays()
PLAIN = trees(PLAIN_LEAVES, st.text() | INTEGERS | st.booleans())


def same(one: Any, other: Any) -> bool:
    """Return whether two values are the same to the last bit, types and NaNs included."""
    if type(one) is not type(other):
        return False
    match one:
        case float():
            return one.hex() == other.hex()
        case torch.Tensor():
            alike = (one.dtype, one.shape, one.requires_grad) == (
                other.dtype, other.shape, other.requires_grad,
            )  # fmt: skip
            return alike and bits(one) == bits(other)
        case np.ndarray():
            one, other = (item.astype(item.dtype.newbyteorder("=")) for item in (one, other))
            alike = (one.dtype, one.shape) == (other.dtype, other.shape)
            return alike and one.tobytes() == other.tobytes()
        case list() | tuple():
            return len(one) == len(other) and all(map(same, one, other))
        case dict():
            return same(list(one), list(other)) and all(same(one[key], other[key]) for key in one)
    return bool(one == other)


def bits(tensor: Any) -> bytes:
    fresh = torch.empty(tensor.numel(), dtype=tensor.dtype)  # whose stride is 1
    return bytes(fresh.copy_(tensor.detach().reshape(-1)).view(torch.uint8).tolist())


def is_plain(value: Any) -> bool:
    """Return whether `value` is what a judge may meet, and nothing else."""
    match value:
        case torch.Tensor():
            return type(value) is torch.Tensor and str(value.dtype) in DTYPES
        case np.ndarray():
            return type(value) is np.ndarray and value.dtype.kind in "biuf"
    if type(value) is int:
        return -(2**63) <= value < 2**63
    if type(value) in (list, tuple):
        return all(map(is_plain, value))
    if type(value) is dict:
        return all(type(key) in (str, int, bool) and is_plain(key) for key in value) and all(
            map(is_plain, value.values())
        )
    if type(value) is str:
        return value.encode().decode() == value
    return value is None or type(value) in (bool, float, Opaque)


class Falls:
    """Falls over whoever looks at one of its parts."""

    def __init__(self, part: str) -> None:
        self.part = part

    def __getattribute__(self, name: str) -> Any:
        if name == object.__getattribute__(self, "part"):
            raise ZeroDivisionError(name)
        return object.__getattribute__(self, name)

    def keys(self) -> list[str]:
        return ["a", "b"]

    def __getitem__(self, key: str) -> Any:
        return torch.ones(1) if key == "a" else 1 / 0


class Shouting(str):
    __slots__ = ()

    def __str__(self) -> str:
        raise ValueError("a text of its own mind")

    def encode(self, *_: Any) -> bytes:
        raise ValueError


class Sevenish(int):
    def __int__(self) -> int:
        raise ValueError

    def __le__(self, other: object) -> bool:
        raise ValueError

    __lt__ = __ge__ = __gt__ = __le__


class Halfish(float):
    def __float__(self) -> float:
        raise ValueError

    def __repr__(self) -> str:
        return "import os"


class Lengthy(list[Any]):
    def __iter__(self) -> Any:
        raise RuntimeError("not today")


class Colour(enum.IntEnum):
    RED = 1


def in_itself(kind: str) -> Any:
    if kind == "list":
        around: Any = []
        around.append(around)
    elif kind == "dict":
        around = {}
        around["a"] = around
    else:
        around = np.empty((() if kind == "0-d" else (1,)), dtype=object)
        around[() if kind == "0-d" else 0] = around
    return around


Point = namedtuple("Point", "x y")

#: Each makes something that is no plain data, or is in an unusual form.
ODDITIES = [
    lambda: object(), lambda: object, lambda: dict, lambda: torch, lambda: len, lambda: print,
    lambda: 2**63, lambda: -(2**63) - 1, lambda: 10**5000, lambda: 1 + 2j, lambda: b"bytes",
    lambda: {1, 2}, lambda: range(3), lambda: deque([1]), lambda: iter([1]), lambda: Point(1, [2]),
    lambda: OrderedDict(a=1), lambda: UserDict(a=1), lambda: UserDict({(1, 2): 1}), lambda: Colour.RED,
    lambda: {None: 1}, lambda: {2**63: 1}, lambda: {1.5: 1}, lambda: {(1,): 1}, lambda: {Colour.RED: 1},
    lambda: Falls("keys"), lambda: Falls("__class__"), lambda: Falls("nothing"),
    lambda: Shouting("a"), lambda: {Shouting("a"): 1}, lambda: Sevenish(7), lambda: {Sevenish(7): 1},
    lambda: Halfish(0.5), lambda: Lengthy([1]), lambda: "half \ud800 a pair", lambda: {"\udc80": 1},
    lambda: in_itself("list"), lambda: in_itself("dict"), lambda: in_itself("array"),
    lambda: in_itself("0-d"),
    lambda: np.float32(0.5), lambda: np.int64(3), lambda: np.bool_(True), lambda: np.str_("a"),
    lambda: np.longdouble(1), lambda: np.clongdouble(1), lambda: np.datetime64("2026-01-01"),
    lambda: np.bytes_(b"a"), lambda: np.ones(2, np.longdouble), lambda: np.ones(2, complex),
    lambda: np.array(["a", "b"]), lambda: np.array([object(), 1, "a"], dtype=object),
    lambda: np.array([(1, 2.5)], dtype="i4,f4"), lambda: np.array([(1, 2.5)], dtype="i4,f4")[0],
    lambda: np.ma.masked_array([1, 2], [True, False]),
    lambda: torch.ones(2, device="meta"), lambda: torch.ones(2).to_sparse(),
    lambda: torch.ones(2, dtype=torch.complex64),
    lambda: torch.ones(2).to(torch.float8_e4m3fn), lambda: torch.ones(2, dtype=torch.uint16),
    lambda: torch.nn.Parameter(torch.ones(2)), lambda: torch.nn.UninitializedParameter(),
    lambda: torch.nn.Linear(1, 1), lambda: torch.nn.Linear(1, 1).state_dict(), lambda: torch.Size([1, 2]),
    lambda: torch._neg_view(torch.ones(2)), lambda: torch.float32, lambda: torch.ones(1).expand(3),
]  # fmt: skip


class Odd:
    """Stands for one of the oddities, whose looks would upset hypothesis itself."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __repr__(self) -> str:
        return f"made(Odd({self.number}))"


def made(value: Any) -> Any:
    """Return `value` with each `Odd` in it replaced by what it stands for."""
    match value:
        case Odd():
            return ODDITIES[value.number]()
        case list() | tuple():
            return type(value)(map(made, value))
        case dict():
            return {key: made(item) for key, item in value.items()}
    return value


#: Trees of plain and of odd values; to be `made`.
ANYTHING = trees(PLAIN_LEAVES | st.integers(0, len(ODDITIES) - 1).map(Odd), st.text() | INTEGERS)

NAMES = st.sampled_from(["t0", "t1", "t2", "t9", ""])
#: What stands for nothing that is ever written, in each place of a skeleton.
JUNK = (
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats() | st.text(max_size=3)
    | st.sampled_from([10**400, "nan", "1_0", " 1", "t0", "\ud800", {}, [], {"x": 1}, {"float": 1}])
)  # fmt: skip


def _nodes(inner: Any) -> Any:
    pairs = st.lists(st.tuples(JUNK | st.text() | INTEGERS, inner).map(list) | inner, max_size=3)
    return (
        st.lists(inner, max_size=3)
        | st.fixed_dictionaries({"tuple": st.lists(inner, max_size=3) | inner})
        | st.fixed_dictionaries({"dict": pairs | inner})
        | st.dictionaries(st.sampled_from(["float", "tensor", "array", "opaque", "dict"]), inner)
    )


SKELETONS = st.recursive(
    JUNK
    | st.fixed_dictionaries({"float": st.text(max_size=5) | JUNK})
    | st.fixed_dictionaries({"tensor": NAMES | JUNK, "requires_grad": st.booleans() | JUNK})
    | st.fixed_dictionaries({"array": NAMES | JUNK})
    | st.fixed_dictionaries({"opaque": st.text() | JUNK}),
    _nodes,
    max_leaves=12,
)
HOSTILE_TENSORS = st.dictionaries(
    st.sampled_from(["t0", "t1", "t2"]),
    tensors(TORCH_DTYPES + OTHER_DTYPES).map(
        lambda tensor: tensor.detach().clone(memory_format=torch.contiguous_format)
    ),
)
