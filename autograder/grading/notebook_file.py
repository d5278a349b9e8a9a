"""Reads a notebook that a student handed in, whatever an editor, a mail or a merge did to it.

Cells are put right one by one, so that one odd cell never costs the others. What cannot be read
at all is told in one sentence that says what to do.
"""

from __future__ import annotations

import codecs
import json
import re
import warnings
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode, from_dict

from autograder.cells import grade_id_of
from course.plain import whole_text

#: Cells that hold text; empty ones are dropped before they are counted.
MAX_CELLS = 2000
MAX_SOURCE_BYTES = 5 * 2**20
#: Pictures pasted into text cells, in all.
MAX_ATTACHMENT_BYTES = 20 * 2**20

_CONFLICT = re.compile(r"^(<{7}|={7}|>{7})( |$)", re.MULTILINE)
_ATTACHMENT = re.compile(r"attachment:([^)\s\"'>]+)")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class UnreadableError(Exception):
    """A notebook that cannot be read; the text says why, and what the student can do."""


def read_notebook(path: Path) -> NotebookNode:
    """Return the notebook in `path` in format 4, without outputs; raises UnreadableError."""
    text = _text(path.read_bytes())
    try:
        content = json.loads(text)
    except RecursionError:
        raise UnreadableError("it is nested too deeply to be a notebook.") from None
    except ValueError:
        if found := _CONFLICT.search(text):
            line = text.count("\n", 0, found.start()) + 1
            raise UnreadableError(
                f"it contains Git conflict marks, the first in line {line}. Resolve the conflict, "
                "open the notebook in Jupyter, save it and hand it in again."
            ) from None
        raise UnreadableError(
            "it is not complete JSON; was it cut off while it was saved or sent? Open it in "
            "Jupyter, save it and hand it in again."
        ) from None
    if isinstance(content, dict) and isinstance(content.get("worksheets"), list):
        content = _from_format_3(content)
    cells = content.get("cells") if isinstance(content, dict) else None
    if not isinstance(cells, list):
        raise UnreadableError(
            "it is JSON, but not a notebook: it has no list of cells. Hand in the .ipynb file."
        )
    return _notebook([clean for number, cell in enumerate(cells) if (clean := _cell(cell, number))])


def _text(data: bytes) -> str:
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise UnreadableError(
            "it is not UTF-8 text. Open it in Jupyter, save it and hand it in again."
        ) from None


def _from_format_3(content: dict[str, Any]) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            old = {"metadata": {}, "nbformat_minor": 0} | content | {"nbformat": 3}
            return nbformat.convert(from_dict(old), 4)
    except Exception as error:
        raise UnreadableError(
            f"it is in an old notebook format and could not be converted ({type(error).__name__}). "
            "Open it in Jupyter, save it and hand it in again."
        ) from None


def _cell(cell: Any, number: int) -> NotebookNode | None:
    """Return the cell with what the format has for it and nothing else, or None for an empty one."""
    if not isinstance(cell, dict):
        return None
    source = _text_of(cell.get("source", cell.get("input", "")))
    if source is None:
        return None
    source = source.replace("\r\n", "\n")
    kind = cell.get("cell_type")
    if kind not in ("code", "markdown", "raw"):
        kind = "markdown" if kind == "heading" else "raw"
    # Of all metadata, only the name by which nbgrader knows a cell is ever looked at.
    name = grade_id_of(cell)
    if not (source.strip() or name):
        return None
    given = cell.get("id")
    clean = NotebookNode(
        cell_type=kind,
        id=given if isinstance(given, str) and given else f"cell-{number}",
        metadata=from_dict({"nbgrader": {"grade_id": name}} if name else {}),
        source=source,
    )
    if kind == "code":
        clean["outputs"], clean["execution_count"] = [], None
    elif pictures := _pictures(cell.get("attachments")):
        clean["attachments"] = from_dict(pictures)
    return clean


def _pictures(given: Any) -> dict[str, dict[str, str]]:
    """Return the pictures pasted into a cell: by name and kind, each as text."""
    pictures: dict[str, dict[str, str]] = {}
    for name, bundle in given.items() if isinstance(given, dict) else ():
        for kind, data in bundle.items() if isinstance(bundle, dict) else ():
            if text := _text_of(data):
                pictures.setdefault(whole_text(name), {})[whole_text(kind)] = text
    return pictures


def _text_of(value: Any) -> str | None:
    """Return a text, or the lines of one, as a text; None for anything else."""
    if isinstance(value, list):
        value = "".join(part for part in value if isinstance(part, str))
    return whole_text(value) if isinstance(value, str) else None


def _notebook(cells: list[NotebookNode]) -> NotebookNode:
    if len(cells) > MAX_CELLS:
        raise UnreadableError(f"it has {len(cells):,} cells; at most {MAX_CELLS:,} are graded.")
    size = sum(len(cell.source) for cell in cells)
    if size > MAX_SOURCE_BYTES:
        raise UnreadableError(
            f"its cells hold {size / 2**20:.1f} MB of text; at most {MAX_SOURCE_BYTES // 2**20} MB "
            "are graded. Put large data into a file beside the notebook."
        )
    pictures = 0
    for cell in cells:
        pictures += len(json.dumps(cell.get("attachments", {})))
        if pictures > MAX_ATTACHMENT_BYTES:
            cell.pop("attachments", None)
        _drop_dangling_references(cell)
    return NotebookNode(cells=cells, metadata=NotebookNode(), nbformat=4, nbformat_minor=5)


def _drop_dangling_references(cell: NotebookNode) -> None:
    """Rename references to pictures that the cell does not have: no page could be made of them."""
    if cell.cell_type == "markdown":
        have = cell.get("attachments", {})
        cell.source = _ATTACHMENT.sub(
            lambda found: found[0] if found[1] in have else f"missing-{found[0]}", cell.source
        )
