"""Lessons (MyST Markdown) become source notebooks, and nbgrader makes of these the released ones.

The same lessons give the same bytes: cell ids follow from what a cell holds, and nothing of the
machine or the day goes in. Only what is built is ever edited: the text in `course/lessons/`.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import jupytext
import nbformat
from nbformat.notebooknode import NotebookNode

from autograder.converters import release
from autograder.layout import CourseError, Layout

KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}

#: Cells with this tag show something and are left out when a submission is graded.
DEMO_TAG = "demo"


def pairing(assignment: str) -> str:
    """Return jupytext's formats that pair the source notebook with its text master.

    Both sides must name their folder: from either one jupytext then finds the other.
    """
    number = assignment.partition("-")[0]
    return f"source/{assignment}//ipynb,course/lessons/{number}-/md:myst"


def read_lesson(path: Path) -> NotebookNode:
    """Return the lesson in `path` as a source notebook; raises CourseError naming the cell."""
    notebook = jupytext.read(path, fmt="md:myst")
    metadata = NotebookNode(kernelspec=NotebookNode(KERNELSPEC))
    metadata["language_info"] = NotebookNode(name="python")
    metadata["jupytext"] = NotebookNode(formats=pairing(path.stem))
    notebook.metadata = metadata
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    _complete_metadata(notebook, path)
    _set_ids(notebook, path.stem)
    nbformat.validate(notebook)
    return notebook


def _complete_metadata(notebook: NotebookNode, path: Path) -> None:
    """Give every nbgrader cell all its fields, so that lessons name only those that matter."""
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
            "locked": not solution,
            "schema_version": 3,
            "solution": solution,
            "task": False,
        }
        if grade:
            if "points" not in given:
                raise CourseError(f"{path.name}: the graded cell {grade_id!r} has no points.")
            fields["points"] = given["points"]
        cell.metadata["nbgrader"] = NotebookNode(dict(sorted(fields.items())))


def _set_ids(notebook: NotebookNode, lesson: str) -> None:
    """Name each cell after what it holds: the same cell keeps its id when others come and go."""
    count: Counter[str] = Counter()
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        what = grade_id or f"{cell.cell_type}\0{cell.source}"
        count[what] += 1
        digest = hashlib.sha256(f"{lesson}\0{what}\0{count[what]}".encode()).hexdigest()
        cell["id"] = grade_id if grade_id and len(grade_id) <= 64 else digest[:16]


def build_source(layout: Layout, assignment: str, target: Path) -> Path:
    """Write the source notebook of `assignment` below `target` and return its path."""
    notebook = read_lesson(layout.lessons / f"{assignment}.md")
    path = layout.notebook(target, assignment)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = nbformat.writes(notebook, version=nbformat.NO_CONVERT)
    path.write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8")
    return path


def build(
    layout: Layout,
    assignments: list[str],
    *,
    target: Path | None = None,
    progress: Callable[[str], None] = lambda step: None,
) -> None:
    """Build source and released notebooks of `assignments` into `target` (default: the course)."""
    target = target or layout.root
    with tempfile.TemporaryDirectory(prefix="build-") as scratch_name:
        scratch = Path(scratch_name)
        if (config := layout.root / "nbgrader_config.py").exists():
            shutil.copy(config, scratch)
        for assignment in assignments:
            built = build_source(layout, assignment, scratch / "source")
            progress(f"{assignment}: source")
            release(scratch, assignment, no_gradebook=True)
            released = layout.notebook(scratch / "release", assignment)
            for made, kind in ((built, "source"), (released, "release")):
                place = layout.notebook(target / kind, assignment)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(made, place)
            progress(f"{assignment}: release")


def stale(layout: Layout, assignments: list[str]) -> list[Path]:
    """Return the committed notebooks that differ from what the lessons give today."""
    with tempfile.TemporaryDirectory(prefix="fresh-") as name:
        target = Path(name)
        build(layout, assignments, target=target)
        return [
            layout.notebook(folder, assignment)
            for assignment in assignments
            for folder in (layout.source, layout.release)
            if not _same(
                layout.notebook(folder, assignment),
                layout.notebook(target / folder.name, assignment),
            )
        ]


def _same(one: Path, other: Path) -> bool:
    return one.is_file() and one.read_bytes() == other.read_bytes()
