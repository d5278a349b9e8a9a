"""Rooms have doors: which package may import which, read from the imports themselves."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

#: The modules that all packages of the autograder stand on.
GROUND = {"errors", "cells", "records", "course_paths", "nbgrader_api", "preflight"}
#: What each package may import beside the ground, itself and `course`: a package, or one module.
DOORS = {
    "kernels": set(),
    "examining": {"kernels.preload"},
    "verdict": {"examining"},
    "alone": {"examining", "verdict"},
    "authoring": {"examining"},
    "grading": {"examining", "kernels"},
    "courses": {"authoring"},
    "sample": {"authoring", "examining", "grading"},
    "site": {"authoring"},
    "exams": {"examining", "verdict"},
    "__main__": {"cli"},
    "cli": {
        "alone",
        "authoring",
        "courses",
        "examining",
        "grading",
        "kernels",
        "sample",
        "site",
        "verdict",
    },
}

#: Imports that break a rule today, each with what would mend it. To be emptied, not to grow.
EXCUSED: dict[tuple[str, str], str] = {}
#: Packages whose names are loaded when first used.
FACES = {"course", "course.practice", "course.checks"}

#: Modules whose first words do not yet say what they must.
SILENT = {
    "course.checks.train_step": "is of two lessons",
    "course.checks.training_run": "is of two lessons",
}


@cache
def modules() -> dict[str, Path]:
    """Return all modules of both packages, by name; recorded answers are students' code."""
    found = {}
    for package in ("autograder", "course"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if "answers" not in parts:
                found[".".join(parts).removesuffix(".__init__")] = path
    return found


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(modules()[module].read_text(encoding="utf-8"))


def imports_of(module: str) -> Iterator[str]:
    """Yield each module of ours that `module` imports, wherever in its text."""
    for node in ast.walk(tree_of(module)):
        match node:
            case ast.Import(names):
                yield from (name.name for name in names if name.name in modules())
            case ast.ImportFrom(module=str(base), names=names, level=0):
                for name in names:
                    inner = f"{base}.{name.name}"
                    if inner in modules():
                        yield inner
                    elif base in modules():
                        yield base
            case ast.ImportFrom(level=int(level)):
                assert not level, f"{module} imports relatively: name the package"


def all_imports() -> set[tuple[str, str]]:
    return {(module, other) for module in modules() for other in imports_of(module)}


def room_of(module: str) -> str:
    """Return the package, or the ground module, of `autograder` that `module` belongs to."""
    return module.split(".")[1] if "." in module else ""


def permitted(module: str, other: str) -> bool:
    """Return whether `module`, of the autograder, may import `other`."""
    mine, theirs = room_of(module), room_of(other)
    if other.startswith("course") or mine == theirs or theirs in GROUND or not theirs:
        return True
    if mine in GROUND:
        return False
    within = other.removeprefix("autograder.")
    return any(within == door or within.startswith(f"{door}.") for door in DOORS[mine])


def lesson_of(module: str) -> str | None:
    """Return the number of the lesson that a module of checks or an exam is of; None if it is shared."""
    if module.startswith("autograder.exams."):
        return module.split(".")[2][:2]
    if not module.startswith("course.checks."):
        return None
    first = (ast.get_docstring(tree_of(module)) or "").partition("\n")[0]
    found = re.search(r"\blesson (\d\d)\b", first)
    return found[1] if found else None


def closed_doors() -> set[tuple[str, str]]:
    """Return the imports that no rule permits."""
    found = set()
    for module, other in all_imports():
        in_course = module.startswith("course")
        closed = other.startswith("autograder") if in_course else not permitted(module, other)
        # What is shared stands below the lessons; they stand side by side.
        mine, theirs = lesson_of(module), lesson_of(other)
        across = theirs is not None and theirs != mine
        if closed or (across and (mine or module.startswith("course.checks."))):
            found.add((module, other))
    return found


def test_each_package_imports_what_its_doors_permit() -> None:
    assert not closed_doors() - set(EXCUSED)


@pytest.mark.parametrize("excused", EXCUSED, ids=lambda pair: pair[0].rpartition(".")[2])
def test_what_is_mended_is_no_longer_excused(excused: tuple[str, str]) -> None:
    assert excused in closed_doors()


def test_every_package_of_the_autograder_has_its_doors() -> None:
    rooms = {room_of(module) for module in modules() if module.startswith("autograder")}
    assert rooms == {"", *GROUND, *DOORS}


def circle(links: dict[str, set[str]]) -> list[str]:
    """Return a circle in `links`, or nothing."""
    try:
        TopologicalSorter(links).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_modules_import_one_another_in_a_circle() -> None:
    links: dict[str, set[str]] = {}
    for module, other in all_imports():
        if module not in FACES:
            links.setdefault(module, set()).add(other)
    assert circle(links) == []


def test_no_packages_of_the_autograder_import_one_another_in_a_circle() -> None:
    links: dict[str, set[str]] = {}
    for module, other in all_imports() - set(EXCUSED):
        mine, theirs = room_of(module), room_of(other)
        if not (module + other).count("course.") and mine != theirs:
            links.setdefault(mine, set()).add(theirs)
    assert circle(links) == []


def packages() -> list[str]:
    return [name for name, path in modules().items() if path.name == "__init__.py"]


@pytest.mark.parametrize("package", packages())
def test_a_package_says_in_few_lines_what_it_is_for(package: str) -> None:
    text = ast.get_docstring(tree_of(package))
    assert text and len(text.splitlines()) <= 8


def checks_functions(module: str) -> bool:
    """Return whether a class in `module` names the student's function that it checks."""
    classes = [node for node in ast.walk(tree_of(module)) if isinstance(node, ast.ClassDef)]
    statements = [one for node in classes for one in node.body if isinstance(one, ast.Assign)]
    return any(
        isinstance(target, ast.Name) and target.id == "function"
        for one in statements
        for target in one.targets
    )


def silent() -> set[str]:
    """Return the packages that do not say what they must not know, and checks of no lesson.

    A module of checks that named no lesson would count as shared, and lessons could meet in it.
    """
    rooms = {f"autograder.{room}" for room in set(DOORS) - {"exams", "__main__"}}
    found = {
        room for room in rooms if "Must not know: " not in (ast.get_docstring(tree_of(room)) or "")
    }
    checks = {module for module in modules() if module.startswith("course.checks.")}
    return found | {one for one in checks if checks_functions(one) and lesson_of(one) is None}


def test_packages_say_what_they_must_not_know_and_checks_of_which_lesson_they_are() -> None:
    assert silent() == set(SILENT)


def test_the_rules_can_be_broken() -> None:
    assert not permitted("autograder.kernels.client", "autograder.grading.store")
    assert not permitted("autograder.examining.exam", "autograder.kernels.client")
    assert permitted("autograder.examining.processes", "autograder.kernels.preload")
    assert not permitted("autograder.cells", "autograder.examining.exam")
    assert permitted("autograder.cells", "autograder.errors")
    assert lesson_of("course.checks.tokenizing") == "01" and lesson_of("course.checks.base") is None
    assert lesson_of("autograder.exams.04-accuracy.exam") == "04"
    assert circle({"a": {"b"}, "b": {"a"}}) and not circle({"a": {"b"}, "b": {"c"}})
    assert checks_functions("course.checks.tokenizing") and not checks_functions("course.plain")
