"""Visible checks of lesson 01: they look at what comes out, and name the mistake that it shows."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from course.checks.base import (
    Check,
    Inputs,
    Miss,
    Opaque,
    Raised,
    code,
    need_mapping,
    need_tensor,
)

REVIEWS = [
    "A film of quiet, unforgettable beauty.",
    "Dull.",
    "The projectionist fell asleep, and so, after an hour of underwhelming chases, did I.",
]


@cache
def tokenizer() -> Any:
    """Return the tokenizer of the embedded checkpoint."""
    from transformers import AutoTokenizer

    from course import checkpoint

    return AutoTokenizer.from_pretrained(checkpoint())


def lengths(texts: list[str]) -> list[int]:
    """Return how many word pieces each text has, with the two special tokens."""
    return [len(tokenizer()(text, truncation=True)["input_ids"]) for text in texts]


def explain_tokenizer(raised: Raised) -> Miss | None:
    """Name the exceptions that a tokenizer raises when it is called in a known wrong way."""
    if "encode_plus" in raised.text and "no attribute" in raised.text:
        return Miss(
            "encode-plus-gone",
            f"Your code raised {raised.type_name}: {raised.text}. `encode_plus` is in many older "
            "tutorials, but not in today's transformers: call the tokenizer itself.",
        )
    if "None is not a valid PaddingStrategy" in raised.text:
        return Miss(
            "padding-none",
            "The tokenizer said: None is not a valid PaddingStrategy. Padding is switched on by "
            "True (to the longest of the batch) or by the name of a strategy.",
        )
    if "Unable to create tensor" in raised.text or "expected sequence of length" in raised.text:
        return Miss(
            "no-padding",
            f"Your code raised {raised.type_name}: {raised.text[:90]}… A tensor is a full "
            "rectangle, and these rows differ in length: the shorter ones need padding.",
        )
    if "text input must be of type" in raised.text:
        return Miss(
            "rows-given-as-text",
            "The tokenizer said that it wants text, and it was given something else. A batch of "
            "rows is a dictionary of columns: which column holds the texts?",
        )
    return None


class WordPieces(Check):
    """A text becomes the list of its word pieces, as the model's vocabulary has them."""

    function = "word_pieces"

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """See :class:`Check`."""
        for text in ("Unbelievably good tokenization!", "Dull."):
            yield {"text": text}

    @staticmethod
    def observe(function: Callable[..., Any], text: str) -> Any:
        """Call the student's function with a real tokenizer."""
        return function(tokenizer(), text)

    def judge(self, observed: Any, *, text: str) -> None:
        """Raise :class:`Miss` unless these look like the text's word pieces."""
        if observed is None:
            raise Miss("returns-none", "word_pieces returned None. Does it end with `return`?")
        if not isinstance(observed, list | tuple) or not observed:
            raise Miss(
                "pieces-not-a-list", f"word_pieces should return a list, not {code(observed)}."
            )
        pieces = list(observed)
        if any(isinstance(piece, int) for piece in pieces):
            raise Miss(
                "ids-not-pieces",
                f"These are ids, {code(pieces[:5])}: the numbers that the model reads. Asked for are "
                "the pieces of text that they stand for.",
            )
        if not all(isinstance(piece, str) for piece in pieces):
            raise Miss(
                "pieces-not-a-list", f"Each piece should be a string, not {code(pieces[0])}."
            )
        if {"[CLS]", "[SEP]"} & set(pieces):
            raise Miss(
                "special-tokens-kept",
                f"[CLS] and [SEP] are in the list: {code(pieces)}. They belong to the model's input, "
                "but here only the text's own pieces are asked for.",
            )
        known = tokenizer().get_vocab()
        if pieces in (text.split(), text.lower().split()) and not all(p in known for p in pieces):
            raise Miss(
                "split-on-spaces",
                f"{code(pieces)} are words cut at spaces. The model knows 30,522 pieces, not words: "
                "let its own tokenizer do the cutting.",
            )
        for piece in pieces:
            if piece not in known:
                raise Miss(
                    "piece-not-in-vocabulary",
                    f"{piece!r} is not in the model's vocabulary. Pieces are lower case here, and one "
                    "that continues a word begins with ##.",
                )
        joined = "".join(piece.removeprefix("##") for piece in pieces)
        if joined != "".join(text.lower().split()):
            raise Miss("pieces-lost", f"Put together, {code(pieces)} does not give {text!r} again.")
        if len(pieces) > len(text.split()) * 5:
            raise Miss(
                "single-letters",
                f"{text!r} was cut into {len(pieces)} pieces, nearly single letters. The tokenizer "
                "takes the longest piece that it knows.",
            )


