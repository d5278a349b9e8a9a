"""Pictures of lesson 01: word pieces, the attention mask, and how long reviews are."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from course.pictures.base import BLUE, GREY, ORANGE, Picture, new_figure

# Light backgrounds on which black is readable in either theme.
_WHOLE, _PART, _SPECIAL, _PADDING = "#cfe3f5", "#fbd9bd", "#d9d9d9", "#ffffff"


@dataclass(frozen=True)
class Pieces:
    """The pieces of one text with their ids, coloured by kind."""

    tokens: Sequence[str]
    ids: Sequence[int]
    special: frozenset[str]
    padding: str

    def __repr__(self) -> str:
        return " ".join(f"{t}({i})" for t, i in zip(self.tokens, self.ids, strict=True))

    def _repr_html_(self) -> str:
        boxes = []
        for token, number in zip(self.tokens, self.ids, strict=True):
            ground = _PART if token.startswith("##") else _WHOLE
            if token in self.special:
                ground = _PADDING if token == self.padding else _SPECIAL
            boxes.append(
                f'<span style="display:inline-block;margin:2px;padding:2px 6px;border-radius:4px;'
                f'border:1px solid #999;background:{ground};color:#000;text-align:center">'
                f'<code style="background:none;color:#000">{html.escape(token)}</code>'
                f'<br><small style="color:#333">{number}</small></span>'
            )
        legend = (
            "blue: a word, or its beginning · orange (##): continues the word · grey: special token"
        )
        return (
            f'<div role="img" aria-label="Word pieces with their ids: {html.escape(repr(self))}">'
            f"{''.join(boxes)}<br><small>{legend}</small></div>"
        )


def pieces_picture(tokenizer: Any, text: str) -> Pieces:
    """Show the pieces that the model sees of `text`, special tokens included, above their ids."""
    ids = tokenizer(text, truncation=True)["input_ids"]
    tokens = tokenizer.convert_ids_to_tokens(ids)
    return Pieces(tokens, ids, frozenset(tokenizer.all_special_tokens), tokenizer.pad_token)


def mask_picture(tokenizer: Any, batch: Mapping[str, Any]) -> Picture:
    """Show a batch as a grid: one row per text, with the positions that the mask hides in grey."""
    mask = batch["attention_mask"]
    rows, columns = mask.shape
    # Many tokens are written vertically in taller rows: horizontally they would overlap.
    turned = columns > 18
    figure, axes = new_figure(
        min(1 + (0.22 if turned else 0.55) * columns, 11), 1.1 + (0.9 if turned else 0.42) * rows
    )
    axes.imshow(mask.numpy(), cmap="Blues", vmin=0, vmax=2.6, aspect="auto")
    for row in range(rows):
        tokens = tokenizer.convert_ids_to_tokens(batch["input_ids"][row].tolist())
        for column, token in enumerate(tokens):
            colour = "black" if mask[row, column] else GREY
            axes.text(
                column,
                row,
                token.replace("$", r"\$"),  # a single $ would start a formula
                ha="center",
                va="center",
                fontsize=7,
                color=colour,
                rotation=90 if turned else 0,
            )
    for row in range(1, rows):
        axes.axhline(row - 0.5, color="white", linewidth=3)
    axes.set_yticks(range(rows), [f"text {row}" for row in range(rows)])
    axes.set_xlabel("position")
    axes.set_title("attention_mask: blue is 1 (read), the rest is 0 (padding)", fontsize=10)
    padded = int((mask == 0).sum())
    alt = f"A grid of {rows} texts by {columns} positions; {padded} of them are padding, where the mask is 0."
    return Picture(figure, alt)


def lengths_picture(lengths: Sequence[int], max_length: int) -> Picture:
    """Show how many word pieces texts have, and what `max_length` would cut off."""
    figure, axes = new_figure(7, 2.8)
    axes.hist(list(lengths), bins=range(0, max(lengths) + 3, 2), color=BLUE)
    axes.axvline(max_length, color=ORANGE, linewidth=2)
    cut = sum(length > max_length for length in lengths)
    share = cut / len(lengths)
    axes.set_title(
        f"max_length = {max_length} cuts {cut} of {len(lengths)} reviews ({share:.1%})", fontsize=10
    )
    axes.set_xlabel("word pieces, with [CLS] and [SEP]")
    axes.set_ylabel("reviews")
    axes.spines[["top", "right"]].set_visible(False)
    alt = (
        f"Histogram of the lengths of {len(lengths)} reviews, from {min(lengths)} to {max(lengths)} word "
        f"pieces. A line at {max_length}: {cut} reviews ({share:.1%}) are longer and would be cut."
    )
    return Picture(figure, alt)


def work_picture(lengths: Sequence[int], batch_size: int, fixed: int | None = None) -> Picture:
    """Show how many positions in all batches are padding, for two or three ways of padding."""
    longest = [
        max(lengths[start : start + batch_size]) for start in range(0, len(lengths), batch_size)
    ]
    sizes = [
        len(lengths[start : start + batch_size]) for start in range(0, len(lengths), batch_size)
    ]
    text = sum(lengths)
    ways = {
        "longest of each batch": sum(n * size for n, size in zip(longest, sizes, strict=True)),
        "longest of all": max(lengths) * len(lengths),
    }
    if fixed:
        ways[f"fixed length {fixed}"] = fixed * len(lengths)
    figure, axes = new_figure(7, 2.5)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value / 1000:,.0f}")
    names = list(ways)
    axes.barh(names, [text] * len(ways), color=BLUE, label="word pieces")
    axes.barh(names, [n - text for n in ways.values()], left=text, color=ORANGE, label="padding")
    axes.invert_yaxis()
    axes.set_xlabel("positions that the model computes, in thousands")
    axes.legend(fontsize=8, loc="upper right")
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlim(0, 1.22 * max(ways.values()))
    shares = {name: f"{1 - text / n:.0%} padding" for name, n in ways.items()}
    for name, share in shares.items():
        axes.text(ways[name], name, f" {share}", va="center", fontsize=8)
    axes.set_title(f"{text:,} word pieces in batches of {batch_size}, padded to the …", fontsize=10)
    told = "; ".join(f"{name}: {share}" for name, share in shares.items())
    return Picture(figure, f"Bars of word pieces and padding. {told}.")
