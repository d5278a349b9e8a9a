"""Lessons as people write them (MyST Markdown), read as source notebooks.

The same lesson always gives the same notebook: cell ids are derived from a cell's content, and
neither the machine nor the date has any influence.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections import Counter
from math import inf
from pathlib import Path
from typing import NoReturn

import nbformat
from nbformat.notebooknode import NotebookNode

from autograder.authoring.first_cell import set_up
from autograder.authoring.lesson_text import cells_of, fault_in
from autograder.cells import DEMO_TAG
from autograder.course_paths import CoursePaths
from autograder.errors import did_you_mean

KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
#: Lessons need four of them; the others are written by nbgrader in JupyterLab.
NBGRADER_FIELDS = frozenset(
    (
        "grade",
        "grade_id",
        "points",
        "solution",
        "cell_type",
        "checksum",
        "locked",
        "schema_version",
        "task",
    )
)
MARKS = ("### BEGIN SOLUTION", "### END SOLUTION")


def pairing(assignment: str) -> str:
    """Return jupytext's formats that pair the source notebook with its text master.

    Both sides must name their folder: from either one jupytext then finds the other.
    """
    return f"source/{assignment}//ipynb,course/lessons//md:myst"


def read_lesson(path: Path) -> NotebookNode:
    """Return the lesson in `path` as a source notebook; raises CourseError naming line or cell."""
    notebook = cells_of(path)
    metadata = NotebookNode(kernelspec=NotebookNode(KERNELSPEC))
    metadata["language_info"] = NotebookNode(name="python")
    metadata["jupytext"] = NotebookNode(formats=pairing(path.stem))
    notebook.metadata = metadata
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    _complete_metadata(notebook, path)
    _check_solutions(notebook, path)
    _check_code(notebook, path)
    set_up(notebook, path.parent, f"{path.stem}/{CoursePaths.notebook_name(path.stem)}.ipynb")
    _set_ids(notebook, path.stem)
    nbformat.validate(notebook)
    return notebook


def _complete_metadata(notebook: NotebookNode, path: Path) -> None:
    """Fill in all fields of every nbgrader cell, so that lessons name only those that matter."""
    seen: set[str] = set()
    for number, cell in enumerate(notebook.cells):
        given = cell.metadata.get("nbgrader")
        if given is None:
            continue
        _check_fields(given, path, number)
        grade_id = given["grade_id"]
        if grade_id in seen:
            raise fault_in(path, number, f"the grade_id {grade_id!r} is used twice.", "grade_id")
        seen.add(grade_id)
        solution, grade = given.get("solution", False), given.get("grade", False)
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
            fields["points"] = given["points"]
        cell.metadata["nbgrader"] = NotebookNode(dict(sorted(fields.items())))


def _check_fields(given: object, path: Path, number: int) -> None:
    """Raise CourseError for an nbgrader cell whose fields an author has mistaken."""

    def refuse(sentence: str, word: str = "nbgrader") -> NoReturn:
        raise fault_in(path, number, sentence, word)

    if not isinstance(given, dict):
        refuse("`nbgrader` needs fields, such as `{grade_id: my-cell}`.")
    for name in given.keys() - NBGRADER_FIELDS:
        near = did_you_mean(name, NBGRADER_FIELDS)
        refuse(f"nbgrader's cells have no field {name!r}.{near}", name)
    grade_id = given.get("grade_id")
    if not isinstance(grade_id, str) or not re.fullmatch(r"[\w-]+", grade_id, re.ASCII):
        refuse(f"a grade_id is made of letters, digits and hyphens, and not {grade_id!r}.")
    for name in ("grade", "solution"):
        if not isinstance(given.get(name, False), bool):
            refuse(f"`{name}` is true or false, and not {given[name]!r}.", name)
    if given.get("grade") and "points" not in given:
        refuse(f"the graded cell {grade_id!r} has no points.")
    if "points" in given:
        points = given["points"]
        if isinstance(points, bool) or not isinstance(points, int | float) or not 0 <= points < inf:
            said = f"the points of the cell {grade_id!r} are {points!r}, not a number from 0 on."
            refuse(said, "points")
        if not given.get("grade") and points:
            refuse(f"the cell {grade_id!r} has points, but no `grade: true`.", "points")


def _check_solutions(notebook: NotebookNode, path: Path) -> None:
    """Raise CourseError for a solution that students would see, or that never ends."""
    for number, cell in enumerate(notebook.cells):
        wanted, begun = "BEGIN", ""
        for line in cell.source.splitlines():
            mark = line.strip()
            if mark not in MARKS:
                if mark.startswith("#") and (near := did_you_mean(mark, MARKS, cutoff=0.85)):
                    raise fault_in(path, number, f"`{mark}` marks no solution.{near}", line)
                continue
            if mark != f"### {wanted} SOLUTION":
                raise fault_in(path, number, f"`{mark}` has no `### {wanted} SOLUTION`.", line)
            wanted, begun = ("END", line) if wanted == "BEGIN" else ("BEGIN", begun)
        if wanted == "END":
            raise fault_in(path, number, "this solution has no `### END SOLUTION`.", begun)
        if begun and not cell.metadata.get("nbgrader", {}).get("solution"):
            sentence = "the cell holds a solution, but has no `solution: true`."
            raise fault_in(path, number, sentence, begun)


def _check_code(notebook: NotebookNode, path: Path) -> None:
    """Raise CourseError for code that Python cannot read; magics and shell lines may be there."""
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "code" or "raises-exception" in cell.metadata.get("tags", []):
            continue
        try:
            ast.parse(cell.source)
        except SyntaxError:
            from IPython.core.inputtransformer2 import TransformerManager

            try:
                ast.parse(TransformerManager().transform_cell(cell.source))
            except SyntaxError as error:
                line = (error.text or "").strip()
                raise fault_in(path, number, f"{error.msg}.", line) from error


def _set_ids(notebook: NotebookNode, lesson: str) -> None:
    """Derive each cell's id from its content: it keeps its id when other cells come and go."""
    count: Counter[str] = Counter()
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        what = grade_id or f"{cell.cell_type}\0{cell.source}"
        count[what] += 1
        digest = hashlib.sha256(f"{lesson}\0{what}\0{count[what]}".encode()).hexdigest()
        cell["id"] = grade_id if grade_id and len(grade_id) <= 64 else digest[:16]
