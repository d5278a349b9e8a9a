"""Pictures of lesson 02: which tokens look at which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from course.pictures.base import Picture, blank_figure


def attention_weights(checkpoint: str, text: str) -> tuple[list[str], list[Any]]:
    """Return the tokens of `text`, and for each layer the weights: heads × tokens × tokens."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    # Only this implementation keeps its weights.
    model = AutoModel.from_pretrained(checkpoint, attn_implementation="eager").eval()
    inputs = tokenizer(text, truncation=True, max_length=40, return_tensors="pt")
    with torch.no_grad():
        layers = model(**inputs, output_attentions=True).attentions
    tokens = list(tokenizer.convert_ids_to_tokens(inputs["input_ids"][0].tolist()))
    return tokens, [one[0] for one in layers]


def attention_picture(tokens: Sequence[str], weights: Any) -> Picture:
    """Show one head's weights: a row for each token that looks, a column for each looked at."""
    side = 1.6 + 0.34 * len(tokens)
    figure = blank_figure(side, side)
    axes = figure.subplots()
    axes.imshow(weights.numpy(), cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(tokens)), tokens, rotation=90)
    axes.set_yticks(range(len(tokens)), tokens)
    axes.set(xlabel="is looked at", ylabel="looks", title="Weights of one attention head")
    most = weights.argmax(dim=1).tolist()
    told = "; ".join(
        f"{token} looks most at {tokens[place]} ({weights[row, place].item():.2f})"
        for row, (token, place) in enumerate(zip(tokens, most, strict=True))
    )
    return Picture(figure, f"Weights of one attention head. {told}.")
