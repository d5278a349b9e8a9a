"""What the command line shows: progress of long work, and the closing table of marks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

if TYPE_CHECKING:
    from autograder.grading.marks import Marks
    from autograder.records import GradeRecord

console = Console()
complaints = Console(stderr=True)


def progress_bar(*columns: ProgressColumn) -> Progress:
    """Return the progress bar that all long work here shows, with further `columns` if any."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        *columns,
        TextColumn("[dim]{task.fields[what]}"),
        console=complaints,
        transient=True,
    )


#: So many names are shown in one sentence.
NAMES = 10


def missing_sentences(assignments: Iterable[str], marks: Marks) -> list[str]:
    """Return one sentence for each assignment that some student has not handed in."""
    said = []
    for assignment in assignments:
        if missing := marks.not_handed_in(assignment):
            more = f" and {len(missing) - NAMES} more" if len(missing) > NAMES else ""
            verb = "has" if len(missing) == 1 else "have"
            said.append(
                f"{assignment}: {len(missing)} of {len(marks.names)} students {verb} no mark: "
                f"{', '.join(missing[:NAMES])}{more}."
            )
    return said


def marks_table(
    records: list[GradeRecord], marks: Marks, excused: frozenset[tuple[str, str]] = frozenset()
) -> Table:
    """Return the closing table: the gradebook's marks, a row for each student, with the reasons.

    `excused` are the assignments and students that are to be shown as excused.
    """
    assignments = sorted({name for name, _ in excused} | {one.assignment for one in records})
    table = Table("student", title="Marks")
    for name in (*assignments, "sum"):
        table.add_column(name, overflow="fold")
    for student in sorted({one for _, one in excused} | {one.student for one in records}):
        mine = [one for one in records if one.student == student]
        cells, total, best = [], 0.0, 0.0
        for assignment in assignments:
            here = [one for one in mine if one.assignment == assignment]
            mark = marks.by_submission.get((assignment, student))
            points = mark.points if mark else sum(one.points for one in here)
            total += points if here else 0
            best += (
                (mark.max_points if mark else sum(one.max_points for one in here)) if here else 0
            )
            faults = [
                one.title or one.outcome
                for one in here
                if one.points < one.max_points and not (mark and mark.by_hand(one.grade_id))
            ]
            written = marks.comments.get((assignment, student), {})
            notes = [*(mark.remarks() if mark else ()), *dict.fromkeys(faults)]
            commented = dict.fromkeys(cell.removesuffix("-points") for cell in written)
            notes += [f"comment on {cell}" for cell in commented]
            why = f"  [dim]{escape(', '.join(notes))}[/dim]" if notes else ""
            nothing = "excused" if (assignment, student) in excused else "–"
            cells.append(f"{points:g}{why}" if here else nothing)
        table.add_row(escape(student), *cells, f"{total:g} of {best:g}")
    return table
