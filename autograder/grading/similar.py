"""Pairs of students whose own code is alike, for a person to look at: never a verdict.

Alike is what is left when names, comments and layout are taken away, and with them all that the
lesson gave and all that a known answer shares. Both bounds were calibrated on the recorded right
answers, which were written to differ: `tests/test_similar.py` holds them to that. What an
assignment forces upon everybody, and whatever many students have in common, is not listed.
"""

from __future__ import annotations

import difflib
import html
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from autograder.course_paths import CoursePaths
from autograder.errors import CourseError
from autograder.examining.exam import Exam, load_exam
from autograder.grading.code_tokens import Row, statements
from autograder.grading.notebook_file import UnreadableError, read_notebook
from autograder.grading.pages import environment
from autograder.grading.selection import choose, unpack
from autograder.grading.submission import SubmissionId, notebook_of, origin, released_notebook

#: Two answers are alike if they share so much of the longer one, and in it so many tokens that no
#: known answer shares with both. Where two recorded right answers share 80 %, it is 14 at most.
SHARE, TOKENS = 0.8, 30
#: What more students than these have alike has another reason than two people.
FEW = 10
#: A statement that is so much like one of the lesson's is the lesson's, edited.
EDITED = 0.7
#: More tokens of one student's are not compared, nor more lines shown.
MOST_TOKENS, MOST_LINES = 5000, 400
#: What stands for all code beside the functions that are asked for.
OTHER = "other code"


@dataclass(frozen=True)
class Code:
    """What of one student's code belongs together: a function, or all beside those asked for."""

    text: str
    row: Row


@dataclass(frozen=True)
class Pair:
    """Two students' code that is alike."""

    function: str
    students: tuple[str, str]
    texts: tuple[str, str]
    #: What both have in common, of the longer one: 0 to 1.
    share: float
    #: How many tokens both have in common that no known answer has in common with them.
    tokens: int


@dataclass(frozen=True)
class Common:
    """A function that many students have alike."""

    function: str
    students: int


Codes = dict[str, dict[str, Code]]


def similar(
    paths: CoursePaths,
    assignment: str,
    ids: Iterable[SubmissionId],
    progress: Callable[[str], None] = lambda student: None,
) -> tuple[list[Pair], list[Common]]:
    """Return the pairs of students to look at, the most alike first, and what is common to many.

    Nothing is executed. Raises CourseError where the assignment is not released.
    """
    exam = load_exam(paths.exams, assignment)
    asked = {task.name for task in exam.tasks}
    released = released_notebook(paths, assignment)
    given = [row for _, _, row in statements(_sources(released))]
    codes: Codes = {}
    for id in ids:
        sources = _handed_in(paths, id, released)
        for function, code in own_code(sources, given, asked).items():
            codes.setdefault(function, {})[id.student] = code
        progress(id.student)
    known = known_rows(exam, given, asked)
    pairs: list[Pair] = []
    common: list[Common] = []
    for function, of_students in codes.items():
        found = alike(function, of_students, known.get(function, []))
        many = Counter(student for pair in found for student in pair.students)
        crowd = {student for student, others in many.items() if others >= FEW}
        pairs += [pair for pair in found if not crowd.issuperset(pair.students)]
        if crowd:
            common.append(Common(function, len(crowd)))
    return sorted(pairs, key=lambda one: (-one.tokens, one.students)), common


def _sources(notebook: Any) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def _handed_in(paths: CoursePaths, id: SubmissionId, released: Any) -> list[str]:
    """Return the code cells of what was handed in, none where it cannot be read."""
    with tempfile.TemporaryDirectory() as name:
        try:
            chosen = unpack(choose(origin(paths, id)), Path(name))
            file = notebook_of(chosen, paths.notebook_name(id.assignment), released)
            return _sources(read_notebook(file.path)) if file else []
        except (CourseError, UnreadableError, OSError):
            return []  # grading says so


