"""The course as a web site: real outputs, no solution, links that lead somewhere, in a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import nbformat
import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from filelock import FileLock
from lab import browser_page
from playwright.sync_api import Page, expect

from autograder.course_paths import CoursePaths
from autograder.errors import CourseError
from autograder.site import outputs
from autograder.site.build import build_site
from autograder.site.outputs import outputs_of
from autograder.site.pages import lesson_page, linked, stated_time
from autograder.site.questions import questions_html
from course.practice.places import asked_at
from course.practice.rounds import bank

ROOT = Path(__file__).resolve().parent.parent
COURSE = CoursePaths(ROOT)
#: Two that are executed in seconds: one with all that a lesson has, and the test.
SHORT = ["01-tokenizing", "08-mastery-test"]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The site of two lessons, built once for all workers."""
    shared = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        shared = shared.parent
    with FileLock(shared / "site.lock"):
        if not (shared / "site").is_dir():
            build_site(COURSE, SHORT, shared / "site", shared / "kept", lambda *_: None)
    return shared / "site"


# ---- what is on the pages ------------------------------------------------------------------------


def text_of(path: Path) -> str:
    """Return what a page, a notebook or a script says, without markup and white space."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        text = BeautifulSoup(text, "html.parser").get_text()
    elif path.suffix == ".ipynb":
        text = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
    return re.sub(r"\s+", "", text)


def withheld() -> Iterator[str]:
    """Yield what no page may say: bodies of solutions, code of exams, texts of the mastery test."""
    for code in json.loads((COURSE.exams / "solutions.json").read_text()).values():
        yield code.partition('"""\n')[2]
    for path in COURSE.exams.glob("*/exam.py"):
        lines = (line.strip() for line in path.read_text().splitlines())
        yield from (line for line in lines if len(line) > 60 and '"""' not in line)
    for path in COURSE.exams.glob("*/questions/*.yaml"):
        for question in yaml.safe_load(path.read_text()):
            yield from (text for text in texts_in(question) if len(text) > 60)


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts_in(part)


def said_although_withheld(site: Path) -> list[tuple[str, str]]:
    secrets = {re.sub(r"\s+", "", text): text for text in withheld()}
    return [
        (path.name, text)
        for path in site.rglob("*")
        if path.suffix in (".html", ".ipynb", ".js")
        for said in [text_of(path)]
        for bare, text in secrets.items()
        if bare in said
    ]


@pytest.mark.long
def test_no_page_says_what_is_withheld(site: Path) -> None:
    assert said_although_withheld(site) == []
    page = text_of(site / "lessons" / "01-tokenizing.html")
    assert "#YOURCODEHERE" in page and "BEGINSOLUTION" not in page


def test_what_is_withheld_would_be_found(tmp_path: Path) -> None:
    solution = json.loads((COURSE.exams / "solutions.json").read_text())["collate"]
    marked = "".join(f"<span>{word}</span> " for word in solution.split())
    (tmp_path / "page.html").write_text(f"<html><pre>{marked}</pre></html>")
    assert [name for name, _ in said_although_withheld(tmp_path)] == ["page.html"]
    texts = list(withheld())
    assert len(texts) > 300 and any("confusion matrices" in text for text in texts)


@pytest.mark.long
def test_outputs_are_real_and_every_question_is_there(site: Path) -> None:
    page = BeautifulSoup((site / "lessons" / "01-tokenizing.html").read_text(), "html.parser")
    said = page.get_text()
    assert "BertTokenizer with 30522 pieces" in said
    assert "✓ word_pieces" in said and "Unable to create tensor" in said
    pictures = page.select("img[src^='data:image/png']")
    assert len(pictures) >= 4 and all(one["alt"] for one in pictures)
    asked = {one["id"] for one in page.select(".bc-question")}
    assert asked == {one.id for one in bank() if one.lesson.startswith("01-tokenizing#")}
    for question in page.select(".bc-question"):
        answer = question.select("details")[-1]
        assert answer.summary.get_text() == "Answer" and len(answer.get_text()) > 20
    assert 'practice("01' not in said and "model_id" not in said  # no widget, and no call of one
    assert str(Path.home()) not in said and "/tmp" not in said
    offered = list(site.glob("_downloads/*/01-tokenizing.ipynb"))
    released = COURSE.notebook(COURSE.release, "01-tokenizing")
    assert [one.read_bytes() for one in offered] == [released.read_bytes()]


