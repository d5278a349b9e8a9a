"""What the self-learner's edition does in a notebook.

These are `grade_me`, `show_solution`, `lend` and `certificate`.

Each is called with the names of the notebook that asks, and acts there.
"""

from __future__ import annotations

import difflib
import inspect
import json
import linecache
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from threading import Event, Thread
from typing import Any

from autograder.alone.certificate import write_certificate
from autograder.alone.marks import Marks
from autograder.errors import UnknownAssignmentError
from autograder.examining.exam import SheetTask, Task, load_exam
from autograder.examining.examiner import examine_sheet
from autograder.examining.mastery import Answered, explained, read_sheet
from autograder.examining.notebook import examine_here
from autograder.records import Finding, Outcome
from course.checks.mistakes import MistakeError
from course.needs import is_blank
from course.practice.journal import Entries, Journal, Marked
from course.practice.mastery import SHEET, Sheet, drawn, plain_name, pool
from course.practice.text import Said

EXAMS = Path(__file__).resolve().parent.parent / "exams"
#: The file name of code that was lent.
LENT = "<lent>"


def grade_me(lesson: str, notebook: dict[str, Any], *, hand_in: bool = False) -> Any:
    """Return the marks for the work in `notebook`, or what is to be done before there can be any."""
    try:
        tasks = load_exam(EXAMS, lesson).tasks
    except UnknownAssignmentError as error:
        return Said(None, [str(error)])
    if isinstance(tasks[0], SheetTask):
        return _test(lesson, tasks[0], hand_in)
    findings: dict[str, Finding] = {}
    for task in tasks:
        function = notebook.get(task.function)
        if getattr(getattr(function, "__code__", None), "co_filename", "") == LENT:
            findings[task.name] = _lent(task)
            continue
        with _clock(f"Examining {task.function} …"):
            findings[task.name] = examine_here(task, notebook)
    write_down(findings)
    return Marks(lesson, findings)


def _lent(task: Task) -> Finding:
    return Finding(
        grade_id=task.grade_id,
        outcome=Outcome.NOT_ATTEMPTED,
        points=0,
        max_points=task.points,
        message=f"`{task.function}` is on loan. Write your own, and run its cell.",
    )


def _test(lesson: str, paper: SheetTask, hand_in: bool) -> Any:
    """Hand the mastery test in, and return its result with the right answers."""
    folder = Path.cwd()
    try:
        sheet = read_sheet(folder / SHEET)
    except MistakeError as error:
        return Said(None, [error.message])
    stems = drawn(sheet.name, pool())
    missing = sum(stem.id not in sheet.answers for stem in stems)
    if missing and not hand_in:
        return Said(
            None,
            [
                f"{missing} of {len(stems)} questions have no answer yet. When you hand in, the right "
                "answers are shown, and this test is over. To hand in without them: "
                f'`grade_me("{lesson}", hand_in=True)`.'
            ],
        )
    finding = examine_sheet(paper, folder)
    if finding.outcome is Outcome.GRADER_ERROR:
        return Said(None, [finding.message])
    first = _hand_in(paper, sheet, finding)
    note = ""
    if first.points != finding.points:
        note = (
            f"You handed this test in on {first.at:%d %B %Y} with {first.points:g} points, and saw the "
            "answers. That result counts. Under another name, you get another test."
        )
    return Marks(lesson, {paper.name: finding}, explained(paper.questions, sheet), note)


def answers_beside(tasks: Iterable[Task], folder: Path) -> list[Answered]:
    """Return the questions of the mastery test in `folder` with right answers; else nothing."""
    papers = [task for task in tasks if isinstance(task, SheetTask)]
    try:
        return [
            one
            for paper in papers
            for one in explained(paper.questions, read_sheet(folder / SHEET))
        ]
    except MistakeError:
        return []


def _hand_in(paper: SheetTask, sheet: Sheet, finding: Finding) -> Marked:
    """Write a test down as handed in, and return how it was when that was first done."""

    def act(entries: Entries) -> Marked:
        name = plain_name(sheet.name)
        if name not in entries.tests:
            entries.tests[name] = _marked(finding)
            _keep_best(entries, paper.name, entries.tests[name])
        return entries.tests[name]

    return Journal().change(act)


def write_down(findings: dict[str, Finding]) -> None:
    """Keep the best marks of each task in the learner's journal."""

    def act(entries: Entries) -> None:
        for name, finding in findings.items():
            _keep_best(entries, name, _marked(finding))

    Journal().change(act)


def _marked(finding: Finding) -> Marked:
    marked = Marked(points=finding.points, max_points=finding.max_points, at=datetime.now(UTC))
    if finding.picture:
        marked.said, marked.picture = finding.message, finding.picture
    return marked


def _keep_best(entries: Entries, name: str, marked: Marked) -> None:
    before = entries.task(name)
    if before.max_points != marked.max_points or marked.points >= before.points:
        entries.tasks[name] = marked.model_copy(update={"checked": before.checked})


@contextmanager
def _clock(text: str) -> Iterator[None]:
    """Show `text` and, second by second, how long it has been true; at the end nothing of it."""
    out, started, over = sys.stdout, time.monotonic(), Event()

    def tick() -> None:
        while not over.wait(1):
            print(f"\r{text} {time.monotonic() - started:.0f} s", end="", flush=True, file=out)

    print(f"\r{text}", end="", flush=True, file=out)
    clock = Thread(target=tick, daemon=True)
    clock.start()
    try:
        yield
    finally:
        over.set()
        clock.join()
        print(f"\r{'':60}\r", end="", flush=True, file=out)


@cache
def solutions() -> dict[str, str]:
    """Return the lessons' own solutions, by the name of the function; `autograder build` writes them."""
    found: dict[str, str] = json.loads((EXAMS / "solutions.json").read_text(encoding="utf-8"))
    return found


def show_solution(task: str, notebook: dict[str, Any]) -> Said:
    """Return the lesson's solution of `task`, and in which lines the learner's own differs."""
    if task not in solutions():
        return _no_task(task)
    lines = [
        "One solution; others are as good if the check and the marks say so.",
        solutions()[task],
    ]
    own = _own_code(notebook.get(task))
    if own and not is_blank(notebook[task]):
        changes = list(
            difflib.unified_diff(own.splitlines(), solutions()[task].splitlines(), n=1, lineterm="")
        )[2:]
        shown = "\n".join(line for line in changes if not line.startswith("@@"))
        lines += (
            ["Yours (−) and this one (+) differ here:", f"{shown}\n"]
            if changes
            else ["Yours is the same."]
        )
    return Said(None, lines)


def lend(task: str, notebook: dict[str, Any]) -> Said:
    """Define the function of `task` in the notebook."""
    if task not in solutions():
        return _no_task(task)
    code = solutions()[task]
    linecache.cache[LENT] = (len(code), None, code.splitlines(keepends=True), LENT)
    exec(compile(code, LENT, "exec"), notebook)
    return Said(
        None,
        [
            f"`{task}` is on loan: later cells run with it, and it earns no points. Your own takes "
            "its place when you run its cell again."
        ],
    )


def certificate(name: str, notebook: dict[str, Any], *, path: str | Path) -> Said:
    """Write the page of what was obtained to `path`, and say what is missing for a certificate."""
    return write_certificate(name, Journal().read(), Path(path).expanduser(), datetime.now())


def _no_task(task: str) -> Said:
    return Said(None, [f"There is no task {task!r}; there are: {', '.join(solutions())}."])


def _own_code(function: Any) -> str:
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        return ""
