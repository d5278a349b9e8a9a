"""A question as it is asked: its text, code and options, and nothing that gives the answer away.

A front end shows a `Stem` and gives back *picks*: plain numbers of options, blanks and lines, or
what was typed. `response_of` turns picks into what `question.grade` takes; `picks_of` reads what a
person types into `answer("…", "B")`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict

from course.practice.kinds import BLANK, RATINGS
from course.practice.places import lessons

#: Options are named by these.
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#: No printed output that is asked for is longer.
MAX_TYPED = 2000


class BadPicksError(ValueError):
    """An answer that does not fit this question; the text is one sentence that says why."""


class Stem(BaseModel):
    """One variant of a question, without answer, feedback, hints or proofs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    seed: int
    kind: str
    topic: str
    difficulty: str
    minutes: float
    lesson: str
    prompt: str
    code: str = ""
    options: list[str] = []
    lines: list[str] = []
    blanks: int = 0

    @property
    def typed(self) -> bool:
        """Whether the answer is typed."""
        return self.kind == "predict" and not self.options

    @property
    def code_lines(self) -> list[str]:
        return self.code.rstrip("\n").split("\n")


def stem_of(variant: Any, seed: int) -> Stem:
    """Return the stem of `variant`, which was made with `seed`."""
    return Stem(
        id=variant.id,
        seed=seed,
        kind=variant.kind,
        topic=variant.topic,
        difficulty=variant.difficulty,
        minutes=variant.minutes,
        lesson=variant.lesson,
        prompt=variant.front if variant.kind == "flashcard" else variant.prompt,
        code=_code_of(variant),
        options=[
            option.text
            for option in getattr(variant, "options", [])
            if not getattr(variant, "typed", False)
        ],
        lines=list(getattr(variant, "lines", [])),
        blanks=len(variant.answer) if variant.kind == "fill" else 0,
    )


def _code_of(variant: Any) -> str:
    if variant.kind == "find":
        return ""  # its lines are the options
    return str(getattr(variant, "code", "")).replace("⟦lines⟧", "# the lines, in your order")


def topics_of(asked: Iterable[Any]) -> list[str]:
    """Return the topics of questions, in the order of the lessons that first teach them."""
    first: dict[str, str] = {}
    for one in asked:
        lesson = one.lesson.partition("#")[0]
        first[one.topic] = min(lesson, first.get(one.topic, lesson))
    return sorted(first, key=lambda topic: (first[topic], topic))


def topic_title(topic: str) -> str:
    """Return a topic's name as people read it: its lesson's title, where one is called the same."""
    for name, lesson in lessons().items():
        if name.partition("-")[2] == topic:
            return lesson.title.partition(":")[0]
    return topic.replace("-", " ").capitalize()


def response_of(stem: Stem, picks: Any) -> Any:
    """Return what the question's `grade` takes; raises BadPicksError.

    Picks are JSON: fill, a list with one option's number for each blank; choice, a number; several,
    a list of numbers; predict, a number or the typed text; order, all numbers of lines; fix, the
    number of a line and of an option; find, a line's number; flashcard, a rating. Numbers begin
    with 0.
    """
    options = stem.options
    match stem.kind:
        case "fill":
            return [options[place] for place in _numbers(picks, len(options), stem.blanks)]
        case "choice" | "find":
            return options[_number(picks, len(options))]
        case "several":
            chosen = _numbers(picks, len(options))
            if len(set(chosen)) < len(chosen):
                raise BadPicksError("An option was chosen twice.")
            return [options[place] for place in chosen]
        case "predict" if options:
            return options[_number(picks, len(options))]
        case "predict":
            if not isinstance(picks, str) or len(picks) > MAX_TYPED:
                raise BadPicksError("Type what is printed, as text.")
            return picks
        case "order":
            order = _numbers(picks, len(stem.lines), len(stem.lines))
            if len(set(order)) < len(order):
                raise BadPicksError("Each line must appear exactly once.")
            return [stem.lines[place] for place in order]
        case "fix":
            line, option = _numbers(picks, max(len(stem.code_lines), len(options)), 2)
            return _number(line, len(stem.code_lines)) + 1, options[_number(option, len(options))]
        case _:
            if picks not in RATINGS:
                raise BadPicksError(f"Rate how well you knew it: {', '.join(RATINGS)}.")
            return picks


