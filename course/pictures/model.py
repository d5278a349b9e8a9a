"""Pictures for lesson 02: from words to logits, dropout, the parts of a model, what moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from course.pictures.base import BLUE, GREY, ORANGE, Picture, blank_figure


def flow_picture(tokens: Sequence[str], hidden: Any, pooled: Any, logits: Any) -> Picture:
    """Show what one text becomes: one vector per token, one vector for all, one logit per class.

    `hidden` is tokens × width, `pooled` has the width, `logits` one number for each class.
    """
    hidden, pooled, logits = (tensor.detach().float().cpu() for tensor in (hidden, pooled, logits))
    figure = blank_figure(9.5, 1.9 + 0.26 * len(tokens))
    left, middle, right = figure.subplots(1, 3, width_ratios=[6, 1.3, 2.2])
    limit = hidden.abs().quantile(0.98).item() or 1.0
    shades = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit, "aspect": "auto"}
    left.imshow(hidden.numpy(), interpolation="nearest", **shades)
    left.set_yticks(range(len(tokens)), tokens)
    left.set(xlabel=f"{hidden.shape[1]} numbers a token", ylabel="token")
    left.set_title(f"1 · last_hidden_state {tuple(hidden.shape)}", fontsize=10)
    limit = pooled.abs().quantile(0.98).item() or 1.0
    shades |= {"vmin": -limit, "vmax": limit}
    middle.imshow(pooled.reshape(-1, 1).numpy(), interpolation="nearest", **shades)
    middle.set_xticks([])
    middle.set_yticks([])
    middle.set(ylabel="made of [CLS] alone")
    middle.set_title(f"2 · pooler_output\n({len(pooled)},)", fontsize=10)
    right.barh(
        range(len(logits)), logits.tolist(), height=0.55, color=[BLUE, ORANGE, GREY] * len(logits)
    )
    for place, value in enumerate(logits.tolist()):
        label = f"class {place}: {value:+.3f}"
        white = {"facecolor": "white", "edgecolor": "none", "pad": 1}
        right.text(0, place - 0.36, label, ha="center", fontsize=9, bbox=white)
    right.axvline(0, color="black", linewidth=0.8)
    reach = max(1.3 * logits.abs().max().item(), 1e-3)
    right.set(xlim=(-reach, reach), ylim=(len(logits) - 0.5, -0.7), xlabel="logit")
    right.set_yticks([])
    right.set_title(f"3 · logits ({len(logits)},)", fontsize=10)
    figure.suptitle("One text on its way through the model (red positive, blue negative)")
    scores = ", ".join(f"class {place} {value:+.3f}" for place, value in enumerate(logits.tolist()))
    alt = (
        f"{len(tokens)} tokens with {hidden.shape[1]} numbers each, then one vector of {len(pooled)} "
        f"numbers, then {len(logits)} logits: {scores}"
    )
    return Picture(figure, alt)


def dropout_picture(training: Any, evaluation: Any) -> Picture:
    """Show the two logits of one text, computed many times in each mode (runs × 2 classes)."""
    figure = blank_figure(6.6, 4.6)
    axes = figure.subplots()
    first, second = training[:, 0].tolist(), training[:, 1].tolist()
    axes.scatter(first, second, color=ORANGE, alpha=0.6, label=f"train mode, {len(first)} answers")
    distinct = {tuple(row) for row in evaluation.tolist()}
    axes.scatter(
        [row[0] for row in distinct],
        [row[1] for row in distinct],
        color=BLUE,
        marker="D",
        s=110,
        edgecolor="white",
        label=f"eval mode, {len(evaluation)} answers, {len(distinct)} of them distinct",
    )
    low, high = min(*axes.get_xlim(), *axes.get_ylim()), max(*axes.get_xlim(), *axes.get_ylim())
    axes.plot([low, high], [low, high], color=GREY, linestyle=":", label="above it: class 1 wins")
    axes.set(
        xlim=(low, high), ylim=(low, high), xlabel="logit of class 0", ylabel="logit of class 1"
    )
    axes.set_title("The same text and the same weights")
    axes.legend(loc="upper left", bbox_to_anchor=(0, -0.16), frameon=False)
    alt = (
        f"The two logits of one text: {len(first)} scattered answers in train mode, "
        f"{len(distinct)} distinct in eval mode"
    )
    return Picture(figure, alt)


def parts(model: Any) -> dict[str, list[tuple[str, Any]]]:
    """Return the named tensors of a BERT classifier's `state_dict`, by the part they belong to."""
    found: dict[str, list[tuple[str, Any]]] = {}
    for name, tensor in model.state_dict().items():
        pieces = name.removeprefix("bert.").split(".")
        part = f"layer {pieces[2]}" if pieces[0] == "encoder" else pieces[0]
        found.setdefault(part, []).append((name, tensor))
    return found


