"""Plain data crosses unchanged, everything else is named, and hostile replies are refused."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BatchEncoding

from autograder.examining.messages import BadReplyError, read_reply, write_request
from course.plain import NotPlainError, Opaque, as_plain, restore


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
    assert "nested too deeply" in str(as_plain(endless))


@pytest.mark.parametrize(
    "skeleton",
    [{"tensor": "t9", "requires_grad": False}, {"float": "one"}, {"x": 1}, {"dict": [["a"]]}, 1.5j],
)
def test_a_skeleton_that_we_never_write_is_refused(skeleton: object) -> None:
    with pytest.raises(NotPlainError):
        restore(skeleton, {})


def test_an_array_of_a_dtype_that_numpy_lacks_is_refused() -> None:
    with pytest.raises(NotPlainError, match="dtype"):
        restore({"array": "t0"}, {"t0": torch.ones(2, dtype=torch.bfloat16)})


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


def test_a_reply_through_a_link_or_a_pipe_is_refused(tmp_path: Path) -> None:
    write_request(tmp_path / "real", {"value": 1})
    (tmp_path / "link").symlink_to(tmp_path / "real")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadReplyError, match="no reply"):
        read_reply(tmp_path / "link")
    with pytest.raises(BadReplyError, match="not a plain file"):
        read_reply(tmp_path / "pipe")


def test_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    assert as_plain({"a\ud800": ["\udc80", "é🙂"]}) == {"a?": ["?", "é🙂"]}
