"""Progress on Colab, whose machines are deleted after a session: kept in the learner's Google Drive."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

from course.experiments.records import code_file
from course.files import write_whole
from course.practice.journal import Entries, Journal, Practised
from course.practice.text import Said

MOUNT = Path("/content/drive")
PLACE = Path("MyDrive", "bert-classroom", "progress.json")


def keep_in_drive() -> Said:
    """Move the learner's journal to their Drive and return what was done."""
    journal = Journal()
    try:
        drive = import_module("google.colab.drive")
    except ImportError:
        return Said(
            None, [f"This is not Colab. Your progress stays on this machine, in {journal.path}."]
        )
    target = MOUNT / PLACE
    if journal.path == target:
        return Said(None, [f"Your progress is kept in your Drive, in {PLACE}."])
    try:
        drive.mount(str(MOUNT))
        target.parent.mkdir(parents=True, exist_ok=True)
    except Exception as error:  # Colab raises what it likes when permission is refused
        return Said(
            None,
            [
                f"Your Drive could not be opened ({type(error).__name__}: {error}). Run this cell "
                "again and permit it. Until then, your progress is kept on this machine only."
            ],
        )
    here = journal.read()
    if not target.exists():
        journal.export(target)

    def bring(entries: Entries) -> None:
        take_over(entries, here)
        bring_code(entries, target.parent)

    Journal(target).change(bring)
    journal.move_to(target)
    return Said(
        None,
        [
            f"Your progress is kept in your Drive now, in {PLACE}. On a new Colab machine, run "
            "this call first."
        ],
    )


def take_over(entries: Entries, others: Entries) -> None:
    """Bring into `entries` what `others` knows better: the later state of each question and task."""
    for id, practised in others.questions.items():
        if _last(practised) > _last(entries.of(id)):
            entries.questions[id] = practised
    for name, marked in others.tasks.items():
        mine = entries.task(name)
        best = max(mine, marked, key=lambda one: (one.points, one.max_points))
        entries.tasks[name] = best.model_copy(update={"checked": mine.checked or marked.checked})
    # A mastery test that was handed in counts as it was first.
    entries.tests = others.tests | entries.tests
    _take_over_runs(entries, others)


def _take_over_runs(entries: Entries, others: Entries) -> None:
    """Bring in what `entries` lacks of training runs and attempts, under numbers that are free."""
    known = {one.digest: one.number for one in entries.attempts}
    for attempt in others.attempts:
        if attempt.digest not in known:
            number = known[attempt.digest] = max(known.values(), default=0) + 1
            entries.attempts.append(attempt.model_copy(update={"number": number}))
    numbers = {one.number: known[one.digest] for one in others.attempts}
    there = {(run.kind, run.at) for run in entries.runs}
    last = max((run.number for run in entries.runs), default=0)
    missing = [run for run in others.runs if (run.kind, run.at) not in there]
    for number, run in enumerate(missing, last + 1):
        update = {"number": number, "attempt": numbers.get(run.attempt, 0)}
        entries.runs.append(run.model_copy(update=update))
    entries.challenge_began = entries.challenge_began or others.challenge_began


def bring_code(entries: Entries, folder: Path) -> None:
    """Copy the code of attempts to where `folder` keeps it: the files elsewhere will be deleted."""
    for attempt in entries.attempts:
        origin, target = Path(attempt.file), code_file(folder, attempt.number)
        if origin != target and origin.is_file():
            code = origin.read_text(encoding="utf-8")
            # The file's title has the number that the attempt had before.
            title = f"# Attempt {attempt.number} of"
            write_whole(target, re.sub(r"\A# Attempt \d+ of", title, code))
            attempt.file = str(target)


def _last(practised: Practised) -> tuple[int, int, int]:
    return practised.answered, practised.round, practised.hints
