"""Fine-tune once for a minute and record what the model then says about reviews it never saw.

Lesson 04 reads these predictions (`course.recorded`) before its students can train a model
themselves. Run it again after a change of data, checkpoint or library; then read the figures that
the lesson's prose quotes and `tests/test_lesson_04.py` holds.

    python bench/predictions.py --help
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    get_linear_schedule_with_warmup,
)

from course import checkpoint, load_reviews

RECORDED = Path(__file__).parents[1] / "course" / "measured" / "predictions.json"


def main(
    output: Annotated[Path, typer.Option(help="The file to write.")] = RECORDED,
    rows: Annotated[int, typer.Option(help="Validation reviews to predict.")] = 300,
    steps: Annotated[int, typer.Option(help="Optimizer steps.")] = 60,
    batch_size: Annotated[int, typer.Option(help="Reviews a step.")] = 16,
    lr: Annotated[float, typer.Option(help="The highest learning rate.")] = 1e-4,
    max_length: Annotated[int, typer.Option(help="Tokens kept of a review.")] = 48,
    seed: Annotated[int, typer.Option(help="For the head, the rows and dropout.")] = 0,
) -> None:
    """Fine-tune the course's checkpoint and record its logits on validation reviews."""
    started = time.monotonic()
    reviews = load_reviews()
    train = reviews["train"].shuffle(seed=seed).select(range(steps * batch_size))
    unseen = reviews["validation"].shuffle(seed=seed).select(range(rows))
    tokenizer = AutoTokenizer.from_pretrained(checkpoint())
    torch.manual_seed(seed)
    model = AutoModelForSequenceClassification.from_pretrained(checkpoint(), num_labels=2)

    def batches(texts: list[str]) -> Iterator[dict[str, torch.Tensor]]:
        for start in range(0, len(texts), batch_size):
            yield tokenizer(
                texts[start : start + batch_size],
                padding=True,
                truncation=True,
                max_length=max_length,
                return_tensors="pt",
            )

    def predict(*, dropout: bool) -> list[list[float]]:
        model.train(dropout)
        with torch.no_grad():
            logits = torch.cat([model(**batch).logits for batch in batches(list(unseen["text"]))])
        return [[round(value, 4) for value in row] for row in logits.tolist()]

    untrained = predict(dropout=False)
    losses = _fine_tune(model, batches(list(train["text"])), list(train["label"]), steps, lr)
    trained = predict(dropout=False)
    settings: dict[str, Any] = {
        "steps": steps,
        "batch_size": batch_size,
        "lr": lr,
        "max_length": max_length,
        "seed": seed,
        "seconds": round(time.monotonic() - started),
        "torch": torch.__version__.partition("+")[0],
        "last_losses": round(sum(losses[-10:]) / len(losses[-10:]), 3),
    }
    shaken = [predict(dropout=True) for _ in range(6)]
    settings["right_with_dropout"] = [
        _right(logits, list(unseen["label"])) for logits in shaken[1:]
    ]
    columns = {
        "text": list(unseen["text"]),
        "label": list(unseen["label"]),
        "logits": trained,
        "with_dropout": shaken[0],
        "untrained": untrained,
    }
    _write(output, settings, columns)
    for name in ("untrained", "logits", "with_dropout"):
        right = _right(columns[name], columns["label"])
        print(f"{name}: {right} of {rows} right")
    print(f"{settings['seconds']} s; written to {output}")


def _right(logits: list[list[float]], labels: list[int]) -> int:
    """Return how many rows have their largest logit at the label's place."""
    return sum(
        max(range(len(row)), key=row.__getitem__) == label
        for row, label in zip(logits, labels, strict=True)
    )


def _fine_tune(
    model: torch.nn.Module,
    batches: Iterator[dict[str, torch.Tensor]],
    labels: list[int],
    steps: int,
    lr: float,
) -> list[float]:
    """Train `model` for one pass over `batches`; return the loss of every step."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=0.01, fused=True)
    scheduler = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    losses, place = [], 0
    model.train()
    for batch in batches:
        size = len(batch["input_ids"])
        loss = model(**batch, labels=torch.tensor(labels[place : place + size])).loss
        place += size
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses


def _write(output: Path, settings: dict[str, Any], columns: dict[str, list[Any]]) -> None:
    """Write JSON with one review a line, so that two recordings can be compared by eye."""
    rows = [
        json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False)
        for row in zip(*columns.values(), strict=True)
    ]
    text = f'{{"settings": {json.dumps(settings)},\n"rows": [\n' + ",\n".join(rows) + "\n]}\n"
    output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
