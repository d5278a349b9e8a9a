"""A sample class: submissions made from the released notebooks and the recorded answers.

Each student stands for something that really happens: right in another style, a misunderstanding,
a file cut off, an attempt to take the points. What each must be graded at follows from the
recorded answers, so the class proves the grader: for the demo, the tests and the benchmark.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode
from pydantic import BaseModel

from autograder.authoring.recorded_answers import recorded_answers
from autograder.cells import grade_id_of
from autograder.course_paths import CoursePaths
from autograder.examining.exam import Exam, load_exam
from autograder.records import GradeRecord
from autograder.sample.sheets import sheet_of
from course.files import write_whole
from course.practice.mastery import SHEET

TOKENIZING, FINE_TUNING, MASTERY = "01-tokenizing", "05-fine-tuning", "08-mastery-test"


class Expected(BaseModel):
    """The marks that one examined cell of the sample class must get."""

    student: str
    assignment: str
    grade_id: str
    points: float
    misconception: str | None


Damage = Callable[[str, NotebookNode], str]
"""Takes the notebook as text and as nodes, and returns the text that is handed in."""


@dataclass(frozen=True)
class Member:
    """One student of the sample class.

    `style` picks the recorded right answer (0, 1 or 2) for every task but those in `wrong`, which
    names misconceptions by answer_id; None leaves the notebook untouched. `damage` alters what is
    handed in, `costs` says for how many points: "all" of them, those of the tasks it names, or
    nothing. `mastery` says how many of the ten questions of the mastery test are answered rightly;
    None hands no test in.
    """

    name: str
    story: str
    assignments: tuple[str, ...]
    style: int | None = 0
    wrong: dict[str, str] = field(default_factory=dict)
    damage: Damage | None = None
    costs: dict[str, str] | str | None = None
    mastery: int | None = None


def _as_text(notebook: NotebookNode) -> str:
    return nbformat.writes(notebook, version=nbformat.NO_CONVERT) + "\n"


def _answer_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [
        cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("solution", False)
    ]


def _cut_off(text: str, notebook: NotebookNode) -> str:
    return text[: len(text) // 2]


def _without_examined_cells(text: str, notebook: NotebookNode) -> str:
    notebook.cells = [
        cell for cell in notebook.cells if not cell.metadata.get("nbgrader", {}).get("grade", False)
    ]
    return _as_text(notebook)


def _first_answer(source: str) -> Damage:
    def damage(text: str, notebook: NotebookNode) -> str:
        _answer_cells(notebook)[0].source = source
        return _as_text(notebook)

    return damage


def _noisy(text: str, notebook: NotebookNode) -> str:
    for cell in _answer_cells(notebook):
        cell.source = (
            "import sys, warnings\n"
            "print('working on it', file=sys.stderr)\n"
            "warnings.warn('this is only a warning')\n"
        ) + cell.source
    return _as_text(notebook)


# Everything that gives full marks to a student's code on stock nbgrader.
TAKE_THE_POINTS = """
import sys
from IPython import get_ipython

shell = get_ipython()


class Always:
    def __eq__(self, other):
        return True

    def __getattr__(self, name):
        return self

    def __call__(self, *args, **kwargs):
        return self


