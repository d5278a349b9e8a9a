"""The page of a lesson: the released notebook, with the outputs of the solved one.

Sources come from the released notebook alone, so that no solution can be on a page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import nbformat
from nbformat.notebooknode import NotebookNode

from autograder.authoring.first_cell import SET_UP
from autograder.cells import PRACTICE_TAG, grade_id_of
from autograder.site.questions import questions_html

#: MyST-NB's tag for code that is shown on a click.
FOLDED = "hide-input"
NOTE = """
```{{note}}
This is a page to read. Its outputs are real: they come from the solved lesson. The tasks are for
you to write, in the notebook: {{download}}`download it <{file}>`.
```
"""


def lesson_page(
    lesson: str,
    released: NotebookNode,
    outputs: Mapping[str, list[Any]],
    file: str,
    site: Sequence[str],
) -> NotebookNode:
    """Return the page of `lesson` as a notebook.

    `file` is the path of the notebook to download; `site` has the names of all lessons of the site.
    """
    cells = [_cell(cell, lesson, outputs, site) for cell in released.cells]
    title, _, rest = cells[0].source.partition("\n")
    cells[0].source = f"{title}\n{NOTE.format(file=file)}\n{rest}"
    metadata = {name: released.metadata[name] for name in ("kernelspec", "language_info")}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def _cell(
    cell: NotebookNode, lesson: str, outputs: Mapping[str, list[Any]], site: Sequence[str]
) -> NotebookNode:
    if cell.cell_type == "markdown":
        text = linked(cell.source, [one for one in site if one != lesson])
        return nbformat.v4.new_markdown_cell(text, id=cell.id)
    if PRACTICE_TAG in cell.metadata.get("tags", []):
        asked = questions_html(f"{lesson}#{grade_id_of(cell)}")
        return nbformat.v4.new_markdown_cell(f"~~~~~{{raw}} html\n{asked}\n~~~~~", id=cell.id)
    # What a cell waits for is the notebook's concern, and hides from Sphinx that it is Python.
    code = re.sub(r"\A%%needs .*\n", "", cell.source)
    made = nbformat.v4.new_code_cell(code, id=cell.id)
    made.metadata.tags = [FOLDED] if grade_id_of(cell) == SET_UP else []
    made.outputs = [nbformat.from_dict(one) for one in outputs.get(cell.id, [])]
    return made


def linked(text: str, others: Sequence[str] = ()) -> str:
    """Return Markdown with the links that the site has.

    Links to headings get the anchors that Sphinx makes, instead of Jupyter's. Where another lesson
    is mentioned, as in "lesson 04", a link leads there.
    """
    files = {one[:2]: f"{one}.ipynb" for one in others}

    def anchor(found: re.Match[str]) -> str:
        words = re.sub(r"[^\w-]", "", unquote(found[1]).lower())
        return f"](#{words})"

    def lesson(found: re.Match[str]) -> str:
        return f"[{found[0]}]({files[found[1]]})" if found[1] in files else found[0]

    # Code, headings and links stay as they are.
    parts = re.split(r"(```.*?```|`[^`]*`|^#.*?$|\[[^]]*\]\([^)]*\))", text, flags=re.S | re.M)
    parts[::2] = [re.sub(r"\b[Ll]esson (\d\d)\b", lesson, part) for part in parts[::2]]
    return re.sub(r"\]\(#([^)\s]+)\)", anchor, "".join(parts))


def stated_time(released: NotebookNode) -> str:
    """Return the time that a lesson says it takes, such as "1 hour"; "" if it says none."""
    texts = [cell.source for cell in released.cells if cell.cell_type == "markdown"]
    found = re.search(r"\b(?:Plan|Allow) about ([\w ]+)[:.]", "\n".join(texts))
    return found[1] if found else ""
