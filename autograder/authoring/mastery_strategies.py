"""What the mastery test pays for answers without knowledge, over many drawn tests.

Each strategy sees a question as students have it and answers by a rule of thumb. `measure` marks
its answers with the bank and compares them with guessing. `shared` says how many right answers two
neighbours have in common.
"""

from __future__ import annotations

import difflib
import math
import random
import statistics
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise, permutations
from typing import Any

from course.practice.kinds import BLANK, bare
from course.practice.mastery import drawn
from course.practice.running import apart, run
from course.practice.stems import Stem, response_of

#: How many tests are drawn, and how many standard errors above guessing are too many.
TESTS, ERRORS = 500, 2
#: How many right answers two neighbours may share on average.
SHARED = 1.0
#: How many ways of filling blanks or ordering lines are run.
RUNS = 24


@dataclass(frozen=True)
class Asked:
    """A variant of a question, and the stem that students get of it."""

    stem: Stem
    variant: Any

    @property
    def answers(self) -> list[str]:
        """The right texts, one for each pick; for `several` in the order of the options."""
        answer = self.variant.answer
        if self.stem.kind == "several":
            return [text for text in self.stem.options if text in answer]
        return list(answer) if isinstance(answer, list) else [answer]

    @property
    def key(self) -> tuple[int, ...]:
        """The places of the right texts among the options or lines."""
        shown = self.stem.lines or self.stem.options
        return tuple(shown.index(text) for text in self.answers)

    @property
    def guessing(self) -> float:
        """The probability that a blind answer with so many picks is right."""
        count, stem = len(self.answers), self.stem
        if stem.kind == "several":
            return 1 / math.comb(len(stem.options), count)
        return 1 / math.perm(len(stem.lines or stem.options), count)

    def is_right(self, order: Sequence[int]) -> bool:
        """Return whether the first of `order`, places of options or lines, are the right answer.

        How many options are right is given away, which favours the strategy.
        """
        stem, picks = self.stem, list(order)[: len(self.answers)]
        given: Any = picks[0] if stem.kind in ("choice", "find", "predict") else picks
        return bool(self.variant.grade(response_of(stem, given)).right)


@dataclass(frozen=True)
class Result:
    """The share of points that a strategy earns, that of guessing, and the error of the difference."""

    strategy: str
    share: float
    guessing: float
    error: float

    @property
    def pays(self) -> bool:
        """Whether it earns significantly more than guessing."""
        return self.share - self.guessing > ERRORS * self.error

    def __str__(self) -> str:
        return (
            f"the strategy {self.strategy!r} earns {self.share:.1%} of the points, guessing "
            f"{self.guessing:.1%} (standard error {self.error:.1%})"
        )


def _shown(stem: Stem) -> list[str]:
    return list(stem.lines or stem.options)


def _by(stem: Stem, score: Callable[[str], float]) -> list[int]:
    """Return the places of what is shown, the highest score first."""
    texts = _shown(stem)
    return sorted(range(len(texts)), key=lambda place: -score(texts[place]))


