"""The exam of the miniature lesson."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from autograder.examining.exam import Task
from course.checks.base import Inputs
from course.checks.mistakes import mistake, read_mistakes
from course.checks.values import need_mapping

MISTAKES = read_mistakes(Path(__file__).with_name("mistakes.yaml"))

WORDS = ["The", "the", "a", "cat", "Cat", "sat", "on", "mat", "MAT", "slowly"]


class CountWords(Task):
    """Words are counted whatever their case."""

    answer_id = "count-words"
    function = "count_words"
    told = (
        "returns-none", MISTAKES["case-kept"], MISTAKES["wrong-counts"], MISTAKES["wrong-words"],
    )  # fmt: skip
    points = 2
    timeout = 3

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        for _ in range(3):
            yield {"text": " ".join(rng.choices(WORDS, k=20))}

    def judge(self, observed: Any, *, text: str) -> None:
        right = Counter(text.lower().split())
        counts = need_mapping(observed, [], "The result of count_words")
        if counts == Counter(text.split()) != right:
            raise mistake(MISTAKES["case-kept"])
        if counts != right:
            half = set(counts) == set(right)
            wrong = MISTAKES["wrong-counts" if half else "wrong-words"]
            raise mistake(wrong, text=text, right=dict(right))


class LongestWord(Task):
    """The longest word is found, of several the first."""

    answer_id = "longest-word"
    function = "longest_word"
    told = (MISTAKES["last-of-several"], MISTAKES["wrong-word"])
    points = 3
    timeout = 3

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        for _ in range(3):
            yield {"text": " ".join("x" * rng.randint(1, 9) + str(i) for i in range(8))}

    def judge(self, observed: Any, *, text: str) -> None:
        right = max(text.split(), key=len)
        if observed == max(reversed(text.split()), key=len) != right:
            raise mistake(MISTAKES["last-of-several"])
        if observed != right:
            raise mistake(MISTAKES["wrong-word"], text=text, right=right)


TASKS = [CountWords, LongestWord]
