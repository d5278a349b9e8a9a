"""The exam of lesson 01: the visible checks again, on texts and rows put together at random.

They are built so that each known wrong way gives another result: words that are cut into pieces,
words with accents, texts and pieces that come twice, the longest of a batch among the others, a
batch of one.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from functools import partial

from autograder.examining.draws import until
from autograder.examining.exam import Task
from course.checks import batching, tokenizing
from course.checks.base import Inputs
from course.checks.shared_tokenizer import tokenizer

WORDS = """\
a an the film plot actor brilliance underwhelming unforgettable charmless cinematography
hilarious overlong predictability screenwriter heart moving story dull tokenization
melodramatically rewatchable soundtrack whimsical director's laugh-out-loud , . !
disappointment gripping quietly masterpiece
"""
#: Words of several pieces.
CUT = ["Underwhelming", "Unforgettable", "Charmless", "Melodramatically", "Rewatchable"]
#: The same with accents, which the vocabulary lacks; cut from behind they give other pieces.
ACCENTED = ["cliché", "Élodie", "clichés"]


def review(rng: random.Random, words: int) -> str:
    """Return a text of so many words that nobody can have seen before."""
    return " ".join([rng.choice(CUT), *rng.choices(WORDS.split(), k=words - 1)])


def reviews(rng: random.Random, longest: int, others: int) -> list[str]:
    """Return texts of up to `longest` words, between two copies of a short one."""
    words = [longest, *(rng.randint(3, longest - 5) for _ in range(others))]
    short = review(rng, 2)
    return [short, *(review(rng, count) for count in words), short]


def labels(rng: random.Random, count: int) -> list[int]:
    """Return labels of two classes, not in order: by class or by the length of `reviews`."""
    return [1, 0, *(rng.randrange(2) for _ in range(count - 3)), 1][:count]


def _tells_once_from_cut(text: str) -> bool:
    """Return whether each piece once is another list than the first pieces, as many."""
    pieces = tokenizer().tokenize(text)
    return len(set(pieces[: len(set(pieces))])) < len(set(pieces))


class WordPieces(tokenizing.WordPieces, Task):
    """A text becomes the list of its word pieces, as the model's vocabulary has them."""

    answer_id = "word-pieces"
    points = 2

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        for words in (3, 12):
            yield {"text": until(_tells_once_from_cut, partial(self._text, rng, words))}

    @staticmethod
    def _text(rng: random.Random, words: int) -> str:
        text = review(rng, words)
        again = rng.choice(text.split())
        # The mark is part of no word: cutting at spaces shows.
        return f"{text} {rng.choice(ACCENTED)} {again}!"


class EncodeReviews(batching.EncodeReviews, Task):
    """Reviews become input_ids and attention_mask, padded to the longest of the batch."""

    answer_id = "encode-reviews"
    points = 3

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        for longest, max_length in ((60, rng.randint(16, 24)), (30, 200)):
            yield {"texts": reviews(rng, longest, rng.randint(2, 5)), "max_length": max_length}
        special, text = tokenizer(), review(rng, 4)
        while len(special(text)["input_ids"]) % 8 == 0:  # padding to a multiple of eight must show
            text = review(rng, 4)
        yield {"texts": [text], "max_length": 64}


class TokenizeDataset(tokenizing.TokenizeDataset, Task):
    """A dataset gains input_ids and attention_mask, truncated, not yet padded, and keeps its labels."""

    answer_id = "tokenize-dataset"
    points = 2

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        for max_length in (rng.randint(20, 28), 200):
            # More rows than the first text has ids: what belongs to one row is too short for all.
            texts = reviews(rng, 40, rng.randint(10, 14))
            yield {"texts": texts, "labels": labels(rng, len(texts)), "max_length": max_length}


class Collate(batching.Collate, Task):
    """Rows become one batch of tensors, padded to the longest of them, with their labels."""

    answer_id = "collate"
    points = 3

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        # No width is a multiple of eight, and none comes twice.
        for longest in (20, 13):
            others = (rng.randint(0, longest - 1) for _ in range(rng.randint(1, 5)))
            yield {"rows": self._rows(rng, [2, longest, *others, 2])}
        yield {"rows": self._rows(rng, [5])}

    @staticmethod
    def _rows(rng: random.Random, sizes: list[int]) -> list[dict[str, object]]:
        rows = ([101, *(rng.randint(1000, 29000) for _ in range(size)), 102] for size in sizes)
        return [
            {"input_ids": ids, "attention_mask": [1] * len(ids), "label": label}
            for ids, label in zip(rows, labels(rng, len(sizes)), strict=True)
        ]


TASKS = [WordPieces, EncodeReviews, TokenizeDataset, Collate]