def _alike(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()


def always_first(stem: Stem) -> list[int]:
    """Take what stands first."""
    return list(range(len(_shown(stem))))


def always_longest(stem: Stem) -> list[int]:
    """Take the longest text; authors like to explain the right one."""
    return _by(stem, len)


def most_similar_to_the_code(stem: Stem) -> list[int]:
    """Take the text that is most like some line of what is shown."""
    lines = (stem.code or stem.prompt).splitlines()
    return _by(stem, lambda text: max(_alike(line, text) for line in lines))


def invert_the_order(stem: Stem) -> list[int]:
    """Undo a shuffle by id and seed, and take what the author wrote first."""
    places = list(range(len(_shown(stem))))
    random.Random(f"{stem.id}:{stem.seed}:0").shuffle(places)
    return sorted(range(len(places)), key=lambda place: places[place])


def repeat_the_draw(stem: Stem) -> list[int]:
    """Draw by id and seed, as if the first thing drawn were the right text."""
    texts = _shown(stem)
    rng = random.Random(f"{stem.id}:{stem.seed}:0")
    order = rng.sample(sorted(texts), len(texts))
    return [texts.index(text) for text in order]


def run_the_shown_code(stem: Stem) -> list[int]:
    """Take what the code prints, or the first options or order with which it runs."""
    texts = _shown(stem)
    if stem.kind in ("fill", "order"):
        count = stem.blanks or len(texts)
        for places in islice(permutations(range(len(texts)), count), RUNS):
            if _printed(_filled(stem, [texts[place] for place in places])) is not None:
                return list(places)
        return list(range(len(texts)))
    printed = _printed(stem.code) if stem.code else None
    if printed and printed.strip():
        return _by(stem, lambda text: bare(text) == bare(printed))
    return _by(stem, lambda text: _printed(f"{stem.code}\n{text.strip('`')}") is not None)


def _filled(stem: Stem, chosen: Sequence[str]) -> str:
    if stem.kind == "fill":
        return BLANK.sub(lambda blank: chosen[int(blank[1]) - 1], stem.code)
    return "\n".join([stem.code, *chosen])


def _printed(code: str) -> str | None:
    """Return what `code` prints, or None if it fails."""
    with apart():
        warnings.simplefilter("ignore")  # of what the compiler thinks about a table
        try:
            return run(code, {})
        except Exception:
            return None


STRATEGIES: dict[str, Callable[[Stem], list[int]]] = {
    "run the shown code": run_the_shown_code,
    "always the longest": always_longest,
    "always the first": always_first,
    "most similar to the code": most_similar_to_the_code,
    "invert the order": invert_the_order,
    "repeat the draw": repeat_the_draw,
}


def tests_of(every: Sequence[Asked]) -> list[list[Asked]]:
    """Return the tests of so many students; raises ValueError if the bank is too small."""
    found = {(one.stem.id, one.stem.seed): one for one in every}
    stems = [one.stem for one in every]
    names = (f"student{number}" for number in range(TESTS))
    return [[found[stem.id, stem.seed] for stem in drawn(name, stems)] for name in names]


def measure(every: Sequence[Asked]) -> list[Result]:
    """Return what each strategy earns in the tests that are drawn from `every` variant."""
    tests = tests_of(every)
    results = []
    for name, strategy in STRATEGIES.items():
        right = {(one.stem.id, one.stem.seed): one.is_right(strategy(one.stem)) for one in every}
        shares, gains = [], []
        for test in tests:
            share = statistics.fmean(right[one.stem.id, one.stem.seed] for one in test)
            shares.append(share)
            gains.append(share - statistics.fmean(one.guessing for one in test))
        error = statistics.stdev(gains) / math.sqrt(len(gains))
        share = statistics.fmean(shares)
        results.append(Result(name, share, share - statistics.fmean(gains), error))
    return results


def shared(every: Sequence[Asked]) -> float:
    """Return how many right answers a student can copy from the neighbour, on average.

    A question counts if both have it, and the right picks or the right texts are the same.
    """
    counts = []
    for mine, other in pairwise(tests_of(every)):
        known = {one.stem.id: one for one in other}
        both = [(one, known[one.stem.id]) for one in mine if one.stem.id in known]
        counts.append(sum(one.key == two.key or one.answers == two.answers for one, two in both))
    return statistics.fmean(counts)


def strategy_faults(every: Sequence[Asked]) -> Iterator[str]:
    """Yield what pays without knowledge in tests that are drawn from `every` variant."""
    try:
        results, copied = measure(every), shared(every)
    except ValueError as error:
        yield str(error)
        return
    yield from (str(result) for result in results if result.pays)
    if copied > SHARED:
        yield f"two neighbours share {copied:.2f} right answers on average, more than {SHARED:g}"
