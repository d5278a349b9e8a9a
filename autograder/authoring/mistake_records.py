"""Checks the records of mistakes against the tasks: none without an answer, none that nobody meets."""

from __future__ import annotations

from collections.abc import Iterator

from autograder.authoring.faults import Fault
from autograder.authoring.recorded_answers import recorded_answers
from autograder.course_paths import CoursePaths
from autograder.examining.exam import Exam, SheetTask, load_exam
from course.checks.mistakes import FOLDER, Mistake, course_mistakes, read_mistakes
from course.practice.places import lessons

#: The file of mistakes that any task may show, most of which the examiner tells itself.
SHARED = "any-task.yaml"


def mistake_faults(paths: CoursePaths, assignments: list[str]) -> Iterator[Fault]:
    """Yield what is wrong with the mistakes that the exams of `assignments` may tell."""
    exams = [load_exam(paths.exams, name) for name in paths.assignments()]
    shown = {
        answer.name
        for exam in exams
        for task in exam.tasks
        for answer in recorded_answers(exam, task)
    }
    known = course_mistakes()
    shared = read_mistakes(FOLDER / SHARED)
    for exam in exams:
        if exam.assignment in assignments:
            yield from _faults_of_tasks(exam, shown)
    # The records are the installed course's; another course's exams bring their own.
    if paths.lessons.parent.resolve() == FOLDER.parent.resolve() and set(assignments) == set(
        paths.assignments()
    ):
        told = {id for exam in exams for task in exam.tasks for id in task.mistakes()}
        for id in known:
            if id not in told and id not in shared:
                yield Fault(f"mistake {id}", "orphan", "no task tells it")
    for id, record in known.items():
        if record.section and not _is_place(record.section):
            yield Fault(f"mistake {id}", "no such section", record.section)


def _faults_of_tasks(exam: Exam, shown: set[str]) -> Iterator[Fault]:
    known = course_mistakes()
    for task in exam.tasks:
        if isinstance(task, SheetTask):
            continue
        for one in task.mistakes():
            record = one if isinstance(one, Mistake) else known.get(one)
            id = one.id if isinstance(one, Mistake) else one
            where = f"{exam.assignment} · {task.answer_id} · {id}"
            if record is None:
                yield Fault(where, "no record", "course/mistakes has no such mistake")
            elif id not in shown and not record.unrecorded:
                yield Fault(where, "no recorded answer", "no recorded wrong answer shows it")


def _is_place(section: str) -> bool:
    name, _, place = section.partition("#")
    return name in lessons() and any(place == one.name for one in lessons()[name].places)
