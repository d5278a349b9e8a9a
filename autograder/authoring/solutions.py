"""The lessons' own solutions, for `exams/solutions.json`; the self-learner's edition shows them."""

from __future__ import annotations

import json
import re
from pathlib import Path

from autograder.authoring.lessons import read_lesson
from autograder.cells import grade_id_of
from autograder.course_paths import CoursePaths
from autograder.examining.exam import SheetTask, load_exam


def solutions_path(paths: CoursePaths) -> Path:
    """Return where the solutions of a course are kept: beside its exams, which no student gets."""
    return paths.exams / "solutions.json"


def solutions_text(paths: CoursePaths) -> str:
    """Return the text of `solutions.json`; a lesson without an exam has none."""
    found = {}
    for path in paths.lesson_files():
        if not (paths.exams / path.stem / "exam.py").is_file():
            continue
        cells = {grade_id_of(cell): cell.source for cell in read_lesson(path).cells}
        for task in load_exam(paths.exams, path.stem).tasks:
            if not isinstance(task, SheetTask) and task.answer_id in cells:
                marks = r"^ *### (BEGIN|END) SOLUTION\n?"
                found[task.function] = re.sub(marks, "", cells[task.answer_id], flags=re.M).rstrip()
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"