if shell is not None:
    shell.input_transformers_cleanup.append(lambda lines: [])
    shell.events.register("pre_run_cell", lambda info: sys.displayhook(100))
    shell.display_pub.publish({"text/plain": "100"})
{names}
sys.displayhook(100)
"""


def _takes_the_points(text: str, notebook: NotebookNode) -> str:
    functions = []
    for cell in _answer_cells(notebook):
        functions += [
            line.split("(")[0].removeprefix("def ")
            for line in cell.source.splitlines()
            if line.startswith("def ")
        ]
    names = "\n".join(f"{name} = Always()" for name in functions)
    for cell in _answer_cells(notebook):
        cell.source = "pass"
    _answer_cells(notebook)[0].source = TAKE_THE_POINTS.replace("{names}", names)
    for cell in notebook.cells:
        cell.metadata["tags"] = ["skip-execution"]
        if "points" in cell.metadata.get("nbgrader", {}):
            cell.metadata.nbgrader["points"] = 1000
    return _as_text(notebook)


def _renames_collate(text: str, notebook: NotebookNode) -> str:
    for cell in _answer_cells(notebook):
        cell.source = cell.source.replace("def collate(", "def collate_rows(")
    return _as_text(notebook)


SYNTAX_ERROR = _first_answer(
    "def word_pieces(tokenizer, text:\n    return tokenizer.tokenize(text)\n"
)
ENDLESS = _first_answer("def word_pieces(tokenizer, text):\n    while True:\n        pass\n")

BOTH = (TOKENIZING, FINE_TUNING)
CLASS = (
    Member("ada", "right, in the first recorded style", BOTH, 0, mastery=10),
    Member(
        "bela", "right, in another style, but not in all of the mastery test", BOTH, 1, mastery=6
    ),
    Member("chidi", "right, in a third style", BOTH, 2),
    Member("dora", "handed in untouched", BOTH, None),
    Member(
        "emil",
        "takes words for pieces, never clears gradients, and a schedule that is never stepped",
        BOTH,
        wrong={
            "word-pieces": "split-on-spaces",
            "collate": "label-not-renamed",
            "train-step": "step-never-clears",
            "fine-tune": "rate-always-zero",
        },
    ),
    Member(
        "fay",
        "pads to a fixed length, evaluates with dropout on, trains the head alone",
        BOTH,
        wrong={
            "encode-reviews": "padded-to-max-length",
            "evaluate": "evaluate-dropout-on",
            "fine-tune": "only-head-trained",
        },
    ),
    Member(
        "gil",
        "does not truncate, and never clears gradients in a run that looks fine",
        BOTH,
        1,
        wrong={"encode-reviews": "no-truncation", "fine-tune": "gradients-never-cleared"},
    ),
    Member(
        "hana",
        "reads padding as text, averages the batches, hands back an untrained model",
        BOTH,
        2,
        wrong={
            "encode-reviews": "mask-over-padding",
            "evaluate": "evaluate-mean-of-accuracies",
            "fine-tune": "untrained",
        },
    ),
    Member(
        "ivo",
        "trains every row with the same label",
        BOTH,
        wrong={"tokenize-dataset": "padded-in-map", "fine-tune": "labels-ignored"},
    ),
    Member(
        "jun",
        "a syntax error in one cell",
        (TOKENIZING,),
        damage=SYNTAX_ERROR,
        costs={"word-pieces": "cell-error"},
    ),
    Member(
        "kai", "the file was cut off", (TOKENIZING,), damage=_cut_off, costs="unreadable-notebook"
    ),
    Member(
        "lea", "an endless loop", (TOKENIZING,), damage=ENDLESS, costs={"word-pieces": "timeout"}
    ),
    Member("mia", "deletes the examined cells", (TOKENIZING,), 1, damage=_without_examined_cells),
    Member(
        "noor",
        "tries to take the points without the work",
        (TOKENIZING,),
        damage=_takes_the_points,
        costs="unreadable-reply",
    ),
    Member("ole", "right, and noisy on stderr", (TOKENIZING,), 2, damage=_noisy),
    Member(
        "pia",
        "gives one function another name",
        (TOKENIZING,),
        damage=_renames_collate,
        costs={"collate": "missing-name"},
    ),
)


def assignments(members: tuple[Member, ...] = CLASS) -> list[str]:
    """Return all that somebody of the class hands in."""
    named = {name for one in members for name in one.assignments}
    return sorted(named | {MASTERY for one in members if one.mastery is not None})


def make_class(paths: CoursePaths, members: tuple[Member, ...] = CLASS) -> list[Expected]:
    """Write the submissions into `submitted/` and return what each must be graded at."""
    expected = []
    for member in members:
        for assignment in member.assignments:
            exam = load_exam(paths.exams, assignment)
            released = nbformat.read(paths.notebook(paths.release, assignment), as_version=4)
            notebook, answers = _filled(exam, released, member)
            text = _as_text(notebook)
            if member.damage is not None:
                text = member.damage(text, copy.deepcopy(notebook))
            write_whole(paths.notebook(paths.submitted / member.name, assignment), text)
            expected += [_costed(one, member) for one in answers]
        if member.mastery is not None:
            expected.append(_sit_the_test(paths, member.name, member.mastery))
    return expected


def _sit_the_test(paths: CoursePaths, student: str, right: int) -> Expected:
    folder = paths.submitted / student / MASTERY
    released = paths.notebook(paths.release, MASTERY)
    write_whole(folder / released.name, released.read_text(encoding="utf-8"))
    (task,) = load_exam(paths.exams, MASTERY).tasks
    sheet = sheet_of(paths.exams / MASTERY / "questions", student, right)
    write_whole(folder / SHEET, sheet.model_dump_json(indent=1))
    return Expected(
        student=student,
        assignment=MASTERY,
        grade_id=task.grade_id,
        points=right,
        misconception=None if right == task.points else "not-all-right",
    )


def _filled(
    exam: Exam, notebook: NotebookNode, member: Member
) -> tuple[NotebookNode, list[Expected]]:
    """Return the notebook with the member's answers, and what they are worth undamaged."""
    cells = {grade_id_of(cell): cell for cell in notebook.cells}
    expected = []
    for task in exam.tasks:
        points: float = 0.0
        misconception: str | None = "not-attempted"
        if member.style is not None:
            answers = recorded_answers(exam, task)
            if name := member.wrong.get(task.answer_id):
                answer = next(one for one in answers if not one.right and one.name == name)
                points, misconception = answer.credit * task.points, name
            else:
                answer = [one for one in answers if one.right][member.style]
                points, misconception = task.points, None
            cells[task.answer_id].source = answer.source
        expected.append(
            Expected(
                student=member.name,
                assignment=exam.assignment,
                grade_id=task.grade_id,
                points=points,
                misconception=misconception,
            )
        )
    return notebook, expected


def _costed(expected: Expected, member: Member) -> Expected:
    """Return `expected` with what the member's damage costs."""
    costs = member.costs
    if isinstance(costs, str):
        return expected.model_copy(update={"points": 0.0, "misconception": costs})
    if costs and (name := costs.get(expected.grade_id.removesuffix("-points"))):
        return expected.model_copy(update={"points": 0.0, "misconception": name})
    return expected


def differences(expected: list[Expected], records: list[GradeRecord]) -> list[str]:
    """Return one sentence for each examined cell that was graded otherwise than it must be."""
    found = {(one.student, one.assignment, one.grade_id): one for one in records}
    wrong = []
    for want in expected:
        where = f"{want.student}, {want.assignment}, {want.grade_id}"
        got = found.get((want.student, want.assignment, want.grade_id))
        if got is None:
            wrong.append(f"{where}: not graded")
        elif (got.points, got.misconception) != (want.points, want.misconception):
            wrong.append(
                f"{where}: {got.points:g} points ({got.misconception}: {got.message}) instead of "
                f"{want.points:g} ({want.misconception})"
            )
    return wrong


def save_expected(expected: list[Expected], path: Path) -> None:
    """Write `expected` beside the class, for who wants to compare by hand."""
    lines = ",\n".join(one.model_dump_json() for one in expected)
    write_whole(path, f"[\n{lines}\n]\n")
