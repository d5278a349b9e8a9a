"""What the examiner found, one record per examined cell: frozen data that all reports read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from course.files import write_whole


class Outcome(StrEnum):
    """How an examined cell came out."""

    PASSED = "passed"
    PARTIAL = "partial"
    FAILED = "failed"
    NOT_ATTEMPTED = "not_attempted"
    SKIPPED = "skipped"
    GRADER_ERROR = "grader_error"


class Standing(BaseModel):
    """Where a measured accuracy stands: beside an untrained model, the bar and the reference."""

    model_config = ConfigDict(frozen=True)

    accuracy: float
    #: What a model reaches without training, and from where on all points are earned.
    untrained: float
    full: float
    #: The lowest and the highest accuracy of the reference solution.
    reference: tuple[float, float]


class Finding(BaseModel):
    """The outcome of one task, without the student it belongs to."""

    model_config = ConfigDict(frozen=True)

    grade_id: str
    outcome: Outcome
    points: float = Field(ge=0)
    max_points: float = Field(ge=0)
    message: str
    #: The mistake that shows: its id, what people call it, and where a lesson treats it.
    misconception: str | None = None
    title: str = ""
    section: str = ""
    seconds: float = Field(default=0.0, ge=0)
    #: A picture of text of what was measured.
    picture: str = ""
    #: The accuracy in that picture, where there is one.
    standing: Standing | None = None
    #: By topic of a test: how many answers were right, of how many.
    topics: dict[str, tuple[int, int]] = Field(default_factory=dict)
    #: For whom the test or the case was drawn, where each student has another.
    drawn_for: str | None = None


class GradeRecord(Finding):
    """A finding with the submission that it belongs to."""

    assignment: str
    student: str
    notebook: str
    contained: bool = True


def as_json(records: Iterable[GradeRecord]) -> str:
    """Return `records` as a JSON list, one object per examined cell."""
    return json.dumps([record.model_dump(mode="json") for record in records], indent=1) + "\n"


def write_records(path: Path, records: Iterable[GradeRecord]) -> None:
    """Write `records` as JSON, whole or not at all."""
    write_whole(path, as_json(records))


def read_records(path: Path) -> list[GradeRecord]:
    """Return the records in `path`; raises ValueError if they are not ours."""
    items = json.loads(path.read_text(encoding="utf-8"))
    return [GradeRecord.model_validate(item) for item in items]


def all_records(folder: Path) -> list[GradeRecord]:
    """Return all records below `folder`, by assignment and student."""
    return [record for path in sorted(folder.glob("*/*.json")) for record in read_records(path)]
