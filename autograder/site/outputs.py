"""What the cells of a solved lesson print and draw: executed once, and kept until code changes."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

import course
from autograder.cells import PRACTICE_TAG
from autograder.errors import CourseError
from course.files import write_whole
from course.practice.journal import VARIABLE

#: What a cell may take, in seconds: several fine-tuning runs on a slow machine.
TIMEOUT = 1800
#: Packages whose version shows in outputs.
SHOWN = ("datasets", "matplotlib", "scikit-learn", "torch", "transformers")
#: Folders of the course that no output depends on: lessons count by their cells, questions are
#: shown as text.
APART = ("lessons", "questions", "__pycache__")

#: Called with how many cells are done, and of how many.
Progress = Callable[[int, int], None]


def outputs_of(notebook: NotebookNode, kept: Path, progress: Progress) -> dict[str, list[Any]]:
    """Return the outputs of each code cell of a solved `notebook`, by the cell's id.

    Practice cells are left out. The notebook is executed in a folder of its own, unless the file
    `kept` holds what the same cells gave with the same course. Raises CourseError naming the cell
    that failed.
    """
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and not _asks(cell)]
    digest = _digest(cell.source for cell in cells)
    before = _read(kept)
    if before.get("digest") != digest:
        _execute(notebook, cells, progress)
        before = {"digest": digest, "outputs": [cell.outputs for cell in cells]}
        write_whole(kept, json.dumps(before))
    return {cell.id: each for cell, each in zip(cells, before["outputs"], strict=True)}


def _read(kept: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found


def _asks(cell: NotebookNode) -> bool:
    return PRACTICE_TAG in cell.metadata.get("tags", [])


def _digest(sources: Iterator[str]) -> str:
    """Return a digest of all that outputs depend on: cells, the course's files, packages."""
    found = hashlib.sha256(json.dumps(list(sources)).encode())
    home = Path(course.__file__).parent
    for path in sorted(home.rglob("*")):
        parts = path.relative_to(home).parts
        if path.is_file() and not set(parts) & set(APART):
            found.update(f"{'/'.join(parts)}\0".encode() + path.read_bytes())
    for name in SHOWN:
        found.update(f"{name} {version(name)}\0".encode())
    return found.hexdigest()


def _execute(notebook: NotebookNode, cells: list[NotebookNode], progress: Progress) -> None:
    """Fill in the outputs of `cells`, which are all the cells of `notebook` that are run."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError

    run = nbformat.v4.new_notebook(cells=cells, metadata=notebook.metadata)
    begun = 0

    def count(**_: Any) -> None:
        nonlocal begun
        progress(begun, len(cells))
        begun += 1

    with tempfile.TemporaryDirectory(prefix="lesson-") as folder, _as_a_learner(folder):
        client = NotebookClient(
            run,
            timeout=TIMEOUT,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
            on_cell_start=count,
        )
        try:
            client.execute(stderr=subprocess.DEVNULL)  # where a kernel warns of what is usual
            progress(begun, len(cells))
        except (CellExecutionError, CellTimeoutError) as error:
            what = str(error).strip().splitlines()[-1]
            if isinstance(error, CellExecutionError):
                what = f"{error.ename}: {error.evalue}"
            raise CourseError(
                f"The solved lesson stops at cell {cells[begun - 1].id!r}: {what}"
            ) from error
        for cell in cells:
            cell.outputs = json.loads(json.dumps(cell.outputs).replace(folder, "~"))


@contextmanager
def _as_a_learner(folder: str) -> Iterator[None]:
    """Let kernels start as for a learner who is new: an empty home, no network, no known name."""
    before = dict(os.environ)
    for name in (VARIABLE, "JUPYTERHUB_USER", "MPLBACKEND"):
        os.environ.pop(name, None)
    os.environ |= {"HOME": folder, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
