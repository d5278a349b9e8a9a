"""Takes down a run while it goes on, shows it live, and keeps it, finished or stopped."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Literal

from course.experiments.own_code import notebook_shell
from course.experiments.quick import accuracy_of
from course.experiments.records import RunRecord
from course.pictures.training import LiveTraining
from course.practice.journal import Entries, Journal


class Screen:
    """The place on the page where runs are shown: those of one cell take turns."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._cell: object = None

    @contextmanager
    def live(self, batches: Sequence[Any], steps: int, every: int) -> Iterator[LiveTraining]:
        """Show the training in the block; its accuracy on `batches` is asked every so many steps."""
        if (cell := _cell()) != self._cell or cell is None:
            self._handle, self._cell = None, cell
        live = LiveTraining(accuracy_of, batches, steps=steps, every=every, handle=self._handle)
        with live:
            self._handle = live.handle
            yield live


def _cell() -> object:
    """Return the number of the cell that is being run; None outside of a notebook."""
    shell = notebook_shell()
    return None if shell is None else shell.execution_count


class Clerk:
    """Keeps the runs of one kind in the learner's journal."""

    def __init__(self, kind: Literal["bench", "challenge"], journal: Journal | None = None) -> None:
        self.kind, self.journal = kind, journal or Journal()
        self.screen = Screen()

    def runs(self) -> list[RunRecord]:
        """Return all runs of this kind, in their order."""
        return [run for run in self.journal.read().runs if run.kind == self.kind]

    @contextmanager
    def run(
        self,
        batches: Sequence[Any],
        *,
        planned: int,
        every: int,
        seed: int,
        device: str,
        **more: Any,
    ) -> Iterator[tuple[RunRecord, LiveTraining]]:
        """Show and time the training in the block, and keep it when it is over.

        The block adds to the record what it knows: reviews, accuracy. A block that raises leaves the
        part that it did, without an accuracy, if a step was taken.
        """
        record = RunRecord(
            kind=self.kind, seed=seed, device=device, planned=planned, at=datetime.now(UTC), **more
        )
        started = time.monotonic()
        live = None
        try:
            with self.screen.live(batches, planned, every) as live:
                yield record, live
        finally:
            if live is not None:
                record.seconds = round(time.monotonic() - started, 1)
                record.steps = live.done
                record.losses = [round(x, 4) if math.isfinite(x) else None for x in live.losses]
                record.scores = dict(live.scores)
                if record.steps or record.finished:
                    self.keep(record)

    def keep(self, record: RunRecord) -> None:
        """Write a run down, under the next number."""

        def act(entries: Entries) -> None:
            record.number = max((run.number for run in entries.runs), default=0) + 1
            entries.runs.append(record)

        self.journal.change(act)
