"""Honest work gets its marks: whatever way a notebook takes, what ran in it counts at grading."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mutations
import nbformat
import pytest
from classroom import NAME

from autograder.course_paths import CoursePaths
from autograder.records import Outcome, all_records

MANY = int(os.environ.get("BERT_CLASSROOM_MUTATIONS", "40"))


def solved(paths: CoursePaths, assignment: str = NAME) -> mutations.Notebook:
    """Return an assignment's solution as a student has it, and set the blanks."""
    released = nbformat.read(paths.notebook(paths.release, assignment), as_version=4)
    mutations.BLANKS.clear()
    mutations.BLANKS |= {
        mutations.marks(cell)["grade_id"]: cell.source for cell in mutations.answers(released)
    }
    nb = nbformat.read(paths.notebook(paths.source, assignment), as_version=4)
    nb.metadata.pop("jupytext", None)
    texts = [nbformat.v4.new_markdown_cell(f"Some text, number {n}.", id=f"t{n}") for n in range(4)]
    nb.cells[1:1] = texts
    return json.loads(json.dumps(nb))  # a source is one text


def hand_in(
    paths: CoursePaths, student: str, files: dict[str, bytes], assignment: str = NAME
) -> None:
    for place, data in files.items():
        path = paths.submitted / student / assignment / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def lost_by_what_keeps_the_code(
    paths: CoursePaths,
    assignment: str,
    notebook: mutations.Notebook,
    run: Callable[..., Any],
    seeds: range,
) -> str:
    """Hand in changed solutions, grade them, and return who lost marks by which change."""
    stories: dict[str, str] = {}
    name = paths.notebook(paths.release, assignment).stem
    for seed in seeds:
        student = f"s{seed:04}"
        stories[student], files = mutations.kept(random.Random(seed), notebook, name)
        hand_in(paths, student, files, assignment)
    run("autograder", "grade", assignment, "--root", paths.root)
    records = all_records(paths.records_folder)
    assert {one.student for one in records} == set(stories)
    lost: dict[str, list[str]] = {}
    for one in records:
        if one.points != one.max_points:
            lost.setdefault(one.student, []).append(f"{one.grade_id}: {one.message}")
    return "\n".join(f"{stories[student]}: {messages}" for student, messages in lost.items())


def test_what_keeps_the_code_keeps_the_marks(
    classroom: CoursePaths, run: Callable[..., Any]
) -> None:
    lost = lost_by_what_keeps_the_code(classroom, NAME, solved(classroom), run, range(MANY))
    assert not lost, lost


@pytest.mark.nightly
@pytest.mark.parametrize(
    "lesson", ["01-tokenizing", "02-model-set-up", "03-optimizer-and-scheduler", "04-accuracy"]
)
def test_what_keeps_the_code_of_a_lesson_keeps_its_marks(
    lesson: str, course: CoursePaths, run: Callable[..., Any], tmp_path: Path
) -> None:
    run("autograder", "new-course", tmp_path / "course")
    first = int(lesson[:2]) * MANY  # other changes in each lesson
    lost = lost_by_what_keeps_the_code(
        CoursePaths(tmp_path / "course"),
        lesson,
        solved(course, lesson),
        run,
        range(first, first + MANY),
    )
    assert not lost, lost


def test_what_may_cost_the_marks_costs_nobody_else(
    classroom: CoursePaths, run: Callable[..., Any]
) -> None:
    notebook, stories = solved(classroom), {}
    for seed in range(MANY):
        student = f"s{seed:04}"
        stories[student], files = mutations.broken(random.Random(seed), notebook, NAME)
        hand_in(classroom, student, files)
    hand_in(classroom, "zoe", mutations.plain(random.Random(0), notebook, NAME))
    run("autograder", "grade", NAME, "--root", classroom.root)
    records = all_records(classroom.records_folder)
    assert {one.student for one in records} == {*stories, "zoe"}
    ours = [one for one in records if one.outcome is Outcome.GRADER_ERROR]
    assert not [(stories[one.student], one.message) for one in ours]
    assert sum(one.points for one in records if one.student == "zoe") == 5


@pytest.mark.parametrize("change", mutations.KEEPS, ids=lambda change: change.__name__)
def test_each_change_is_one(classroom: CoursePaths, change: mutations.Change) -> None:
    before = solved(classroom)
    after = json.loads(json.dumps(before))
    change(random.Random(3), after)
    assert after != before
