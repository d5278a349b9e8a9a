"""The exam of lesson 01: texts are put together at random, results compared with our own."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

from autograder.examining.exam import Task
from course.checks import batching, tokenizing
from course.checks.base import Inputs
from course.checks.mistakes import MistakeError, mistake
from course.checks.tokenizing import tokenizer

WORDS = """\
a an the film plot actor brilliance underwhelming unforgettable charmless cinematography
hilarious overlong predictability screenwriter heart moving story dull tokenization
melodramatically rewatchable soundtrack whimsical director's laugh-out-loud , . !
disappointment gripping quietly masterpiece
"""


def review(rng: random.Random, words: int) -> str:
    """Return a text of so many words that nobody can have seen before."""
    return " ".join(rng.choice(WORDS.split()) for _ in range(words)).capitalize()


class WordPieces(tokenizing.WordPieces, Task):
    """A text becomes the list of its word pieces, as the model's vocabulary has them."""

    told = (*tokenizing.WordPieces.told, "other-pieces")
    answer_id = "word-pieces"
    points = 2

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        for words in (3, 12):
            # The mark is part of no word: cutting at spaces shows.
            yield {"text": review(rng, words) + "!"}

    def judge(self, observed: Any, *, text: str) -> None:
        super().judge(observed, text=text)
        right = tokenizer().tokenize(text)
        if list(observed) != right:
            raise mistake("other-pieces", text=text, right=right, pieces=list(observed))


class EncodeReviews(tokenizing.EncodeReviews, Task):
    """Reviews become input_ids and attention_mask, padded to the longest of the batch."""

    told = (*tokenizing.EncodeReviews.told, "other-ids")
    answer_id = "encode-reviews"
    points = 3

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        for longest, max_length in ((30, 200), (60, rng.randint(16, 24))):
            counts = [longest, 2, *(rng.randint(3, longest - 5) for _ in range(rng.randint(2, 5)))]
            rng.shuffle(counts)
            yield {"texts": [review(rng, n) for n in counts], "max_length": max_length}
        yield {"texts": [review(rng, 4)], "max_length": 32}

    def judge(self, observed: Any, *, texts: list[str], max_length: int) -> None:
        super().judge(observed, texts=texts, max_length=max_length)
        right = tokenizer()(
            texts, padding=True, truncation=True, max_length=max_length, return_tensors="pt"
        )
        for name in ("input_ids", "attention_mask"):
            if observed[name].tolist() != right[name].tolist():
                raise mistake("other-ids", name=name, row=observed[name][0].tolist())


class TokenizeDataset(batching.TokenizeDataset, Task):
    """A dataset gains input_ids and attention_mask, truncated, not yet padded, and keeps its labels."""

    answer_id = "tokenize-dataset"
    points = 2

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        rows = rng.randint(8, 14)
        yield {
            "texts": [review(rng, n) for n in (2, 40, *rng.choices([2, 5, 9, 40], k=rows))],
            "labels": [rng.randrange(2) for _ in range(rows + 2)],
            "max_length": rng.randint(20, 28),
        }

    def judge(self, observed: Any, *, texts: list[str], labels: list[int], max_length: int) -> None:
        super().judge(observed, texts=texts, labels=labels, max_length=max_length)
        right = tokenizer()(texts, truncation=True, max_length=max_length)["input_ids"]
        if observed["input_ids"] != right:
            raise MistakeError(
                "map-other-ids",
                "The column input_ids does not hold what the tokenizer gives for the rows' texts, in "
                "their order.",
            )


class Collate(batching.Collate, Task):
    """Rows become one batch of tensors, padded to the longest of them, with their labels."""

    answer_id = "collate"
    points = 3

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        for _ in range(2):
            rows = []
            # One short and one long row at least: rows that happen to be equal prove nothing.
            sizes = [2, 20, *(rng.randint(0, 19) for _ in range(rng.randint(1, 5)))]
            rng.shuffle(sizes)
            for size in sizes:
                ids = [101, *(rng.randint(1000, 29000) for _ in range(size)), 102]
                rows.append(
                    {
                        "input_ids": ids,
                        "attention_mask": [1] * len(ids),
                        "label": rng.randrange(2),
                    }
                )
            yield {"rows": rows}


TASKS = [WordPieces, EncodeReviews, TokenizeDataset, Collate]