def parts_picture(model: Any) -> Picture:
    """Show how many numbers each part of a BERT classifier holds."""
    sizes = {part: sum(t.numel() for _, t in held) for part, held in parts(model).items()}
    total = sum(sizes.values())
    figure = blank_figure(8.5, 1.3 + 0.34 * len(sizes))
    axes = figure.subplots()
    new = ["classifier" in part for part in sizes]
    colours = [ORANGE if one else BLUE for one in new]
    axes.barh(range(len(sizes)), list(sizes.values()), color=colours, hatch=["//" * n for n in new])
    for place, size in enumerate(sizes.values()):
        axes.text(size * 1.15, place, f"{size:,}  ({size / total:.3%})", va="center", fontsize=9)
    axes.set_yticks(range(len(sizes)), sizes)
    axes.invert_yaxis()
    axes.set(xscale="log", xlabel="numbers (each grid line: ten times as many)", ylabel="part")
    axes.set_xlim(100, max(sizes.values()) * 30)
    axes.set_title(f"{total:,} numbers; blue: from the checkpoint, orange and hatched: new")
    axes.grid(axis="x", alpha=0.3)
    return Picture(figure, "; ".join(f"{part}: {size:,} numbers" for part, size in sizes.items()))


def moves(before: Mapping[str, Any], model: Any) -> dict[str, float]:
    """Return for each part how far it has moved from `before`, relative to its own length."""
    found = {}
    for part, held in parts(model).items():
        way = sum((tensor - before[name]).double().square().sum().item() for name, tensor in held)
        length = sum(before[name].double().square().sum().item() for name, _ in held)
        found[part] = (way / length) ** 0.5
    return found


def moves_picture(runs: Mapping[str, Mapping[str, float]]) -> Picture:
    """Show how far each part has moved in each run: name → part → relative change."""
    names: Iterable[str] = next(iter(runs.values()))
    names = list(names)
    figure = blank_figure(8.5, 1.3 + 0.42 * len(names))
    axes = figure.subplots()
    height = 0.8 / len(runs)
    # A logarithmic axis has no place for 0: such a part gets the figure 0 and no bar.
    ways = [change for way in runs.values() for change in way.values() if change > 0]
    low, high = min(ways, default=1e-6) / 5, max(ways, default=1.0) * 8
    for number, (run, way) in enumerate(runs.items()):
        places = [place + (number - (len(runs) - 1) / 2) * height for place in range(len(names))]
        axes.barh(
            places,
            [max(way[name], low) - low for name in names],
            left=low,
            height=height,
            color=[BLUE, ORANGE, GREY][number % 3],
            hatch=["", "//", ".."][number % 3],
            label=run,
        )
        for place, name in zip(places, names, strict=True):
            text = "0" if way[name] == 0 else f"{way[name]:.1e}"
            axes.text(max(way[name], low), place, f" {text}", va="center", fontsize=8)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set(xscale="log", xlim=(low, high), ylabel="part")
    axes.set_xlabel("change of the weights, relative to their size (each grid line: ten times)")
    axes.set_title("What one training step moved")
    axes.grid(axis="x", alpha=0.3)
    axes.legend(loc="upper right")
    alt = "; ".join(
        f"{run}: {', '.join(f'{part} {change:.1e}' for part, change in way.items())}"
        for run, way in runs.items()
    )
    return Picture(figure, alt)
