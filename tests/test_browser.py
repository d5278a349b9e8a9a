"""Every lesson in a real JupyterLab in a real browser: as written, and as a student first meets it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import nbformat
import pytest
from lab import browser_page, jupyterlab, open_notebook, run_all, save, screenshots

from autograder.authoring.lessons import read_lesson
from autograder.course_paths import CoursePaths

ROOT = Path(__file__).resolve().parent.parent
LESSONS = CoursePaths(ROOT).lessons_with_code()


@pytest.mark.long
@pytest.mark.parametrize(
    "lesson",
    [*LESSONS[:2], *(pytest.param(lesson, marks=pytest.mark.nightly) for lesson in LESSONS[2:])],
)
def test_the_solved_lesson_runs_from_top_to_bottom(
    course: CoursePaths, tmp_path: Path, lesson: str
) -> None:
    # In a course's folder, so that saving reaches the paired text too.
    here = CoursePaths(tmp_path)
    place, master = here.notebook(here.source, lesson), here.lessons / f"{lesson}.md"
    for path, origin in (
        (place, course.notebook(course.source, lesson)),
        (master, course.lessons / master.name),
    ):
        path.parent.mkdir(parents=True)
        shutil.copy(origin, path)
    # What each lesson begins with is made of these two.
    for name in ("first-cell.py", "where.yaml"):
        shutil.copy(course.lessons / name, here.lessons)
    before = read_lesson(master)
    with jupyterlab(tmp_path) as address, browser_page() as page:
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        open_notebook(page, address, str(place.relative_to(tmp_path)))
        run_all(page, timeout=400)
        save(page)
        screenshots(page, ROOT / "screenshots" / lesson)
        # A picture that is broken has no width.
        assert (
            page.evaluate(
                "[...document.querySelectorAll('.jp-Notebook img')].filter(i => !i.naturalWidth).length"
            )
            == 0
        )
    assert not faults
    after = read_lesson(master)
    assert [(c.source, c.metadata) for c in after.cells] == [
        (c.source, c.metadata) for c in before.cells
    ]
    cells = nbformat.read(place, as_version=4).cells
    checks = [c for c in cells if c.cell_type == "code" and re.search(r"^check\(", c.source, re.M)]
    assert checks
    for cell in checks:
        assert "✓" in cell.outputs[0].data["text/plain"], cell.source
    for cell in cells:
        for output in cell.get("outputs", []):
            assert output.output_type != "error", output.get("evalue")
            # Lesson 02 shows transformers' report on the missing head, and explains it.
            assert output.get("name") != "stderr" or "LOAD REPORT" in output.text, output.text


def test_a_student_meets_a_blank_and_the_check_says_so(course: CoursePaths, tmp_path: Path) -> None:
    place = Path(shutil.copy(course.notebook(course.release, "01-tokenizing"), tmp_path))
    with jupyterlab(tmp_path) as address, browser_page(width=800) as page:
        open_notebook(page, address, place.name)
        checks = page.locator(".jp-CodeCell", has_text="check(")
        # Run the cells down to the first check one by one, as one reads.
        first = checks.first
        cells = page.locator(".jp-Notebook .jp-Cell")
        cells.first.click()
        for _ in range(cells.count()):
            page.keyboard.press("Shift+Enter")
            if first.locator("[role=status]").count():
                break
            page.wait_for_timeout(150)
        answer = first.locator("[role=status]")
        answer.wait_for(timeout=60_000)
        assert "✗" in answer.inner_text() and "not written yet" in answer.inner_text()
        # A hint opens by a click, and no output makes the page wider than the window.
        hint = page.locator(".jp-MarkdownCell details").first
        hint.locator("summary").click()
        assert hint.evaluate("element => element.open")
        page.screenshot(path=ROOT / "screenshots" / "blank.png")
