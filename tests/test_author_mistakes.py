"""A mistake of an author is one sentence with its file, and the line where there is one."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.authoring.lessons import read_lesson
from autograder.authoring.outline import lesson_of
from autograder.authoring.recorded_answers import recorded_answers
from autograder.course_paths import CoursePaths
from autograder.errors import CourseError
from autograder.examining.exam import load_exam
from course.yaml_records import RecordsError

MINIATURE = Path(__file__).parent / "miniature"
LESSON, EXAM = "course/lessons/01-counting.md", "autograder/exams/01-counting/exam.py"
MISTAKES = "autograder/exams/01-counting/mistakes.yaml"
ANSWERS = "autograder/exams/01-counting/answers/count-words.py"
CELL = "grade_id: count-words, solution: true"
GRADED = "grade_id: count-words-points, grade: true, points: 2"
TASKS = "[CountWords, LongestWord]"

Spoil = Callable[[Path], object]


def put(old: str, new: str) -> Spoil:
    def change(path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def holds(content: bytes) -> Spoil:
    return lambda path: path.write_bytes(content)


def called(name: str) -> Spoil:
    return lambda path: path.rename(path.with_name(name))


def read_all(root: Path) -> None:
    """Read a course's lessons and exams, as every command of an author does."""
    paths = CoursePaths(root)
    for path in paths.lesson_files():
        read_lesson(path)
        lesson_of(path)
        exam = load_exam(paths.exams, path.stem)
        for task in exam.tasks:
            recorded_answers(exam, task)


def test_the_miniature_course_has_no_mistake() -> None:
    read_all(MINIATURE)


