"""The command line: `autograder VERB`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

import autograder.lean  # noqa: F401 # before anything imports jsonschema
from autograder.layout import CourseError, Layout
from autograder.materials import check_materials
from autograder.terminal import complaints, console, graded, marks_table, progress_bar

app = typer.Typer(
    help="Build, check and grade the course *BERT fine-tuning for classification*.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
Root = Annotated[
    Path, typer.Option("--root", help="The course's folder.", exists=True, file_okay=False)
]
Assignments = Annotated[
    list[str] | None, typer.Argument(help="Names such as 01-tokenizing; none means all.")
]
Jobs = Annotated[
    int | None, typer.Option("--jobs", "-j", min=1, help="Processes at once; default: all cores.")
]


class Containment(StrEnum):
    """Whether submissions must be contained."""

    REQUIRED = "required"
    NONE = "none"


@contextmanager
def one_sentence() -> Iterator[None]:
    """Turn errors that the caller can mend into one sentence and status 2."""
    try:
        yield
    except CourseError as error:
        complaints.print(f"[red]autograder:[/red] {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(2) from None
    except ModuleNotFoundError as error:
        complaints.print(
            f"[red]autograder:[/red] The package {error.name!r} is missing: run "
            "`pip install -r requirements.txt`.",
            soft_wrap=True,
        )
        raise typer.Exit(2) from None


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
    with one_sentence():
        check_materials()
        from autograder import check_course as checker

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


@app.command()
def verdict(
    file: Annotated[Path, typer.Argument(help="A Python file that defines fine_tune.")],
    seed: Annotated[int | None, typer.Option(help="Repeat the draws of this seed.")] = None,
    as_json: Annotated[Path | None, typer.Option("--json", help="Write the finding here.")] = None,
) -> None:
    """Judge a fine-tuning function by one real run, without Jupyter.

    Example: `autograder verdict my_fine_tune.py`

    The checkpoint and the reviews may come from places named by BERT_CLASSROOM_CHECKPOINT and
    BERT_CLASSROOM_REVIEWS.
    """
    import random

    with one_sentence():
        if not file.is_file():
            raise CourseError(f"There is no file {str(file)!r}.")
        check_materials(jupyter=False)
        from autograder.examiner import examine
        from autograder.records import Outcome
        from autograder.students import ProcessStudent
        from autograder.verdict.plan import default_budget
        from autograder.verdict.task import FineTune

        budget = default_budget()
        seed = random.SystemRandom().randrange(2**31) if seed is None else seed
        with (
            complaints.status(
                f"One run of {budget.steps} steps of {budget.batch_size} reviews on {budget.device} …"
            ),
            ProcessStudent([file.read_text(encoding="utf-8")]) as student,
        ):
            error = next(iter(filter(None, student.cell_errors)), None)
            finding = examine(FineTune(budget), student, random.Random(seed), error)
    console.print(
        f"[bold]{finding.outcome}[/bold]: {finding.points:g} of {finding.max_points:g} points, "
        f"{finding.seconds:.0f} s, seed {seed}"
    )
    console.print(escape(finding.message))
    if as_json:
        as_json.write_text(finding.model_dump_json(indent=1) + "\n", encoding="utf-8")
    if finding.outcome is not Outcome.PASSED:
        raise typer.Exit(1)


@app.command()
def mastery(
    sheet: Annotated[Path, typer.Argument(help="The file mastery_answers.json.")],
    root: Root = Path(),
) -> None:
    """Mark one sheet of the mastery test, without Jupyter or a gradebook.

    Example: `autograder mastery mastery_answers.json`
    """
    with one_sentence():
        if not sheet.is_file():
            raise CourseError(f"There is no file {str(sheet)!r}.")
        from autograder.examiner import examine_paper, load_exam
        from autograder.mastery import SHEET, MasteryTask

        if sheet.name != SHEET:
            raise CourseError(f"The test writes a file called {SHEET}; this is {sheet.name!r}.")
        exams = [
            load_exam(folder.parent.parent, folder.parent.name)
            for folder in sorted(Layout(root).exams.glob("*/questions"))
        ]
        tasks = [one for exam in exams for one in exam.tasks if isinstance(one, MasteryTask)]
        if not tasks:
            raise CourseError("This course has no mastery test.")
        finding = examine_paper(tasks[0], sheet.parent)
    console.print(f"[bold]{finding.points:g} of {finding.max_points:g} points[/bold]")
    console.print(escape(finding.message), soft_wrap=True)


@app.command()
def calibrate(
    root: Root = Path(),
    seeds: Annotated[int, typer.Option(min=5, help="Runs of the reference solution.")] = 8,
) -> None:
    """Measure the reference solution's spread over seeds on this device, and record the bar.

    Example: `autograder calibrate --seeds 8`
    """
    with one_sentence():
        check_materials()
        from autograder.answers import solution_cells
        from autograder.examiner import load_exam
        from autograder.verdict import calibrate as calibration
        from autograder.verdict.plan import default_budget

        layout = Layout(root.resolve())
        exam = load_exam(layout.exams, "05-fine-tuning")
        task = next(task for task in exam.tasks if task.answer_id == "fine-tune")
        with progress_bar() as bar:
            row = bar.add_task("Calibrating", total=seeds, what="")

            def progress(what: str) -> None:
                bar.update(row, advance=1, what=what)
                console.print(what)

            measured = calibration.calibrate(
                solution_cells(layout, exam, task), default_budget(), seeds, progress
            )
    calibration.save_bar(measured)
    console.print(
        f"{measured.device}: accuracy {measured.mean:.3f} ± {measured.deviation:.3f} over {seeds} "
        f"seeds, untrained {measured.untrained:.3f}; full marks from {measured.full():.3f}."
    )


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
    containment: Annotated[
        Containment, typer.Option(help="`none` runs submissions with all your own rights.")
    ] = Containment.REQUIRED,
    force: Annotated[bool, typer.Option(help="Grade again what is graded already.")] = False,
    feedback: Annotated[bool, typer.Option(help="Write nbgrader's feedback pages too.")] = False,
    as_json: Annotated[Path | None, typer.Option("--json", help="Write all records here.")] = None,
) -> None:
    """Grade the submissions in `submitted/`, several at once, into nbgrader's gradebook.

    Example: `autograder grade 01-tokenizing --jobs 2 --json marks.json`
    """
    from autograder import records as recording

    with one_sentence():
        layout = Layout(root.resolve())
        names = chosen(layout, assignments)
        check_materials()
        records = graded(
            layout,
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
            from autograder.converters import feedback as write_feedback

            done = sorted({one.assignment for one in records})
            with progress_bar() as bar:
                row = bar.add_task("Feedback", total=len(done), what="")
                for name in done:
                    write_feedback(layout, name)
                    bar.update(row, advance=1, what=name)
    console.print(marks_table(records))
    if errors := [one for one in records if one.outcome is recording.Outcome.GRADER_ERROR]:
        who = ", ".join(sorted({f"{one.student} ({one.assignment})" for one in errors}))
        complaints.print(
            f"[red]{len(errors)} tasks wait for you in formgrader[/red]: {escape(who)}. They cost nobody "
            f"marks; each record says why, and what failed in the grader itself is in {layout.log}.",
            soft_wrap=True,
        )
        raise typer.Exit(3)


@app.command()
def doctor(
    root: Root = Path(),
    as_json: Annotated[Path | None, typer.Option("--json", help="Write the checks here.")] = None,
) -> None:
    """Show which protections this machine gives to grading, tried from inside a kernel.

    Example: `autograder doctor`
    """
    from dataclasses import asdict

    from autograder.doctor import look_at_machine

    with one_sentence(), complaints.status("Looking at this machine from inside a kernel …"):
        checks = look_at_machine(Layout(root.resolve()))
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
            "Grading refuses to run what it cannot contain; `--containment none` grades all the "
            "same, with the rights of your own account, and the report says so."
        )
        raise typer.Exit(1)


@app.command()
def report(
    root: Root = Path(),
    output: Annotated[Path | None, typer.Option(help="Default: report.html in the course.")] = None,
) -> None:
    """Write the class page: all marks, why points were lost, and which mistakes are common.

    Example: `autograder report --output class.html`
    """
    from autograder.records import all_records
    from autograder.report import write_report

    with one_sentence():
        layout = Layout(root.resolve())
        records = all_records(layout.records_folder)
        if not records:
            raise CourseError("Nothing is graded yet: run `autograder grade` first.")
        path = output or layout.root / "report.html"
        write_report(records, path, "BERT fine-tuning for classification: the class")
    console.print(f"Wrote {path}.")


@app.command()
def sample(root: Root = Path()) -> None:
    """Make the sample class in `submitted/`: right, wrong, broken and hostile submissions.

    Example: `autograder sample --root demo`
    """
    from autograder import sample as sampling

    with one_sentence():
        layout = Layout(root.resolve())
        expected = sampling.make_class(layout)
        sampling.save_expected(expected, layout.submitted / "expected.json")
    for member in sampling.CLASS:
        console.print(f"{member.name:10} {member.story}")


@app.command()
def demo(
    root: Root = Path(),
    into: Annotated[Path, typer.Option(help="A folder of the demo's own.")] = Path("demo"),
    jobs: Jobs = None,
) -> None:
    """Do the main job once on real input: build, release, grade a sample class, feed back, report.

    Example: `autograder demo --into demo`
    """
    with one_sentence():
        check_materials()
        from autograder import demo as demonstration
        from autograder import report as reporting
        from autograder import sample as sampling
        from autograder.converters import feedback as write_feedback

        assignments = sampling.assignments()
        with progress_bar() as bar:
            row = bar.add_task("Building", total=3 * len(assignments), what="")
            layout = demonstration.set_up(
                Layout(root.resolve()),
                into.resolve(),
                assignments,
                lambda what: bar.update(row, advance=1, what=what),
            )
        expected = sampling.make_class(layout)
        records = graded(layout, assignments, workers=jobs)
        with progress_bar() as bar:
            row = bar.add_task("Feedback", total=len(assignments), what="")
            for name in assignments:
                write_feedback(layout, name)
                bar.update(row, advance=1, what=name)
        page = layout.root / "report.html"
        reporting.write_report(
            records, page, "BERT fine-tuning for classification: the sample class"
        )
    console.print(marks_table(records))
    for what, where in (
        ("gradebook", layout.gradebook),
        ("feedback", layout.feedback),
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
