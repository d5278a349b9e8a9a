"""Measures the reference solution's own spread over seeds: the bars by which marks are given."""

from __future__ import annotations

import json
import platform
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from autograder.errors import CourseError
from autograder.examining.processes import Returned, StudentSubprocess
from autograder.verdict.bars import PATH, Bar
from autograder.verdict.evidence import measure
from autograder.verdict.plan import Budget
from autograder.verdict.task import CHECKPOINT, FineTune
from course import checkpoint

MEASURED_WITH = ("torch", "transformers", "tokenizers", "safetensors")


def calibrate(
    cells: Sequence[str],
    budget: Budget,
    seeds: int,
    progress: Callable[[str], None] = lambda what: None,
) -> Bar:
    """Run the reference in `cells` once per seed and return the bar; raises CourseError."""
    import torch

    found: dict[str, list[float]] = {"accuracy": [], "loss": [], "canary": [], "seconds": []}
    untrained = []
    for seed in range(seeds):
        task = FineTune(budget)
        inputs = next(iter(task.cases(random.Random(f"calibrate {seed}"))))
        plan = task.plan
        with StudentSubprocess(cells) as student:
            reply = student.ask(task.function, task.observe, inputs, timeout=3600)
        if not isinstance(reply, Returned) or "weights" not in reply.value:
            raise CourseError(f"The reference solution gave no model: {reply}")
        evidence = measure(reply.value["weights"], plan, budget, checkpoint(CHECKPOINT))
        found["accuracy"].append(round(evidence.accuracy, 4))
        found["loss"].append(round(evidence.loss, 4))
        found["canary"].append(round(evidence.canary_rate, 4))
        found["seconds"].append(round(float(reply.value["seconds"]), 1))
        blank = measure(_untrained(plan.seed), plan, budget, checkpoint(CHECKPOINT))
        untrained.append(round(blank.accuracy, 4))
        progress(
            f"seed {seed}: accuracy {evidence.accuracy:.3f}, canaries {evidence.canary_rate:.2f}, "
            f"untrained {blank.accuracy:.3f}, {found['seconds'][-1]:.0f} s"
        )
    name = torch.cuda.get_device_name() if budget.device == "cuda" else platform.machine()
    return Bar(
        device=budget.device,
        device_name=f"{name}, {torch.get_num_threads()} threads",
        versions={package: version(package) for package in MEASURED_WITH},
        measured_on=datetime.now(UTC).date().isoformat(),
        steps=budget.steps,
        batch_size=budget.batch_size,
        accuracies=found["accuracy"],
        losses=found["loss"],
        canary_rates=found["canary"],
        untrained_accuracies=untrained,
        seconds=found["seconds"],
    )


def _untrained(seed: int) -> dict[str, Any]:
    import torch
    from transformers import BertForSequenceClassification

    torch.manual_seed(seed)
    model = BertForSequenceClassification.from_pretrained(checkpoint(CHECKPOINT), num_labels=2)
    return model.state_dict()


def save_bar(bar: Bar, path: Path = PATH) -> None:
    """Put `bar` into the file of bars, in place of the one for the same device."""
    bars = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    bars[bar.device] = bar.model_dump()
    path.write_text(json.dumps(dict(sorted(bars.items())), indent=1) + "\n", encoding="utf-8")
