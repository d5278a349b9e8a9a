"""Nothing that a student writes runs on a page: feedback, class page, formgrader, in a real browser."""

from __future__ import annotations

import base64
import shutil
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from classroom import NAME, submit
from lab import TOKEN, browser_page, jupyterlab
from nbconvert.exporters import HTMLExporter
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from playwright.sync_api import Page

from autograder.course_paths import CoursePaths
from autograder.grading.harmless import HarmlessExporter, harmless
from autograder.nbgrader_api import open_gradebook


def ran(name: str) -> str:
    """Return a script that leaves its name on the page."""
    return (
        f"document.documentElement.dataset.ran=(document.documentElement.dataset.ran||'')+'{name} '"
    )


def image(name: str) -> str:
    return f'<img src=x onerror="{ran(name)}">'


#: HTML that runs as soon as it stands in a page.
HTML = {
    "script": f"<script>{ran('script')}</script>",
    "onerror": image("onerror"),
    "svg": f'<svg onload="{ran("svg")}"><script>{ran("svg-script")}</script></svg>',
    "focus": f'<input autofocus onfocus="{ran("focus")}">',
    "details": f'<details open ontoggle="{ran("details")}"></details>',
    "style": f'<style onload="{ran("style")}">*{{display:none}}</style>',
    "broken": f'<table><td><a title="--><img src=x onerror=&quot;{ran("broken")}&quot;>"><!--<b',
    "frame": f'<iframe srcdoc="<script>with(parent){{{ran("frame")}}}</script>"></iframe>',
}
#: What a kernel may send as the data of an output, and as its metadata.
PICTURE = base64.b64encode(
    f'<svg xmlns="http://www.w3.org/2000/svg"><script>{ran("picture")}</script></svg>'.encode()
).decode()
OUTPUTS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"text/html": html}, {}) for html in HTML.values()
] + [
    ({"application/javascript": ran("javascript")}, {}),
    ({"image/svg+xml": f'<svg xmlns="x" onload="{ran("output-svg")}"></svg>'}, {}),
    ({"image/png": f'"{image("png")}'}, {}),
    (
        {"image/png": PICTURE},
        {"image/png": {"width": f"1 onerror={ran('width').replace(' ', '')}"}},
    ),
    ({"text/markdown": image("markdown")}, {}),
    ({"text/latex": image("latex")}, {}),
    ({"text/html": HTML["script"]}, {"text/html": {"isolated": True}}),
    (
        {
            "application/vnd.jupyter.widget-view+json": {"model_id": HTML["script"]},
            "text/plain": "w",
        },
        {},
    ),
]
LINKS = (
    f'[one](javascript:{ran("link")}) <a href="java\tscript:{ran("tab")}">two</a> '
    f'<a href="data:text/html,{HTML["script"]}">three</a> <a href="/logout">four</a> '
    "[five](https://example.org) [six](evil.html)"
)


def evil_notebook() -> NotebookNode:
    """Return a notebook with all of that, as another program would show it."""
    cells = [new_markdown_cell(text) for text in (LINKS, *HTML.values())]
    code = new_code_cell("1")
    code.outputs = [
        new_output("display_data", data=data, metadata=metadata) for data, metadata in OUTPUTS
    ]
    code.outputs.append(
        new_output("error", ename="E", evalue=HTML["script"], traceback=[HTML["script"]])
    )
    return new_notebook(cells=[*cells, code])


def evil(notebook: NotebookNode) -> None:
    """Put all of that into a submission; its kernel sends the outputs again when it is graded."""
    bad = evil_notebook()
    sends = "\n".join(
        f"display({data!r}, metadata={metadata!r}, raw=True)" for data, metadata in OUTPUTS
    )
    words = f"raise ValueError({HTML['script']!r})"
    notebook.cells[:0] = [*bad.cells[:-1], new_code_cell(sends), new_code_cell(words)]
    for cell in notebook.cells:
        if "def count_words" in cell.source:
            # The examiner quotes what comes back.
            cell.source = f"def count_words(text):\n    return {{{HTML['onerror']!r}: 1}}\n"


#: What a browser does run of all that, on a page that lets it; other scripts wait for jQuery.
LIVE = ("script", "onerror", "svg", "details", "style", "frame", "markdown", "width")


def runs(page: Page, address: str, expected: tuple[str, ...] = ()) -> str:
    """Return the names of the scripts that have run on a page, after a look at all of it.

    `expected` are waited for, the others get a moment.
    """
    page.goto(address)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    page.wait_for_function(
        "names => names.every(one => (document.documentElement.dataset.ran || '').includes(one))",
        arg=list(expected),
    )
    page.wait_for_timeout(300)
    return str(page.evaluate("document.documentElement.dataset.ran || ''"))


def links(page: Page) -> list[str]:
    return list(page.evaluate("[...document.querySelectorAll('a[href]')].map(a => a.href)"))


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with browser_page() as made:
        yield made


@dataclass(frozen=True)
class Evil:
    """A class in which a student tried all of that, graded and reported."""

    paths: CoursePaths
    submission: str


