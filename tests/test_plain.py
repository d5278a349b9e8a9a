"""Plain data crosses unchanged, everything else is named, and hostile replies are refused."""

from __future__ import annotations

import json
import os
import stat
import warnings
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import BatchEncoding
from values import OTHER_DTYPES, Falls, Halfish, Sevenish, Shouting

from autograder.examining import messages
from autograder.examining.messages import BadReplyError, clear_reply, read_reply, write_request
from course.plain import MAX_DEPTH, NotPlainError, Opaque, as_plain, restore


@pytest.mark.parametrize(
    "value",
    [None, True, 7, -1.5, "ünïcode\n", [1, [2, "x"]], (1, (2,)), {"a": {1: [None]}}, {}, [], 1e300],
)
def test_plain_values_come_back_as_they_were(value: object) -> None:
    back = as_plain(value)
    assert back == value and type(back) is type(value)


def test_infinity_and_nan_cross_though_json_has_neither() -> None:
    assert as_plain(float("inf")) == float("inf")
    assert as_plain(float("nan")) != as_plain(float("nan"))


def test_tensors_and_arrays_keep_dtype_shape_and_gradient() -> None:
    tensor = torch.arange(6, dtype=torch.int32).reshape(2, 3).T
    weight = torch.ones(2, requires_grad=True)
    array = np.eye(2, dtype=np.float32)
    back = as_plain({"ids": tensor, "weight": weight, "array": array})
    assert torch.equal(back["ids"], tensor) and back["ids"].dtype == torch.int32
    assert back["weight"].requires_grad and not back["ids"].requires_grad
    assert isinstance(back["array"], np.ndarray) and (back["array"] == array).all()


def test_a_batch_encoding_comes_back_as_a_dict() -> None:
    back = as_plain(BatchEncoding({"input_ids": torch.tensor([[1]])}))
    assert type(back) is dict and list(back) == ["input_ids"]


class Always:
    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0


def test_an_object_that_equals_everything_arrives_as_the_name_of_its_type() -> None:
    back = as_plain([Always()])[0]
    assert isinstance(back, Opaque) and back.type_name.endswith("Always") and back != 1


def test_endless_nesting_is_cut_off() -> None:
    endless: list[object] = []
    endless.append(endless)
    back = as_plain(endless)
    while isinstance(back, list):
        (back,) = back
    assert back == Opaque("nested too deeply")


@pytest.mark.parametrize(
    "skeleton",
    [{"tensor": "t9", "requires_grad": False}, {"float": "one"}, {"x": 1}, {"dict": [["a"]]}, 1.5j],
)
def test_a_skeleton_that_we_never_write_is_refused(skeleton: object) -> None:
    with pytest.raises(NotPlainError):
        restore(skeleton, {})


class OnlyKeys:
    def keys(self) -> list[str]:
        return []


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Fraction(1, 2), 0.5),
        (Decimal("0.5"), 0.5),
        # Whatever a subclass makes of itself, its value is the base class's.
        (Halfish(0.5), 0.5),
        (Sevenish(7), 7),
        (Shouting("a"), "a"),
        (Falls("keys"), Opaque("values.Falls")),
        (OnlyKeys(), Opaque("test_plain.OnlyKeys")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_like_a_plain_value_is_told_without_its_methods(
    value: object, plain: object
) -> None:
    back = as_plain(value)
    assert type(back) is type(plain) and back == plain


def objects(*items: object) -> Any:
    """Return an array of these Python objects."""
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (np.array([["a"], ["b"]]), [["a"], ["b"]]),
        (objects(1, "a", object()), [1, "a", Opaque("builtins.object")]),
        (np.longdouble(1), Opaque("numpy.longdouble")),
        (np.ones(1, complex), [Opaque("builtins.complex")]),
        (np.datetime64("2026-01-01"), Opaque("datetime.date")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_numpy_has_beside_arrays_of_numbers_is_what_python_makes_of_it(
    value: object, plain: object
) -> None:
    back = as_plain(value)
    assert type(back) is type(plain) and back == plain


def test_tensors_in_an_array_of_objects_cross_as_well() -> None:
    (back,) = as_plain(objects(torch.ones(2)))
    assert torch.equal(back, torch.ones(2))


@pytest.mark.parametrize("levels", range(8, 13))
def test_an_array_of_objects_is_as_deep_as_the_list_in_it(levels: int) -> None:
    value: object = 1
    for _ in range(levels):
        value = objects(value)
    assert ("nested too deeply" in str(as_plain(value))) == (2 * levels > MAX_DEPTH)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.complex64])
