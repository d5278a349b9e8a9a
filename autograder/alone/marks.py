"""Marks as a learner sees them: the points and message of each task, with what explains them."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from autograder.examining.mastery import Answered
from autograder.records import Finding, Outcome
from course.checks import Result
from course.practice.showing import as_text, inline
from course.practice.text import Said


@dataclass(frozen=True)
class Marks:
    """The findings on one lesson by the names of its tasks; shows itself in notebook and terminal."""

    lesson: str
    findings: Mapping[str, Finding]
    answers: Sequence[Answered] = ()
    note: str = ""

    @property
    def points(self) -> float:
        return sum(one.points for one in self.findings.values())

    @property
    def max_points(self) -> float:
        return sum(one.max_points for one in self.findings.values())

    @property
    def title(self) -> str:
        return f"{self.lesson}: {self.points:g} of {self.max_points:g} points"

    def _results(self) -> Iterator[tuple[Result, str]]:
        """Yield each finding as a check shows it, with its picture."""
        for name, one in self.findings.items():
            named = f"{name} ({one.points:g} of {one.max_points:g})"
            passed = one.outcome is Outcome.PASSED
            yield Result(named, passed, one.message, one.title, one.section), one.picture

    def _answers(self) -> Iterator[tuple[str, Said]]:
        for number, one in enumerate(self.answers, 1):
            given = [f"Your answer:\n{one.given}"] if one.given and not one.right else []
            said = [*given, f"Right:\n{one.answer}", *one.why]
            title = f"{'✓' if one.right else '✗'} Question {number}"
            question = as_text(one.stem).rpartition("\n\nAnswer: ")[0]
            yield title, Said(None, [question, *said])

    def __repr__(self) -> str:
        parts = [self.title]
        for result, picture in self._results():
            parts += [str(result), *([picture] if picture else [])]
        parts += [f"{title}\n{said}" for title, said in self._answers()]
        return "\n\n".join([*parts, *([self.note] if self.note else [])])

    def _repr_html_(self) -> str:
        parts = [f"<p><b>{html.escape(self.title)}</b></p>"]
        for result, picture in self._results():
            parts.append(result._repr_html_())
            if picture:
                parts.append(f"<pre>{html.escape(picture)}</pre>")
        for title, said in self._answers():
            parts.append(f"<details><summary>{title}</summary>{said._repr_html_()}</details>")
        if self.note:
            parts.append(f"<p>{inline(self.note)}</p>")
        return "".join(parts)
