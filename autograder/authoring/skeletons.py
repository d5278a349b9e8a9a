"""Begins a lesson or a practice question: a small working example, which its author replaces."""

from __future__ import annotations

import keyword
from dataclasses import dataclass
from pathlib import Path
from string import Template

from autograder.authoring.lesson_text import text_of
from autograder.authoring.lessons import pairing
from autograder.authoring.outline import lesson_of
from autograder.course_paths import LESSON_NAMES, CoursePaths, is_lesson_name
from autograder.errors import CourseError, did_you_mean
from course.checks import find_check
from course.files import write_whole
from course.practice.kinds import KINDS
from course.practice.places import WAYS, Lesson
from course.practice.questions import load_bank

TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True)
class Begun:
    """A question that was begun, and the file with it."""

    id: str
    path: Path
    #: Whether the lesson had no practice cell for its kind, and has one now.
    with_cell: bool


def new_lesson(paths: CoursePaths, name: str) -> list[Path]:
    """Write a working lesson with one task and return its files; raises CourseError."""
    slug = name.partition("-")[2]
    module = slug.replace("-", "_")
    if not module.isidentifier() or keyword.iskeyword(module):
        module = f"task_{module}"
    checks = paths.root / "course" / "checks"
    if not checks.is_dir():
        raise CourseError(f"{paths.root} is not a clone of the course, where lessons are written.")
    _check_name(paths, name, module)
    task = f"Task 1: {module} (1 point)".lower().replace("_", "-")
    values = {
        "name": name,
        "number": str(int(name[:2])),
        "slug": slug,
        "title": slug.replace("-", " ").capitalize(),
        "formats": pairing(name),
        "function": module,
        "module": module,
        "class_name": "".join(part.capitalize() for part in module.split("_")),
        "task_place": task.translate(str.maketrans(" ", "-", ":()")),
    }
    files = {
        paths.lessons / f"{name}.md": "lesson.md",
        checks / f"{module}.py": "check.txt",
        paths.root / "course" / "mistakes" / f"{name}.yaml": "mistakes.yaml",
        paths.exams / name / "exam.py": "exam.txt",
        paths.exams / name / "answers" / f"{slug}.py": "answers.txt",
    }
    for path in files:
        if path.exists():
            raise CourseError(f"{path} is there already: choose another name.")
    for path, template in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, _filled(TEMPLATES / template, values))
    return list(files)


def _check_name(paths: CoursePaths, name: str, function: str) -> None:
    """Raise CourseError unless a new lesson may be called so."""
    if not is_lesson_name(name):
        raise CourseError(f"{name!r}: {LESSON_NAMES}")
    have = paths.assignments()
    if name in have:
        raise CourseError(f"There is a lesson {name} already.")
    if taken := [one for one in have if one[:2] == name[:2]]:
        free = max(int(one[:2]) for one in have) + 1
        raise CourseError(f"The number {name[:2]} is that of {taken[0]}; {free:02} is free.")
    try:
        find_check(function)
    except LookupError:
        return
    raise CourseError(f"There is a task {function} already: choose another name.")


def new_question(paths: CoursePaths, lesson: str, kind: str) -> Begun:
    """Add a question of `kind` on `lesson` to the question bank; raises CourseError.

    A lesson without a practice cell for such questions gets one.
    """
    paths.check_assignment(lesson)
    if kind not in KINDS:
        raise CourseError(
            f"There is no kind {kind!r} of question; there are: {', '.join(KINDS)}."
            f"{did_you_mean(kind, KINDS)}"
        )
    path = paths.lessons / f"{lesson}.md"
    slug = lesson.partition("-")[2]
    outline = lesson_of(path)
    way = next(way for way, kinds in WAYS.items() if kind in kinds)
    with_cell = all(place.way != way for place in outline.places)
    if with_cell:
        values = {"name": lesson, "heading": way.capitalize(), "cell": f"{way}-{slug}"}
        added = _filled(TEMPLATES / "practice.md", values)
        write_whole(path, text_of(path).rstrip("\n") + "\n" + added)
        outline = lesson_of(path)
    bank = list(load_bank(paths.questions))
    ids = {question.id for question in bank}
    id = next(id for n in range(1, len(ids) + 2) if (id := f"{slug}-{kind}-{n}") not in ids)
    file = paths.questions / f"{_topic(bank, lesson)}.yaml"
    values = {"id": id, "place": f"{lesson}#{_taught(outline, way)}"}
    record = _filled(TEMPLATES / "questions" / f"{kind}.yaml", values)
    before = f"{text_of(file).rstrip()}\n\n" if file.exists() else ""
    write_whole(file, before + record)
    return Begun(id, file, with_cell)


def _topic(bank: list[object], lesson: str) -> str:
    """Return the topic of most questions on `lesson`; a lesson without any is a topic of its own."""
    topics = [one.topic for one in bank if one.lesson.startswith(f"{lesson}#")]  # type: ignore[attr-defined]
    return max(topics, key=topics.count) if topics else lesson.partition("-")[2]


def _taught(lesson: Lesson, way: str) -> str:
    """Return the section before the first practice cell for `way`, where its subject is taught."""
    cell = next(n for n, place in enumerate(lesson.places) if place.way == way)
    above = [place for place in lesson.places[:cell] if not place.way and not place.task]
    own = lesson.places[cell].title
    return next((place.name for place in reversed(above) if place.title != own), above[0].name)


def _filled(template: Path, values: dict[str, str]) -> str:
    return Template(template.read_text(encoding="utf-8")).substitute(values)
