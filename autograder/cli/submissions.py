"""Commands for instructors about what was handed in: collect."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from autograder.cli.options import Root, app, one_sentence
from autograder.cli.terminal import complaints, console
from autograder.course_paths import CoursePaths


@app.command()
def collect(
    assignment: Annotated[str, typer.Argument(help="A name such as 01-tokenizing.")],
    folder: Annotated[Path, typer.Argument(help="The folder with an entry for each student.")],
    prefix: Annotated[
        str, typer.Option(help="What the entries' names begin with before the student's name.")
    ] = "",
    force: Annotated[
        bool, typer.Option("--force", help="Replace what was collected before.")
    ] = False,
    root: Root = Path(),
) -> None:
    """Collect clones of students' repositories, saved e-mails or files into `submitted/`.

    Example: `autograder collect 01-tokenizing ~/clones --prefix bert-2026-`
    """
    with one_sentence():
        from autograder.grading import collecting
        from autograder.grading.roster_names import read_names

        paths = CoursePaths(root.resolve())
        paths.check_assignment(assignment)
        with tempfile.TemporaryDirectory() as attachments:
            works = collecting.entries(paths, assignment, folder, prefix, Path(attachments))
            done = collecting.collect(paths, assignment, works, read_names(paths), force=force)
    _say(done.students, f"Collected {assignment} of {{}}.")
    _say(done.unchanged, "Collected before, and unchanged: {}.")
    _say(done.kept, "Kept what was collected before of {}; --force replaces it.")
    _say(done.nothing, f"Nothing of {assignment} in {{}}.")
    if done.several:
        names = ", ".join(done.several)
        said = (
            f"Not collected, because there are several files, none with a date: {names}. Keep the "
        )
        complaints.print(escape(f"{said}one that counts."), soft_wrap=True)
    for name in done.unknown:
        complaints.print(
            escape(
                f"Not collected: no student in the gradebook has the name {name!r}. Say whose it is "
                f"with `autograder accept STUDENT {name!r}`, or add the student with `nbgrader db "
                "student add`; then collect again."
            ),
            soft_wrap=True,
        )
    if done.several or done.unknown:
        raise typer.Exit(3)


def _say(names: Iterable[str], sentence: str) -> None:
    if names := ", ".join(names):
        console.print(escape(sentence.format(names)), soft_wrap=True)
