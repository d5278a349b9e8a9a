"""Recorded predictions of one fine-tuned model for reviews that it had not seen.

`bench/predictions.py` trained that model and wrote the file.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "measured" / "predictions.json"


@dataclass(frozen=True)
class Recorded:
    """The logits of one model, before and after training, with the true label of each row."""

    texts: list[str]
    labels: list[int]
    #: After training, in evaluation mode: a tensor of reviews × classes.
    logits: Any
    #: The same model once more, in training mode, with dropout.
    logits_with_dropout: Any
    #: The same model before its training.
    logits_untrained: Any
    #: How it was trained.
    settings: dict[str, Any]

    def batches(self, size: int) -> list[tuple[Any, Any]]:
        """Return the logits and the labels in batches of `size`; the last may be shorter."""
        import torch

        labels = torch.tensor(self.labels)
        return list(zip(self.logits.split(size), labels.split(size), strict=True))


def recorded_predictions(file: Path = FILE) -> Recorded:
    """Return the recorded predictions."""
    import torch

    found = json.loads(file.read_text(encoding="utf-8"))
    rows = found["rows"]

    def column(name: str) -> Any:
        return torch.tensor([row[name] for row in rows])

    return Recorded(
        texts=[row["text"] for row in rows],
        labels=[row["label"] for row in rows],
        logits=column("logits"),
        logits_with_dropout=column("with_dropout"),
        logits_untrained=column("untrained"),
        settings=found["settings"],
    )
