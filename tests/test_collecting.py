"""Submissions that came by the roads which the instructor's guide shows."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook

from autograder.course_paths import INSTALLATION, CoursePaths
from autograder.courses.new_course import Plan, make_course
from autograder.sample.sheets import sheet_of

NAME = "06-mastery-test"


def test_a_download_from_moodle_is_collected_with_the_answers_and_graded(
    tmp_path: Path, run: Callable[..., Any]
) -> None:
    paths = make_course(tmp_path / "Größe 2", Plan("moodle", "Europe/Berlin"))
    guide = (INSTALLATION / "docs" / "instructor.md").read_text(encoding="utf-8")
    (pattern,) = re.findall(r"^```python\n(c\.FileName.*?)^```", guide, re.M | re.S)
    with (paths.root / "nbgrader_config.py").open("a", encoding="utf-8") as file:
        file.write(pattern)
    run("nbgrader", "generate_assignment", NAME, cwd=paths.root)
    archive = paths.root / "downloaded" / NAME / "archive"
    archive.mkdir(parents=True)
    notebook = paths.notebook(paths.release, NAME)
    with zipfile.ZipFile(archive / "BERT-06-124.zip", "w") as packed:
        for number, (student, right) in enumerate({"Änne Maier": 10, "Ben Otto": 6}.items()):
            folder = f"{student}_{4711 + number}_assignsubmission_file_"
            sheet = sheet_of(paths.exams / NAME / "questions", student, right)
            packed.write(notebook, f"{folder}/{notebook.name}")
            packed.writestr(f"{folder}/mastery_answers.json", sheet.model_dump_json())
    run("nbgrader", "zip_collect", NAME, cwd=paths.root)
    run("autograder", "grade", NAME, "--root", paths.root)
    with Gradebook(f"sqlite:///{CoursePaths(paths.root).gradebook}") as gradebook:
        marks = {one.student.id: one.score for one in gradebook.assignment_submissions(NAME)}
    assert marks == {"Änne Maier": 10, "Ben Otto": 6}
