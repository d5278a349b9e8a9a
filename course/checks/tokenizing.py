"""Visible checks of lesson 01: they look at what comes out, and name the mistake that it shows."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from course.checks.base import Check, Inputs, MistakeError, Raised, code, need_mapping, need_tensor

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


def explain_tokenizer(raised: Raised) -> MistakeError | None:
    """Name the exceptions that a tokenizer raises when it is called in a known wrong way."""
    if "encode_plus" in raised.text and "no attribute" in raised.text:
        return MistakeError(
            "encode-plus-gone",
            f"Your code raised {raised.type_name}: {raised.text}. `encode_plus` is in many older "
            "tutorials, but not in today's transformers: call the tokenizer itself.",
        )
    if "None is not a valid PaddingStrategy" in raised.text:
        return MistakeError(
            "padding-none",
            "The tokenizer said: None is not a valid PaddingStrategy. Padding is switched on by "
            "True (to the longest of the batch) or by the name of a strategy.",
        )
    if "Unable to create tensor" in raised.text or "expected sequence of length" in raised.text:
        return MistakeError(
            "no-padding",
            f"Your code raised {raised.type_name}: {raised.text[:90]}… A tensor is a full "
            "rectangle, and these rows differ in length: the shorter ones need padding.",
        )
    if "text input must be of type" in raised.text:
        return MistakeError(
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
        """Raise :class:`MistakeError` unless these look like the text's word pieces."""
        if observed is None:
            raise MistakeError(
                "returns-none", "word_pieces returned None. Does it end with `return`?"
            )
        if not isinstance(observed, list | tuple) or not observed:
            raise MistakeError(
                "pieces-not-a-list", f"word_pieces should return a list, not {code(observed)}."
            )
        pieces = list(observed)
        if any(isinstance(piece, int) for piece in pieces):
            raise MistakeError(
                "ids-not-pieces",
                f"These are ids, {code(pieces[:5])}: the numbers that the model reads. Asked for are "
                "the pieces of text that they stand for.",
            )
        if not all(isinstance(piece, str) for piece in pieces):
            raise MistakeError(
                "pieces-not-a-list", f"Each piece should be a string, not {code(pieces[0])}."
            )
        if {"[CLS]", "[SEP]"} & set(pieces):
            raise MistakeError(
                "special-tokens-kept",
                f"[CLS] and [SEP] are in the list: {code(pieces)}. They belong to the model's input, "
                "but here only the text's own pieces are asked for.",
            )
        known = tokenizer().get_vocab()
        if pieces in (text.split(), text.lower().split()) and not all(p in known for p in pieces):
            raise MistakeError(
                "split-on-spaces",
                f"{code(pieces)} are words cut at spaces. The model knows {len(known):,} pieces, and "
                "no other words: let its own tokenizer do the cutting.",
            )
        for piece in pieces:
            if piece not in known:
                raise MistakeError(
                    "piece-not-in-vocabulary",
                    f"{piece!r} is not in the model's vocabulary. Pieces are lower case here, and one "
                    "that continues a word begins with ##.",
                )
        joined = "".join(piece.removeprefix("##") for piece in pieces)
        if joined != "".join(text.lower().split()):
            raise MistakeError(
                "pieces-lost", f"Put together, {code(pieces)} does not give {text!r} again."
            )
        letters = sum(piece.startswith("##") and len(piece) == 3 for piece in pieces)
        if letters > len(pieces) / 2:
            raise MistakeError(
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
        return function(tokenizer(), list(texts), max_length)

    def explain(self, raised: Raised, **inputs: Any) -> MistakeError | None:
        """See :class:`Check`."""
        return explain_tokenizer(raised)

    def judge(self, observed: Any, *, texts: list[str], max_length: int) -> None:
        """Raise :class:`MistakeError` unless the batch has the shape and the marks that it must have."""
        result = need_mapping(
            observed, ["input_ids", "attention_mask"], "The result of encode_reviews"
        )
        rows = result["input_ids"]
        if isinstance(rows, list):
            raise MistakeError(
                "lists-not-tensors",
                "input_ids is a list. The model computes with PyTorch tensors: ask the tokenizer for "
                "them, with return_tensors.",
            )
        ids = need_tensor(rows, "input_ids", floating=False)
        if ids.ndim != 2 or ids.shape[0] != len(texts) or not ids.shape[1]:
            raise MistakeError(
                "not-a-batch",
                f"input_ids has shape {tuple(ids.shape)} for {len(texts)} texts: one row for each "
                "text is expected.",
            )
        mask = need_tensor(result["attention_mask"], "attention_mask", shape=tuple(ids.shape))
        self._judge_width(ids, lengths(texts), max_length)
        self._judge_specials(ids, max_length)
        self._judge_rows(ids, mask, [min(n, max_length) for n in lengths(texts)], max_length)

    @staticmethod
    def _judge_width(ids: Any, full: list[int], max_length: int) -> None:
        """Judge how long the rows are: `full` has the lengths of the uncut texts."""
        width, wanted = ids.shape[1], min(max(full), max_length)
        # What is no padding in the longest row tells a row too long from one filled up.
        used = int((ids != tokenizer().pad_token_id).sum(dim=1).max())
        if max_length < used < max(full):
            raise MistakeError(
                "cut-in-words",
                f"With max_length={max_length} a row has {used} ids. Something was cut, but not by "
                "word pieces: one word can be several of them, and [CLS] and [SEP] count, too.",
            )
        if used > max_length:
            raise MistakeError(
                "no-truncation",
                f"With max_length={max_length} the rows are {width} long. max_length alone cuts "
                "nothing, and truncation alone cuts at 512: both must be given.",
            )
        if width > wanted:
            raise MistakeError(
                "padded-to-max-length",
                f"The rows are {width} long, but the longest text of this batch has {wanted} word "
                "pieces. Padding to a fixed length is no error: it gives the same logits and costs "
                "time. Asked for here is padding to the longest of the batch.",
            )

    @staticmethod
    def _judge_specials(ids: Any, max_length: int) -> None:
        """Judge what stands at the front of the rows, and what stands for no word at all."""
        special = tokenizer()
        if unknown := int((ids == special.unk_token_id).sum()):
            raise MistakeError(
                "words-unknown",
                f"{unknown} of the ids are [UNK], though the tokenizer knows pieces for all of these "
                "words: words cut at spaces, with capitals and marks, are not in its vocabulary.",
            )
        if bool((ids[:, 0] == special.pad_token_id).any()):
            raise MistakeError(
                "padded-in-front",
                "A row begins with [PAD]. BERT counts positions from the front, and [CLS] belongs "
                "at the first one: padding goes behind the text.",
            )
        if not bool((ids[:, 0] == special.cls_token_id).all()):
            raise MistakeError(
                "no-special-tokens",
                "The rows do not begin with [CLS]. BERT was trained with [CLS] first and [SEP] last, "
                "and the classifier reads [CLS]: leave the special tokens in.",
            )

    @staticmethod
    def _judge_rows(ids: Any, mask: Any, real: list[int], max_length: int) -> None:
        """Judge each row and its mask; `real` has how many ids of it are the text's own."""
        special = tokenizer()
        padding = ids == special.pad_token_id
        if bool((mask[padding] != 0).any()):
            raise MistakeError(
                "mask-over-padding",
                "attention_mask is 1 over padding: the model would read [PAD] as if it were text. "
                "The mask is 1 for word pieces, 0 for padding.",
            )
        counted = (mask != 0).sum(dim=1).tolist()
        for row, (have, want) in enumerate(zip(counted, real, strict=True)):
            given = int((~padding[row]).sum())
            if given > want:
                raise MistakeError(
                    "padding-not-pad-id",
                    f"Text {row} has {want} word pieces, but its row does not go over into [PAD] (id "
                    f"{special.pad_token_id}) there: {code(ids[row].tolist())}.",
                )
            if given < want:
                raise MistakeError(
                    "text-cut-too-short",
                    f"Of text {row}, {given} ids are left where {want} fit into max_length="
                    f"{max_length}. max_length counts word pieces, not letters or words.",
                )
            if have < want:
                raise MistakeError(
                    "mask-hides-text",
                    f"attention_mask is 0 over {want - have} word pieces of text {row}: the model "
                    "would not see them. The mask is 1 for each id of the text, [SEP] included.",
                )
            if int(ids[row, want - 1]) != special.sep_token_id:
                raise MistakeError(
                    "sep-cut-off",
                    f"Row {row} does not end with [SEP]: it was cut after the special tokens had been "
                    "put in. Let the tokenizer truncate; it keeps the place for [SEP].",
                )


CHECKS = (WordPieces, EncodeReviews)
