"""The picture of lesson 07's experiment: recorded runs of several arms."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import fmean
from typing import Any

from course.pictures.base import BLUE, GREEN, ORANGE, Picture, new_figure

#: Written by `bench/own_data.py`.
FILE = Path(__file__).parents[1] / "measured" / "own_data.json"
COLOURS = (ORANGE, BLUE, GREEN)


def recorded_arms(file: Path = FILE) -> dict[str, Any]:
    """Return the recorded runs: the classes with their rows, and the runs of each arm."""
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def recalls(recorded: dict[str, Any], arm: str) -> dict[str, list[float]]:
    """Return the recall of each class in the runs of `arm`, one number a seed."""
    runs = [run for run in recorded["runs"] if run["arm"] == arm]
    return {
        name: [run["found"][name] / rows for run in runs] for name, rows in recorded["rows"].items()
    }


def arms_picture(recorded: dict[str, Any]) -> Picture:
    """Show the recall of each class in each arm: a dot for each seed, and a line at their mean."""
    arms = list(dict.fromkeys(run["arm"] for run in recorded["runs"]))
    figure, axes = new_figure(8.5, 4.0)
    said = []
    for place, arm in enumerate(arms):
        for column, (name, shares) in enumerate(recalls(recorded, arm).items()):
            x = column + 0.25 * (place - (len(arms) - 1) / 2)
            label = arm if column == 0 else None
            axes.plot([x] * len(shares), shares, "o", color=COLOURS[place], label=label)
            axes.plot([x - 0.08, x + 0.08], [fmean(shares)] * 2, color=COLOURS[place], linewidth=2)
            said.append(f"{arm}, {name}: " + ", ".join(f"{one:.2f}" for one in shares))
    axes.set_xticks(
        range(len(recorded["rows"])),
        [f"{name} ({rows})" for name, rows in recorded["rows"].items()],
    )
    axes.set(ylim=(0, 1.03), ylabel="recall", title="Found messages of each class, three seeds")
    axes.grid(axis="y", alpha=0.4)
    axes.legend(loc="lower left")
    return Picture(figure, f"Recall by class and seed. {'; '.join(said)}.")
