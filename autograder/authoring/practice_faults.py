"""Checks the practice questions: each can be read, is asked in its lesson, and says what is true."""

from __future__ import annotations

from collections.abc import Iterator

from autograder.authoring.faults import Fault
from autograder.authoring.outline import lesson_of
from autograder.authoring.question_proofs import prove
from autograder.course_paths import CoursePaths
from course.practice.places import Lesson
from course.practice.questions import Bank, Record, read_bank, runs_here


def practice_faults(paths: CoursePaths, assignments: list[str], draws: int) -> Iterator[Fault]:
    """Yield what is wrong with the questions of `assignments`, and with those of no lesson."""
    if not paths.questions.is_dir():
        return
    bank, broken = read_bank(paths.questions)
    for error in broken:
        yield Fault(paths.questions.name, "question", str(error))
    known = set(paths.assignments())
    lessons = {name: lesson_of(paths.lessons / f"{name}.md") for name in assignments}
    for question in bank:
        name, _, place = question.lesson.partition("#")
        where = f"{question.topic}.yaml · {question.id}"
        if name not in known:
            yield Fault(where, "no such lesson", name)
        elif name in lessons:
            found = [*_misplaced(lessons[name], place, question), *_untrue(bank, question, draws)]
            yield from (Fault(where, kind, detail) for kind, detail in found)


def _misplaced(lesson: Lesson, place: str, question: Record) -> Iterator[tuple[str, str]]:
    if place not in {one.name for one in lesson.places}:
        yield "no such section", f"{lesson.name}#{place}"
    elif lesson.practice_cell(question) is None:
        yield "never asked", f"{lesson.name} has no practice cell for its kind"


def _untrue(bank: Bank, question: Record, draws: int) -> Iterator[tuple[str, str]]:
    if not runs_here(question):
        return
    for seed in range(draws if question.draw else 1):
        yield from (("question", said) for said in prove(bank.variant(question, seed)))
