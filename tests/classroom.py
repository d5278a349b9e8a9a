"""A class of the miniature course: submissions made by an edit each, and the marks they got."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook

from autograder.course_paths import CoursePaths
from autograder.records import GradeRecord, read_records

NAME = "01-counting"
Edit = Callable[[NotebookNode], None]

SOLUTION = """def count_words(text):
    words = text.lower().split()
    return {w: words.count(w) for w in words}
"""


LOOP = "def count_words(text):\n    while True:\n        pass\n"


def cell_of(notebook: NotebookNode, grade_id: str) -> NotebookNode:
    return next(
        c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id
    )


def submit(paths: CoursePaths, student: str, edit: Edit = lambda notebook: None) -> Path:
    """Hand in the right solution after `edit`; return the file's path."""
    notebook = copy.deepcopy(nbformat.read(paths.notebook(paths.source, NAME), as_version=4))
    edit(notebook)
    path = paths.notebook(paths.submitted / student, NAME)
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def grades(paths: CoursePaths) -> dict[str, float]:
    with Gradebook(f"sqlite:///{paths.gradebook}") as gradebook:
        return {one.student.id: one.score for one in gradebook.assignment_submissions(NAME)}


def by_task(paths: CoursePaths, student: str) -> dict[str, GradeRecord]:
    records = read_records(paths.records(NAME, student))
    return {one.grade_id.removesuffix("-points"): one for one in records}


def set_source(grade_id: str, source: str) -> Edit:
    def edit(notebook: NotebookNode) -> None:
        cell_of(notebook, grade_id).source = source

    return edit
