"""The exam of lesson 06: the diagnosis of one's own broken run, and the script mended."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from autograder.examining.broken_runs import BrokenRun, broken_runs
from autograder.examining.exam import Task
from course.checks import diagnosis
from course.checks.base import Check
from course.checks.mistakes import Signs, tell_first

FOLDER = Path(__file__).resolve().parent


class Judged(diagnosis.Diagnosed):
    """A diagnosis beside what is really wrong with the run."""

    @property
    def answer(self) -> BrokenRun:
        return broken_runs(FOLDER)[self.number]

    @property
    def line_right(self) -> bool:
        return self.line in self.answer.lines

    @property
    def fault_right(self) -> bool:
        return self.fault == self.answer.fault.id

    @property
    def hint(self) -> str:
        return self.answer.fault.hint


class OfDrawnRun(Check):
    """A check of the run that is drawn for a name; it notes whose, as the student says it."""

    drawn_for: str | None

    def judge(self, observed: Any, **inputs: Any) -> None:
        """See Check."""
        facts = type(self).facts(observed, **inputs)
        self.drawn_for = facts.name or None
        tell_first(self.signs, facts, function=self.function)


class Diagnosis(OfDrawnRun, diagnosis.Diagnosis, Task):
    """The faulty line of a run is found, and its fault is called by its name."""

    answer_id = "diagnosis"
    points = 6
    timeout = 20
    facts = Judged
    signs: ClassVar[Signs] = {
        **diagnosis.Diagnosis.signs,
        "neither-line-nor-fault": lambda it: not (it.line_right or it.fault_right),
        "another-line": lambda it: not it.line_right,
        "another-fault": lambda it: not it.fault_right,
    }


class TrainReviews(OfDrawnRun, diagnosis.TrainReviews, Task):
    """The script of the run is mended, and otherwise still what it was."""

    answer_id = "train-reviews"
    points = 4
    timeout = 120


TASKS = [Diagnosis, TrainReviews]
