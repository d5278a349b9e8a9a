"""One question as it is practised: attempts, hints, feedback, and the solution when it is due."""

from __future__ import annotations

import hashlib
import math
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from course.practice.journal import Entries, Journal, Practised, Try
from course.practice.kinds import RATINGS
from course.practice.places import taught_in
from course.practice.questions import Bank, read_bank, runs_here
from course.practice.record import Graded
from course.practice.showing import as_text, highlighted, inline, option_html, stem_view
from course.practice.stems import Stem, answer_text, given_text, response_of, stem_of

ATTEMPTS = 3


@cache
def bank() -> Bank:
    """Return the course's practice questions that hold in this version of transformers.

    A broken one takes down only itself: `autograder build` and `check-course` name it.
    """
    every, _ = read_bank(Path(__file__).resolve().parent.parent / "questions")
    return Bank({one.id: one for one in every if runs_here(one)})


class Round:
    """A question with what this learner has done to it; all state is in the journal."""

    def __init__(self, id: str, journal: Journal) -> None:
        self.question = bank()[id]
        self.journal = journal
        self.revealed = False  # a flashcard's back
        self._made: tuple[int, Any] | None = None
        self.read(journal.read())

    def read(self, entries: Entries) -> None:
        """Take over what the journal says of the question now."""
        self.state = entries.of(self.question.id)
        self.seed = entries.seed * 1000 + self.state.round

    @property
    def variant(self) -> Any:
        """The question with its numbers drawn; made when first needed, for it may run code."""
        if self._made is None or self._made[0] != self.seed:
            self._made = self.seed, bank().variant(self.question, self.seed)
        return self._made[1]

    @property
    def stem(self) -> Stem:
        return stem_of(self.variant, self.seed)

    @property
    def outcome(self) -> str:
        """Open, right, or out of attempts; a flashcard is right when it is not due."""
        return outcome_of(self.question, self.state)

    def _change(self, act: Any) -> None:
        def changed(entries: Entries) -> Entries:
            act(entries.questions.setdefault(self.question.id, Practised()))
            return entries

        self.read(self.journal.change(changed))

    def submit(self, picks: Any) -> Graded:
        """Grade an answer and write it down; raises BadPicksError if it is none."""
        graded: Graded = self.variant.grade(response_of(self.stem, picks))
        now, seed = datetime.now(UTC), self.seed
        if self.question.kind == "flashcard":
            self._change(lambda state: _rate(state, picks, graded.right, now))
            self.revealed = False
            return graded

        asked = _digest(self.stem)

        def tried(state: Practised) -> None:
            if len(state.tries) >= ATTEMPTS or any(one.right for one in state.tries):
                return  # done in another notebook meanwhile
            state.asked = asked
            state.tries.append(Try(picks=picks, right=graded.right, at=now))
            state.answered += 1
            state.solved |= graded.right
            state.at_once |= graded.right and len(state.tries) == 1 and not state.hints

        if self.outcome == "open":
            self._change(tried)
            if self.seed != seed:
                self._made = None  # another notebook has begun a new round
        return graded

    def hint(self) -> str | None:
        """Return the next hint, or None when there is none left."""
        hints = getattr(self.question, "hints", [])
        if self.state.hints >= len(hints):
            return None
        self._change(lambda state: setattr(state, "hints", min(state.hints + 1, len(hints))))
        return str(self.variant.hints[self.state.hints - 1])

    def again(self) -> None:
        """Begin a new round, with other numbers where the question draws them."""

        def anew(state: Practised) -> None:
            state.round, state.tries, state.hints, state.asked = state.round + 1, [], 0, ""

        self._change(anew)

    def _check_wording(self) -> None:
        if self.state.asked and self.state.asked != _digest(self.stem):
            self.again()  # the bank has changed since: old picks name other options now

    def status(self) -> str:
        """Return in a few words how it stands."""
        if self.question.kind == "flashcard":
            from course.practice import recall

            return f"card, {recall.due_words(self.state.card)}"
        left = ATTEMPTS - len(self.state.tries)
        words = {"right": "solved", "out": "not solved, no attempt left"}
        return words.get(self.outcome, f"{left} attempt{'s' * (left > 1)} left")

    def text(self) -> str:
        """Return the question as plain text, with the last answer and, when it is due, the right one."""
        self._check_wording()
        parts = [as_text(self.stem)]
        if self.question.kind != "flashcard" and self.state.tries:
            given = response_of(self.stem, self.state.tries[-1].picks)
            parts.append(f"Your last answer:\n{given_text(self.variant, given)}")
            if self.outcome != "open":
                parts += [f"The answer:\n{answer_text(self.variant)}", *self.variant.solution]
        return "\n\n".join(parts)

    def view(self) -> dict[str, Any]:
        """Return all that the widget shows of the question now."""
        self._check_wording()
        variant, state, outcome = self.variant, self.state, self.outcome
        shown = stem_view(self.stem) | {
            "round": state.round,
            "outcome": outcome,
            "triesLeft": ATTEMPTS - len(state.tries),
            "tries": len(state.tries),
            "picks": state.tries[-1].picks if state.tries else None,
            "feedback": [],
            "marks": {},
            "taught": taught_in(self.question.lesson),
            "hasNumbers": self.question.draw is not None,
        }
        if self.question.kind == "flashcard":
            return shown | self._card_view()
        shown["hints"] = [inline(text) for text in variant.hints[: state.hints]]
        shown["hintsLeft"] = len(variant.hints) - state.hints
        if state.tries:
            graded = variant.grade(response_of(self.stem, state.tries[-1].picks))
            shown["feedback"] = feedback_view(self.stem, graded)
            shown["marks"] = marks(self.stem, variant, state.tries[-1])
        if state.tries and outcome != "right":
            shown["mistakes"] = [inline(text) for text in variant.common_mistakes]
            shown["learn"] = inline(variant.learn or "")
        if outcome != "open":
            shown["solution"] = [inline(text) for text in variant.solution]
            shown["answer"] = answer_html(self.stem, variant)
        return shown

    def _card_view(self) -> dict[str, Any]:
        from course.practice import recall

        state = self.state
        shown: dict[str, Any] = {"revealed": self.revealed, "due": recall.due_words(state.card)}
        if self.revealed:
            shown["back"] = inline(self.variant.back)
            shown["intervals"] = recall.intervals(state.card)
        return shown


