"""Pictures of lesson 04: which axis, unequal batches, a confusion matrix, intervals, errors."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from course.pictures.base import BLUE, GREY, ORANGE, Picture, new_figure


def axes_picture(logits: Any, names: Sequence[str]) -> Picture:
    """Show a table of logits, with the largest of each row and the largest of each column."""
    rows, columns = logits.shape
    figure, axes = new_figure(2.6 + 1.4 * columns, 1.8 + 0.42 * rows)
    least, most = logits.min().item(), logits.max().item()
    # Only the light half of the colours, so that black is readable on all of them.
    axes.imshow(logits.numpy(), cmap="Blues", vmin=least, vmax=2 * most - least, aspect="auto")
    for row in range(rows):
        for column in range(columns):
            axes.text(column, row, f"{logits[row, column].item():.2f}", ha="center", va="center")
    by_row, by_column = logits.argmax(dim=1).tolist(), logits.argmax(dim=0).tolist()
    style: dict[str, Any] = {"facecolors": "none", "linewidths": 2.5, "clip_on": False}
    axes.scatter(
        [column - 0.32 for column in by_row],
        range(rows),
        s=110,
        marker="o",
        edgecolors="black",
        label=f"largest of its row, dim=1: {by_row}",
        **style,
    )
    axes.scatter(
        [column + 0.32 for column in range(columns)],
        by_column,
        s=110,
        marker="s",
        edgecolors=ORANGE,
        label=f"largest of its column, dim=0: {by_column}",
        **style,
    )
    axes.set_xticks(range(columns), [f"{place}: {name}" for place, name in enumerate(names)])
    axes.set_yticks(range(rows), [f"review {row}" for row in range(rows)])
    axes.set_xlabel("class")
    axes.set_title("Logits: one row per review, one column per class")
    figure.legend(loc="outside lower center")
    return Picture(
        figure,
        f"A table of logits. Largest of each row, dim=1: {by_row}. "
        f"Largest of each column, dim=0: {by_column}.",
    )


def batches_picture(right: Sequence[int], sizes: Sequence[int]) -> Picture:
    """Show each batch's accuracy, as wide as the batch, and the two averages."""
    figure, axes = new_figure(8.5, 3.4)
    start = 0
    for hits, size in zip(right, sizes, strict=True):
        axes.bar(start, hits / size, width=size, align="edge", color="#9ecae1", edgecolor="white")
        start += size
    mean = sum(hits / size for hits, size in zip(right, sizes, strict=True)) / len(sizes)
    share = sum(right) / sum(sizes)
    axes.axhline(mean, color=ORANGE, linestyle="--", label=f"mean of the batches: {mean:.4f}")
    axes.axhline(share, color=BLUE, label=f"right reviews ÷ all reviews: {share:.4f}")
    axes.set(xlim=(0, start), ylim=(0, 1.05), xlabel="reviews, in batches", ylabel="accuracy")
    axes.set_title(f"{len(sizes)} batches; the last holds {sizes[-1]} of {sum(sizes)} reviews")
    axes.legend(loc="lower left")
    return Picture(
        figure,
        f"Accuracy of {len(sizes)} batches. Mean of the batches: {mean:.4f}. "
        f"Right reviews divided by all reviews: {share:.4f}.",
    )


def confusion_picture(matrix: Any, names: Sequence[str]) -> Picture:
    """Show a confusion matrix: counts, and the share of each row."""
    figure, axes = new_figure(5.2, 4.2)
    count = len(names)
    total = [max(sum(row), 1) for row in matrix]
    shares = [[matrix[i][j] / total[i] for j in range(count)] for i in range(count)]
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i in range(count):
        for j in range(count):
            text = f"{matrix[i][j]}\n{shares[i][j]:.0%} of row"
            colour = "white" if shares[i][j] > 0.55 else "black"
            axes.text(j, i, text, ha="center", va="center", color=colour, fontsize=12)
    axes.set_xticks(range(count), names)
    axes.set_yticks(range(count), names)
    axes.set(xlabel="predicted", ylabel="true", title="Confusion matrix")
    cells = (
        f"{matrix[i][j]} truly {names[i]}, predicted {names[j]}"
        for i in range(count)
        for j in range(count)
    )
    return Picture(figure, f"Confusion matrix: {'; '.join(cells)}.")


def intervals_picture(results: Mapping[str, tuple[float, float, float]]) -> Picture:
    """Show accuracies with their intervals: name → (accuracy, low, high)."""
    figure, axes = new_figure(8.0, 1.2 + 0.5 * len(results))
    for place, (share, low, high) in enumerate(results.values()):
        axes.plot([low, high], [place, place], color=BLUE, linewidth=3, solid_capstyle="butt")
        axes.plot(share, place, "o", color=BLUE, markersize=8)
        label = f"{share:.3f}  ({low:.3f} to {high:.3f})"
        axes.text((low + high) / 2, place - 0.2, label, ha="center", va="bottom", fontsize=9)
        axes.axhline(place, color=GREY, linewidth=0.3)
    axes.set_yticks(range(len(results)), results)
    axes.set_ylim(len(results) - 0.5, -0.7)
    axes.set(xlabel="accuracy", title="Accuracy and its 95 % interval")
    axes.grid(axis="x", alpha=0.4)
    said = (
        f"{name} {share:.3f} ({low:.3f} to {high:.3f})"
        for name, (share, low, high) in results.items()
    )
    return Picture(figure, f"Accuracy and 95 % interval: {'; '.join(said)}.")


@dataclass(frozen=True)
class Errors:
    """The most confident errors, as a table for a notebook and as lines for a terminal."""

    rows: list[tuple[str, str, str, float]]

    def __str__(self) -> str:
        return "\n".join(
            f"{probability:.0%} sure: {said}; truly {truth}: {text}"
            for text, truth, said, probability in self.rows
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        cell = 'style="text-align:left;vertical-align:top;padding:.3em .6em"'
        lines = "".join(
            f"<tr><td {cell}>{probability:.0%}</td><td {cell}>{html.escape(said)}</td>"
            f"<td {cell}>{html.escape(truth)}</td><td {cell}>{html.escape(text)}</td></tr>"
            for text, truth, said, probability in self.rows
        )
        heads = "".join(f"<th {cell}>{head}</th>" for head in ("sure", "said", "true", "review"))
        return (
            '<table><caption style="text-align:left">Wrong predictions, the most confident '
            f"first</caption><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>"
        )


def confident_errors(
    texts: Sequence[str], labels: Sequence[int], logits: Any, names: Sequence[str], count: int = 8
) -> Errors:
    """Return the wrong predictions that the model was most sure of."""
    probabilities = logits.softmax(dim=1)
    wrong = [
        (texts[row], names[label], names[said], probabilities[row, said].item())
        for row, (label, said) in enumerate(zip(labels, logits.argmax(dim=1).tolist(), strict=True))
        if said != label
    ]
    return Errors(sorted(wrong, key=lambda error: -error[3])[:count])
