"""The mastery test's bank, for authors: what students get of it, and whether it holds.

The bank with the answers is in the exam's folder and goes to no student. What is built from it for
the student's package, `course/practice/mastery.json`, holds questions alone.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograder.authoring.mastery_strategies import Asked, strategy_faults
from autograder.authoring.question_proofs import prove
from autograder.examining.mastery import asked
from course.practice.questions import Bank, QuestionError, load_bank
from course.practice.stems import stem_of

#: Variants of each question. Two, three, four and six options are each right equally often.
VARIANTS = 12
#: How often the same places are right, at least, where there are very many combinations.
FEW = 2
#: How many seeds are tried for them.
SEEDS = 600


def paper_path(root: Path) -> Path:
    """Return where the students' questions of the course in `root` are."""
    return root / "course" / "practice" / "mastery.json"


def paper_text(questions: Path) -> str:
    """Return the text of `mastery.json` for the bank in the folder `questions`.

    A question that cannot be asked is left out; `bank_faults` says why.
    """
    bank = load_bank(questions)
    asked_of = [question for question in bank if unfit(question) is None]
    stems = [one.stem.model_dump() for question in asked_of for one in variants(bank, question)]
    return json.dumps(stems, indent=1, ensure_ascii=False) + "\n"


def variants(bank: Bank, question: Any) -> list[Asked]:
    """Return the variants that are asked; no place among options or lines is right too often.

    As options stand in the order of their numbers, this holds for the smallest and the largest
    number too. Raises QuestionError where the draws leave some place hardly ever right.
    """
    made: list[Asked] = []
    places: Counter[tuple[int, ...]] = Counter()
    for seed in range(SEEDS):
        variant = asked(bank, question, seed)
        one = Asked(stem_of(variant, seed), variant)
        if places[one.key] < max(FEW, VARIANTS * one.guessing):
            places[one.key] += 1
            made.append(one)
            if len(made) == VARIANTS:
                return made
    raise QuestionError(
        f"{question.id}: in {SEEDS} draws the right option is too seldom in some place. "
        "Let `draw` change which option is right."
    )


def unfit(question: Any) -> str | None:
    """Return why a question cannot be asked in the test, or None."""
    if question.kind == "flashcard":
        return "a flashcard cannot be marked"
    if getattr(question, "typed", False):
        return "the test is answered by clicking, but this needs typing"
    if question.kind == "fix":
        return "its repairs show which line is broken; ask for the line alone (find)"
    if question.draw is None:
        return "it needs a `draw` that changes the right answer"
    return None


def bank_faults(questions: Path) -> Iterator[str]:
    """Yield what is wrong with a bank: what cannot be marked, is not proved or pays the clueless."""
    bank = load_bank(questions)
    every: list[Asked] = []
    for question in bank:
        if (reason := unfit(question)) is not None:
            yield f"{question.id}: {reason}"
            continue
        made = variants(bank, question)
        every += made
        for one in made:
            yield from prove(one.variant)
    yield from strategy_faults(every)
