"""Visible checks of lesson 01, first half: texts become word pieces, and word pieces a batch."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from functools import cache, cached_property
from typing import Any

from course.checks.base import Check, Inputs
from course.checks.mistakes import mistake
from course.checks.values import need_mapping, need_tensor

REVIEWS = [
    "A film of quiet, unforgettable beauty.",
    "Dull.",
    "The projectionist fell asleep, and so, after an hour of underwhelming chases, did I.",
]
#: Exceptions that a tokenizer raises when it is called in a known wrong way.
TOKENIZER_RAISES = ("encode-plus-gone", "padding-none", "no-padding", "rows-given-as-text")


@cache
def tokenizer() -> Any:
    """Return the tokenizer of the embedded checkpoint."""
    from transformers import AutoTokenizer

    from course import checkpoint

    return AutoTokenizer.from_pretrained(checkpoint())


def lengths(texts: list[str]) -> list[int]:
    """Return how many word pieces each text has, with the two special tokens."""
    return [len(tokenizer()(text, truncation=True)["input_ids"]) for text in texts]


class Pieces:
    """What is to be seen in a list of word pieces."""

    def __init__(self, observed: Any, text: str) -> None:
        if observed is None:
            raise mistake("returns-none", what="The result of word_pieces")
        self.observed, self.text = observed, text
        self.is_list = isinstance(observed, list | tuple) and len(observed) > 0
        self.pieces = list(observed) if self.is_list else []
        self.vocabulary = tokenizer().get_vocab()

    @property
    def joined(self) -> str:
        return "".join(piece.removeprefix("##") for piece in self.pieces)

    @property
    def unknown(self) -> list[str]:
        return [piece for piece in self.pieces if piece not in self.vocabulary]

    @property
    def single_letters(self) -> int:
        return sum(piece.startswith("##") and len(piece) == 3 for piece in self.pieces)


class WordPieces(Check):
    """A text becomes the list of its word pieces, as the model's vocabulary has them."""

    function = "word_pieces"
    facts = Pieces
    signs = {
        "pieces-not-a-list": lambda it: not it.is_list,
        "ids-not-pieces": lambda it: any(isinstance(piece, int) for piece in it.pieces),
        "pieces-not-strings": lambda it: not all(isinstance(piece, str) for piece in it.pieces),
        "special-tokens-kept": lambda it: {"[CLS]", "[SEP]"} & set(it.pieces),
        "split-on-spaces": lambda it: (
            it.unknown and it.pieces in (it.text.split(), it.text.lower().split())
        ),
        "piece-not-in-vocabulary": lambda it: it.unknown,
        "pieces-lost": lambda it: it.joined != "".join(it.text.lower().split()),
        "single-letters": lambda it: it.single_letters > len(it.pieces) / 2,
    }
    told = ("returns-none",)

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """See :class:`Check`."""
        for text in ("Unbelievably good tokenization!", "Dull."):
            yield {"text": text}

    @staticmethod
    def observe(function: Callable[..., Any], text: str) -> Any:
        """Call the student's function with a real tokenizer."""
        return function(tokenizer(), text)


class Encoded:
    """What is to be seen in a batch of encoded texts."""

    def __init__(self, observed: Any, texts: list[str], max_length: int) -> None:
        result = need_mapping(
            observed, ["input_ids", "attention_mask"], "The result of encode_reviews"
        )
        if isinstance(result["input_ids"], list):
            raise mistake("lists-not-tensors")
        self.ids = need_tensor(result["input_ids"], "input_ids", floating=False)
        self.texts, self.max_length = texts, max_length
        self.shape = tuple(self.ids.shape)
        self.observed_mask = result["attention_mask"]
        self.full = lengths(texts)
        self.longest = max(self.full)
        self.special = tokenizer()

    @property
    def is_batch(self) -> bool:
        return self.ids.ndim == 2 and self.shape[0] == len(self.texts) and self.shape[1] > 0

    @cached_property
    def mask(self) -> Any:
        return need_tensor(self.observed_mask, "attention_mask", shape=self.shape)

    @cached_property
    def padding(self) -> Any:
        return self.ids == self.special.pad_token_id

    @property
    def width(self) -> int:
        return self.shape[1]

    @property
    def wanted_width(self) -> int:
        return min(self.longest, self.max_length)

    @cached_property
    def used(self) -> int:
        """What is no padding in the longest row: it tells a row too long from one filled up."""
        return int((~self.padding).sum(dim=1).max())

    @property
    def unknown(self) -> int:
        return int((self.ids == self.special.unk_token_id).sum())

    def first_is(self, token_id: int) -> Any:
        """Return for each row whether it begins with that token."""
        return self.ids[:, 0] == token_id

    @cached_property
    def rows(self) -> list[Row]:
        return [
            Row(number, self.ids[number], self.mask[number], min(full, self.max_length))
            for number, full in enumerate(self.full)
        ]

    def first_row(self, shows: Callable[[Row], bool]) -> bool:
        """Return whether a row shows something; `row` is then the first that does."""
        found = next((row for row in self.rows if shows(row)), None)
        if found is not None:
            self.row = found
        return found is not None


class Row:
    """One row of a batch: its ids and mask, and how many ids of it are the text's own."""

    def __init__(self, number: int, ids: Any, mask: Any, want: int) -> None:
        self.number, self.want, self.ids = number, want, ids.tolist()
        self.given = sum(one != tokenizer().pad_token_id for one in self.ids)
        self.attended = int((mask != 0).sum())
        self.hidden = want - self.attended

    @property
    def ends_with_sep(self) -> bool:
        return bool(self.ids[self.want - 1] == tokenizer().sep_token_id)


class EncodeReviews(Check):
    """Reviews become input_ids and attention_mask, padded to the longest of the batch."""

    function = "encode_reviews"
    facts = Encoded
    signs = {
        "not-a-batch": lambda it: not it.is_batch,
        "cut-in-words": lambda it: it.max_length < it.used < it.longest,
        "no-truncation": lambda it: it.used > it.max_length,
        "padded-to-max-length": lambda it: it.width > it.wanted_width,
        "words-unknown": lambda it: it.unknown,
        "padded-in-front": lambda it: it.first_is(it.special.pad_token_id).any(),
        "no-special-tokens": lambda it: not it.first_is(it.special.cls_token_id).all(),
        "mask-over-padding": lambda it: (it.mask[it.padding] != 0).any(),
        "padding-not-pad-id": lambda it: it.first_row(lambda row: row.given > row.want),
        "text-cut-too-short": lambda it: it.first_row(lambda row: row.given < row.want),
        "mask-hides-text": lambda it: it.first_row(lambda row: row.attended < row.want),
        "sep-cut-off": lambda it: it.first_row(lambda row: not row.ends_with_sep),
    }
    raised = TOKENIZER_RAISES
    told = ("returns-none", "wrong-type", "missing-key", "lists-not-tensors", "not-a-tensor")

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """See :class:`Check`."""
        yield {"texts": REVIEWS, "max_length": 48}
        yield {"texts": REVIEWS, "max_length": 12}

    @staticmethod
    def observe(function: Callable[..., Any], texts: list[str], max_length: int) -> Any:
        """Call the student's function with a real tokenizer."""
        return function(tokenizer(), list(texts), max_length)


CHECKS = (WordPieces, EncodeReviews)
