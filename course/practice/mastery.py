"""The mastery test on the student's side: ten questions drawn by name, and a sheet of answers.

The questions come from `mastery.json`, which is built from the graders' bank and holds no answer. Each
click is written to the sheet beside the notebook, whole or not at all; it is handed in with the
notebook and graded elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, Field

from course.files import read_bounded, write_whole
from course.plain import whole_text
from course.practice.journal import Journal
from course.practice.places import LEVELS
from course.practice.stems import Stem, response_of, topics_of

SHEET = "mastery_answers.json"
#: No sheet is longer, here or where it is marked.
MAX_SHEET_BYTES = 2**18
#: How many questions of each difficulty; together ten.
DRAWN = {"easy": 3, "medium": 4, "hard": 3}
#: How many of them may be of one kind.
MOST = 5


class Sheet(BaseModel):
    """What a student has answered; picks by question id."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200)
    #: The digest of the test that was drawn from.
    test: str = Field(max_length=64)
    started: datetime
    answers: dict[str, Any] = Field(default_factory=dict, max_length=100)


class NameNeededError(ValueError):
    """The owner of the test is unknown, or this folder holds somebody else's test."""


@cache
def _text() -> str:
    return (Path(__file__).parent / "mastery.json").read_text(encoding="utf-8")


def pool_digest() -> str:
    """Return a digest of all questions of the test, in all their variants."""
    return hashlib.sha256(_text().encode()).hexdigest()[:16]


@cache
def pool() -> tuple[Stem, ...]:
    """Return all questions of the test in all their variants."""
    return tuple(Stem.model_validate(one) for one in json.loads(_text()))


def plain_name(name: str) -> str:
    """Return the name by which a test is drawn: "Anna@uni.example" and "anna " are one student."""
    return whole_text(name.partition("@")[0].strip().casefold())


def drawn(name: str, stems: Sequence[Stem]) -> list[Stem]:
    """Return the ten questions of the student `name`: the same ones for the same name.

    Topics are asked equally often, but for one question; three are easy, four medium, three hard.
    Every kind of question is among them, and none makes up more than half of the test.
    """
    rng = random.Random(hashlib.sha256(plain_name(name).encode()).digest())
    found: dict[tuple[str, str], dict[str, list[Stem]]] = {}
    for stem in stems:
        found.setdefault((stem.topic, stem.difficulty), {}).setdefault(stem.id, []).append(stem)
    kinds = {stem.kind for stem in stems}
    levels = [level for level, count in DRAWN.items() for _ in range(count)]
    every = topics_of(stems)
    each, more = divmod(len(levels), len(every))
    for _ in range(1000):
        topics = [*every * each, *rng.sample(every, more)]
        rng.shuffle(topics)
        chosen: list[Stem] = []
        for topic, level in zip(topics, levels, strict=True):
            taken = {stem.id for stem in chosen}
            left = [id for id in sorted(found.get((topic, level), {})) if id not in taken]
            if not left:
                break
            chosen.append(rng.choice(found[topic, level][rng.choice(left)]))
        counts = Counter(stem.kind for stem in chosen)
        if len(chosen) == len(levels) and counts.keys() == kinds and max(counts.values()) <= MOST:
            return sorted(chosen, key=lambda stem: LEVELS.index(stem.difficulty))
    raise ValueError(
        "The test has too few questions of some topic, difficulty or kind to draw ten."
    )


def name_of(given: str, sheet: Sheet | None) -> str:
    """Return whose test it is; raises NameNeededError."""
    name = given.strip() or os.environ.get("JUPYTERHUB_USER", "").strip()
    if sheet is None and not name:
        raise NameNeededError(
            "Between the quotes, write the name under which you hand in your work, as in "
            'mastery_test("anna"). Your questions are drawn from it.'
        )
    if sheet is not None and name and plain_name(name) != plain_name(sheet.name):
        raise NameNeededError(
            f"This folder contains the answers of {sheet.name!r}. If nobody needs them, delete "
            f"the file {SHEET} and run this cell again to start as {name!r}."
        )
    return sheet.name if sheet is not None else name


class Paper:
    """One student's test and the sheet on which it is answered, in `folder`."""

    def __init__(self, name: str = "", folder: Path | None = None) -> None:
        self.path = (folder or Path.cwd()) / SHEET
        self.sheet = self._read() or self._begin(name_of(name, None))
        self.name = name_of(name, self.sheet)
        self.stems = drawn(self.name, pool())
        if self.sheet.test != pool_digest():
            raise NameNeededError(
                f"The answers in {SHEET} belong to another version of this test. Rename that file "
                "to keep it, and run this cell again to begin."
            )

    def _alone(self) -> FileLock:
        """Return the lock under which the sheet is read, changed and written.

        It lies beside the journal: in the folder that is handed in, it would be litter.
        """
        lock = Journal().path.with_name("mastery.lock")
        lock.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(lock, timeout=20)

    def _begin(self, name: str) -> Sheet:
        """Return an empty sheet, written, or the one that another notebook has just begun."""
        with self._alone():
            sheet = self._read()
            if sheet is None:
                sheet = Sheet(name=name, test=pool_digest(), started=datetime.now(UTC))
                self._write(sheet)
            return sheet

    def _read(self) -> Sheet | None:
        try:
            return Sheet.model_validate_json(read_bounded(self.path, MAX_SHEET_BYTES))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise NameNeededError(
                f"The file {SHEET} beside this notebook cannot be read. Rename it, and run this "
                "cell again to begin anew."
            ) from error

    def _write(self, sheet: Sheet) -> None:
        write_whole(self.path, sheet.model_dump_json(indent=1) + "\n")

    def choose(self, id: str, picks: Any) -> None:
        """Write an answer to the sheet, or take it back (None); raises BadPicksError."""
        stem = next(stem for stem in self.stems if stem.id == id)
        if picks is not None:
            response_of(stem, picks)
        with self._alone():
            # What another open notebook has answered meanwhile stays.
            self.sheet = self._read() or self.sheet
            self.sheet.answers.pop(id, None)
            if picks is not None:
                self.sheet.answers[id] = picks
            self._write(self.sheet)

    @property
    def minutes(self) -> float:
        return sum(stem.minutes for stem in self.stems)

    def status(self) -> str:
        """Return how many questions are answered, and what to do next."""
        count = sum(stem.id in self.sheet.answers for stem in self.stems)
        if count < len(self.stems):
            return f"{count} of {len(self.stems)} answered; each answer is saved at once."
        return f"All {count} answered and saved. Hand in {SHEET} together with this notebook."
