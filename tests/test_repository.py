"""Promises of the repository itself: what is installed where, and pages that tell the truth."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from autograder.cli import app
from course import __version__

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def pages() -> dict[str, str]:
    """Return the text of every page for people: at the top and in docs/, by path."""
    paths = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "course" / "DATA.md"]
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in paths}


def tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [path for path in listed.stdout.splitlines() if (ROOT / path).exists()]


def tree_paths(readme: str) -> set[str]:
    """Return the paths in the README's tree; a line may name several, and says what they are."""
    tree = readme.partition("## The tree")[2]
    rows = re.findall(r"^\| ((?:`[^`]+`(?:, )?)+) \| \S.*\|$", tree, re.M)
    return {path for row in rows for path in re.findall(r"`([^`]+)`", row)}


def places(paths: list[str]) -> set[str]:
    """Return what needs a line: all that is at the top, and the folders of both packages."""
    parts = [path.split("/") for path in paths]
    top = {part[0] + "/" * (len(part) > 1) for part in parts}
    packages = {
        f"{part[0]}/{part[1]}/"
        for part in parts
        if part[0] in ("course", "autograder") and len(part) > 2
    }
    return top | packages


def test_every_package_and_top_level_file_has_its_line_in_the_tree() -> None:
    assert tree_paths(README) == places(tracked())


def test_the_tree_is_read_as_it_is_written() -> None:
    assert places(["a.md", "course/a.py", "course/checks/b.py", "tests/x/y.py"]) == {
        "a.md", "course/", "course/checks/", "tests/",
    }  # fmt: skip
    tree = "| `no/` | before |\n## The tree\n| `a/`, `b/` | two |\n| `c` | |\n"
    assert tree_paths(tree) == {"a/", "b/"}


def commands(group: Any = None, prefix: str = "") -> dict[str, Any]:
    """Return all commands, those of groups too, by what is typed after `autograder`."""
    found: dict[str, Any] = {}
    for name, command in (group or get_command(app)).commands.items():
        if hasattr(command, "commands"):
            found |= commands(command, f"{prefix}{name} ")
        else:
            found[prefix + name] = command
    return found


def shown(name: str, text: str) -> bool:
    return re.search(rf"\bautograder {re.escape(name)}(?![\w-])", text) is not None


def test_every_command_has_an_example_and_is_documented() -> None:
    text = "\n".join(pages().values())
    assert len(commands()) >= 10
    for name, command in commands().items():
        assert f"Example: `autograder {name}" in command.help, name
        assert shown(name, text), name
    assert not shown("check", "autograder check-course") and shown("build", "`autograder build`")


def test_every_command_that_is_documented_exists() -> None:
    names = set(commands())
    for page, text in pages().items():
        # As typed: at the start of a line or of code.
        for said in re.findall(r"(?:^|`)autograder ([a-z][a-z-]*(?: [a-z][a-z-]*)?)", text, re.M):
            assert said in names or said.split()[0] in names, f"{page}: autograder {said}"
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    for page, text in pages().items():
        said = set(re.findall(r"(?:^|`)make ([a-z]+)", text, re.M))
        assert said <= targets, f"{page}: make {said - targets}"


def anchors(text: str) -> set[str]:
    """Return what a link can name after `#`, as Markdown hosts derive it from headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


def broken_links(root: Path, page: str, text: str) -> list[str]:
    """Return the relative links of a page that lead nowhere."""
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (root / page).parent / path if path else root / page
        if not target.exists() or (anchor and anchor not in anchors(target.read_text("utf-8"))):
            broken.append(f"{page}: {link}")
    return broken


def test_every_relative_link_resolves() -> None:
    assert len(pages()) >= 9
    assert not [one for page, text in pages().items() for one in broken_links(ROOT, page, text)]


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("# A heading, here\n")
    text = "[a](there.md) [b](there.md#a-heading-here) [c](https://example.org) [d](#none)\n"
    text += "![e](gone.png) [f](there.md#no-heading)"
    (tmp_path / "page.md").write_text(text)
    assert broken_links(tmp_path, "page.md", text) == [
        "page.md: #none", "page.md: gone.png", "page.md: there.md#no-heading",
    ]  # fmt: skip


def test_every_guide_is_linked_from_the_readme() -> None:
    for page in pages():
        assert page == "README.md" or f"]({page}" in README, page


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


def test_the_instructors_wheel_holds_both_packages_marked_as_typed(tmp_path: Path) -> None:
    command = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run(
        [sys.executable, *command, "--wheel-dir", str(tmp_path), "."], cwd=ROOT, check=True
    )
    names = zipfile.ZipFile(next(tmp_path.glob("bert_classroom-*.whl"))).namelist()
    assert {"course/py.typed", "autograder/py.typed", "autograder/cli/__init__.py"} <= set(names)


def test_the_version_is_one_and_the_linter_is_the_pinned_one() -> None:
    assert f"\nversion: {__version__}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"\n## {__version__} (" in (ROOT / "CHANGELOG.md").read_text()
    pin = re.search(r"^ruff==.+$", (ROOT / "requirements.txt").read_text(), re.M)
    assert pin
    asked = re.findall(r"ruff==[\d.]+", (ROOT / ".pre-commit-config.yaml").read_text())
    assert asked and set(asked) == {pin[0]}


def test_settings_of_other_tools_can_be_read() -> None:
    read = {".yml": yaml.safe_load, ".yaml": yaml.safe_load, ".cff": yaml.safe_load}
    read |= {".json": json.loads, ".toml": tomllib.loads}
    seen = set()
    for path in tracked():
        if (suffix := Path(path).suffix) in read:
            assert read[suffix]((ROOT / path).read_text(encoding="utf-8")), path
            seen.add(suffix)
    assert seen == set(read)
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    assert workflow["jobs"]["test"]["steps"][-1] == {"run": ".ci/run"}


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


def test_the_page_on_mutation_tests_names_every_module_and_functions_that_exist() -> None:
    page = (ROOT / "docs" / "mutation.md").read_text(encoding="utf-8")
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert (
        re.findall(r"^\| `(\S+\.py)` \|", page, re.M) == settings["tool"]["mutmut"]["only_mutate"]
    )
    for module, reasons in re.findall(r"^### `(.+)`\n\n((?:- .+\n)+)", page, re.M):
        source = (ROOT / module).read_text(encoding="utf-8")
        for name in re.findall(r"^- `(\w+)`: \S", reasons, re.M):
            assert f"def {name}(" in source, f"{module}: {name}"
