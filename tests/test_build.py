"""Lessons become notebooks, the same ones every time, and the released ones give nothing away."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import jupytext
import nbformat
import pytest
from jupytext.formats import long_form_multiple_formats
from jupytext.paired_paths import paired_paths

from autograder.authoring.build import build_source, stale
from autograder.authoring.lessons import pairing, read_lesson
from autograder.course_paths import CoursePaths
from autograder.errors import CourseError

COURSE = CoursePaths(Path(__file__).resolve().parent.parent)
LESSONS, WITH_CODE = COURSE.assignments(), COURSE.lessons_with_code()


def test_building_again_gives_the_same_bytes(course: CoursePaths) -> None:
    assert stale(course, LESSONS) == []


def test_a_changed_lesson_is_found_stale(miniature: CoursePaths) -> None:
    lesson = miniature.lessons / "01-counting.md"
    lesson.write_text(lesson.read_text().replace("A miniature lesson", "A small lesson"))
    assert [path.parent.parent.name for path in stale(miniature, ["01-counting"])] == [
        "release",
        "source",
    ]


@pytest.mark.parametrize("lesson", WITH_CODE)
def test_released_notebooks_hold_no_solution_no_output_and_no_author(
    course: CoursePaths, lesson: str
) -> None:
    source = nbformat.read(course.notebook(course.source, lesson), as_version=4)
    text = course.notebook(course.release, lesson).read_text(encoding="utf-8")
    release = nbformat.reads(text, as_version=4)
    assert "BEGIN SOLUTION" not in text and "jupytext" not in release.metadata
    solutions = 0
    for cell in source.cells:
        for solution in re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", cell.source, re.S):
            solutions += 1
            for line in solution.strip().splitlines():
                # Each line that says something: none may stand in any released code cell's blank.
                if len(line.strip()) > 25:
                    answers = [
                        c.source
                        for c in release.cells
                        if c.metadata.get("nbgrader", {}).get("solution")
                    ]
                    lines = {own.strip() for answer in answers for own in answer.splitlines()}
                    assert line.strip() not in lines, line
    graded = [cell for cell in source.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    assert solutions >= len(graded) > 0
    for cell in release.cells:
        assert not cell.get("outputs") and cell.get("execution_count") is None
        if cell.metadata.get("nbgrader", {}).get("solution"):
            assert "raise NotImplementedError()" in cell.source


@pytest.mark.parametrize("lesson", LESSONS)
def test_cell_ids_are_unique_and_a_new_cell_changes_no_other(
    course: CoursePaths, tmp_path: Path, lesson: str
) -> None:
    shutil.copytree(course.lessons, tmp_path / "course" / "lessons")
    before = [cell["id"] for cell in read_lesson(course.lessons / f"{lesson}.md").cells]
    assert len(set(before)) == len(before)
    copy = tmp_path / "course" / "lessons" / f"{lesson}.md"
    copy.write_text(
        copy.read_text(encoding="utf-8") + "\n+++\n\nOne more thought.\n", encoding="utf-8"
    )
    after = [cell["id"] for cell in read_lesson(copy).cells]
    assert after[: len(before)] == before and len(after) == len(before) + 1


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_lesson_names_its_own_pairing_which_leads_both_ways(
    course: CoursePaths, lesson: str
) -> None:
    master = course.lessons / f"{lesson}.md"
    formats = jupytext.read(master, fmt="md:myst").metadata.jupytext.formats
    assert formats == pairing(lesson)
    both = [course.notebook(course.source, lesson), master]
    assert paired_with(both[0], formats, 0) == paired_with(master, formats, 1) == both


def paired_with(path: Path, formats: str, side: int) -> list[Path]:
    """Return the files that jupytext pairs with `path`, which is on that side of `formats`."""
    forms = long_form_multiple_formats(formats)
    return [Path(found).resolve() for found, _ in paired_paths(str(path), forms[side], forms)]


def test_an_edit_of_the_source_notebook_reaches_the_text_master(miniature: CoursePaths) -> None:
    # What JupyterLab does on save, through jupytext's own pairing.
    path = miniature.notebook(miniature.source, "01-counting")
    notebook = nbformat.read(path, as_version=4)
    formats = notebook.metadata.jupytext.formats
    notebook.cells[0].source += "\n\nAn edit."
    master = miniature.lessons / "01-counting.md"
    for side, place in enumerate((path, master)):
        assert paired_with(place, formats, side) == [path.resolve(), master.resolve()]
    jupytext.write(notebook, master, fmt="md:myst")
    build_source(miniature, "01-counting", miniature.source)
    assert "An edit." in path.read_text()
    rebuilt = json.loads(path.read_text())
    assert [c["metadata"] for c in rebuilt["cells"]] == [dict(c.metadata) for c in notebook.cells]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("grade_id: count-words-points", "grade_id: count-words", "used twice"),
        (", points: 2", "", "has no points"),
    ],
)
def test_a_lesson_with_wrong_metadata_is_refused_by_name(
    miniature: CoursePaths, old: str, new: str, words: str
) -> None:
    lesson = miniature.lessons / "01-counting.md"
    lesson.write_text(lesson.read_text().replace(old, new))
    with pytest.raises(CourseError, match=rf"01-counting\.md:\d+: .*{words}"):
        read_lesson(lesson)