def test_an_array_of_a_dtype_that_is_none_of_ours_is_refused(dtype: torch.dtype) -> None:
    with pytest.raises(NotPlainError, match=r"^not an array's dtype$"):
        restore({"array": "t0"}, {"t0": torch.ones(2, dtype=dtype)})


def test_a_tensor_without_plain_memory_is_told_by_its_dtype() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a prototype, says torch
        nested = torch.nested.nested_tensor([torch.ones(1), torch.ones(2)])
    for tensor in (torch.ones(2, device="meta"), torch.ones(2).to_sparse(), nested):
        assert as_plain(tensor) == Opaque("Tensor of torch.float32")


@pytest.mark.parametrize("dtype", OTHER_DTYPES, ids=str)
def test_a_tensor_of_a_dtype_that_we_never_write_is_refused(dtype: torch.dtype) -> None:
    with pytest.raises(NotPlainError, match=f"a tensor of {dtype}"):
        restore({"tensor": "t0", "requires_grad": False}, {"t0": torch.zeros(2, dtype=dtype)})


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**400])
def test_an_integer_beyond_64_bits_crosses_in_neither_direction(number: int) -> None:
    assert as_plain(number) == Opaque("int beyond 64 bits")
    assert as_plain({number: 1}) == Opaque("builtins.dict")
    for skeleton in (number, [number], {"dict": [[number, 1]]}):
        with pytest.raises(NotPlainError, match=r"^an integer beyond 64 bits$"):
            restore(skeleton, {})


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63)])
def test_an_integer_of_64_bits_crosses(number: int) -> None:
    assert as_plain([number, {number: 1}]) == [number, {number: 1}]
    assert restore(number, {}) == number


def test_gradients_are_required_only_where_there_can_be_any() -> None:
    tensors = {"t0": torch.ones(2), "t1": torch.ones(2, dtype=torch.int64)}
    node = {"tensor": "t0", "requires_grad": True}
    assert restore(node, tensors).requires_grad
    assert not restore(node | {"tensor": "t1"}, tensors).requires_grad


def test_what_is_opaque_says_what_it_was() -> None:
    assert str(as_plain(Always())) == "an object of type test_plain.Always"
    assert as_plain(torch.ones(2, dtype=torch.complex64)) == Opaque("Tensor of torch.complex64")
    assert restore({"opaque": "x" * 300}, {}) == Opaque("x" * 200)


def reply_of(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "reply"
    path.write_bytes(data)
    return path


def test_a_written_message_is_read_back(tmp_path: Path) -> None:
    write_request(tmp_path / "reply", {"value": torch.ones(2)})
    assert torch.equal(read_reply(tmp_path / "reply")["value"], torch.ones(2))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no reply was written"),
        (b"{}\n", "unknown node"),
        (b'\n{"dict": [["value", 1]]}\n', "not plain data"),
        (b"[1]\n", "one answer"),
        (b"[" * 100_000 + b"\n", "not plain data"),
        (b"\x80\x04\n", "not plain data"),
        (json.dumps({"dict": [["value", 1], ["raised", 2]]}).encode() + b"\n", "one answer"),
        (json.dumps({"dict": [["value", 1]]}).encode() + b"\n" + b"\xff" * 100, "tensors"),
        (b" " * (5 * 2**20) + b"\n", "no readable beginning"),
    ],
)
def test_a_reply_that_is_no_message_is_refused_with_its_reason(
    tmp_path: Path, data: bytes, why: str
) -> None:
    with pytest.raises(BadReplyError, match=why):
        read_reply(reply_of(tmp_path, data))


