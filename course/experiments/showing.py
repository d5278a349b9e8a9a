"""Runs as tables, in a notebook and as text, and laid over one another in a picture."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from course.experiments.records import RunRecord
from course.pictures.base import BLUE, GREEN, GREY, ORANGE, Picture, new_figure
from course.pictures.training import GUESSING, smooth

BARS = "▁▂▃▄▅▆▇█"
#: JupyterLab sets tables to the right.
NARROW = 'style="text-align:left;white-space:nowrap;padding:.3em .6em .3em 0"'
#: Columns of a loss curve in a line of text.
CURVE = 12
#: Rows of a table at most: the last ones.
ROWS = 40
STYLES = ((BLUE, "-"), (ORANGE, "--"), (GREEN, "-."), (GREY, ":"))


@dataclass(frozen=True)
class Table:
    """A table of text that shows itself in a notebook and in a plain terminal."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    #: Sentences below the table.
    notes: Sequence[str] = ()

    def __repr__(self) -> str:
        lines = [self.columns, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        body = (
            "  ".join(f"{cell:{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in (lines if self.rows else [])
        )
        return "\n".join([self.title, *body, *self.notes])

    def _repr_html_(self) -> str:
        def line(cells: Iterable[str], tag: str) -> str:
            return "".join(f"<{tag} {NARROW}>{html.escape(cell)}</{tag}>" for cell in cells)

        body = "".join(f"<tr>{line(row, 'td')}</tr>" for row in self.rows)
        table = (
            f"<table><thead><tr>{line(self.columns, 'th')}</tr></thead><tbody>{body}</tbody></table>"
            if self.rows
            else ""
        )
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        wide = '<div style="overflow-x:auto">'
        return f"<div><b>{html.escape(self.title)}</b>{wide}{table}</div>{notes}</div>"


def curves(runs: Sequence[RunRecord]) -> list[str]:
    """Return the course of each run's loss in a few characters, all on one scale.

    Full height is guessing, or worse; the lowest bar is the lowest loss of all.
    """
    every = [smooth([loss for loss in run.losses if loss is not None]) for run in runs]
    lowest = min((min(losses) for losses in every if losses), default=0.0)
    top = max(GUESSING - lowest, 1e-9)

    def bars(losses: Sequence[float]) -> str:
        count = min(CURVE, len(losses))
        # The first and the last step among them.
        places = [round(place * (len(losses) - 1) / max(count - 1, 1)) for place in range(count)]
        heights = (min(max((losses[place] - lowest) / top, 0.0), 1.0) for place in places)
        return "".join(BARS[round(height * (len(BARS) - 1))] for height in heights)

    return list(map(bars, every))


def runs_table(title: str, runs: Sequence[RunRecord], notes: Sequence[str] = ()) -> Table:
    """Return a table of runs: number, the settings that differ among them, seed, curve, and cost."""
    shown = runs[-ROWS:]
    # Steps have a column anyway.
    every = dict.fromkeys(name for run in shown for name in run.settings if name != "steps")
    names = [
        name
        for name in every
        if len({str(run.settings.get(name)) for run in shown}) > 1 or name == "rate"
    ]
    common = shown[-1].settings if shown else {}
    said = ", ".join(f"{name} {common[name]:g}" for name in every if name not in names)
    left_out = len(runs) - len(shown)
    return Table(
        title + (f" ({said} in all)" if said else ""),
        ["run", *names, "seed", "accuracy", "loss", "curve", "steps", "reviews", "time"],
        [
            [
                str(run.number),
                *(f"{run.settings[name]:g}" if name in run.settings else "" for name in names),
                str(run.seed),
                "stopped" if run.accuracy is None else f"{run.accuracy:.3f}",
                "" if run.final_loss is None else f"{run.final_loss:.3f}",
                drawn,
                f"{run.steps} of {run.planned}",
                f"{run.reviews:,}",
                f"{run.seconds:.0f} s",
            ]
            for run, drawn in zip(shown, curves(shown), strict=True)
        ],
        [*([f"{left_out} earlier runs are kept, too."] if left_out else []), *notes],
    )


def name_of(run: RunRecord, among: Sequence[RunRecord]) -> str:
    """Return what tells a run from others: its number, and what is different about it."""
    different = [
        f"{name} {value:g}"
        for name, value in run.settings.items()
        if any(other.settings.get(name) != value for other in among)
    ]
    attempt = [f"attempt {run.attempt}"] if run.attempt else []
    return ", ".join([f"run {run.number}", *attempt, *different, f"seed {run.seed}"])


def overlay(runs: Sequence[RunRecord]) -> Picture:
    """Lay the curves of some runs over one another: loss on the left, accuracy on the right."""
    figure, (left, right) = new_figure(10, 3.8, panels=2)
    left.axhline(GUESSING, color=GREY, linewidth=0.8, linestyle=":")
    right.axhline(0.5, color=GREY, linewidth=0.8, linestyle=":")
    told = []
    for number, run in enumerate(runs):
        colour, line = STYLES[number % len(STYLES)]
        losses = [math.nan if loss is None else loss for loss in run.losses]
        name = name_of(run, runs)
        left.plot(range(1, len(losses) + 1), losses, ".", color=colour, alpha=0.25)
        left.plot(range(1, len(losses) + 1), smooth(losses), line, color=colour, label=name)
        right.plot(list(run.scores), list(run.scores.values()), line, marker="o", color=colour)
        end = "stopped" if run.accuracy is None else f"accuracy {run.accuracy:.3f}"
        told.append(f"{name}: {end}")
    left.set(xlabel="step", ylabel="loss", title="Training loss (mean of the last 10)")
    right.set(xlabel="step", ylabel="accuracy", title="Accuracy on validation reviews")
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return Picture(figure, f"Loss and validation accuracy, step by step. {'; '.join(told)}.")
