"""Collects the bulk downloads of Moodle, Canvas and Blackboard: who handed in which file.

Used by `nbgrader zip_collect`. Each LMS writes the student, and more, into the files' names; the
student is then found in the gradebook. `c.LmsCollector.named_regexp` overrides all this.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from nbgrader.plugins.zipcollect import FileNameCollectorPlugin

from autograder.course_paths import CoursePaths
from autograder.grading.collecting import NUMBERED
from autograder.grading.roster_names import RosterNames, read_names
from autograder.nbgrader_api import configuration
from course.practice.mastery import SHEET

#: `Anna Berger_4711_assignsubmission_file/work.ipynb`, or `…_file_work.ipynb` without folders.
MOODLE = re.compile(r"(?P<name>.+)_\d+_assignsubmission_file_?(?P<rest>.*)")
#: `Week 1_anna_attempt_2026-11-30-18-05-09_work.ipynb`; the assignment's title may have any form.
BLACKBOARD = re.compile(r"(?P<name>.+)_attempt_(?P<time>\d{4}(?:-\d\d){5})_(?P<rest>.+)")
#: `bergeranna_LATE_4711_90210_work-1.ipynb`: the sortable name, the user's number, the file's.
CANVAS = re.compile(r"(?P<name>[^_]+)_(?:LATE_)?(?P<number>\d+)_\d+_(?P<rest>.+)")


class LmsCollector(FileNameCollectorPlugin):
    """nbgrader's collector, which knows by itself how three LMS name files."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.paths = CoursePaths(Path(self.parent.coursedir.root))
        self._unknown: set[str] = set()

    @cached_property
    def names(self) -> RosterNames:
        """The students' names."""
        return read_names(self.paths)

    def _match(self, filename: str) -> dict[str, str] | None:
        if self.named_regexp:
            found: dict[str, str] | None = super()._match(filename)
            return found
        parts = Path(filename).relative_to(self._extracted).parts
        # The first part is the download's own name, unless it was unpacked by hand.
        for place in [*range(1, len(parts)), 0]:
            if info := self._of_lms(parts[place], os.path.join("", *parts[place + 1 :])):
                return info
        self.log.warning("The name of no LMS that is known: %s", filename)
        return None

    def _of_lms(self, part: str, inside: str) -> dict[str, str]:
        """Return what a file's or folder's name says; nothing if no LMS gave it that name."""
        if (match := MOODLE.fullmatch(part)) and (match["rest"] or inside):
            return self._info([match["name"]], os.path.join(match["rest"], inside))
        if match := BLACKBOARD.fullmatch(part):
            # Titles and ids may both have underscores: the longest end that is an id.
            words = match["name"].split("_")
            ends = ["_".join(words[start:]) for start in range(len(words))]
            info = self._info(ends, os.path.join(match["rest"], inside))
            return info and info | {"timestamp": self._in_utc(match["time"])}
        if match := CANVAS.fullmatch(part):
            names = [match["number"], match["name"]]
            return self._info(names, os.path.join(match["rest"], inside))
        return {}

    @property
    def _extracted(self) -> str:
        folder: str = self.parent._format_collect_path(self.parent.extracted_directory)
        return os.path.normpath(folder)

    def _info(self, names: list[str], place: str) -> dict[str, str]:
        """Return whose file it is, by the first of `names` that is known, and its name."""
        known = next(filter(None, map(self.names.student, names)), None)
        if known is None and names[-1].startswith("."):
            return {}  # no name of a folder
        if known is None and names[-1] not in self._unknown:
            self._unknown.add(names[-1])
            self.log.warning(
                "No student in the gradebook has the name %r: the work is collected under it. To "
                "collect it under an id, run `autograder accept ID %r`, then this command again "
                "with --force, and delete the folder %s.",
                names[-1], names[-1], self.paths.submitted / names[-1],
            )  # fmt: skip
        return {"student_id": known or names[-1], "file_id": self._own_name(place.rstrip(os.sep))}

    def _own_name(self, place: str) -> str:
        """Return a file's place, without a number behind a name that the assignment has."""
        plain = NUMBERED.sub("", place)
        assignment = self.parent.coursedir.assignment_id
        own = (f"{self.paths.notebook_name(assignment)}.ipynb", SHEET)
        return plain if os.path.basename(plain) in own else place

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(configuration(self.paths.root, {}).Exchange.get("timezone", "UTC"))

    def _in_utc(self, time: str) -> str:
        moment = datetime.strptime(time, "%Y-%m-%d-%H-%M-%S").replace(tzinfo=self._zone)
        return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
