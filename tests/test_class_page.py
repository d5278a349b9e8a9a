"""The class page: what is on it, for one class of three, of 60 and of 1,000, in a real browser."""

from __future__ import annotations

import json
import random
import re
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from lab import browser_page
from nbgrader.api import Grade, Student, SubmittedAssignment, SubmittedNotebook
from playwright.sync_api import Page

from autograder.course_paths import CoursePaths
from autograder.grading.class_numbers import (
    anonymous,
    bands_in,
    mistakes_in,
    quarters,
    tasks_in,
    tenths,
    topics_in,
)
from autograder.grading.marks import Mark, Marks, TaskMark, read_marks
from autograder.grading.report import feedback_links, render_report
from autograder.nbgrader_api import open_gradebook
from autograder.records import GradeRecord, Outcome, Standing, all_records, write_records

DUE = datetime(2026, 12, 1, 22, 59)
#: Assignments of a term, each with its tasks and their points: as in this course.
TERM = {
    "01-tokenizing": {"word-pieces": 2, "encode-reviews": 3, "tokenize-dataset": 2, "collate": 3},
    "04-accuracy": {"predicted-classes": 2, "model-accuracy": 3, "majority-baseline": 1},
    "05-fine-tuning": {"train-step": 5, "evaluate": 5, "fine-tune": 10},
    "08-mastery-test": {"mastery": 10},
}
BAND = Standing(accuracy=0.5, untrained=0.5, full=0.839, reference=(0.972, 0.996))
MISTAKES = ("padded-to-max-length", "no-truncation", "mask-over-padding")


def record(student: str, assignment: str, task: str, share: float, **more: Any) -> GradeRecord:
    points = TERM[assignment][task]
    outcome = Outcome.PASSED if share == 1 else Outcome.PARTIAL if share else Outcome.FAILED
    values = {
        "grade_id": f"{task}-points", "outcome": outcome, "points": share * points,
        "max_points": points, "message": "Right." if share == 1 else f"{student} pads too much.",
        "assignment": assignment, "student": student, "notebook": "n", "seconds": 2.0,
    }  # fmt: skip
    return GradeRecord(**(values | more))


def make_class(root: Path, size: int) -> CoursePaths:
    """Make a course whose gradebook and records hold `size` students, as after a term.

    Ability decides what they get; one in 20 hands nothing in, one in 15 is late.
    """
    (root / "nbgrader_config.py").write_text("c = get_config()\n")
    paths, rng = CoursePaths(root), random.Random(size)
    tables: dict[Any, list[dict[str, Any]]] = {
        Student: [], SubmittedAssignment: [], SubmittedNotebook: [], Grade: []
    }  # fmt: skip
    with open_gradebook(root) as gradebook:
        cells: dict[str, list[Any]] = {}
        for assignment, tasks in TERM.items():
            gradebook.add_assignment(assignment, duedate=DUE)
            gradebook.add_notebook("n", assignment)
            cells[assignment] = [
                gradebook.add_grade_cell(
                    f"{task}-points", "n", assignment, max_score=points, cell_type="code"
                )
                for task, points in tasks.items()
            ]
        notebooks = {
            name: (mine[0].assignment.id, mine[0].notebook.id) for name, mine in cells.items()
        }
        for number in range(size):
            student, ability = f"s{number:04}", rng.random()
            tables[Student].append(
                {"id": student, "first_name": "Ann", "last_name": f"Ode{number}"}
            )
            for assignment, tasks in TERM.items():
                if rng.random() < 0.05:
                    continue
                late = timedelta(hours=30) if rng.random() < 1 / 15 else timedelta(hours=-5)
                ids = uuid.uuid4().hex, uuid.uuid4().hex
                tables[SubmittedAssignment].append(
                    {
                        "id": ids[0], "assignment_id": notebooks[assignment][0],
                        "student_id": student, "timestamp": DUE + late,
                    }
                )  # fmt: skip
                tables[SubmittedNotebook].append(
                    {
                        "id": ids[1], "assignment_id": ids[0], "notebook_id": notebooks[assignment][1],
                        "late_submission_penalty": 1.0 if late > timedelta() else None,
                    }
                )  # fmt: skip
                records = []
                for cell, task in zip(cells[assignment], tasks, strict=True):
                    share = float(rng.random() < 0.3 + 0.7 * ability)
                    more: dict[str, Any] = {}
                    if not share:
                        more = {"misconception": rng.choice(MISTAKES), "title": "Padded"}
                    if task == "fine-tune":
                        accuracy = 0.9 + 0.09 * ability if share else 0.45 + 0.1 * ability
                        more["standing"] = BAND.model_copy(update={"accuracy": accuracy})
                    if task == "mastery":
                        more["topics"] = {"Tokenizing": (int(5 * ability), 5)}
                    records.append(record(student, assignment, task, share, **more))
                    waits = number == 7 and task == "evaluate"
                    tables[Grade].append(
                        {
                            "id": uuid.uuid4().hex, "cell_id": cell.id, "notebook_id": ids[1],
                            "auto_score": None if waits else records[-1].points,
                            "needs_manual_grade": waits,
                        }
                    )  # fmt: skip
                    if waits:
                        records[-1] = record(
                            student, assignment, task, 0, outcome=Outcome.GRADER_ERROR,
                            message="The examiner itself failed.",
                        )  # fmt: skip
                write_records(paths.records(assignment, student), records)
        for table, lines in tables.items():
            gradebook.db.bulk_insert_mappings(table, lines)
        gradebook.db.commit()
    return paths


