"""Visible checks of lesson 01, its second half: datasets of rows, and batches made of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from course.checks.base import Check, Inputs, Raised
from course.checks.mistakes import MistakeError, code
from course.checks.tokenizing import REVIEWS, TOKENIZER_RAISES, lengths, tokenizer
from course.checks.values import need_mapping, need_tensor
from course.plain import Opaque


class TokenizeDataset(Check):
    """A dataset gains input_ids and attention_mask, truncated, not yet padded, and keeps its labels."""

    function = "tokenize_dataset"
    raised = TOKENIZER_RAISES

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """See :class:`Check`."""
        yield {"texts": REVIEWS, "labels": [1, 0, 0], "max_length": 12}

    @staticmethod
    def observe(
        function: Callable[..., Any], texts: list[str], labels: list[int], max_length: int
    ) -> Any:
        """Call the student's function on a small dataset and return its columns."""
        import datasets

        dataset = datasets.Dataset.from_dict({"text": texts, "label": labels})
        datasets.disable_progress_bars()
        try:
            result = function(dataset, tokenizer(), max_length)
        finally:
            datasets.enable_progress_bars()
        if not isinstance(result, datasets.Dataset):
            return {"not a dataset": result}
        return result.with_format(None).to_dict()

    def explain(self, raised: Raised, **inputs: Any) -> MistakeError | None:
        """See :class:`Check`."""
        if "Unable to create tensor" in raised.text:
            return MistakeError(
                "tensors-in-map",
                "The tokenizer was asked for tensors inside map, and rows of unequal length make "
                "none. Nothing is padded yet, so ask for plain lists; tensors come with the batches.",
            )
        return super().explain(raised, **inputs)

    def judge(self, observed: Any, *, texts: list[str], labels: list[int], max_length: int) -> None:
        """Raise :class:`MistakeError` unless the columns are there, row by row, and not padded."""
        columns = need_mapping(observed, [], "The result of tokenize_dataset")
        if "not a dataset" in columns:
            value = columns["not a dataset"]
            if value is None:
                raise MistakeError(
                    "map-result-dropped",
                    "tokenize_dataset returned None. `map` does not change a dataset, it makes a new "
                    "one: return that.",
                )
            what = str(value) if isinstance(value, Opaque) else code(value)
            raise MistakeError(
                "not-a-dataset", f"tokenize_dataset should return a Dataset, not {what}."
            )
        names = ", ".join(map(str, columns))
        for name in ("input_ids", "attention_mask"):
            if name not in columns:
                raise MistakeError(
                    "column-missing",
                    f"The new dataset has no column {name!r}; it has {names}.",
                )
        kept = columns.get("label", columns.get("labels"))
        if kept is None:
            raise MistakeError(
                "label-lost",
                f"The new dataset has the columns {names}, and no `label`. Without its label a row "
                "cannot be learned from.",
            )
        if not _is_ids(kept) or kept != labels:
            raise MistakeError(
                "label-changed", f"The labels were {code(labels)}, and have become {code(kept)}."
            )
        self._judge_rows(columns, lengths(texts), max_length)

    @staticmethod
    def _judge_rows(columns: Mapping[str, Any], full: list[int], max_length: int) -> None:
        """Judge the rows of ids; `full` has the lengths of the uncut texts."""
        rows = columns["input_ids"]
        if not isinstance(rows, list) or len(rows) != len(full):
            raise MistakeError(
                "rows-lost", f"{len(full)} rows went in; what came out is not a row for each."
            )
        if any(isinstance(row, list) and row and isinstance(row[0], list) for row in rows):
            raise MistakeError(
                "nested-rows",
                "Each row of input_ids holds a list in a list: `return_tensors` made a batch of one of "
                "every row. Columns of a dataset are plain lists; tensors come when batches are made.",
            )
        if not all(_is_ids(row) for row in rows):
            raise MistakeError("rows-not-ids", "Each row of input_ids should be a list of ids.")
        special = tokenizer()
        for row, length in zip(rows, full, strict=True):
            want = min(length, max_length)
            used = sum(number != special.pad_token_id for number in row)
            if used > max_length:
                raise MistakeError(
                    "map-no-truncation",
                    f"A row has {used} ids with max_length={max_length}: in map, too, truncation "
                    "must be switched on, and max_length be passed.",
                )
            if len(row) > want:
                raise MistakeError(
                    "padded-in-map",
                    f"A text of {want} word pieces has {len(row)} ids: it was padded already. Pad when "
                    "batches are made, to the longest of each; here every row keeps its own length.",
                )
            if row[:1] != [special.cls_token_id] or row[-1:] != [special.sep_token_id]:
                raise MistakeError(
                    "map-no-special-tokens",
                    f"A row begins and ends with {special.convert_ids_to_tokens(_ends(row))}. BERT "
                    "expects [CLS] first and [SEP] last: leave the special tokens in, and let the "
                    "tokenizer do the cutting, which keeps their places.",
                )
            if len(row) < want:
                raise MistakeError(
                    "map-cut-too-short",
                    f"A row has {len(row)} ids where {want} fit: max_length={max_length} counts word "
                    "pieces, not letters or words.",
                )
        marks = columns["attention_mask"]
        if (
            not isinstance(marks, list)
            or not all(_is_ids(row) for row in marks)
            or marks != [[1] * len(row) for row in rows]
        ):
            raise MistakeError(
                "map-mask-wrong",
                "attention_mask should be a 1 for each id of the row: nothing is padded yet.",
            )


