"""Visible checks of lesson 01, first half: texts become word pieces, and a dataset's rows of ids."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, NamedTuple

from course.checks.base import Compared, Inputs
from course.checks.mistakes import Signs, mistake
from course.checks.shared_tokenizer import tokenizer
from course.checks.values import need_mapping

REVIEWS = [
    "It is dull.",
    "A film of quiet, unforgettable beauty.",
    "The projectionist fell asleep, and so, after an hour of underwhelming chases, did I.",
    "It is dull.",
]


def bare(pieces: list[str]) -> list[str]:
    """Return `pieces` without the marks of continuation."""
    return [piece.removeprefix("##") for piece in pieces]


def letters(pieces: list[str]) -> int:
    """Return how many of `pieces` are one letter."""
    return sum(len(one) == 1 and one.isalpha() for one in bare(pieces))


class Pieces:
    """A list of word pieces, beside the tokenizer's own."""

    def __init__(self, observed: Any, text: str) -> None:
        if observed is None:
            raise mistake("returns-none", what="The result of word_pieces")
        self.observed, self.text = observed, text
        self.is_list = isinstance(observed, list | tuple)
        self.pieces = list(observed) if self.is_list else []
        self.are_strings = all(isinstance(piece, str) for piece in self.pieces)
        kind = str(getattr(observed, "dtype", ""))
        self.are_ids = "int" in kind or any(type(piece) is int for piece in self.pieces)
        self.special = tokenizer()
        self.right = self.special.tokenize(text)
        self.is_right = self.is_list and self.are_strings and self.pieces == self.right

    @property
    def normal(self) -> list[str]:
        """The pieces in lower case and without accents."""
        return list(map(self.special.backend_tokenizer.normalizer.normalize_str, self.pieces))

    @property
    def unknown(self) -> list[str]:
        """The pieces that are no entry of the vocabulary."""
        id_of, unknown = self.special.convert_tokens_to_ids, self.special.unk_token
        return [one for one in self.pieces if one != unknown and id_of(one) == id_of(unknown)]


class WordPieces(Compared):
    """A text becomes the list of its word pieces, as the model's vocabulary has them."""

    function = "word_pieces"
    facts = Pieces
    signs = {
        "ids-not-pieces": lambda it: it.are_ids,
        "pieces-not-a-list": lambda it: not it.is_list,
        "pieces-not-strings": lambda it: not it.are_strings,
        "ids-as-strings": lambda it: it.pieces and all(one.isdecimal() for one in it.pieces),
        "special-tokens-kept": lambda it: {"[CLS]", "[SEP]"} & set(it.pieces),
        "split-on-spaces": lambda it: it.pieces in (it.text.split(), it.text.lower().split()),
        "pieces-joined": lambda it: any(" " in one.strip() for one in it.pieces),
        "capitals-or-accents-kept": lambda it: it.normal == it.right,
        "hashes-removed": lambda it: it.pieces == bare(it.right),
        "pieces-reordered": lambda it: sorted(it.pieces) == sorted(it.right),
        "pieces-once": lambda it: sorted(it.pieces) == sorted(set(it.right)),
        # Only where no letter is lost: what is left of lost pieces may be single letters too.
        "single-letters": lambda it: (
            letters(it.pieces) > max(len(it.pieces) / 2, letters(it.right))
            and len("".join(bare(it.pieces))) >= len("".join(bare(it.right)))
        ),
        "piece-not-in-vocabulary": lambda it: it.unknown,
        "pieces-lost": lambda it: "".join(bare(it.pieces)) != "".join(bare(it.right)),
        "other-pieces": lambda it: True,
    }
    raised = ("encode-plus-gone",)
    told = ("returns-none",)

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """See :class:`Check`."""
        for text in ("Bad, bad: a cliché of clichés.", "Unbelievably good tokenization!", "Dull."):
            yield {"text": text}

    @staticmethod
    def observe(function: Callable[..., Any], text: str) -> Any:
        """Call the student's function with a real tokenizer."""
        return function(tokenizer(), text)


class Row(NamedTuple):
    """One row of ids without the padding behind it: which, what it holds, and what it should."""

    number: int
    have: list[int]
    want: list[int]

    @property
    def goes_on(self) -> bool:
        """Whether the row has all that it should, and more."""
        return len(self.have) > len(self.want) and self.have[: len(self.want)] == self.want


