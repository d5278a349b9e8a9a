"""Reads the dates on which assignments are due, in the course's time zone."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from autograder.errors import CourseError, did_you_mean

#: How a date is written in a message.
EXAMPLE = "2026-12-01 23:59"


def time_zone(name: str) -> ZoneInfo:
    """Return the time zone `name`, such as Europe/Berlin; raises CourseError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        every = {zone.lower(): zone for zone in available_timezones()}
        near = difflib.get_close_matches(name.lower(), every, n=3)
        near += [zone for zone in sorted(every) if zone.endswith(f"/{name.lower()}")]
        meant = f" Did you mean {' or '.join(every[zone] for zone in near)}?" if near else ""
        raise CourseError(
            f"There is no time zone {name!r}; its name is one such as Europe/Berlin.{meant}"
        ) from None


def due_dates(said: Iterable[str], assignments: list[str], zone: ZoneInfo) -> dict[str, datetime]:
    """Return when assignments are due, from `said` such as "01-tokenizing=2026-12-01 23:59".

    A date without a time of its own is the end of that day. Raises CourseError.
    """
    due: dict[str, datetime] = {}
    for text in said:
        name, equals, date = (part.strip() for part in text.partition("="))
        if not equals:
            raise CourseError(f"{text!r} is no due date: write ASSIGNMENT={EXAMPLE!r}.")
        if name not in assignments:
            raise CourseError(
                f"There is no assignment {name!r}; there are: {', '.join(assignments)}."
                f"{did_you_mean(name, assignments)}"
            )
        if name in due:
            raise CourseError(f"{name} has two due dates.")
        due[name] = _moment(date, zone)
    return due


def _moment(text: str, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CourseError(
            f"{text!r} is no date: write it as year-month-day hour:minute, such as {EXAMPLE!r}."
        ) from None
    if len(text) == len("2026-12-01"):
        moment = moment.replace(hour=23, minute=59)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def as_stored(moment: datetime) -> datetime:
    """Return `moment` as nbgrader's gradebook keeps it: in UTC, without saying so."""
    return moment.astimezone(UTC).replace(tzinfo=None)
