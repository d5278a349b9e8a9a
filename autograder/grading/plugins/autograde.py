"""nbgrader's autograde, on submissions that were taken in first.

nbgrader has no setting for the class of its converter, so `nbgrader_config.py` calls :func:`use`.
From then on `nbgrader autograde`, formgrader's button and `autograder grade` read what students
handed in by one and the same way: whatever the files are called, however deep they lie and
whatever happened to them, the converter finds a readable notebook with all its cells.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException
from traitlets import Any as AnyTrait
from traitlets import Unicode

from autograder.course_paths import CoursePaths
from autograder.errors import CourseError
from autograder.grading.gradebook import read_gradebook
from autograder.grading.submission import Submission, SubmissionId, take_in


class AutogradeTakenIn(Autograde):
    """Autograde that reads the grader's own copies of submissions."""

    course_root = Unicode(".", help="The course's folder.").tag(config=True)
    #: What the runner has taken in and executed already; None takes in what is in `submitted/`.
    taken = AnyTrait(None, allow_none=True, help="A Submission.").tag(config=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._submissions: dict[str, Submission] = {}
        self._paths = CoursePaths(Path(self.course_root))
        self._handed_in = str(self.coursedir.submitted_directory)

    def start(self) -> None:
        """See nbgrader's BaseConverter; raises NbGraderException for what is not released."""
        try:
            book = read_gradebook(self._paths)
            for assignment in sorted({id.assignment for id in self._asked_for()}):
                book.check_released(assignment)
        except CourseError as error:
            self.log.error("%s", error)
            raise NbGraderException(str(error)) from error
        with self._reading_copies():
            super().start()

    @contextmanager
    def _reading_copies(self) -> Iterator[None]:
        before = self.coursedir.submitted_directory
        self.coursedir.submitted_directory = str(self._paths.staging)
        try:
            yield
        finally:
            self.coursedir.submitted_directory = before

    def init_notebooks(self) -> None:
        """See nbgrader's BaseConverter: take in what was asked for, then find it as ever."""
        for submission in [self.taken] if self.taken else self._taken_in():
            self._submissions[str(submission.notebook_path)] = submission
        super().init_notebooks()
        # Copies of earlier runs may lie there too.
        ours = {os.path.dirname(path) for path in self._submissions}
        found: dict[str, list[str]] = self.assignments  # type: ignore[has-type] # untyped base
        self.assignments = {folder: files for folder, files in found.items() if folder in ours}

    def _taken_in(self) -> Iterator[Submission]:
        for id in self._asked_for():
            try:
                yield take_in(self._paths, id)
            except CourseError as error:
                self.log.error("%s of %s: %s", id.assignment, id.student, error)

    def _asked_for(self) -> Iterator[SubmissionId]:
        pattern = os.path.join(
            self._paths.root,
            self._handed_in,
            self.coursedir.student_id,
            self.coursedir.assignment_id,
        )
        for folder in sorted(glob.glob(pattern)):
            if os.path.isdir(folder):
                yield SubmissionId(
                    os.path.basename(folder), os.path.basename(os.path.dirname(folder))
                )

    def init_single_notebook_resources(self, notebook_filename: str) -> dict[str, Any]:
        """See nbgrader's BaseConverter: the submission goes along."""
        resources: dict[str, Any] = super().init_single_notebook_resources(notebook_filename)
        names = resources["nbgrader"]
        copy = self._paths.staging / names["student"] / names["assignment"]
        path = copy / f"{names['notebook']}.ipynb"
        resources["submission"] = self._submissions.get(str(path))
        return resources


def use() -> None:
    """Let nbgrader's commands and formgrader autograde by :class:`AutogradeTakenIn`."""
    from nbgrader.apps import api, autogradeapp

    api.Autograde = autogradeapp.Autograde = AutogradeTakenIn
