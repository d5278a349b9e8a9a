"""The widget of the mastery test: the same deck with a clock, but no checks, hints or feedback."""

from __future__ import annotations

import math
from typing import Any

import anywidget
import traitlets

from course.practice.deck import HERE
from course.practice.mastery import Paper
from course.practice.showing import as_text, stem_view
from course.practice.stems import BadPicksError


class PaperDeck(anywidget.AnyWidget):
    """A test to take; `view` is all that the browser shows."""

    _esm = HERE / "widget.js"
    _css = HERE / "widget.css"
    view = traitlets.Dict().tag(sync=True)

    def __init__(self, paper: Paper) -> None:
        self.paper, self._place = paper, 0
        super().__init__(view=self._view(0))
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
        self.view = self._view(self.view["turn"] + 1, said, problem)

    def __repr__(self) -> str:
        parts = [
            f"Mastery test of {self.paper.name}. {self.paper.status()}",
            *(as_text(stem, "answer_test") for stem in self.paper.stems),
        ]
        return "\n\n".join(parts)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """Show the widget, and beside it the text for front ends without widgets."""
        shown = super()._repr_mimebundle_(**kwargs)
        data, metadata = shown if isinstance(shown, tuple) else (shown, {})
        return (data or {}) | {"text/plain": repr(self)}, metadata
