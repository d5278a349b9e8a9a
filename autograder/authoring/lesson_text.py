"""The text of a lesson: read into cells, and each fault in it told with its line."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import jupytext
import yaml
from jupytext.myst import MystMetadataParsingError, myst_to_notebook
from nbformat.notebooknode import NotebookNode

from autograder.errors import CourseError, did_you_mean

CELL = "```{code-cell}"


def cells_of(path: Path) -> NotebookNode:
    """Return what jupytext makes of the lesson's text; raises CourseError with the line."""
    text = text_of(path)
    try:
        notebook = jupytext.reads(text, fmt="md:myst")
    except MystMetadataParsingError as error:
        said = " ".join(str(error).split())
        place = re.search(r"at line (\d+) could not be read: (.+?)(?: in \"|$)", said)
        line, cause = place.groups() if place else ("1", said)
        raise CourseError(f"{path}:{line}: the cell's options cannot be read: {cause}.") from error
    except yaml.YAMLError as error:
        # Only the front matter is read as YAML outside a cell.
        mark = getattr(error, "problem_mark", None)
        line = str(mark.line + 1) if mark is not None else "1"
        cause = getattr(error, "problem", None) or "it is not YAML"
        raise CourseError(f"{path}:{line}: the front matter cannot be read: {cause}.") from error
    except Exception as error:
        # jupytext takes for granted that options are a mapping; nbformat wants tags in a list.
        cause = str(error).partition("\n")[0].rstrip(".")
        told = f"options are `name: value`, and tags a list ({cause})"
        raise CourseError(f"{path}:{_unreadable(text)}: {told}.") from error
    if not notebook.cells:
        raise CourseError(f"{path}:1: the lesson is empty.")
    for number, cell in enumerate(notebook.cells):
        _check_fences(cell, path, number)
    return notebook


def text_of(path: Path) -> str:
    """Return a file's text; raises CourseError with the line where it is not UTF-8."""
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        number = raw[: error.start].count(b"\n") + 1
        raise CourseError(f"{path}:{number}: the file is not UTF-8: save it as that.") from error


def fault_in(path: Path, number: int, sentence: str, word: str = "") -> CourseError:
    """Return the error for the cell `number` of a lesson, with the line where it has `word`."""
    return CourseError(f"{path}:{line_in(path, number, word)}: {sentence}")


def line_in(path: Path, number: int, word: str) -> int:
    """Return the line on which the cell `number` of a lesson has `word`; its first if none has."""
    text = text_of(path)
    start = myst_to_notebook(text, add_source_map=True).metadata["source_map"][number]
    lines = [(n, line) for n, line in enumerate(text.splitlines(), 1) if n > start and line.strip()]
    return next((n for n, line in lines if word in line), lines[0][0] if lines else 1)


def _unreadable(text: str) -> int:
    """Return the line of the first cell that cannot be read; 1 where it is the front matter."""
    lines = text.splitlines()
    starts = [1, *(n for n, line in enumerate(lines, 1) if line.startswith(CELL))]
    for start, following in pairwise([*starts, len(lines) + 1]):
        try:
            myst_to_notebook("\n".join(lines[: following - 1]))
        except Exception:
            return start
    return 1


def _check_fences(cell: NotebookNode, path: Path, number: int) -> None:
    """Raise CourseError for a cell that never ends, or that is none because of a slip."""
    for line in cell.source.splitlines():
        found = re.match(r"```+\{([^}]*)\}", line)
        kind = found[1] if found and cell.cell_type == "markdown" else "code-cell"
        if cell.cell_type == "code" and line.startswith(CELL):
            raise fault_in(path, number, "this cell is not closed: it needs ``` below its code.")
        if kind != "code-cell" and (near := did_you_mean(kind, ["code-cell"], cutoff=0.7)):
            raise fault_in(path, number, f"{kind!r} is no kind of cell.{near}", line)
