"""The first cell of each lesson, in an environment of its own: every way it can go, in one line."""

from __future__ import annotations

import ast
import importlib.util
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path
from typing import Any

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell

from autograder.authoring.first_cell import Where, first_cell, where
from autograder.authoring.lessons import read_lesson
from autograder.cells import grade_id_of
from autograder.course_paths import CoursePaths
from autograder.errors import CourseError
from course import __version__

ROOT = Path(__file__).resolve().parent.parent
LESSONS = CoursePaths(ROOT).lessons


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """An empty environment with pip, and no network."""
    venv.create(tmp_path / "env", with_pip=True, symlinks=True)
    (tmp_path / "lesson").mkdir()
    return tmp_path


def make_wheel(folder: Path, name: str, version: str, package: str = "course") -> None:
    info = f"{name.split('-')[0]}-{version}.dist-info"
    files = {
        f"{package}/__init__.py": f'__version__ = "{version}"\n',
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {info.split('-')[0]}\nVersion: {version}\n",
        f"{info}/entry_points.txt": f"[bert_classroom]\n{package} = {package}\n"
        * ("alone" in name),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / name, "w") as wheel:
        for path, text in (files | {f"{info}/RECORD": record}).items():
            wheel.writestr(path, text)


def run(bare: Path, **setting: str) -> tuple[int, str]:
    """Run the cell as a notebook in the folder `lesson` does; return the status and what it said."""
    code = first_cell(LESSONS, Where(**setting))
    outside = {name: value for name, value in os.environ.items() if "PIP" not in name}
    outside.pop("PYTHONPATH", None)
    closed = {
        "PIP_INDEX_URL": "http://127.0.0.1:9/",
        "PIP_RETRIES": "1",
        "PIP_CONFIG_FILE": os.devnull,
    }
    done = subprocess.run(
        [bare / "env" / "bin" / "python", "-c", code], cwd=bare / "lesson", capture_output=True,
        text=True, env=outside | closed,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr.rpartition("SetUpError: ")[2]


def test_a_wheel_beside_the_notebook_is_installed_renewed_and_then_found(bare: Path) -> None:
    lesson = bare / "lesson"
    (lesson / "course").mkdir()  # a folder of the student's that only has the name
    make_wheel(lesson, "bert_classroom_course-0.1.0-py3-none-any (1).whl", "0.1.0")
    status, said = run(bare)
    assert status == 0 and "any (1).whl" in said and "Course 0.1.0 is installed now." in said
    make_wheel(lesson, f"bert_classroom_course-{__version__}-py3-none-any.whl", __version__)
    assert f"Course {__version__} is installed now." in run(bare)[1]
    assert run(bare) == (0, f"Course {__version__} is installed.\n")
    # The self-learner's edition has the same version, and more in it.
    make_wheel(
        lesson, f"bert_classroom_alone-{__version__}-py3-none-any.whl", __version__, "autograder"
    )
    assert "bert_classroom_alone" in run(bare)[1]
    assert run(bare) == (0, f"Course {__version__} is installed.\n")


def test_without_a_wheel_or_network_one_sentence_says_what_to_do(bare: Path) -> None:
    status, said = run(bare)
    assert status == 1 and said.startswith("put the file bert_classroom_….whl beside")
    status, said = run(bare, index="bert-classroom-course")
    assert status == 1 and "from bert-classroom-course." in said
    assert said.splitlines()[-1].startswith("the network cannot be reached. Connect")
    # What is set comes first; the wheel is there when it fails.
    make_wheel(
        bare / "lesson", f"bert_classroom_course-{__version__}-py3-none-any.whl", __version__
    )
    assert f"Course {__version__} is installed now." in run(bare, index="bert-classroom-course")[1]


def test_a_wheel_that_is_not_whole_is_named(bare: Path) -> None:
    name = f"bert_classroom_course-{__version__}-py3-none-any.whl"
    make_wheel(bare / "lesson", name, __version__)
    wheel = bare / "lesson" / name
    wheel.write_bytes(wheel.read_bytes()[:-100])  # an upload in progress
    status, said = run(bare)
    assert status == 1
    assert said.splitlines()[-1] == (
        f"{name} is not whole: wait until it is uploaded, or upload it again, and run this cell again."
    )


def test_what_is_stopped_says_so_and_stops_pip(
    monkeypatch: Any, tmp_path: Path, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    ended = []

    class Pip:
        def __init__(self, *arguments: Any, **how: Any) -> None:
            self.stdout = self

        def __iter__(self) -> Any:
            yield "Collecting torch\n"
            raise KeyboardInterrupt

        def terminate(self) -> None:
            ended.append(self)

    monkeypatch.setattr(subprocess, "Popen", Pip)
    said = shown_in_a_notebook(first_cell(LESSONS, Where(index="some-name")), capsys)
    assert "Set-up: stopped before the course was installed. Run this cell again." in said
    assert len(ended) == 1 and "Traceback" not in said


@pytest.mark.parametrize("version", [(3, 6), (3, 8)])
def test_an_old_python_can_read_the_cell_to_the_sentence_that_refuses_it(
    version: tuple[int, int],
) -> None:
    ast.parse(first_cell(LESSONS, Where()), feature_version=version)


def test_what_hides_the_course_is_named(bare: Path) -> None:
    (bare / "lesson" / "course.py").write_text("# my notes\n")
    status, said = run(bare)
    assert status == 1 and "course.py has the course's name and hides it. Rename it" in said


def test_an_older_course_goes_on_and_says_how_to_renew_it(bare: Path) -> None:
    make_wheel(bare / "lesson", "bert_classroom_course-0.1.0-py3-none-any.whl", "0.1.0")
    run(bare)
    status, said = run(bare)
    assert (
        status == 0 and f"Course 0.1.0 is installed, but this notebook needs {__version__}" in said
    )


def shown_in_a_notebook(code: str, capsys: Any) -> str:
    shell = InteractiveShell()
    assert not shell.run_cell(code).success
    return str(capsys.readouterr().out)


def test_a_notebook_shows_the_sentence_and_no_traceback(
    monkeypatch: Any, tmp_path: Path, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    code = first_cell(LESSONS, Where())
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    said = shown_in_a_notebook(code, capsys).strip()
    assert said.startswith("Set-up: put the file bert_classroom_….whl") and "\n" not in said
    monkeypatch.setattr(sys, "version_info", (3, 10, 4))
    said = shown_in_a_notebook(code, capsys).strip()
    assert said.startswith(
        "Set-up: the course needs Python 3.11 or later, and this kernel runs 3.10"
    )


@pytest.mark.parametrize("lesson", CoursePaths(ROOT).assignments())
def test_each_lesson_begins_with_it_shut_and_without_a_badge(lesson: str) -> None:
    nb = nbformat.read(CoursePaths(ROOT).notebook(ROOT / "release", lesson), as_version=4)
    first = next(cell for cell in nb.cells if cell.cell_type == "code")
    assert grade_id_of(first) == "set-up"
    assert first.source == first_cell(LESSONS, where(LESSONS))
    assert first.metadata.jupyter.source_hidden and first.metadata.cellView == "form"
    assert "colab-badge" not in nb.cells[0].source


def test_the_setting_gives_the_cell_its_sources_and_each_lesson_its_badge(tmp_path: Path) -> None:
    lesson = tmp_path / "01-tokenizing.md"
    lesson.write_text((LESSONS / lesson.name).read_text())
    (tmp_path / "first-cell.py").write_text((LESSONS / "first-cell.py").read_text())
    setting = "index: bert-classroom-course\ncolab: https://colab.example/me/release/\n"
    (tmp_path / "where.yaml").write_text(setting)
    nb = read_lesson(lesson)
    assert (
        "(https://colab.example/me/release/01-tokenizing/01-tokenizing.ipynb)" in nb.cells[0].source
    )
    assert nb.cells[0].source.startswith("# 1 · Tokenizing")
    cells = [cell.source for cell in nb.cells if grade_id_of(cell) == "set-up"]
    assert f'version="{__version__}", index="bert-classroom-course", git=""' in cells[0]
    (tmp_path / "where.yaml").write_text("indx: bert-classroom-course\n")
    with pytest.raises(CourseError, match=r"where\.yaml, line 1, field indx: Extra"):
        where(tmp_path)
