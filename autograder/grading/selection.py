"""Which files of a folder handed in are taken: plain ones, within bounds, without litter.

What a student handed in is never changed, and nothing in it can make the grader follow a link,
wait on a pipe or copy without end. A folder that holds nothing but an archive is unpacked.
"""

from __future__ import annotations

import hashlib
import os
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

MAX_FILES = 1000
MAX_FOLDERS = 200
MAX_DEPTH = 10
MAX_FILE_BYTES = 100 * 2**20
MAX_TOTAL_BYTES = 400 * 2**20
#: A notebook may be larger than other files: its outputs are dropped before anything is measured.
MAX_NOTEBOOK_FILE_BYTES = 256 * 2**20
#: What operating systems, editors and Python leave in folders by themselves.
LITTER = {"__pycache__", "__MACOSX", "Thumbs.db", "desktop.ini"}


@dataclass(frozen=True)
class Chosen:
    """One file that is taken: where it is, and its place in the submission."""

    path: Path
    place: PurePosixPath
    size: int


def choose(folder: Path) -> list[Chosen]:
    """Return the files in `folder` that are taken, notebooks first; the same ones each time.

    Raises OSError where the folder itself cannot be read.
    """
    found = sorted(
        _plain_files(folder),
        # Whatever else there is too much of, notebooks are taken, the shallowest first.
        key=lambda one: (one.place.suffix != ".ipynb", len(one.place.parts), one.place),
    )
    chosen: list[Chosen] = []
    folders: set[PurePosixPath] = set()
    total = 0
    for one in found:
        parents = {parent for parent in one.place.parents if parent.parts}
        size = 0 if one.place.suffix == ".ipynb" else one.size
        if len(folders | parents) > MAX_FOLDERS or total + size > MAX_TOTAL_BYTES:
            continue
        if len(chosen) == MAX_FILES:
            break
        chosen.append(one)
        folders |= parents
        total += size
    return chosen


def _plain_files(folder: Path) -> Iterator[Chosen]:
    def refuse(error: OSError) -> None:
        if error.filename == str(folder):
            raise error

    for where, folders, names in os.walk(folder, onerror=refuse, followlinks=False):
        depth = len(Path(where).relative_to(folder).parts)
        folders[:] = sorted(name for name in folders if depth < MAX_DEPTH and not _is_litter(name))
        for name in names:
            path = Path(where) / name
            status = path.lstat()
            bound = MAX_NOTEBOOK_FILE_BYTES if path.suffix == ".ipynb" else MAX_FILE_BYTES
            if stat.S_ISREG(status.st_mode) and status.st_size <= bound and not _is_litter(name):
                place = PurePosixPath(path.relative_to(folder).as_posix())
                yield Chosen(path, place, status.st_size)


def _is_litter(name: str) -> bool:
    return name.startswith(".") or name in LITTER or name.endswith((".pyc", ".tmp.ipynb"))


def digest_of(chosen: list[Chosen]) -> str:
    """Return a digest of the chosen files, their places and bytes; nothing is written."""
    parts = hashlib.sha256()
    for one in sorted(chosen, key=lambda one: one.place):
        parts.update(f"{one.place}\0{one.size}\0".encode("utf-8", "surrogateescape"))
        try:
            with one.path.open("rb") as file:
                parts.update(hashlib.file_digest(file, "sha256").digest())
        except PermissionError:
            parts.update(b"may not be read")
    return parts.hexdigest()


def unpack(chosen: list[Chosen], target: Path) -> list[Chosen]:
    """Return `chosen`, or what its only archive holds where no notebook was handed in.

    The archive is unpacked into `target`. Entries that are links, leave the folder or are beyond
    bounds stay behind, as does an archive that cannot be read.
    """
    archives = [one for one in chosen if one.place.suffix.lower() == ".zip"]
    if len(archives) != 1 or any(one.place.suffix == ".ipynb" for one in chosen):
        return chosen
    total = 0
    try:
        with zipfile.ZipFile(archives[0].path) as archive:
            for entry in archive.infolist()[:MAX_FILES]:
                name = PurePosixPath(entry.filename.replace("\\", "/"))
                total += entry.file_size
                if entry.is_dir() or name.is_absolute() or ".." in name.parts:
                    continue
                if stat.S_ISLNK(entry.external_attr >> 16) or total > MAX_TOTAL_BYTES:
                    continue
                place = target / name
                place.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as packed:
                    # What it says of its own size need not be true.
                    place.write_bytes(packed.read(entry.file_size))
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError):
        return chosen
    return [*choose(target), *(one for one in chosen if one is not archives[0])]
