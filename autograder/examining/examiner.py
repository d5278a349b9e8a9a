"""The examiner: tries a student's function on hidden inputs and judges what comes back.

It runs in a trusted process. Inputs are drawn anew for every submission, from a secret of the
course, so that an answer that was written down beforehand is worth nothing; the same submission
draws the same inputs, so that grading twice gives the same marks.
"""

from __future__ import annotations

import copy
import logging
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

from autograder.examining.exam import SheetTask, Task, UndecidedError
from autograder.examining.processes import Missing, Reply, Returned, Silent, StudentProcess
from autograder.records import Finding, Outcome
from course.checks.base import Inputs, Raised
from course.checks.mistakes import Mistake, MistakeError, mistake

log = logging.getLogger(__name__)

#: Judges seed torch's one global generator to build their references: in threads, one at a time.
_thinking = threading.Lock()


def examine(
    task: Task, student: StudentProcess, rng: random.Random, cell_error: str | None = None
) -> Finding:
    """Try `task` on `student` and return the finding; a fault of our own is a `grader_error`.

    `cell_error` is what the student's answer cell raised when it ran, if it did.
    """
    task = copy.copy(task)  # what a task keeps between its steps belongs to this examination

    def once() -> Finding:
        with _thinking:
            cases = list(task.cases(rng))
        for inputs in cases:
            reply = student.ask(task.function, type(task).observe, inputs, task.timeout)
            with _thinking:
                _judge(task, reply, inputs, cell_error)
        return _finding(task, Outcome.PASSED, task.success(), credit=1.0)

    def tried() -> Finding:
        try:
            return once()
        except MistakeError as error:
            if not task.may_be_luck(error):
                raise
            better = error
        try:
            return once()
        except MistakeError as error:
            better = max(better, error, key=lambda one: one.mistake.credit)
        except Exception:
            log.exception("the second try of %s failed in the examiner", task.grade_id)
        message = f"{better.message} This was tried twice, and the better result counts."
        raise MistakeError(better.mistake, message)

    return _settled(task, tried)


def examine_sheet(paper: SheetTask, folder: Path) -> Finding:
    """Mark what is in `folder` and return the finding; a fault of our own is a `grader_error`."""
    return _settled(paper, lambda: paper.mark(folder))


def _settled(task: Task, tried: Callable[[], Finding]) -> Finding:
    """Return what `tried` finds, or the finding that what it raises comes to; with its time."""
    started = time.monotonic()
    try:
        found = tried()
    except MistakeError as error:
        found = _told(task, error)
    except UndecidedError as reason:
        found = _finding(task, Outcome.GRADER_ERROR, str(reason))
    except Exception as error:
        log.exception("the examiner itself failed in %s", task.grade_id)
        found = _finding(
            task,
            Outcome.GRADER_ERROR,
            f"The examiner itself failed ({type(error).__name__}); this is not your fault, and your "
            "instructor has been told.",
        )
    seconds = round(time.monotonic() - started, 3)
    shown = {"picture": task.picture(), "standing": task.standing()}
    return found.model_copy(update={"seconds": seconds, **shown})


def _told(task: Task, error: MistakeError) -> Finding:
    told = error.mistake
    # What an exam says is bounded too: no mistake earns everything.
    credit = min(max(told.credit, 0.0), 1.0)
    outcome = Outcome.PARTIAL if credit else Outcome.FAILED
    if told.id == "not-attempted":
        outcome, credit = Outcome.NOT_ATTEMPTED, 0.0
    return _finding(task, outcome, error.message, credit=credit, told=told)


def _finding(
    task: Task, outcome: Outcome, message: str, *, credit: float = 0.0, told: Mistake | None = None
) -> Finding:
    return Finding(
        grade_id=task.grade_id,
        outcome=outcome,
        points=round(task.points * credit, 2),
        max_points=task.points,
        message=message,
        misconception=told.id if told else None,
        title=told.title if told else "",
        section=told.section if told else "",
        drawn_for=task.drawn_for,
    )


def skipped(task: Task, reason: str) -> Finding:
    """Return the finding for a task that could not be tried any more, and why."""
    error = mistake("skipped", reason=reason)
    return _finding(task, Outcome.SKIPPED, error.message, told=error.mistake)


def _judge(task: Task, reply: Reply, inputs: Inputs, cell_error: str | None) -> None:
    function = task.function
    match reply:
        case Returned(value):
            task.judge(value, **inputs)
        case Raised(type_name="NotImplementedError"):
            raise mistake("not-attempted", function=function)
        case Raised():
            known = task.explain(reply, **inputs)
            raise known or mistake("raised", function=function, raised=reply)
        case Missing(name) if cell_error:
            raise mistake("cell-error", name=name, error=cell_error)
        case Missing(name):
            raise mistake("missing-name", name=name)
        case Silent(id, reason, seconds):
            raise mistake(id, function=function, reason=reason, seconds=seconds)