class EncodeReviews(Check):
    """Reviews become input_ids and attention_mask, padded to the longest of the batch."""

    function = "encode_reviews"

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """See :class:`Check`."""
        yield {"texts": REVIEWS, "max_length": 48}
        yield {"texts": REVIEWS, "max_length": 12}

    @staticmethod
    def observe(function: Callable[..., Any], texts: list[str], max_length: int) -> Any:
        """Call the student's function with a real tokenizer."""
        return function(tokenizer(), texts, max_length)

    def explain(self, raised: Raised, **inputs: Any) -> Miss | None:
        """See :class:`Check`."""
        return explain_tokenizer(raised)

    def judge(self, observed: Any, *, texts: list[str], max_length: int) -> None:
        """Raise :class:`Miss` unless the batch has the shape and the marks that it must have."""
        result = need_mapping(
            observed, ["input_ids", "attention_mask"], "The result of encode_reviews"
        )
        rows = result["input_ids"]
        if isinstance(rows, list):
            raise Miss(
                "lists-not-tensors",
                "input_ids is a list. The model computes with PyTorch tensors: ask the tokenizer for "
                "them, with return_tensors.",
            )
        ids = need_tensor(rows, "input_ids", floating=False)
        wanted = min(max(lengths(texts)), max_length)
        if ids.ndim != 2 or ids.shape[0] != len(texts):
            raise Miss(
                "not-a-batch",
                f"input_ids has shape {tuple(ids.shape)} for {len(texts)} texts: one row for each "
                "text is expected.",
            )
        if ids.shape[1] > max_length and ids.shape[1] > wanted and max(lengths(texts)) > max_length:
            raise Miss(
                "no-truncation",
                f"With max_length={max_length} the rows are {ids.shape[1]} long. max_length alone cuts "
                "nothing: truncation must be switched on.",
            )
        if ids.shape[1] > wanted:
            raise Miss(
                "padded-to-max-length",
                f"The rows are {ids.shape[1]} long, but the longest text of this batch has {wanted} "
                "word pieces. Padding to a fixed length gives the same logits and costs time; asked "
                "for here is padding to the longest of the batch.",
            )
        mask = need_tensor(result["attention_mask"], "attention_mask", shape=tuple(ids.shape))
        special = tokenizer()
        if not bool((ids[:, 0] == special.cls_token_id).all()):
            raise Miss(
                "no-special-tokens",
                "The rows do not begin with [CLS]. BERT was trained with [CLS] first and [SEP] last, "
                "and the classifier reads [CLS]: leave the special tokens in.",
            )
        padding = ids == special.pad_token_id
        real = [min(length, max_length) for length in lengths(texts)]
        if bool(mask[padding].any()):
            raise Miss(
                "mask-over-padding",
                "attention_mask is 1 over padding: the model would read [PAD] as if it were text. "
                "The mask is 1 for word pieces, 0 for padding.",
            )
        counted = (mask != 0).sum(dim=1).tolist()
        for row, (have, want) in enumerate(zip(counted, real, strict=True)):
            if bool(padding[row, :want].any()) or have > want:
                raise Miss(
                    "padding-not-pad-id",
                    f"Text {row} has {want} word pieces, but its row does not go over into [PAD] (id "
                    f"{special.pad_token_id}) there: {code(ids[row].tolist())}.",
                )
            if have < want:
                raise Miss(
                    "text-cut-too-short",
                    f"Of text {row}, {have} word pieces are left where {want} fit into max_length="
                    f"{max_length}. max_length counts word pieces, not letters or words.",
                )
            if int(ids[row, have - 1]) != special.sep_token_id:
                raise Miss(
                    "sep-cut-off",
                    f"Row {row} does not end with [SEP]: it was cut after the special tokens had been "
                    "put in. Let the tokenizer truncate; it keeps the place for [SEP].",
                )


