"""Promises of the repository itself: what is installed where, and a README that tells the truth."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from typer.main import get_command

from autograder.cli import app

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [path for path in listed.stdout.splitlines() if (ROOT / path).exists()]


def tree_paths() -> set[str]:
    """Return the paths that the README's annotated tree names, each with a line of its own."""
    tree = README.partition("## The tree")[2]
    return set(re.findall(r"^\| `([^`]+)` \| \S.*\|$", tree, re.M))


def test_every_file_has_its_line_in_the_tree() -> None:
    named = tree_paths()
    folders = tuple(path for path in named if path.endswith("/"))
    missing = [p for p in tracked() if p not in named and not p.startswith(folders)]
    assert not missing
    gone = [p for p in named if not (ROOT / p).exists()]
    assert not gone


def test_every_command_has_an_example_and_is_in_the_readme() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    assert len(commands) >= 8
    for name, command in commands.items():
        assert f"Example: `autograder {name}" in command.help, name
        assert f"`autograder {name}" in README, name


def test_the_students_wheel_holds_the_course_and_nothing_of_the_grader(tmp_path: Path) -> None:
    command = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run(
        [sys.executable, *command, "--wheel-dir", str(tmp_path), "./course"], cwd=ROOT, check=True
    )
    names = zipfile.ZipFile(next(tmp_path.glob("bert_classroom_course-*.whl"))).namelist()
    held = {name for name in names if "dist-info" not in name}
    wanted = {
        path
        for path in tracked()
        if path.startswith("course/") and not path.startswith("course/lessons/")
        and path != "course/pyproject.toml"
    }  # fmt: skip
    assert held == wanted


def test_the_course_never_imports_the_autograder() -> None:
    for path in (ROOT / "course").rglob("*.py"):
        assert not re.search(r"^\s*(from|import) autograder", path.read_text(), re.M), path
    for path in (ROOT / "source").rglob("*.ipynb"):
        assert "autograder" not in path.read_text(encoding="utf-8"), path


def test_requirements_pin_every_package_and_cover_what_pyproject_asks_for() -> None:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.+!-]+", pin) for pin in pins)
    pinned = {re.sub(r"[-_.]+", "-", pin.partition("==")[0]).lower() for pin in pins}
    for project in ("pyproject.toml", "course/pyproject.toml"):
        for need in tomllib.loads((ROOT / project).read_text())["project"]["dependencies"]:
            assert re.split(r"[<>=]", need)[0].lower() in pinned, need


@pytest.mark.parametrize("word", ["TODO", "FIXME", "XXX"])
def test_no_author_left_a_note(word: str) -> None:
    found = [
        path
        for path in tracked()
        if path.endswith((".py", ".md", ".ipynb")) and path != "tests/test_repository.py"
        and re.search(rf"\b{word}\b", (ROOT / path).read_text(encoding="utf-8"))
    ]  # fmt: skip
    assert not found