def _is_ids(value: Any) -> bool:
    return isinstance(value, list) and all(type(number) is int for number in value)


def _ends(row: list[int]) -> list[int]:
    known = len(tokenizer())
    return [number for number in (*row[:1], *row[-1:]) if 0 <= number < known]


class Collate(Check):
    """Rows become one batch of tensors, padded to the longest of them, with their labels."""

    function = "collate"
    raised = TOKENIZER_RAISES

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """See :class:`Check`."""
        yield {
            "rows": [
                {"input_ids": [101, 7592, 102], "attention_mask": [1, 1, 1], "label": 1},
                {"input_ids": [101, 2204, 2143, 999, 102], "attention_mask": [1] * 5, "label": 0},
                {"input_ids": [101, 102], "attention_mask": [1, 1], "label": 1},
            ]
        }

    @staticmethod
    def observe(function: Callable[..., Any], rows: list[dict[str, Any]]) -> Any:
        """Call the student's function with a real tokenizer."""
        # A copy: a function may take labels out of its rows, and the judge needs them still.
        return function(tokenizer(), [dict(row) for row in rows])

    def explain(self, raised: Raised, **inputs: Any) -> MistakeError | None:
        """See :class:`Check`."""
        return super().explain(raised, **inputs)

    def judge(self, observed: Any, *, rows: list[dict[str, Any]]) -> None:
        """Raise :class:`MistakeError` unless the batch is the rows, padded, with labels as class ids."""
        batch = need_mapping(observed, ["input_ids", "attention_mask"], "The batch of collate")
        if "labels" not in batch and "label" in batch:
            raise MistakeError(
                "label-not-renamed",
                "The batch has a key `label`. The model's argument is called `labels`; with `label` "
                "it would compute no loss.",
            )
        need_mapping(batch, ["labels"], "The batch of collate")
        labels = batch["labels"]
        if isinstance(labels, list):
            raise MistakeError(
                "labels-a-list", "batch['labels'] is a list; the loss wants a tensor."
            )
        labels = need_tensor(labels, "batch['labels']")
        if labels.is_floating_point():
            raise MistakeError(
                "labels-are-floats",
                f"batch['labels'] has dtype {labels.dtype}. A class id is an integer (torch.long): "
                "the loss of a classifier stops at floats, with an error that is hard to read.",
            )
        if str(labels.dtype) not in ("torch.int64", "torch.uint8"):
            raise MistakeError(
                "labels-not-long",
                f"batch['labels'] has dtype {labels.dtype}. The loss would say: expected target dtype "
                "to be Long or Byte. `torch.tensor` of Python integers is torch.long by itself.",
            )
        wanted = [row["label"] for row in rows]
        if tuple(labels.shape) != (len(rows),):
            raise MistakeError(
                "labels-shape",
                f"batch['labels'] has shape {tuple(labels.shape)} for {len(rows)} rows: one class id "
                f"a row, ({len(rows)},), is what the loss wants.",
            )
        if labels.tolist() != wanted:
            raise MistakeError(
                "labels-shuffled",
                f"The rows have the labels {code(wanted)}, the batch {code(labels.tolist())}: each "
                "label must stay with its row.",
            )
        longest = max(len(row["input_ids"]) for row in rows)
        ids = need_tensor(batch["input_ids"], "batch['input_ids']", floating=False)
        if tuple(ids.shape) != (len(rows), longest):
            if ids.ndim == 2 and ids.shape[1] > longest:
                raise MistakeError(
                    "collate-to-fixed-length",
                    f"The longest row has {longest} ids, the batch is {ids.shape[1]} wide. A collator "
                    "is called for each batch: pad to the longest row of this one.",
                )
            raise MistakeError(
                "batch-shape",
                f"batch['input_ids'] has shape {tuple(ids.shape)}, not {(len(rows), longest)}: a line "
                "for each row, as wide as the longest of them.",
            )
        mask = need_tensor(
            batch["attention_mask"], "batch['attention_mask']", shape=tuple(ids.shape)
        )
        pad = tokenizer().pad_token_id
        for row, have, marks in zip(rows, ids.tolist(), mask.tolist(), strict=True):
            own = len(row["input_ids"])
            if have[:own] != row["input_ids"]:
                raise MistakeError(
                    "ids-changed",
                    f"{row['input_ids']} has become {have}: the ids come first, the padding after.",
                )
            if any(i != pad for i in have[own:]):
                raise MistakeError(
                    "padded-with-other-id", f"The padding is {have[own:]}; [PAD] has the id {pad}."
                )
            if any(mark != 0 for mark in marks[own:]):
                raise MistakeError(
                    "collate-mask-over-padding",
                    "The new places of attention_mask are 1: the model would attend to the padding "
                    "that you have just put in.",
                )
            if any(mark != 1 for mark in marks[:own]):
                raise MistakeError(
                    "mask-over-text",
                    f"A row's attention_mask was {code(row['attention_mask'])} and has become "
                    f"{code(marks)}: the model would not see all of the text.",
                )


CHECKS = (TokenizeDataset, Collate)
