"""What BERT is worth: accuracy and cost against the number of reviews, beside counting words.

`bench/worth.py` measured it: three methods learn from the same reviews and are tried on the same
test reviews.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from course.pictures.base import BLUE, GREEN, ORANGE, Picture, new_figure

FILE = Path(__file__).parents[1] / "measured" / "worth.json"
STYLES = {
    "counting words": (BLUE, "s"),
    "frozen encoder": (GREEN, "^"),
    "fine-tuned": (ORANGE, "o"),
}
WORDS, TUNED = "counting words", "fine-tuned"
TITLES = {"rotten-tomatoes": "Rotten Tomatoes, one sentence", "imdb": "IMDb, whole reviews"}
#: What a core and its share of the machine draw, in watts, and the price of a kilowatt hour in
#: euros: assumptions, for the order of magnitude.
WATTS, EUROS = 15, 0.30


@dataclass(frozen=True)
class Trial:
    """One method after one training, and what it got right of the test reviews."""

    source: str
    rows: int
    seed: int
    method: str
    tests: int
    right: int
    #: Test reviews that it alone, or counting words alone, gets right.
    only_it: int
    only_words: int
    #: Processor time of training and of all predictions.
    seconds: float

    @property
    def accuracy(self) -> float:
        return self.right / self.tests


def measured_worth(file: Path = FILE) -> list[Trial]:
    """Return the recorded trials."""
    return [Trial(**row) for row in json.loads(file.read_text(encoding="utf-8"))["rows"]]


def paired_interval(only_it: float, only_words: float, tests: int) -> tuple[float, float, float]:
    """Return the difference of two accuracies on the same reviews, with its 95 % interval.

    Only reviews on which one alone is right say anything (Agresti, Categorical Data Analysis,
    2013, section 11.1: the standard error of a difference of paired shares).
    """
    difference = (only_it - only_words) / tests
    error = ((only_it + only_words - (only_it - only_words) ** 2 / tests) ** 0.5) / tests
    return difference, difference - 1.96 * error, difference + 1.96 * error


@dataclass(frozen=True)
class Line:
    """What one number of reviews brings: means over all seeds."""

    source: str
    rows: int
    accuracy: dict[str, float]
    seconds: dict[str, float]
    #: Fine-tuning minus counting words, with its interval.
    gain: tuple[float, float, float]

    @property
    def cents(self) -> float:
        """The electricity of fine-tuning, in euro cents."""
        return self.seconds[TUNED] / 3600 * WATTS / 1000 * EUROS * 100


def lines(trials: Sequence[Trial]) -> list[Line]:
    """Return one line for each source and number of reviews."""
    return [
        _line([one for one in trials if (one.source, one.rows) == key])
        for key in dict.fromkeys((one.source, one.rows) for one in trials)
    ]


def _line(trials: list[Trial]) -> Line:
    def means(field: str) -> dict[str, float]:
        return {
            method: fmean(getattr(one, field) for one in trials if one.method == method)
            for method in STYLES
        }

    first = trials[0]
    only_it, only_words = means("only_it")[TUNED], means("only_words")[TUNED]
    return Line(
        first.source,
        first.rows,
        means("accuracy"),
        means("seconds"),
        # The seeds share their test reviews: their luck is that of one test, not of several.
        paired_interval(only_it, only_words, first.tests),
    )


def worth_picture(trials: Sequence[Trial]) -> Picture:
    """Show accuracy against the number of reviews: a mark for each seed, a line for the means."""
    found = lines(trials)
    sources = list(dict.fromkeys(one.source for one in found))
    figure, panels = new_figure(5 * len(sources), 4.0, len(sources))
    for axes, source in zip(panels if len(sources) > 1 else [panels], sources, strict=True):
        _panel(axes, source, trials, [one for one in found if one.source == source])
    told = "; ".join(
        f"{one.source}, {one.rows} reviews: "
        + ", ".join(f"{method} {share:.3f}" for method, share in one.accuracy.items())
        for one in found
    )
    return Picture(figure, f"Accuracy by number of reviews. {told}.")


def _panel(axes: Any, source: str, trials: Sequence[Trial], found: Sequence[Line]) -> None:
    counts = [one.rows for one in found]
    for method, (colour, mark) in STYLES.items():
        axes.plot(counts, [one.accuracy[method] for one in found], color=colour, label=method)
        dots = [one for one in trials if (one.source, one.method) == (source, method)]
        axes.plot(
            [one.rows for one in dots], [one.accuracy for one in dots], mark, color=colour, ms=5
        )
    axes.set(xscale="log", ylim=(0.48, 0.92), xlabel="reviews to learn from", ylabel="accuracy")
    axes.set_xticks(counts, [f"{count:,}" for count in counts])
    axes.minorticks_off()
    axes.set_title(TITLES.get(source, source))
    axes.grid(axis="y", alpha=0.4)
    axes.legend(loc="lower right")


def worth_table(found: Iterable[Line]) -> str:
    """Return the lines as a Markdown table."""
    head = (
        "| reviews | counting words | frozen encoder | fine-tuned | fine-tuned − words (95 %) "
        "| processor time, words | fine-tuned |\n| --- | --- | --- | --- | --- | --- | --- |"
    )
    return "\n".join(
        [
            head,
            *(
                f"| {TITLES[one.source].partition(',')[0]}, {one.rows:,} "
                f"| {one.accuracy[WORDS]:.3f} | {one.accuracy['frozen encoder']:.3f} "
                f"| {one.accuracy[TUNED]:.3f} "
                f"| {one.gain[0]:+.3f} ({one.gain[1]:+.3f} to {one.gain[2]:+.3f}) "
                f"| {one.seconds[WORDS]:.1f} s | {_time(one.seconds[TUNED])} |"
                for one in found
            ),
        ]
    )


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
