"""What a class's marks and records come to, in numbers: pure functions, nothing read or shown.

Shares are points over the most points, from 0 to 1. A share that cannot be known is None.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import StatisticsError, correlation, fmean, median, quantiles

from autograder.grading.marks import Marks
from autograder.grading.pages import section_title, task_title
from autograder.records import GradeRecord, Outcome, Standing

#: With fewer students a correlation says nothing.
ENOUGH = 10
#: What no misconception is.
_NO_MISTAKE = (None, "skipped", "not-attempted")


@dataclass(frozen=True)
class TaskNumbers:
    """How one task came out over all who handed in."""

    assignment: str
    title: str
    max_points: float
    students: int
    #: The mean share of the points: a low one is a hard task.
    easiness: float
    all_points: float
    not_attempted: int
    #: How the share goes with the share of all other points; None with few students, or no spread.
    discrimination: float | None
    #: The median of what an examination took, in seconds; None where none was recorded.
    seconds: float | None


@dataclass(frozen=True)
class MistakeMet:
    """A misconception, with what one student was told, without who it was."""

    assignment: str
    task: str
    title: str
    section: str
    students: int
    #: Of those who handed in that assignment.
    share: float
    example: str


@dataclass(frozen=True)
class BandMet:
    """Accuracies held against the same band."""

    band: Standing
    accuracies: tuple[float, ...]
    #: How many have all points for it, a part of them, none.
    outcomes: tuple[int, int, int]


def tasks_in(marks: Marks, records: Sequence[GradeRecord]) -> list[TaskNumbers]:
    """Return the tasks of all marks, by assignment, in the order of the records."""
    shares: dict[tuple[str, str], dict[str, float]] = {}
    worth: dict[tuple[str, str], float] = {}
    for (assignment, student), mark in marks.by_submission.items():
        for grade_id, task in mark.tasks.items():
            if task.max_points:
                shares.setdefault((assignment, grade_id), {})[student] = (
                    task.points / task.max_points
                )
                worth[assignment, grade_id] = task.max_points
    seconds: dict[tuple[str, str], list[float]] = {}
    blank: dict[tuple[str, str], int] = {}
    for one in records:
        key = one.assignment, one.grade_id
        seconds.setdefault(key, []).append(one.seconds)
        blank[key] = blank.get(key, 0) + (one.outcome is Outcome.NOT_ATTEMPTED)
    earned = _points_of_all(marks)
    order = {key: place for place, key in enumerate(seconds)}
    return [
        TaskNumbers(
            assignment=key[0],
            title=task_title(*key),
            max_points=worth[key],
            students=len(mine),
            easiness=fmean(mine.values()),
            all_points=fmean(share >= 1 for share in mine.values()),
            not_attempted=blank.get(key, 0),
            discrimination=discrimination(mine, worth[key], earned),
            seconds=median(seconds[key]) if key in seconds else None,
        )
        for key, mine in sorted(
            shares.items(), key=lambda one: (one[0][0], order.get(one[0], len(order)), one[0])
        )
    ]


def _points_of_all(marks: Marks) -> dict[str, tuple[float, float]]:
    """Return by student the points earned in all tasks, and the most that these give."""
    found: dict[str, tuple[float, float]] = {}
    for (_, student), mark in marks.by_submission.items():
        points, most = found.get(student, (0.0, 0.0))
        most += sum(one.max_points for one in mark.tasks.values())
        found[student] = points + mark.earned, most
    return found


def discrimination(
    shares: Mapping[str, float], worth: float, earned: Mapping[str, tuple[float, float]]
) -> float | None:
    """Return the correlation of a task's share with the share of all other points of a student.

    `earned` is the sum over all tasks, this one (of `worth` points) among them, and the most of it.
    """
    pairs = [
        (share, (earned[one][0] - share * worth) / (earned[one][1] - worth))
        for one, share in shares.items()
        if earned[one][1] > worth
    ]
    if len(pairs) < ENOUGH:
        return None
    try:
        return correlation([one for one, _ in pairs], [rest for _, rest in pairs])
    except StatisticsError:  # all have the same
        return None


def mistakes_in(records: Iterable[GradeRecord], marks: Marks) -> list[MistakeMet]:
    """Return the misconceptions met, the most frequent first."""
    met: dict[tuple[str, str], dict[str, GradeRecord]] = {}
    handed_in: dict[str, set[str]] = {}
    for one in records:
        handed_in.setdefault(one.assignment, set()).add(one.student)
        if one.misconception not in _NO_MISTAKE and one.outcome is not Outcome.GRADER_ERROR:
            met.setdefault((one.assignment, str(one.misconception)), {}).setdefault(
                one.student, one
            )
    found = []
    for (assignment, id), by_student in met.items():
        example = min(by_student.values(), key=lambda one: len(one.message))
        found.append(
            MistakeMet(
                assignment=assignment,
                task=task_title(assignment, example.grade_id),
                title=example.title or id,
                section=section_title(example.section),
                students=len(by_student),
                share=len(by_student) / len(handed_in[assignment]),
                example=anonymous(example, marks.names.get(example.student, "")),
            )
        )
    return sorted(found, key=lambda one: -one.students)


def anonymous(record: GradeRecord, name: str) -> str:
    """Return what a student was told without the id and the names of who it was."""
    whose = {record.student, record.drawn_for or "", name, *name.split()}
    words = sorted((re.escape(one) for one in whose if len(one) > 1), key=len, reverse=True)
    return (
        re.sub(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)", "…", record.message)
        if words
        else record.message
    )


def bands_in(records: Iterable[GradeRecord], marks: Marks) -> list[BandMet]:
    """Return the accuracies that were measured, by the band that they are held against."""
    found: dict[tuple[float, ...], list[GradeRecord]] = {}
    for one in records:
        if one.standing is not None:
            band = one.standing
            found.setdefault((band.untrained, band.full, *band.reference), []).append(one)
    met = []
    for mine in found.values():
        shares = [marks.points(one) / (one.max_points or 1) for one in mine]
        full, none = sum(share >= 1 for share in shares), sum(not share for share in shares)
        accuracies = sorted(one.standing.accuracy for one in mine if one.standing)
        assert mine[0].standing
        met.append(
            BandMet(mine[0].standing, tuple(accuracies), (full, len(mine) - full - none, none))
        )
    return met


def topics_in(records: Iterable[GradeRecord]) -> dict[str, tuple[int, int, int]]:
    """Return by topic of a test: right answers, questions asked, and students who were asked any."""
    found: dict[str, tuple[int, int, int]] = {}
    for one in records:
        for topic, (right, asked) in one.topics.items():
            before = found.get(topic, (0, 0, 0))
            found[topic] = before[0] + right, before[1] + asked, before[2] + 1
    return found


def tenths(shares: Iterable[float]) -> list[int]:
    """Return how many shares lie in each tenth; the last one holds what is 1, or over it."""
    counts = [0] * 10
    for share in shares:
        counts[min(9, max(0, int(share * 10 + 1e-9)))] += 1
    return counts


def quarters(shares: Sequence[float]) -> tuple[float, float, float] | None:
    """Return the quartiles; None where there is nothing to divide."""
    if len(shares) < 2:
        return (shares[0],) * 3 if shares else None
    low, middle, high = quantiles(shares, n=4, method="inclusive")
    return low, middle, high
