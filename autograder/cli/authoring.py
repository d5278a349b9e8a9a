"""Commands for authors: build, bundle, check-course, calibrate, sample, demo."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from autograder.authoring.bundle import Edition
from autograder.cli.options import Assignments, Jobs, Root, app, chosen, file_to_write, one_sentence
from autograder.cli.running import graded
from autograder.cli.terminal import complaints, console, marks_table, progress_bar
from autograder.course_paths import CoursePaths
from autograder.preflight import check_materials


@app.command()
def build(assignments: Assignments = None, root: Root = Path()) -> None:
    """Build `source/` and `release/` from `course/lessons/`.

    Example: `autograder build 01-tokenizing`
    """
    from autograder.authoring import build as builder

    with one_sentence(), progress_bar() as bar:
        paths = CoursePaths(root.resolve())
        names = chosen(paths, assignments)
        task = bar.add_task("Building", total=2 * len(names), what="")
        builder.build(paths, names, progress=lambda what: bar.update(task, advance=1, what=what))
        console.print(f"Built {', '.join(names)} in source/ and release/.")


@app.command()
def bundle(
    assignments: Assignments = None,
    root: Root = Path(),
    edition: Annotated[
        Edition, typer.Option(help="`alone` holds exams and solutions, for who learns alone.")
    ] = Edition.CLASS,
    into: Annotated[Path, typer.Option(help="Where the folder and its zip file go.")] = Path(
        "dist"
    ),
) -> None:
    """Put what a student gets into one folder and one zip file: notebooks and the course's wheel.

    Example: `autograder bundle 01-tokenizing 02-model-set-up`

    By default it holds all assignments that are released.
    """
    from autograder.authoring import bundle as bundling

    with one_sentence():
        paths = CoursePaths(root.resolve())
        names = [paths.check_assignment(name) for name in assignments or ()]
        made = bundling.bundle(paths, names, edition, into.absolute())
    console.print(f"Wrote {escape(str(made))} and its folder.", soft_wrap=True)


@app.command("check-course")
def check_course(
    assignments: Assignments = None,
    root: Root = Path(),
    jobs: Jobs = None,
    draws: Annotated[
        int, typer.Option(min=1, help="Secrets on which each recorded answer is tried.")
    ] = 3,
    only: Annotated[
        str | None, typer.Option("--task", help="Try only the answers to this function.")
    ] = None,
    as_json: Annotated[
        Path | None, file_to_write("--json", help="Write all findings here.")
    ] = None,
) -> None:
    """Prove the exams: blanks fail, solutions pass, each recorded mistake gets its own message.

    Example: `autograder check-course 01-tokenizing --draws 20`
    """
    # One thread a process: the trials run side by side.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with one_sentence():
        check_materials()
        from autograder.authoring import check_course as checker

        paths = CoursePaths(root.resolve())
        names = chosen(paths, assignments)
        with progress_bar() as bar:
            task = bar.add_task("Checking", total=None, what="building")
            faults, tried = checker.check_course(
                paths,
                names,
                jobs=jobs,
                draws=draws,
                task=only,
                progress=lambda done, total, what: bar.update(
                    task, completed=done, total=total, what=what
                ),
            )
    if as_json:
        rows = [
            {"where": one.trial.where, **finding.model_dump(mode="json")}
            for one in tried
            for finding in one.findings
        ]
        as_json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    if faults:
        table = Table("where", "what", "detail", title="What is wrong with the course")
        for fault in faults:
            table.add_row(escape(fault.where), fault.kind, escape(fault.detail))
        console.print(table)
    right = sum(one.trial.answer.right for one in tried)
    console.print(
        f"{len(names)} lessons, {right} right and {len(tried) - right} wrong answers tried "
        f"on {draws} draws, "
        f"{len(faults)} faults."
    )
    if faults:
        raise typer.Exit(1)


@app.command()
def calibrate(
    root: Root = Path(),
    runs: Annotated[int, typer.Option(min=5, help="Runs of the reference solution.")] = 16,
) -> None:
    """Measure the reference solution's spread over secrets on this device, and record the bar.

    Example: `autograder calibrate --runs 16`
    """
    with one_sentence():
        check_materials()
        from autograder.authoring.recorded_answers import solution_cells
        from autograder.examining.exam import load_exam
        from autograder.verdict import calibrate as calibration
        from autograder.verdict.question import BUDGETS
        from autograder.verdict.task import default_budget

        paths = CoursePaths(root.resolve())
        exam = load_exam(paths.exams, "05-fine-tuning")
        task = next(task for task in exam.tasks if task.answer_id == "fine-tune")
        with progress_bar() as bar:
            row = bar.add_task("Calibrating", total=runs, what="")

            def progress(what: str) -> None:
                bar.update(row, advance=1, what=what)
                console.print(what)

            measured = calibration.calibrate(
                solution_cells(paths, exam, task), BUDGETS[default_budget().device], runs, progress
            )
    calibration.save_bar(measured)
    console.print(
        f"{measured.device}: accuracy {measured.mean:.3f} ± {measured.deviation:.3f} over {runs} "
        f"runs; full marks from {measured.full:.3f}."
    )


@app.command()
def sample(root: Root = Path()) -> None:
    """Create the sample class in `submitted/`: right, wrong, broken and hostile submissions.

    Example: `autograder sample --root demo`
    """
    from autograder.sample import classroom as sampling

    with one_sentence():
        paths = CoursePaths(root.resolve())
        expected = sampling.make_class(paths)
        sampling.save_expected(expected, paths.submitted / "expected.json")
    for member in sampling.CLASS:
        console.print(f"{member.name:10} {member.story}")


@app.command()
def demo(
    root: Root = Path(),
    into: Annotated[Path, typer.Option(help="The demo's folder.")] = Path("demo"),
    jobs: Jobs = None,
) -> None:
    """Do the whole job once: build, release, grade a sample class, write feedback and a report.

    Example: `autograder demo --into demo`
    """
    with one_sentence():
        check_materials()
        from autograder.grading import report as reporting
        from autograder.grading.marks import read_marks
        from autograder.nbgrader_api import feedback as write_feedback
        from autograder.sample import classroom as sampling
        from autograder.sample import demo as demonstration

        assignments = sampling.assignments()
        with progress_bar() as bar:
            row = bar.add_task("Building", total=3 * len(assignments), what="")
            paths = demonstration.set_up(
                CoursePaths(root.resolve()),
                into.resolve(),
                assignments,
                lambda what: bar.update(row, advance=1, what=what),
            )
        expected = sampling.make_class(paths)
        records = graded(paths, assignments, workers=jobs)
        with progress_bar() as bar:
            row = bar.add_task("Feedback", total=len(assignments), what="")
            for name in assignments:
                write_feedback(paths, name)
                bar.update(row, advance=1, what=name)
        page = paths.root / "report.html"
        marks = read_marks(paths)
        reporting.write_report(
            records, marks, page, "BERT fine-tuning for classification: the sample class"
        )
    console.print(marks_table(records, marks))
    for what, where in (
        ("gradebook", paths.gradebook),
        ("feedback", paths.feedback),
        ("class page", page),
    ):
        console.print(f"{what:10} {where}", soft_wrap=True)
    if wrong := sampling.differences(expected, records):
        for sentence in wrong:
            complaints.print(f"[red]not as recorded:[/red] {escape(sentence)}", soft_wrap=True)
        raise typer.Exit(1)
    console.print(f"All {len(expected)} marks are what the sample class's record says.")


if __name__ == "__main__":
    app()
