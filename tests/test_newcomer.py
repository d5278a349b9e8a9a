"""A newcomer: an empty environment, README's line, lesson 00 and the first own result of lesson 01.

Then all lessons to the result of the mastery test, with the wheel alone and recorded answers.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import site
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lab import browser_page, jupyterlab, open_notebook, run_all, write_into
from playwright.sync_api import Page, expect
from test_readme import commands, part_of

from autograder.authoring.lessons import read_lesson
from autograder.authoring.recorded_answers import frame_of
from autograder.course_paths import CoursePaths
from autograder.examining.exam import load_exam
from autograder.sample.sheets import sheet_of
from course.practice.journal import VARIABLE
from course.practice.mastery import SHEET

ROOT = Path(__file__).resolve().parent.parent
COURSE = CoursePaths(ROOT)
SCREENSHOTS = ROOT / "screenshots" / "newcomer"
#: Lessons whose tasks are marked in a moment.
QUICK = ("00-orientation", "01-tokenizing", "04-accuracy")
MASTERY = "08-mastery-test"
#: Seconds to wait for anything on a machine that is busy.
PATIENCE = 300


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, by the command that the Makefile has under `wheel-alone`."""
    folder = tmp_path_factory.mktemp("wheel")
    recipe = (ROOT / "Makefile").read_text().partition("\nwheel-alone:")[2].splitlines()[1].strip()
    command = recipe.replace("$(BIN)/pip", f"{sys.executable} -m pip").replace(
        "dist", shlex.quote(str(folder))
    )
    subprocess.run(shlex.split(command), cwd=ROOT, check=True)
    return next(folder.glob("bert_classroom_alone-*.whl"))


def lent(folder: Path, wheel: Path) -> tuple[Path, dict[str, str]]:
    """Return a new environment with the wheel, and what it depends on lent by the one that tests."""
    venv.create(folder / "env", with_pip=True, symlinks=True)
    python = folder / "env" / "bin" / "python"
    packages = Path(next(iter((folder / "env" / "lib").glob("python*")))) / "site-packages"
    # Such a path's own .pth files are not read: the editable course of the tests is not in it.
    (packages / "lent.pth").write_text("\n".join(site.getsitepackages()) + "\n")
    install = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel]
    subprocess.run(install, check=True)
    share = Path(sys.prefix) / "share" / "jupyter"
    return python, {"JUPYTER_PATH": str(share), "JUPYTERLAB_DIR": str(share / "lab")}


