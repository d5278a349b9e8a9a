"""Recorded attacks, as notebooks: what each tries, what it may earn, and why it must fail.

`tests/attacks/KIND.py` holds them as students would write them, in blocks:

    # %% NAME: what it tries.
    # points: 3            what the whole notebook earns; `any` where honest parts may be lost too
    # says: REGEX          the misconception recorded for the attacked task
    # evidence: REGEX      what the attack itself must have printed: why it failed

A block is put into the answer cell of `count_words` (2 points) in the miniature course, whose other
task, `longest_word` (3 points), is solved honestly: so three points are the most that any of them
can earn. Each runs behind a guard that lets nothing happen outside a containment.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nbformat.notebooknode import NotebookNode

FOLDER = Path(__file__).parent / "attacks"
HONEST = 3.0

# Before anything else an attack looks whether it is contained. Then what all of them use.
GUARD = """
import errno, os, platform, sys

def contained():
    status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines())
    return (
        os.getpid() == 1 and os.getuid() != 0 and status["NoNewPrivs"].strip() == "1"
        and status["Seccomp"].strip() == "2" and int(status["CapEff"], 16) == 0
    )

if not contained():
    print("EVIDENCE not contained: nothing was tried")
    raise SystemExit

MACHINE = platform.machine()

def say(name, what):
    print("EVIDENCE", name, what, flush=True)

def attempt(name, action):
    try:
        result = action()
    except OSError as error:
        say(name, errno.errorcode.get(error.errno, type(error).__name__))
    except BaseException as error:
        say(name, type(error).__name__)
    else:
        say(name, f"succeeded: {str(result)[:100]}")

def libc_call(name, *arguments):
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), name)

def syscall(number, *arguments):
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments)) < 0:
        raise OSError(ctypes.get_errno(), str(number))

def mail():
    import glob
    return os.path.dirname(glob.glob("/tmp/**/mail/reply", recursive=True)[0])
"""

Change = Callable[[NotebookNode, Path], bytes | None]
"""Edits a solved notebook, may write beside it, and may return other bytes to hand in."""


@dataclass(frozen=True)
class Attack:
    """One attack: how it is handed in and how it must come out."""

    name: str
    kind: str
    story: str
    change: Change
    points: frozenset[float]
    says: str | None = None
    evidence: str | None = None

    def faults(self, points: float, misconception: str | None, printed: str) -> list[str]:
        """Return in what way the outcome is not what it must be."""
        found = []
        if points not in self.points:
            found.append(f"earned {points:g}, allowed {sorted(self.points)}")
        if self.says and not re.fullmatch(self.says, misconception or ""):
            found.append(f"was told {misconception!r}, not {self.says!r}")
        if self.evidence and not re.search(self.evidence, printed, re.S):
            shown = printed.strip()[-400:]
            found.append(f"printed {shown!r}, where {self.evidence!r} shows why it failed")
        return found


def in_answer_cell(source: str, answer_id: str) -> Change:
    """Return the change that puts `source` into the attacked answer cell, behind the guard."""

    def change(notebook: NotebookNode, folder: Path) -> None:
        cell = next(
            cell
            for cell in notebook.cells
            if cell.metadata.get("nbgrader", {}).get("grade_id") == answer_id
        )
        guard = copy.deepcopy(cell)
        del guard.metadata["nbgrader"]
        guard["id"] = "guard"
        guard.source = GUARD
        cell.source = "assert contained()\n" + source
        notebook.cells.insert(notebook.cells.index(cell), guard)

    return change


def recorded_attacks() -> list[Attack]:
    """Return all attacks on the miniature course."""
    return [
        attack
        for path in sorted(FOLDER.glob("*.py"))
        for attack in _read(path, "count-words", frozenset({HONEST}))
    ]


def tuning_attacks() -> list[Attack]:
    """Return the attacks on the fine-tuning verdict; each replaces `fine_tune` and earns nothing."""
    return _read(FOLDER / "tuning" / "weights.py", "fine-tune", frozenset({0.0}))


def _read(path: Path, answer_id: str, points: frozenset[float]) -> list[Attack]:
    attacks = []
    for block in re.split(r"^# %% ", path.read_text(encoding="utf-8"), flags=re.M)[1:]:
        head, _, body = block.partition("\n")
        name, _, story = head.partition(": ")
        notes = dict(re.findall(r"^# (points|says|evidence): (.+)$", body, re.M))
        source = re.sub(r"^# (points|says|evidence): .+\n", "", body, flags=re.M)
        attacks.append(
            Attack(
                name=name,
                kind=path.stem.replace("_", "-"),
                story=story,
                change=in_answer_cell(source.rstrip() + "\n", answer_id),
                points=_points(notes["points"]) if "points" in notes else points,
                says=notes.get("says"),
                evidence=notes.get("evidence"),
            )
        )
    return attacks


def _points(text: str) -> frozenset[float]:
    if text == "any":
        return frozenset({0.0, HONEST})
    return frozenset(float(number) for number in text.split("|"))
