"""Turns lessons into source notebooks; nbgrader turns those into the released ones.

Only the text in `course/lessons/` is ever edited. The list of the lessons' places is built along
with the notebooks; practice cells find their questions through it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import nbformat

from autograder.authoring.broken_runs import runs_path, runs_text
from autograder.authoring.lessons import read_lesson
from autograder.authoring.mastery_bank import paper_path, paper_text
from autograder.authoring.outline import places_path, places_text
from autograder.authoring.solutions import solutions_path, solutions_text
from autograder.course_paths import CoursePaths
from autograder.nbgrader_api import release
from course.files import write_whole
from course.practice.questions import load_bank


def build_source(paths: CoursePaths, assignment: str, target: Path) -> Path:
    """Write the source notebook of `assignment` below `target` and return its path."""
    notebook = read_lesson(paths.lessons / f"{assignment}.md")
    path = paths.notebook(target, assignment)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = nbformat.writes(notebook, version=nbformat.NO_CONVERT)
    path.write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8")
    return path


def build(
    paths: CoursePaths,
    assignments: list[str],
    *,
    target: Path | None = None,
    progress: Callable[[str], None] = lambda step: None,
) -> None:
    """Build source and released notebooks of `assignments` into `target` (default: the course).

    Raises CourseError or RecordsError for a mistake of an author.
    """
    target = target or paths.root
    if paths.questions.is_dir():
        load_bank(paths.questions)  # raises for the first that is broken
    with tempfile.TemporaryDirectory(prefix="build-") as scratch_name:
        scratch = Path(scratch_name)
        if (config := paths.root / "nbgrader_config.py").exists():
            shutil.copy(config, scratch)
        for assignment in assignments:
            built = build_source(paths, assignment, scratch / "source")
            progress(f"{assignment}: source")
            release(scratch, assignment, no_gradebook=True)
            released = paths.notebook(scratch / "release", assignment)
            for made, kind in ((built, "source"), (released, "release")):
                place = paths.notebook(target / kind, assignment)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(made, place)
            progress(f"{assignment}: release")
    if places_path(paths.root).parent.is_dir():
        write_whole(places_path(target), places_text(paths))
    # A course without lessons of its own has these from where it has the lessons.
    if paths.has_own_lessons and paths.exams.is_dir():
        path = target / solutions_path(paths).relative_to(paths.root)
        write_whole(path, solutions_text(paths))
    for assignment in assignments if paths.has_own_lessons else []:
        exam = paths.exams / assignment
        if (questions := exam / "questions").is_dir():
            write_whole(paper_path(target), paper_text(questions))
            progress(f"{assignment}: questions")
        if (exam / "faults.yaml").is_file():
            write_whole(runs_path(target), runs_text(paths.root, exam))
            progress(f"{assignment}: broken runs")


def stale(paths: CoursePaths, assignments: list[str]) -> list[Path]:
    """Return the committed files that differ from a fresh build."""
    with tempfile.TemporaryDirectory(prefix="fresh-") as name:
        target = Path(name)
        build(paths, assignments, target=target)
        return [
            paths.root / path.relative_to(target)
            for path in sorted(target.rglob("*"))
            if path.is_file() and not _same(path, paths.root / path.relative_to(target))
        ]


def _same(one: Path, other: Path) -> bool:
    return other.is_file() and one.read_bytes() == other.read_bytes()
