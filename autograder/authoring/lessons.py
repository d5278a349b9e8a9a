"""Lessons as people write them (MyST Markdown), read as source notebooks.

The same lesson always gives the same notebook: cell ids are derived from a cell's content, and
neither the machine nor the date has any influence.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from pathlib import Path

import jupytext
import nbformat
import yaml
from jupytext.myst import MystMetadataParsingError
from nbformat.notebooknode import NotebookNode

from autograder.authoring.first_cell import set_up
from autograder.cells import DEMO_TAG
from autograder.course_paths import CoursePaths
from autograder.errors import CourseError

KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def pairing(assignment: str) -> str:
    """Return jupytext's formats that pair the source notebook with its text master.

    Both sides must name their folder: from either one jupytext then finds the other.
    """
    return f"source/{assignment}//ipynb,course/lessons//md:myst"


def read_lesson(path: Path) -> NotebookNode:
    """Return the lesson in `path` as a source notebook; raises CourseError naming line or cell."""
    notebook = _parsed(path)
    metadata = NotebookNode(kernelspec=NotebookNode(KERNELSPEC))
    metadata["language_info"] = NotebookNode(name="python")
    metadata["jupytext"] = NotebookNode(formats=pairing(path.stem))
    notebook.metadata = metadata
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    _complete_metadata(notebook, path)
    _check_solutions(notebook, path)
    set_up(notebook, path.parent, f"{path.stem}/{CoursePaths.notebook_name(path.stem)}.ipynb")
    _set_ids(notebook, path.stem)
    nbformat.validate(notebook)
    return notebook


def _parsed(path: Path) -> NotebookNode:
    """Return what jupytext makes of the lesson's text; raises CourseError with the line."""
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        number = raw[: error.start].count(b"\n") + 1
        raise CourseError(f"{path}:{number}: the file is not UTF-8: save it as that.") from error
    try:
        return jupytext.reads(text, fmt="md:myst")
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


def _complete_metadata(notebook: NotebookNode, path: Path) -> None:
    """Fill in all fields of every nbgrader cell, so that lessons name only those that matter."""
    seen: set[str] = set()
    for cell in notebook.cells:
        given = cell.metadata.get("nbgrader")
        if given is None:
            continue
        grade_id = given.get("grade_id")
        if not grade_id or grade_id in seen:
            raise CourseError(f"{path.name}: grade_id {grade_id!r} is missing or used twice.")
        seen.add(grade_id)
        solution, grade = bool(given.get("solution")), bool(given.get("grade"))
        fields = {
            "grade": grade,
            "grade_id": grade_id,
            # What only shows something invites to be changed and tried.
            "locked": not solution and DEMO_TAG not in cell.metadata.get("tags", []),
            "schema_version": 3,
            "solution": solution,
            "task": False,
        }
        if grade:
            if "points" not in given:
                raise CourseError(f"{path.name}: the graded cell {grade_id!r} has no points.")
            points = fields["points"] = given["points"]
            if isinstance(points, bool) or not isinstance(points, int | float) or points < 0:
                raise CourseError(
                    f"{path.name}: the points of the cell {grade_id!r} are {points!r}, not a number."
                )
        cell.metadata["nbgrader"] = NotebookNode(dict(sorted(fields.items())))


def _check_solutions(notebook: NotebookNode, path: Path) -> None:
    """Raise CourseError for a solution that students would see, or that never ends."""
    for cell in notebook.cells:
        begins, ends = (cell.source.count(f"### {word} SOLUTION") for word in ("BEGIN", "END"))
        marks = cell.metadata.get("nbgrader", {})
        where = (
            f"{path.name}: the cell {marks.get('grade_id', cell.source.partition(chr(10))[0])!r}"
        )
        if begins != ends:
            raise CourseError(
                f"{where} has {begins} `### BEGIN SOLUTION` and {ends} `### END SOLUTION`."
            )
        if begins and not marks.get("solution"):
            raise CourseError(f"{where} holds a solution, but has no `solution: true`.")


def _set_ids(notebook: NotebookNode, lesson: str) -> None:
    """Derive each cell's id from its content: it keeps its id when other cells come and go."""
    count: Counter[str] = Counter()
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        what = grade_id or f"{cell.cell_type}\0{cell.source}"
        count[what] += 1
        digest = hashlib.sha256(f"{lesson}\0{what}\0{count[what]}".encode()).hexdigest()
        cell["id"] = grade_id if grade_id and len(grade_id) <= 64 else digest[:16]
