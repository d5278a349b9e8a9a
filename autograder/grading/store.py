"""What came of each submission, by what it was: executed outputs and findings, on disk.

The key covers everything that a grade depends on: the cells and files handed in, the exam, the
code that runs and judges, the device and the limits. Student, dates, cell ids and outputs are left
out, so two equal submissions run once, and a second pass over the first one's work runs nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

from nbformat.notebooknode import NotebookNode, from_dict
from pydantic import BaseModel, ConfigDict, ValidationError

from autograder.records import Finding, write_text


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
        return cls(
            outputs={i: cell.outputs for i, cell in code.items()},
            counts={i: cell.execution_count for i, cell in code.items()},
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


class ResultStore:
    """Entries in `folder`, one file each; several processes may write at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, key: str) -> Path:
        """Return where the entry of `key` is kept."""
        return self.folder / key[:2] / f"{key}.json"

    def get(self, key: str) -> Entry | None:
        """Return the entry of `key`; one that cannot be read is as good as none."""
        try:
            return Entry.model_validate_json(self.path(key).read_text(encoding="utf-8"))
        except (FileNotFoundError, UnicodeDecodeError, ValidationError):
            return None

    def put(self, key: str, entry: Entry) -> None:
        """Keep `entry`, whole or not at all."""
        write_text(self.path(key), entry.model_dump_json())


def key_of(notebook: NotebookNode, folder: Path | None, policy: dict[str, Any]) -> str:
    """Return the key of a repaired `notebook` with the files in its `folder` under `policy`."""
    parts = hashlib.sha256(json.dumps(policy, sort_keys=True).encode())
    parts.update(code_state().encode())
    parts.update(json.dumps([(cell.cell_type, cell.source) for cell in notebook.cells]).encode())
    folder = folder or Path(os.devnull)
    for path in sorted(folder.rglob("*")):
        # The notebook itself is in its cells; what else nbgrader lays beside it is dated.
        if path.suffix != ".ipynb" and path.name != "timestamp.txt" and path.is_file():
            parts.update(f"{path.relative_to(folder)}\0".encode("utf-8", "surrogateescape"))
            parts.update(hashlib.sha256(path.read_bytes()).digest())
    return parts.hexdigest()


@cache
def code_state() -> str:
    """Return a digest of all code and data that runs or judges a submission, libraries included."""
    import importlib.metadata

    import autograder
    import course

    parts = hashlib.sha256()
    for package in (autograder, course):
        root = Path(str(package.__file__)).parent
        for path in sorted(root.rglob("*")):
            if path.suffix in (".py", ".json") and "lessons" not in path.parts:
                parts.update(f"{path.relative_to(root)}\0".encode())
                parts.update(path.read_bytes())
    for name in ("torch", "transformers", "datasets", "scikit-learn", "ipykernel", "nbclient"):
        parts.update(f"{name}=={importlib.metadata.version(name)}\0".encode())
    return parts.hexdigest()
