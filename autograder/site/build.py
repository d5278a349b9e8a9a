"""Makes the site: lays out all that Sphinx reads in one folder, and calls it.

The folder is laid out like a clone, so that the guides' links among each other lead somewhere.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import nbformat

from autograder.authoring.build import build
from autograder.authoring.outline import lesson_of
from autograder.course_paths import INSTALLATION, CoursePaths
from autograder.errors import CourseError
from autograder.site.outputs import outputs_of
from autograder.site.pages import lesson_page, stated_time

#: Where configuration, first page and styles are, in a clone.
PARTS = INSTALLATION / "docs" / "site"
#: The pages for people that belong to the site, in a clone.
GUIDES = ("docs/*.md", "course/DATA.md", "CONTRIBUTING.md", "CHANGELOG.md")
#: Where the released notebooks are that the pages offer.
OFFERED = "lessons/notebooks"
#: Where the first page lists the lessons, and how the list begins.
LIST = "<!-- lessons -->"
HEAD = "| lesson | you write | it takes about |\n| --- | --- | --- |"

#: Called with what is being done, how much of it is done, and of how much.
Progress = Callable[[str, int, int], None]


def build_site(
    paths: CoursePaths, assignments: list[str], into: Path, kept: Path, progress: Progress
) -> Path:
    """Build the site of `assignments` and return its first page; raises CourseError.

    What stood in `into` is replaced. Outputs of lessons are kept in the folder `kept`.
    """
    if not PARTS.is_dir():
        raise CourseError(f"There is no {PARTS}: the site is made in a clone.")
    if into.exists() and not (into / "objects.inv").is_file():
        raise CourseError(f"{into} is there and holds no site: name another folder.")
    with tempfile.TemporaryDirectory(prefix="site-") as name:
        source, built = Path(name, "source"), CoursePaths(Path(name, "built"))
        shutil.copytree(PARTS, source)
        _lay_guides(source)
        build(paths, assignments, target=built.root)
        rows = [HEAD]
        for lesson in assignments:
            solved = nbformat.read(built.notebook(built.source, lesson), as_version=4)
            outputs = outputs_of(solved, kept / f"{lesson}.json", partial(progress, lesson))
            notebook = built.notebook(built.release, lesson)
            released = nbformat.read(notebook, as_version=4)
            _lay(notebook, source / OFFERED / notebook.name)
            page = lesson_page(
                lesson, released, outputs, f"/{OFFERED}/{notebook.name}", assignments
            )
            nbformat.write(page, source / "lessons" / f"{lesson}.ipynb")
            rows.append(_row(paths, lesson, stated_time(released)))
        first = source / "index.md"
        first.write_text(first.read_text("utf-8").replace(LIST, "\n".join(rows)), "utf-8")
        progress("pages", 0, 1)
        _sphinx(source, Path(name, "html"))
        shutil.rmtree(into, ignore_errors=True)
        shutil.copytree(Path(name, "html"), into)
        progress("pages", 1, 1)
    return into / "index.html"


def _row(paths: CoursePaths, lesson: str, time: str) -> str:
    """Return the row of a lesson in the list: title, functions to write, time."""
    outline = lesson_of(paths.lessons / f"{lesson}.md")
    tasks = outline.tasks if lesson in paths.lessons_with_code() else []
    link = f"[{lesson[:2]} · {outline.title}](lessons/{lesson}.ipynb)"
    return f"| {link} | {', '.join(f'`{task}`' for task in tasks)} | {time} |"


def _lay_guides(source: Path) -> None:
    """Copy the guides, and the files that they and the first page show or offer."""
    wanted = _links(source / "index.md", INSTALLATION)
    for page in (page for pattern in GUIDES for page in INSTALLATION.glob(pattern)):
        wanted |= {page} | _links(page, page.parent)
    for path in wanted:
        _lay(path, source / path.relative_to(INSTALLATION))


def _links(page: Path, folder: Path) -> set[Path]:
    """Return the files that `page` links to, from `folder` on."""
    links = re.findall(r"\]\(([^)\s#:]+)\)", page.read_text(encoding="utf-8"))
    return {(folder / link).resolve() for link in links}


def _lay(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)


def _sphinx(source: Path, into: Path) -> None:
    """Run Sphinx; a warning is an error."""
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-W", "--keep-going", "-q", "-j", "2"]
    done = subprocess.run(
        [*command, str(source), str(into)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = done.stderr.replace(f"{source}/", "").strip() or "It said nothing."
        raise CourseError(f"Sphinx could not build the site. {said}")
