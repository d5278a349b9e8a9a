"""Pictures of lesson 03: learning rates over a run, how far weights move, and recorded runs."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from course.pictures.base import BLUE, GREEN, GREY, ORANGE, Picture, new_figure

MEASURED = Path(__file__).parents[1] / "measured" / "learning_rates.json"
#: The loss of a model that gives both classes the probability 1/2.
GUESSING = math.log(2)
#: Colour and line of the curves of one picture; the lines differ too, not only the colours.
STYLES = ((BLUE, "-"), (ORANGE, "--"), (GREEN, "-."), (GREY, ":"))


@dataclass(frozen=True)
class Run:
    """One measured run: how it was trained, and what came of it."""

    name: str
    lr: float
    optimizer: str
    schedule: str
    warmup_steps: int
    seed: int
    #: On reviews that were not trained on: share of right ones, mean loss, share called positive.
    accuracy: float
    loss: float
    positive: float
    seconds: float
    #: Of every training step.
    losses: tuple[float, ...]
    rates: tuple[float, ...]

    def last_losses(self, count: int = 10) -> float:
        """Return the mean of the last training losses."""
        return sum(self.losses[-count:]) / count


def recorded_runs(file: Path = MEASURED) -> list[Run]:
    """Return the recorded runs."""
    found = json.loads(file.read_text(encoding="utf-8"))["runs"]
    return [
        Run(**{**run, "losses": tuple(run["losses"]), "rates": tuple(run["rates"])})
        for run in found
    ]


def rate_sweep(runs: Iterable[Run]) -> list[Run]:
    """Return the runs that differ in the learning rate only, the smallest rate first."""
    names = {f"AdamW {_short(run.lr)}" for run in runs}
    return sorted((run for run in runs if run.name in names), key=lambda run: (run.lr, run.seed))


def sweep_picture(runs: Sequence[Run], chosen: float | None = None) -> Picture:
    """Show the result of each learning rate in the sweep, and the losses of the `chosen` one."""
    swept = rate_sweep(runs)
    rates = sorted({run.lr for run in swept})
    if chosen is not None and chosen not in rates:
        raise ValueError(f"recorded are the learning rates {', '.join(map(_short, rates))}")
    figure, (left, right) = new_figure(10, 3.6, 2)
    for run in (run for run in swept if run.seed == 0):
        front = run.lr == chosen
        left.plot(
            *_smooth(run.losses),
            color=ORANGE if front else GREY,
            linewidth=2.5 if front else 0.8,
            zorder=3 if front else 1,
            label=f"{_short(run.lr)}" if front else None,
        )
    left.axhline(GUESSING, color=BLUE, linestyle=":", label="guessing: ln 2")
    left.set(xlabel="step", ylabel="training loss (mean of 10)", title="Loss on the way (seed 0)")
    left.legend(loc="lower left")
    right.axhline(0.5, color=BLUE, linestyle=":")
    means = [_mean([run.accuracy for run in swept if run.lr == rate]) for rate in rates]
    right.plot(rates, means, color=GREY, zorder=1)
    for run in swept:
        colour = ORANGE if run.lr == chosen else GREY
        right.plot(run.lr, run.accuracy, "os"[run.seed % 2], color=colour, zorder=2)
    right.set(xscale="log", ylim=(0.4, 0.85), xlabel="learning rate", ylabel="accuracy")
    right.set_xticks(rates, [_short(rate) for rate in rates], minor=False)
    right.minorticks_off()
    right.set_title("Accuracy in the end (a mark for each seed)")
    told = "; ".join(f"{_short(rate)}: {_accuracies(swept, rate)}" for rate in rates)
    return Picture(figure, f"Accuracy after 60 steps by learning rate. {told}.")


def compare_picture(runs: Sequence[Run], names: Sequence[str]) -> Picture:
    """Show the training losses of some settings, both seeds, and their accuracies."""
    groups = {name: [run for run in runs if run.name == name] for name in names}
    unknown = [name for name, group in groups.items() if not group]
    if unknown:
        raise ValueError(f"recorded are {', '.join(dict.fromkeys(run.name for run in runs))}")
    figure, (left, right) = new_figure(10, 3.6, 2)
    for place, (name, group) in enumerate(groups.items()):
        colour, line = STYLES[place % len(STYLES)]
        for run in group:
            label = name if run is group[0] else None
            left.plot(*_smooth(run.losses), line, color=colour, label=label)
            right.plot(run.accuracy, place, "os"[run.seed % 2], color=colour)
    left.axhline(GUESSING, color=GREY, linewidth=0.8)
    left.set(xlabel="step", ylabel="training loss (mean of 10)")
    left.set_title("Loss during the run (one line per seed)")
    left.legend(loc="lower left")
    right.axvline(0.5, color=GREY, linewidth=0.8)
    right.set_yticks(range(len(groups)), list(groups))
    right.set(xlim=(0.4, 0.85), ylim=(len(groups) - 0.5, -0.5), xlabel="accuracy")
    right.set_title("Accuracy in the end (a mark for each seed)")
    told = "; ".join(
        f"{name}: accuracy {' and '.join(f'{run.accuracy:.3f}' for run in group)}"
        for name, group in groups.items()
    )
    return Picture(figure, f"Recorded runs of 60 steps. {told}.")


def schedule_picture(
    curves: Mapping[str, Sequence[float]], epoch_ends: Sequence[int] = ()
) -> Picture:
    """Show the learning rate of each step, one curve for each schedule."""
    figure, axes = new_figure(8.5, 3.4)
    for end in epoch_ends:
        axes.axvline(end, color=GREY, linewidth=0.8, linestyle=":")
    for place, (name, rates) in enumerate(curves.items()):
        colour, line = STYLES[place % len(STYLES)]
        axes.plot(range(1, len(rates) + 1), rates, line, color=colour, label=name)
    axes.set(xlabel="step", ylabel="learning rate", title="The learning rate at every step")
    axes.ticklabel_format(axis="y", style="sci", scilimits=(0, 0))
    axes.set_ylim(bottom=0)
    axes.legend(loc="best")
    told = "; ".join(
        f"{name}: begins at {rates[0]:.2g}, is highest ({max(rates):.2g}) at step "
        f"{list(rates).index(max(rates)) + 1}, ends at {rates[-1]:.2g}"
        for name, rates in curves.items()
    )
    return Picture(figure, f"Learning rates over {max(map(len, curves.values()))} steps. {told}.")


def reach_picture(reaches: Mapping[str, Sequence[tuple[float, float]]], rate: float) -> Picture:
    """Show how far each tensor moved in one step against the size of its gradient.

    `reaches` has for each optimizer one pair per tensor: typical gradient, typical move.
    """
    figure, axes = new_figure(8.5, 3.8)
    for place, (name, pairs) in enumerate(reaches.items()):
        sizes, moves = zip(*[pair for pair in pairs if min(pair) > 0], strict=True)
        axes.scatter(
            sizes, moves, s=22, color=STYLES[place][0], marker="os^D"[place], alpha=0.7, label=name
        )
    axes.axhline(rate, color=GREY, linestyle=":", label=f"the learning rate, {_short(rate)}")
    axes.set(xscale="log", yscale="log")
    axes.set_xlabel("typical gradient in a tensor (root mean square)")
    axes.set_ylabel("typical move of its weights")
    axes.set_title("One step, one dot per tensor")
    axes.legend(loc="best")
    told = "; ".join(
        f"{name}: half of the tensors move by less than {sorted(m for _, m in pairs)[len(pairs) // 2]:.1g}, "
        f"none by more than {max(move for _, move in pairs):.1g}"
        for name, pairs in reaches.items()
    )
    return Picture(figure, f"Moves of the weights in one step at rate {_short(rate)}. {told}.")


def _short(rate: float) -> str:
    """Return a rate as people write it: 2e-5."""
    mantissa, _, exponent = f"{rate:.0e}".partition("e")
    return f"{mantissa}e{int(exponent)}"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _accuracies(runs: Iterable[Run], rate: float) -> str:
    return " and ".join(f"{run.accuracy:.3f}" for run in runs if run.lr == rate)


def _smooth(losses: Sequence[float], width: int = 10) -> tuple[list[int], list[float]]:
    """Return steps, and the mean of the losses up to each of them, ten at most."""
    steps = list(range(1, len(losses) + 1))
    return steps, [_mean(losses[max(0, step - width) : step]) for step in steps]
