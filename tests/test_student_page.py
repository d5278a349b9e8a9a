"""What a student's page says: how each task came out, what to read again, what lateness cost."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from lab import browser_page
from markupsafe import Markup

from autograder.course_paths import CoursePaths
from autograder.grading.marks import Mark, TaskMark
from autograder.grading.pages import code_colours, environment, section_title, task_title, text
from autograder.grading.student_page import (
    StudentPage,
    late_sentences,
    other_comments,
    tasks_shown,
)
from autograder.records import GradeRecord, Outcome, Standing

DUE = datetime(2026, 12, 1, 22, 59)
BERLIN = ZoneInfo("Europe/Berlin")
LESSON = "05-fine-tuning"


def mark(points: float = 0, penalty: float = 0, **more: Any) -> Mark:
    tasks = {
        "fine-tune-points": TaskMark(points, by_hand=False, waits=False, max_points=10),
        "train-step-points": TaskMark(5, by_hand=True, waits=False, max_points=5),
        "evaluate-points": TaskMark(0, by_hand=False, waits=True, max_points=5),
    }
    return Mark(
        **({"max_points": 20, "penalty": penalty, "late": timedelta(), "tasks": tasks} | more)
    )


def record(task: str, **more: Any) -> GradeRecord:
    values = {
        "grade_id": f"{task}-points", "outcome": Outcome.FAILED, "points": 0, "max_points": 10,
        "message": "", "assignment": LESSON, "student": "ann", "notebook": LESSON,
    }  # fmt: skip
    return GradeRecord(**(values | more))


@pytest.fixture(scope="module")
def lesson(course: CoursePaths) -> Any:
    return nbformat.read(course.notebook(course.release, LESSON), as_version=4)


@pytest.fixture(scope="module")
def page(lesson: Any) -> StudentPage:
    """A page on which everything is that can be."""
    records = [
        record(
            "fine-tune", title="Gradients never cleared", section=f"{LESSON}#task-3-fine-tune-10-points",
            message="Gradients were `there`.\n\nCall <zero_grad>.", picture="you  ───●",
            standing=Standing(accuracy=0.7, untrained=0.5, full=0.84, reference=(0.97, 0.99)),
        ),
        record("evaluate", section="04-accuracy#see-axes", outcome=Outcome.GRADER_ERROR),
    ]  # fmt: skip
    late = mark(due=DUE, handed_in=DUE + timedelta(days=2), late=timedelta(days=2), penalty=2)
    comments = {"train-step": "Good.", "elsewhere": "Also."}
    by_id = {one.grade_id: one for one in records}
    return StudentPage(
        "ann", "Änne Maier", LESSON, "05 · Fine-tuning", late, False,
        tasks_shown(lesson, late, by_id, comments, LESSON), late_sentences(late, BERLIN),
        other_comments(comments, late.tasks),
    )  # fmt: skip


def test_tasks_stand_in_the_lessons_order_with_its_words(page: StudentPage) -> None:
    assert [(one.title, one.kind, one.words) for one in page.tasks] == [
        ("Task 1: train_step", "right", "graded by your instructor"),
        ("Task 2: evaluate", "waits", "waits for your instructor"),
        ("Task 3: fine_tune", "wrong", "not right yet"),
    ]
    assert page.tasks[0].comments == ("Good.",) and page.comments == ("Also.",) and page.waits


def test_what_to_read_again_is_a_place_of_this_notebook(page: StudentPage, lesson: Any) -> None:
    shown = page.tasks[2]
    assert shown.section == "“Task 3: fine_tune”"
    cell = lesson.cells[int(shown.section_cell.removeprefix("cell-"))]
    assert "Task 3: `fine_tune`" in cell.source.splitlines()[0]
    assert "def fine_tune" in lesson.cells[int(shown.cell.removeprefix("cell-"))].source
    # Of another lesson its name is said.
    elsewhere = page.tasks[1]
    assert elsewhere.section == "“Deep: from logits to a class” in lesson 04"
    assert elsewhere.section_cell == ""


def test_without_a_record_or_a_lesson_the_gradebook_is_enough() -> None:
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell("", metadata={"nbgrader": {"grade_id": "q2"}})]
    tasks = {
        "q1": TaskMark(1, by_hand=False, waits=False, max_points=2),
        "q2": TaskMark(2, by_hand=False, waits=False, max_points=2),
    }
    found = tasks_shown(notebook, mark(tasks=tasks), {}, {}, "ps1")
    assert [(one.title, one.kind, one.words, one.cell) for one in found] == [
        ("q2", "right", "2 points", "cell-0"),
        ("q1", "part", "1 point", ""),
    ]
    assert tasks_shown(notebook, None, {}, {}, "ps1") == ()


@pytest.mark.parametrize(
    ("points", "penalty", "words"),
    [
        (10, 1, "The penalty is 1 point: 15 − 1 = 14."),
        (
            0,
            9,
            "The penalty is 9 points: no points are left; a penalty takes no more than was earned.",
        ),
        (0, 0, "No points were taken off for that."),
    ],
)
def test_lateness_is_explained_to_the_point(points: float, penalty: float, words: str) -> None:
    late = {"due": DUE, "handed_in": DUE + timedelta(hours=26), "extension": timedelta(hours=2)}
    said = late_sentences(mark(points, penalty, late=timedelta(days=1), **late), BERLIN)
    assert said[0] == (
        "The work was due on Tuesday, 2026-12-01 at 23:59 CET; you had 2 h more. It came on "
        "Thursday, 2026-12-03 at 01:59 CET, late by 1 d."
    )
    assert said[1] == words
    assert late_sentences(mark(), BERLIN) == () and late_sentences(None, BERLIN) == ()


def test_messages_become_paragraphs_and_nothing_else() -> None:
    assert text("a `b` <i>\n\nc") == "<p>a <code>b</code> &lt;i&gt;</p><p>c</p>"
    assert text("`<b>`") == "<p><code>&lt;b&gt;</code></p>"
    assert task_title("01-tokenizing", "collate-points") == "Task 4: collate"
    assert task_title("ps1", "q1-points") == "q1" and section_title("") == ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_can_be_read_by_everybody(
    page: StudentPage, tmp_path: Path, scheme: Any
) -> None:
    template = environment().get_template("student_page.html")
    cells = "".join(f'<p id="{one.cell}">{one.title}</p>' for one in page.tasks)
    shown = template.render(page=page, notebook=Markup(cells), colours=Markup(code_colours()))
    (tmp_path / "page.html").write_text(shown, encoding="utf-8")
    with browser_page(400) as browser:
        browser.emulate_media(color_scheme=scheme)
        for width in (400, 1280):
            browser.set_viewport_size({"width": width, "height": 900})
            browser.goto((tmp_path / "page.html").as_uri())
            assert browser.evaluate("document.documentElement.scrollWidth") == width
            found = Axe().run(browser).response["violations"]
            assert not found, [(one["id"], one["nodes"][0]["html"]) for one in found]
        assert "Call <zero_grad>." in browser.locator("main").inner_text()
        picture = browser.get_by_role("img").get_attribute("aria-label")
        assert picture == (
            "Your model: 0.700. Untrained: 0.500. Full marks from 0.840. The reference solution: "
            "0.970 to 0.990."
        )
        # The notebook is folded; a link into it opens it.
        answer = browser.locator(f"#{page.tasks[2].cell}")
        assert not answer.is_visible()
        browser.get_by_role("link", name="your answer").last.click()
        answer.wait_for(state="visible")
