"""What the command line shows: progress of long work, and the closing table of marks."""

from __future__ import annotations

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


def marks_table(records: list[GradeRecord]) -> Table:
    """Return the closing table: a row for each student, a column for each assignment."""
    assignments = sorted({one.assignment for one in records})
    table = Table("student", title="Marks")
    for name in (*assignments, "sum"):
        table.add_column(name, overflow="fold")
    for student in sorted({one.student for one in records}):
        mine = [one for one in records if one.student == student]
        marks = []
        for assignment in assignments:
            here = [one for one in mine if one.assignment == assignment]
            faults = [one.title or one.outcome for one in here if one.points < one.max_points]
            why = f"  [dim]{escape(', '.join(dict.fromkeys(faults)))}[/dim]" if faults else ""
            marks.append(f"{sum(one.points for one in here):g}{why}" if here else "–")
        total, best = sum(one.points for one in mine), sum(one.max_points for one in mine)
        table.add_row(escape(student), *marks, f"{total:g} of {best:g}")
    return table
