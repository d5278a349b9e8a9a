"""The class page: one HTML file with the gradebook's marks, what explains them, and what to do next.

It holds its style and script itself and loads nothing. Its data goes into the page as text or JSON.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import fmean, median
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from autograder.grading.class_numbers import (
    BandMet,
    bands_in,
    mistakes_in,
    quarters,
    tasks_in,
    tenths,
    topics_in,
)
from autograder.grading.marks import Mark, Marks
from autograder.grading.pages import environment, number, task_title
from autograder.grading.student_page import WORDS
from autograder.records import GradeRecord, Outcome
from course.files import write_whole

#: By assignment and student: the address of the feedback page, relative to the class page.
Links = dict[tuple[str, str], str]


@dataclass(frozen=True)
class Cell:
    """A student's mark for one assignment, or why there is none."""

    mark: Mark | None
    excused: bool
    link: str = ""

    @property
    def missing(self) -> bool:
        """Whether work is still to be handed in."""
        return self.mark is None and not self.excused

    @property
    def remarks(self) -> list[str]:
        """What became of the mark beside grading."""
        waits = ["waits for a person"] if self.mark and self.mark.waits else []
        return [*waits, *(self.mark.remarks() if self.mark else ())]


@dataclass(frozen=True)
class Row:
    """A student's line."""

    student: str
    name: str
    cells: tuple[Cell, ...]
    #: What the page can be filtered by.
    kinds: frozenset[str] = field(default=frozenset())

    @property
    def marks(self) -> list[Mark]:
        return [one.mark for one in self.cells if one.mark]

    @property
    def points(self) -> float:
        return sum(one.points for one in self.marks)

    @property
    def max_points(self) -> float:
        """The most that the assignments give for which there is a mark."""
        return sum(one.max_points for one in self.marks)

    @property
    def share(self) -> float | None:
        return self.points / self.max_points if self.max_points else None


def render_report(
    records: list[GradeRecord], marks: Marks, title: str, links: Links | None = None
) -> str:
    """Return the class page as HTML; `links` lead to feedback pages."""
    assignments = sorted(
        {name for name, _ in marks.by_submission}
        | {name for name, _ in marks.excused}
        | {one.assignment for one in records}
    )
    rows = _rows(assignments, records, marks, links or {})
    script = environment().get_template("report.js").render()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    shares = [row.share for row in rows if row.share is not None]
    return (
        environment()
        .get_template("report.html")
        .render(
            title=title,
            script=Markup(script),
            script_hash=digest,
            assignments=assignments,
            rows=rows,
            waiting=_waiting(records, marks),
            missing={name: found for name in assignments if (found := marks.not_handed_in(name))},
            late=_late(marks),
            names=marks.names,
            open=sorted({one.student for one in records if not one.contained}),
            spread=tenths(shares),
            quarters=quarters(shares),
            overview=[_overview(name, marks) for name in assignments],
            tasks=tasks_in(marks, records),
            mistakes=mistakes_in(records, marks),
            bands=[_drawn(one) for one in bands_in(records, marks)],
            topics=topics_in(records),
            details=_details(rows, records, marks),
        )
    )


def write_report(
    records: list[GradeRecord], marks: Marks, path: Path, title: str, feedback: Path | None = None
) -> None:
    """Write the class page to `path`, whole or not at all, with links into the folder `feedback`."""
    links = feedback_links(feedback, path) if feedback else {}
    write_whole(path, render_report(records, marks, title, links))


def feedback_links(feedback: Path, page: Path) -> Links:
    """Return the addresses of the feedback pages there are, relative to `page`."""
    base = os.path.relpath(feedback.resolve(), page.resolve().parent)
    found: Links = {}
    for one in sorted(feedback.glob("*/*/*.html")):
        inside = one.relative_to(feedback)
        student, assignment, _ = inside.parts
        found.setdefault((assignment, student), quote(f"{base}/{inside.as_posix()}"))
    return found


def _rows(
    assignments: list[str], records: list[GradeRecord], marks: Marks, links: Links
) -> list[Row]:
    errors = {one.student for one in records if one.outcome is Outcome.GRADER_ERROR}
    rows = []
    for student in sorted(marks.names.keys() | {one.student for one in records}):
        cells = []
        for name in assignments:
            mark = marks.by_submission.get((name, student))
            excused = (name, student) in marks.excused
            cells.append(Cell(mark, excused, links.get((name, student), "")))
        kinds = {
            "waits": student in errors or any(one.mark and one.mark.waits for one in cells),
            "late": any(one.mark and one.mark.late for one in cells),
            "missing": any(one.missing for one in cells),
            "excused": any(one.excused for one in cells),
        }
        row = Row(student, marks.names.get(student, ""), tuple(cells))
        kinds["low"] = row.share is not None and row.share < 0.5
        chosen = frozenset(kind for kind, there in kinds.items() if there)
        rows.append(replace(row, kinds=chosen))
    return rows


