"""Measure what learning rates, optimizers and schedules do to one short fine-tuning run.

Lesson 03 reads the runs (`course.pictures.schedules`). Run it again after a change of data,
checkpoint or library; then read the figures that the lesson's prose quotes and
`tests/test_lesson_03.py` holds. Every run is written as soon as it is done, and a run that the
file holds already is left out, so that an interrupted measurement goes on where it stopped.

    python bench/learning_rates.py --help
"""

from __future__ import annotations

import json
import platform
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import torch
import transformers
import typer
from torch.nn.utils import clip_grad_norm_
from torch.optim import SGD, AdamW
from torch.optim.lr_scheduler import StepLR
from transformers import (
    AutoTokenizer,
    BertForSequenceClassification,
    get_linear_schedule_with_warmup,
)

from course import checkpoint, load_reviews

MEASURED = Path(__file__).parents[1] / "course" / "measured" / "learning_rates.json"
STEPS, BATCH_SIZE, MAX_LENGTH = 60, 16, 48
WEIGHT_DECAY, MAX_NORM = 0.01, 1.0


@dataclass(frozen=True)
class Setting:
    """One way to train; all else is the same for all of them."""

    name: str
    lr: float
    optimizer: str = "AdamW"
    schedule: str = "linear"
    warmup_steps: int = STEPS // 10


RATES = tuple(
    Setting(f"AdamW {text}", float(text))
    for text in ("1e-5", "2e-5", "5e-5", "1e-4", "2e-4", "5e-4", "1e-3", "3e-3")
)
OTHERS = (
    Setting("SGD 2e-5", 2e-5, optimizer="SGD"),
    Setting("SGD 1e-2", 1e-2, optimizer="SGD"),
    # A tenth of the rate after two thirds of the steps, as its own documentation likes it.
    Setting("AdamW 1e-4, StepLR", 1e-4, schedule="StepLR", warmup_steps=0),
    Setting("AdamW 1e-4, no warm-up", 1e-4, warmup_steps=0),
)


def main(
    output: Annotated[Path, typer.Option(help="The file to write, and to go on with.")] = MEASURED,
    seeds: Annotated[int, typer.Option(help="Runs of each setting.")] = 2,
    validation_rows: Annotated[int, typer.Option(help="Reviews to validate on.")] = 300,
    only: Annotated[str, typer.Option(help="Only settings whose name contains this.")] = "",
) -> None:
    """Run every setting once per seed, all on the CPU, and write what came of it."""
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    runs = json.loads(output.read_text(encoding="utf-8"))["runs"] if output.exists() else []
    done = {(run["name"], run["seed"]) for run in runs}
    for setting, seed in ((setting, seed) for seed in range(seeds) for setting in RATES + OTHERS):
        if (setting.name, seed) in done or only not in setting.name:
            continue
        run = train(setting, seed, validation_rows)
        runs.append(run)
        _write(output, runs, validation_rows)
        told = {key: run[key] for key in ("accuracy", "loss", "positive", "seconds")}
        print(f"{setting.name}, seed {seed}: {told}", flush=True)


def optimizer_for(model: Any, setting: Setting) -> torch.optim.Optimizer:
    """Return the optimizer of `setting`; weight decay spares biases and LayerNorm."""
    plain = [weights for weights in model.parameters() if weights.ndim > 1]
    spared = [weights for weights in model.parameters() if weights.ndim <= 1]
    groups = [
        {"params": plain, "weight_decay": WEIGHT_DECAY},
        {"params": spared, "weight_decay": 0.0},
    ]
    if setting.optimizer == "SGD":
        return SGD(groups, lr=setting.lr, momentum=0.9)
    return AdamW(groups, lr=setting.lr, fused=True)


def train(setting: Setting, seed: int, validation_rows: int) -> dict[str, Any]:
    """Train once and return the settings with every step's loss and rate, and the scores."""
    started = time.monotonic()
    tokenizer = AutoTokenizer.from_pretrained(checkpoint())
    reviews = load_reviews()
    # The same reviews in the same order for every setting of one seed.
    train_rows = reviews["train"].shuffle(seed=seed).select(range(STEPS * BATCH_SIZE))
    validation = reviews["validation"].shuffle(seed=0).select(range(validation_rows))
    torch.manual_seed(seed)
    model = BertForSequenceClassification.from_pretrained(checkpoint(), num_labels=2)
    optimizer = optimizer_for(model, setting)
    scheduler: Any
    if setting.schedule == "StepLR":
        scheduler = StepLR(optimizer, step_size=STEPS * 2 // 3, gamma=0.1)
    else:
        scheduler = get_linear_schedule_with_warmup(optimizer, setting.warmup_steps, STEPS)

    def batch(rows: Any) -> dict[str, Any]:
        encoded = tokenizer(
            list(rows["text"]),
            padding=True,
            truncation=True,
            max_length=MAX_LENGTH,
            return_tensors="pt",
        )
        return {**encoded, "labels": torch.tensor(rows["label"])}

    losses: list[float] = []
    rates: list[float] = []
    model.train()
    for start in range(0, STEPS * BATCH_SIZE, BATCH_SIZE):
        loss = model(**batch(train_rows[start : start + BATCH_SIZE])).loss
        loss.backward()
        clip_grad_norm_(model.parameters(), MAX_NORM)
        rates.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
        losses.append(round(loss.item(), 4))

    model.eval()
    by_length = validation.select(
        sorted(range(len(validation)), key=lambda row: len(validation[row]["text"]))
    )
    correct = positive = total = 0.0
    with torch.inference_mode():
        for start in range(0, validation_rows, 50):
            asked = batch(by_length[start : start + 50])
            outputs = model(**asked)
            predicted = outputs.logits.argmax(dim=1)
            correct += (predicted == asked["labels"]).sum().item()
            positive += predicted.sum().item()
            total += outputs.loss.item() * len(predicted)
    return {
        **asdict(setting),
        "seed": seed,
        "accuracy": round(correct / validation_rows, 4),
        "loss": round(total / validation_rows, 4),
        "positive": round(positive / validation_rows, 4),
        "seconds": round(time.monotonic() - started),
        "losses": losses,
        "rates": [float(f"{rate:.4g}") for rate in rates],
    }


def _write(output: Path, runs: list[dict[str, Any]], validation_rows: int) -> None:
    """Write one run a line, so that two measurements can be compared by eye."""
    head = {
        "device": f"CPU ({platform.machine()}), {torch.get_num_threads()} thread(s)",
        "batch_size": BATCH_SIZE,
        "steps": STEPS,
        "max_length": MAX_LENGTH,
        "weight_decay": WEIGHT_DECAY,
        "max_norm": MAX_NORM,
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