@pytest.fixture(scope="module")
def sixty(tmp_path_factory: pytest.TempPathFactory, run: Callable[..., Any]) -> CoursePaths:
    paths = make_class(tmp_path_factory.mktemp("sixty"), 60)
    page = paths.feedback / "s0003" / "01-tokenizing" / "n.html"
    page.parent.mkdir(parents=True)
    page.write_text("<title>feedback of s0003</title>")
    run("autograder", "report", "--root", paths.root)
    return paths


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with browser_page() as made:
        yield made


def names_shown(page: Page) -> list[str]:
    return list(page.locator("#marks tbody tr:visible th small").all_inner_texts())


def test_first_comes_what_waits_then_who_is_missing_or_late(sixty: CoursePaths, page: Page) -> None:
    page.goto((sixty.root / "report.html").as_uri())
    marks = read_marks(sixty)
    text = page.locator("main").inner_text()
    assert "1 task waits for a person" in text and "The examiner itself failed." in text
    assert text.index("waits for a person") < text.index("have no mark") < text.index("All marks")
    missing = {name: len(marks.not_handed_in(name)) for name in TERM}
    assert max(missing.values()) > 1
    for name, count in missing.items():
        verb = "has" if count == 1 else "have"
        assert (f"{name}: {count} of 60 students {verb} no mark" in text) == (count > 0)
    late = [mark for mark in marks.by_submission.values() if mark.late]
    assert f"{len(late)} works were handed in late" in text
    shown = page.locator("#marks tbody tr").first
    first = {name: marks.by_submission.get((name, "s0000")) for name in TERM}
    total = sum(mark.points for mark in first.values() if mark)
    assert f"{total:g} of " in shown.inner_text() and "Ann Ode0" in shown.inner_text()


def test_the_table_is_sorted_filtered_and_opened_by_mouse(sixty: CoursePaths, page: Page) -> None:
    page.goto((sixty.root / "report.html").as_uri())
    marks = read_marks(sixty)
    page.get_by_role("button", name="sum").click()
    points = {
        one: sum(mark.points for (_, who), mark in marks.by_submission.items() if who == one)
        for one in marks.names
    }
    assert [points[one] for one in names_shown(page)] == sorted(points.values())
    page.get_by_role("button", name="sum").click()
    assert [points[one] for one in names_shown(page)] == sorted(points.values(), reverse=True)
    assert page.locator("#marks th[aria-sort=descending]").inner_text().startswith("sum")
    page.get_by_label("Show").select_option("waiting for a person")
    assert names_shown(page) == ["s0007"]
    page.get_by_label("Show").select_option("late")
    assert set(names_shown(page)) == {
        one for (_, one), mark in marks.by_submission.items() if mark.late
    }
    page.get_by_label("Show").select_option("")
    page.get_by_label("Name or id").fill("ode3 ann")
    assert page.get_by_role("status").inner_text() == "11 of 60 students"
    page.get_by_role("button", name="Ann Ode3", exact=True).click()
    dialog = page.get_by_role("dialog")
    assert "Ann Ode3 s0003" in dialog.inner_text() and "Task 1: word_pieces" in dialog.inner_text()
    dialog.get_by_role("link", name="feedback page").first.click()
    assert page.title() == "feedback of s0003"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
