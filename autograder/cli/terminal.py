"""What the command line shows: progress of long work, and the closing table of marks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from autograder.course_paths import CoursePaths

if TYPE_CHECKING:
    from autograder.grading.workers import Job
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


def graded(
    paths: CoursePaths,
    assignments: list[str],
    student: str | None = None,
    *,
    workers: int | None = None,
    gpu_jobs: int | None = None,
    **how: Any,
) -> list[GradeRecord]:
    """Grade with a progress bar; raises typer.Exit when interrupted, with nothing lost."""
    from autograder.grading.grade import default_workers, find_jobs, grade
    from autograder.grading.workers import log_to

    log_to(paths.log)
    found = find_jobs(paths, assignments, student)
    workers = workers or default_workers(paths, found, gpu_jobs)
    points: list[float] = []
    with progress_bar(TextColumn("left"), TimeRemainingColumn()) as bar:
        row = bar.add_task("Grading", total=len(found), what="starting")

        def progress(job: Job, records: list[GradeRecord]) -> None:
            points.append(sum(one.points for one in records))
            mean, remaining = sum(points) / len(points), len(found) - len(points)
            what = f"{min(workers, remaining)} running · {remaining} to go · mean {mean:.1f}"
            bar.update(row, advance=1, what=f"{what} · {job.student} {job.assignment}")

        try:
            return grade(paths, found, workers=workers, progress=progress, **how)
        except KeyboardInterrupt:
            complaints.print(
                f"Interrupted after {len(points)} of {len(found)} submissions. Nothing is lost: run "
                "the same command again, and it goes on from there.",
                soft_wrap=True,
            )
            raise typer.Exit(130) from None


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
            faults = [
                one.misconception or one.outcome for one in here if one.points < one.max_points
            ]
            why = f"  [dim]{escape(', '.join(dict.fromkeys(faults)))}[/dim]" if faults else ""
            marks.append(f"{sum(one.points for one in here):g}{why}" if here else "–")
        total, best = sum(one.points for one in mine), sum(one.max_points for one in mine)
        table.add_row(escape(student), *marks, f"{total:g} of {best:g}")
    return table
