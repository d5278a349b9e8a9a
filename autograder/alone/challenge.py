"""An attempt of lesson 05's challenge, run again: on its reviews, and measured on the test reviews."""

from __future__ import annotations

import random
from typing import Any

from autograder.verdict.question import HIDDEN_ROWS, Reviews, Run
from autograder.verdict.task import FineTune
from course.checks.mistakes import Mistake, MistakeError, mistake

OVER = Mistake(
    id="budget-not-kept",
    title="Over the budget",
    message="The budget was not kept: {how}. {report}",
)


class ChallengeRun(FineTune):
    """The attempt keeps its budget."""

    #: It is worth no points; a board has no marks.
    points = 0

    def draw(self, rng: random.Random) -> Run:
        """Return the challenge's reviews, and test reviews; only the run's seed is drawn."""
        from course import load_reviews

        reviews = load_reviews()
        train, test = (
            Reviews(list(rows["text"]), [int(label) for label in rows["label"]])
            for rows in (
                reviews["train"].select(range(self.budget.steps * self.budget.batch_size)),
                reviews["test"].select(range(HIDDEN_ROWS)),
            )
        )
        return Run(train, test, rng.randrange(2**31))

    def judge(self, observed: Any, **inputs: Any) -> None:
        """Measure the weights; raises MistakeError for a run that did not keep its budget."""
        self.evidence = self.evidence_of(observed)
        if how := self.evidence.seen.over_budget:
            raise mistake(OVER, how=how, report=self.report)

    def may_be_luck(self, error: MistakeError) -> bool:
        """Nothing is asked twice: an attempt is measured as it is."""
        return False

    @property
    def report(self) -> str:
        """What was measured, in one sentence."""
        assert self.evidence is not None
        measured = self.evidence.measured
        low, high = measured.interval
        return (
            f"On {measured.rows} test reviews the accuracy is {measured.accuracy:.3f} "
            f"(95 % interval {low:.2f} to {high:.2f})."
        )

    def picture(self) -> str:
        """Return nothing: the bars are those of another question."""
        return ""

    def success(self) -> str:
        """Return what was measured and counted."""
        assert self.evidence is not None
        seen = self.evidence.seen
        return f"{self.report} The budget was kept: {seen.steps} steps, {len(seen.rows):,} reviews."