class Rows:
    """Rows of ids as they came back, beside the right ones, which have no padding."""

    right: list[list[int]]
    row: Row

    def __init__(self, rows: list[list[int]]) -> None:
        self.special = tokenizer()
        self.pad, self.cls, self.sep = self.special.convert_tokens_to_ids(
            ["[PAD]", "[CLS]", "[SEP]"]
        )
        self.rows = rows
        #: The rows without the padding behind them.
        self.kept = [self._without_padding(row[::-1])[::-1] for row in rows]
        self.used = max(map(len, self.kept), default=0)

    def _without_padding(self, row: list[int]) -> list[int]:
        start = next((place for place, one in enumerate(row) if one != self.pad), len(row))
        return row[start:]

    @property
    def reordered(self) -> bool:
        return self.kept != self.right and sorted(self.kept) == sorted(self.right)

    @property
    def padded_in_front(self) -> bool:
        return self.kept != self.right and list(map(self._without_padding, self.kept)) == self.right

    def first_row(self, shows: Callable[[Row], Any]) -> bool:
        """Return whether a row shows something; `row` is then the first that does."""
        both = enumerate(zip(self.kept, self.right, strict=False))
        found = [row for number, pair in both if shows(row := Row(number, *pair))]
        self.row = found[0] if found else Row(0, [], [])
        return bool(found)


class TextRows(Rows):
    """Rows of ids beside those that the tokenizer makes of the texts, or would make by mistake."""

    def __init__(self, rows: list[list[int]], texts: list[str], max_length: int) -> None:
        self.texts, self.max_length = texts, max_length
        super().__init__(rows)
        self.right = self.encoded(texts)

    def encoded(self, texts: list[str], side: str = "right", **options: Any) -> Any:
        """Return rows of ids for `texts`, truncated to max_length, but for other `options`."""
        self.special.truncation_side = side
        options = {"truncation": True, "max_length": self.max_length, **options}
        return self.special(texts, **options)["input_ids"]

    @cached_property
    def uncut(self) -> Any:
        return self.encoded(self.texts, max_length=512)

    @property
    def longest(self) -> int:
        return max(map(len, self.uncut))

    @property
    def first_words(self) -> list[str]:
        """The texts, each cut after so many words as max_length has pieces."""
        return [" ".join(text.split()[: self.max_length]) for text in self.texts]

    def are(self, rows: list[list[int]]) -> bool:
        """Return whether the rows are these, and these are not the right ones."""
        return rows == self.kept != self.right

    @property
    def cut_short(self) -> bool:
        """Whether every row is the beginning of its text; `row` is one that ends too early."""
        both = zip(self.kept, self.uncut, strict=False)
        return all(self._letters(full).startswith(self._letters(row)) for row, full in both) and (
            self.first_row(lambda row: len(row.have) < len(row.want))
        )

    def _letters(self, row: list[int]) -> str:
        known = [one for one in row if 0 <= one < len(self.special)]
        return "".join(bare(self.special.convert_ids_to_tokens(known, skip_special_tokens=True)))

    def has_two_texts(self, row: Row) -> bool:
        """Return whether a row's first [SEP] is followed by text that ends with another."""
        return row.have.count(self.sep) == 2 and row.have[-1] == self.sep != row.have[-2]


#: What rows of ids show that were made from texts in another way, computed where one can.
TEXT_SIGNS: Signs = {
    "special-tokens-twice": lambda it: it.first_row(lambda row: row.have[:2] == [it.cls] * 2),
    "two-texts-in-a-row": lambda it: it.first_row(it.has_two_texts),
    "truncated-in-front": lambda it: it.are(it.encoded(it.texts, side="left")),
    "cut-in-words": lambda it: it.are(it.encoded(it.first_words, max_length=512)),
    "special-tokens-not-counted": lambda it: it.are(
        it.encoded(it.texts, max_length=it.max_length + 2)
    ),
    "sep-cut-off": lambda it: it.are([row[: it.max_length] for row in it.uncut]),
}


