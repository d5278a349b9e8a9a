"""How a sheet of the mastery test is marked; it is read as hostile input.

The bank with the answers is in the exam's folder and goes to no student.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from autograder.examining.exam import SheetTask, UndecidedError
from autograder.records import Finding, Outcome
from course.checks.mistakes import course_mistakes, mistake
from course.files import NotPlainFileError, read_bounded
from course.practice.mastery import (
    MAX_SHEET_BYTES,
    SHEET,
    Sheet,
    drawn,
    plain_name,
    pool,
    pool_digest,
)
from course.practice.places import lessons, taught_in
from course.practice.questions import Bank, load_bank
from course.practice.stems import (
    BadPicksError,
    Stem,
    answer_text,
    given_text,
    response_of,
    stem_of,
    topic_title,
    topics_of,
)


@cache
def _bank(questions: Path) -> Bank:
    return load_bank(questions)


@cache
def variant_of(questions: Path, id: str, seed: int) -> Any:
    """Return the question `id` of the bank in a folder, as it is asked with `seed`."""
    bank = _bank(questions)
    return asked(bank, bank[id], seed)


def asked(bank: Bank, question: Any, seed: int) -> Any:
    """Return `question` as the test asks it with `seed`; nothing that students have foretells it.

    Its numbers are drawn from what only the bank holds. Its options and lines stand in the order of
    their letters and numbers, whichever of them is right; the lines of code to find the broken one
    in stand as they run.
    """
    hidden = hashlib.sha256(f"{question.draw}{question.solution}".encode()).hexdigest()
    variant = bank.variant(question, f"{hidden}:{seed}")
    if variant.kind == "order":
        return variant.model_copy(update={"lines": sorted(variant.lines, key=by_value)})
    if variant.kind == "find":
        return variant
    options = sorted(variant.options, key=lambda option: by_value(option.text))
    return variant.model_copy(update={"options": options})


def by_value(text: str) -> list[str | float]:
    """Return what texts are sorted by: numbers by their value, the rest by its letters."""
    parts = re.split(r"(\d+(?:\.\d+)?)", text)
    return [float(part) if place % 2 else part for place, part in enumerate(parts)]


class MasteryTask(SheetTask):
    """Ten questions, drawn for each student, one point each."""

    answer_id = "mastery"
    points = 10
    told = ("not-attempted", "no-sheet", "unreadable-sheet", "not-all-right", "drawn-for-another")

    def mark(self, folder: Path) -> Finding:
        """Mark the sheet in `folder`; raises MistakeError where there is nothing to be marked."""
        sheet = read_sheet(folder / SHEET)
        if sheet.test != pool_digest():
            raise UndecidedError(
                "These answers belong to a different version of the test from the one graded here. "
                "Your instructor has been told."
            )
        stems = drawn(sheet.name, pool())
        right = {stem.id: self._is_right(stem, sheet.answers.get(stem.id)) for stem in stems}
        answered = sum(stem.id in sheet.answers for stem in stems)
        if not answered:
            raise mistake("not-attempted", function="the test")
        points = sum(right.values())
        outcome = Outcome.PARTIAL if points else Outcome.FAILED
        return Finding(
            grade_id=self.grade_id,
            outcome=Outcome.PASSED if points == len(stems) else outcome,
            points=self.points * points / len(stems),
            max_points=self.points,
            message=told(stems, right, answered),
            misconception=None if points == len(stems) else "not-all-right",
            title="" if points == len(stems) else course_mistakes()["not-all-right"].title,
            drawn_for=sheet.name,
            topics=by_topic(stems, right),
        )

    def _is_right(self, stem: Stem, picks: Any) -> bool:
        variant = variant_of(self.questions, stem.id, stem.seed)
        if stem_of(variant, stem.seed) != stem:
            raise UndecidedError(
                f"The question {stem.id} has changed since the students' copy was built: run "
                "`autograder build`."
            )
        try:
            return bool(variant.grade(response_of(stem, picks)).right)
        except BadPicksError:
            return False


@dataclass(frozen=True)
class Answered:
    """A question of the test with its answer: what is right, and why. For after handing in."""

    stem: Stem
    right: bool
    #: The learner's answer and the right one, as text; the first is empty where there is none.
    given: str
    answer: str
    #: What is said to the answer that was given, and the solution in steps.
    why: tuple[str, ...]


def explained(questions: Path, sheet: Sheet) -> list[Answered]:
    """Return the questions of a `sheet`, in order, with right answers from the bank in a folder."""
    found = []
    for stem in drawn(sheet.name, pool()):
        variant = variant_of(questions, stem.id, stem.seed)
        right, given, why = False, "", []
        try:
            response = response_of(stem, sheet.answers.get(stem.id))
        except BadPicksError:
            pass
        else:
            graded = variant.grade(response)
            right, given, why = (
                graded.right,
                given_text(variant, response),
                [*graded.feedback.values()],
            )
        found.append(Answered(stem, right, given, answer_text(variant), (*why, *variant.solution)))
    return found


def read_sheet(path: Path) -> Sheet:
    """Return the sheet in `path`; raises MistakeError for anything else than a plain, small, whole one."""
    try:
        data = read_bounded(path, MAX_SHEET_BYTES)
    except NotPlainFileError:
        raise mistake("unreadable-sheet", sheet=SHEET) from None
    except OSError:
        raise mistake("no-sheet", sheet=SHEET) from None
    try:
        return Sheet.model_validate(json.loads(data.decode("utf-8-sig")))
    except (ValidationError, ValueError, RecursionError):
        raise mistake("unreadable-sheet", sheet=SHEET) from None


def by_topic(stems: list[Stem], right: dict[str, bool]) -> dict[str, tuple[int, int]]:
    """Return by topic, under its title, how many questions are right, of how many."""
    asked = {
        topic: [right[one.id] for one in stems if one.topic == topic] for topic in topics_of(stems)
    }
    return {topic_title(topic): (sum(mine), len(mine)) for topic, mine in asked.items()}


def told(stems: list[Stem], right: dict[str, bool], answered: int) -> str:
    """Return the result in words: how strong each topic is, and which section to review."""
    lines = [f"{sum(right.values())} of {len(stems)} right."]
    if answered < len(stems):
        lines.append(f"{len(stems) - answered} were not answered.")
    for topic in topics_of(stems):
        mine = [stem for stem in stems if stem.topic == topic]
        count = sum(right[stem.id] for stem in mine)
        if count == len(mine):
            lines.append(f"{topic_title(topic)}: strong ({count} of {len(mine)}).")
            continue
        back = dict.fromkeys(_section(stem) for stem in mine if not right[stem.id])
        word = "not yet sure" if count else "weak"
        lines.append(
            f"{topic_title(topic)}: {word} ({count} of {len(mine)}); review {' and '.join(back)}."
        )
    wrong = [str(number) for number, stem in enumerate(stems, 1) if not right[stem.id]]
    if wrong:
        lines.append(f"Not right: question{'s' * (len(wrong) > 1)} {', '.join(wrong)}.")
    return "\n".join(lines)


def _section(stem: Stem) -> str:
    name = stem.lesson.partition("#")[0]
    return f'"{taught_in(stem.lesson)}" in lesson {name[:2]}, {lessons()[name].title}'


def for_student(
    finding: Finding, student: str, means: Callable[[str], bool] = lambda name: False
) -> Finding:
    """Return `finding` as it stands for `student`: a test drawn for somebody else waits.

    `means` says whether a name that was typed means the student.
    """
    drawn_for = finding.drawn_for
    if drawn_for is None or plain_name(drawn_for) == plain_name(student) or means(drawn_for):
        return finding
    result = finding.message.partition("\n")[0]
    error = mistake("drawn-for-another", owner=finding.drawn_for, student=student, result=result)
    return finding.model_copy(
        update={
            "outcome": Outcome.GRADER_ERROR,
            "points": 0.0,
            "misconception": error.mistake.id,
            "title": error.mistake.title,
            "message": error.message,
            "topics": {},
        }
    )
