"""Commands for instructors about what was handed in: collect, similar."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from autograder.cli.options import Root, app, file_to_write, one_sentence
from autograder.cli.terminal import complaints, console, progress_bar
from autograder.course_paths import CoursePaths
from course.files import write_whole


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


@app.command()
def similar(
    assignment: Annotated[str, typer.Argument(help="A name such as 05-fine-tuning.")],
    output: Annotated[
        Path | None, file_to_write("--output", help="A page that shows each pair side by side.")
    ] = None,
    root: Root = Path(),
) -> None:
    """List pairs of students whose own code is alike, for you to look at; it is no verdict.

    Example: `autograder similar 05-fine-tuning --output similar.html`
    """
    with one_sentence():
        from autograder.grading import similar as comparing
        from autograder.grading.marks import read_marks
        from autograder.grading.submission import found

        paths = CoursePaths(root.resolve())
        ids = found(paths, [paths.check_assignment(assignment)])
        with progress_bar() as bar:
            row = bar.add_task("Reading", total=len(ids), what="")
            pairs, common = comparing.similar(
                paths, assignment, ids, lambda student: bar.update(row, advance=1, what=student)
            )
        names = read_marks(paths).names
        if output is not None:
            write_whole(output, comparing.page(assignment, pairs, names))
    table = Table("code", "students", "the same", "tokens", title=f"To look at in {assignment}")
    for one in pairs:
        who = [f"{id} ({names[id]})" if names.get(id) else id for id in one.students]
        table.add_row(one.function, escape(", ".join(who)), f"{one.share:.0%}", f"{one.tokens}")
    console.print(table if pairs else f"No pair of {len(ids)} submissions stands out.")
    for shared in common:
        console.print(
            f"{shared.students} students have {shared.function} much alike, which is too many to be "
            "listed in pairs: was it shown in class?",
            soft_wrap=True,
        )
    if pairs:
        console.print(
            "Being alike is no proof of copying: read both, and ask the students before you conclude "
            "anything. Tokens are those that no recorded answer shares with both.",
            soft_wrap=True,
        )
    if output is not None:
        console.print(f"Wrote {output}.", soft_wrap=True)


def _say(names: Iterable[str], sentence: str) -> None:
    if names := ", ".join(names):
        console.print(escape(sentence.format(names)), soft_wrap=True)
