"""Collects submissions that came as a folder: clones, unpacked archives, saved e-mails, loose files.

Each entry of the folder is one student's. Whose it is, its name says, or an e-mail's sender; a name
that the gradebook does not know is told and never guessed.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parseaddr, parsedate_to_datetime
from pathlib import Path, PurePosixPath
from typing import cast

from nbformat.notebooknode import NotebookNode

from autograder.course_paths import CoursePaths
from autograder.errors import CourseError
from autograder.grading.roster_names import RosterNames
from autograder.grading.selection import choose, digest_of
from autograder.grading.submission import notebook_of, released_notebook
from course.practice.mastery import SHEET

#: What an LMS or a browser puts behind the name of a file that was there already.
NUMBERED = re.compile(r"(?:-\d+| ?\(\d+\))(?=\.\w+$)")
#: What stands between the words of a file's name.
_GAP = r"[-_. ]+"
#: A name that may become a student's id where the gradebook has no students.
_ID = re.compile(r"[\w@][\w@. -]*")


@dataclass(frozen=True)
class HandedIn:
    """Files that one student handed in, as they came."""

    #: Names that say whose they are; the first one that is known counts.
    names: tuple[str, ...]
    #: By place in the submission: where each file is now.
    files: dict[PurePosixPath, Path]
    #: When they were handed in; None where nothing says so.
    time: datetime | None = None


@dataclass
class Collected:
    """What became of a folder's entries, each list of names in the folder's order."""

    students: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    #: Students for whom something else was collected before, and stays.
    kept: list[str] = field(default_factory=list)
    #: Students of whom several entries hold the same file, and none says which is the last.
    several: list[str] = field(default_factory=list)
    #: Names that are no student's.
    unknown: list[str] = field(default_factory=list)
    #: Names of entries that hold nothing of the assignment.
    nothing: list[str] = field(default_factory=list)


def entries(
    paths: CoursePaths, assignment: str, folder: Path, prefix: str, into: Path
) -> Iterator[HandedIn]:
    """Yield what each entry of `folder` holds of an assignment; attachments are saved in `into`.

    Raises CourseError where the folder cannot be read. An entry without anything of the assignment
    has no files.
    """
    if not folder.is_dir():
        raise CourseError(f"There is no folder {folder}.")
    released = released_notebook(paths, assignment)
    notebook = paths.notebook_name(assignment)
    own = {".ipynb": f"{notebook}.ipynb", ".json": SHEET}
    try:
        for path in sorted(folder.iterdir()):
            if path.name.startswith(".") or path.is_symlink():
                continue
            kind = path.suffix.lower()
            if path.is_dir():
                files, time = _in_folder(path, notebook, released)
                yield HandedIn((owner(path.name, assignment, prefix),), files, time)
            elif kind == ".eml":
                yield _in_mail(path, own, into / path.name)
            else:
                place = own.get(kind, path.name if kind == ".zip" else "")
                files = {PurePosixPath(place): path} if place else {}
                name = NUMBERED.sub("", path.name).removesuffix(path.suffix)
                yield HandedIn((owner(name, assignment, prefix),), files)
    except OSError as error:
        raise CourseError(
            f"{error.filename or folder} cannot be read: {error.strerror}."
        ) from error


def owner(name: str, assignment: str, prefix: str = "") -> str:
    """Return the part of an entry's name that says whose it is.

    `prefix` is taken away, and with it what names the assignment: `bert-01-tokenizing-ann` and
    `Anna Berger - tokenizing` are of `ann` and `Anna Berger`.
    """
    name = name.removeprefix(prefix)
    # Students leave the number out, as notebooks did before version 0.2.
    short = re.sub(r"^\d+-", "", assignment)
    own = [assignment, short, short.replace("-", "_"), SHEET.partition(".")[0]]
    words = "|".join(map(re.escape, own))
    name = re.sub(rf"(?:^|{_GAP})(?:{words})$", "", name, flags=re.I)
    return re.sub(rf"^(?:.*{_GAP})?(?:{words}){_GAP}", "", name, flags=re.I).strip("-_. ")


def _in_folder(
    folder: Path, name: str, released: NotebookNode
) -> tuple[dict[PurePosixPath, Path], datetime | None]:
    """Return what a folder has of an assignment, the folder of its notebook, and from when it is."""
    chosen = choose(folder)
    archives = [one for one in chosen if one.place.suffix.lower() == ".zip"]
    named = (one for one in chosen if one.place.name == f"{name}.ipynb")
    notebook = notebook_of(chosen, name, released) or next(named, None)
    if notebook is None:
        # An archive is unpacked when it is graded.
        alone = len(archives) == 1 and not any(one.place.suffix == ".ipynb" for one in chosen)
        return ({PurePosixPath(archives[0].place.name): archives[0].path} if alone else {}), None
    base = notebook.place.parent
    files = {
        one.place.relative_to(base): one.path for one in chosen if one.place.is_relative_to(base)
    }
    places = [notebook.place, base / SHEET]
    return files, _committed(folder, [one for one in places if (folder / one).is_file()])


def _committed(folder: Path, places: list[PurePosixPath]) -> datetime | None:
    """Return when files of a clone were last committed, or written where they have changed since.

    None where the folder is no clone, or one that cannot be read. The repository is only read: git
    itself would run programs that a student's configuration names.
    """
    from dulwich.object_store import tree_lookup_path
    from dulwich.objects import Blob, Commit
    from dulwich.repo import Repo

    if not (folder / ".git").is_dir():
        return None
    try:
        with closing(Repo(str(folder))) as repo:
            tree = cast(Commit, repo[repo.head()]).tree
            for place in places:
                now = (folder / place).read_bytes().replace(b"\r\n", b"\n")
                try:
                    _, blob = tree_lookup_path(repo.get_object, tree, str(place).encode())
                    then = cast(Blob, repo[blob]).data.replace(b"\r\n", b"\n")
                except KeyError:
                    then = None
                if now != then:
                    return datetime.fromtimestamp((folder / place).stat().st_mtime, UTC)
            walker = repo.get_walker(paths=[str(one).encode() for one in places], max_entries=1)
            (last,) = (one.commit for one in walker)
            return datetime.fromtimestamp(last.commit_time, UTC)
    except Exception:  # whatever a damaged repository makes of it: its time is not known
        return None


def _in_mail(path: Path, own: dict[str, str], into: Path) -> HandedIn:
    """Return the attachments of a saved e-mail, its sender, and when it arrived."""
    with path.open("rb") as file:
        mail = BytesParser(_class=EmailMessage, policy=policy.default).parse(file)
    shown, address = parseaddr(str(mail["From"] or ""))
    files: dict[PurePosixPath, Path] = {}
    into.mkdir(parents=True)
    for number, part in enumerate(mail.iter_attachments()):
        name = PurePosixPath((part.get_filename() or "").replace("\\", "/")).name
        kind = PurePosixPath(name).suffix.lower()
        content = part.get_payload(decode=True)
        if not name or name.startswith(".") or not isinstance(content, bytes):
            continue
        place = PurePosixPath(own[kind] if kind == ".ipynb" else NUMBERED.sub("", name))
        saved = into / str(number)
        saved.write_bytes(content)
        files.setdefault(place, saved)
    if not any(place.suffix.lower() in (*own, ".zip") for place in files):
        files = {}
    return HandedIn(tuple(filter(None, (address, shown))) or (path.stem,), files, _arrived(mail))


def _arrived(mail: EmailMessage) -> datetime | None:
    """Return when the last server took an e-mail in, else when it was sent."""
    for header in (*mail.get_all("Received", [])[:1], mail["Date"]):
        try:
            return parsedate_to_datetime(str(header).rpartition(";")[2].strip()).astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            continue
    return None


def collect(
    paths: CoursePaths,
    assignment: str,
    works: Iterable[HandedIn],
    names: RosterNames,
    *,
    force: bool = False,
) -> Collected:
    """Put each student's files into `submitted/`; what is there already stays, unless `force`.

    A gradebook without students takes each name as an id. Raises CourseError where a file cannot be
    copied.
    """
    done = Collected()
    by_student: dict[str, list[HandedIn]] = {}
    for one in works:
        if not one.files:
            done.nothing.append(one.names[0])
            continue
        student = next(filter(None, map(names.student, one.names)), None)
        if student is None and not names.owners and _ID.fullmatch(one.names[0]):
            student = one.names[0]
        if student is None:
            done.unknown.append(one.names[0])
        else:
            by_student.setdefault(student, []).append(one)
    for student, mine in sorted(by_student.items()):
        if (work := _merged(mine)) is None:
            done.several.append(student)
        else:
            _put(paths, assignment, student, work, done, force=force)
    return done


def _merged(works: list[HandedIn]) -> HandedIn | None:
    """Return the latest of a student's works, or all in one; None where they overlap."""
    times = [one.time for one in works if one.time is not None]
    if len(times) == len(works):
        return next(one for one in works if one.time == max(times))
    files: dict[PurePosixPath, Path] = {}
    for one in works:
        if files.keys() & one.files.keys():
            return None
        files |= one.files
    return HandedIn(works[0].names, files, max(times, default=None))


def _put(
    paths: CoursePaths,
    assignment: str,
    student: str,
    work: HandedIn,
    done: Collected,
    *,
    force: bool,
) -> None:
    target = paths.submitted / student / assignment
    try:
        paths.log.parent.mkdir(exist_ok=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="collecting-", dir=paths.log.parent) as name:
            new = Path(name, assignment)
            for place, path in work.files.items():
                (new / place).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, new / place, follow_symlinks=False)
            if work.time is not None:
                (new / "timestamp.txt").write_text(f"{work.time:%Y-%m-%d %H:%M:%S} UTC\n")
            if target.is_dir() and digest_of(choose(target)) == digest_of(choose(new)):
                done.unchanged.append(student)
            elif target.exists() and not force:
                done.kept.append(student)
            else:
                if target.exists():
                    shutil.rmtree(target)
                shutil.move(new, target)
                done.students.append(student)
    except OSError as error:
        raise CourseError(
            f"The work of {student} could not be collected: {error.filename or target}: "
            f"{error.strerror}."
        ) from error
