"""How long a lesson takes: from its words, its practice questions and the code that is written."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nbformat.notebooknode import NotebookNode

from autograder.authoring.lessons import read_lesson
from autograder.course_paths import CoursePaths
from course.practice.rounds import bank

#: Words a minute. Readers of English non-fiction have a mean of 238 (Brysbaert, 2019, 190 studies);
#: text with code is read more slowly, and many read it in a second language.
WORDS = 180
#: Minutes for a line of the solution: to find it, write it and try it.
LINE = 1.0


@dataclass(frozen=True)
class Minutes:
    """The minutes that one lesson takes, by what they are spent on."""

    reading: float
    practice: float
    coding: float

    @property
    def said(self) -> str:
        """The sentence that the lesson states: parts to 5 minutes, the whole to a quarter hour."""
        parts = [5 * max(1, round(part / 5)) for part in (self.reading, self.practice, self.coding)]
        quarters = max(1, round(sum(parts) / 15))
        hours, rest = divmod(quarters, 4)
        whole = " ".join(
            [
                *([f"{hours} hour{'s' * (hours > 1)}"] if hours else []),
                *([f"{15 * rest} minutes"] if rest else []),
            ]
        )
        return (
            f"Plan about {whole}: {parts[0]} minutes for reading, {parts[1]} for practice questions "
            f"and {parts[2]} for your own code."
        )


def lesson_minutes(paths: CoursePaths, lesson: str) -> Minutes:
    """Return how long `lesson` takes."""
    cells = read_lesson(paths.lessons / f"{lesson}.md").cells
    text = " ".join(cell.source for cell in cells if cell.cell_type == "markdown")
    text = re.sub(r"\]\(#\S*\)|<!--.*?-->", "", text)  # what is not read: anchors and markers
    practice = sum(one.minutes for one in bank() if one.lesson.partition("#")[0] == lesson)
    return Minutes(
        len(re.findall(r"\w[\w’'.-]*", text)) / WORDS, practice, LINE * sum(map(_lines, cells))
    )


def _lines(cell: NotebookNode) -> int:
    """Return how many lines of a cell the student has to write."""
    solutions = re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", cell.source, re.DOTALL)
    return sum(bool(line.strip()) for part in solutions for line in part.splitlines())
