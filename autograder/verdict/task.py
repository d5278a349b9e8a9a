"""The examined task of the fine-tuning lesson: one real, short run, and its verdict."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any, ClassVar

from autograder.examining.exam import Task
from autograder.verdict.bars import bar_for, load_bars
from autograder.verdict.evidence import MAY_BE_LUCK, SIGNS, Evidence, verdict
from autograder.verdict.picture import picture
from autograder.verdict.question import Budget, Run, budget_for, draw_run
from autograder.verdict.weights import measure
from course import checkpoint
from course.checks import training_run
from course.checks.base import Inputs
from course.checks.mistakes import MistakeError, Signs, mistake
from course.checks.run_seen import Seen, read_record
from course.checks.run_watch import watch_run

CHECKPOINT = "minilm"


def default_budget() -> Budget:
    """Return the budget for this machine."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    return budget_for(device, device in load_bars())


class FineTune(training_run.FineTune, Task):
    """A short, real fine-tuning run gives a model that answers a question it was never told."""

    answer_id = "fine-tune"
    points = 10
    #: Seconds; the reference needs about 20 on one core.
    timeout = 420
    told: ClassVar[tuple[str, ...]] = (
        "no-model-returned",
        "not-a-classifier",
        "wrong-model-shape",
        "wrong-weight-dtype",
        "weights-not-finite",
        *SIGNS,
    )
    signs: ClassVar[Signs] = {}
    #: The run, drawn by `cases`. Its hidden half never leaves this process.
    run: Run
    #: What was found, once `judge` has measured it.
    evidence: Evidence | None = None
    #: The best accuracy, where two questions were asked.
    best: float | None = None

    observe = staticmethod(watch_run)  # type: ignore[assignment]

    def __init__(self, budget: Budget | None = None) -> None:
        self._budget = budget

    @property
    def budget(self) -> Budget:
        return self._budget or default_budget()

    @property
    def device(self) -> str:
        return self.budget.device

    def draw(self, rng: random.Random) -> Run:
        """Draw what the student's code is given, and what it is measured on."""
        return draw_run(rng, self.budget)

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Draw the run and yield what the student's code is given of it."""
        self.run = self.draw(rng)
        yield {
            "texts": self.run.train.texts,
            "labels": self.run.train.labels,
            "checkpoint": CHECKPOINT,
            "steps": self.budget.steps,
            "batch_size": self.budget.batch_size,
            "device": self.budget.device,
            "seed": self.run.seed,
        }

    def judge(self, observed: Any, **inputs: Any) -> None:
        """Measure the weights; raises MistakeError with the first cause of lost points."""
        self.evidence = self.measured(observed)
        self.best = max(self.best or 0.0, self.evidence.measured.accuracy)
        if (error := verdict(self.evidence)) is not None:
            raise error

    def measured(self, observed: Any) -> Evidence:
        """Return what the weights that came back do on the hidden texts; raises MistakeError."""
        found = observed if isinstance(observed, dict) else {}
        if "weights" not in found:
            raise mistake("no-model-returned", returned=found.get("returned", "nothing"))
        bar = bar_for(self.budget.device)
        measured = measure(
            found["weights"],
            self.run,
            self.budget.device,
            checkpoint(CHECKPOINT),
            head_from=bar.nearly(len(self.run.hidden.texts)),
        )
        labels = tuple(self.run.train.labels)
        record = read_record(found.get("seen"))
        seen = Seen(record, self.budget.steps, self.budget.batch_size, labels)
        return Evidence(measured, seen, bar)

    def may_be_luck(self, error: MistakeError) -> bool:
        """A run in which nothing was seen to be wrong may have had bad luck: ask once more."""
        return error.mistake.id in MAY_BE_LUCK

    def picture(self) -> str:
        """Return where the model stands between an untrained one and the reference."""
        return picture(bar_for(self.budget.device), self.best)

    def success(self) -> str:
        """Return what was measured, for a student who has all points."""
        assert self.evidence is not None
        return f"Right: {self.title} {self.evidence.report}"
