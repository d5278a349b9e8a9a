"""A change after release: what it would do to marks is shown first, and written only when asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from classroom import NAME, SOLUTION, set_source, submit

from autograder.course_paths import CoursePaths
from autograder.grading.executed import Executed
from autograder.grading.marks import Mark, TaskMark, read_marks
from autograder.grading.regrade import _changes
from autograder.grading.submission import SubmissionId
from autograder.nbgrader_api import open_gradebook
from autograder.records import Finding, Outcome

Run = Callable[..., Any]


@pytest.fixture
def graded(classroom: CoursePaths, run: Run) -> CoursePaths:
    """Three marks: one for everything, one with a task wrong, one given by hand."""
    submit(classroom, "ann")
    for student in ("ben", "carl"):
        submit(classroom, student, set_source("count-words", SOLUTION.replace(".lower()", "")))
    run("autograder", "grade", "--root", classroom.root)
    with open_gradebook(classroom.root) as gradebook:
        gradebook.find_student("ben").first_name = "Ben"
        grade = gradebook.find_grade("count-words-points", NAME, NAME, "carl")
        grade.manual_score = 1.5
        gradebook.db.commit()
    return classroom


def totals(paths: CoursePaths) -> dict[str, tuple[float, float]]:
    marks = read_marks(paths).by_submission
    return {student: (mark.points, mark.max_points) for (_, student), mark in marks.items()}


def change(paths: CoursePaths, *pairs: tuple[str, str]) -> None:
    """Edit the exam and the lesson, as their author does."""
    files = (paths.exams / NAME / "exam.py", paths.lessons / f"{NAME}.md")
    texts = {path: path.read_text(encoding="utf-8") for path in files}
    for old, new in pairs:
        assert any(old in text for text in texts.values()), old
        texts = {path: text.replace(old, new) for path, text in texts.items()}
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")


@pytest.mark.long
def test_a_kinder_exam_is_shown_then_written(graded: CoursePaths, run: Run) -> None:
    before = totals(graded)
    assert before == {"ann": (5, 5), "ben": (3, 5), "carl": (4.5, 5)}
    done = run("autograder", "regrade", NAME, "--root", graded.root)
    assert done.stdout == f"No mark of {NAME} would change.\n"
    # Case does not matter any more, and the other task is worth more.
    change(
        graded,
        ("if counts == Counter(text.split()) != right:", "if False:"),
        ("if counts != right:", "if counts not in (right, Counter(text.split())):"),
        ("points = 3", "points = 4"),
        ("points: 3", "points: 4"),
    )
    run("autograder", "build", "--root", graded.root)
    done = run("autograder", "regrade", NAME, "--root", graded.root)
    rows = [line.split("│")[1:6] for line in done.stdout.splitlines() if "│" in line]
    assert [[cell.strip() for cell in row] for row in rows] == [
        ["ann", "longest-word", "3", "4", "worth 4 points, was 3"],
        ["ben", "count-words", "0", "2", rows[1][4].strip()],
        ["ben", "longest-word", "3", "4", "worth 4 points, was 3"],
        ["carl", "longest-word", "3", "4", "worth 4 points, was 3"],
    ]
    assert "Nothing was written." in done.stdout and totals(graded) == before
    done = run("autograder", "regrade", NAME, "--yes", "--root", graded.root)
    assert totals(graded) == {"ann": (6, 6), "ben": (6, 6), "carl": (5.5, 6)}
    assert "Tell ben (Ben): 3 → 6 points." in done.stdout and "Tell carl: 4.5 → 5.5" in done.stdout
    log = (graded.log.parent / "regrade.log").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["student"] for line in log] == ["ann", "ben", "carl"]
    done = run("autograder", "regrade", NAME, "--root", graded.root)
    assert f"No mark of {NAME} would change." in done.stdout


@pytest.mark.long
def test_a_task_may_go_and_another_may_come(graded: CoursePaths, run: Run) -> None:
    change(graded, ("longest-word", "longest"))
    answers = graded.exams / NAME / "answers"
    (answers / "longest-word.py").rename(answers / "longest.py")
    done = run("autograder", "regrade", NAME, "--root", graded.root, code=2)
    assert f"other tasks than its exam: run `autograder build {NAME}`" in done.stderr
    run("autograder", "build", "--root", graded.root)
    done = run("autograder", "grade", "--root", graded.root, code=2)
    assert "(longest is new, longest-word is gone)" in done.stderr
    done = run("autograder", "regrade", NAME, "--root", graded.root)
    assert done.stdout.count("the task is gone") == done.stdout.count("the task is new") == 3
    done = run("autograder", "regrade", NAME, "--yes", "--root", graded.root)
    # One task went, an equal one came: nobody's sum is another, what was given by hand included.
    assert totals(graded) == {"ann": (5, 5), "ben": (3, 5), "carl": (4.5, 5)}
    tasks = read_marks(graded).by_submission[NAME, "carl"].tasks
    assert set(tasks) == {"count-words-points", "longest-points"}
    assert tasks["count-words-points"].by_hand
    run("autograder", "report", "--root", graded.root)
    assert "longest-word" not in (graded.root / "report.html").read_text(encoding="utf-8")


@pytest.mark.long
def test_points_that_are_released_already_are_the_reason(graded: CoursePaths, run: Run) -> None:
    change(graded, ("points = 3", "points = 4"), ("points: 3", "points: 4"))
    run("autograder", "build", "--root", graded.root)
    # As formgrader does it: the gradebook has the new points before any regrade.
    run("nbgrader", "generate_assignment", NAME, "--force", cwd=graded.root)
    done = run("autograder", "regrade", NAME, "--root", graded.root)
    assert done.stdout.count("worth 4 points, was 3") == 3 and "Right" not in done.stdout


def found(points: float, most: float, mistake: str | None = None) -> Finding:
    return Finding(
        grade_id="count-words-points",
        outcome=Outcome.PASSED if mistake is None else Outcome.PARTIAL,
        points=points,
        max_points=most,
        message="Right: Words are counted.\nMore.",
        misconception=mistake,
        title=(mistake or "").replace("-", " ").capitalize(),
    )


WAITS = found(0, 2).model_copy(update={"outcome": Outcome.GRADER_ERROR, "message": "No kernel."})


@pytest.mark.parametrize(
    ("now", "graded", "reason"),
    [
        (found(3, 3), found(2, 2), "worth 3 points, was 2"),
        (found(1.5, 3, "case-kept"), found(1, 2, "case-kept"), "worth 3 points, was 2"),
        (found(0, 3, "case-kept"), found(2, 2), "worth 3 points, was 2; Case kept"),
        (found(1, 2, "case-kept"), found(0, 2, "case-kept"), "Case kept (earns 50%, was 0%)"),
        (
            found(3, 3, "case-kept"),
            found(1, 2, "case-kept"),
            "worth 3 points, was 2; Case kept (earns 100%, was 50%)",
        ),
        (found(2, 2), found(0, 2, "case-kept"), "Right: Words are counted."),
        (found(0, 2, "case-kept"), None, "Case kept"),
        (found(2, 2), found(0, 0), "worth 2 points, was 0"),
        (WAITS, found(2, 2), "No kernel."),
    ],
)
def test_a_reason_names_what_changed(now: Finding, graded: Finding | None, reason: str) -> None:
    """The gradebook has the new points already: only the record knows the old ones."""
    earned = graded.points if graded else 2.0
    task = TaskMark(earned, by_hand=False, waits=False, max_points=now.max_points)
    mark = Mark(now.max_points, 0.0, timedelta(), {now.grade_id: task})
    done = Executed(SubmissionId(NAME, "ann"), findings=(now,))
    known = {now.grade_id: graded} if graded else {}
    assert [one.reason for one in _changes(done, mark, known)] == [reason]


def test_a_task_that_is_new_is_called_so() -> None:
    mark = Mark(0.0, 0.0, timedelta(), {})
    done = Executed(SubmissionId(NAME, "ann"), findings=(found(2, 2),))
    assert [one.reason for one in _changes(done, mark, {})] == ["the task is new"]
