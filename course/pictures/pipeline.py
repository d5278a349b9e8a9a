"""The picture of lesson 00: the way from a text to an answer, on this machine, and back to the weights."""

from __future__ import annotations

import html
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

#: Light grounds on which black is readable in either theme: what happens to one text, and to many.
_ONE, _MANY = "#cfe3f5", "#fbd9bd"


@dataclass(frozen=True)
class Step:
    """One step of the way: what it is called, the lesson that is about it, what comes of it here."""

    name: str
    lesson: str
    result: str

    def __str__(self) -> str:
        return f"{self.name}{f' (lesson {self.lesson})' * bool(self.lesson)}: {self.result}"


@dataclass(frozen=True)
class Pipeline:
    """The steps for one text, and those for many; shows itself in a notebook and in words."""

    one: Sequence[Step]
    many: Sequence[Step]
    where: str

    def __repr__(self) -> str:
        parts = [" → ".join(map(str, steps)) for steps in (self.one, self.many)]
        return "\n".join([f"One text: {parts[0]}", f"Many texts: {parts[1]}", self.where])

    def _repr_html_(self) -> str:
        return (
            f'<div role="img" aria-label="{html.escape(repr(self))}">'
            f"{_row('One text', self.one, _ONE)}{_row('Many texts', self.many, _MANY)}"
            f"<small>{html.escape(self.where)}</small></div>"
        )


def _row(title: str, steps: Sequence[Step], ground: str) -> str:
    boxes = '<span style="align-self:center">→</span>'.join(
        f'<span style="display:inline-block;min-width:6em;max-width:11em;padding:4px 8px;border-radius:4px;'
        f'border:1px solid #999;background:{ground};color:#000;overflow-wrap:anywhere">'
        f"<b>{html.escape(step.name)}</b> <small>{html.escape(step.lesson)}</small><br>"
        f"<small>{html.escape(step.result)}</small></span>"
        for step in steps
    )
    return (
        f'<div style="margin:4px 0"><b>{title}</b>'
        f'<div style="display:flex;flex-wrap:wrap;gap:4px">{boxes}</div></div>'
    )


def pipeline_picture(tokenizer: Any, model: Any, text: str) -> Pipeline:
    """Send `text` through tokenizer and model, and show what each step makes of it.

    The model is a classifier on its device; its head may be untrained.
    """
    import torch

    batch = tokenizer(text, truncation=True, return_tensors="pt").to(model.device)
    with torch.no_grad():
        logits = model(**batch).logits[0]
    ids = batch["input_ids"][0].tolist()
    millions = sum(one.numel() for one in model.parameters()) / 1e6
    one = [
        Step("Text", "", text),
        Step("Word pieces", "01", " ".join(tokenizer.convert_ids_to_tokens(ids))),
        Step("Ids", "01", " ".join(map(str, ids))),
        Step("BERT", "02", f"{millions:.1f} million weights, on {model.device.type}"),
        Step("Logits", "02", ", ".join(f"{logit:+.2f}" for logit in logits.tolist())),
        Step("Class", "04", f"{logits.argmax().item()}, a guess until the model is trained"),
    ]
    many = [
        Step("Loss", "02", "how far the logits are from the labels"),
        Step("Optimizer", "03", "moves every weight a little, step by step"),
        Step("Accuracy", "04", "on reviews that were not trained on"),
        Step("Diagnosis", "06", "when training runs, but learns nothing"),
        Step("Your data", "07", "the same with a file of your own"),
    ]
    return Pipeline(one, many, f"This machine computes on {_device(model.device)}.")


def _device(device: Any) -> str:
    """Return what a device is, in words."""
    import torch

    if device.type == "cuda":
        return f"a GPU ({torch.cuda.get_device_name(device)})"
    return f"its processor ({os.cpu_count()} cores); it needs no GPU"
