"""The widget of the mastery test: the same deck with a clock, but no checks, hints or feedback."""

from __future__ import annotations

import math
from typing import Any

from course.practice.mastery import Paper
from course.practice.showing import as_text, stem_view
from course.practice.stems import BadPicksError
from course.practice.widget import Widget


class PaperDeck(Widget):
    """A test to take."""

    def __init__(self, paper: Paper) -> None:
        self.paper, self._place = paper, 0
        super().__init__(self._view(0))
        self.on_msg(self._receive)

    def _view(self, turn: int, said: str = "", problem: str = "") -> dict[str, Any]:
        answers = self.paper.sheet.answers
        stem = self.paper.stems[self._place]
        question = stem_view(stem) | {
            "round": 0,
            "tries": 0,
            "outcome": "open",
            "picks": answers.get(stem.id),
            "feedback": [],
            "marks": {},
        }
        return {
            "mode": "test",
            "title": f"Mastery test of {self.paper.name}",
            "minutes": math.ceil(self.paper.minutes),
            "started": self.paper.sheet.started.timestamp(),
            "place": self._place,
            "outcomes": ["saved" if one.id in answers else "open" for one in self.paper.stems],
            "question": question,
            "status": self.paper.status(),
            "said": said,
            "problem": problem,
            "turn": turn,
        }

    def _receive(self, _widget: Any, message: Any, _buffers: Any) -> None:
        said = problem = ""
        try:
            match message:
                case {"do": "go", "place": int(place)} if 0 <= place < len(self.paper.stems):
                    self._place = place
                case {"do": "choose", "id": str(id), "picks": picks}:
                    self.paper.choose(id, picks)
                    said = "Saved."
        except (BadPicksError, OSError, ValueError, StopIteration) as error:
            problem = f"This was not saved: {error}"
        self.show(self._view(self.view["turn"] + 1, said, problem))

    def summary(self) -> str:
        """See :class:`Widget`."""
        return f"Mastery test of {self.paper.name}. {self.paper.status()}"

    def texts(self) -> list[tuple[str, str]]:
        """See :class:`Widget`."""
        answers = self.paper.sheet.answers
        return [
            (
                f"Question {number}: {'answered' if stem.id in answers else 'open'}",
                as_text(stem, "answer_test"),
            )
            for number, stem in enumerate(self.paper.stems, 1)
        ]
