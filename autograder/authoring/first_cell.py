"""The first cell of each lesson, and its badge: made from `first-cell.py` and `where.yaml`.

Both are in the folder of the lessons. A lesson's text has an empty cell with the grade_id `set-up`.
"""

from __future__ import annotations

import json
from pathlib import Path

from nbformat.notebooknode import NotebookNode
from pydantic import BaseModel, ConfigDict, ValidationError

from autograder.cells import grade_id_of
from autograder.errors import CourseError
from course import __version__
from course.yaml_records import RecordsError, line_in, read_yaml

SET_UP = "set-up"
#: Shut, so that the first thing a learner sees is the lesson: in JupyterLab, and in Colab.
SHUT = {"jupyter": {"source_hidden": True}, "cellView": "form"}
BADGE = "https://colab.research.google.com/assets/colab-badge.svg"


class Where(BaseModel):
    """Where notebooks get the course from; empty is nowhere."""

    model_config = ConfigDict(extra="forbid")

    index: str = ""
    git: str = ""
    colab: str = ""


def where(lessons: Path) -> Where:
    """Return the setting in the folder of the lessons; raises CourseError."""
    path = lessons / "where.yaml"
    if not path.is_file():
        return Where()
    try:
        return Where.model_validate(read_yaml(path) or {})
    except RecordsError as error:
        raise CourseError(str(error)) from error
    except ValidationError as error:
        first = error.errors()[0]
        line, field = line_in(path, first["loc"]), ".".join(map(str, first["loc"])) or "all"
        raise CourseError(f"{path}, line {line}, field {field}: {first['msg']}.") from error


def set_up(notebook: NotebookNode, lessons: Path, place: str) -> None:
    """Fill the cell `set-up`, and show the badge, in the notebook that is at `place` in release/."""
    setting = where(lessons)
    for cell in notebook.cells:
        if grade_id_of(cell) == SET_UP:
            cell.source = first_cell(lessons, setting)
            cell.metadata.update(SHUT)
    if setting.colab and notebook.cells[0].cell_type == "markdown":
        link = f"[![Open in Colab]({BADGE})]({setting.colab.rstrip('/')}/{place})"
        title, _, rest = notebook.cells[0].source.partition("\n")
        notebook.cells[0].source = f"{title}\n\n{link}\n{rest}"


def first_cell(lessons: Path, setting: Where) -> str:
    """Return the cell's code for this version of the course and that setting."""
    code = (lessons / "first-cell.py").read_text(encoding="utf-8").rstrip("\n")
    values = {"version": __version__, "index": setting.index, "git": setting.git}
    for name, value in values.items():
        code = code.replace(f'{name}=""', f"{name}={json.dumps(value)}")
    return code
