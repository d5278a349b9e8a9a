"""Commands for instructors: grade, report, doctor, store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from autograder.cli.options import (
    Assignments,
    Contained,
    Containment,
    Jobs,
    Root,
    app,
    chosen,
    file_to_write,
    one_sentence,
)
from autograder.cli.running import graded, write_feedback
from autograder.cli.terminal import (
    complaints,
    console,
    marks_table,
    missing_sentences,
)
from autograder.course_paths import CoursePaths
from autograder.errors import CourseError
from autograder.preflight import check_materials


@app.command()
def grade(
    assignments: Assignments = None,
    root: Root = Path(),
    student: Annotated[str | None, typer.Option(help="Only this student's submission.")] = None,
    jobs: Jobs = None,
    gpu_jobs: Annotated[
        int | None, typer.Option(min=1, help="Runs that share the GPU; default: by its memory.")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(help="A Dask scheduler whose workers execute, as tcp://host:8786.")
    ] = None,
    containment: Contained = Containment.REQUIRED,
    force: Annotated[
        bool, typer.Option("--force", help="Grade again what is already graded.")
    ] = False,
    feedback: Annotated[
        bool, typer.Option("--feedback", help="Write nbgrader's feedback pages too.")
    ] = False,
    as_json: Annotated[Path | None, file_to_write("--json", help="Write all records here.")] = None,
) -> None:
    """Grade the submissions in `submitted/`, several at once, into nbgrader's gradebook.

    Example: `autograder grade 01-tokenizing --jobs 2 --json marks.json`
    """
    from autograder import records as recording

    with one_sentence():
        paths = CoursePaths(root.resolve())
        names = chosen(paths, assignments, ordinary=True)
        check_materials()
        records = graded(
            paths,
            names,
            student,
            workers=jobs,
            gpu_jobs=gpu_jobs,
            cluster=cluster,
            contained=containment is Containment.REQUIRED,
            force=force,
        )
        if as_json:
            recording.write_records(as_json, records)
        if feedback:
            write_feedback(paths, sorted({one.assignment for one in records}), student, jobs)
        from autograder.grading.marks import read_marks

        marks = read_marks(paths)
    done = sorted({one.assignment for one in records})
    records = marks.explained_by(records)
    excused = frozenset(
        (name, who) for name, who in marks.excused if name in done and student in (None, who)
    )
    console.print(marks_table(records, marks, excused))
    if student is None:
        for sentence in missing_sentences(done, marks):
            console.print(escape(sentence), soft_wrap=True)
    if errors := [one for one in records if one.outcome is recording.Outcome.GRADER_ERROR]:
        who = ", ".join(sorted({f"{one.student} ({one.assignment})" for one in errors}))
        complaints.print(
            f"[red]{len(errors)} tasks need manual grading in formgrader[/red]: {escape(who)}. No marks "
            f"were lost. Each record says why; what failed in the grader itself is in {paths.log}.",
            soft_wrap=True,
        )
        if any(one.drawn_for for one in errors):
            complaints.print("`autograder accept` lists tests drawn under an unknown name.")
        raise typer.Exit(3)


@app.command()
def report(
    root: Root = Path(),
    output: Annotated[
        Path | None, file_to_write("--output", help="Default: report.html in the course.")
    ] = None,
) -> None:
    """Write the class page: all marks, why points were lost, and which mistakes are common.

    Example: `autograder report --output class.html`
    """
    from autograder.grading.marks import read_marks
    from autograder.grading.report import write_report
    from autograder.records import all_records

    with one_sentence():
        paths = CoursePaths(root.resolve())
        marks = read_marks(paths)
        records = marks.explained_by(all_records(paths.records_folder))
        if not records and not marks.by_submission:
            raise CourseError("Nothing is graded yet: run `autograder grade` first.")
        path = output or paths.root / "report.html"
        title = "BERT fine-tuning for classification: the class"
        write_report(records, marks, path, title, paths.feedback)
    console.print(f"Wrote {path}.")


@app.command()
def doctor(
    root: Root = Path(),
    as_json: Annotated[Path | None, file_to_write("--json", help="Write the checks here.")] = None,
) -> None:
    """Show which sandbox protections work on this machine, tested from inside a kernel.

    Example: `autograder doctor`
    """
    from dataclasses import asdict

    from autograder.authoring.recorded_answers import solution_cells
    from autograder.examining.exam import load_exam
    from autograder.grading.doctor import look_at_machine

    with one_sentence(), complaints.status("Looking at this machine from inside a kernel …"):
        paths = CoursePaths(root.resolve())
        exam = load_exam(paths.exams, paths.assignments()[0])
        checks = look_at_machine(paths, exam.tasks[0], solution_cells(paths, exam, exam.tasks[0]))
    if as_json:
        as_json.write_text(json.dumps([asdict(one) for one in checks], indent=1) + "\n")
    table = Table("", "what", "seen", title="This machine")
    for one in checks:
        table.add_row(
            "[green]✓[/green]" if one.good else "[red]✗[/red]", one.name, escape(one.seen)
        )
    console.print(table)
    if not all(one.good for one in checks):
        console.print(
            "Grading refuses to run what it cannot contain. `--containment none` grades anyway, "
            "with the permissions of your own account, and the report says so."
        )
        raise typer.Exit(1)


store = typer.Typer(no_args_is_help=True)
app.add_typer(store, name="store", help="Look after the store of results in `.autograder/store`.")


@store.command()
def prune(
    root: Root = Path(),
    days: Annotated[
        float | None, typer.Option(min=0, help="Delete results unused for so many days.")
    ] = None,
    size: Annotated[
        float | None, typer.Option(min=0, help="Delete the oldest beyond so many MiB in all.")
    ] = None,
) -> None:
    """Delete old results. Marks stay; what is graded again is executed again.

    Example: `autograder store prune --days 180 --size 2000`
    """
    from autograder.grading.store import ResultStore

    with one_sentence():
        if days is None and size is None:
            raise CourseError("Say what to delete: --days, --size or both.")
        results = ResultStore(CoursePaths(root.resolve()).store)
        deleted, freed = results.prune(days=days, mebibytes=size)
        kept = list(results.entries())
    total = sum(bytes_ for _, bytes_, _ in kept)
    console.print(
        f"Deleted {deleted} results ({freed / 2**20:.1f} MiB); {len(kept)} are left "
        f"({total / 2**20:.1f} MiB)."
    )
