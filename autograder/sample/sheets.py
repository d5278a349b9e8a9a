"""Sheets of the mastery test as students would hand them in, so many of the answers right."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autograder.examining.mastery import variant_of
from course.practice.mastery import Sheet, drawn, pool, pool_digest
from course.practice.stems import Stem


def sheet_of(questions: Path, name: str, right: int) -> Sheet:
    """Return a sheet of the student `name` on which the last `right` of ten questions are right."""
    stems = drawn(name, pool())
    answers = {
        stem.id: picks_for(
            variant_of(questions, stem.id, stem.seed), stem, right=place >= len(stems) - right
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
            return order if right else order[::-1]
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