def _waiting(records: Iterable[GradeRecord], marks: Marks) -> list[dict[str, str]]:
    """Return what a person must look at: by student, assignment and task, with the reason."""
    reasons = {
        (one.assignment, one.student, one.grade_id): one.message
        for one in records
        if one.outcome is Outcome.GRADER_ERROR
    }
    due = {
        (name, student, grade_id)
        for (name, student), mark in marks.by_submission.items()
        for grade_id, task in mark.tasks.items()
        if task.waits
    }
    # What could not even be recorded has no mark yet.
    due |= {key for key in reasons if key[:2] not in marks.by_submission}
    return [
        {
            "student": student,
            "assignment": name,
            "task": task_title(name, grade_id),
            "reason": reasons.get((name, student, grade_id), "It is graded by hand."),
        }
        for name, student, grade_id in sorted(due)
    ]


def _late(marks: Marks) -> list[dict[str, Any]]:
    """Return who was late, the latest first, with what it cost."""
    late = [(key, mark) for key, mark in marks.by_submission.items() if mark.late]
    return [
        {"assignment": name, "student": student, "said": mark.remarks()[0]}
        for (name, student), mark in sorted(late, key=lambda one: (-one[1].late, one[0]))
    ]


def _overview(assignment: str, marks: Marks) -> dict[str, Any]:
    """Return one assignment's numbers: how many handed in, and how their marks are spread."""
    mine = [mark for (name, _), mark in marks.by_submission.items() if name == assignment]
    shares = [one.points / one.max_points for one in mine if one.max_points]
    return {
        "assignment": assignment,
        "handed_in": len(mine),
        "missing": len(marks.not_handed_in(assignment)),
        "late": sum(bool(one.late) for one in mine),
        "waits": sum(one.waits for one in mine),
        "mean": fmean(shares) if shares else None,
        "quarters": quarters(shares),
        "spread": tenths(shares),
    }


#: Accuracies that the picture of fine-tuning shows, its width, and the width of a bar in accuracy.
LEAST, MOST, WIDTH, STEP = 0.4, 1.0, 600, 0.02


def _drawn(met: BandMet) -> dict[str, Any]:
    """Return where in the picture of a band its lines and bars stand."""

    def x(accuracy: float) -> float:
        return round((min(max(accuracy, LEAST), MOST) - LEAST) / (MOST - LEAST) * WIDTH, 1)

    counts: dict[int, int] = {}
    last = round((MOST - LEAST) / STEP) - 1
    for one in met.accuracies:
        bar = min(max(int((one - LEAST) / STEP + 1e-9), 0), last)
        counts[bar] = counts.get(bar, 0) + 1
    tallest = max(counts.values())
    return {
        "met": met,
        "median": median(met.accuracies),
        "untrained": x(met.band.untrained),
        "full": x(met.band.full),
        "reference": [x(one) for one in met.band.reference],
        "bars": [
            (x(LEAST + bar * STEP) + 1, 100 * n / tallest) for bar, n in sorted(counts.items())
        ],
        "width": STEP / (MOST - LEAST) * WIDTH - 2,
        "ticks": [(x(tick / 10), f"{tick / 10:.1f}") for tick in range(5, 10)],
    }


def _details(rows: list[Row], records: list[GradeRecord], marks: Marks) -> Markup:
    """Return what the page shows of a student when asked, as JSON that no HTML can end.

    Many are told the same, so that each sentence and each name of a task is there once.
    """
    texts: dict[str, int] = {}
    tasks: dict[tuple[str, str], int] = {}
    found: dict[str, list[list[Any]]] = {row.student: [] for row in rows}

    def place(text: str) -> int:
        return texts.setdefault(text, len(texts))

    told = {(one.assignment, one.student, one.grade_id): one for one in records}
    order = {key: n for n, key in enumerate((one.assignment, one.grade_id) for one in records)}
    for (name, student), mark in sorted(marks.by_submission.items()):
        for grade_id in sorted(mark.tasks, key=lambda task: order.get((name, task), len(order))):
            task = mark.tasks[grade_id]
            one = told.pop((name, student, grade_id), None)
            words = "by hand" if task.by_hand else WORDS[one.outcome] if one else ""
            words = "waits for a person" if task.waits else words
            said = (
                f"{one.title}. {one.message}" if one and one.title else one.message if one else ""
            )
            key = tasks.setdefault((name, grade_id), len(tasks))
            points = f"{number(task.points)} of {number(task.max_points)}"
            found[student].append([key, points, place(words), place(said)])
    for one in told.values():  # these have no mark
        key = tasks.setdefault((one.assignment, one.grade_id), len(tasks))
        found[one.student].append([key, "–", place("waits for a person"), place(one.message)])
    data = {
        "tasks": [[name, task_title(name, grade_id)] for name, grade_id in tasks],
        "texts": list(texts),
        "students": found,
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))
