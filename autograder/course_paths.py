"""Where things are in a course's folder. Only this module knows the names."""

from __future__ import annotations

import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import CourseError, did_you_mean

#: The folder that this package is imported from: a clone's, where it was installed from one.
INSTALLATION = Path(__file__).resolve().parent.parent
#: What a lesson may be called; questions, notebooks and functions are found by it.
LESSON_NAMES = (
    "a lesson's name is two digits, a hyphen and lower-case words, such as 07-your-own-data."
)


def is_lesson_name(name: str) -> bool:
    """Return whether a lesson may be called so."""
    return re.fullmatch(r"\d\d(-[a-z0-9]+)+", name, re.ASCII) is not None


@dataclass(frozen=True)
class CoursePaths:
    """The folders and files of the course in `root`, nbgrader's and ours."""

    root: Path

    @property
    def has_own_lessons(self) -> bool:
        """Whether lessons and exams are this folder's own, as an author's are."""
        parts = (("course", "lessons"), ("autograder", "exams"))
        return any(self.root.joinpath(*part).is_dir() for part in parts)

    @property
    def lessons(self) -> Path:
        return self._home / "course" / "lessons"

    @property
    def questions(self) -> Path:
        return self._home / "course" / "questions"

    @property
    def exams(self) -> Path:
        return self._home / "autograder" / "exams"

    @property
    def _home(self) -> Path:
        """Where lessons and exams are: of one version, in the folder or in this installation.

        A folder with nbgrader's configuration and no lessons of its own is one that
        `autograder new-course` made.
        """
        made = (self.root / "nbgrader_config.py").is_file() and not self.has_own_lessons
        return INSTALLATION if made else self.root

    @property
    def source(self) -> Path:
        return self.root / "source"

    @property
    def release(self) -> Path:
        return self.root / "release"

    @property
    def submitted(self) -> Path:
        return self.root / "submitted"

    @property
    def autograded(self) -> Path:
        return self.root / "autograded"

    @property
    def feedback(self) -> Path:
        return self.root / "feedback"

    @property
    def gradebook(self) -> Path:
        return self.root / "gradebook.db"

    @property
    def excused(self) -> Path:
        return self.root / "excused.csv"

    @property
    def aliases(self) -> Path:
        return self.root / "aliases.csv"

    @property
    def secret(self) -> Path:
        return self.root / ".autograder" / "secret"

    @property
    def log(self) -> Path:
        return self.root / ".autograder" / "grade.log"

    @property
    def staging(self) -> Path:
        return self.root / ".autograder" / "staging"

    @property
    def store(self) -> Path:
        return self.root / ".autograder" / "store"

    @property
    def records_folder(self) -> Path:
        return self.root / ".autograder" / "records"

    @property
    def site_outputs(self) -> Path:
        return self.root / ".autograder" / "site"

    def records(self, assignment: str, student: str) -> Path:
        return self.records_folder / assignment / f"{student}.json"

    def lesson_files(self) -> list[Path]:
        """Return the lessons' text masters, in order; raises CourseError if there is none."""
        found = sorted(self.lessons.glob("*.md"))
        for path in found:
            if not is_lesson_name(path.stem):
                raise CourseError(f"{path}: {LESSON_NAMES}")
        if not found:
            raise CourseError(
                f"There is no course in {self.root}: {self.lessons.relative_to(self.root)} holds no "
                "lessons. Run this in a course's folder, or name that folder with --root."
            )
        return found

    def assignments(self) -> list[str]:
        """Return the names of all assignments."""
        return [path.stem for path in self.lesson_files()]

    def has_exam(self, assignment: str) -> bool:
        """Return whether an exam of ours grades the assignment, and not its notebook's own tests."""
        return (self.exams / assignment / "exam.py").is_file()

    def lessons_with_code(self) -> list[str]:
        """Return the assignments in which students write functions: all except tests of questions."""
        return [one for one in self.assignments() if not (self.exams / one / "questions").is_dir()]

    def ordinary_assignments(self) -> list[str]:
        """Return the assignments in `source/` that are nbgrader's alone: no lesson, no exam of ours."""
        found = sorted({path.parent.name for path in self.source.glob("*/*.ipynb")})
        lessons = set(self.assignments())
        return [one for one in found if one not in lessons and not self.has_exam(one)]

    def check_assignment(self, assignment: str, *, ordinary: bool = False) -> str:
        """Return `assignment` if there is one of that name; otherwise raise CourseError.

        With `ordinary`, those without an exam of ours count too.
        """
        have = self.assignments() + (self.ordinary_assignments() if ordinary else [])
        if assignment not in have:
            raise CourseError(
                f"There is no assignment {assignment!r}; there are: {', '.join(have)}."
                f"{did_you_mean(assignment, have)}"
            )
        return assignment

    @staticmethod
    def notebook_name(assignment: str) -> str:
        """Return the notebook's name in an assignment: the same, so that notebooks sort as lessons do."""
        return assignment

    def notebook(self, folder: Path, assignment: str) -> Path:
        """Return the path of an assignment's notebook below `folder` (source or release)."""
        return folder / assignment / f"{self.notebook_name(assignment)}.ipynb"


def program(name: str) -> str:
    """Return the path of a command installed beside this Python; raises CourseError."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        raise CourseError(
            f"The command {name!r} is missing: run `pip install -r requirements.txt`."
        )
    return found
