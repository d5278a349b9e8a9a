"""What is kept of a training run: its settings, seed, curve and cost."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from statistics import fmean
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

#: Losses at the end of a run that are averaged.
END = 10


class RunRecord(BaseModel):
    """One run, finished or stopped."""

    model_config = ConfigDict(extra="allow")

    #: Counted from 1, over all runs of the journal; never given twice.
    number: int = 0
    #: "bench" or "challenge"; a later version may know more.
    kind: str
    #: What the learner chose; of a run of the challenge nothing, its code says it.
    settings: dict[str, Any] = Field(default_factory=dict)
    seed: int
    device: str
    #: The loss of each step; None where it was not seen.
    losses: list[float | None] = Field(default_factory=list)
    #: The validation accuracy after so many steps.
    scores: dict[int, float] = Field(default_factory=dict)
    #: After the last step; None for a run that was stopped.
    accuracy: float | None = None
    #: Steps that were taken, of `planned`, and reviews that they used (one used twice counts twice).
    steps: int = 0
    planned: int
    reviews: int = 0
    seconds: float = 0.0
    at: datetime
    #: Of the challenge: the attempt that it belongs to, and in which way the budget was not kept.
    attempt: int = 0
    overrun: str = ""

    @property
    def finished(self) -> bool:
        return self.accuracy is not None

    @property
    def final_loss(self) -> float | None:
        """The mean loss of the last steps; None where none was seen."""
        seen = [loss for loss in self.losses[-END:] if loss is not None]
        return fmean(seen) if seen else None


class Attempt(BaseModel):
    """One version of `fine_tune` in the challenge; its runs name it by its number."""

    model_config = ConfigDict(extra="allow")

    number: int
    note: str
    #: Its code as a file of its own, and a digest of it.
    file: str
    digest: str
    at: datetime


def code_file(folder: Path, number: int) -> Path:
    """Return where the code of an attempt is kept beside a journal in `folder`."""
    return folder / "challenge" / f"attempt-{number}.py"