def _number(value: Any, end: int) -> int:
    # A bool is an int to Python; nobody means one here.
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < end:
        raise BadPicksError(f"There is no such choice; there are {end}.")
    return value


def _numbers(value: Any, end: int, length: int | None = None) -> list[int]:
    if not isinstance(value, list) or not value or (length is not None and len(value) != length):
        raise BadPicksError(f"{'Some' if length is None else length} choices are needed.")
    return [_number(part, end) for part in value]


def picks_of(stem: Stem, given: Any) -> Any:
    """Return the picks that a person means who types `given`; raises BadPicksError.

    Options go by letters ("B", "A, C", ["A", "C"]) or by their own texts, lines by numbers from 1.
    """
    parts = _parts(given)
    match stem.kind:
        case "fill":
            return _letters(stem, parts, exactly=stem.blanks)
        case "choice" | "find":
            return _letters(stem, parts, exactly=1)[0]
        case "several":
            return _letters(stem, parts)
        case "predict" if stem.options:
            return _letters(stem, parts if len(parts) == 1 else [str(given)], exactly=1)[0]
        case "predict":
            return str(given)
        case "order":
            return _line_numbers(parts, len(stem.lines))
        case "fix":
            if len(parts) != 2:
                raise BadPicksError("Give the line and the repair, as in (3, 'B').")
            line = _line_numbers(parts[:1], len(stem.code_lines))
            return [*line, *_letters(stem, parts[1:], exactly=1)]
        case _:
            return str(given).strip().lower()


def _parts(given: Any) -> list[str]:
    if isinstance(given, list | tuple | set | frozenset):
        return [str(part).strip() for part in given]
    return [str(given).strip()]


def _letters(stem: Stem, parts: list[str], exactly: int | None = None) -> list[int]:
    if len(parts) == 1 and parts[0] not in stem.options:
        # "AC", "A C" and "a, c" name options by their letters.
        parts = list(re.sub(r"[\s,;]+", "", parts[0]))
    known = LETTERS[: len(stem.options)]
    found = []
    for part in parts:
        if part in stem.options:
            found.append(stem.options.index(part))
        elif len(part) == 1 and part.upper() in known:
            found.append(known.index(part.upper()))
        else:
            raise BadPicksError(f"{part!r} is not an option; give a letter, A to {known[-1]}.")
    if not found or (exactly is not None and len(found) != exactly):
        needed = "at least one option" if exactly is None else f"exactly {exactly}"
        raise BadPicksError(f"Choose {needed}, not {len(found)}.")
    return found


def _line_numbers(parts: list[str], count: int) -> list[int]:
    if len(parts) == 1:
        parts = re.findall(r"\d+", parts[0])
    numbers = [int(part) - 1 for part in parts if part.isdigit()]
    if len(numbers) != len(parts) or not numbers or not all(0 <= n < count for n in numbers):
        raise BadPicksError(f"Give lines by their numbers, 1 to {count}.")
    return numbers


def blanks_in(code: str) -> str:
    """Return `code` with its blanks as people read them in plain text: [1], [2]."""
    return BLANK.sub(r"[\1]", code)


def answer_text(variant: Any) -> str:
    """Return the right answer as plain text."""
    match variant.kind:
        case "fill":
            return str(variant.filled(variant.answer))
        case "fix":
            return str(variant.repaired(variant.answer))
        case "find":
            return f"{variant.answer}\n\nIt should be:\n\n{variant.repair}"
        case "order" | "several":
            return "\n".join(variant.answer)
        case _:
            return str(variant.answer)


def given_text(variant: Any, response: Any) -> str:
    """Return an answer that was given as plain text."""
    if variant.kind == "fix":
        line, repair = response
        return answer_text(variant.model_copy(update={"line": line, "answer": repair}))
    if variant.kind == "find":
        return str(response)
    return answer_text(variant.model_copy(update={"answer": response}))
