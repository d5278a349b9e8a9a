"""The command line: `autograder VERB`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from autograder.examiner import UnknownAssignment
from autograder.layout import CourseError, Layout

app = typer.Typer(
    help="Build, check and grade the course *BERT fine-tuning for classification*.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
console = Console()
complaints = Console(stderr=True)

Root = Annotated[
    Path, typer.Option("--root", help="The course's folder.", exists=True, file_okay=False)
]
Assignments = Annotated[
    list[str] | None, typer.Argument(help="Names such as 01-tokenizing; none means all.")
]
Jobs = Annotated[
    int | None, typer.Option("--jobs", "-j", min=1, help="Processes at once; default: all cores.")
]


@contextmanager
def one_sentence() -> Iterator[None]:
    """Turn errors that the caller can mend into one sentence and status 2."""
    try:
        yield
    except (CourseError, UnknownAssignment) as error:
        complaints.print(f"[red]autograder:[/red] {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(2) from None
    except ModuleNotFoundError as error:
        complaints.print(
            f"[red]autograder:[/red] The package {error.name!r} is missing: run "
            "`pip install -r requirements.txt`.",
            soft_wrap=True,
        )
        raise typer.Exit(2) from None


def progress_bar() -> Progress:
    """Return the progress bar that all long work here shows."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[what]}"),
        console=complaints,
        transient=True,
    )


def chosen(layout: Layout, assignments: list[str] | None) -> list[str]:
    """Return the assignments named, each checked, or all."""
    if not assignments:
        return layout.assignments()
    return [layout.check_assignment(name) for name in assignments]


@app.command()
def build(assignments: Assignments = None, root: Root = Path()) -> None:
    """Build `source/` and `release/` from `course/lessons/`.

    Example: `autograder build 01-tokenizing`
    """
    from autograder import build as builder

    with one_sentence(), progress_bar() as bar:
        layout = Layout(root.resolve())
        names = chosen(layout, assignments)
        task = bar.add_task("Building", total=2 * len(names), what="")
        builder.build(layout, names, progress=lambda what: bar.update(task, advance=1, what=what))
        console.print(f"Built {', '.join(names)} in source/ and release/.")


@app.command("check-course")
def check_course(
    assignments: Assignments = None,
    root: Root = Path(),
    jobs: Jobs = None,
    as_json: Annotated[Path | None, typer.Option("--json", help="Write all findings here.")] = None,
) -> None:
    """Prove the exams: blanks fail, solutions pass, each recorded mistake gets its own message.

    Example: `autograder check-course 01-tokenizing`
    """
    # One thread a process: the trials run side by side.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from autograder import check_course as checker

    with one_sentence():
        layout = Layout(root.resolve())
        names = chosen(layout, assignments)
        with progress_bar() as bar:
            task = bar.add_task("Checking", total=None, what="building")
            faults, tried = checker.check_course(
                layout,
                names,
                jobs=jobs,
                progress=lambda done, total, what: bar.update(
                    task, completed=done, total=total, what=what
                ),
            )
    if as_json:
        rows = [{"where": one.trial.where, **one.finding.model_dump(mode="json")} for one in tried]
        as_json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    if faults:
        table = Table("where", "what", "detail", title="What is wrong with the course")
        for fault in faults:
            table.add_row(escape(fault.where), fault.kind, escape(fault.detail))
        console.print(table)
    right = sum(one.trial.answer.right for one in tried)
    console.print(
        f"{len(names)} lessons, {right} right and {len(tried) - right} wrong answers tried, "
        f"{len(faults)} faults."
    )
    if faults:
        raise typer.Exit(1)


if __name__ == "__main__":
    app()
