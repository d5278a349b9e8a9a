"""The mastery test on the graders' side: its bank, what students get of it, and how it is marked.

The bank with the answers is in the exam's folder and goes to no student. What is built from it for
the student's package, `course/practice/mastery.json`, holds questions alone. A sheet of answers is read
as hostile input.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from autograder.authoring.question_proofs import prove
from autograder.examining.exam import SheetTask, UndecidedError
from autograder.records import Finding, Outcome
from course.checks.mistakes import MistakeError
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
from course.practice.record import TOPICS
from course.practice.stems import BadPicksError, Stem, response_of, stem_of, topic_title

#: Variants of each question: those with numbers to draw have more to vary than the options' order.
VARIANTS, SHUFFLES = 8, 3


def paper_path(root: Path) -> Path:
    """Return where the students' questions of the course in `root` are."""
    return root / "course" / "practice" / "mastery.json"


def paper_text(questions: Path) -> str:
    """Return the text of `mastery.json` for the bank in the folder `questions`."""
    bank = load_bank(questions)
    stems = [
        stem_of(bank.variant(question, seed), seed).model_dump()
        for question in bank
        for seed in _seeds(question)
    ]
    return json.dumps(stems, indent=1, ensure_ascii=False) + "\n"


def _seeds(question: Any) -> range:
    return range(VARIANTS if question.draw else SHUFFLES)


@cache
def _bank(questions: Path) -> Bank:
    return load_bank(questions)


@cache
def _variant(questions: Path, id: str, seed: int) -> Any:
    bank = _bank(questions)
    return bank.variant(bank[id], seed)


class MasteryTask(SheetTask):
    """Ten questions, drawn for each student, one point each."""

    answer_id = "mastery"
    points = 10
    #: The folder of the bank.
    questions: Path

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
            raise MistakeError("not-attempted", "No question of the test is answered.")
        points = sum(right.values())
        outcome = Outcome.PARTIAL if points else Outcome.FAILED
        return Finding(
            grade_id=self.grade_id,
            outcome=Outcome.PASSED if points == len(stems) else outcome,
            points=self.points * points / len(stems),
            max_points=self.points,
            message=told(stems, right, answered),
            misconception=None if points == len(stems) else "not-all-right",
            drawn_for=sheet.name,
        )

    def faults(self) -> Iterator[str]:
        """Yield what is wrong with the test: questions that cannot be marked or are not proved."""
        bank = load_bank(self.questions)
        for question in bank:
            if question.kind == "flashcard":
                yield f"{question.id}: a flashcard cannot be marked"
            if getattr(question, "typed", False):
                yield f"{question.id}: the test is answered by clicking, but this needs typing"
            for seed in _seeds(question):
                yield from prove(bank.variant(question, seed))

    def _is_right(self, stem: Stem, picks: Any) -> bool:
        variant = _variant(self.questions, stem.id, stem.seed)
        if stem_of(variant, stem.seed) != stem:
            raise UndecidedError(
                f"The question {stem.id} has changed since the students' copy was built: run "
                "`autograder build`."
            )
        try:
            return bool(variant.grade(response_of(stem, picks)).right)
        except BadPicksError:
            return False


def sheet_of(questions: Path, name: str, right: int) -> Sheet:
    """Return a sheet of the student `name` on which the last `right` of ten questions are right."""
    stems = drawn(name, pool())
    answers = {
        stem.id: picks_for(
            _variant(questions, stem.id, stem.seed), stem, right=place >= len(stems) - right
        )
        for place, stem in enumerate(stems)
    }
    return Sheet(name=name, test=pool_digest(), started=datetime.now(UTC), answers=answers)


def picks_for(variant: Any, stem: Stem, *, right: bool) -> Any:
    """Return the picks of a right or of a wrong answer."""
    options = len(stem.options)
    match stem.kind:
        case "order":
            order = [stem.lines.index(line) for line in variant.answer]
            return order if right else list(range(len(stem.lines)))
        case "fix":
            place = stem.options.index(variant.answer)
            return [variant.line - 1, place if right else (place + 1) % options]
        case "fill" | "several":
            places = [stem.options.index(text) for text in variant.answer]
            if right:
                return places
            if stem.kind == "fill":
                return [(place + 1) % options for place in places]
            return [place for place in range(options) if place not in places]
        case _:
            place = stem.options.index(variant.answer)
            return place if right else (place + 1) % options


def read_sheet(path: Path) -> Sheet:
    """Return the sheet in `path`; raises MistakeError for anything else than a plain, small, whole one."""
    try:
        data = read_bounded(path, MAX_SHEET_BYTES)
    except NotPlainFileError:
        raise MistakeError(
            "unreadable-sheet", f"{SHEET} is not the small file that the test writes."
        ) from None
    except OSError:
        raise MistakeError(
            "no-sheet",
            f"There is no file {SHEET} next to the notebook. Hand in both; the test writes the file "
            "when you answer the first question.",
        ) from None
    try:
        return Sheet.model_validate(json.loads(data.decode("utf-8-sig")))
    except (ValidationError, ValueError, RecursionError):
        raise MistakeError(
            "unreadable-sheet",
            f"{SHEET} cannot be read. It is written by the test in the notebook and must be handed "
            "in as it is.",
        ) from None


def told(stems: list[Stem], right: dict[str, bool], answered: int) -> str:
    """Return the result in words: how strong each topic is, and which section to review."""
    lines = [f"{sum(right.values())} of {len(stems)} right."]
    if answered < len(stems):
        lines.append(f"{len(stems) - answered} were not answered.")
    for topic in TOPICS:
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


def for_student(finding: Finding, student: str) -> Finding:
    """Return `finding` as it stands for `student`: a test drawn for somebody else waits."""
    if finding.drawn_for is None or plain_name(finding.drawn_for) == plain_name(student):
        return finding
    return finding.model_copy(
        update={
            "outcome": Outcome.GRADER_ERROR,
            "points": 0.0,
            "misconception": "drawn-for-another",
            "message": (
                f"This test was drawn for {finding.drawn_for!r}, but {student!r} handed it in. If the "
                "name was only mistyped, your instructor can accept it; otherwise start again under "
                f"your own name. Result: {finding.message.partition(chr(10))[0]}"
            ),
        }
    )
