"""The bar as a picture of text: what others get on the same kind of question, and where you are."""

from __future__ import annotations

from autograder.verdict.bars import Bar, load_ways

LEAST, MOST, COLUMNS = 0.45, 1.0, 56
#: What of the measured ways is shown, by its name in runs.json.
SHOWN = ("counting words (TF-IDF)", "25 of 60 steps")


def picture(bar: Bar, you: float | None = None) -> str:
    """Return the picture; `you` is an accuracy, or None where there is none yet."""
    shown = {"untrained": [bar.untrained]}
    shown |= {way.name: way.accuracies for way in load_ways() if way.name in SHOWN}
    shown["the reference"] = bar.accuracies
    shown = dict(sorted(shown.items(), key=lambda one: sum(one[1]) / len(one[1])))
    if you is not None:
        shown["you"] = [you]
    width = max(map(len, [*shown, "full marks from"]))
    ticks = [LEAST + 0.05, 0.6, 0.7, 0.8, 0.9, MOST]
    scale = [" "] * (COLUMNS + 4)
    for tick in ticks:
        scale[_column(tick) : _column(tick) + 3] = f"{tick:.1f}"
    lines = [" " * (width + 2) + "".join(scale).rstrip()]
    for name, accuracies in shown.items():
        row = [" "] * (COLUMNS + 1)
        first, last = _column(min(accuracies)), _column(max(accuracies))
        row[first : last + 1] = "─" * (last + 1 - first)
        row[_column(sum(accuracies) / len(accuracies))] = "●"
        lines.append(f"{name:>{width}}  {''.join(row).rstrip()}")
    lines.append(f"{'full marks from':>{width}}  {' ' * _column(bar.full)}▲ {bar.full:.3f}")
    return "\n".join(lines)


def _column(accuracy: float) -> int:
    inside = min(max(accuracy, LEAST), MOST)
    return round((inside - LEAST) / (MOST - LEAST) * COLUMNS)
