"""Measures the reference solution's own spread, over secrets and seeds: the bar for full marks."""

from __future__ import annotations

import json
import platform
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from autograder.errors import CourseError
from autograder.examining.processes import Returned, StudentSubprocess
from autograder.verdict.bars import PATH, Bar
from autograder.verdict.question import Budget
from autograder.verdict.task import CHECKPOINT, FineTune
from autograder.verdict.weights import Measured, measure
from course import checkpoint
from course.checks.run_seen import read_record

MEASURED_WITH = ("torch", "transformers", "tokenizers", "safetensors")


def one_run(cells: Sequence[str], budget: Budget, secret: int) -> tuple[Measured, float]:
    """Run the `fine_tune` that `cells` define once; return what its model is worth, and the seconds.

    Raises CourseError where no model comes back.
    """
    task = FineTune(budget)
    inputs = next(iter(task.cases(random.Random(f"calibrate {secret}"))))
    with StudentSubprocess(cells) as student:
        reply = student.ask(task.function, task.observe, inputs, timeout=3600)
    if not isinstance(reply, Returned) or "weights" not in reply.value:
        raise CourseError(f"The reference solution gave no model: {reply}")
    measured = measure(reply.value["weights"], task.run, budget.device, checkpoint(CHECKPOINT))
    return measured, read_record(reply.value["seen"]).seconds


def calibrate(
    cells: Sequence[str],
    budget: Budget,
    runs: int,
    progress: Callable[[str], None] = lambda what: None,
) -> Bar:
    """Run the reference in `cells` once per secret and return the bar; raises CourseError."""
    import torch

    accuracies, seconds = [], []
    for secret in range(runs):
        measured, took = one_run(cells, budget, secret)
        accuracies.append(round(measured.accuracy, 4))
        seconds.append(round(took, 1))
        progress(f"secret {secret}: accuracy {measured.accuracy:.3f}, {took:.0f} s")
    name = torch.cuda.get_device_name() if budget.device == "cuda" else platform.machine()
    return Bar(
        device=budget.device,
        device_name=f"{name}, {torch.get_num_threads()} threads",
        versions={package: version(package) for package in MEASURED_WITH},
        measured_on=datetime.now(UTC).date().isoformat(),
        steps=budget.steps,
        batch_size=budget.batch_size,
        accuracies=accuracies,
        seconds=seconds,
    )


def save_bar(bar: Bar, path: Path = PATH) -> None:
    """Put `bar` into the file of bars, in place of the one for the same device."""
    bars = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    bars[bar.device] = bar.model_dump()
    path.write_text(json.dumps(dict(sorted(bars.items())), indent=1) + "\n", encoding="utf-8")