def test_it_fits_and_can_be_read_by_everybody(
    sixty: CoursePaths, page: Page, width: int, scheme: Any
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto((sixty.root / "report.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == width
    found = Axe().run(page).response["violations"]
    assert not found, [(one["id"], [node["html"] for node in one["nodes"][:3]]) for one in found]


def test_on_paper_all_of_it_is_there(sixty: CoursePaths, page: Page) -> None:
    page.goto((sixty.root / "report.html").as_uri())
    page.emulate_media(media="print")
    assert not page.locator("#controls").is_visible() and not page.locator("nav").is_visible()
    box = page.locator("#all .wide").bounding_box()
    table = page.locator("#marks").bounding_box()
    assert box and table and box["height"] >= table["height"]
    assert page.locator("#marks tbody tr").last.is_visible()
    page.emulate_media(media="screen")


def test_it_loads_nothing_and_runs_only_its_own_script(sixty: CoursePaths) -> None:
    said = (sixty.root / "report.html").read_text(encoding="utf-8")
    assert not re.findall(r"""(?:src|href)=["'](?:https?:)?//|@import|url\(""", said)
    assert re.search(r"default-src 'none'.*script-src 'sha256-[\w+/=]+';", said)


def test_a_class_of_1000_is_reported_in_seconds(
    tmp_path: Path, page: Page, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = make_class(tmp_path, 1000)
    started = time.monotonic()
    marks = read_marks(paths)
    records = marks.explained_by(all_records(paths.records_folder))
    read = time.monotonic()
    (tmp_path / "report.html").write_text(render_report(records, marks, "1,000"), encoding="utf-8")
    made = time.monotonic()
    page.goto((tmp_path / "report.html").as_uri())
    page.get_by_label("Name or id").fill("s0999")
    assert names_shown(page) == ["s0999"]
    with capsys.disabled():
        print(
            f"\n1,000 students, {len(records)} records: read in {read - started:.1f} s, written in "
            f"{made - read:.1f} s, {(tmp_path / 'report.html').stat().st_size / 2**20:.1f} MiB"
        )


def three() -> tuple[list[GradeRecord], Marks]:
    """Return three students with one assignment, and the marks that the gradebook gives them."""
    shares = {"ann": 1.0, "ben": 0.0, "cleo": 0.5}
    records = [
        record(one, "05-fine-tuning", "fine-tune", share, misconception=None if share == 1 else "x")
        for one, share in shares.items()
    ]
    marks = {
        ("05-fine-tuning", one): Mark(
            max_points=20, penalty=0, late=timedelta(),
            tasks={
                "fine-tune-points": TaskMark(10 * share, by_hand=False, waits=False, max_points=10),
                "evaluate-points": TaskMark(5.0, by_hand=True, waits=False, max_points=5),
            },
        )
        for one, share in shares.items()
    }  # fmt: skip
    return records, Marks(marks, {"ann": "Änne Maier", "ben": "Ben Ode", "cleo": "", "dan": "Dan"})


def test_tasks_have_their_numbers_and_say_nothing_that_is_not_known() -> None:
    records, marks = three()
    tune, evaluate = tasks_in(marks, records)
    assert tune.title == "Task 3: fine_tune" and tune.max_points == 10
    assert (tune.students, tune.easiness, tune.seconds) == (3, 0.5, 2.0)
    assert tune.all_points == pytest.approx(1 / 3) and tune.discrimination is None
    assert evaluate.seconds is None and evaluate.easiness == 1.0  # by hand: no record


def test_discrimination_is_the_correlation_with_the_rest() -> None:
    def task(points: float) -> TaskMark:
        return TaskMark(points, by_hand=False, waits=False, max_points=10)

    def numbers(second: Callable[[int], float]) -> float | None:
        by = {
            ("a", f"s{n}"): Mark(
                max_points=20, penalty=0, late=timedelta(),
                tasks={"one": task(n), "two": task(second(n))},
            )
            for n in range(11)
        }  # fmt: skip
        return tasks_in(Marks(by, {}), [])[0].discrimination

    assert numbers(float) == pytest.approx(1)
    assert numbers(lambda n: 10.0 - n) == pytest.approx(-1)
    assert numbers(lambda n: 5.0) is None


def test_misconceptions_are_ranked_and_name_nobody() -> None:
    records, marks = three()
    other = record("ann", "05-fine-tuning", "evaluate", 0, misconception="y", title="Other")
    ours = record("dan", "05-fine-tuning", "evaluate", 0, misconception="z", outcome="grader_error")
    met = mistakes_in([other, *records, ours], marks)
    assert [(one.students, one.title) for one in met] == [(2, "x"), (1, "Other")]
    assert met[0].share == pytest.approx(0.5) and met[0].example == "… pads too much."
    told = record("ann", "05-fine-tuning", "evaluate", 0, message="Änne: ann saw Anna's test.")
    assert anonymous(told, "Änne Maier") == "…: … saw Anna's test."


def test_bands_topics_and_shares_are_counted() -> None:
    records, marks = three()
    measured = [
        one.model_copy(update={"standing": BAND.model_copy(update={"accuracy": accuracy})})
        for one, accuracy in zip(records, (0.98, 0.5, 0.7), strict=True)
    ]
    (band,) = bands_in(measured, marks)
    assert band.accuracies == (0.5, 0.7, 0.98) and band.outcomes == (1, 1, 1)
    by_hand = marks.by_submission["05-fine-tuning", "ben"].tasks
    by_hand["fine-tune-points"] = replace(by_hand["fine-tune-points"], points=10.0)
    assert bands_in(measured, marks)[0].outcomes == (2, 1, 0)  # the gradebook's points
    topics = [one.model_copy(update={"topics": {"A": (1, 2)}}) for one in records]
    assert topics_in(topics) == {"A": (3, 6, 3)}
    assert tenths([0, 0.1, 0.3, 0.99, 1.0, 1.2]) == [1, 1, 0, 1, 0, 0, 0, 0, 0, 3]
    assert quarters([0.2]) == (0.2, 0.2, 0.2) and quarters([]) is None


def test_names_and_messages_are_text_whatever_they_hold(page: Page, tmp_path: Path) -> None:
    records, marks = three()
    bad = "</script><img src=x onerror=document.title='ran'>"
    records = [one.model_copy(update={"message": bad, "title": bad}) for one in records]
    marks = replace(marks, names=dict.fromkeys(marks.names, bad))
    path = tmp_path / "report.html"
    path.write_text(render_report(records, marks, "Class"), encoding="utf-8")
    page.goto(path.as_uri())
    page.locator("#marks tbody button").first.click()
    assert bad in page.get_by_role("dialog").inner_text()
    assert page.title() == "Class"
    details = json.loads(str(page.locator("#details").text_content()))
    assert any(bad in one for one in details["texts"])


def test_feedback_pages_are_linked_from_wherever_the_class_page_stands(tmp_path: Path) -> None:
    made = tmp_path / "my course" / "feedback" / "ann b" / "01-x" / "n.html"
    made.parent.mkdir(parents=True)
    made.touch()
    links = feedback_links(tmp_path / "my course" / "feedback", tmp_path / "report.html")
    assert links == {("01-x", "ann b"): "my%20course/feedback/ann%20b/01-x/n.html"}