def own_code(sources: Iterable[str], given: list[Row], asked: set[str]) -> dict[str, Code]:
    """Return a student's own code, by the function that is asked for; the rest as OTHER."""
    from rapidfuzz import process
    from rapidfuzz.distance import LCSseq

    parts: dict[str, list[tuple[str, Row]]] = {}
    for function, text, row in statements(sources):
        if row in given:
            continue
        if function in asked:
            parts[function] = [(text, row)]  # the last one counts, as in the notebook
        elif not process.extractOne(
            row, given, scorer=LCSseq.normalized_similarity, score_cutoff=EDITED
        ):
            parts.setdefault(OTHER, []).append((text, row))
    return {
        function: Code("\n\n".join(text for text, _ in some), _joined(row for _, row in some))
        for function, some in parts.items()
    }


def _joined(rows: Iterable[Row]) -> Row:
    return tuple(islice(chain.from_iterable(rows), MOST_TOKENS))


def known_rows(exam: Exam, given: list[Row], asked: set[str]) -> dict[str, list[Row]]:
    """Return the code that anybody may have written, by function: the exam's recorded answers."""
    known: dict[str, list[Row]] = {}
    for function, row in _known(exam):
        known.setdefault(function if function in asked else OTHER, []).append(row)
    return {function: [*rows, *given] for function, rows in known.items()}


def _known(exam: Exam) -> Iterator[tuple[str, Row]]:
    for task in exam.tasks:
        path = exam.folder / "answers" / f"{task.answer_id}.py"
        blocks = path.read_text(encoding="utf-8").split("\n# %%") if path.is_file() else []
        for block in blocks:
            rows = list(statements([f"# %%{block}"]))
            yield from ((function, row) for function, _, row in rows)
            # A recorded answer may be an object, or lean on helpers.
            yield task.name, _joined(row for _, _, row in rows)
    solutions = exam.folder.parent / "solutions.json"
    if solutions.is_file():
        for source in json.loads(solutions.read_text(encoding="utf-8")).values():
            yield from ((function, row) for function, _, row in statements([source]))


def alike(function: str, codes: dict[str, Code], known: list[Row]) -> list[Pair]:
    """Return the pairs of students whose code for `function` is alike beyond what is known."""
    long = {who: code for who, code in codes.items() if len(code.row) >= TOKENS}
    if len(long) < 2:
        return []
    students = sorted(long)
    mine = [long[who].row for who in students]
    shared = _shared(mine, mine)
    lengths = np.array([len(row) for row in mine])
    shares = shared / np.maximum.outer(lengths, lengths)
    first, second = np.nonzero(np.triu(shares >= SHARE, 1))
    explained = np.zeros(len(first), np.int32)
    for row in _shared(known, mine) if known else ():
        np.maximum(explained, np.minimum(row[first], row[second]), out=explained)
    tokens = shared[first, second] - explained
    return [
        Pair(
            function=function,
            students=(students[a], students[b]),
            texts=(long[students[a]].text, long[students[b]].text),
            share=float(shares[a, b]),
            tokens=int(own),
        )
        for a, b, own in zip(first, second, tokens, strict=True)
        if own >= TOKENS
    ]


def _shared(rows: list[Row], others: list[Row]) -> NDArray[np.int32]:
    """Return how many tokens each two rows have in common, in the same order."""
    from rapidfuzz.distance import LCSseq
    from rapidfuzz.process import cdist

    # rapidfuzz is ten times as fast on text: each token becomes a letter.
    letters: dict[str, str] = {}

    def text(row: Row) -> str:
        return "".join(letters.setdefault(token, chr(1 + len(letters))) for token in row)

    first, second = ([text(row) for row in some] for some in (rows, others))
    return cdist(first, second, scorer=LCSseq.similarity, dtype=np.int32, workers=-1)


def page(assignment: str, pairs: list[Pair], names: dict[str, str]) -> str:
    """Return an HTML page that shows each pair side by side; for the instructor alone."""
    table = difflib.HtmlDiff(wrapcolumn=60)
    shown = []
    for pair in pairs:
        left, right = (text.splitlines()[:MOST_LINES] for text in pair.texts)
        heads = [html.escape(one) for one in pair.students]
        # difflib escapes the lines, and jinja2 all else.
        shown.append((pair, Markup(table.make_table(left, right, heads[0], heads[1]))))
    template = environment().get_template("similar.html")
    return template.render(assignment=assignment, pairs=shown, names=names, least=TOKENS)