def test_a_reply_cannot_make_a_reason_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise NotPlainError("x" * 300)

    monkeypatch.setattr(messages, "restore", refuse)
    with pytest.raises(BadReplyError, match=r"^the reply is not plain data: x{200}$"):
        read_reply(reply_of(tmp_path, b"1\n"))


@pytest.mark.parametrize(("data", "why"), [(b"x" * 40, ""), (b"x" * 41, "0 MiB long")])
def test_a_reply_is_as_long_as_allowed_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, why: str
) -> None:
    monkeypatch.setattr(messages, "MAX_REPLY_BYTES", 40)
    with pytest.raises(BadReplyError, match=why or "no readable beginning"):
        read_reply(reply_of(tmp_path, data))


def test_a_huge_reply_is_refused_by_its_size_alone(tmp_path: Path) -> None:
    path = reply_of(tmp_path, b"{}\n")
    os.truncate(path, 2**40)  # all holes: whoever reads it runs out of memory
    with pytest.raises(BadReplyError, match=r"the reply is 1048576 MiB long"):
        read_reply(path)
    assert 440 * 10**6 < messages.MAX_REPLY_BYTES < 2**30


def test_a_skeleton_is_as_long_as_allowed_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = b'{"dict": [["value", 1]]}\n'
    monkeypatch.setattr(messages, "MAX_SKELETON_BYTES", len(line))
    assert read_reply(reply_of(tmp_path, line)) == {"value": 1}
    with pytest.raises(BadReplyError, match="no readable beginning"):
        read_reply(reply_of(tmp_path, b" " + line))


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: path.symlink_to("real"), "no reply was written"),
        (lambda path: path.symlink_to("nothing"), "no reply was written"),
        (lambda path: None, "no reply was written"),
        (lambda path: os.mkfifo(path), "the reply is not a plain file"),
        (lambda path: path.mkdir(), "the reply is not a plain file"),
    ],
    ids=["link", "dead link", "nothing", "pipe", "folder"],
)
def test_what_stands_in_a_replys_place_is_refused_and_cleared(
    tmp_path: Path, make: Callable[[Path], None], why: str
) -> None:
    write_request(tmp_path / "real", {"value": 1})
    make(tmp_path / "reply")
    with pytest.raises(BadReplyError, match=f"^{why}$"):
        read_reply(tmp_path / "reply")
    clear_reply(tmp_path / "reply")
    status = (tmp_path / "reply").lstat()
    assert stat.S_ISREG(status.st_mode) and status.st_mode & 0o777 == 0o600
    assert status.st_size == 0 and read_reply(tmp_path / "real") == {"value": 1}


def test_a_pipe_that_somebody_reads_is_cleared_as_well(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "reply")
    reader = os.open(tmp_path / "reply", os.O_RDONLY | os.O_NONBLOCK)
    clear_reply(tmp_path / "reply")
    os.close(reader)
    assert stat.S_ISREG((tmp_path / "reply").lstat().st_mode)


def test_the_file_that_a_kernel_has_mounted_is_emptied_and_not_replaced(tmp_path: Path) -> None:
    path = reply_of(tmp_path, b"an old reply")
    with path.open("rb") as mounted:
        clear_reply(path)
        status = os.fstat(mounted.fileno())
    # A number alone says little: a new file may get the one of a file that is gone.
    assert (status.st_nlink, status.st_size) == (1, 0) and path.stat().st_ino == status.st_ino


def test_a_full_folder_in_a_replys_place_is_cleared(tmp_path: Path) -> None:
    (tmp_path / "reply" / "deep").mkdir(parents=True)
    (tmp_path / "reply" / "deep" / "file").write_text("x")
    clear_reply(tmp_path / "reply")
    assert (tmp_path / "reply").is_file()


def test_a_contained_process_may_read_its_request(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write_request(tmp_path / "request", {"value": 1})
    finally:
        os.umask(before)
    assert (tmp_path / "request").stat().st_mode & 0o777 == 0o644


def test_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    assert as_plain({"a\ud800": ["\udc80", "é🙂"]}) == {"a?": ["?", "é🙂"]}
