"""Pictures for lesson 05: a run in progress, overfitting, remedies, and learning rates."""

from __future__ import annotations

import html
import json
import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course.pictures.base import BLUE, GREEN, GREY, ORANGE, Picture, new_figure
from course.watching import Event, Watch

MEASURED = Path(__file__).parents[1] / "measured" / "overfitting.json"
#: The loss of a model that gives both classes the probability 1/2.
GUESSING = math.log(2)


class LiveTraining:
    """Shows a training run in progress: `with LiveTraining(...): fine_tune(...)`.

    It needs no change in the run: PyTorch tells of each backward pass and each optimizer step. Every
    so many steps it asks `evaluate` for the scores on `batches`, and puts the model back into the
    mode it was in. What `evaluate` raises is raised when the run is over. `handle` is that of an
    earlier run, whose picture this one replaces.
    """

    def __init__(
        self,
        evaluate: Callable[[Any, Any], dict[str, float]],
        batches: Any,
        *,
        steps: int,
        every: int = 15,
        baseline: float | None = None,
        handle: Any = None,
    ) -> None:
        self.evaluate, self.batches, self.handle = evaluate, batches, handle
        self.steps, self.every, self.baseline = steps, every, baseline
        self.losses: list[float] = []
        self.scores: dict[int, float] = {}
        self.done = 0
        self._model: Any = None
        self._watch = Watch(on_forward=self._on_forward, on_step=self._on_step)

    def __enter__(self) -> LiveTraining:
        from IPython.display import display

        self._started = time.monotonic()
        if self.handle is None:
            self.handle = display(self, display_id=True)
        self._watch.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._watch.__exit__(*error)
        self._show()
        if error[0] is None and self._watch.failures:
            raise self._watch.failures[0]

    def _on_forward(self, event: Event, model: Any, inputs: Any) -> None:
        if event.gradients and self._model is None:
            self._model = model
            self._evaluate()

    def _on_step(self, event: Event, optimizer: Any) -> None:
        self.done += 1
        seen = (past.loss for past in reversed(self._watch.events) if past.kind == "backward")
        loss = next(seen, None)
        self.losses.append(math.nan if loss is None else loss)
        if self.done % self.every == 0 or self.done == self.steps:
            self._evaluate()
        elif self.done % 5 == 0:
            self._show()

    def _evaluate(self) -> None:
        mode = self._model.training
        try:
            self.scores[self.done] = float(self.evaluate(self._model, self.batches)["accuracy"])
        finally:
            self._model.train(mode)
        self._show()

    def _show(self) -> None:
        if self.handle is not None:
            self.handle.update(self)

    def progress(self) -> str:
        """Return the progress of the run in one line."""
        words = [f"step {self.done} of {self.steps}"]
        if self.losses:
            tail = self.losses[-10:]
            words.append(f"loss {sum(tail) / len(tail):.3f} (mean of the last {len(tail)} steps)")
        if self.scores:
            words.append(f"validation accuracy {list(self.scores.values())[-1]:.3f}")
        return ", ".join([*words, f"{time.monotonic() - self._started:.0f} s"])

    __repr__ = progress

    def _repr_html_(self) -> str:
        picture = Picture(self.figure(), f"Loss and validation accuracy so far: {self.progress()}")
        return f'<p role="status">{html.escape(self.progress())}</p>{picture._repr_html_()}'

    def figure(self) -> Any:
        """Return loss and validation accuracy so far as a figure."""
        figure, (left, right) = new_figure(10, 3.4, panels=2)
        left.axhline(GUESSING, color=GREY, linestyle=":", label="guessing: ln 2 = 0.693")
        steps = range(1, len(self.losses) + 1)
        left.plot(steps, self.losses, ".", color=BLUE, alpha=0.45, label="one batch")
        left.plot(steps, smooth(self.losses), color=BLUE, label="mean of the last 10")
        left.set(xlim=(0, self.steps), ylim=(0, 1.0), xlabel="step", ylabel="training loss")
        left.set_title("Loss of every step")
        left.legend(loc="lower left")
        right.axhline(0.5, color=GREY, linestyle=":", label="guessing")
        if self.baseline is not None:
            right.axhline(self.baseline, color=ORANGE, linestyle="--", label="keywords")
        right.plot(self.scores.keys(), self.scores.values(), "o-", color=GREEN, label="BERT")
        right.set(xlim=(-1, self.steps + 1), ylim=(0.4, 1.0), xlabel="step", ylabel="accuracy")
        right.set_title("Accuracy on validation reviews")
        right.legend(loc="upper left")
        return figure


def smooth(values: Sequence[float], width: int = 10) -> list[float]:
    """Return for each value the mean of it and up to `width` - 1 before it."""
    means = []
    for end in range(1, len(values) + 1):
        window = values[max(0, end - width) : end]
        means.append(sum(window) / len(window))
    return means


@dataclass(frozen=True)
class Run:
    """One recorded run of `bench/overfitting.py`."""

    name: str
    seed: int
    lr: float
    rows: int
    #: After some of the steps: train and validation loss and accuracy.
    curve: list[dict[str, float]]
    #: Of every step.
    losses: list[float]

    def values(self, name: str) -> tuple[list[float], list[float]]:
        """Return the steps and the values of `name`, such as "validation_loss"."""
        return [point["step"] for point in self.curve], [point[name] for point in self.curve]

    def best(self) -> dict[str, float]:
        """Return the point with the lowest validation loss: where early stopping would stop."""
        return min(self.curve, key=lambda point: point["validation_loss"])

    def last(self) -> dict[str, float]:
        """Return the last point."""
        return self.curve[-1]


