"""Which student of the gradebook a name means: one typed into a test, or written by an LMS.

A name is a student's if it is the id, the LMS's own number, the whole name in either order or the
e-mail address; beside these, what `autograder accept` has put into the course's `aliases.csv`.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from autograder.course_paths import CoursePaths
from autograder.errors import CourseError
from autograder.grading.kept_lists import Pair, read_pairs, write_pairs
from autograder.nbgrader_api import known_student, open_gradebook
from autograder.records import Outcome, all_records

ALIASES = ("student", "name")


def plain(name: str) -> str:
    """Return a name as it is compared: letters and digits alone, without case and accents."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in letters if letter.isalnum())


@dataclass(frozen=True)
class RosterNames:
    """The names of all students, as they are compared, each with whom it means."""

    owners: dict[str, frozenset[str]]

    def of(self, name: str) -> frozenset[str]:
        """Return the students whom a name may mean."""
        return self.owners.get(plain(name), frozenset())

    def student(self, name: str) -> str | None:
        """Return the one student whom a name means; None where there is none, or several."""
        owners = self.of(name)
        return next(iter(owners)) if len(owners) == 1 else None


def read_aliases(paths: CoursePaths) -> list[Pair]:
    """Return the students with the names that were accepted for them; raises CourseError."""
    return read_pairs(paths.aliases, ALIASES)


def read_names(paths: CoursePaths) -> RosterNames:
    """Return the names of the students in the course's gradebook; raises CourseError."""
    aliases = read_aliases(paths)
    with open_gradebook(paths.root) as gradebook:
        known = [
            (one.id, one.first_name or "", one.last_name or "", one.email or "", one.lms_user_id)
            for one in gradebook.students
        ]
    found: dict[str, set[str]] = {}
    for id, first, last, email, number in known:
        names = {id, email, f"{first} {last}" * bool(first and last), str(number or "")}
        names.add(f"{last} {first}" * bool(first and last))
        for name in filter(None, map(plain, names)):
            found.setdefault(name, set()).add(id)
    accepted: dict[str, set[str]] = {}
    for student, name in aliases:
        accepted.setdefault(plain(name), set()).add(student)
    # What was accepted by hand overrides what two students share.
    return RosterNames({name: frozenset(owners) for name, owners in (found | accepted).items()})


def waiting(paths: CoursePaths) -> list[Pair]:
    """Return the students whose tests were drawn under a name that is not known, with that name."""
    return sorted(
        {
            (one.student, one.drawn_for)
            for one in all_records(paths.records_folder)
            if one.drawn_for is not None and one.outcome is Outcome.GRADER_ERROR
        }
    )


def accept(paths: CoursePaths, pairs: list[Pair]) -> None:
    """Let each name mean its student from now on; raises CourseError, and then nothing is written."""
    names = read_names(paths)
    with open_gradebook(paths.root) as gradebook:
        for student, name in pairs:
            known_student(gradebook, student)
            if not plain(name):
                raise CourseError(f"{name!r} is no name.")
            if (owners := names.of(name)) and student not in owners:
                raise CourseError(
                    f"{name!r} is the name of {', '.join(sorted(owners))}, so it cannot be accepted "
                    f"for {student}: give the mark by hand in formgrader."
                )
    write_pairs(paths.aliases, ALIASES, [*read_aliases(paths), *pairs])
