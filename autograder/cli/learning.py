"""Commands for trying one answer without a class: verdict, mastery."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from autograder.cli.options import Root, app, file_to_write, one_sentence
from autograder.cli.terminal import complaints, console
from autograder.course_paths import CoursePaths
from autograder.errors import CourseError
from autograder.preflight import check_materials


@app.command()
def verdict(
    file: Annotated[Path, typer.Argument(help="A Python file that defines fine_tune.")],
    seed: Annotated[int | None, typer.Option(help="Use this seed for all draws.")] = None,
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
        from autograder.examining.examiner import examine
        from autograder.examining.processes import StudentSubprocess
        from autograder.records import Outcome
        from autograder.verdict.bars import bar_for
        from autograder.verdict.evidence import Evidence
        from autograder.verdict.picture import picture
        from autograder.verdict.task import FineTune, default_budget

        budget = default_budget()
        evidence: list[Evidence] = []
        seed = random.SystemRandom().randrange(2**31) if seed is None else seed
        with (
            complaints.status(
                f"One run of {budget.steps} steps of {budget.batch_size} reviews on {budget.device} …"
            ),
            StudentSubprocess([source]) as student,
        ):
            error = next(iter(filter(None, student.cell_errors)), None)
            task = FineTune(budget, evidence.append)
            finding = examine(task, student, random.Random(seed), error)
    console.print(
        f"[bold]{finding.outcome}[/bold]: {finding.points:g} of {finding.max_points:g} points, "
        f"{finding.seconds:.0f} s, seed {seed}"
    )
    console.print(escape(finding.message))
    console.print()
    # Where two questions were asked, the better answer counts.
    you = max((one.measured.accuracy for one in evidence), default=None)
    shown = picture(bar_for(budget.device), you)
    console.print(shown, markup=False, highlight=False, soft_wrap=True)
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
