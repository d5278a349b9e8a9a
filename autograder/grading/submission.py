"""A submission, taken in once: chosen files in a folder of the grader's own, a notebook repaired.

`found` lists what is in `submitted/`; `state_of` says by reading alone whether it has changed;
`take_in` copies. Whatever cannot be read is replaced by the released notebook, with a note on top
of it, so that it is graded (at no points) like any other and the batch goes on.
"""

from __future__ import annotations

import copy
import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

import nbformat
from nbformat.notebooknode import NotebookNode, from_dict

from autograder.cells import grade_id_of
from autograder.course_paths import CoursePaths
from autograder.errors import CourseError, NotReleasedError, did_you_mean
from autograder.grading.names import defined
from autograder.grading.notebook_file import UnreadableError, read_notebook
from autograder.grading.repair import repair
from autograder.grading.selection import Chosen, choose, digest_of, unpack

#: What the exchange writes beside a submission: not the student's own.
EXCHANGE_FILES = ("timestamp.txt", "submission_secret.txt")

#: What the tasks of an assignment are worth, by grade_id.
Worth = Mapping[str, float]


@dataclass(frozen=True)
class SubmissionId:
    """Whose submission for which assignment."""

    assignment: str
    student: str


@dataclass(frozen=True)
class Submission:
    """One student's submission for one assignment, as it was taken in; nothing of it changes any more."""

    id: SubmissionId
    #: The grader's own copy: the files that were chosen, and the repaired notebook.
    folder: Path
    #: The name of the notebook, without its ending.
    name: str
    #: Places of the files beside the notebook.
    files: tuple[str, ...]
    #: Everything that the kernel can see, as one digest; equal for equal submissions.
    digest: str
    #: Why the notebook that was handed in could not be read; None where it could.
    complaint: str | None = None

    @property
    def notebook_path(self) -> Path:
        return self.folder / f"{self.name}.ipynb"

    def notebook(self) -> NotebookNode:
        """Return the repaired notebook, which is valid: nothing in it need be looked at again."""
        return from_dict(json.loads(self.notebook_path.read_text(encoding="utf-8")))


def found(
    paths: CoursePaths, assignments: Iterable[str], student: str | None = None
) -> list[SubmissionId]:
    """Return all submissions for `assignments` in `submitted/`; raises CourseError where there is none."""
    names = list(assignments)
    try:
        students = sorted(path.name for path in paths.submitted.iterdir())
    except OSError:
        students = []
    ids = [
        SubmissionId(assignment, name)
        for assignment in names
        for name in students
        if student in (None, name) and _is_there(paths.submitted / name, assignment)
    ]
    if not ids:
        who = f"of {student!r} " if student else ""
        raise CourseError(
            f"There is no submission {who}for {', '.join(names)} in {paths.submitted}."
            f"{did_you_mean(student, students) if student else ''}"
        )
    return ids


def _is_there(folder: Path, assignment: str) -> bool:
    try:
        return (folder / assignment).is_dir() and not (folder / assignment).is_symlink()
    except OSError:
        # A folder that cannot be looked into is told when it is taken in.
        return folder.is_dir()


def origin(paths: CoursePaths, id: SubmissionId) -> Path:
    """Return the folder that was handed in; raises CourseError where it cannot be read."""
    folder = paths.submitted / id.student / id.assignment
    try:
        if folder.is_dir() and not folder.is_symlink():
            next(folder.iterdir(), None)
            return folder
    except OSError as error:
        raise CourseError(
            f"The folder {folder} cannot be read ({error.strerror}): give the grader's account "
            "permission to read it."
        ) from error
    raise CourseError(
        f"There is no submission of {id.student!r} for {id.assignment!r} in {paths.submitted}."
    )


def state_of(paths: CoursePaths, id: SubmissionId) -> str:
    """Return a digest of what was handed in; it reads, and writes nothing. Raises CourseError."""
    try:
        return digest_of(choose(origin(paths, id)))
    except OSError as error:
        raise CourseError(f"The submission of {id.student!r} cannot be read: {error}.") from error


def take_in(paths: CoursePaths, id: SubmissionId, worth: Worth | None = None) -> Submission:
    """Copy the work into the grader's own folder and repair its notebook; raises CourseError.

    `worth` are the points of the tasks by grade_id, where these are not the released notebook's.
    """
    handed_in = origin(paths, id)
    target = paths.staging / id.student / id.assignment
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    archive = target.with_name(f".{id.assignment}.archive")
    name = paths.notebook_name(id.assignment)
    released = released_notebook(paths, id.assignment)
    try:
        chosen = unpack(choose(handed_in), archive)
        notebook_file = notebook_of(chosen, name, released)
        files = _copy(chosen, notebook_file, name, target)
        _overlay(paths.source / id.assignment, target)
    except OSError as error:
        raise CourseError(f"The submission of {id.student!r} cannot be read: {error}.") from error
    else:
        notebook, complaint = _read(notebook_file, released)
    finally:
        shutil.rmtree(archive, ignore_errors=True)
    repair(notebook, released)
    for cell in notebook.cells:
        if (points := (worth or {}).get(grade_id_of(cell) or "")) is not None:
            cell.metadata.nbgrader["points"] = points
    place = target / f"{name}.ipynb"
    place.write_text(json.dumps(_without_points(notebook)), encoding="utf-8")
    digest = digest_of_folder(target)
    place.write_text(json.dumps(notebook), encoding="utf-8")
    return Submission(id, target, name, files, digest, complaint)


