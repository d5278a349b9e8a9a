"""The course itself, proved as an author proves it: `check-course`, lesson by lesson."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from autograder.authoring.check_course import check_course
from autograder.authoring.lessons import read_lesson
from autograder.authoring.recorded_answers import recorded_answers
from autograder.cells import DEMO_TAG
from autograder.course_paths import CoursePaths
from autograder.examining.exam import Exam, load_exam
from autograder.records import Finding

ROOT = Path(__file__).resolve().parent.parent
LESSONS = CoursePaths(ROOT).lessons_with_code()
WAYS = ("Why", "Deep", "See", "Experiment", "Debug", "Challenge")


def exams(course: CoursePaths) -> list[Exam]:
    return [load_exam(course.exams, lesson) for lesson in LESSONS]


@pytest.mark.long
@pytest.mark.parametrize(
    # The recorded answers of lesson 05 are whole runs of training.
    "lesson",
    [
        pytest.param(one, marks=pytest.mark.nightly) if one == "05-fine-tuning" else one
        for one in reversed(LESSONS)
    ],
)
def test_blanks_fail_solutions_pass_and_each_mistake_has_its_message(
    course: CoursePaths, lesson: str
) -> None:
    faults, tried = check_course(course, [lesson], jobs=2)
    assert faults == []
    assert len(tried) > 20
    # The marks of version 0.1, recorded before mistakes became records. The verdict on a whole run
    # asks another question since, so `fine-tune` has marks of its own.
    now = {(one.trial.where, *marks_of(one.findings[0])) for one in tried}
    before = json.loads((ROOT / "tests" / "recorded" / "marks-0.1.json").read_text())
    rows = {
        tuple(row) for row in before if row[0].startswith(lesson) and "fine-tune ·" not in row[0]
    }
    assert rows or lesson[:2] in ("00", "06", "07")  # younger lessons have no marks of that time
    assert not rows - now


def marks_of(finding: Finding) -> tuple[str, float, float, str | None]:
    return finding.outcome, finding.points, finding.max_points, finding.misconception


def test_mistakes_are_recorded_over_the_whole_course(course: CoursePaths) -> None:
    wrong, ids = 0, set()
    for exam in exams(course):
        for task in exam.tasks:
            answers = recorded_answers(exam, task)
            assert len({answer.source for answer in answers if answer.right}) >= 3, task.answer_id
            wrong += sum(not answer.right for answer in answers)
            ids |= {answer.name for answer in answers if not answer.right}
    assert wrong >= 40 and len(ids) >= 40


def test_functions_have_names_of_their_own(course: CoursePaths) -> None:
    names = [task.function for exam in exams(course) for task in exam.tasks]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_has_its_ways_in_hints_checks_and_mistakes(
    course: CoursePaths, lesson: str
) -> None:
    notebook = read_lesson(course.lessons / f"{lesson}.md")
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    headings = {match[1] for match in re.finditer(r"^## (\w+): ", prose, re.M)}
    # Ten minutes of orientation have nothing to train yet.
    left_out = {"Debug"} if lesson[:2] > "00" else {"Debug", "Experiment", "Challenge"}
    assert headings >= set(WAYS) - left_out, "a way in is missing"
    exam = load_exam(course.exams, lesson)
    assert sum(task.points for task in exam.tasks) in (1, 10, 12, 20, 24)
    for task in exam.tasks:
        assert f"Task {exam.tasks.index(task) + 1}: `{task.function}` ({task.points} point" in prose
        check = f'check("{task.function}")'  # in lesson 00, below its import
        assert any(cell.source.strip().splitlines()[-1:] == [check] for cell in notebook.cells)
    assert prose.count("<details>") >= len(exam.tasks)
    assert prose.lower().count("**common mistakes") >= len(exam.tasks)
    assert any(DEMO_TAG in cell.metadata.get("tags", []) for cell in notebook.cells)
