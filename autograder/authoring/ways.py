"""The ways into a lesson, as the table at its top: each entry leads to a heading that is there."""

from __future__ import annotations

import re
from pathlib import Path

from autograder.authoring.lessons import read_lesson
from autograder.authoring.outline import headings

#: What a learner may want, and the first words of the headings where it is.
WAYS = {
    "know why it matters": ("Why",),
    "understand it": ("Deep",),
    "see it": ("See",),
    "write it yourself": ("Task",),
    "practise": ("Quiz", "Predict", "Fill", "Debug"),
    "experiment": ("Experiment",),
    "take up a challenge": ("Challenge",),
    "review": ("Recall",),
}
#: Ways that are a lesson of their own.
ELSEWHERE = (
    "Judge a model by numbers: lesson 04. Work on a project: lesson 07. Test yourself: lesson 08."
)


def ways_table(path: Path) -> str:
    """Return the table of ways for the lesson in `path`, in Markdown."""
    rows = ["| if you want to … | go to |", "| --- | --- |"]
    every = _headings(path)
    for want, words in WAYS.items():
        found = [one for one in every if re.split(r"[ :]", one)[0] in words]
        if found:
            rows.append(f"| {want} | {' · '.join(map(_link, found))} |")
    return "\n".join(rows)


def _headings(path: Path) -> list[str]:
    """Return the headings of sections and tasks, as they are shown."""
    return [
        text.replace("`", "")
        for cell in read_lesson(path).cells
        if cell.cell_type == "markdown"
        for level, text in headings(cell.source)
        if level in (2, 3)
    ]


def _link(heading: str) -> str:
    """Return a link as notebooks make the anchor: spaces become hyphens."""
    words = re.sub(r"^(Task \d+): (\w+) .*$", r"\2", heading)
    words = words.partition(": ")[2] or words
    anchor = heading.replace(" ", "-").replace("(", "%28").replace(")", "%29")
    return f"[{words}](#{anchor})"