@pytest.fixture(scope="module")
def graded(
    released: CoursePaths, tmp_path_factory: pytest.TempPathFactory, run: Callable[..., Any]
) -> Evil:
    root = tmp_path_factory.mktemp("evil") / "course"
    shutil.copytree(released.root, root)
    paths = CoursePaths(root)
    folder = submit(paths, "eve", evil).parent
    (folder / "evil.html").write_text(f"<html><body>{''.join(HTML.values())}</body></html>")
    with open_gradebook(root) as gradebook:
        gradebook.add_student("eve", first_name=image("first"), last_name=HTML["script"])
        gradebook.add_student(image("id"), first_name="Ann", last_name="Maier")
    run("autograder", "grade", NAME, "--root", root, "--feedback")
    run("autograder", "report", "--root", root)
    with open_gradebook(root) as gradebook:
        submission = gradebook.find_submission_notebook(NAME, NAME, "eve").id
        gradebook.find_comment("count-words", NAME, NAME, "eve").manual_comment = image("note")
        gradebook.db.commit()
    return Evil(paths, submission)


def test_what_is_tried_here_does_run_on_other_pages(page: Page, tmp_path: Path) -> None:
    plain, _ = HTMLExporter(template_name="classic").from_notebook_node(evil_notebook())
    (tmp_path / "plain.html").write_text(plain)
    found = runs(page, (tmp_path / "plain.html").as_uri(), LIVE)
    assert all(name in found for name in LIVE)
    assert any(link.startswith("javascript:") for link in links(page))


def test_nothing_runs_where_students_notebooks_are_shown(page: Page, tmp_path: Path) -> None:
    notebook = evil_notebook()
    notebook.cells[-1]["execution_count"] = image("count")
    shown, _ = HarmlessExporter(template_name="classic").from_notebook_node(notebook)
    (tmp_path / "shown.html").write_text(shown)
    assert runs(page, (tmp_path / "shown.html").as_uri()) == ""
    allowed = {"https://example.org/", (tmp_path / "evil.html").as_uri()}
    assert set(links(page)) <= allowed | {link for link in links(page) if "#" in link}


def test_markdown_is_cleaned_where_a_template_shows_it_as_it_is() -> None:
    # nbgrader's templates do, in formgrader and in feedback.
    markdown = HarmlessExporter().environment.filters["markdown2html"]
    assert markdown({}, f"*a* {HTML['onerror']}").strip() == '<p><em>a</em> <img src="x"></p>'


def test_what_is_no_danger_stays() -> None:
    table = '<table class="dataframe"><thead><tr><th>a</th></tr></thead></table>'
    assert harmless(table) == table
    assert "ansi-red-fg" in harmless('<span class="ansi-red-fg score">x</span>')
    assert "score" not in harmless('<span class="ansi-red-fg score">x</span>')
    picture = '<img src="data:image/png;base64,AAAA" alt="a picture">'
    assert harmless(picture) == picture
    assert "data:" not in harmless('<img src="data:text/html;base64,AAAA">')
    assert "https" not in harmless('<img src="https://example.org/seen.png">')
    assert 'href="plot.html"' in harmless('<a href="plot.html">x</a>')
    for place in ("/logout", "../x", "//example.org/x", "x/../../y", "data:text/html,x"):
        assert "href" not in harmless(f'<a href="{place}">x</a>')


@pytest.mark.long
def test_feedback_and_class_page_run_nothing_of_a_students(graded: Evil, page: Page) -> None:
    feedback = graded.paths.feedback / "eve" / NAME / f"{NAME}.html"
    said = feedback.read_text(encoding="utf-8")
    assert "onerror=&#34;" in said  # what the examiner quotes is there, as text
    assert runs(page, feedback.as_uri()) == ""
    assert "javascript:" not in "".join(links(page))
    report = graded.paths.root / "report.html"
    assert runs(page, report.as_uri()) == ""
    assert page.get_by_text("<img src=x onerror=").first.is_visible()


@pytest.mark.long
def test_formgrader_runs_nothing_of_a_students(graded: Evil, page: Page) -> None:
    with jupyterlab(graded.paths.root) as address:
        page.goto(f"{address}/lab?token={TOKEN}")
        seen = {}
        form = f"{address}/formgrader"
        for place in (
            f"submissions/{graded.submission}/",
            f"submissions/{graded.submission}/evil.html",
            "manage_students",
            f"manage_students/{urllib.parse.quote(image('id'), safe='')}",
            f"manage_students/{urllib.parse.quote('</script>' + HTML['script'], safe='')}",
            f"gradebook/{NAME}/{NAME}",
            f"manage_submissions/{NAME}",
        ):
            seen[place] = runs(page, f"{form}/{place}")
        assert set(seen.values()) == {""}, seen
        # The page itself works: the student's name is text, and points can be given.
        page.goto(f"{form}/submissions/{graded.submission}/")
        assert "javascript:" not in "".join(links(page))
        assert page.locator("#count-words-points").is_visible()
        page.wait_for_function("document.querySelector('#count-words-points').placeholder !== ''")
        assert HTML["script"] in str(page.locator("a.name-shown").text_content())
