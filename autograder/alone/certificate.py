"""The certificate page: what a learner's journal says was obtained, as one HTML file to print.

It is called a record of work until each task of each lesson was marked with at least half of its
points and the mastery test was handed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from course import __version__
from course.files import write_whole
from course.practice.journal import MASTERY, Entries, Marked
from course.practice.places import lessons
from course.practice.rounds import bank
from course.practice.text import Said

#: The share of a task's points from which it counts.
ENOUGH = 0.5
#: No name on the page is longer.
MAX_NAME = 100
#: The task whose verdict is shown.
FINE_TUNE = "fine_tune"


@dataclass(frozen=True)
class Done:
    """What was obtained in one lesson: the best marks of each task, by its name."""

    lesson: str
    title: str
    tasks: dict[str, Marked]

    @property
    def number(self) -> str:
        return self.lesson[:2]

    @property
    def points(self) -> float:
        return sum(one.points for one in self.tasks.values())

    @property
    def max_points(self) -> float:
        return sum(one.max_points for one in self.tasks.values())

    @property
    def last(self) -> datetime | None:
        """When the lesson was last marked with these points; None if it never was."""
        return max((one.at for one in self.tasks.values() if one.at), default=None)

    @property
    def missing(self) -> list[str]:
        """What is still needed here for a certificate, as short statements."""
        if MASTERY in self.tasks:
            return [] if self.max_points else ["the mastery test is not handed in"]
        return [
            f"`{name}` has {one.points:g} of {one.max_points:g} points"
            if one.max_points
            else f"`{name}` is not marked"
            for name, one in self.tasks.items()
            if not one.max_points or one.points < ENOUGH * one.max_points
        ]


def done_in(entries: Entries) -> list[Done]:
    """Return what was obtained in each lesson that has tasks, in order."""
    return [
        Done(name, one.title, {task: entries.task(task) for task in one.tasks})
        for name, one in lessons().items()
        if one.tasks
    ]


def certificate_text(name: str, entries: Entries, today: datetime) -> str:
    """Return the page as HTML; `name` is shown as it is, whatever characters it has."""
    done = done_in(entries)
    questions = list(bank())
    text: str = _template().render(
        name=name,
        done=done,
        complete=not any(one.missing for one in done),
        run=entries.task(FINE_TUNE),
        measured=_measured(entries.task(FINE_TUNE).said),
        mastery=entries.task(MASTERY),
        tests=len(entries.tests),
        solved=sum(entries.of(one.id).solved for one in questions),
        questions=len(questions),
        today=today,
        version=__version__,
    )
    return text


def _measured(said: str) -> str:
    """Return what a verdict says was measured, without its advice; all of it if nothing was."""
    return said[max(said.find("Measured on"), 0) :]


@cache
def _template() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("certificate.html")


def write_certificate(name: str, entries: Entries, path: Path, today: datetime) -> Said:
    """Write the page to `path`, and say what it is and what is still missing for a certificate."""
    name = " ".join(str(name).split())[:MAX_NAME]
    if not name:
        return Said(None, ['Give the name for the page: `certificate("Your Name")`.'])
    done = done_in(entries)
    if not any(one.max_points for one in done):
        first = next(iter(done)).lesson
        return Said(
            None,
            [
                "Nothing has been marked yet, so there is nothing to certify. The last cell of each "
                f'lesson marks your work: `grade_me("{first}")`. (A ✓ of a check is not a mark.)'
            ],
        )
    try:
        write_whole(path, certificate_text(name, entries, today))
    except OSError as error:
        return Said(None, [f"{path} cannot be written: {error.strerror or error}."])
    missing = {one.lesson: one.missing for one in done if one.missing}
    what = "your record of work" if missing else "your certificate"
    lines = [f"{path} is {what}. Open it in a browser; from there you can print it."]
    if missing:
        lines.append("For a certificate, this is still missing:")
        lines += [f"{lesson}: {', '.join(some)}" for lesson, some in missing.items()]
    return Said(None, lines)
