"""Measure overfitting on few reviews, what helps against it, and what learning rates do.

Lesson 05 reads the runs (`course.pictures.training`). Run it again after a change of data,
checkpoint or library; then read the figures that the lesson's prose quotes and
`tests/test_lesson_05.py` holds. Every run is written as soon as it is done, and a run that the
file holds already is left out, so that an interrupted measurement goes on where it stopped.

    python bench/overfitting.py --help
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import torch
import transformers
import typer
from torch.nn.utils import clip_grad_norm_
from torch.optim import AdamW
from transformers import (
    AutoTokenizer,
    BertForSequenceClassification,
    get_linear_schedule_with_warmup,
)

from course import checkpoint, load_reviews

MEASURED = Path(__file__).parents[1] / "course" / "measured" / "overfitting.json"
BATCH_SIZE, MAX_LENGTH = 16, 48


@dataclass(frozen=True)
class Setting:
    """One way to train: on `rows` reviews, again and again, for `steps` steps."""

    name: str
    rows: int
    steps: int = 48
    lr: float = 2e-4
    dropout: float = 0.1
    weight_decay: float = 0.01
    frozen_layers: int = 0


#: The same steps on few reviews, eight times over, or on eight times as many, once.
FEW, MANY = 96, 768
#: Steps after which the model is evaluated: often at first, where most happens.
EVALUATED = (6, 12, 18, 24, 36, 48)
REMEDIES = (
    Setting("few reviews", FEW),
    Setting("more reviews", MANY),
    Setting("smaller learning rate", FEW, lr=5e-5),
    Setting("more dropout", FEW, dropout=0.3),
    Setting("frozen layers", FEW, frozen_layers=4),
    Setting("more weight decay", FEW, weight_decay=0.3),
)
#: "more reviews" is one of them: its rate is 2e-4.
RATES = (
    Setting("rate 2e-5", MANY, lr=2e-5),
    Setting("rate 1e-3", MANY, lr=1e-3),
    Setting("rate 1e-4", MANY, lr=1e-4),
)


def main(
    output: Annotated[Path, typer.Option(help="The file to write, and to go on with.")] = MEASURED,
    seeds: Annotated[int, typer.Option(help="Runs of each remedy; each rate runs once.")] = 2,
    validation_rows: Annotated[int, typer.Option(help="Reviews to validate on.")] = 200,
    only: Annotated[str, typer.Option(help="Only settings whose name contains this.")] = "",
) -> None:
    """Run every setting once per seed, all on the CPU, and write what came of it."""
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    runs = json.loads(output.read_text(encoding="utf-8"))["runs"] if output.exists() else []
    done = {(run["name"], run["seed"]) for run in runs}
    planned = [(setting, seed) for seed in range(seeds) for setting in REMEDIES]
    for setting, seed in [*planned, *((setting, 0) for setting in RATES)]:
        if (setting.name, seed) in done or only not in setting.name:
            continue
        run = train(setting, seed, validation_rows)
        runs.append(run)
        _write(output, runs, validation_rows)
        last = run["curve"][-1]
        print(f"{setting.name}, seed {seed}: {last}, {run['seconds']} s", flush=True)


def train(setting: Setting, seed: int, validation_rows: int) -> dict[str, Any]:
    """Train once and return the settings with the curve."""
    started = time.monotonic()
    tokenizer = AutoTokenizer.from_pretrained(checkpoint())
    reviews = load_reviews()
    # One set of few reviews a seed; the larger set holds the smaller one.
    train_rows = reviews["train"].shuffle(seed=seed).select(range(setting.rows))
    validation = reviews["validation"].shuffle(seed=0).select(range(validation_rows))
    torch.manual_seed(seed)
    model = BertForSequenceClassification.from_pretrained(
        checkpoint(), num_labels=2, hidden_dropout_prob=setting.dropout
    )
    if setting.frozen_layers:
        model.bert.embeddings.requires_grad_(False)
        model.bert.encoder.layer[: setting.frozen_layers].requires_grad_(False)
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = AdamW(trainable, lr=setting.lr, weight_decay=setting.weight_decay, fused=True)
    scheduler = get_linear_schedule_with_warmup(optimizer, setting.steps // 10, setting.steps)

    def batch(rows: Any) -> dict[str, Any]:
        encoded = tokenizer(
            rows["text"],
            padding=True,
            truncation=True,
            max_length=MAX_LENGTH,
            return_tensors="pt",
        )
        return {**encoded, "labels": torch.tensor(rows["label"])}

    def evaluated(data: Any) -> dict[str, float]:
        model.eval()
        by_length = data.select(sorted(range(len(data)), key=lambda row: len(data[row]["text"])))
        correct = loss = 0.0
        with torch.inference_mode():
            for start in range(0, len(data), 50):
                asked = batch(by_length[start : start + 50])
                outputs = model(**asked)
                correct += (outputs.logits.argmax(dim=1) == asked["labels"]).sum().item()
                loss += outputs.loss.item() * len(asked["labels"])
        return {"accuracy": round(correct / len(data), 4), "loss": round(loss / len(data), 4)}

    def measured(step: int) -> dict[str, float]:
        seen = train_rows.select(range(FEW // 2))
        found = {"train": evaluated(seen), "validation": evaluated(validation)}
        return {"step": step} | {
            f"{split}_{name}": value
            for split, scores in found.items()
            for name, value in scores.items()
        }

    curve: list[dict[str, float]] = []
    losses: list[float] = []
    order: list[int] = []
    for step in range(1, setting.steps + 1):
        while len(order) < BATCH_SIZE:
            order += torch.randperm(len(train_rows)).tolist()
        rows, order = order[:BATCH_SIZE], order[BATCH_SIZE:]
        model.train()
        loss = model(**batch(train_rows[rows])).loss
        loss.backward()
        clip_grad_norm_(trainable, 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
        losses.append(round(loss.item(), 4))
        if step in EVALUATED:
            curve.append(measured(step))
    return {
        **asdict(setting),
        "seed": seed,
        "seconds": round(time.monotonic() - started),
        "curve": curve,
        "losses": losses,
    }


def _write(output: Path, runs: list[dict[str, Any]], validation_rows: int) -> None:
    """Write one run a line, so that two measurements can be compared by eye."""
    head = {
        "batch_size": BATCH_SIZE,
        "max_length": MAX_LENGTH,
        "validation_rows": validation_rows,
        "torch": torch.__version__.partition("+")[0],
        "transformers": transformers.__version__,
    }
    lines = ",\n".join(json.dumps(run) for run in runs)
    output.write_text(
        f'{{"settings": {json.dumps(head)},\n"runs": [\n{lines}\n]}}\n', encoding="utf-8"
    )


if __name__ == "__main__":
    typer.run(main)