class TokenizeDataset(Check):
    """A dataset gains input_ids and attention_mask, truncated, not yet padded, and keeps its labels."""

    function = "tokenize_dataset"

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

    def explain(self, raised: Raised, **inputs: Any) -> Miss | None:
        """See :class:`Check`."""
        return explain_tokenizer(raised)

    def judge(self, observed: Any, *, texts: list[str], labels: list[int], max_length: int) -> None:
        """Raise :class:`Miss` unless the columns are there, row by row, and not padded."""
        columns = need_mapping(observed, [], "The result of tokenize_dataset")
        if "not a dataset" in columns:
            value = columns["not a dataset"]
            if value is None:
                raise Miss(
                    "map-result-dropped",
                    "tokenize_dataset returned None. `map` does not change a dataset, it makes a new "
                    "one: return that.",
                )
            what = str(value) if isinstance(value, Opaque) else code(value)
            raise Miss("not-a-dataset", f"tokenize_dataset should return a Dataset, not {what}.")
        for name in ("input_ids", "attention_mask"):
            if name not in columns:
                raise Miss(
                    "column-missing",
                    f"The new dataset has no column {name!r}; it has {', '.join(columns)}.",
                )
        if columns.get("label", columns.get("labels")) != labels:
            raise Miss(
                "label-lost",
                f"The labels should be {labels}, but the new dataset has the columns "
                f"{', '.join(columns)}. Without its label a row cannot be learned from.",
            )
        rows = columns["input_ids"]
        if not isinstance(rows, list) or len(rows) != len(texts):
            raise Miss("rows-lost", f"{len(texts)} rows went in, {len(rows)} came out.")
        if any(row and isinstance(row[0], list) for row in rows if isinstance(row, list)):
            raise Miss(
                "nested-rows",
                "Each row of input_ids holds a list in a list: `return_tensors` made a batch of one of "
                "every row. Columns of a dataset are plain lists; tensors come when batches are made.",
            )
        if not all(isinstance(row, list) and all(isinstance(i, int) for i in row) for row in rows):
            raise Miss("rows-not-ids", "Each row of input_ids should be a list of ids.")
        real = [min(length, max_length) for length in lengths(texts)]
        for row, want in zip(rows, real, strict=True):
            if len(row) > max_length:
                raise Miss(
                    "map-no-truncation",
                    f"A row has {len(row)} ids with max_length={max_length}: in map, too, truncation "
                    "must be switched on.",
                )
            if len(row) > want:
                raise Miss(
                    "padded-in-map",
                    f"A text of {want} word pieces has {len(row)} ids: it was padded already. Pad when "
                    "batches are made, to the longest of each; here every row keeps its own length.",
                )
        if columns["attention_mask"] != [[1] * want for want in real]:
            raise Miss(
                "map-mask-wrong",
                "attention_mask should be a 1 for each id of the row: nothing is padded yet.",
            )


class Collate(Check):
    """Rows become one batch of tensors, padded to the longest of them, with their labels."""

    function = "collate"

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
        return function(tokenizer(), rows)

    def explain(self, raised: Raised, **inputs: Any) -> Miss | None:
        """See :class:`Check`."""
        return explain_tokenizer(raised)

    def judge(self, observed: Any, *, rows: list[dict[str, Any]]) -> None:
        """Raise :class:`Miss` unless the batch is the rows, padded, with labels as class ids."""
        batch = need_mapping(observed, ["input_ids", "attention_mask"], "The batch of collate")
        if "labels" not in batch and "label" in batch:
            raise Miss(
                "label-not-renamed",
                "The batch has a key `label`. The model's argument is called `labels`; with `label` "
                "it would compute no loss.",
            )
        need_mapping(batch, ["labels"], "The batch of collate")
        labels = batch["labels"]
        if isinstance(labels, list):
            raise Miss("labels-a-list", "batch['labels'] is a list; the loss wants a tensor.")
        labels = need_tensor(labels, "batch['labels']")
        if labels.is_floating_point():
            raise Miss(
                "labels-are-floats",
                f"batch['labels'] has dtype {labels.dtype}. Class ids are integers (torch.long); "
                "floats would make the loss treat them as quantities.",
            )
        if labels.flatten().tolist() != [row["label"] for row in rows] or labels.ndim != 1:
            raise Miss(
                "labels-shuffled",
                f"batch['labels'] is {code(labels.tolist())}, one label a row was expected.",
            )
        longest = max(len(row["input_ids"]) for row in rows)
        ids = need_tensor(batch["input_ids"], "batch['input_ids']", floating=False)
        if tuple(ids.shape) != (len(rows), longest):
            if ids.ndim == 2 and ids.shape[1] > longest:
                raise Miss(
                    "collate-to-fixed-length",
                    f"The longest row has {longest} ids, the batch is {ids.shape[1]} wide. A collator "
                    "is called for each batch: pad to the longest row of this one.",
                )
            raise Miss(
                "batch-shape",
                f"batch['input_ids'] has shape {tuple(ids.shape)}, not {(len(rows), longest)}.",
            )
        mask = need_tensor(
            batch["attention_mask"], "batch['attention_mask']", shape=tuple(ids.shape)
        )
        pad = tokenizer().pad_token_id
        for row, have, marks in zip(rows, ids.tolist(), mask.tolist(), strict=True):
            own = len(row["input_ids"])
            if have[:own] != row["input_ids"]:
                raise Miss(
                    "ids-changed",
                    f"{row['input_ids']} has become {have}: the ids come first, the padding after.",
                )
            if any(i != pad for i in have[own:]):
                raise Miss(
                    "padded-with-other-id", f"The padding is {have[own:]}; [PAD] has the id {pad}."
                )
            if any(marks[own:]):
                raise Miss(
                    "collate-mask-over-padding",
                    "The new places of attention_mask are 1: the model would attend to the padding "
                    "that you have just put in.",
                )
            if not all(marks[:own]):
                raise Miss(
                    "mask-over-text",
                    "attention_mask is 0 over word pieces of the text: the model would not see them.",
                )


CHECKS = (WordPieces, EncodeReviews, TokenizeDataset, Collate)
