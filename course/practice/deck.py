"""The practice widget: a deck of questions, one at a time, in any notebook that shows widgets.

The browser gets what `Round.view` says and sends back what was done; what is right is decided here
and travels only when it is due. Where no widget can be shown the deck is plain text, answered by
`answer("…", "B")`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from course.practice.journal import Journal
from course.practice.rounds import Round, bank, outcome_of, round_minutes
from course.practice.stems import BadPicksError
from course.practice.widget import Widget

log = logging.getLogger(__name__)
VERDICTS = {
    "right": "Right.",
    "open": "Not yet.",
    "out": "That was the last attempt. The solution is below.",
}


class Deck(Widget):
    """A deck of practice questions."""

    def __init__(self, ids: Sequence[str], title: str, journal: Journal) -> None:
        self.ids, self.title, self.journal = list(ids), title, journal
        self._rounds: dict[str, Round] = {}
        self._place = self._first_open()
        super().__init__(self._view())
        self.on_msg(self._receive)

    def _first_open(self) -> int:
        """Return the first question that is still open, so that a rerun continues there."""
        entries = self.journal.read()
        for place, id in enumerate(self.ids):
            if outcome_of(bank()[id], entries.of(id)) == "open":
                return place
        return 0

    @property
    def round(self) -> Round:
        """The question that is shown."""
        return self._round(self.ids[self._place])

    def _round(self, id: str) -> Round:
        if id not in self._rounds:
            self._rounds[id] = Round(id, self.journal)
        return self._rounds[id]

    def _view(self, said: str = "", problem: str = "") -> dict[str, Any]:
        entries = self.journal.read()
        self.round.read(entries)  # another notebook may have gone on with it
        question = self.round.view()
        return {
            "mode": "practice",
            "title": self.title,
            "minutes": round_minutes(self.ids),
            "place": self._place,
            "outcomes": [outcome_of(bank()[id], entries.of(id)) for id in self.ids],
            "question": question,
            "said": said,
            "problem": problem,
            # Two equal views would not be sent; the browser waits for an answer each time.
            "turn": self.view.get("turn", 0) + 1 if self.trait_has_value("view") else 0,
        }

    def _receive(self, _widget: Any, message: Any, _buffers: Any) -> None:
        """Carry out a message from the browser; every message is answered with a new view."""
        said = problem = ""
        try:
            said = self._act(message)
        except BadPicksError as error:
            problem = str(error)
        except Exception as error:
            log.exception("the practice widget failed")
            problem = (
                f"Something went wrong, and it is not your fault ({type(error).__name__}: {error})."
            )
        self.show(self._view(said, problem))

    def _act(self, message: dict[str, Any]) -> str:
        match message:
            case {"do": "look"}:
                pass
            case {"do": "go", "place": int(place)} if 0 <= place < len(self.ids):
                self._place = place
            case {"do": "check", "picks": picks}:
                graded = self.round.submit(picks)
                if self.round.question.kind == "flashcard":
                    return f"Saved. The card comes back {self.round.view()['due']}."
                return VERDICTS["right" if graded.right else self.round.outcome]
            case {"do": "hint"}:
                return f"Hint: {self.round.hint()}"
            case {"do": "again"}:
                self.round.again()
                return "A new round."
            case {"do": "reveal"}:
                self.round.revealed = True
                return "The answer is shown. How well did you know it?"
            case _:
                raise BadPicksError("The widget sent something that is not an action.")
        return ""

    def summary(self) -> str:
        """See :class:`Widget`."""
        solved = self.view["outcomes"].count("right")
        return f"{self.title} · {solved} of {len(self.ids)} solved. To go on, run this cell."

    def texts(self) -> list[tuple[str, str]]:
        """See :class:`Widget`."""
        entries = self.journal.read()
        found = []
        for number, id in enumerate(self.ids, 1):
            self._round(id).read(entries)
            found.append((f"Question {number}: {self._round(id).status()}", self._round(id).text()))
        return found
