"""Writes feedback pages, side by side on all cores: each is nbgrader's own work for one student."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from autograder.course_paths import CoursePaths
from autograder.errors import CourseError
from autograder.nbgrader_api import feedback

#: Students whose pages one process writes in one go.
AT_ONCE = 8


def students_with_pages(
    paths: CoursePaths, assignment: str, student: str | None = None
) -> list[str]:
    """Return whose graded work there is for `assignment`: `student`'s alone, or all."""
    found = sorted(path.parent.name for path in paths.autograded.glob(f"*/{assignment}"))
    return [one for one in found if student in (None, one)]


def write_pages(
    paths: CoursePaths, assignment: str, students: list[str], workers: int
) -> Iterator[int]:
    """Write the pages of `students`, and yield how many are written with each step.

    Raises CourseError, after all others are written, with the first page that could not be.
    """
    chunks = [students[start : start + AT_ONCE] for start in range(0, len(students), AT_ONCE)]
    faults: list[CourseError] = []
    for written, failed in _written(paths.root, assignment, chunks, min(workers, len(chunks))):
        faults += failed
        yield written
    if faults:
        raise faults[0]


def _written(
    root: Path, assignment: str, chunks: list[list[str]], workers: int
) -> Iterator[tuple[int, list[CourseError]]]:
    if workers <= 1:  # another process would only import all anew
        for some in chunks:
            yield len(some), _write(root, assignment, some)
        return
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        jobs = {pool.submit(_write, root, assignment, some): some for some in chunks}
        try:
            for job in as_completed(jobs):
                yield len(jobs[job]), job.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _write(root: Path, assignment: str, students: list[str]) -> list[CourseError]:
    faults = []
    for student in students:
        try:
            feedback(root, assignment, student)
        except CourseError as error:
            faults.append(error)
    return faults
