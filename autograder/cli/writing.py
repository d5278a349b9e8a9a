"""Commands for authors who begin something: new-lesson, new-question."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from autograder.cli.options import Root, app, one_sentence
from autograder.cli.terminal import console
from autograder.course_paths import CoursePaths


@app.command("new-lesson")
def new_lesson(
    name: Annotated[str, typer.Argument(help="Number and name, such as 09-word-lengths.")],
    root: Root = Path(),
) -> None:
    """Begin a lesson: text with one task, check, exam and recorded answers, all of them working.

    Example: `autograder new-lesson 09-word-lengths`
    """
    from autograder.authoring import skeletons

    with one_sentence():
        paths = CoursePaths(root.resolve())
        written = skeletons.new_lesson(paths, name)
    for path in written:
        console.print(f"Wrote {escape(str(path.relative_to(paths.root)))}.", soft_wrap=True)
    _next(name)


@app.command("new-question")
def new_question(
    lesson: Annotated[str, typer.Argument(help="A name such as 01-tokenizing.")],
    kind: Annotated[
        str,
        typer.Argument(help="fill, choice, several, predict, order, fix, find or flashcard."),
    ] = "choice",
    root: Root = Path(),
) -> None:
    """Begin a practice question: a true example of its kind, in the right file.

    Example: `autograder new-question 01-tokenizing predict`
    """
    from autograder.authoring import skeletons

    with one_sentence():
        paths = CoursePaths(root.resolve())
        begun = skeletons.new_question(paths, lesson, kind)
    file = escape(str(begun.path.relative_to(paths.root)))
    console.print(f"Wrote the question {begun.id} at the end of {file}.", soft_wrap=True)
    if begun.with_cell:
        console.print(f"{lesson} had no practice cell for it, and has one now, at its end.")
    _next(lesson)


def _next(lesson: str) -> None:
    then = f"autograder build {lesson} && autograder check-course {lesson}"
    console.print(f"Replace the example. Then: {then}", soft_wrap=True)
