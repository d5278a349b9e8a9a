"""What holds of every value and every reply: what is plain crosses unchanged, what is not is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from safetensors.torch import save
from values import (
    ANYTHING,
    HOSTILE_TENSORS,
    ODDITIES,
    PLAIN,
    SKELETONS,
    is_plain,
    made,
    same,
)

from autograder.examining.messages import BadReplyError, read_reply, write_request
from course.plain import MAX_DEPTH, NotPlainError, Opaque, as_plain, flatten, pack, restore


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mail")


@given(PLAIN)
def test_plain_data_comes_back_as_it_was(value: Any) -> None:
    assert same(as_plain(value), value)


@given(PLAIN)
def test_plain_data_crosses_as_a_message(folder: Path, value: Any) -> None:
    write_request(folder / "reply", {"value": value})
    assert same(read_reply(folder / "reply"), {"value": value})


@given(ANYTHING)
def test_whatever_it_is_it_is_packed_and_crosses_as_a_check_sees_it(
    folder: Path, value: Any
) -> None:
    value = made(value)
    (folder / "reply").write_bytes(pack({"value": value}))
    crossed = read_reply(folder / "reply")
    assert is_plain(crossed) and same(crossed, as_plain({"value": value}))


@pytest.mark.parametrize("make", ODDITIES)
def test_each_oddity_crosses_as_plain_data(make: Any) -> None:
    assert is_plain(as_plain(make())) and is_plain(as_plain([{"a": make()}]))
    json.dumps(flatten(make(), {}))


@given(SKELETONS, HOSTILE_TENSORS)
@example(
    {"tuple": [{"tensor": "t0", "requires_grad": True}, {"array": "t0"}]}, {"t0": torch.ones(2)}
)
def test_a_hostile_skeleton_gives_plain_data_or_is_refused(
    skeleton: Any, tensors: dict[str, Any]
) -> None:
    try:
        value = restore(skeleton, tensors)
    except NotPlainError:
        return
    assert is_plain(value)
    # What is let through is what we could have been given in earnest.
    assert same(as_plain(value), value) or "Opaque" in repr(value)


@given(st.integers(0, 3 * MAX_DEPTH), st.sampled_from(["list", "tuple", "dict", "rows"]))
def test_nesting_ends_at_one_depth_on_both_sides(depth: int, kind: str) -> None:
    value: Any = 1
    skeleton: Any = 1
    for _ in range(depth):
        value = {"list": [value], "tuple": (value,), "dict": {"a": value}, "rows": {7: value}}[kind]
        skeleton = {"list": [skeleton], "tuple": {"tuple": [skeleton]},
                    "dict": {"dict": [["a", skeleton]]},
                    "rows": {"dict": [[7, skeleton]]}}[kind]  # fmt: skip
    cut = "nested too deeply" in str(as_plain(value))
    assert cut == (depth > MAX_DEPTH)
    assert cut or same(as_plain(value), restore(skeleton, {}))
    if depth > MAX_DEPTH + 1:
        with pytest.raises(NotPlainError, match="too deeply"):
            restore(skeleton, {})


def is_refused_or_one_answer(path: Path, data: bytes) -> bool:
    """Return whether `data` is a reply; raises whatever else than BadReplyError comes of it."""
    path.write_bytes(data)
    try:
        reply = read_reply(path)
    except BadReplyError as error:
        assert str(error).startswith(("the reply ", "no reply was written"))
        return False
    assert type(reply) is dict and len(reply) == 1 and is_plain(reply)
    return True


@given(st.binary(max_size=300) | st.text(max_size=50).map(str.encode))
def test_any_bytes_are_refused_or_one_answer(folder: Path, data: bytes) -> None:
    is_refused_or_one_answer(folder / "reply", data)
    is_refused_or_one_answer(folder / "reply", b'{"dict": [["value", 1]]}\n' + data)
    is_refused_or_one_answer(folder / "reply", data + b"\n")


@given(SKELETONS, HOSTILE_TENSORS)
def test_any_skeleton_with_any_tensors_is_refused_or_one_answer(
    folder: Path, skeleton: Any, tensors: dict[str, Any]
) -> None:
    tail = save(tensors) if tensors else b""
    for said in (skeleton, {"dict": [["value", skeleton]]}):
        is_refused_or_one_answer(folder / "reply", json.dumps(said).encode() + b"\n" + tail)


@given(PLAIN, st.data())
def test_a_message_with_a_few_bytes_changed_is_refused_or_one_answer(
    folder: Path, value: Any, data: st.DataObject
) -> None:
    message = bytearray(pack({"value": value}))
    for _ in range(data.draw(st.integers(1, 4))):
        where = data.draw(st.integers(0, len(message) - 1))
        until = where + data.draw(st.integers(0, 9))
        message[where:until] = data.draw(st.binary(max_size=9))
        if not message:
            break
    is_refused_or_one_answer(folder / "reply", bytes(message))


def test_the_properties_can_fail() -> None:
    assert not same([1, True], [1, 1]) and not same(0.0, -0.0) and same(float("nan"), float("nan"))
    assert not is_plain(2**63) and not is_plain({1.5: 1}) and not is_plain(object())
    assert is_plain(Opaque("x")) and not is_plain(1j)
