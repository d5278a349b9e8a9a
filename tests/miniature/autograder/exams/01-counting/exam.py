"""The exam of the miniature lesson."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from typing import Any

from autograder.examining.exam import Task
from course.checks.base import Inputs
from course.checks.mistakes import MistakeError
from course.checks.values import need_mapping

WORDS = ["The", "the", "a", "cat", "Cat", "sat", "on", "mat", "MAT", "slowly"]


class CountWords(Task):
    """Words are counted whatever their case."""

    answer_id = "count-words"
    function = "count_words"
    points = 2
    timeout = 3

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        for _ in range(3):
            yield {"text": " ".join(rng.choices(WORDS, k=20))}

    def judge(self, observed: Any, *, text: str) -> None:
        right = Counter(text.lower().split())
        counts = need_mapping(observed, [], "The result of count_words")
        if counts == Counter(text.split()) != right:
            raise MistakeError(
                "case-kept", "count_words counts 'The' and 'the' apart: lower the case first."
            )
        if counts != right:
            credit = 0.5 if set(counts) == set(right) else 0.0
            raise MistakeError(
                "wrong-counts", f"count_words({text!r}) should give {dict(right)}.", credit=credit
            )


class LongestWord(Task):
    """The longest word is found, of several the first."""

    answer_id = "longest-word"
    function = "longest_word"
    points = 3
    timeout = 3

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        for _ in range(3):
            yield {"text": " ".join("x" * rng.randint(1, 9) + str(i) for i in range(8))}

    def judge(self, observed: Any, *, text: str) -> None:
        right = max(text.split(), key=len)
        if observed == max(reversed(text.split()), key=len) != right:
            raise MistakeError(
                "last-of-several", "Of several longest words yours returns the last one."
            )
        if observed != right:
            raise MistakeError("wrong-word", f"longest_word({text!r}) should be {right!r}.")


TASKS = [CountWords, LongestWord]
