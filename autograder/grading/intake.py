"""Takes a submission over into the grader's own folder: plain files only, and a readable notebook.

What a student handed in is never changed. Links, pipes and huge files stay behind; a notebook
that cannot be read is replaced by the released one, with a note on top of it, so that it is
graded (at no points) like any other and the batch goes on.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import warnings
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode

from autograder.cells import cleaned
from autograder.course_paths import CoursePaths
from autograder.errors import CourseError

MAX_NOTEBOOK_BYTES = 20 * 2**20
MAX_FILE_BYTES = 100 * 2**20
MAX_FILES = 1000


@dataclass(frozen=True)
class Staged:
    """A submission taken over: where, its digest, and what was wrong with its notebook, if anything."""

    folder: Path
    digest: str
    complaint: str | None


def stage(paths: CoursePaths, assignment: str, student: str) -> Staged:
    """Copy the submission into the staging folder; raises CourseError if there is none."""
    origin = paths.submitted / student / assignment
    if not origin.is_dir() or origin.is_symlink():
        raise CourseError(
            f"There is no submission of {student!r} for {assignment!r} in submitted/."
        )
    target = paths.staging / student / assignment
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    digest = hashlib.sha256()
    # Notebooks first: whatever else there is too much of, they are taken.
    files = sorted(_plain_files(origin), key=lambda path: (path.suffix != ".ipynb", path))
    for path in files[:MAX_FILES]:
        relative = path.relative_to(origin)
        copy = target / relative
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy, follow_symlinks=False)
        digest.update(f"{relative}\0".encode("utf-8", "surrogateescape"))
        digest.update(hashlib.sha256(copy.read_bytes()).digest())
    _drop_what_is_no_date(target / "timestamp.txt")
    name = paths.notebook_name(assignment)
    complaint = _settle_notebook(target, paths.notebook(paths.release, assignment), name)
    return Staged(target, digest.hexdigest(), complaint)


def _plain_files(folder: Path) -> list[Path]:
    found = []
    for where, folders, names in os.walk(folder, followlinks=False):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(where) / name
            status = path.lstat()
            if stat.S_ISREG(status.st_mode) and status.st_size <= MAX_FILE_BYTES:
                found.append(path)
    return found


def _drop_what_is_no_date(path: Path) -> None:
    """Remove a time of handing in that is none: nbgrader would not grade at all."""
    from nbgrader.utils import parse_utc

    if path.is_file():
        try:
            parse_utc(path.read_text(encoding="utf-8").strip())
        except (ValueError, OverflowError):
            path.unlink()


def _settle_notebook(folder: Path, released: Path, name: str) -> str | None:
    """Make sure that `folder` has the notebook `name`, readable; return what was wrong with it."""
    place = folder / f"{name}.ipynb"
    others = sorted(folder.glob("*.ipynb"))
    if not place.exists() and len(others) == 1:
        others[0].rename(place)  # a browser called it "tokenizing (1).ipynb"
    complaint = "there is no such file." if not place.exists() else _read_complaint(place)
    if complaint is None:
        return None
    notebook = nbformat.read(released, as_version=4)
    note = nbformat.v4.new_markdown_cell(
        f"**The notebook handed in could not be read: {complaint}** What follows is the released "
        "one. Open yours in JupyterLab, save it, and hand it in again."
    )
    notebook.cells.insert(0, note)
    nbformat.write(notebook, place)
    return complaint


def _read_complaint(path: Path) -> str | None:
    """Return why the notebook in `path` cannot be graded, or None."""
    if path.stat().st_size > MAX_NOTEBOOK_BYTES:
        return f"it is larger than {MAX_NOTEBOOK_BYTES // 2**20} MB."
    try:
        # Some editors put a byte-order mark first, which JSON does not allow.
        text = path.read_text(encoding="utf-8-sig")
        path.write_text(text, encoding="utf-8")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # ids that are missing or doubled are mended later
            notebook = nbformat.reads(text, as_version=4)
    except UnicodeDecodeError:
        return "it is not UTF-8 text."
    except RecursionError:
        return "it is nested too deeply."
    except nbformat.reader.NotJSONError:
        return "it is no complete JSON; was it cut off while it was saved or sent?"
    except Exception as error:
        return f"it is no notebook ({type(error).__name__})."
    if (complaint := _shape_complaint(notebook)) is None:
        # From here on every reader finds what it expects; of its own metadata nothing is needed.
        notebook.cells = [cleaned(cell, number) for number, cell in enumerate(notebook.cells)]
        notebook.metadata, notebook.nbformat_minor = NotebookNode(), 5
        path.write_text(json.dumps(notebook), encoding="utf-8")
    return complaint


def _shape_complaint(notebook: NotebookNode) -> str | None:
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not all(
        isinstance(cell, dict)
        and cell.get("cell_type") in ("code", "markdown", "raw")
        and isinstance(cell.get("source"), str)
        and isinstance(cell.get("metadata"), dict)
        for cell in cells
    ):
        return "its cells are not as the notebook format has them."
    return None