@pytest.mark.parametrize(
    ("file", "spoil", "line", "words"),
    [
        # The lesson's front matter, encoding and cells.
        (LESSON, put("---\n", "---\n{\n"), 4, "the front matter cannot be read: expected"),
        (LESSON, holds(b"---\nwords\n---\n# A\n"), 1, "options are `name: value`"),
        (LESSON, holds(b"# A\n\nb\xff\n"), 3, "the file is not UTF-8"),
        (LESSON, holds(b""), 1, "the lesson is empty"),
        (LESSON, put(f"{CELL}}}", CELL), 14, "the cell's options cannot be read: Invalid YAML"),
        (LESSON, put(f":nbgrader: {{{CELL}}}", ":nbgrader"), 14, "options are `name: value`"),
        (LESSON, put("[demo]", "demo"), 27, "and tags a list ('demo' is not"),
        (LESSON, put("{code-cell} ipython3\n:tags", "{code-cel}\n:tags"), 27, "'code-cel' is no kind"),
        (LESSON, put("SOLUTION\n```\n", "SOLUTION\n"), 15, "this cell is not closed"),
        (LESSON, put("counts = {}", "counts = {"), 20, "'{' was never closed"),
        (LESSON, put("[demo]", "[demo, practice]"), 29, "the practice cell 'see-counts' must begin"),
        # What nbgrader is told of a cell.
        (LESSON, put(f"{{{CELL}}}", "graded"), 15, "`nbgrader` needs fields"),
        (LESSON, put("count-words, sol", "count words, sol"), 15, "and not 'count words'"),
        (LESSON, put("grade_id: count-words, ", ""), 15, "and not None"),
        (LESSON, put("longest-word, sol", "count-words, sol"), 41, "'count-words' is used twice"),
        (LESSON, put("grade: true", "grad: true"), 35, "no field 'grad'. Did you mean 'grade'?"),
        (LESSON, put("grade: true", "grade: yess"), 35, "`grade` is true or false, and not 'yess'"),
        (LESSON, put("solution: true", "solutoin: true"), 15, "no field 'solutoin'. Did you mean"),
        # Points.
        (LESSON, put("points: 2", "points: four"), 35, "'count-words-points' are 'four', not a number"),
        (LESSON, put("points: 2", "points: -1"), 35, "are -1, not a number from 0 on"),
        (LESSON, put("points: 2", "points: .nan"), 35, "are nan, not"),
        (LESSON, put(", points: 2", ""), 35, "the graded cell 'count-words-points' has no points"),
        (LESSON, put("grade: true, points", "points"), 35, "has points, but no `grade: true`"),
        # Solutions.
        (LESSON, put(", solution: true", ""), 19, "holds a solution, but has no `solution: true`"),
        (LESSON, put("END SOLUTION", "END SOLUTON"), 24, "Did you mean '### END SOLUTION'?"),
        (LESSON, put("### BEGIN", "## BEGIN"), 19, "`## BEGIN SOLUTION` marks no solution."),
        (LESSON, put("    ### END SOLUTION\n", ""), 19, "this solution has no `### END SOLUTION`"),
        (LESSON, put("    ### BEGIN SOLUTION\n", ""), 23, "has no `### BEGIN SOLUTION`"),
        # Names.
        (LESSON, called("7-x.md"), None, "7-x.md: a lesson's name is two digits, a hyphen"),
        (LESSON, called("01-A b.md"), None, "such as 07-your-own-data"),
        # The exam.
        (EXAM, holds(b"a = 1\ndef (:\n"), 2, "invalid syntax"),
        (EXAM, holds(b"a = 1\nb\x00\n"), 1, "source code string cannot contain null bytes"),
        (EXAM, put("TASKS", "TASK"), 68, "there is no list TASKS"),
        (EXAM, put(TASKS, "CountWords"), 68, "there is no list TASKS"),
        (EXAM, put(TASKS, "[]"), 68, "there is no list TASKS"),
        (EXAM, put(TASKS, "[CountWords, LongestWrd]"), 68, "name 'LongestWrd' is not defined"),
        (EXAM, put(TASKS, "[CountWords()]"), 68, "which is not a class of Task"),
        (EXAM, put("points = 3", "points = '4'"), 53, "'points' of the task LongestWord is '4'"),
        (EXAM, put("points = 3", "points = -3"), 53, "the points of LongestWord are -3"),
        (EXAM, put("points = 3", "point = 3"), 47, "'points' of the task LongestWord is missing"),
        (EXAM, put('"longest-word"', '"count-words"'), 50, "'count-words' is used twice"),
        (EXAM, put('["wrong-word"])', '["wrong-wrd"])'), 52, "KeyError: 'wrong-wrd'"),
        (EXAM, put("import need_mapping", "import need_map"), 14, "cannot import name 'need_map'"),
        (EXAM, put("import random", "import randm"), 5, "No module named 'randm'"),
        (EXAM, Path.unlink, None, "There is no "),
        # Its mistakes and recorded answers.
        (MISTAKES, put("title: Counted", "titel: Counted"), 1, "'case-kept', field title: Field req"),
        (MISTAKES, put("id: wrong-counts", "id: case-kept"), 5, "'case-kept' is there twice"),
        (MISTAKES, put("credit: 0.5", "credit: half"), 8, "field credit: Input should be a valid n"),
        (MISTAKES, put("{text!r}", "{text!r"), 7, "field message: expected ':' after conversion"),
        (MISTAKES, put("credit: 0.5", "raises: '('"), 8, "'(' is no regular expression"),
        (MISTAKES, put("title: Counted by case", "title: ["), 5, "not YAML, did not find expected"),
        (MISTAKES, holds(b"- id: a\n  title: \xff\n"), 2, "the file is not UTF-8"),
        (MISTAKES, holds(b"id: a\n"), 1, "Input should be a valid list"),
        (ANSWERS, put("# %% right", "# %% rigth"), 1, "write `# %% right: STYLE` or"),
        (ANSWERS, put("# %% right", "# % right"), 2, "a `# %%` line that says what this is must"),
        (ANSWERS, holds(b"# %% right: a\n# \xff\n"), 2, "the file is not UTF-8"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence_with_file_and_line(
    file: str, spoil: Spoil, line: int | None, words: str, tmp_path: Path
) -> None:
    root = tmp_path / "course"
    shutil.copytree(MINIATURE, root)
    spoil(root / file)
    with pytest.raises((CourseError, RecordsError)) as error:
        read_all(root)
    said = str(error.value)
    assert words in said and "\n" not in said
    if line is not None:
        assert re.match(rf"{re.escape(str(root / file))}(:|, line ){line}[:,]", said), said


def test_magics_and_cells_meant_to_fail_are_no_mistakes(tmp_path: Path) -> None:
    path = tmp_path / "01-x.md"
    path.write_text(
        "# X\n\n```{code-cell} ipython3\n%time 1\n!ls\n```\n\n"
        "```{code-cell} ipython3\n:tags: [raises-exception]\n\nfor\n```\n"
    )
    assert len(read_lesson(path).cells) == 3


def test_the_command_line_says_it_without_a_traceback(
    miniature: CoursePaths, run: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    put("- id: wrong-counts", "- id: case-kept")(miniature.root / MISTAKES)
    done = run("autograder", "build", "--root", miniature.root, code=2)
    said = done.stderr.strip()
    assert re.fullmatch(r"autograder: .*mistakes\.yaml, line 5: .* is there twice\.", said)
