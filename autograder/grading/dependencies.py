"""What code and data one assignment's results depend on, found by following imports.

A new lesson, a mended picture or another assignment's exam must not execute a class again; a
change in anything that runs or judges this assignment must.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import importlib.util
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from autograder.examining.exam import Exam
from course.checks.mistakes import FOLDER as MISTAKES
from course.checks.mistakes import course_mistakes

#: What executes and examines every submission; the kernel's side is found from `zygote`.
RUNNING = (
    "autograder.grading.plugins.execute", "autograder.kernels.zygote",
    "autograder.kernels.supervisor", "autograder.examining.older_arguments",
    "autograder.examining.responder", "autograder.grading.repair",
    "autograder.grading.notebook_file", "course", "course.checks", "course.reviews",
    "course.checkpoints",
)  # fmt: skip
LIBRARIES = ("torch", "transformers", "datasets", "scikit-learn", "ipykernel", "nbclient")
PACKAGES = ("autograder", "course")


@cache
def _code_state(folder: Path, told: tuple[str, ...]) -> str:
    parts = hashlib.sha256()
    for path in closure([*_files_of(RUNNING), *sorted(folder.glob("*.py"))]):
        parts.update(f"{path.name}\0".encode())
        parts.update(path.read_bytes())
    for path in sorted(folder.glob("../../verdict/*.json")):
        parts.update(path.read_bytes())
    for id in told:
        if (record := course_mistakes().get(id)) is not None:
            parts.update(record.model_dump_json().encode())
    for path in (MISTAKES / "any-task.yaml",):
        parts.update(path.read_bytes())
    for name in LIBRARIES:
        parts.update(f"{name}=={importlib.metadata.version(name)}\0".encode())
    return parts.hexdigest()


def code_state(exam: Exam) -> str:
    """Return a digest of the code, mistakes and libraries that the exam's results depend on."""
    told = sorted({id for task in exam.tasks for id in task.mistakes() if isinstance(id, str)})
    return _code_state(exam.folder.resolve(), tuple(told))


def closure(files: Iterable[Path]) -> list[Path]:
    """Return `files` and all of our own files that they import, directly or not, sorted."""
    found: set[Path] = set()
    left = list(files)
    while left:
        path = left.pop()
        if path not in found:
            found.add(path)
            left += _imported(path)
    return sorted(found)


@cache
def _imported(path: Path) -> list[Path]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    return _files_of(names)


def _files_of(names: Iterable[str]) -> list[Path]:
    files = []
    for name in names:
        if name.partition(".")[0] in PACKAGES and (file := _file_of(name)) is not None:
            files.append(file)
    return files


@cache
def _file_of(name: str) -> Path | None:
    """Return the file of one of our modules; None for a name that is none."""
    package, _, rest = name.partition(".")
    spec = importlib.util.find_spec(package)
    assert spec is not None and spec.origin is not None
    base = Path(spec.origin).parent.joinpath(*rest.split(".") if rest else [])
    for path in (base / "__init__.py", base.with_suffix(".py")):
        if path.is_file():
            return path
    return None