def measured_runs(file: Path = MEASURED) -> list[Run]:
    """Return the recorded runs."""
    found = json.loads(file.read_text(encoding="utf-8"))["runs"]
    names = ("name", "seed", "lr", "rows", "curve", "losses")
    return [Run(**{name: run[name] for name in names}) for run in found]


def _named(runs: Iterable[Run], name: str) -> list[Run]:
    return [run for run in runs if run.name == name]


def overfitting_picture(runs: Sequence[Run], name: str = "few reviews") -> Picture:
    """Show how training and validation diverge when few reviews are seen again and again."""
    figure, axes = new_figure(10, 3.6, panels=2)
    for panel, score in zip(axes, ("loss", "accuracy"), strict=True):
        for split, colour, marker in (("train", ORANGE, "s"), ("validation", BLUE, "o")):
            for number, run in enumerate(_named(runs, name)):
                steps, values = run.values(f"{split}_{score}")
                label = f"{split} reviews" if number == 0 else None
                style = ("-", "--")[number % 2]
                panel.plot(steps, values, style, marker=marker, color=colour, label=label)
        guess = GUESSING if score == "loss" else 0.5
        panel.axhline(guess, color=GREY, linestyle=":", label="guessing")
        panel.set(xlabel="step", ylabel=score, title=f"{score.capitalize()}: {name}")
    # Below both axes, where it hides no line.
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return Picture(figure, f"Loss and accuracy step by step, {name}. {_ends(_named(runs, name))}")


def _ends(runs: Iterable[Run]) -> str:
    """Return in words how `runs` ended."""
    return " ".join(
        f"Seed {run.seed} ends at training loss {run.last()['train_loss']:.2f}, validation loss "
        f"{run.last()['validation_loss']:.2f}, validation accuracy "
        f"{run.last()['validation_accuracy']:.3f}."
        for run in runs
    )


def remedies_picture(runs: Sequence[Run]) -> Picture:
    """Show each remedy's final validation loss and accuracy, seed by seed."""
    kinds = list(dict.fromkeys(run.name for run in runs if not run.name.startswith("rate")))
    rows: list[tuple[str, list[dict[str, float]]]] = []
    for kind in kinds:
        rows.append((kind, [run.last() for run in _named(runs, kind)]))
        if kind == "few reviews":
            best = [run.best() for run in _named(runs, kind)]
            rows.append(("stopped at lowest loss", best))
    figure, axes = new_figure(10, 1.4 + 0.42 * len(rows), panels=2)
    for panel, score, guess in zip(axes, ("loss", "accuracy"), (GUESSING, 0.5), strict=True):
        for place, (name, points) in enumerate(rows):
            values = [point[f"validation_{score}"] for point in points]
            colour = ORANGE if name == "few reviews" else BLUE
            panel.plot(values, [place] * len(values), "o", color=colour, alpha=0.7, markersize=9)
            panel.axhline(place, color=GREY, linewidth=0.3)
        panel.axvline(guess, color=GREY, linestyle=":", label="guessing")
        panel.set_yticks(range(len(rows)), [name for name, _ in rows])
        panel.set_ylim(len(rows) - 0.5, -0.5)
        better = "lower" if score == "loss" else "higher"
        panel.set(xlabel=f"validation {score} ({better} is better)", title=f"Validation {score}")
        panel.legend(loc="best")
    axes[1].tick_params(labelleft=False)
    told = "; ".join(
        f"{name}: loss {_list(points, 'loss')}, accuracy {_list(points, 'accuracy')}"
        for name, points in rows
    )
    return Picture(figure, f"Validation loss and accuracy of each remedy and seed. {told}.")


def _list(points: Iterable[dict[str, float]], score: str) -> str:
    return " and ".join(f"{point[f'validation_{score}']:.3f}" for point in points)


def rates_picture(runs: Sequence[Run], rate: float) -> Picture:
    """Show the recorded runs with each learning rate, the one of `rate` in the foreground."""
    shown = [run for run in runs if run.name.startswith("rate") or run.name == "more reviews"]
    shown = [run for run in shown if run.seed == 0]
    rates = sorted({run.lr for run in shown})
    if rate not in rates:
        raise ValueError(f"recorded are the learning rates {', '.join(map(str, rates))}")
    figure, (left, right) = new_figure(10, 3.6, panels=2)
    for run in sorted(shown, key=lambda run: run.lr == rate):
        colour, width, layer = (ORANGE, 2.5, 3) if run.lr == rate else (GREY, 1.0, 1)
        style: dict[str, Any] = {"color": colour, "linewidth": width, "zorder": layer}
        losses = smooth(run.losses)
        left.plot(range(1, len(losses) + 1), losses, **style)
        right.plot(*run.values("validation_accuracy"), "o-", **style)
        # 1e-3 and 2e-5 end at the same height: one label above, the other below.
        place = "top" if run.lr < 1e-4 else "bottom" if run.lr > 5e-4 else "center"
        name = f" {run.lr:.0e}".replace("e-0", "e-")
        left.annotate(name, (len(losses), losses[-1]), color=colour, va=place, zorder=layer)
    left.axhline(GUESSING, color=GREY, linestyle=":")
    right.axhline(0.5, color=GREY, linestyle=":")
    left.margins(x=0.12)
    left.set(xlabel="step", ylabel="training loss (mean of 10)", title=f"Learning rate {rate:g}")
    right.set(xlabel="step", ylabel="accuracy", title="Accuracy on validation reviews")
    chosen = _ends(run for run in shown if run.lr == rate)
    return Picture(figure, f"Runs with the learning rates {rates}; in front {rate:g}. {chosen}")
