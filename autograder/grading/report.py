"""The class page: one HTML file from the records, with marks, reasons and common mistakes."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, select_autoescape

from autograder.records import GradeRecord, Outcome
from course.files import write_whole
from course.practice.places import taught_in


def render_report(records: list[GradeRecord], title: str) -> str:
    """Return the class page as HTML, with its pictures inside."""
    tasks = list(dict.fromkeys((one.assignment, one.grade_id) for one in records))
    students = sorted({one.student for one in records})
    cells = {(one.student, one.assignment, one.grade_id): one for one in records}
    rows: list[dict[str, Any]] = [
        {
            "student": student,
            "cells": [cells.get((student, *task)) for task in tasks],
            "points": sum(one.points for one in records if one.student == student),
            "max_points": sum(one.max_points for one in records if one.student == student),
        }
        for student in students
    ]
    environment = Environment(
        loader=PackageLoader("autograder.grading"),
        autoescape=select_autoescape(["html"]),
        trim_blocks=True,
    )
    return environment.get_template("report.html").render(
        title=title,
        tasks=[
            {
                "assignment": assignment,
                "name": grade_id.removesuffix("-points"),
                "max_points": next(
                    one.max_points
                    for one in records
                    if (one.assignment, one.grade_id) == (assignment, grade_id)
                ),
                "passed": sum(
                    one.outcome is Outcome.PASSED
                    for one in records
                    if (one.assignment, one.grade_id) == (assignment, grade_id)
                ),
            }
            for assignment, grade_id in tasks
        ],
        rows=rows,
        mistakes=_mistakes(records),
        open=sorted({one.student for one in records if not one.contained}),
        errors=[one for one in records if one.outcome is Outcome.GRADER_ERROR],
        histogram=_histogram(
            [row["points"] / row["max_points"] for row in rows if row["max_points"]]
        ),
        students=len(students),
    )


def write_report(records: list[GradeRecord], path: Path, title: str) -> None:
    """Write the class page to `path`, whole or not at all."""
    write_whole(path, render_report(records, title))


def _mistakes(records: list[GradeRecord]) -> list[dict[str, Any]]:
    """Return the misconceptions met, the most frequent first, with one example each."""
    met: dict[tuple[str, str], dict[str, GradeRecord]] = {}
    for one in records:
        if one.misconception not in (None, "skipped", "not-attempted"):
            met.setdefault((one.assignment, one.misconception), {}).setdefault(one.student, one)
    rows = []
    for (assignment, misconception), by_student in met.items():
        example = next(iter(by_student.values()))
        rows.append(
            {
                "assignment": assignment,
                "misconception": misconception,
                "title": example.title or misconception,
                "section": taught_in(example.section) if example.section else "",
                "students": len(by_student),
                "message": example.message,
            }
        )
    return sorted(rows, key=lambda row: -int(str(row["students"])))


def _histogram(shares: list[float]) -> str:
    """Return an SVG picture of how the shares of points are spread over the class."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(6, 2.2), layout="constrained")
    axes = figure.subplots()
    axes.hist(
        [100 * share for share in shares], bins=range(0, 101, 10), color="#4477aa", rwidth=0.9
    )
    axes.set(xlabel="points reached (%)", ylabel="students", xlim=(0, 100))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.spines[["top", "right"]].set_visible(False)
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True)
    return buffer.getvalue().partition("<svg")[1] + buffer.getvalue().partition("<svg")[2]