def released_notebook(paths: CoursePaths, assignment: str) -> NotebookNode:
    """Return the released notebook, a copy of the caller's own; raises NotReleasedError."""
    path = paths.notebook(paths.release, assignment)
    try:
        return copy.deepcopy(_read_released(path, path.stat().st_mtime_ns))
    except FileNotFoundError as error:
        raise NotReleasedError(assignment) from error


@lru_cache(maxsize=16)
def _read_released(path: Path, _changed: int) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def _without_points(notebook: NotebookNode) -> NotebookNode:
    """Return a copy without what a task is worth: nothing must run again where that has changed."""
    plain = copy.deepcopy(notebook)
    for cell in plain.cells:
        for key in ("points", "checksum"):
            cell.metadata.get("nbgrader", {}).pop(key, None)
    return plain


def notebook_of(chosen: list[Chosen], name: str, released: NotebookNode) -> Chosen | None:
    """Return the notebook that is the assignment's: by its name, else by the course's cells in it."""
    notebooks = [one for one in chosen if one.place.suffix == ".ipynb"]
    for one in notebooks:
        if one.place == PurePosixPath(f"{name}.ipynb"):
            return one
    ranked = [(_likeness(one, released), -number, one) for number, one in enumerate(notebooks)]
    likest = max(ranked, default=None, key=lambda row: row[:2])
    if likest is None or (likest[0] == 0 and len(notebooks) > 1):
        return None
    return likest[2]


def _likeness(one: Chosen, released: NotebookNode) -> int:
    """Return how many of the released notebook's cells are in a notebook."""
    try:
        cells = read_notebook(one.path).cells
    except (UnreadableError, OSError):
        return 0
    ids = {cell["id"] for cell in cells} | {grade_id_of(cell) for cell in cells}
    names = frozenset().union(*(defined(cell.source) for cell in cells if cell.cell_type == "code"))
    return sum(
        model["id"] in ids
        or (grade_id_of(model) or "") in ids
        or bool(defined(model.source) & names)
        for model in released.cells
        if grade_id_of(model)
    )


def _copy(
    chosen: list[Chosen], notebook: Chosen | None, name: str, target: Path
) -> tuple[str, ...]:
    """Copy all files but the notebook to where they are from the notebook's own folder."""
    base = notebook.place.parent if notebook else PurePosixPath()
    copied = []
    for one in chosen:
        if one is notebook:
            continue
        inside = one.place.is_relative_to(base)
        place = one.place.relative_to(base) if inside else one.place
        if one.place.name == "timestamp.txt" and len(one.place.parts) == 1:
            place = one.place
        # Names that are the grader's own are no folders; what is there already stays.
        reserved = place.parts[0] in (*EXCHANGE_FILES, f"{name}.ipynb") and len(place.parts) > 1
        if reserved or place == PurePosixPath(f"{name}.ipynb") or (target / place).exists():
            continue
        try:
            (target / place).parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            continue
        try:
            shutil.copyfile(one.path, target / place, follow_symlinks=False)
        except PermissionError:
            continue  # as if it had not been handed in: it costs its own author
        copied.append(str(place))
    _drop_what_is_no_date(target / "timestamp.txt")
    return tuple(sorted(copied))


def _overlay(source: Path, target: Path) -> None:
    """Put the instructor's own files over the student's, as nbgrader does."""
    if source.is_dir():
        for one in choose(source):
            if one.place.suffix != ".ipynb":
                (target / one.place).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(one.path, target / one.place)


def _drop_what_is_no_date(path: Path) -> None:
    """Remove a time of handing in that is none: nbgrader would not grade at all."""
    from nbgrader.utils import parse_utc

    if path.is_file():
        try:
            parse_utc(path.read_text(encoding="utf-8").strip())
        except (ValueError, OverflowError):
            path.unlink()


def _read(notebook: Chosen | None, released: NotebookNode) -> tuple[NotebookNode, str | None]:
    try:
        if notebook is None:
            raise UnreadableError("there is no such file in what was handed in.")
        return read_notebook(notebook.path), None
    except UnreadableError as error:
        complaint = str(error)
    except PermissionError:
        complaint = "its permissions forbid it. Allow everybody to read the file."
    except OSError as error:
        raise CourseError(
            f"{notebook.path if notebook else ''} cannot be read: {error}."
        ) from error
    copy = NotebookNode(released)
    note = nbformat.v4.new_markdown_cell(
        f"**The notebook handed in could not be read: {complaint}** What follows is the released "
        "one."
    )
    copy["cells"] = [note, *released.cells]
    return copy, complaint


def digest_of_folder(folder: Path) -> str:
    """Return a digest of every byte below `folder` but the exchange's own files."""
    parts = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder)
        if path.is_file() and str(place) not in EXCHANGE_FILES:
            parts.update(f"{place}\0{path.stat().st_size}\0".encode("utf-8", "surrogateescape"))
            parts.update(path.read_bytes())
    return parts.hexdigest()
