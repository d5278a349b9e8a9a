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

from autograder.course_paths import CoursePaths
from autograder.errors import CourseError
from autograder.grading.entering import Entering
from autograder.grading.gradebook import read_gradebook
from autograder.grading.plugins.execute import ExamExecute
from autograder.grading.submission import Submission, SubmissionId, take_in
from autograder.grading.workers import Worths
from autograder.nbgrader_api import open_gradebook
from autograder.records import write_records


class AutogradeTakenIn(Autograde):
    """Autograde that takes in, executes and examines what belongs to an exam.

    Any other assignment is graded by nbgrader's own converter and rules.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._submissions: dict[str, Submission] = {}
        self._paths = CoursePaths(Path(self.coursedir.root))
        self._handed_in = str(self.coursedir.submitted_directory)
        self._worths: Worths = {}

    def start(self) -> None:
        """See nbgrader's BaseConverter; raises NbGraderException for what is not released."""
        assignments = sorted({id.assignment for id in self._asked_for()})
        try:
            book = read_gradebook(self._paths)
            for assignment in assignments:
                book.check_released(assignment)
        except CourseError as error:
            self.log.error("%s", error)
            raise NbGraderException(str(error)) from error
        if not any(self._paths.has_exam(assignment) for assignment in assignments):
            super().start()
            return
        self._worths = book.tasks
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

    @property
    def _examines(self) -> bool:
        return bool(self._worths)

    def init_notebooks(self) -> None:
        """See nbgrader's BaseConverter: take in what was asked for, then find it as ever."""
        if self._examines:
            for submission in self._taken_in():
                self._submissions[str(submission.notebook_path)] = submission
        super().init_notebooks()
        if self._examines:
            # Copies of earlier runs may lie there too, and notebooks beside the assignment's.
            found: dict[str, list[str]] = self.assignments  # type: ignore[has-type] # untyped base
            ours = {os.path.dirname(path): [path] for path in self._submissions}
            self.assignments = {folder: ours[folder] for folder in found if folder in ours}

    def _taken_in(self) -> Iterator[Submission]:
        for id in self._asked_for():
            try:
                yield take_in(self._paths, id, self._worths.get(id.assignment))
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

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        """See nbgrader's Autograde; what was taken in is complete."""
        if not self._examines:
            super().init_assignment(assignment_id, student_id)

    def convert_single_notebook(self, notebook_filename: str) -> None:
        """See nbgrader's BaseConverter: execute, examine, enter the marks and write the records."""
        if not self._examines:
            super().convert_single_notebook(notebook_filename)
            return
        submission = self._submissions[notebook_filename]
        done = ExamExecute(config=self.config).finish(submission)
        with open_gradebook(self._paths.root) as gradebook:
            entering = Entering(gradebook, self.config, create_students=self.create_student)
            entering.enter([done])
        entering.hand_over(done)
        id = submission.id
        write_records(self._paths.records(id.assignment, id.student), done.records())


def use() -> None:
    """Let nbgrader's commands and formgrader autograde by :class:`AutogradeTakenIn`."""
    from nbgrader.apps import api, autogradeapp

    api.Autograde = autogradeapp.Autograde = AutogradeTakenIn
