"""Practice without widgets: questions as text, answered by a call."""

from __future__ import annotations

import difflib
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from course.practice.journal import Journal
from course.practice.rounds import ATTEMPTS, Round, bank
from course.practice.showing import as_text, inline
from course.practice.stems import BadPicksError, answer_text, blanks_in, picks_of


@dataclass(frozen=True)
class Text:
    """Questions that show themselves as text."""

    ids: Sequence[str]
    title: str
    journal: Journal

    def __repr__(self) -> str:
        stems = [Round(id, self.journal).stem for id in self.ids]
        return "\n\n".join([self.title, *map(as_text, stems)])


@dataclass(frozen=True)
class Said:
    """What is said to an answer; shows itself in a notebook and in a plain terminal."""

    right: bool | None
    lines: Sequence[str]

    def __str__(self) -> str:
        mark = {True: "✓ ", False: "✗ ", None: ""}[self.right]
        plain = [re.sub(r"[`*]{1,2}(\S.*?)[`*]{1,2}", r"\1", line) for line in self.lines]
        return mark + "\n".join(plain)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        # JupyterLab's own colours, so that the mark is seen on light and on dark pages.
        colour = {
            True: "var(--jp-success-color1,#1a7f37)",
            False: "var(--jp-error-color1,#cf222e)",
            None: "var(--jp-border-color1,#57606a)",
        }[self.right]
        shown = "<br>".join(
            f"<pre>{html.escape(line)}</pre>" if "\n" in line else inline(line)
            for line in self.lines
        )
        return (
            f'<div role="status" style="border-left:4px solid {colour};padding:.4em .8em">'
            f"{shown}</div>"
        )


def _round(id: str) -> Round:
    if id not in bank().questions:
        near = difflib.get_close_matches(id, bank().questions, 1)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        raise LookupError(f"There is no question {id!r}.{meant}")
    return Round(id, Journal())


def answered(id: str, given: Any) -> Said:
    """Answer a question and return what is to be said."""
    one = _round(id)
    stem, variant = one.stem, one.variant
    if one.outcome != "open" and variant.kind != "flashcard":
        one.again()
        if one.question.draw is not None:
            return Said(
                None,
                ["This one is done. Here it is again with different numbers:", as_text(one.stem)],
            )
        stem, variant = one.stem, one.variant
    try:
        graded = one.submit(picks_of(stem, given))
    except BadPicksError as error:
        return Said(None, [str(error)])
    if variant.kind == "flashcard":
        return Said(None, [variant.back, f"The card comes back {one.view()['due']}."])
    left = ATTEMPTS - len(one.state.tries)
    lines = ["Right." if graded.right else "Not right."]
    lines += [f"{_named(part)}{text}" for part, text in graded.feedback.items()]
    if one.outcome == "open":
        lines.append(f"Common mistake: {variant.common_mistakes[0]}")
        lines += [f"To learn it: {variant.learn}"] if variant.learn else []
        lines.append(f'{left} attempt{"s" * (left > 1)} left; hint("{id}") helps.')
    else:
        lines += [] if graded.right else ["The answer:", answer_text(variant)]
        lines += variant.solution
    return Said(graded.right, lines)


def _named(part: str) -> str:
    return f"{blanks_in(part)}: " if part else ""


def hinted(id: str) -> str:
    """Return the next hint to a question."""
    return _round(id).hint() or "There is no further hint."
