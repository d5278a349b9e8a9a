"""What the student's page and the class page share: names of tasks, sections, text as HTML."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup, escape

from course.practice.places import lessons

TEMPLATES = Path(__file__).parent / "templates"

_CODE = re.compile(r"`([^`\n]+)`")
_WORTH = re.compile(r" \(\d+(?:\.\d+)? points?\)$")
#: Colours of code: light, and where the reader's screen is dark.
_STYLES = ("default", "github-dark")


def task_title(assignment: str, grade_id: str) -> str:
    """Return what a lesson calls a task; the cell's own name where no lesson has it."""
    lesson = lessons().get(assignment)
    for place in lesson.places if lesson else ():
        if place.name == grade_id and place.title:
            return without_points(place.title)
    return grade_id.removesuffix("-points")


def section_title(where: str) -> str:
    """Return the title of the section that `where` ("01-tokenizing#see-mask") names, or ""."""
    name, _, place = where.partition("#")
    found = [one.title for one in lessons()[name].places if one.name == place] if name else []
    return without_points(found[0]) if found else ""


def without_points(heading: str) -> str:
    """Return a task's heading without what it is worth, which is the gradebook's to say."""
    return _WORTH.sub("", heading)


def number(points: float) -> str:
    """Return points as people write them: 3, 2.5, 0.33."""
    return f"{round(points, 2):g}"


def counted(points: float) -> str:
    """Return points with their unit: "1 point", "2.5 points"."""
    return f"{number(points)} point{'' if points == 1 else 's'}"


def text(message: str) -> Markup:
    """Return what was told as paragraphs, with what stands in backticks as code."""
    lines = (str(escape(line)) for line in message.splitlines() if line.strip())
    paragraphs = (_CODE.sub(r"<code>\1</code>", line) for line in lines)
    return Markup("".join(f"<p>{one}</p>" for one in paragraphs))


@cache
def code_colours() -> str:
    """Return the style sheet of highlighted code, light and dark."""
    from pygments.formatters import HtmlFormatter

    light, dark = (HtmlFormatter(style=name).get_style_defs(".highlight") for name in _STYLES)
    return f"{light}\n@media screen and (prefers-color-scheme: dark) {{\n{dark}\n}}"


@cache
def environment() -> Environment:
    """Return the Jinja environment of our own pages, in which all text is escaped."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html", "j2"]),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= FILTERS
    return made


FILTERS: dict[str, Any] = {"points": number, "told": text}
