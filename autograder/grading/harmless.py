"""Students' notebooks as HTML in which nothing of theirs runs, loads or looks like the page's own.

What a notebook holds was written by a student or by a student's kernel: text, HTML, pictures, and
fields that templates put into pages as they are. Two walls: the structure is reduced to what is
shown, and what the templates make of it goes through nh3, which keeps listed tags and attributes.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import nh3
from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter
from nbformat.notebooknode import NotebookNode

#: What nbgrader's templates ask a cell's metadata for.
_KINDS = ("grade", "solution", "task", "locked")
_GRADE_ID = re.compile(r"[\w-]+")
#: The places in a notebook that our pages link to.
_PLACE = re.compile(r"cell-\d+")
#: Kinds of output that are shown; the rest is scripts, widgets and what no page shows.
SHOWN = (
    "text/html", "text/markdown", "image/svg+xml", "image/png", "image/jpeg", "text/latex",
    "text/plain",
)  # fmt: skip
#: Pictures are part of the page: nobody is told that it was opened, and when.
_PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=\s]*")
#: A file in the notebook's own folder.
_BESIDE = re.compile(r"(?!\.)[\w .-]+(/[\w -][\w .-]*)*(#[\w-]*)?")
#: Classes of nbconvert's templates, of colours in the terminal and of Pygments. A page's own
#: classes are longer, and have no such beginning.
_CLASS = re.compile(r"(?:ansi|output|rendered|jp)[\w-]*|highlight|dataframe|[a-z][a-z0-9]{0,2}")
_TAGS = nh3.ALLOWED_TAGS - {"area", "map", "header", "footer", "nav", "article", "aside"}
_ATTRIBUTES = {tag: set(names) for tag, names in nh3.ALLOWED_ATTRIBUTES.items()} | {
    "*": {"class", "id", "tabindex"}
}


def harmless(html: str | bytes) -> str:
    """Return HTML without anything that runs, loads from elsewhere or has an effect on the page."""
    text = html.decode() if isinstance(html, bytes) else str(html)
    return nh3.clean(
        text,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto", "data"},
        url_relative=lambda url: url if _BESIDE.fullmatch(url) else None,
    )


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Return what an attribute may be; None removes it."""
    if name == "class":
        return " ".join(filter(_CLASS.fullmatch, value.split())) or None
    if name == "tabindex":
        return value if value == "0" else None
    if name == "id":
        return value if _PLACE.fullmatch(value) else None
    if (tag, name) == ("img", "src"):
        allowed = _PICTURE.fullmatch(value) or _BESIDE.fullmatch(value)
        return value if allowed else None
    return None if value.strip().lower().startswith("data:") else value


def reduced(nb: NotebookNode) -> NotebookNode:
    """Return a copy of a notebook with no field but those that a page shows, and these plain."""
    nb = copy.deepcopy(nb)
    nb.metadata = NotebookNode(
        {key: nb.metadata[key] for key in ("language_info", "kernelspec") if key in nb.metadata}
    )
    for number, cell in enumerate(nb.cells):
        cell.metadata = _reduced_metadata(cell.metadata.get("nbgrader"))
        cell["id"] = f"cell-{number}"
        if cell.cell_type == "code":
            cell.execution_count = _whole(cell.get("execution_count"))
            outputs = map(_reduced_output, cell.outputs)
            cell.outputs = [one for one in outputs if one.get("data") != {}]
    return nb


def _reduced_metadata(grading: Any) -> NotebookNode:
    """Return what a page needs of a cell's metadata: nbgrader's, if they are such at all."""
    grade_id = grading.get("grade_id") if isinstance(grading, dict) else None
    if not isinstance(grade_id, str) or not _GRADE_ID.fullmatch(grade_id):
        return NotebookNode()
    kept: dict[str, Any] = {kind: bool(grading.get(kind)) for kind in _KINDS}
    points = grading.get("points")
    kept["points"] = points if isinstance(points, int | float) else 0
    return NotebookNode({"nbgrader": NotebookNode(kept | {"grade_id": grade_id})})


def _reduced_output(output: NotebookNode) -> NotebookNode:
    if "execution_count" in output:
        output.execution_count = _whole(output.execution_count)
    if "data" in output:
        output.metadata = NotebookNode()
        output.data = NotebookNode(
            {kind: output.data[kind] for kind in SHOWN if kind in output.data}
        )
    return output


def _whole(number: Any) -> int | None:
    return number if isinstance(number, int) else None


class HarmlessExporter(HTMLExporter):
    """nbconvert's exporter, with both walls around whatever template it is given."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sanitize_html = True  # templates then clean what they do not escape
        self.exclude_anchor_links = True

    def default_filters(self) -> Iterator[tuple[str, Any]]:
        """See nbconvert; its own cleaning keeps ids and all classes."""
        yield from super().default_filters()
        yield "clean_html", harmless
        yield "markdown2html", self.harmless_markdown

    @pass_context
    def harmless_markdown(self, context: Any, source: str) -> str:
        """Return Markdown as HTML, cleaned: nbgrader's templates show it as it is."""
        return harmless(self.markdown2html(context, source))

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **kwargs: Any) -> Any:
        """See nbconvert; shows a reduced copy of `nb`."""
        return super().from_notebook_node(reduced(nb), resources, **kwargs)
