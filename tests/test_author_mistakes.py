"""A mistake of an author is one sentence with its file, and the line where there is one."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.authoring.lessons import read_lesson
from autograder.course_paths import CoursePaths
from autograder.errors import CourseError
from autograder.examining.exam import load_exam

MINIATURE = Path(__file__).parent / "miniature"
LESSON, EXAM = "course/lessons/01-counting.md", "autograder/exams/01-counting/exam.py"


def replaced(old: str, new: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def read_all(root: Path) -> None:
    """Read a course's lessons and exams, as every command of an author does."""
    paths = CoursePaths(root)
    for path in paths.lesson_files():
        read_lesson(path)
        load_exam(paths.exams, path.stem)


def test_the_miniature_course_has_no_mistake() -> None:
    read_all(MINIATURE)


@pytest.mark.parametrize(
    ("file", "spoil", "words"),
    [
        (LESSON, replaced("solution: true}", "solution: true"), r"01-counting\.md:\d+: the cell's"),
        (LESSON, replaced("---\n", "---\n{\n"), r"01-counting\.md:\d+: the front matter"),
        (
            LESSON,
            lambda path: path.write_bytes(b"# A\n\nb\xff\n"),
            r"01-counting\.md:3: .* not UTF-8",
        ),
        (LESSON, replaced("points: ", "points: four"), r"01-counting\.md: the points of .*'four"),
        (
            LESSON,
            replaced("END SOLUTION", "END SOLUTON"),
            r"01-counting\.md: .* 0 `### END SOLUTION`",
        ),
        (LESSON, replaced("solution: true", "solutoin: true"), r"has no `solution: true`"),
        (EXAM, lambda path: path.write_text("a = 1\ndef (:\n"), r"exam\.py:2: invalid syntax"),
        (EXAM, replaced("TASKS", "TASK"), r"exam\.py: there is no list TASKS"),
        (EXAM, replaced("points = ", "points = '4' or "), r"exam\.py: the points of .*'4', not"),
        ("course/lessons/7-x.md", lambda path: path.write_text("# X"), r"7-x\.md: .*two digits"),
    ],
    ids=[
        "options",
        "front matter",
        "encoding",
        "points",
        "end",
        "solutoin",
        "syntax",
        "TASKS",
        "exam points",
        "name",
    ],
)
def test_a_mistake_is_one_sentence_with_its_file(
    file: str, spoil: Callable[[Path], object], words: str, tmp_path: Path
) -> None:
    root = tmp_path / "course"
    shutil.copytree(MINIATURE, root)
    spoil(root / file)
    with pytest.raises(CourseError) as error:
        read_all(root)
    assert re.search(words, str(error.value))
    assert "\n" not in str(error.value)
