"""The result store: what came of each submission, by what it was, on disk.

The key covers everything that a result depends on: every byte that the kernel could see, the exam,
the code that runs and judges it (found by its imports), the limits and the device. Student, dates
and outputs are no part of it, so two equal submissions run once, and a second pass over the first
one's work runs nothing.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbformat import ValidationError, validate
from nbformat.notebooknode import NotebookNode, from_dict
from nbformat.v4 import new_output
from pydantic import BaseModel, ConfigDict
from pydantic import ValidationError as NotAnEntryError
from pydantic_core import to_json

from autograder.examining.exam import Exam, exam_state
from autograder.grading.dependencies import code_state
from autograder.records import Finding
from course.files import write_whole

DAY = 24 * 3600.0


class Entry(BaseModel):
    """One executed and examined submission."""

    model_config = ConfigDict(frozen=True)

    outputs: dict[int, list[dict[str, Any]]]
    counts: dict[int, int | None]
    language_info: dict[str, Any]
    findings: list[Finding]
    contained: bool

    @classmethod
    def of(cls, notebook: NotebookNode, findings: list[Finding], *, contained: bool) -> Entry:
        """Return what is kept of an executed `notebook`."""
        code = {i: cell for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"}
        counts = {i: cell.execution_count for i, cell in code.items()}
        return cls(
            outputs={i: [_kept(one) for one in cell.outputs] for i, cell in code.items()},
            counts={i: one if type(one) is int else None for i, one in counts.items()},
            language_info=notebook.metadata.get("language_info", {}),
            findings=findings,
            contained=contained,
        )

    def graft(self, notebook: NotebookNode) -> None:
        """Put the outputs into `notebook`, which has the same cells and has not run."""
        for index, outputs in self.outputs.items():
            notebook.cells[index].outputs = [from_dict(output) for output in outputs]
            notebook.cells[index].execution_count = self.counts[index]
        notebook.metadata["language_info"] = from_dict(self.language_info)


def _kept(output: dict[str, Any]) -> dict[str, Any]:
    """Return an output as a notebook's file can hold it; a kernel may have sent anything."""
    try:
        text = json.dumps(output, ensure_ascii=False).encode("utf-8", "replace")
        kept: dict[str, Any] = json.loads(text)
        to_json(kept)  # nested no deeper than what is written
        validate(from_dict(kept), ref="output", version=4)
    except (ValueError, TypeError, RecursionError, ValidationError):
        return dict(new_output("stream", name="stdout", text="[an output that is none]\n"))
    return kept


class ResultStore:
    """Entries in `folder`, one file each; several processes may write at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, key: str) -> Path:
        """Return where the entry of `key` is kept."""
        return self.folder / key[:2] / f"{key}.json"

    def get(self, key: str) -> Entry | None:
        """Return the entry of `key`; one that cannot be read is as good as none."""
        path = self.path(key)
        try:
            entry = Entry.model_validate_json(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, NotAnEntryError):
            return None
        # Used today: pruning takes what nobody asks for any more.
        os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))
        return entry

    def put(self, key: str, entry: Entry) -> None:
        """Keep `entry`, whole or not at all."""
        write_whole(self.path(key), entry.model_dump_json())

    def entries(self) -> Iterator[tuple[float, int, Path]]:
        """Yield when each entry was last used (seconds since the epoch), its bytes and its file."""
        for path in self.folder.glob("??/*.json"):
            status = path.stat()
            yield status.st_atime, status.st_size, path

    def prune(
        self, *, days: float | None = None, mebibytes: float | None = None
    ) -> tuple[int, int]:
        """Delete entries unused for so many `days`, then the oldest beyond `mebibytes` in all.

        Returns how many were deleted, and their bytes. Nothing is lost but time: what is graded
        again is executed again.
        """
        entries = sorted(self.entries(), reverse=True)
        oldest = time.time() - days * DAY if days is not None else -math.inf
        room = mebibytes * 2**20 if mebibytes is not None else math.inf
        deleted = freed = 0
        for used, size, path in entries:
            room -= size
            if used < oldest or room < 0:
                path.unlink(missing_ok=True)
                deleted, freed = deleted + 1, freed + size
        return deleted, freed


def key_of(digest: str, exam: Exam, policy: dict[str, Any]) -> str:
    """Return the key of a submission (by its digest) in `exam` under `policy`."""
    parts = hashlib.sha256(json.dumps(policy, sort_keys=True).encode())
    for part in (digest, exam.assignment, exam_state(exam), code_state(exam)):
        parts.update(f"{part}\0".encode())
    return parts.hexdigest()
