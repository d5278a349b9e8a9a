"""Visible checks of lesson 01, second half: texts, or rows of ids, become one padded batch."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from course.checks.base import Compared, Inputs
from course.checks.mistakes import Signs, mistake
from course.checks.shared_tokenizer import tokenizer
from course.checks.tokenizing import REVIEWS, TEXT_SIGNS, Rows, TextRows
from course.checks.values import need_mapping, need_tensor

#: What any batch must have, told where it has not.
NEEDED = ("returns-none", "wrong-type", "missing-key", "lists-not-tensors", "not-a-tensor",
          "wrong-dtype", "ids-dtype", "wrong-shape")  # fmt: skip


def _values(tensor: Any) -> Any:
    # An empty tensor may claim any number of rows: as lists they would fill the memory.
    return tensor.tolist() if tensor.numel() else []


class Batch(Rows):
    """Tensors of ids and mask, beside the right rows, padded to the longest."""

    def rows_of(self, batch: Mapping[str, Any]) -> list[list[int]]:
        """Take in a batch's tensors and return its ids by row; raises MistakeError."""
        if isinstance(batch["input_ids"], list):
            raise mistake("lists-not-tensors")
        ids = need_tensor(batch["input_ids"], "input_ids", floating=False)
        if str(ids.dtype) not in ("torch.int64", "torch.int32"):
            raise mistake("ids-dtype", dtype=ids.dtype)
        self.shape = tuple(ids.shape)
        mask = need_tensor(batch["attention_mask"], "attention_mask", shape=self.shape)
        self.marks = _values(mask)
        return _values(ids) if ids.ndim == 2 else []

    @property
    def wanted_shape(self) -> tuple[int, int]:
        return len(self.right), max(map(len, self.right))

    @property
    def wanted_width(self) -> int:
        return self.wanted_shape[1]

    @property
    def width(self) -> int:
        return self.shape[-1] if len(self.shape) == 2 else 0

    @property
    def transposed(self) -> bool:
        rows = [list(column) for column in zip(*self.rows, strict=True)]
        return self.shape == self.wanted_shape[::-1] and Rows(rows).kept == self.right

    @property
    def right_marks(self) -> list[list[int]]:
        return [[1] * len(row) + [0] * (self.wanted_width - len(row)) for row in self.right]

    @property
    def is_right(self) -> bool:
        ids_are = self.shape == self.wanted_shape and self.kept == self.right
        return ids_are and self.marks == self.right_marks

    @property
    def mask_row(self) -> tuple[int, list[Any], list[int]]:
        """The first row of the mask that is not right: which, what it is and what it should be."""
        both = enumerate(zip(self.marks, self.right_marks, strict=True))
        return next((number, have, want) for number, (have, want) in both if have != want)

    def marked(self, have: int, want: int) -> bool:
        """Return whether the mask is `have` somewhere where it should be `want`."""
        rows = zip(self.marks, self.right_marks, strict=True)
        return any((have, want) in zip(*both, strict=True) for both in rows)


#: What a batch shows, whatever it was made of: first its rows, then, when they are right, the mask.
BATCH_SIGNS: Signs = {
    "batch-transposed": lambda it: it.transposed,
    "rows-reordered": lambda it: it.reordered,
    "padded-in-front": lambda it: it.padded_in_front,
}
MASK_SIGNS: Signs = {
    "other-mask": lambda it: any(mark not in (0, 1) for row in it.marks for mark in row),
    "mask-inverted": lambda it: it.marks == [[1 - mark for mark in row] for row in it.right_marks],
}


class Encoded(Batch, TextRows):
    """A batch of encoded texts."""

    def __init__(self, observed: Any, texts: list[str], max_length: int) -> None:
        names = ["input_ids", "attention_mask"]
        batch = need_mapping(observed, names, "The result of encode_reviews")
        super().__init__(self.rows_of(batch), texts, max_length)
        self.unknown = sum(row.count(self.special.unk_token_id) for row in self.rows)


