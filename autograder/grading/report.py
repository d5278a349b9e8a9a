"""The class page: one HTML file from the records, with marks, reasons and common mistakes."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, select_autoescape

from autograder.grading.marks import Marks
from autograder.records import GradeRecord, Outcome
from course.files import write_whole
from course.practice.places import taught_in


def render_report(records: list[GradeRecord], marks: Marks, title: str) -> str:
    """Return the class page as HTML, with its pictures inside: the gradebook's marks, explained."""
    tasks = list(dict.fromkeys((one.assignment, one.grade_id) for one in records))
    shown = {assignment for assignment, _ in tasks}
    excused = {who for name, who in marks.excused if name in shown}
    students = sorted(excused | {one.student for one in records})
    cells = {(one.student, one.assignment, one.grade_id): one for one in records}
    rows = [_row(student, tasks, cells, marks) for student in students]
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
                    marks.points(one) >= one.max_points
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
        missing=_missing(tasks, marks),
    )


def _missing(tasks: list[tuple[str, str]], marks: Marks) -> dict[str, list[str]]:
    """Return by assignment who has no mark for it, each by name and id."""
    found = {}
    for assignment in dict.fromkeys(assignment for assignment, _ in tasks):
        if missing := marks.not_handed_in(assignment):
            found[assignment] = [
                f"{marks.names[one]} ({one})" if marks.names[one] else one for one in missing
            ]
    return found


def _row(
    student: str,
    tasks: list[tuple[str, str]],
    cells: dict[tuple[str, str, str], GradeRecord],
    marks: Marks,
) -> dict[str, Any]:
    """Return a student's line: each task's points, what happened to the marks, and their sum."""
    mine = [cells.get((student, *task)) for task in tasks]
    there = [one for one in mine if one is not None]
    points = max_points = 0.0
    remarks = []
    for assignment in dict.fromkeys(one.assignment for one in there):
        mark = marks.by_submission.get((assignment, student))
        here = [one for one in there if one.assignment == assignment]
        points += mark.points if mark else sum(one.points for one in here)
        max_points += mark.max_points if mark else sum(one.max_points for one in here)
        remarks += [f"{assignment}: {said}" for said in (mark.remarks() if mark else ())]
    return {
        "student": student,
        "name": marks.names.get(student, ""),
        "cells": [one and {"record": one, "points": marks.points(one)} for one in mine],
        "excused": [(assignment, student) in marks.excused for assignment, _ in tasks],
        "points": points,
        "max_points": max_points,
        "remarks": remarks,
    }


def write_report(records: list[GradeRecord], marks: Marks, path: Path, title: str) -> None:
    """Write the class page to `path`, whole or not at all."""
    write_whole(path, render_report(records, marks, title))


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