def empty(folder: Path, wheel: Path) -> tuple[Path, dict[str, str]]:
    """Return an environment in which README's line for self-learners was typed, and nothing else."""
    kept = Path(os.environ.get("BERT_CLASSROOM_ENVIRONMENTS", folder)) / "newcomer"
    python = kept / "bin" / "python"
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (line,) = (one for one in commands(part_of(readme, "Self-learners")) if "pip install" in one)
    began = time.monotonic()
    if not python.exists():
        venv.create(kept, with_pip=True, symlinks=True)
        shutil.copy(wheel, folder)
    else:  # kept from an earlier run: only the wheel is newer
        line = f"pip install --quiet --force-reinstall --no-deps {shlex.quote(str(wheel))}"
    here = {"PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run(["bash", "-c", line], cwd=folder, env=os.environ | here, check=True)
    print(f"README's line took {time.monotonic() - began:.0f} s")
    return python, here


@pytest.fixture(
    scope="module",
    params=[lent, pytest.param(empty, marks=pytest.mark.nightly)],
    ids=["lent", "empty"],
)
def newcomer(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, wheel: Path
) -> tuple[Path, dict[str, str]]:
    """A Python that has the wheel, and the variables to run it with."""
    make: Callable[[Path, Path], tuple[Path, dict[str, str]]] = request.param
    folder = tmp_path_factory.mktemp("newcomer")
    python, variables = make(folder, wheel)
    where = subprocess.run(
        [python, "-c", "import course; print(course.__file__)"],
        cwd=folder, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert where.startswith(str(python.parent.parent)), where
    return python, variables | {VARIABLE: str(folder / "kept" / "progress.json"), "PYTHONPATH": ""}


def shows(page: Page, code: str, text: str) -> None:
    """Wait until the output of the last cell that contains `code` contains `text`."""
    cell = page.locator(".jp-CodeCell", has_text=code).last
    expect(cell.locator(".jp-OutputArea")).to_contain_text(text, timeout=1000 * PATIENCE)


def processor_seconds() -> float:
    """Return the processor time of all processes that were started here and have ended."""
    used = os.times()
    return used.children_user + used.children_system


ONE_LINE = """def share_right(predictions, labels):
    return sum(p == label for p, label in zip(predictions, labels)) / len(labels)"""
PIECES = """def word_pieces(tokenizer, text):
    return tokenizer.tokenize(text)"""


@pytest.mark.long
def test_from_lesson_00_to_an_own_result_of_lesson_01(
    newcomer: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    python, variables = newcomer
    for lesson in QUICK[:2]:
        shutil.copy(COURSE.notebook(COURSE.release, lesson), tmp_path)
    began, spent = time.monotonic(), processor_seconds()
    with jupyterlab(tmp_path, python, **variables) as address, browser_page() as page:
        page.set_default_timeout(1000 * PATIENCE)
        open_notebook(page, address, "00-orientation.ipynb")
        run_all(page, PATIENCE)
        expect(page.locator(".jp-CodeCell").first).to_contain_text("is installed.")
        shows(page, 'check("share_right")', "not written yet")
        write_into(page, "def share_right", ONE_LINE)
        run_all(page, PATIENCE)
        shows(page, 'check("share_right")', "✓ share_right")
        shows(page, "recorded_predictions()", "of 300 reviews are right")
        shows(page, 'grade_me("00-orientation")', "1 of 1 points")
        print(f"lesson 00 has its point after {time.monotonic() - began:.0f} s")
        open_notebook(page, address, "01-tokenizing.ipynb")
        write_into(page, "def word_pieces", PIECES)
        run_all(page, PATIENCE)
        shows(page, 'grade_me("01-tokenizing")', "2 of 10 points")
        print(f"lesson 01 has its first points after {time.monotonic() - began:.0f} s")
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / "lesson-01.png")
    print(f"browser, server and kernels took {processor_seconds() - spent:.0f} s of processor time")


# ---- from the wheel alone to the end ---------------------------------------------------------------

WORK = """
import json, sys
for cell in json.load(open(sys.argv[2])):
    exec(cell, globals())
from course import grade_me
marks = grade_me(sys.argv[1])
print()
print(json.dumps([marks.points, marks.max_points]))
"""


def work(lesson: str) -> Iterator[str]:
    """Yield the cells of a solved notebook that its tasks need."""
    exam = load_exam(COURSE.exams, lesson)
    for task in exam.tasks:
        frame = frame_of(read_lesson(COURSE.lessons / f"{lesson}.md"), task)
        yield from frame.cells(frame.solution)


def marked(newcomer: tuple[Path, dict[str, str]], lesson: str, folder: Path) -> list[float]:
    """Return points and maximum of a lesson's recorded answers, as `grade_me` gives them there."""
    python, variables = newcomer
    (folder / "work.py").write_text(WORK)
    (folder / "cells.json").write_text(
        json.dumps([] if lesson == MASTERY else list(work(lesson))), encoding="utf-8"
    )
    if lesson == MASTERY:
        sheet = sheet_of(COURSE.exams / MASTERY / "questions", "anna", 10)
        (folder / SHEET).write_text(sheet.model_dump_json(), encoding="utf-8")
    done = subprocess.run(
        [python, "work.py", lesson, "cells.json"],
        cwd=folder, env=os.environ | variables, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: list[float] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.long
@pytest.mark.parametrize(
    "lesson",
    [
        name if name in (*QUICK, MASTERY) else pytest.param(name, marks=pytest.mark.nightly)
        for name in COURSE.assignments()
    ],
)
def test_the_wheel_alone_marks_each_lesson_to_the_mastery_test(
    newcomer: tuple[Path, dict[str, str]], tmp_path: Path, lesson: str
) -> None:
    points, best = marked(newcomer, lesson, tmp_path)
    assert points == best > 0
    # The same file holds the results of all lessons: what a certificate would be made of.
    kept = json.loads(Path(newcomer[1][VARIABLE]).read_text(encoding="utf-8"))
    assert kept["tests" if lesson == MASTERY else "tasks"]