def _digest(stem: Stem) -> str:
    return hashlib.sha256(stem.model_dump_json().encode()).hexdigest()[:16]


def outcome_of(question: Any, state: Practised) -> str:
    """Return "right", "out" (of attempts) or "open" for a question in that state."""
    if question.kind == "flashcard":
        from course.practice import recall

        return "open" if recall.is_due(state.card) else "right"
    if any(one.right for one in state.tries):
        return "right"
    return "out" if len(state.tries) >= ATTEMPTS else "open"


def _rate(state: Practised, rating: str, right: bool, now: datetime) -> None:
    from course.practice import recall

    state.card = recall.rated(state.card, RATINGS.index(rating) + 1, now)
    state.tries = [Try(picks=rating, right=right, at=now)]
    state.answered += 1
    state.solved |= right


def feedback_view(stem: Stem, graded: Graded) -> list[dict[str, str]]:
    """Return what is said to an answer, each with the part that it is said to."""
    shown = []
    for part, text in graded.feedback.items():
        if part.startswith("⟦"):
            named = f"Blank {part.strip('⟦⟧')}"
        elif part.startswith("line ") or not part:
            named = part.capitalize()
        elif stem.kind == "order":
            named = f"<pre>{highlighted(part)}</pre>"
        else:
            named = option_html(stem, part)
        shown.append({"part": named, "text": inline(text)})
    return shown


def marks(stem: Stem, variant: Any, last: Try) -> dict[str, bool]:
    """Return which parts of the last answer are marked right or wrong; the rest stays open.

    The key is a blank's, an option's or a line's place.
    """
    match stem.kind:
        case "fill":
            right = [stem.options[place] for place in last.picks]
            return {str(n): one == right[n] for n, one in enumerate(variant.answer)}
        case "choice" | "find":
            return {str(last.picks): last.right}
        case "predict" if stem.options:
            return {str(last.picks): last.right}
        case "several":
            return {str(n): stem.options[n] in variant.answer for n in last.picks}
        case "fix":
            line, option = last.picks
            return {
                f"line {line}": line + 1 == variant.line,
                str(option): stem.options[option] == variant.answer,
            }
        case _:
            return {}


def answer_html(stem: Stem, variant: Any) -> str:
    """Return the right answer as HTML."""
    match stem.kind:
        case "fill":
            return f"<pre>{highlighted(variant.filled(variant.answer))}</pre>"
        case "order":
            return f"<pre>{highlighted(chr(10).join(variant.answer))}</pre>"
        case "fix":
            return f"<pre>{highlighted(variant.repaired(variant.answer))}</pre>"
        case "find":
            return f"<pre>{highlighted(variant.repaired)}</pre>"
        case "several":
            items = "".join(f"<li>{option_html(stem, text)}</li>" for text in variant.answer)
            return f"<ul>{items}</ul>"
        case _:
            return option_html(stem, variant.answer)


def round_minutes(ids: list[str]) -> int:
    """Return about how many minutes the questions take together."""
    return math.ceil(sum(bank()[id].minutes for id in ids))
