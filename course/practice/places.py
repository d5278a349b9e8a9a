"""Where things are taught, and which questions a practice cell of a lesson asks.

`places.json` is built from the lessons (`autograder build`): each lesson's headings and cells in
order. A question names the place where it is taught, and is asked in the next cell for its way of
practising. So a new record appears in its lesson automatically.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

#: The ways of practising, and the kinds of questions that each of them asks.
WAYS = {
    "fill": ("fill", "order"),
    "quiz": ("choice", "several"),
    "predict": ("predict",),
    "debug": ("fix", "find"),
    "recall": ("flashcard",),
}
LEVELS = ("easy", "medium", "hard")


@dataclass(frozen=True)
class Place:
    """A heading or a cell of a lesson: its name, the heading that it stands under, its way."""

    name: str
    title: str
    #: The way of a practice cell; "" for anything else.
    way: str = ""
    #: The task whose points a graded cell stands for: the name of the student's function.
    task: str = ""


@dataclass(frozen=True)
class Lesson:
    """A lesson's title and its places, in order."""

    name: str
    title: str
    places: tuple[Place, ...]

    @property
    def tasks(self) -> list[str]:
        """The names of its tasks, in order."""
        return [place.task for place in self.places if place.task]

    def index(self, name: str) -> int:
        """Return where `name` stands in the lesson; 0 if it is no place of it."""
        return next((n for n, place in enumerate(self.places) if place.name == name), 0)

    def practice_cell(self, question: Any) -> str | None:
        """Return the practice cell that asks `question`: the next of its way, or the last one."""
        taught = self.index(question.lesson.partition("#")[2])
        cells = [
            (n, place.name)
            for n, place in enumerate(self.places)
            if question.kind in WAYS.get(place.way, ())
        ]
        later = [name for n, name in cells if n >= taught]
        return later[0] if later else cells[-1][1] if cells else None


@cache
def lessons() -> dict[str, Lesson]:
    """Return the course's lessons by name."""
    text = (Path(__file__).parent / "places.json").read_text(encoding="utf-8")
    return {
        name: Lesson(name, one["title"], tuple(Place(*place) for place in one["places"]))
        for name, one in json.loads(text).items()
    }


def taught_in(where: str) -> str:
    """Return the title of the section that `where` ("01-tokenizing#see-mask") names."""
    name, _, place = where.partition("#")
    lesson = lessons()[name]
    return lesson.places[lesson.index(place)].title


def asked_at(where: str, questions: Iterable[Any]) -> list[str]:
    """Return the ids of those `questions` that the practice cell `where` asks, in order."""
    name, _, cell = where.partition("#")
    lesson = lessons()[name]
    here = [
        question
        for question in questions
        if question.lesson.startswith(f"{name}#") and lesson.practice_cell(question) == cell
    ]
    here.sort(key=lambda one: LEVELS.index(one.difficulty))
    return [question.id for question in here]
