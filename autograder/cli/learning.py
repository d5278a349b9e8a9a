"""Commands for trying one's own work without a class: try, verdict, mastery."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from autograder.cli.options import Root, app, file_to_write, one_sentence
from autograder.cli.terminal import complaints, console
from autograder.course_paths import CoursePaths
from autograder.errors import CourseError
from autograder.preflight import check_materials


@app.command("try")
def try_own(
    notebook: Annotated[Path, typer.Argument(help="A notebook of this course.")],
    root: Root = Path(),
    as_json: Annotated[
        Path | None, file_to_write("--json", help="Write the findings here.")
    ] = None,
) -> None:
    """Grade your own notebook as a submission, and keep the marks with your progress.

    Example: `autograder try 01-tokenizing.ipynb`

    The notebook runs contained; where this machine cannot do that, with your own permissions.
    """
    with one_sentence():
        if not notebook.is_file():
            raise CourseError(f"There is no file {str(notebook)!r}.")
        check_materials()
        from autograder.alone.learner import answers_beside, write_down
        from autograder.alone.marks import Marks
        from autograder.examining.exam import load_exam
        from autograder.grading.own_notebook import assignment_of, try_notebook
        from autograder.kernels.client import NotContainedError, close_zygote

        paths = CoursePaths(root.resolve())
        assignment = assignment_of(paths, notebook)
        tasks = {task.grade_id: task for task in load_exam(paths.exams, assignment).tasks}
        with complaints.status(f"Grading {assignment} …"):
            try:
                found = try_notebook(paths, notebook, assignment, contained=True)
            except NotContainedError as error:
                complaints.print(escape(f"{error} It runs with your permissions."), soft_wrap=True)
                found = try_notebook(paths, notebook, assignment, contained=False)
            finally:
                close_zygote()
        findings = {tasks[one.grade_id].name: one for one in found}
        write_down(findings)
        answers = answers_beside(tasks.values(), notebook.parent)
    print(Marks(assignment, findings, answers))
    if as_json:
        rows = [one.model_dump(mode="json") for one in found]
        as_json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    if any(one.points < one.max_points for one in found):
        raise typer.Exit(1)


@app.command()
def verdict(
    file: Annotated[Path, typer.Argument(help="A Python file that defines fine_tune.")],
    seed: Annotated[int | None, typer.Option(help="Use this seed for all draws.")] = None,
    challenge: Annotated[
        bool,
        typer.Option(
            "--challenge", help="Run an attempt of the challenge again; measure on test reviews."
        ),
    ] = False,
    as_json: Annotated[Path | None, file_to_write("--json", help="Write the finding here.")] = None,
) -> None:
    """Judge a fine-tuning function with one real run, without Jupyter.

    Example: `autograder verdict my_fine_tune.py`

    It prints the finding, and a picture of where the model stands between an untrained one and the
    reference.

    The checkpoint and the reviews may come from places named by BERT_CLASSROOM_CHECKPOINT and
    BERT_CLASSROOM_REVIEWS.
    """
    import random

    with one_sentence():
        if not file.is_file():
            raise CourseError(f"There is no file {str(file)!r}.")
        try:
            source = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise CourseError(f"{file} is not Python in UTF-8.") from None
        check_materials(jupyter=False)
        from autograder.alone.challenge import ChallengeRun
        from autograder.examining.examiner import examine
        from autograder.examining.processes import StudentSubprocess
        from autograder.records import Outcome
        from autograder.verdict.task import FineTune, default_budget

        budget = default_budget()
        seed = random.SystemRandom().randrange(2**31) if seed is None else seed
        with (
            complaints.status(
                f"One run of {budget.steps} steps of {budget.batch_size} reviews on {budget.device} …"
            ),
            StudentSubprocess([source]) as student,
        ):
            error = next(iter(filter(None, student.cell_errors)), None)
            task = ChallengeRun(budget) if challenge else FineTune(budget)
            finding = examine(task, student, random.Random(seed), error)
    points = f"{finding.points:g} of {finding.max_points:g} points, " * (not challenge)
    console.print(f"[bold]{finding.outcome}[/bold]: {points}{finding.seconds:.0f} s, seed {seed}")
    console.print(escape(finding.message))
    if finding.picture:
        console.print()
        console.print(finding.picture, markup=False, highlight=False, soft_wrap=True)
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
        from autograder.examining.exam import load_exam
        from autograder.examining.examiner import examine_sheet
        from autograder.examining.mastery import SHEET, MasteryTask

        if sheet.name != SHEET:
            raise CourseError(f"The test writes a file called {SHEET}; this is {sheet.name!r}.")
        exams = [
            load_exam(folder.parent.parent, folder.parent.name)
            for folder in sorted(CoursePaths(root).exams.glob("*/questions"))
        ]
        tasks = [one for exam in exams for one in exam.tasks if isinstance(one, MasteryTask)]
        if not tasks:
            raise CourseError("This course has no mastery test.")
        finding = examine_sheet(tasks[0], sheet.parent)
    console.print(f"[bold]{finding.points:g} of {finding.max_points:g} points[/bold]")
    console.print(escape(finding.message), soft_wrap=True)
