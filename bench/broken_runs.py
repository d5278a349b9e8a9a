"""Records the real logs of lesson 06's broken runs: broken_runs.json.

    OMP_NUM_THREADS=1 python bench/broken_runs.py

Each script runs once on the course's checkpoint and reviews, watched from outside. A log is known by
its script, so only scripts that have changed run again; one takes some 25 seconds on one core.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grad_norm_
from torch.optim import AdamW
from torch.utils.data import DataLoader
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertForSequenceClassification,
    get_linear_schedule_with_warmup,
    logging,
    set_seed,
)

from autograder.authoring.broken_runs import logs_path, script_digest
from autograder.examining.broken_runs import BrokenRun, broken_runs
from course import checkpoint, load_reviews
from course.watching import Watch

ROOT = Path(__file__).parents[1]
EXAM = ROOT / "autograder" / "exams" / "06-diagnosis"
MEASURED = logs_path(ROOT)
STEPS, BATCH_SIZE, ROWS, VALIDATION = 40, 16, 640, 200
#: What the scripts use, as in the lesson's notebook.
NAMES = {
    one.__name__: one
    for one in (
        torch, random, cross_entropy, clip_grad_norm_, AdamW, DataLoader, AutoTokenizer, set_seed,
        AutoModelForSequenceClassification, BertForSequenceClassification,
        get_linear_schedule_with_warmup,
    )
}  # fmt: skip


def record(run: BrokenRun) -> dict[str, Any]:
    """Run a script, begin it once more with the same seed, and return what was seen."""
    reviews = load_reviews()
    # Sorted by label, as many files are.
    train = reviews["train"].select(range(ROWS)).sort("label")
    validation = reviews["validation"].select(range(VALIDATION))
    names: dict[str, Any] = dict(NAMES)
    exec(compile(run.script, f"run-{run.number}", "exec"), names)

    def trained(steps: int) -> tuple[Any, list[list[float | None]]]:
        with Watch(gradients=True) as watch:
            model = names["train_reviews"](
                list(train["text"]), list(train["label"]), checkpoint=checkpoint(), steps=steps,
                batch_size=BATCH_SIZE, device="cpu", seed=run.number,
            )  # fmt: skip
        return model, steps_of(watch)

    model, steps = trained(STEPS)
    _, again = trained(2)
    return {
        "steps": steps,
        # The first loss of a second run with the same seed: later ones depend on the steps asked.
        "again": again[0][0],
        "training_accuracy": accuracy(model, train.shuffle(seed=0).select(range(VALIDATION))),
        "validation_accuracy": accuracy(model, validation),
    }


def steps_of(watch: Watch) -> list[list[float | None]]:
    """Return loss, learning rate and norm of the gradients of each step; None where there is none."""
    found: list[list[float | None]] = []
    for event in watch.events:
        if event.kind == "backward":
            found.append([rounded(event.loss, 4), None, None])
        elif event.kind == "step" and found:
            norms = [one for one in event.norms if one is not None]
            total = sum(one**2 for one in norms) ** 0.5
            found[-1][1:] = [rounded(event.rates[0], 8), rounded(total, 3)]
    return found


def rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def accuracy(model: Any, rows: Any) -> float:
    """Return the accuracy of the model that came back, in the mode in which it came."""
    tokenizer = AutoTokenizer.from_pretrained(checkpoint())
    right = 0
    with torch.no_grad():
        for at in range(0, len(rows), 50):
            part = rows.select(range(at, min(at + 50, len(rows))))
            batch = tokenizer(
                list(part["text"]),
                padding=True,
                truncation=True,
                max_length=48,
                return_tensors="pt",
            )
            right += int((model(**batch).logits.argmax(dim=1) == torch.tensor(part["label"])).sum())
    return round(right / len(rows), 3)


def main() -> None:
    """Record what is not recorded yet, and forget what no run has any more."""
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    known = json.loads(MEASURED.read_text(encoding="utf-8")) if MEASURED.exists() else {}
    runs = broken_runs(EXAM)
    known = {
        script_digest(run): known[script_digest(run)]
        for run in runs.values()
        if script_digest(run) in known
    }
    for number, run in runs.items():
        if script_digest(run) in known:
            continue
        known[script_digest(run)] = record(run)
        lines = ",\n".join(f'"{key}": {json.dumps(value)}' for key, value in known.items())
        MEASURED.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
        last = known[script_digest(run)]
        print(
            number, run.fault.id, run.layout, len(last["steps"]), last["steps"][-1],
            last["again"], last["training_accuracy"], last["validation_accuracy"], flush=True,
        )  # fmt: skip


if __name__ == "__main__":
    main()
