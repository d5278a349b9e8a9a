"""A learner's journal: answers, results, recall dates and training runs, in one file of their own.

Every change reads the file anew under a lock and replaces it whole, so two notebooks that are open
at once lose nothing of each other's, and a kernel that is killed leaves the last whole state. A
file that cannot be read is set aside under another name, never overwritten. Nothing is sent
anywhere.
"""

from __future__ import annotations

import json
import os
import random
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from course.experiments.records import Attempt, RunRecord
from course.files import read_bounded, write_whole

#: Names another place for the journal; the default is in the home folder.
VARIABLE = "BERT_CLASSROOM_PROGRESS"
#: Many times what years of practice come to.
MAX_BYTES = 2**26

T = TypeVar("T")


class Kept(BaseModel):
    """A part of the journal; unknown fields are those of a later version, and stay."""

    model_config = ConfigDict(extra="allow")


class Try(Kept):
    """One answer: the picks, whether they were right, and when."""

    picks: Any
    right: bool
    at: datetime


class Practised(Kept):
    """What happened to one question."""

    #: The variant that is being asked, and what was done to it.
    round: int = 0
    tries: list[Try] = Field(default_factory=list)
    hints: int = 0
    #: A digest of what was asked.
    asked: str = ""
    #: Over all rounds: was it ever right, and right at once without a hint?
    solved: bool = False
    at_once: bool = False
    answered: int = 0
    #: A flashcard's state, as the package fsrs writes it.
    card: dict[str, Any] | None = None


class Marked(Kept):
    """What is known of a task: whether its check was ever met, and the best marks for it."""

    checked: bool = False
    points: float = 0.0
    #: 0 while it was never marked.
    max_points: float = 0.0
    at: datetime | None = None

    @property
    def passed(self) -> bool:
        return self.checked or self.points >= self.max_points > 0


class Entries(Kept):
    """The whole journal; `seed` makes this learner's variants."""

    version: int = 1
    seed: int = Field(default_factory=lambda: random.SystemRandom().randrange(10**6))
    questions: dict[str, Practised] = Field(default_factory=dict)
    #: By the name of the student's function; the mastery test is "mastery".
    tasks: dict[str, Marked] = Field(default_factory=dict)
    #: Mastery tests that were handed in, by the name that they were drawn for.
    tests: dict[str, Marked] = Field(default_factory=dict)
    #: Training runs of the bench and of the challenge, in their order.
    runs: list[RunRecord] = Field(default_factory=list)
    attempts: list[Attempt] = Field(default_factory=list)
    #: When the clock of the challenge was started; None before.
    challenge_began: datetime | None = None

    def of(self, id: str) -> Practised:
        """Return what happened to the question `id`; an empty record if nothing did."""
        return self.questions.get(id) or Practised()

    def task(self, name: str) -> Marked:
        """Return what is known of the task `name`; an empty record if nothing is."""
        return self.tasks.get(name) or Marked()


class Journal:
    """The file at `path`, made when something is written."""

    def __init__(self, path: Path | None = None) -> None:
        named = os.environ.get(VARIABLE)
        default = Path(named) if named else Path.home() / ".bert-classroom" / "progress.json"
        # A learner may keep the file elsewhere and lay a link here: it is theirs.
        self.path = (path or default).expanduser().resolve()

    def read(self) -> Entries:
        """Return what is in the file; one that cannot be read is set aside."""
        if not self.path.exists():
            return self.change(lambda entries: entries)  # so that the seed is drawn once
        try:
            return self._parse()
        except ValueError:
            return self.change(lambda entries: entries)

    def change(self, act: Callable[[Entries], T]) -> T:
        """Let `act` change the entries, write them, and return what it returned."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{self.path}.lock", timeout=20):
            try:
                entries = self._parse()
            except FileNotFoundError:
                entries = Entries()
            except ValueError:
                self._set_aside()
                entries = Entries()
            result = act(entries)
            write_whole(self.path, entries.model_dump_json(indent=1) + "\n")
        return result

    def _parse(self) -> Entries:
        try:
            data = read_bounded(self.path, MAX_BYTES)
            return Entries.model_validate(json.loads(data.decode("utf-8")))
        except (ValidationError, RecursionError, UnicodeDecodeError) as error:
            raise ValueError(str(error)) from error

    def _set_aside(self) -> None:
        now = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
        aside = self.path.with_name(f"{self.path.stem}.broken-{now}{self.path.suffix}")
        self.path.replace(aside)
        warnings.warn(
            f"Your progress could not be read from {self.path}. It was kept as {aside.name}, and a "
            "new one was begun.",
            stacklevel=2,
        )

    def export(self, path: Path) -> Path:
        """Write a copy of the journal to `path` and return it."""
        entries = self.read()
        path = Path(path).expanduser()
        write_whole(path, entries.model_dump_json(indent=1) + "\n")
        return path

    def reset(self) -> Path | None:
        """Begin anew; return where the old journal was kept, or None if there was none."""
        if not self.path.exists():
            return None
        with FileLock(f"{self.path}.lock", timeout=20):
            now = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
            kept = self.path.with_name(f"{self.path.stem}.before-{now}{self.path.suffix}")
            self.path.replace(kept)
        return kept