def broken(site: Path) -> list[str]:
    """Return the links and files of all pages that lead nowhere, or need a network to be shown."""
    pages = {
        path: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for path in site.rglob("*.html")
        if "_static" not in path.parts
    }
    names = {
        path: {one.get("id") or one.get("name") for one in page.select("[id], a[name]")}
        for path, page in pages.items()
    }
    found = []
    for path, page in pages.items():
        for one in page.select("[href], [src]"):
            link = one.get("href") or one.get("src") or ""
            if re.match(r"(data|mailto):", link):
                continue
            if re.match(r"(https?:)?//", link):
                wrong = one.name != "a" and one.get("rel") != ["canonical"]
            else:
                target, _, anchor = unquote(link).partition("#")
                place = (path.parent / target.partition("?")[0]).resolve() if target else path
                wrong = not place.is_file() or bool(
                    anchor and place in names and anchor not in names[place]
                )
            if wrong:
                found.append(f"{path.relative_to(site)}: {link}")
    return found


@pytest.mark.long
def test_every_link_leads_somewhere_and_nothing_is_fetched(site: Path) -> None:
    assert broken(site) == []
    ways = BeautifulSoup((site / "lessons" / "01-tokenizing.html").read_text(), "html.parser")
    links = [one["href"] for one in ways.select("table")[0].select("a")]
    assert len(links) > 15 and "#task-1-word-pieces-2-points" in links
    # Other lessons are linked where they are mentioned, if they are on the site.
    assert ways.find("a", string="lesson 08")["href"] == "08-mastery-test.html"
    assert not ways.find("a", string="lesson 04")
    guides = {path.stem for path in (ROOT / "docs").glob("*.md")}
    assert guides == {path.stem for path in (site / "docs").glob("*.html")}


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<a href="b.html#there">1</a><a href="b.html#no">2</a><a href="c.html">3</a>'
        '<img src="gone.png"><script src="https://x.org/a.js"></script><a href="https://x.org">4</a>'
    )
    (tmp_path / "b.html").write_text('<h1 id="there">B</h1>')
    assert broken(tmp_path) == [
        "a.html: b.html#no", "a.html: c.html", "a.html: gone.png", "a.html: https://x.org/a.js",
    ]  # fmt: skip


# ---- in a browser, from the disk -----------------------------------------------------------------


def opened(page: Page, path: Path) -> None:
    page.goto(path.as_uri())
    page.locator("article").wait_for()


@pytest.mark.long
def test_a_visitor_reads_searches_and_asks_for_an_answer(site: Path) -> None:
    with browser_page(width=1280) as page:
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("requestfailed", lambda request: faults.append(request.url))
        opened(page, site / "index.html")
        page.get_by_role("table").get_by_role("link", name="01 · Tokenizing").click()
        question = page.locator("#load-the-tokenizer")
        expect(question.get_by_text("AutoModel", exact=True).first).to_be_visible()
        solution = question.get_by_text("it must be a tokenizer")
        expect(solution).to_be_hidden()
        question.get_by_text("Answer", exact=True).click()
        expect(solution).to_be_visible()
        page.get_by_role("link", name="two broken batches").first.click()
        heading = page.get_by_role("heading", name="Debug: two broken batches")
        expect(heading).to_be_in_viewport()
        assert page.evaluate(
            "[...document.images].filter(one => one.complete && !one.naturalWidth).length"
        ) == 0  # fmt: skip
        # Search, without a server.
        page.keyboard.press("Control+k")
        page.locator("dialog input[type=search]").fill("unbelievably")
        page.keyboard.press("Enter")
        found = page.locator("#search-results").get_by_role("link", name="Tokenizing")
        found.first.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Tokenizing")
        assert not faults


