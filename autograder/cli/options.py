"""What all commands share: the application, common options, one-sentence errors."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from autograder.cli.terminal import complaints, console
from autograder.course_paths import INSTALLATION, CoursePaths
from autograder.errors import CourseError
from course import __version__
from course.yaml_records import RecordsError

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        console.print(f"bert-classroom {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Build, check and grade the course *BERT fine-tuning for classification*.

    Example: `autograder grade 01-tokenizing --feedback`
    """


def _of_that_folder(context: typer.Context, root: Path) -> Path:
    """Go on with the packages of `root`, where it has its own: another clone's would mix with them.

    Lessons, checks and exams of two versions would not fit each other. Python has imported this
    clone's packages already, so the command starts anew.
    """
    own, path = str(root.resolve()), os.environ.get("PYTHONPATH", "")
    other = root.resolve() != INSTALLATION and (root / "autograder" / "__init__.py").is_file()
    if other and not context.resilient_parsing and path.split(os.pathsep)[0] != own:
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (own, path)))
        os.execv(sys.executable, [sys.executable, "-P", "-m", "autograder", *sys.argv[1:]])
    return root


Root = Annotated[
    Path,
    typer.Option(
        "--root",
        help="The course's folder.",
        exists=True,
        file_okay=False,
        callback=_of_that_folder,
    ),
]
Assignments = Annotated[
    list[str] | None, typer.Argument(help="Names such as 01-tokenizing; default: all.")
]
Jobs = Annotated[
    int | None, typer.Option("--jobs", "-j", min=1, help="Processes at once; default: all cores.")
]


class Containment(StrEnum):
    """Whether submissions must be contained."""

    REQUIRED = "required"
    NONE = "none"


Contained = Annotated[
    Containment,
    typer.Option("--containment", help="`none` runs submissions with your own permissions."),
]


def _in_a_folder(path: Path | None) -> Path | None:
    """Refuse a file to write whose folder is not there, before the long work and not after it."""
    if path is not None and not path.parent.is_dir():
        raise typer.BadParameter(f"There is no folder {path.parent}.")
    return path


def file_to_write(*names: str, help: str) -> Any:
    """Return the option that names a file to write; a folder, or a file in none, is refused."""
    return typer.Option(*names, help=help, dir_okay=False, callback=_in_a_folder)


@contextmanager
def one_sentence() -> Iterator[None]:
    """Turn errors that the caller can correct into one sentence and status 2."""
    try:
        yield
    except (CourseError, RecordsError) as error:
        complaints.print(f"[red]autograder:[/red] {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(2) from None
    except OSError as error:
        # What no check foresaw: a disk that has filled up, a file that may not be read.
        where = f"{error.filename}: " if error.filename else ""
        said = f"{where}{error.strerror or error}."
        complaints.print(f"[red]autograder:[/red] {escape(said)}", soft_wrap=True)
        raise typer.Exit(2) from None
    except ModuleNotFoundError as error:
        complaints.print(
            f"[red]autograder:[/red] The package {error.name!r} is missing: run "
            "`pip install -r requirements.txt`.",
            soft_wrap=True,
        )
        raise typer.Exit(2) from None


def chosen(
    paths: CoursePaths, assignments: list[str] | None, *, ordinary: bool = False
) -> list[str]:
    """Return the named assignments, each checked, or all; with `ordinary` those of nbgrader too."""
    if not assignments:
        return paths.assignments() + (paths.ordinary_assignments() if ordinary else [])
    return [paths.check_assignment(name, ordinary=ordinary) for name in assignments]
