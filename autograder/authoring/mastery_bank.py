"""The mastery test's bank, for authors: what students get of it, and whether it holds.

The bank with the answers is in the exam's folder and goes to no student. What is built from it for
the student's package, `course/practice/mastery.json`, holds questions alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograder.authoring.question_proofs import prove
from autograder.examining.mastery import asked
from course.practice.questions import load_bank
from course.practice.stems import stem_of

#: Variants of each question: those with numbers to draw have more to vary than the options' order.
VARIANTS, SHUFFLES = 8, 3


def paper_path(root: Path) -> Path:
    """Return where the students' questions of the course in `root` are."""
    return root / "course" / "practice" / "mastery.json"


def paper_text(questions: Path) -> str:
    """Return the text of `mastery.json` for the bank in the folder `questions`."""
    bank = load_bank(questions)
    stems = [
        stem_of(asked(bank, question, seed), seed).model_dump()
        for question in bank
        for seed in seeds_of(question)
    ]
    return json.dumps(stems, indent=1, ensure_ascii=False) + "\n"


def seeds_of(question: Any) -> range:
    """Return the seeds of the variants that are drawn from."""
    return range(VARIANTS if question.draw else SHUFFLES)


def bank_faults(questions: Path) -> Iterator[str]:
    """Yield what is wrong with a bank: questions that cannot be marked or are not proved."""
    bank = load_bank(questions)
    for question in bank:
        if question.kind == "flashcard":
            yield f"{question.id}: a flashcard cannot be marked"
            continue
        if getattr(question, "typed", False):
            yield f"{question.id}: the test is answered by clicking, but this needs typing"
        for seed in seeds_of(question):
            yield from prove(asked(bank, question, seed))
