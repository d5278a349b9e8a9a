"""Checks a course like code.

Blanks fail, solutions pass, and each recorded mistake fails with its own message. An exercise
that passes untouched, a right answer refused and a wrong one praised are all found here, before a
student finds them.
"""

from __future__ import annotations

import importlib
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

import nbformat

from autograder.authoring.build import stale
from autograder.authoring.faults import Fault
from autograder.authoring.lesson_text import line_in
from autograder.authoring.lessons import read_lesson
from autograder.authoring.mastery_bank import bank_faults
from autograder.authoring.mistake_records import mistake_faults
from autograder.authoring.practice_faults import practice_faults
from autograder.authoring.recorded_answers import RecordedAnswer, frame_of, recorded_answers
from autograder.cells import grade_id_of
from autograder.course_paths import CoursePaths
from autograder.errors import CourseError
from autograder.examining.draws import draws_for
from autograder.examining.exam import Exam, SheetTask, Task, line_of, load_exam
from autograder.examining.examiner import examine
from autograder.examining.processes import PRELOAD, Returned, StudentSubprocess
from autograder.records import Finding, Outcome
from course.checks import visible

#: What the examiner says of its own accord; a recorded mistake needs a message of its own.
GENERIC = {"raised", "missing-name", "cell-error", "kernel-died", "unreadable-reply", "skipped"}

#: On how many secrets each recorded answer is tried.
DRAWS = 3

SOLUTION = "the lesson's own solution"


@dataclass(frozen=True)
class Trial:
    """One answer to one task, to be tried as a student's."""

    exam: Exam
    task: Task
    answer: RecordedAnswer
    cells: tuple[str, ...]

    @property
    def where(self) -> str:
        word = "right" if self.answer.right else "wrong"
        return f"{self.exam.assignment} · {self.task.answer_id} · {word}: {self.answer.name}"


@dataclass(frozen=True)
class Tried:
    """What came of a trial: the examiner's findings, one a draw, and the visible check's message."""

    trial: Trial
    findings: tuple[Finding, ...]
    visible_message: str | None


def check_course(
    paths: CoursePaths,
    assignments: list[str],
    *,
    jobs: int | None = None,
    draws: int = DRAWS,
    task: str | None = None,
    progress: Callable[[int, int, str], None] = lambda done, total, what: None,
) -> tuple[list[Fault], list[Tried]]:
    """Check `assignments` and return what is wrong, and all trials with their findings.

    Each recorded answer is examined on `draws` secrets: what holds for one draw may fail on another.
    With `task`, the name of a student's function, only its answers are tried; raises CourseError
    where no task is called so.
    """
    faults = [
        Fault(str(path.relative_to(paths.root)), "stale build", "run `autograder build`")
        for path in stale(paths, assignments)
    ]
    faults += [*_orphans(paths), *mistake_faults(paths, assignments)]
    if task is None:
        faults += practice_faults(paths, assignments, draws)
    trials: list[Trial] = []
    for assignment in assignments:
        exam = load_exam(paths.exams, assignment)
        faults += _shape_faults(paths, exam)
        trials += _trials(paths, exam)
    if task is not None:
        names = {trial.task.name for trial in trials}
        if task not in names:
            raise CourseError(f"No task is called {task!r}; there are: {', '.join(sorted(names))}.")
        trials = [trial for trial in trials if trial.task.name == task]
    # Loaded before the threads start: they would meet in the middle of a first import.
    for package in PRELOAD:
        importlib.import_module(package)
    tried: list[Tried] = []
    with ThreadPoolExecutor(jobs or os.cpu_count()) as pool:
        futures = [pool.submit(_try, trial, draws) for trial in trials]
        for done, future in enumerate(as_completed(futures), 1):
            tried.append(future.result())
            progress(done, len(trials), tried[-1].trial.where)
    tried.sort(key=lambda one: one.trial.where)
    for one in tried:
        faults += _faults_of(one)
    return [*faults, *_shared_messages(tried)], tried


def _orphans(paths: CoursePaths) -> Iterator[Fault]:
    names = set(paths.assignments())
    for folder in (paths.source, paths.release, paths.exams):
        for path in sorted(folder.iterdir()) if folder.is_dir() else []:
            if path.is_dir() and path.name not in names and not path.name.startswith(("_", ".")):
                yield Fault(str(path.relative_to(paths.root)), "orphan", "there is no such lesson")


