"""Two notebooks that write one journal, or one sheet, at the same moment lose nothing.

Each writer is a process of its own. `meet` is called between reading and writing: there all wait
for one another. Held apart by the lock they cannot meet, and give up; without it they do, and each
then writes what it had read before the others wrote.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path
from threading import BrokenBarrierError
from typing import Any

import pytest

from course.practice import journal, mastery
from course.practice.journal import Journal, Practised
from course.practice.mastery import MAX_SHEET_BYTES, SHEET, Paper, Sheet
from course.practice.stems import BadPicksError, Stem, response_of

SPAWN = multiprocessing.get_context("spawn")
#: Seconds in which whoever may meet has met, and after which those held apart give up.
PATIENCE = 2.0


@pytest.fixture(autouse=True)
def journal_elsewhere(tmp_path_factory: pytest.TempPathFactory, monkeypatch: Any) -> None:
    """The sheet's lock lies beside the journal: not in the home of whoever runs the tests."""
    monkeypatch.setenv(journal.VARIABLE, str(tmp_path_factory.mktemp("home") / "progress.json"))


class Meeting:
    """Where processes wait for one another: all together, or not at all."""

    def __init__(self, count: int) -> None:
        self.started, self.inside = SPAWN.Barrier(count), SPAWN.Barrier(count)

    def start(self) -> None:
        self.started.wait(60)

    def meet(self) -> None:
        with suppress(BrokenBarrierError):
            self.inside.wait(PATIENCE)


def write_journal(path: Path, number: int, meeting: Meeting) -> None:
    def act(entries: journal.Entries) -> None:
        meeting.meet()
        entries.questions[f"q{number}"] = Practised()

    meeting.start()
    Journal(path).change(act)


class SlowPaper(Paper):
    """A test that does something of ours first when it writes its sheet."""

    first: Callable[[], None] | None = None

    def _write(self, sheet: Sheet) -> None:
        if self.first is not None:
            self.first()
        super()._write(sheet)


def answer(paper: Paper, number: int) -> None:
    paper.choose(paper.stems[number].id, some_picks(paper.stems[number])[0])


def write_sheet(path: Path, number: int, meeting: Meeting) -> None:
    paper = SlowPaper("anna", path.parent)
    meeting.start()
    paper.first = meeting.meet
    answer(paper, number)


def begin_sheet(path: Path, number: int, meeting: Meeting) -> None:
    """Begin a sheet, the one slowly, the other and its first answer while that goes on."""

    def begun() -> None:
        meeting.start()
        meeting.meet()

    if number:
        meeting.start()
        answer(Paper("anna", path.parent), number)
        meeting.meet()
    else:
        SlowPaper.first = staticmethod(begun)
        paper = SlowPaper("anna", path.parent)
        SlowPaper.first = None
        answer(paper, number)


def some_picks(stem: Stem) -> list[Any]:
    """Return picks, right or wrong, that the question takes."""
    found = []
    for picks in (0, 1, [0], [1], [0, 0], [0, 1], [1, 0], [0] * stem.blanks, [1] * stem.blanks,
                  [*range(len(stem.lines))], [*range(len(stem.lines))][::-1]):  # fmt: skip
        with suppress(BadPicksError, IndexError):
            response_of(stem, picks)
            found.append(picks)
    return found


def run(act: Callable[..., None], lock: bool, *args: Any) -> None:
    if not lock:
        journal.FileLock = mastery.FileLock = lambda *_, **__: nullcontext()  # type: ignore
    act(*args)


def together(act: Callable[..., None], path: Path, *, lock: bool) -> None:
    """Let two processes `act` on `path` at once."""
    meeting = Meeting(2)
    writers = [SPAWN.Process(target=run, args=(act, lock, path, n, meeting)) for n in range(2)]
    for one in writers:
        one.start()
    for one in writers:
        one.join(90)
    assert [one.exitcode for one in writers] == [0, 0]


def kept(path: Path) -> int:
    """Return how many entries or answers there are."""
    if path.name == SHEET:
        return len(Paper("anna", path.parent).sheet.answers)
    return len(Journal(path).read().questions)


@pytest.mark.parametrize(("lock", "left"), [(True, 2), (False, 1)], ids=["locked", "unlocked"])
@pytest.mark.parametrize("act", [write_journal, write_sheet, begin_sheet])
def test_of_two_that_write_at_once_the_lock_keeps_both(
    act: Callable[..., None], lock: bool, left: int, tmp_path: Path
) -> None:
    path = tmp_path / ("progress.json" if act is write_journal else SHEET)
    if act is write_sheet:
        Paper("anna", tmp_path)
    together(act, path, lock=lock)
    assert kept(path) == left


def answer_many(path: Path, number: int, meeting: Meeting) -> None:
    """Answer five of the ten questions 200 times, and look each time whether the answers are there."""
    paper = Paper("anna", path.parent)
    mine = [(stem, some_picks(stem)) for stem in paper.stems[number::2]]
    given: dict[str, Any] = {}
    meeting.start()
    for turn in range(200):
        stem, picks = mine[turn % len(mine)]
        given[stem.id] = picks[turn // len(mine) % len(picks)]
        paper.choose(stem.id, given[stem.id])
        found = Sheet.model_validate_json(path.read_bytes()).answers
        assert {id: found[id] for id in given} == given


def test_two_notebooks_give_one_sheet_400_answers_and_none_is_lost(tmp_path: Path) -> None:
    together(answer_many, tmp_path / SHEET, lock=True)
    assert kept(tmp_path / SHEET) == 10
    assert (tmp_path / SHEET).stat().st_size < MAX_SHEET_BYTES
    assert [path.name for path in tmp_path.iterdir()] == [SHEET]
