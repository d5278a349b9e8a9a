"""When a flashcard comes back: spaced repetition with the package fsrs.

From the ratings, fsrs estimates when a card is about to be forgotten; then it is due. (By default,
nine of ten such cards would still be recalled.)
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

from course.practice.kinds import RATINGS


@cache
def _scheduler() -> Any:
    from fsrs import Scheduler

    # Dates are not spread at random: a class page or a test must get the same date twice.
    return Scheduler(enable_fuzzing=False)


def _card(kept: Any) -> Any:
    from fsrs import Card

    # fsrs names a new card after the clock, and waits for a millisecond to pass.
    return Card.from_dict(kept) if kept else Card(card_id=0)


def rated(kept: dict[str, Any] | None, rating: int, now: datetime) -> dict[str, Any]:
    """Return the card after a rating from 1 (again) to 4 (easy)."""
    from fsrs import Rating

    card, _ = _scheduler().review_card(_card(kept), Rating(rating), now)
    return dict(card.to_dict())


def is_due(kept: dict[str, Any] | None, now: datetime | None = None) -> bool:
    """Return whether the card was never rated or is due."""
    return kept is None or bool(_card(kept).due <= (now or datetime.now(UTC)))


def due_words(kept: dict[str, Any] | None, now: datetime | None = None) -> str:
    """Return when the card is due, such as "in 3 days", "now" or "new"."""
    if kept is None:
        return "new"
    now = now or datetime.now(UTC)
    return "now" if is_due(kept, now) else f"in {_span(now, _card(kept).due)}"


def intervals(kept: dict[str, Any] | None) -> dict[str, str]:
    """Return for each rating how long it would take until the card comes back."""
    now = datetime.now(UTC)
    return {
        name: _span(now, _card(rated(kept, rating, now)).due)
        for rating, name in enumerate(RATINGS, 1)
    }


def _span(start: datetime, end: datetime) -> str:
    minutes = max(1, round((end - start).total_seconds() / 60))
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{round(minutes / 60)} h"
    days = round(minutes / (24 * 60))
    return f"{days} day{'s' * (days > 1)}"