class EncodeReviews(Compared):
    """Reviews become input_ids and attention_mask, padded to the longest of the batch."""

    function = "encode_reviews"
    facts = Encoded
    signs = {
        **BATCH_SIGNS,
        "not-a-batch": lambda it: not it.width or len(it.rows) != len(it.right),
        "words-unknown": lambda it: it.unknown,
        "no-special-tokens": lambda it: it.first_row(lambda row: row.have[:1] != [it.cls]),
        **TEXT_SIGNS,
        "cut-at-another-length": lambda it: it.max_length < it.used < it.longest,
        "no-truncation": lambda it: it.used > it.max_length,
        "padding-not-pad-id": lambda it: it.first_row(lambda row: row.goes_on),
        "text-cut-too-short": lambda it: it.cut_short,
        "other-ids": lambda it: it.first_row(lambda row: row.have != row.want),
        "padded-to-max-length": lambda it: it.max_length == it.width > it.wanted_width,
        "padded-too-wide": lambda it: it.width > it.wanted_width,
        **MASK_SIGNS,
        "mask-over-padding": lambda it: it.marked(1, 0),
        "mask-hides-text": lambda it: True,
    }
    raised = ("encode-plus-gone", "padding-none", "truncation-strategy", "no-padding", "not-text")
    told = NEEDED

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """See :class:`Check`."""
        for texts, max_length in ((REVIEWS, 12), (REVIEWS, 48), (REVIEWS[:1], 12)):
            yield {"texts": texts, "max_length": max_length}

    @staticmethod
    def observe(function: Callable[..., Any], texts: list[str], max_length: int) -> Any:
        """Call the student's function with a real tokenizer."""
        return function(tokenizer(), texts, max_length)


class Collated(Batch):
    """A batch made of rows of ids, with their labels."""

    def __init__(self, observed: Any, rows: list[dict[str, Any]]) -> None:
        batch = need_mapping(observed, ["input_ids", "attention_mask"], "The batch of collate")
        if "labels" not in batch and "label" in batch:
            raise mistake("label-not-renamed")
        need_mapping(batch, ["labels"], "The batch of collate")
        if isinstance(batch["labels"], list):
            raise mistake("labels-a-list")
        labels = need_tensor(batch["labels"], "batch['labels']")
        if str(labels.dtype) != "torch.int64":
            name = "labels-are-floats" if labels.is_floating_point() else "labels-not-long"
            raise mistake(name, dtype=labels.dtype)
        self.labels, self.labels_shape = _values(labels), tuple(labels.shape)
        self.right_labels = [row["label"] for row in rows]
        super().__init__(self.rows_of(batch))
        self.right = [row["input_ids"] for row in rows]

    @property
    def is_right(self) -> bool:
        return super().is_right and self.labels == self.right_labels

    @property
    def reordered_with_labels(self) -> bool:
        have = zip(self.kept, self.labels, strict=False)
        return self.reordered and sorted(have) == sorted(
            zip(self.right, self.right_labels, strict=True)
        )


class Collate(Compared):
    """Rows become one batch of tensors, padded to the longest of them, with their labels."""

    function = "collate"
    facts = Collated
    signs = {
        "labels-shape": lambda it: it.labels_shape != (len(it.right),),
        **BATCH_SIGNS,
        "rows-reordered": lambda it: it.reordered_with_labels,
        "labels-shuffled": lambda it: it.labels != it.right_labels,
        "rows-without-labels": lambda it: it.reordered,
        "collate-to-fixed-length": lambda it: it.width > it.wanted_width,
        "batch-shape": lambda it: it.shape != it.wanted_shape,
        "padded-with-other-id": lambda it: it.first_row(lambda row: row.goes_on),
        "ids-changed": lambda it: it.first_row(lambda row: row.have != row.want),
        **MASK_SIGNS,
        "collate-mask-over-padding": lambda it: it.marked(1, 0),
        "mask-over-text": lambda it: True,
    }
    raised = ("encode-plus-gone", "padding-none", "no-padding", "rows-tokenized-again")
    told = (*NEEDED, "label-not-renamed", "labels-a-list", "labels-are-floats", "labels-not-long")

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """See :class:`Check`."""
        lines = [[7592], [2204, 2143, 999], [], [2919, 1012]]
        rows = [
            {"input_ids": ids, "attention_mask": [1] * len(ids), "label": label}
            for label, line in zip([1, 0, 0, 1], lines, strict=True)
            for ids in [[101, *line, 102]]
        ]
        yield {"rows": rows}
        yield {"rows": rows[:1]}

    @staticmethod
    def observe(function: Callable[..., Any], rows: list[dict[str, Any]]) -> Any:
        """Call the student's function with a real tokenizer."""
        return function(tokenizer(), rows)


CHECKS = (EncodeReviews, Collate)
