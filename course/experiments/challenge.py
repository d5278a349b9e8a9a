"""The challenge of lesson 05: the best accuracy within a fixed budget, against the clock.

Each attempt runs a student's `fine_tune` for real. Steps and reviews are counted by the watcher that
grading uses, too; the code is kept as a file, so that anybody can run it again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import fmean
from typing import Any

from course.checks.run_seen import Seen, read_record
from course.checks.run_watch import RunWatch, find_model
from course.experiments.keeping import Clerk
from course.experiments.own_code import code_of
from course.experiments.quick import MAX_LENGTH, ROWS, accuracy_of
from course.experiments.records import Attempt, RunRecord, code_file
from course.experiments.showing import Table, overlay
from course.files import write_whole
from course.pictures.base import Picture
from course.practice.journal import Entries, Journal

#: Fewer seeds say little.
SEEDS = 3


@dataclass(frozen=True)
class Tried:
    """An attempt, and all its runs."""

    attempt: Attempt
    runs: list[RunRecord]

    @property
    def counted(self) -> list[RunRecord]:
        """The runs that count: those that kept the budget, the last one of each seed."""
        last = {run.seed: run for run in self.runs if run.finished and not run.overrun}
        return list(last.values())

    @property
    def mean(self) -> float:
        """The mean accuracy; below all others where no run counts."""
        return fmean(run.accuracy or 0.0 for run in self.counted) if self.counted else -1.0


class Challenge:
    """Runs `fine_tune` within a budget, and ranks one's own attempts.

        challenge = Challenge(train, validation, steps=60, batch_size=16, minutes=45)
        challenge.attempt(fine_tune, "as it was")
        challenge                                   # the board
        compare(challenge.arm(2), challenge.arm(1), [0, 1, 2])

    The clock starts with the first attempt; when it has run out, there are no new attempts until
    `restart()`. Seeds of attempts that were made in time may be added at any time.
    """

    def __init__(
        self,
        train: Any,
        validation: Any,
        *,
        steps: int,
        batch_size: int,
        minutes: float = 45,
        device: str | None = None,
        checkpoint: str | None = None,
        journal: Journal | None = None,
    ) -> None:
        import torch

        from course import checkpoint as resolve

        self.texts, self.labels = list(train["text"]), [int(one) for one in train["label"]]
        self.steps, self.batch_size = steps, batch_size
        self.minutes = minutes
        self.device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self.checkpoint = checkpoint or resolve()
        self._clerk = Clerk("challenge", journal)
        self._validation = list(validation["text"]), list(validation["label"])
        self._batches: list[dict[str, Any]] = []

    # What a learner calls

    def attempt(self, fine_tune: Callable[..., Any], note: str = "", *, seed: int = 0) -> Any:
        """Run `fine_tune` once, keep it and its code, and return the board.

        The same code again, with another seed, is the same attempt. Raises CodeUnknownError where
        the code cannot be found.
        """
        code = _as_file(fine_tune)
        digest = hashlib.sha256(code.encode()).hexdigest()[:16]
        entries = self._clerk.journal.read()
        known = next((one for one in entries.attempts if one.digest == digest), None)
        if known is None and self.seconds_left <= 0:
            return Table("Time is up.", [], [], ["challenge.restart() starts the clock again."])
        made = known or self._enter(code, digest, note)
        self._run(fine_tune, made, seed)
        return self

    def arm(self, number: int) -> Callable[[int], float]:
        """Return a function from a seed to the accuracy of an attempt, run from its kept file.

        A run that is on the board is not done again. Raises LookupError for unknown numbers.
        """
        attempt = self._attempt(number)

        def arm(seed: int) -> float:
            done = [run for run in self._tried(attempt).counted if run.seed == int(seed)]
            run = done[-1] if done else self._run(_loaded(Path(attempt.file)), attempt, int(seed))
            if run.accuracy is None or run.overrun:
                raise RuntimeError(f"Attempt {number} did not keep the budget: {run.overrun}.")
            return run.accuracy

        return arm

    def lay_over(self, *numbers: int) -> Picture:
        """Return a picture of the last runs of the attempts with these numbers."""
        tried = [self._tried(self._attempt(number)) for number in numbers]
        return overlay([one.runs[-1] for one in tried if one.runs])

    def restart(self) -> None:
        """Start the clock again; the attempts stay on the board."""
        self._clerk.journal.change(_start_clock)

    @property
    def seconds_left(self) -> float:
        """What is left on the clock; all of it, if it was not started."""
        began = self._clerk.journal.read().challenge_began
        if began is None:
            return 60 * self.minutes
        end = began + timedelta(minutes=self.minutes)
        return max(0.0, (end - datetime.now(UTC)).total_seconds())

    def best(self) -> Path | None:
        """Return the file of the attempt with the best mean; None where none kept the budget."""
        return _best(self._ranked())

    # One run

    def _run(self, fine_tune: Callable[..., Any], attempt: Attempt, seed: int) -> RunRecord:
        batches = self._validation_batches()
        with self._clerk.run(
            batches,
            planned=self.steps,
            every=max(1, self.steps // 4),
            seed=seed,
            device=self.device,
            attempt=attempt.number,
        ) as (record, _):
            watch, result = RunWatch(self.texts, self.checkpoint), None
            try:
                with watch:
                    result = fine_tune(
                        list(self.texts),
                        list(self.labels),
                        checkpoint=self.checkpoint,
                        steps=self.steps,
                        batch_size=self.batch_size,
                        device=self.device,
                        seed=seed,
                    )
            finally:
                told = read_record(watch.told(result))
                seen = Seen(told, self.steps, self.batch_size, tuple(self.labels))
                record.reviews, record.overrun = len(seen.rows), seen.over_budget
            model = find_model(result)
            if model is None:
                raise TypeError(
                    f"fine_tune returned {type(result).__name__}, which is not a model."
                )
            record.accuracy = accuracy_of(model, batches)["accuracy"]
        return record

    def _validation_batches(self) -> list[dict[str, Any]]:
        if not self._batches:
            import torch
            from transformers import AutoTokenizer

            tokenizer = AutoTokenizer.from_pretrained(self.checkpoint)
            texts, labels = self._validation
            for start in range(0, len(texts), ROWS):
                batch = tokenizer(
                    texts[start : start + ROWS],
                    padding=True,
                    truncation=True,
                    max_length=MAX_LENGTH,
                    return_tensors="pt",
                )
                rows = torch.tensor(labels[start : start + ROWS])
                self._batches.append({**batch, "labels": rows})
        return self._batches

    # Attempts

    def _enter(self, code: str, digest: str, note: str) -> Attempt:
        """Write an attempt down, with its file, under the next number."""
        folder = self._clerk.journal.path.parent

        def act(entries: Entries) -> Attempt:
            if entries.challenge_began is None:
                _start_clock(entries)
            number = max((one.number for one in entries.attempts), default=0) + 1
            made = Attempt(
                number=number,
                note=note,
                file=str(code_file(folder, number)),
                digest=digest,
                at=datetime.now(UTC),
            )
            entries.attempts.append(made)
            return made

        made = self._clerk.journal.change(act)
        title = f"# Attempt {made.number} of the challenge" + (f": {note}" if note else "")
        write_whole(Path(made.file), f"{' '.join(title.split())}\n\n{code}")
        return made

    def _attempt(self, number: int) -> Attempt:
        attempts = {one.number: one for one in self._clerk.journal.read().attempts}
        if number not in attempts:
            have = ", ".join(map(str, attempts)) or "none"
            raise LookupError(f"There is no attempt {number}; there are: {have}.")
        return attempts[number]

    def _tried(self, attempt: Attempt) -> Tried:
        return Tried(attempt, [run for run in self._clerk.runs() if run.attempt == attempt.number])

    def _ranked(self) -> list[Tried]:
        """Return all attempts, the best mean first."""
        by_attempt: dict[int, list[RunRecord]] = {}
        for run in self._clerk.runs():
            by_attempt.setdefault(run.attempt, []).append(run)
        attempts = self._clerk.journal.read().attempts
        tried = [Tried(one, by_attempt.get(one.number, [])) for one in attempts]
        return sorted(tried, key=lambda one: -one.mean)

    def board(self) -> Table:
        """Return the board: one line for each attempt, the best mean accuracy first."""
        ranked = self._ranked()
        rows = [
            list(_row(place if one.counted else None, one)) for place, one in enumerate(ranked, 1)
        ]
        minutes, seconds = divmod(round(self.seconds_left), 60)
        notes = [f"On the clock: {minutes}:{seconds:02} of {self.minutes:g} minutes."]
        if any(len(one.counted) < SEEDS for one in ranked):
            notes.append(
                f"Fewer than {SEEDS} seeds say little: add seeds before you believe a rank."
            )
        if (best := _best(ranked)) is not None:
            notes.append(
                f"An examiner can run the best again: autograder verdict --challenge {best}"
            )
        return Table(
            f"Your attempts, each within {self.steps} steps of {self.batch_size} reviews",
            ["place", "attempt", "note", "accuracy", "seeds", "lowest–highest", "steps", "reviews",
             "time", "budget"],
            rows,
            notes,
        )  # fmt: skip

    def __repr__(self) -> str:
        return repr(self.board())

    def _repr_html_(self) -> str:
        return self.board()._repr_html_()


def _best(ranked: Sequence[Tried]) -> Path | None:
    return next((Path(one.attempt.file) for one in ranked if one.counted), None)


def _start_clock(entries: Entries) -> None:
    entries.challenge_began = datetime.now(UTC)


def _as_file(fine_tune: Callable[..., Any]) -> str:
    """Return the code of a function as a file that defines `fine_tune`."""
    name = getattr(fine_tune, "__name__", type(fine_tune).__name__)
    return code_of(fine_tune) + ("" if name == "fine_tune" else f"\n\nfine_tune = {name}\n")


def _loaded(path: Path) -> Callable[..., Any]:
    """Return the `fine_tune` of a kept file."""
    import linecache

    text = path.read_text(encoding="utf-8")
    linecache.cache[str(path)] = (len(text), None, text.splitlines(keepends=True), str(path))
    names: dict[str, Any] = {"__name__": "attempt"}
    exec(compile(text, str(path), "exec"), names)
    found: Callable[..., Any] = names["fine_tune"]
    return found


def _row(place: int | None, tried: Tried) -> Iterator[str]:
    runs, counted = tried.runs, tried.counted
    shown = counted or runs[-1:]
    accuracies: Sequence[float] = [run.accuracy for run in shown if run.accuracy is not None]
    yield "" if place is None else str(place)
    yield str(tried.attempt.number)
    yield tried.attempt.note
    yield f"{fmean(accuracies):.3f}" if accuracies else "stopped" if runs else "not run"
    yield ", ".join(str(run.seed) for run in shown)
    yield f"{min(accuracies):.3f}–{max(accuracies):.3f}" if len(accuracies) > 1 else ""
    yield str(max((run.steps for run in shown), default=""))
    yield f"{max((run.reviews for run in shown), default=0):,}"
    yield f"{fmean([run.seconds for run in shown] or [0.0]):.0f} s"
    yield ("kept" if counted else runs[-1].overrun if runs and runs[-1].overrun else "")