def _shape_faults(paths: CoursePaths, exam: Exam) -> Iterator[Fault]:
    lesson = paths.lessons / f"{exam.assignment}.md"
    notebook = read_lesson(lesson)
    cells = {grade_id: cell for cell in notebook.cells if (grade_id := grade_id_of(cell))}
    graded = {key for key, cell in cells.items() if cell.metadata.nbgrader.grade}
    for grade_id in sorted(graded - {task.grade_id for task in exam.tasks}):
        yield Fault(f"{exam.assignment} · {grade_id}", "no task", "nothing examines this cell")
    recorded = {path.stem for path in (exam.folder / "answers").glob("*.py")}
    for name in sorted(recorded - {task.answer_id for task in exam.tasks}):
        yield Fault(f"{exam.assignment} · answers/{name}.py", "orphan", "there is no such task")
    for task in exam.tasks:
        where = f"{exam.assignment} · {task.answer_id}"
        if task.grade_id not in graded or task.answer_id not in cells:
            yield Fault(where, "no cell", f"the lesson lacks {task.answer_id} or {task.grade_id}")
        elif cells[task.grade_id].metadata.nbgrader.points != task.points:
            cell = cells[task.grade_id]
            line = line_in(lesson, notebook.cells.index(cell), "points:")
            points = f"{lesson.name}:{line} has {cell.metadata.nbgrader.points}"
            line = line_of(exam.folder / "exam.py", type(task).__name__, "points")
            yield Fault(where, "points differ", f"{points}, exam.py:{line} has {task.points}")
        if isinstance(task, SheetTask):
            yield from (Fault(where, "question", one) for one in bank_faults(task.questions))
            continue
        answers = recorded_answers(exam, task)
        if sum(answer.right for answer in answers) < 3:
            yield Fault(where, "too few right answers", "at least 3 styles must be recorded")
        if all(answer.right for answer in answers):
            yield Fault(where, "no wrong answer", "no mistake is recorded")


def _trials(paths: CoursePaths, exam: Exam) -> Iterator[Trial]:
    source = read_lesson(paths.lessons / f"{exam.assignment}.md")
    release = nbformat.read(paths.notebook(paths.release, exam.assignment), as_version=4)
    blanks = {grade_id_of(cell): cell.source for cell in release.cells}
    for task in exam.tasks:
        if isinstance(task, SheetTask):
            continue  # nothing of it runs; `faults` has proved it
        try:
            frame = frame_of(source, task)
        except CourseError:
            continue  # reported as a fault of the lesson's shape
        answers = [
            RecordedAnswer(task.answer_id, SOLUTION, True, 1.0, 1.0, frame.solution),
            RecordedAnswer(
                task.answer_id, "not-attempted", False, 0.0, 0.0, blanks.get(task.answer_id, "")
            ),
            *recorded_answers(exam, task),
        ]
        for answer in answers:
            yield Trial(exam, task, answer, frame.cells(answer.source))


def _try(trial: Trial, draws: int) -> Tried:
    task, names = trial.task, (trial.exam.assignment, trial.task.grade_id, trial.answer.name)
    findings = []
    with StudentSubprocess(trial.cells) as student:
        for number in range(min(draws, task.most_draws or draws)):
            # Fixed draws: a course that checks today checks tomorrow.
            rng = draws_for(b"check-course", *names, *([str(number)] if number else []))
            findings.append(examine(task, student, rng))
        message = None
        if student.ready and trial.answer.right:
            name = task.function
            reply = student.ask(name, visible, {"name": name}, timeout=30)
            message = reply.value if isinstance(reply, Returned) else f"visible check: {reply}"
    return Tried(trial, tuple(findings), message)


def _faults_of(tried: Tried) -> Iterator[Fault]:
    if tried.visible_message is not None:
        yield Fault(tried.trial.where, "visible check refuses", tried.visible_message)
    found: dict[tuple[str, str], list[int]] = {}
    for number, finding in enumerate(tried.findings):
        if (fault := _fault_of(finding, tried.trial.answer)) is not None:
            found.setdefault(fault, []).append(number)
    for (kind, detail), numbers in found.items():
        share = f" (in {len(numbers)} of {len(tried.findings)} draws)"
        yield Fault(tried.trial.where, kind, detail + share * (len(tried.findings) > 1))


def _fault_of(finding: Finding, answer: RecordedAnswer) -> tuple[str, str] | None:
    """Return the kind of fault that a finding is for a recorded answer, and its detail; or None."""
    told = f"{finding.misconception}: {finding.message}"
    if finding.outcome is Outcome.GRADER_ERROR:
        return "grader error", finding.message
    if answer.right:
        kind = "right fails" if answer.name != SOLUTION else "solution fails"
        return None if finding.outcome is Outcome.PASSED else (kind, told)
    if answer.name == "not-attempted":
        attempted = finding.outcome is not Outcome.NOT_ATTEMPTED
        return ("blank passes", f"{finding.outcome}: {finding.message}") if attempted else None
    if finding.outcome is Outcome.PASSED:
        return "wrong passes", finding.message
    if finding.misconception != answer.name:
        return "other message", told
    if finding.misconception in GENERIC:
        return "message missing", finding.message
    least, most = (share * finding.max_points for share in (answer.credit, answer.most_credit))
    if not least - 0.01 < finding.points < most + 0.01:
        return "other points", f"{finding.points} of {finding.max_points}"
    return None


def _shared_messages(tried: list[Tried]) -> Iterator[Fault]:
    ids: dict[str, set[str]] = defaultdict(set)
    for one in tried:
        for finding in one.findings if not one.trial.answer.right else ():
            if finding.misconception:
                ids[finding.message].add(finding.misconception)
    for message, names in sorted(ids.items()):
        if len(names) > 1:
            yield Fault(", ".join(sorted(names)), "message shared", message)
