"""A bench for short real trainings with settings of one's own; every run is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from course.experiments.keeping import Clerk
from course.experiments.quick import Settings, Vectors, read_by_frozen, train_top
from course.experiments.records import RunRecord
from course.experiments.showing import overlay, runs_table
from course.pictures.base import Picture
from course.practice.journal import Entries, Journal

#: Reviews to learn from, and to validate on.
TRAIN, VALIDATION = 960, 300
#: So often the accuracy is asked.
EVERY = 20


class TrainingBench:
    """Trains the top of BERT on real reviews, for some seconds a run, and keeps a table of runs.

        bench = TrainingBench()
        bench.run(rate=1e-3, seed=1)   # live; `Settings` names what can be changed
        bench                          # the table of all runs, those of earlier days too
        bench.lay_over(1, 2)           # two runs in one picture
        arm = bench.arm(rate=1e-3)     # a function: seed -> accuracy

    The reviews are the first of the course's training and validation split. A run that is interrupted
    stays in the table, as far as it went.
    """

    def __init__(self, journal: Journal | None = None) -> None:
        import torch

        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self._clerk = Clerk("bench", journal)
        self._read: dict[int, tuple[Vectors, Vectors]] = {}

    def run(self, *, seed: int = 0, **settings: Any) -> RunShown:
        """Train once, show it live, and keep it; raises ValueError for settings that cannot be."""
        chosen = Settings(**settings)
        train, validation = self._vectors(chosen.layers)
        batches = validation.batches()
        with self._clerk.run(
            batches,
            planned=chosen.steps,
            every=EVERY,
            seed=seed,
            device=self.device,
            settings=chosen.as_data(),
        ) as (record, live):
            try:
                train_top(train, chosen, seed)
            finally:
                record.reviews = live.done * chosen.batch_size
            record.accuracy = live.scores[chosen.steps]  # asked after the last step
        return RunShown(record)

    def arm(self, **settings: Any) -> Callable[[int], float]:
        """Return a function that trains with a seed and returns the accuracy.

        A finished run with the same settings and seed that is in the table is not done again.
        """
        chosen = Settings(**settings).as_data()

        def arm(seed: int) -> float:
            for run in reversed(self._clerk.runs()):
                same = (run.settings, run.seed, run.device) == (chosen, int(seed), self.device)
                if same and run.accuracy is not None:
                    return run.accuracy
            accuracy = self.run(seed=int(seed), **settings).record.accuracy
            assert accuracy is not None
            return accuracy

        return arm

    def lay_over(self, *numbers: int) -> Picture:
        """Return a picture of the runs with these numbers; raises LookupError for unknown ones."""
        known = {run.number: run for run in self._clerk.runs()}
        if unknown := [number for number in numbers if number not in known]:
            have = ", ".join(map(str, known)) or "none"
            raise LookupError(f"There is no run {unknown[0]}; there are: {have}.")
        return overlay([known[number] for number in numbers])

    def forget(self, *numbers: int) -> None:
        """Take the runs with these numbers out of the table."""

        def act(entries: Entries) -> None:
            entries.runs = [
                run for run in entries.runs if run.kind != "bench" or run.number not in numbers
            ]

        self._clerk.journal.change(act)

    def _vectors(self, layers: int) -> tuple[Vectors, Vectors]:
        if layers not in self._read:
            from course import load_reviews

            print(f"The frozen layers read {TRAIN + VALIDATION:,} reviews, once …")
            reviews = load_reviews()
            train, validation = (
                read_by_frozen(list(rows["text"]), list(rows["label"]), layers, self.device)
                for rows in (
                    reviews["train"].select(range(TRAIN)),
                    reviews["validation"].select(range(VALIDATION)),
                )
            )
            self._read[layers] = (train, validation)
        return self._read[layers]

    def _table(self) -> Any:
        runs = self._clerk.runs()
        notes = [f"Kept in {self._clerk.journal.path}, on this machine only."]
        if not runs:
            notes = ["There is no run yet. Start with bench.run()."]
        return runs_table("Your runs on the bench", runs, notes)

    def __repr__(self) -> str:
        return repr(self._table())

    def _repr_html_(self) -> str:
        return str(self._table()._repr_html_())


class RunShown:
    """A run as its cell shows it: in one line, with its number."""

    def __init__(self, record: RunRecord) -> None:
        self.record = record

    def __repr__(self) -> str:
        run = self.record
        return (
            f"Run {run.number}: accuracy {run.accuracy:.3f} after {run.steps} steps, "
            f"{run.reviews:,} reviews and {run.seconds:.0f} s."
        )
