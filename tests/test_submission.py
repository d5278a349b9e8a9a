"""What is taken in of a folder: files that may not be read cost their author, and nobody else."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from classroom import NAME, submit

from autograder.course_paths import CoursePaths
from autograder.errors import CourseError
from autograder.grading.submission import SubmissionId, state_of, take_in
from autograder.kernels import linux

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="root's rights are Linux's")
ANN = SubmissionId(NAME, "ann")


def without_rights(act: Callable[[], Any]) -> Any:
    """Return what `act` returns in a process that must obey permissions, also as root."""
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        try:
            linux.drop_capabilities()
            said = act()
        except CourseError as error:
            said = f"CourseError: {error}"
        except BaseException as error:
            said = repr(error)
        os.write(writing, json.dumps(said).encode())
        os._exit(0)
    os.close(writing)
    with open(reading, "rb") as file:
        found = json.load(file)
    os.waitpid(child, 0)
    return found


@pytest.fixture
def handed_in(built_miniature: CoursePaths, tmp_path: Path) -> CoursePaths:
    shutil.copytree(built_miniature.root, tmp_path / "course")
    paths = CoursePaths(tmp_path / "course")
    folder = submit(paths, "ann").parent
    (folder / "helper.py").write_text("X = 1\n")
    (folder / "data").mkdir()
    (folder / "data" / "x.txt").write_text("x")
    return paths


def taken(paths: CoursePaths) -> dict[str, Any]:
    found = take_in(paths, ANN)
    return {"files": found.files, "complaint": found.complaint, "state": state_of(paths, ANN)}


def test_what_may_not_be_read_is_left_out(handed_in: CoursePaths) -> None:
    before = without_rights(lambda: taken(handed_in))
    assert before["files"] == ["data/x.txt", "helper.py"] and before["complaint"] is None
    folder = handed_in.submitted / "ann" / NAME
    (folder / "helper.py").chmod(0)
    (folder / "data").chmod(0)
    after = without_rights(lambda: taken(handed_in))
    (folder / "data").chmod(0o755)
    assert after["files"] == [] and after["complaint"] is None
    # Allowed to be read, it is another submission.
    assert after["state"] != before["state"]


def test_a_notebook_that_may_not_be_read_is_told_to_its_author(handed_in: CoursePaths) -> None:
    handed_in.notebook(handed_in.submitted / "ann", NAME).chmod(0)
    found = without_rights(lambda: taken(handed_in))
    assert "permissions forbid it" in found["complaint"]


def test_a_folder_that_may_not_be_read_is_told_to_the_grader(handed_in: CoursePaths) -> None:
    folder = handed_in.submitted / "ann" / NAME
    folder.chmod(0)
    said = without_rights(lambda: taken(handed_in))
    folder.chmod(0o755)
    assert said.startswith("CourseError: ") and "permission to read it" in said
