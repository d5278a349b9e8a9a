"""Recorded answers: right ones in several styles, wrong ones with the misconception they show.

An exam keeps them in `answers/<answer_id>.py`, one block each, headed by `# %% right: STYLE` or
`# %% wrong: MISCONCEPTION`, the latter with `(0.5)` behind it if that share of the points is
earned all the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from autograder.layout import CourseError

_HEAD = re.compile(r"^# %% (?:(right): (.+?)|(wrong): ([\w-]+)(?: \((0?\.\d+)\))?)\s*$")


@dataclass(frozen=True)
class Answer:
    """One recorded answer to one task."""

    answer_id: str
    name: str  # the style of a right answer, the misconception of a wrong one
    right: bool
    credit: float
    source: str


def read_answers(path: Path) -> list[Answer]:
    """Return the answers recorded in `path`; raises CourseError naming the line."""
    answers: list[Answer] = []
    head: re.Match[str] | None = None
    lines: list[str] = []

    def close() -> None:
        if head is None:
            return
        right = head[1] is not None
        answers.append(
            Answer(
                answer_id=path.stem,
                name=head[2] if right else head[4],
                right=right,
                credit=1.0 if right else float(head[5] or 0),
                source="\n".join(lines).strip() + "\n",
            )
        )

    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.startswith("# %%"):
            lines.append(line)
            continue
        close()
        head, lines = _HEAD.match(line), []
        if head is None:
            raise CourseError(
                f"{path}, line {number}: write `# %% right: STYLE` or `# %% wrong: MISCONCEPTION`."
            )
    close()
    return answers
