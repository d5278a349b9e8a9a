"""Progress on Colab, whose machines are deleted after a session: kept in the learner's Google Drive."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

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
    if target.exists():
        here = journal.read()
        Journal(target).change(lambda entries: take_over(entries, here))
    else:
        journal.export(target)
    Journal(target).change(lambda entries: _bring_files(entries, target.parent / "challenge"))
    journal.move_to(target)
    return Said(
        None,
        [
            f"Your progress is kept in your Drive now, in {PLACE}. On a new Colab machine, run "
            "this call first."
        ],
    )


def _bring_files(entries: Entries, folder: Path) -> None:
    """Copy the code of attempts that is not in `folder` yet into it."""
    for place, attempt in enumerate(entries.attempts):
        there, code = folder / f"attempt-{attempt.number}.py", Path(attempt.file)
        if code != there and code.is_file():
            write_whole(there, code.read_text(encoding="utf-8"))
            entries.attempts[place] = attempt.model_copy(update={"file": str(there)})


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


def _last(practised: Practised) -> tuple[int, int, int]:
    return practised.answered, practised.round, practised.hints