def luminance(page: Page, property: str) -> float:
    """Return how light a colour of the page is, from 0 to 255."""
    said = page.evaluate(f"getComputedStyle(document.body)['{property}']")
    red, green, blue = (float(one) for one in re.findall(r"[\d.]+", said)[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.long
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_phone_and_both_themes(site: Path, scheme: Any) -> None:
    with browser_page(width=400) as page:
        page.emulate_media(color_scheme=scheme)
        for path in [site / "index.html", *(site / "lessons" / f"{name}.html" for name in SHORT)]:
            opened(page, path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 400
            back, front = luminance(page, "background-color"), luminance(page, "color")
            assert (back < 60 and front > 150) if scheme == "dark" else (back > 200 and front < 80)
            page.screenshot(path=ROOT / "screenshots" / f"site-{path.stem}-{scheme}.png")
        # Questions are ours: the theme's own parts are its authors' concern.
        opened(page, site / "lessons" / "01-tokenizing.html")
        turned = page.evaluate("getComputedStyle(document.querySelector('img.bc-picture')).filter")
        assert ("invert" in turned) is (scheme == "dark")
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        seen = Axe().run(page, context=".bc-question", options={"runOnly": ["color-contrast"]})
        assert seen.violations_count == 0, seen.generate_report()


# ---- the parts -----------------------------------------------------------------------------------


def test_links_are_rewritten_and_code_is_not() -> None:
    text = (
        "[a](#Task-1:-word_pieces-%282-points%29), lesson 02, `lesson 02`, [lesson 02](x), lesson 09\n"
        "## After lesson 02\n```python\nlesson 02\n```\n"
    )
    assert linked(text, ["02-model-set-up"]) == (
        "[a](#task-1-word_pieces-2-points), [lesson 02](02-model-set-up.ipynb), `lesson 02`, "
        "[lesson 02](x), lesson 09\n## After lesson 02\n```python\nlesson 02\n```\n"
    )


def test_a_page_has_the_released_sources_and_the_badge() -> None:
    badge = "[![Open in Colab](https://x.org/badge.svg)](https://x.org/a.ipynb)"
    released = nbformat.v4.new_notebook(
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3"},
            "language_info": {"name": "python"},
        },
        cells=[
            nbformat.v4.new_markdown_cell(
                f"# Title\n\n{badge}\n\nPlan about 1 hour 15 minutes: x."
            ),
            nbformat.v4.new_code_cell("%%needs f\n# YOUR CODE HERE"),
        ],
    )
    shown = {released.cells[1].id: [{"output_type": "stream", "name": "stdout", "text": "42\n"}]}
    page = lesson_page("01-x", released, shown, "/a.ipynb", ["01-x"])
    assert badge in page.cells[0].source and "`download it </a.ipynb>`" in page.cells[0].source
    assert page.cells[1].source == "# YOUR CODE HERE" and page.cells[1].outputs[0].text == "42\n"
    assert stated_time(released) == "1 hour 15 minutes"
    assert stated_time(page) == stated_time(released) and not released.cells[1].outputs


def test_every_practice_cell_of_the_course_can_be_shown() -> None:
    shown = []
    for lesson in COURSE.assignments():
        for cell in nbformat.read(COURSE.notebook(COURSE.release, lesson), as_version=4).cells:
            if "practice" in cell.metadata.get("tags", []):
                where = f"{lesson}#{cell.metadata.nbgrader.grade_id}"
                page = BeautifulSoup(questions_html(where), "html.parser")
                ids = [one["id"] for one in page.select("section.bc-question")]
                assert ids == asked_at(where, bank()) and ids
                assert "⟦" not in page.get_text() and not page.select("blank")
                shown += ids
    assert sorted(shown) == sorted(one.id for one in bank())


def notebook(*sources: str) -> Any:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    return nbformat.v4.new_notebook(cells=cells)


def test_a_lesson_is_executed_once_and_again_when_its_code_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, int]] = []
    kept = tmp_path / "kept.json"
    code = "import os\nprint(os.getcwd() == os.environ['HOME'], os.getcwd())"
    first = outputs_of(notebook(code), kept, lambda *step: seen.append(step))
    ((output,),) = first.values()
    assert output["text"] == "True ~\n" and seen == [(0, 1), (1, 1)]
    with monkeypatch.context() as patch:
        patch.setattr(outputs, "_execute", lambda *_: pytest.fail("executed again"))
        again = outputs_of(notebook(code), kept, lambda *_: None)
        assert list(again.values()) == list(first.values())
        with pytest.raises(pytest.fail.Exception):
            outputs_of(notebook(f"{code}\n"), kept, lambda *_: None)
        patch.setattr(outputs, "version", lambda name: "0")
        with pytest.raises(pytest.fail.Exception):
            outputs_of(notebook(code), kept, lambda *_: None)
    kept.write_text("no JSON")
    assert list(outputs_of(notebook(code), kept, lambda *_: None).values()) == list(first.values())


def test_a_cell_that_fails_is_named(tmp_path: Path) -> None:
    failing = notebook("x = 1", "x / 0")
    failing.cells[1].id = "see-nothing"
    with pytest.raises(CourseError, match=r"stops at cell 'see-nothing': ZeroDivisionError: div"):
        outputs_of(failing, tmp_path / "kept.json", lambda *_: None)
    assert not (tmp_path / "kept.json").exists()


def test_a_folder_that_is_no_site_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(CourseError, match="holds no site: name another folder"):
        build_site(COURSE, SHORT, tmp_path, tmp_path / "kept", lambda *_: None)
    assert (tmp_path / "thesis.tex").read_text() == "mine"


@pytest.mark.nightly
def test_the_whole_site(tmp_path: Path) -> None:
    first = build_site(COURSE, COURSE.assignments(), tmp_path / "site", tmp_path, lambda *_: None)
    assert said_although_withheld(first.parent) == [] and broken(first.parent) == []
    pages = {path.stem: path for path in (first.parent / "lessons").glob("*.html")}
    assert sorted(pages) == COURSE.assignments()
    with browser_page(width=400) as page:
        for name, path in pages.items():
            opened(page, path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 400, name
            unseen = "[...document.images].filter(one => !one.naturalWidth).length"
            assert page.evaluate(unseen) == 0, name
