"""Runs a long job for a command: with a progress bar, and Ctrl-C that loses nothing."""

from __future__ import annotations

import typer
from rich.progress import TextColumn, TimeRemainingColumn

from autograder.cli.terminal import complaints, progress_bar
from autograder.course_paths import CoursePaths
from autograder.records import GradeRecord


def graded(
    paths: CoursePaths,
    assignments: list[str],
    student: str | None = None,
    *,
    workers: int | None = None,
    gpu_jobs: int | None = None,
    cluster: str | None = None,
    contained: bool = True,
    force: bool = False,
) -> list[GradeRecord]:
    """Grade with a progress bar; raises typer.Exit when interrupted, with nothing lost.

    What is not released yet is released first.
    """
    from autograder.grading.course_check import check_places
    from autograder.grading.grade import default_workers, grade
    from autograder.grading.gradebook import release_missing
    from autograder.grading.submission import SubmissionId, found
    from autograder.grading.workers import log_to

    ids = found(paths, assignments, student)
    check_places(paths)
    log_to(paths.log)
    for name in release_missing(paths, sorted({id.assignment for id in ids})):
        complaints.print(f"{name} was not in the gradebook: released it.", soft_wrap=True)
    workers = workers or default_workers(paths, ids, gpu_jobs)
    points: list[float] = []
    with progress_bar(TextColumn("left"), TimeRemainingColumn()) as bar:
        row = bar.add_task("Grading", total=len(ids), what="starting")

        def progress(id: SubmissionId, records: list[GradeRecord]) -> None:
            points.append(sum(one.points for one in records))
            mean, remaining = sum(points) / len(points), len(ids) - len(points)
            what = f"{min(workers, remaining)} running · {remaining} to go · mean {mean:.1f}"
            bar.update(row, advance=1, what=f"{what} · {id.student} {id.assignment}")

        try:
            return grade(
                paths,
                ids,
                workers=workers,
                cluster=cluster,
                contained=contained,
                force=force,
                progress=progress,
            )
        except KeyboardInterrupt:
            complaints.print(
                f"Interrupted after {len(points)} of {len(ids)} submissions. Nothing is lost: run "
                "the same command again, and it goes on from there.",
                soft_wrap=True,
            )
            raise typer.Exit(130) from None


def write_feedback(
    paths: CoursePaths,
    assignments: list[str],
    student: str | None = None,
    workers: int | None = None,
) -> None:
    """Write the feedback pages of one student or all, with a progress bar; raises CourseError."""
    from autograder.grading.feedback import students_with_pages, write_pages
    from autograder.grading.grade import cores

    pages = {name: students_with_pages(paths, name, student) for name in assignments}
    with progress_bar(TextColumn("left"), TimeRemainingColumn()) as bar:
        row = bar.add_task("Feedback", total=sum(map(len, pages.values())), what="")
        try:
            for name, students in pages.items():
                for written in write_pages(paths, name, students, workers or cores()):
                    bar.update(row, advance=written, what=name)
        except KeyboardInterrupt:
            complaints.print("Interrupted. The marks are in the gradebook; run the same again.")
            raise typer.Exit(130) from None
