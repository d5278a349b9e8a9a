"""How long a lesson takes: from its words, its practice questions and the code that is written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from statistics import fmean

from nbformat.notebooknode import NotebookNode

from autograder.authoring.lessons import read_lesson
from autograder.course_paths import CoursePaths
from course.practice.mastery import drawn, pool
from course.practice.rounds import bank

#: Words a minute. Readers of English non-fiction have a mean of 238 (Brysbaert, 2019, 190 studies);
#: text with code is read more slowly, and many read it in a second language.
WORDS = 180
#: Minutes for a line of the solution: to find it, write it and try it.
LINE = 1.0
#: Below so many minutes a lesson is short.
SHORT = 20


@dataclass(frozen=True)
class Minutes:
    """The minutes that one lesson takes, by what they are spent on."""

    reading: float
    practice: float
    coding: float

    @property
    def parts(self) -> list[int]:
        """The parts as they are stated: to the minute in a short lesson, else to five."""
        exact = (self.reading, self.practice, self.coding)
        step = 1 if sum(exact) < SHORT else 5
        return [step * max(1, round(part / step)) for part in exact]

    @property
    def whole(self) -> int:
        """The whole as it is stated: to five minutes in a short lesson, else to a quarter hour."""
        minutes = sum(self.parts)
        step = 5 if minutes < SHORT else 15
        return step * max(1, round(minutes / step))

    @property
    def said(self) -> str:
        """The sentence that the lesson states."""
        reading, practice, coding = self.parts
        return (
            f"Plan about {in_words(self.whole)}: {reading} minutes for reading, {practice} for "
            f"practice questions and {coding} for your own code."
        )


def in_words(minutes: int) -> str:
    """Return a time such as "1 hour 15 minutes"."""
    hours, rest = divmod(minutes, 60)
    parts = [f"{hours} hour{'s' * (hours > 1)}"] if hours else []
    return " ".join(parts + ([f"{rest} minutes"] if rest else []))


def lesson_minutes(paths: CoursePaths, lesson: str) -> Minutes:
    """Return how long `lesson` takes."""
    cells = read_lesson(paths.lessons / f"{lesson}.md").cells
    text = " ".join(cell.source for cell in cells if cell.cell_type == "markdown")
    text = re.sub(r"\]\(#\S*\)|<!--.*?-->", "", text)  # what is not read: anchors and markers
    practice = sum(one.minutes for one in bank() if one.lesson.partition("#")[0] == lesson)
    return Minutes(
        len(re.findall(r"\w[\w’'.-]*", text)) / WORDS, practice, LINE * sum(map(_lines, cells))
    )


def course_minutes(paths: CoursePaths) -> dict[str, int]:
    """Return how many minutes each assignment takes, as they are stated; a test by its questions."""
    coded = paths.lessons_with_code()
    return {
        name: lesson_minutes(paths, name).whole if name in coded else _test_minutes()
        for name in paths.assignments()
    }


def _test_minutes() -> int:
    """Return how long the mastery test takes, to five minutes: the mean of many drawn tests."""
    tests = [drawn(f"student {number}", pool()) for number in range(100)]
    return 5 * round(fmean(sum(stem.minutes for stem in test) for test in tests) / 5)


def _lines(cell: NotebookNode) -> int:
    """Return how many lines of a cell the student has to write."""
    solutions = re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", cell.source, re.DOTALL)
    return sum(bool(line.strip()) for part in solutions for line in part.splitlines())
