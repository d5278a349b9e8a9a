"""What a student gets as one zip file: the same bytes every time, and nothing that is withheld."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path

import pytest

from autograder.authoring.bundle import Edition, bundle
from autograder.course_paths import CoursePaths
from autograder.errors import CourseError

ROOT = Path(__file__).resolve().parent.parent
COURSE = CoursePaths(ROOT)


def contents(path: Path) -> dict[str, bytes]:
    """Return every file in a bundle, those in its wheel too."""
    with zipfile.ZipFile(path) as outer:
        found = {name: outer.read(name) for name in outer.namelist()}
    (wheel,) = (data for name, data in found.items() if name.endswith(".whl"))
    with zipfile.ZipFile(io.BytesIO(wheel)) as inner:
        return found | {f"wheel/{name}": inner.read(name) for name in inner.namelist()}


@pytest.fixture(scope="module")
def of_a_class(tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("class")
    return bundle(COURSE, COURSE.assignments(), Edition.CLASS, into)


def test_a_class_gets_notebooks_and_course_and_nothing_that_is_withheld(of_a_class: Path) -> None:
    held = contents(of_a_class)
    lessons = {name.split("/")[1] for name in held if name.endswith(".ipynb")}
    assert lessons == set(COURSE.assignments())
    assert not [
        name for name in held if "autograder" in name or "source/" in name or "exam" in name
    ]
    assert not [name for name, data in held.items() if b"BEGIN SOLUTION" in data]
    assert "answer" not in json.dumps(
        [sorted(one) for one in json.loads(held["wheel/course/practice/mastery.json"])]
    )
    # A solution's own lines stand in no code of a notebook and in no module.
    solutions = json.loads((COURSE.exams / "solutions.json").read_text())
    whole = "\n".join(
        "".join(cell["source"])
        for name, data in held.items()
        if name.endswith(".ipynb")
        for cell in json.loads(data)["cells"]
        if cell["metadata"].get("nbgrader", {}).get("solution")
    )
    modules = "\n".join(data.decode() for name, data in held.items() if name.endswith(".py"))
    assert "import autograder" not in modules and "from autograder" not in modules
    for function, code in solutions.items():
        body = code.partition('"""\n')[2].strip()
        assert f"def {function}(" in whole and body and body not in whole
        assert body.count("\n") < 2 or body not in modules


def test_the_self_learner_s_holds_exams_and_solutions(tmp_path: Path) -> None:
    held = contents(bundle(COURSE, ["01-tokenizing"], Edition.ALONE, tmp_path))
    assert "wheel/autograder/exams/solutions.json" in held
    assert [name for name in held if name.endswith(".ipynb")] == [
        "bert-classroom-alone/01-tokenizing/01-tokenizing.ipynb"
    ]


def test_again_it_is_the_same_to_the_byte(of_a_class: Path, tmp_path: Path) -> None:
    again = bundle(COURSE, COURSE.assignments(), Edition.CLASS, tmp_path)
    assert again.read_bytes() == of_a_class.read_bytes()
    names = {path.name for path in (tmp_path / "bert-classroom-class").iterdir()}
    assert {"README.txt", *COURSE.assignments()} < names


def test_what_is_not_built_is_named(tmp_path: Path) -> None:
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    with pytest.raises(
        CourseError, match=r"01-tokenizing is not in .*release: run `autograder build`"
    ):
        bundle(CoursePaths(tmp_path), ["01-tokenizing"], Edition.CLASS, tmp_path)
    with pytest.raises(CourseError, match="08-mastery-test is not in"):
        bundle(CoursePaths(tmp_path), [], Edition.CLASS, tmp_path)


def test_a_course_of_ones_own_bundles_what_it_has_released(tmp_path: Path) -> None:
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    shutil.copytree(ROOT / "release" / "01-tokenizing", tmp_path / "release" / "01-tokenizing")
    held = contents(bundle(CoursePaths(tmp_path), [], Edition.CLASS, tmp_path / "dist"))
    assert [name for name in held if name.endswith(".ipynb")] == [
        "bert-classroom-class/01-tokenizing/01-tokenizing.ipynb"
    ]
