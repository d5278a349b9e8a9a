"""Practice questions for notebooks, with feedback.

`practice("01-tokenizing#quiz-batches")` asks the questions of a place in a lesson, and
`practice("load-the-tokenizer")` one by its id. Without widgets, `answer("load-the-tokenizer", "A")`
answers, `hint(id)` helps, and `progress()` shows what is done. The parts load when first used.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from course.practice.text import Said

__all__ = [
    "answer",
    "answer_test",
    "export_progress",
    "hint",
    "keep_progress_in_drive",
    "mastery_test",
    "practice",
    "progress",
    "recall_due",
    "reset_progress",
]


def practice(where: str) -> Any:
    """Return a deck of questions: those of a place in a lesson, or the one with that id.

    It shows itself as a widget, or as text where there are no widgets. Raises LookupError.
    """
    from course.practice.places import asked_at, lessons, taught_in
    from course.practice.rounds import bank

    name, _, place = where.partition("#")
    if where in bank().questions:
        return _deck([where], taught_in(bank()[where].lesson))
    if name in lessons() and (ids := asked_at(where, bank())):
        lesson = lessons()[name]
        return _deck(ids, lesson.places[lesson.index(place)].title)
    raise LookupError(f"There is no question and no place with questions called {where!r}.")


def recall_due() -> Any:
    """Return a deck of all flashcards, from all lessons, that are due today."""
    from course.practice.journal import Journal
    from course.practice.recall import is_due
    from course.practice.rounds import bank

    entries = Journal().read()
    cards = [entries.of(one.id).card for one in bank() if one.kind == "flashcard"]
    due = [
        one.id
        for one in bank()
        if one.kind == "flashcard" and entries.of(one.id).card and is_due(entries.of(one.id).card)
    ]
    if due:
        return _deck(due, "Recall: due today")
    begun = sum(card is not None for card in cards)
    return f"No card is due now. You have started {begun} of {len(cards)} cards."


def _deck(ids: list[str], title: str) -> Any:
    from course.practice.journal import Journal

    try:
        from course.practice.deck import Deck
    except ImportError:  # a bare Python without widgets: the text does
        from course.practice.text import Text

        return Text(ids, title, Journal())
    return Deck(ids, title, Journal())


def mastery_test(name: str = "") -> Any:
    """Return the mastery test of the student `name`: ten questions, answered beside the notebook.

    The name is the one under which the notebook is handed in; on JupyterHub it is known.
    """
    from course.practice.mastery import NameNeededError, Paper

    try:
        paper = Paper(name)
    except NameNeededError as error:
        from course.practice.text import Said

        return Said(None, [str(error)])
    from course.practice.paper_deck import PaperDeck

    return PaperDeck(paper)


def answer_test(id: str, given: Any) -> Said:
    """Answer a question of the mastery test where there are no widgets."""
    from course.practice.mastery import Paper
    from course.practice.stems import BadPicksError, picks_of
    from course.practice.text import Said

    paper = Paper()
    stem = next((one for one in paper.stems if one.id == id), None)
    if stem is None:
        ids = ", ".join(one.id for one in paper.stems)
        return Said(None, [f"Your test has no question {id!r}; it has: {ids}."])
    try:
        paper.choose(id, picks_of(stem, given))
    except BadPicksError as error:
        return Said(None, [str(error)])
    return Said(None, [paper.status()])


def answer(id: str, given: Any) -> Said:
    """Answer the question `id`: options by letters, as "B" or "AC", or what is printed."""
    from course.practice.text import answered

    return answered(id, given)


def hint(id: str) -> str:
    """Return the next hint to the question `id`."""
    from course.practice.text import hinted

    return hinted(id)


def progress(lesson: str | None = None) -> Any:
    """Return a panel of what is solved and what is due, of one lesson or of the course."""
    from course.practice.journal import Journal
    from course.practice.panel import panel
    from course.practice.places import lessons
    from course.practice.rounds import bank

    if lesson is not None and lesson not in lessons():
        raise LookupError(f"There is no lesson {lesson!r}; there are: {', '.join(lessons())}.")
    return panel(bank(), Journal(), lesson)


def keep_progress_in_drive() -> Said:
    """Keep your progress in your Google Drive, on Colab; run it first on each new machine."""
    from course.practice.drive import keep_in_drive

    return keep_in_drive()


def export_progress(path: str | Path) -> Path:
    """Write a copy of your progress to `path`; it can replace the file on another machine."""
    from course.practice.journal import Journal

    return Journal().export(Path(path))


def reset_progress() -> str:
    """Start again from nothing; the old file is kept under another name."""
    from course.practice.journal import Journal

    kept = Journal().reset()
    if kept:
        return f"Your progress is empty now; the old file was kept as {kept}."
    return "Your progress was empty already."
