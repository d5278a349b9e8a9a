"""One's own notebook, graded as a submission is: taken in, run, examined. Nothing is recorded.

A course of the moment is made for it, with the lessons and exams of the real one.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from autograder.cells import grade_id_of
from autograder.course_paths import CoursePaths
from autograder.errors import CourseError
from autograder.examining.exam import load_exam
from autograder.grading.notebook_file import UnreadableError, read_notebook
from autograder.grading.plugins.execute import ExamExecute
from autograder.grading.submission import SubmissionId, take_in
from autograder.nbgrader_api import configuration
from autograder.records import Finding

#: What a notebook may read beside itself.
BESIDE = (".py", ".csv", ".json", ".txt")


def assignment_of(paths: CoursePaths, notebook: Path) -> str:
    """Return the assignment that `notebook` is for, by its graded cells; raises CourseError."""
    try:
        ids = {grade_id_of(cell) for cell in read_notebook(notebook).cells}
    except (UnreadableError, OSError) as error:
        raise CourseError(f"{notebook} cannot be read: {error}") from error
    found = {
        name: sum(task.grade_id in ids for task in load_exam(paths.exams, name).tasks)
        for name in paths.assignments()
    }
    likest = max(found, key=lambda name: found[name])
    if not found[likest]:
        raise CourseError(f"{notebook} has no graded cell of this course.")
    return likest


def try_notebook(
    paths: CoursePaths, notebook: Path, assignment: str, *, contained: bool
) -> list[Finding]:
    """Return the findings on `notebook`, in its own order; raises CourseError."""
    with tempfile.TemporaryDirectory(prefix="try-") as name:
        course = _course_like(paths, Path(name), assignment)
        id = SubmissionId(assignment, "you")
        folder = course.submitted / id.student / assignment
        folder.mkdir(parents=True)
        for path in notebook.parent.iterdir():
            if path.suffix in BESIDE and path.is_file():
                shutil.copy(path, folder)
        shutil.copy(notebook, folder / f"{paths.notebook_name(assignment)}.ipynb")
        options = {"ExamExecute": {"contained": contained, "fresh": True}}
        execute = ExamExecute(config=configuration(course.root, options))
        return execute.result_of(take_in(course, id)).findings


def _course_like(paths: CoursePaths, root: Path, assignment: str) -> CoursePaths:
    """Return a course in `root` whose lessons and exams are those of `paths`."""
    released = paths.notebook(paths.release, assignment)
    if not released.is_file():
        raise CourseError(f"There is no {released}: run `autograder build`.")
    shutil.copytree(released.parent, root / "release" / assignment)
    if paths.has_own_lessons:
        (root / "course").symlink_to(paths.root / "course")
        (root / "autograder").symlink_to(paths.root / "autograder")
    shutil.copy(paths.root / "nbgrader_config.py", root)
    return CoursePaths(root)
