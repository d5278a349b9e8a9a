"""What an attack is, and how one is put into a notebook.

An attack on the miniature lesson stands in the answer cell of `count_words`; `longest_word` is
solved honestly beside it, so that the three points of that task show that nothing else was harmed.
Every cell of code begins with the guard: outside a containment it tries nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from attack_book import GUARD
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_code_cell

Edit = Callable[[NotebookNode, Path], bytes | None]
"""Edits a notebook, may write beside it, and may return other bytes to hand in."""

COUNTING, TUNING = "01-counting", "05-fine-tuning"
COUNT, LONGEST = "count-words", "longest-word"

#: What each recorded misconception says in the examined cell, for whoever reads the outputs.
WORDS = {
    "cell-error": r"because its cell raised",
    "kernel-died": r"the kernel died while your code was running",
    "missing-name": r"nothing was called `count_words`",
    "not-attempted": r"is not written yet",
    "raised": r"`count_words` raised",
    "skipped": r"could not be tried any more",
    "timeout": r"no answer came within 3 seconds",
    "unreadable-reply": r"no usable answer came back",
    "wrong-counts": r"should give",
    "wrong-type": r"should be a dictionary",
}

HONEST = """\
def longest_word(text):
    return max(text.split(), key=len)
"""


@dataclass(frozen=True)
class Attack:
    """One attack: how it is handed in, what its honest part earns, and why the rest earns nothing.

    `edit` gets the released notebook, or with `solved` the solved one. `honest` holds points by
    answer id (missing: 0); `misconception` what the record of an answer id must say, where that is
    certain; `evidence` a regular expression that the printed outputs of the graded notebook match.
    """

    name: str
    kind: str
    story: str
    edit: Edit
    honest: dict[str, float]
    assignment: str = COUNTING
    evidence: str | None = None
    misconception: dict[str, str] = field(default_factory=dict)
    harmful: bool = False
    solved: bool = False


def cell_of(notebook: NotebookNode, grade_id: str) -> NotebookNode:
    """Return the cell of that grade_id."""
    return next(
        cell
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id
    )


def coded(
    name: str,
    kind: str,
    story: str,
    source: str,
    *,
    says: str | None = None,
    evidence: str | None = None,
    then: str = "",
    points: float = 3,
) -> Attack:
    """Return an attack in the cell of `count_words`; `then` runs in the honest cell behind it.

    `says` is the misconception recorded for `count_words`; without `evidence` its words are looked
    for. `points` is what `longest_word` still earns.
    """

    def edit(notebook: NotebookNode, folder: Path) -> None:
        cell_of(notebook, COUNT).source = GUARD + source
        cell_of(notebook, LONGEST).source = HONEST + then

    return Attack(
        name=name,
        kind=kind,
        story=story,
        edit=edit,
        honest={LONGEST: points} if points else {},
        evidence=evidence or (WORDS[says] if says else None),
        misconception={COUNT: says} if says else {},
        harmful=True,
    )


def handed_in(
    name: str,
    kind: str,
    story: str,
    edit: Edit,
    *,
    count: float = 0,
    longest: float = 3,
    says: str | None = None,
    evidence: str | None = None,
) -> Attack:
    """Return an attack by what is handed in, on the solved notebook; no code of it is harmful."""
    honest = {COUNT: count, LONGEST: longest}
    return Attack(
        name=name,
        kind=kind,
        story=story,
        edit=edit,
        honest={answer: points for answer, points in honest.items() if points},
        evidence=evidence,
        misconception={COUNT: says} if says else {},
        solved=True,
    )


def tuned(
    name: str,
    story: str,
    source: str,
    *,
    says: str | None = None,
    evidence: str | None = None,
    beside: Callable[[Path], None] | None = None,
    last: str = "",
) -> Attack:
    """Return an attack in the cell of `fine_tune`; the lesson's other two tasks are left blank.

    `beside` writes files into the submission's folder; `last` is a cell at the notebook's end,
    which runs after all is examined.
    """

    def edit(notebook: NotebookNode, folder: Path) -> None:
        cell_of(notebook, "fine-tune").source = GUARD + source
        if last:
            notebook.cells.append(new_code_cell(last))
        if beside is not None:
            beside(folder)

    return Attack(
        name=name,
        kind="fine-tuning",
        story=story,
        edit=edit,
        honest={},
        assignment=TUNING,
        evidence=evidence,
        misconception={"fine-tune": says} if says else {},
        harmful=True,
    )