def as_numbers(rows: Any) -> Any:
    """Return `rows` if it is a list of lists of numbers (True is one), otherwise None."""
    lists = isinstance(rows, list) and all(isinstance(row, list) for row in rows)
    return (
        rows if lists and all(isinstance(one, int | float) for row in rows for one in row) else None
    )


def _are_ids(value: Any) -> bool:
    return isinstance(value, list) and all(type(number) is int for number in value)


class Columns(TextRows):
    """The columns of a dataset whose texts were tokenized."""

    def __init__(self, observed: Any, texts: list[str], labels: list[int], max_length: int) -> None:
        columns = need_mapping(observed, [], "The result of tokenize_dataset")
        if "not a dataset" in columns:
            value = columns["not a dataset"]
            raise mistake("map-result-dropped" if value is None else "not-a-dataset", value=value)
        names = ", ".join(map(str, columns)) or "none at all"
        for name in ("input_ids", "attention_mask"):
            if name not in columns:
                raise mistake("column-missing", name=name, names=names)
        rows, self.marks = columns["input_ids"], columns["attention_mask"]
        self.labels, self.kept_labels = labels, columns.get("label", columns.get("labels"))
        if self.kept_labels is None:
            raise mistake("label-lost", names=names)
        if not isinstance(rows, list):
            raise mistake("rows-not-ids", rows=rows)
        if len(rows) != len(texts):
            raise mistake("rows-lost", texts=texts, rows=rows)
        if any(isinstance(row, list) and row and isinstance(row[0], list) for row in rows):
            raise mistake("nested-rows")
        if not all(map(_are_ids, rows)):
            raise mistake("rows-not-ids", rows=rows)
        super().__init__(rows, texts, max_length)
        self.labels_kept = _are_ids(self.kept_labels) and self.kept_labels == labels

    @property
    def is_right(self) -> bool:
        ones = [[1] * len(row) for row in self.right]
        return self.labels_kept and self.rows == self.right and as_numbers(self.marks) == ones

    @property
    def reordered(self) -> bool:
        if self.rows == self.right or not _are_ids(self.kept_labels):
            return False
        have = zip(self.rows, self.kept_labels, strict=False)
        return sorted(have) == sorted(zip(self.right, self.labels, strict=True))


class TokenizeDataset(Compared):
    """A dataset gains input_ids and attention_mask, truncated, not yet padded, and keeps its labels."""

    function = "tokenize_dataset"
    facts = Columns
    signs = {
        "rows-reordered": lambda it: it.reordered,
        "label-changed": lambda it: not it.labels_kept,
        "padded-in-map": lambda it: any(it.pad in row for row in it.rows),
        **TEXT_SIGNS,
        "map-no-truncation": lambda it: it.used > it.max_length,
        "map-no-special-tokens": lambda it: it.first_row(
            lambda row: [*row.have[:1], *row.have[-1:]] != [it.cls, it.sep]
        ),
        "map-cut-too-short": lambda it: it.cut_short,
        "map-other-ids": lambda it: it.first_row(lambda row: row.have != row.want),
        "map-mask-wrong": lambda it: True,
    }
    raised = ("encode-plus-gone", "padding-none", "truncation-strategy", "tensors-in-map",
              "columns-of-unequal-length", "rows-given-as-text")  # fmt: skip
    told = ("wrong-type", "map-result-dropped", "not-a-dataset", "column-missing", "label-lost",
            "rows-lost", "nested-rows", "rows-not-ids")  # fmt: skip

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """See :class:`Check`."""
        for max_length in (12, 48):
            yield {"texts": REVIEWS, "labels": [1, 0, 1, 0], "max_length": max_length}

    @staticmethod
    def observe(
        function: Callable[..., Any], texts: list[str], labels: list[int], max_length: int
    ) -> Any:
        """Call the student's function on a small dataset and return its columns."""
        import datasets

        dataset = datasets.Dataset.from_dict({"text": texts, "label": labels})
        shown = not datasets.are_progress_bars_disabled()
        datasets.disable_progress_bars()
        try:
            result = function(dataset, tokenizer(), max_length)
        finally:
            if shown:
                datasets.enable_progress_bars()
        if not isinstance(result, datasets.Dataset):
            return {"not a dataset": result}
        return result.with_format(None).to_dict()


CHECKS = (WordPieces, TokenizeDataset)
