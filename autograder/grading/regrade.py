"""Marks after a change of exam, bands, points or tasks: what would change, and how it is written.

A preview executes only what the change concerns, into the store, and leaves the gradebook alone.
Points given by hand stay.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader.utils import is_grade, is_locked, is_solution

from autograder.cells import grade_id_of
from autograder.course_paths import CoursePaths
from autograder.errors import CourseError
from autograder.examining.exam import load_exam
from autograder.grading.executed import Executed
from autograder.grading.marks import Mark, TaskMark, read_marks
from autograder.nbgrader_api import open_gradebook, release
from autograder.records import Finding, Outcome, read_records

#: Points are written with six digits into the notebook from which nbgrader takes them.
EXACT = 1e-4


@dataclass(frozen=True)
class Change:
    """One task's points that a regrade would change; None where there are none."""

    student: str
    task: str
    before: float | None
    after: float | None
    reason: str


def released(paths: CoursePaths, assignment: str) -> NotebookNode:
    """Return the released notebook; raises CourseError where its tasks are not the exam's."""
    path = paths.notebook(paths.release, assignment)
    if not path.is_file():
        raise CourseError(f"{assignment} is not released: run `autograder build {assignment}`.")
    notebook = nbformat.read(path, as_version=4)
    graded = {grade_id_of(cell) for cell in notebook.cells if is_grade(cell)}
    if graded != {task.grade_id for task in load_exam(paths.exams, assignment).tasks}:
        raise CourseError(
            f"The notebook of {assignment} has other tasks than its exam: run "
            f"`autograder build {assignment}`."
        )
    return notebook


def changes(
    paths: CoursePaths, assignment: str, executed: Iterable[list[Executed]]
) -> Iterator[list[Change]]:
    """Yield for each work that was executed which of its points would change; nothing is written."""
    marks = read_marks(paths).by_submission
    for done in (one for batch in executed for one in batch):
        mark = marks.get((assignment, done.id.student))
        known = _graded(paths.records(assignment, done.id.student))
        yield [] if mark is None else list(_changes(done, mark, known))


def _graded(path: Path) -> dict[str, Finding]:
    """Return by task what the present marks come from; nothing where no record is left."""
    try:
        return {one.grade_id: one for one in read_records(path)}
    except (OSError, ValueError):
        return {}


def _changes(done: Executed, mark: Mark, graded: dict[str, Finding]) -> Iterator[Change]:
    student = done.id.student
    if done.failure is not None:
        yield Change(student, "all tasks", mark.points, None, f"not graded: {done.failure}")
        return
    for one in done.findings:
        task = mark.tasks.get(one.grade_id)
        if task is not None and (task.by_hand or task.waits):
            continue
        waits = one.outcome is Outcome.GRADER_ERROR
        before = task.points if task is not None else None
        after = None if waits else one.points
        if before is not None and after is not None and abs(before - after) < EXACT:
            continue
        reason = "the task is new" if task is None else _reason(one, task, graded.get(one.grade_id))
        yield Change(student, one.grade_id, before, after, reason)
    for name in sorted(mark.tasks.keys() - {one.grade_id for one in done.findings}):
        yield Change(student, name, mark.tasks[name].points, None, "the task is gone")


def _reason(now: Finding, mark: TaskMark, graded: Finding | None) -> str:
    """Return why a task's points change: what it is worth, what was found, or both."""
    # Once the assignment is released again, the gradebook has forgotten the points it was worth.
    worth = graded.max_points if graded is not None else mark.max_points
    reasons = []
    if worth != now.max_points:
        reasons.append(f"worth {now.max_points:g} points, was {worth:g}")
    earned, was = (
        points / most if most else 1.0
        for points, most in ((now.points, now.max_points), (mark.points, worth))
    )
    waits = now.outcome is Outcome.GRADER_ERROR
    if waits or not reasons or abs(earned - was) > EXACT:
        said = now.title or now.message.partition("\n")[0]
        if graded is not None and not waits and now.misconception == graded.misconception:
            said += f" (earns {earned:.0%}, was {was:.0%})"
        reasons.append(said)
    return "; ".join(reasons)


def renew(paths: CoursePaths, assignment: str) -> None:
    """Let the gradebook have the tasks and points of the notebook that is released now.

    nbgrader itself refuses other tasks once there are submissions. Raises CourseError.
    """
    notebook = released(paths, assignment)
    with open_gradebook(paths.root) as gradebook:
        if any(one.name == assignment and one.notebooks for one in gradebook.assignments):
            _fit(gradebook, assignment, paths.notebook_name(assignment), notebook)
            gradebook.db.commit()
    release(paths.root, assignment)


def _fit(gradebook: Any, assignment: str, name: str, notebook: NotebookNode) -> None:
    """Remove the cells that are gone, with their grades, and add those that are new."""
    from nbgrader.api import Comment, Grade

    stored = gradebook.find_notebook(name, assignment)
    wanted: dict[str, dict[str, NotebookNode]] = {"grade": {}, "solution": {}, "source": {}}
    for cell in notebook.cells:
        graded, solution = is_grade(cell), is_solution(cell)
        kinds = {"grade": graded, "solution": solution}
        kinds["source"] = graded or solution or is_locked(cell)
        for kind in (kind for kind, is_of_it in kinds.items() if is_of_it):
            wanted[kind][str(grade_id_of(cell))] = cell
    for kind, cells in wanted.items():
        there = {one.name: one for one in getattr(stored, f"{kind}_cells")}
        for gone in there.keys() - cells.keys():
            if kind != "source":
                for table in (Grade, Comment):
                    gradebook.db.query(table).filter(table.cell_id == there[gone].id).delete()
            gradebook.db.delete(there[gone])
        for new in cells.keys() - there.keys():
            points = (
                {"max_score": float(cells[new].metadata.nbgrader.points)} if kind == "grade" else {}
            )
            kept = {} if kind == "solution" else {"cell_type": cells[new].cell_type}
            add = getattr(gradebook, f"add_{kind}_cell")
            made = add(new, name, assignment, **points, **kept)
            for submitted in stored.submissions if kind != "source" else ():
                row = Grade if kind == "grade" else Comment
                gradebook.db.add(row(cell_id=made.id, notebook=submitted))


def compare(
    paths: CoursePaths, assignment: str, before: dict[tuple[str, str], Mark]
) -> list[Change]:
    """Return whose mark is another one now than `before`, and add it to the course's log."""
    now = read_marks(paths).by_submission
    told = [
        Change(student, assignment, mark.points, now[name, student].points, "regraded")
        for (name, student), mark in sorted(before.items())
        if name == assignment
        and (name, student) in now
        and (mark.points, mark.max_points)
        != (now[name, student].points, now[name, student].max_points)
    ]
    with (paths.log.parent / "regrade.log").open("a", encoding="utf-8") as log:
        for one in told:
            log.write(
                json.dumps({"time": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"} | asdict(one))
            )
            log.write("\n")
    return told
