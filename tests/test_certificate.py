"""The self-learner's certificate: only what was obtained, in plain words, and fit for printing."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from lab import browser_page

from autograder.alone.certificate import certificate_text, done_in
from autograder.alone.learner import certificate, write_down
from autograder.records import Finding, Outcome
from autograder.verdict.bars import load_bars
from autograder.verdict.picture import picture
from course import edition
from course.practice.journal import MASTERY, VARIABLE, Entries, Journal, Marked
from course.practice.places import lessons

ROOT = Path(__file__).resolve().parent.parent
TODAY = datetime(2026, 12, 1)
WHEN = datetime(2026, 11, 28, tzinfo=UTC)
MEASURED = "Measured on 400 hidden texts: accuracy 0.731 (95 % interval 0.69 to 0.77)"
TASKS = [task for lesson in lessons().values() for task in lesson.tasks]


@pytest.fixture(autouse=True)
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Journal:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "kept" / "progress.json"))
    monkeypatch.chdir(tmp_path)
    return Journal()


def all_done() -> Entries:
    entries = Entries()
    for task in TASKS:
        entries.tasks[task] = Marked(points=10, max_points=10, at=WHEN)
    entries.tasks[MASTERY] = Marked(points=8, max_points=10, at=WHEN)
    entries.tasks["fine_tune"] = Marked(
        points=9,
        max_points=10,
        at=WHEN,
        said=f"Right: it answers a question. {MEASURED}.",
        picture=picture(load_bars()["cpu"], 0.731),
    )
    return entries


def page_of(entries: Entries, name: str = "Ada Lovelace") -> BeautifulSoup:
    return BeautifulSoup(certificate_text(name, entries, TODAY), "html.parser")


def test_whoever_has_done_all_gets_a_certificate_with_its_evidence() -> None:
    page = page_of(all_done())
    said = " ".join(page.get_text().split())
    assert page.h1.get_text() == "Certificate" and "Ada Lovelace has completed the course" in said
    assert len(page.select("svg[aria-label$=completed]")) == len(done_in(all_done()))
    assert not page.select("svg[aria-label$=open]") and "Still open" not in said
    assert f"labels that were drawn for that run. {MEASURED}." in said and "Right: it" not in said
    assert "full marks from" in page.pre.get_text() and "you" in page.pre.get_text()
    assert "8 of 10 questions were answered right at the first handing in, on 2026-11-28" in said
    assert "This page is self-issued. The learner made it on 2026-12-01" in said
    assert "Nobody supervised the work or checked who did it." in said


@pytest.mark.parametrize(
    ("task", "marked", "missing"),
    [
        ("collate", Marked(checked=True), "collate is not marked"),
        ("collate", Marked(points=1, max_points=3, checked=True), "collate has 1 of 3 points"),
        (MASTERY, Marked(), "the mastery test is not handed in"),
    ],
)
def test_what_is_missing_makes_it_a_record_of_work(task: str, marked: Marked, missing: str) -> None:
    entries = all_done()
    entries.tasks[task] = marked
    page = page_of(entries)
    said = " ".join(page.get_text().split())
    assert page.h1.get_text() == "Record of work" and missing in said
    assert len(page.select("svg[aria-label$=open]")) == 1 and "has completed" not in said


def test_half_of_the_points_and_any_result_of_the_test_are_enough() -> None:
    entries = all_done()
    entries.tasks["collate"] = Marked(points=1.5, max_points=3, at=WHEN)
    entries.tasks[MASTERY] = Marked(points=0, max_points=10, at=WHEN)
    page = page_of(entries)
    assert page.h1.get_text() == "Certificate" and "0 of 10 questions" in page.get_text()
    assert "best of" not in page.get_text()
    entries.tests = {name: Marked(points=0, max_points=10, at=WHEN) for name in ("ada", "eve")}
    assert "It is the best of 2 tests." in page_of(entries).get_text()


@pytest.mark.parametrize(
    "name", ['<script>alert("x")</script>', "</title><b>Änne", '{{ 7*7 }} & "A"']
)
def test_a_name_is_shown_as_it_is(name: str) -> None:
    page = page_of(all_done(), name)
    assert page.select_one(".name").get_text() == name
    assert not page.select("script, b") and name in page.title.get_text()


def test_the_call_writes_what_the_exams_gave_and_says_what_is_missing(journal: Journal) -> None:
    assert "Nothing has been marked yet" in str(certificate("Ada", {}, path="page.html"))
    assert not Path("page.html").exists()
    shown = picture(load_bars()["cpu"], 0.731)
    write_down(
        {
            "fine_tune": Finding(
                grade_id="fine-tune-points",
                outcome=Outcome.PASSED,
                points=10,
                max_points=10,
                message=f"Right. {MEASURED}.",
                picture=shown,
            )
        }
    )
    said = str(certificate("  Ada\n Lovelace ", {}, path="page.html"))
    assert said.startswith("page.html is your record of work.")
    assert "\n01-tokenizing: word_pieces is not marked, " in said
    assert "the mastery test is not handed in" in said and "fine_tune is not" not in said
    page = BeautifulSoup(Path("page.html").read_text(encoding="utf-8"), "html.parser")
    assert page.pre.get_text() == shown and page.select_one(".name").get_text() == "Ada Lovelace"
    journal.change(lambda entries: entries.tasks.update(all_done().tasks))
    assert str(certificate("Ada", {}, path="page.html")).startswith("page.html is your certificate")


def test_a_wrong_call_is_one_sentence(journal: Journal) -> None:
    journal.change(lambda entries: entries.tasks.update(all_done().tasks))
    assert "Give the name for the page" in str(certificate("  ", {}, path="page.html"))
    Path("folder").mkdir()
    assert str(certificate("Ada", {}, path="folder")).startswith("folder cannot be written: ")
    assert "instructor's gradebook" in str(edition.IN_A_CLASS["certificate"])


def test_it_fits_one_sheet_a_phone_and_every_reader(tmp_path: Path) -> None:
    path = tmp_path / "certificate.html"
    path.write_text(certificate_text("Ada " + "Lovelace" * 10, all_done(), TODAY), "utf-8")
    with browser_page(width=400) as page:
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 400
        page.screenshot(path=ROOT / "screenshots" / "certificate-400.png", full_page=True)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        for sheet in ("A4", "Letter"):
            printed = page.pdf(format=sheet, path=ROOT / "screenshots" / f"certificate-{sheet}.pdf")
            assert printed.count(b"/Type /Page\n") == 1, sheet
