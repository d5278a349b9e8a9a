"""The places of the lessons, for `course/practice/places.json`: headings and cells, in order.

A practice cell is tagged `practice`; its grade_id begins with its way of practising, as in
`quiz-batches`, and its source calls `practice` with that name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from nbformat.notebooknode import NotebookNode

from autograder.authoring.lesson_text import fault_in
from autograder.authoring.lessons import read_lesson
from autograder.cells import PRACTICE_TAG
from autograder.course_paths import CoursePaths
from course.practice.places import WAYS, Lesson, Place


def places_path(root: Path) -> Path:
    """Return where the places of the course in `root` are kept."""
    return root / "course" / "practice" / "places.json"


def lesson_of(path: Path) -> Lesson:
    """Return the places of the lesson in `path`; raises CourseError naming a wrong practice cell."""
    notebook = read_lesson(path)
    title, places = path.stem, []
    heading = path.stem
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            for level, text in headings(cell.source):
                heading = text.replace("`", "")
                if level == 1:
                    title = heading.partition(" · ")[2] or heading
                else:
                    slug = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
                    places.append(Place(slug, heading))
        elif grade_id := cell.metadata.get("nbgrader", {}).get("grade_id"):
            way = _way(cell, path, number, grade_id)
            places.append(Place(grade_id, heading, way, _task(cell, grade_id)))
    return Lesson(path.stem, title, tuple(places))


def headings(text: str) -> Iterator[tuple[int, str]]:
    """Yield the headings in `text` outside of code, each with its level."""
    fenced = False
    for line in text.splitlines():
        fenced ^= line.startswith("```")
        if not fenced and (found := re.match(r"(#+) (.+)", line)):
            yield len(found[1]), found[2].strip()


def _way(cell: NotebookNode, path: Path, number: int, grade_id: str) -> str:
    if PRACTICE_TAG not in cell.metadata.get("tags", []):
        return ""
    way = grade_id.partition("-")[0]
    if way not in WAYS:
        sentence = f"the practice cell {grade_id!r} must begin with one of {', '.join(WAYS)}."
        raise fault_in(path, number, sentence, "grade_id")
    if (asked := f'practice("{path.stem}#{grade_id}")') not in cell.source:
        sentence = f"the practice cell {grade_id!r} must hold {asked}."
        raise fault_in(path, number, sentence, "practice(")
    return way


def _task(cell: NotebookNode, grade_id: str) -> str:
    """Return the task that a graded cell is for: the function that it checks, or its own name."""
    if not cell.metadata.nbgrader.grade:
        return ""
    checked = re.match(r'check\("(\w+)"\)', cell.source)
    return checked[1] if checked else grade_id.removesuffix("-points")


def places_text(paths: CoursePaths) -> str:
    """Return the text of `places.json` for the course's lessons."""
    found = {}
    for path in paths.lesson_files():
        lesson = lesson_of(path)
        places = []
        for one in lesson.places:
            place = [one.name, one.title, one.way, one.task]
            while not place[-1]:
                place.pop()
            places.append(place)
        found[lesson.name] = {"title": lesson.title, "places": places}
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"
