"""A short real training: the top layers of BERT and a new head, above layers that stay frozen.

What the frozen layers make of the reviews never changes, so it is computed once. A step then costs a
fraction of a step of the whole model, and a run takes seconds. Dropout acts in the trained layers only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_
from transformers import (
    AutoTokenizer,
    BertForSequenceClassification,
    get_linear_schedule_with_warmup,
)
from transformers.modeling_outputs import SequenceClassifierOutput

from course import checkpoint
from course.quiet import quiet

LAYERS = 6
MAX_LENGTH = 48
#: Rows in one forward pass without gradients.
ROWS = 100


@dataclass(frozen=True)
class Settings:
    """What a learner may change; raises ValueError, in one sentence, for what cannot be trained."""

    #: The highest learning rate, and the share of the steps that lead up to it.
    rate: float = 2e-4
    warm_up: float = 0.1
    weight_decay: float = 0.01
    #: How many of the six layers learn, counted from the top.
    layers: int = 2
    steps: int = 40
    batch_size: int = 16

    def __post_init__(self) -> None:
        for name, least, most in (
            ("rate", 0.0, 1.0),
            ("warm_up", 0.0, 1.0),
            ("weight_decay", 0.0, 10.0),
            ("layers", 0, 3),
            ("steps", 1, 400),
            ("batch_size", 1, 64),
        ):
            value, whole = getattr(self, name), isinstance(least, int)
            good = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
            if not good or not least <= value <= most:
                kind = "a whole number" if whole else "a number"
                raise ValueError(f"{name} is {kind} from {least:g} to {most:g}, not {value!r}.")

    def as_data(self) -> dict[str, Any]:
        """Return the settings as plain data, by their names."""
        return asdict(self)


@dataclass(frozen=True)
class Vectors:
    """Reviews as the frozen layers leave them."""

    #: Reviews × tokens × 384, padded to one length, and reviews × tokens.
    hidden: torch.Tensor
    mask: torch.Tensor
    labels: torch.Tensor

    def batch(self, rows: Any) -> dict[str, torch.Tensor]:
        """Return some rows as a batch, cut to the longest of them."""
        mask = self.mask[rows]
        longest = int(mask.sum(dim=1).max())
        return {
            "hidden": self.hidden[rows, :longest],
            "attention_mask": mask[:, :longest],
            "labels": self.labels[rows],
        }

    def batches(self) -> list[dict[str, torch.Tensor]]:
        """Return all rows, in their order, in batches."""
        return [self.batch(rows) for rows in torch.arange(len(self.labels)).split(ROWS)]


class Top(nn.Module):
    """The topmost layers of a classifier, its pooler and its head; called with hidden states."""

    def __init__(self, classifier: Any, layers: int) -> None:
        super().__init__()
        self.layers = classifier.bert.encoder.layer[LAYERS - layers :]
        self.pooler = classifier.bert.pooler
        self.dropout, self.classifier = classifier.dropout, classifier.classifier

    def forward(
        self, hidden: torch.Tensor, attention_mask: torch.Tensor, labels: torch.Tensor
    ) -> SequenceClassifierOutput:
        """Return loss and logits (reviews × 2)."""
        padding = (1.0 - attention_mask[:, None, None, :].float()) * torch.finfo(torch.float32).min
        for layer in self.layers:
            output = layer(hidden, padding)
            hidden = output[0] if isinstance(output, tuple) else output  # before transformers 5
        logits = self.classifier(self.dropout(self.pooler(hidden)))
        loss = nn.functional.cross_entropy(logits, labels)
        return SequenceClassifierOutput(loss=loss, logits=logits)


def classifier() -> Any:
    """Return the course's BERT with a new head, drawn from torch's generator."""
    with quiet():
        return BertForSequenceClassification.from_pretrained(checkpoint(), num_labels=2)


def read_by_frozen(
    texts: Sequence[str], labels: Sequence[int], layers: int, device: str
) -> Vectors:
    """Return what the layers below the top `layers` make of the texts."""
    tokenizer, model = AutoTokenizer.from_pretrained(checkpoint()), classifier().to(device).eval()
    encoded = tokenizer(
        list(texts),
        padding="max_length",
        truncation=True,
        max_length=MAX_LENGTH,
        return_tensors="pt",
    ).to(device)
    parts = []
    with torch.no_grad():
        for start in range(0, len(texts), ROWS):
            part = {name: value[start : start + ROWS] for name, value in encoded.items()}
            states = model.bert(**part, output_hidden_states=True).hidden_states
            parts.append(states[LAYERS - layers])
    return Vectors(torch.cat(parts), encoded["attention_mask"], torch.tensor(labels, device=device))


def train_top(vectors: Vectors, settings: Settings, seed: int) -> Top:
    """Train on `vectors` and return the model."""
    torch.manual_seed(seed)  # before loading: the head's first weights are drawn then
    model = Top(classifier(), settings.layers).to(vectors.labels.device).train()
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=settings.rate, weight_decay=settings.weight_decay
    )
    warm_up = round(settings.warm_up * settings.steps)
    scheduler = get_linear_schedule_with_warmup(optimizer, warm_up, settings.steps)
    order = torch.empty(0, dtype=torch.long)
    for _ in range(settings.steps):
        while len(order) < settings.batch_size:
            order = torch.cat([order, torch.randperm(len(vectors.labels))])
        rows, order = order[: settings.batch_size], order[settings.batch_size :]
        model(**vectors.batch(rows)).loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    return model


def accuracy_of(model: Any, batches: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Return the share of right rows under "accuracy"; the model is left in evaluation mode."""
    model.eval()
    device = next(model.parameters()).device
    right = total = 0
    with torch.no_grad():
        for batch in batches:
            moved = {name: value.to(device) for name, value in batch.items()}
            right += int((model(**moved).logits.argmax(dim=1) == moved["labels"]).sum())
            total += len(moved["labels"])
    return {"accuracy": right / total}
