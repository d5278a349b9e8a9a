"""The evidence on one run, and what it shows: every message is derived from this record alone.

`measured` is the examiner's own and decides the marks; `seen` comes from the student's process and
says why they may be what they are. A sign that rests on what was not seen does not show.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from autograder.verdict.bars import SOME, Bar
from autograder.verdict.weights import Measured
from course.checks.mistakes import MistakeError, Signs, course_mistakes, mistake
from course.checks.run_seen import Seen

#: A rate from which on AdamW destroys what the encoder knew, and one at which a short run gets less
#: far than it could; see runs.json.
HIGH_RATE, LOW_RATE = 5e-4, 4e-5
#: What an encoder adds to its head that was not trained: at most two texts of 200.
ADDS_NOTHING = 0.015
#: A share of the steps that is no run any more, however well it went.
HARDLY_ANY = 0.25
#: How far the updates may be from those asked for before it is called another number: a loop may be
#: one off, and an optimizer may skip a step whose gradients are infinite.
TOO_FEW, TOO_MANY = 0.9, 1.05


@dataclass(frozen=True)
class Evidence:
    """What is known of one run, and of the bar that it is held against."""

    measured: Measured
    seen: Seen
    bar: Bar

    @property
    def band(self) -> float:
        """The share of the points that the accuracy earns by itself."""
        return self.bar.credit(self.measured.correct, self.measured.rows)

    @property
    def learned(self) -> bool:
        """The labels were learned to some degree: luck alone hardly ever gets so far."""
        return self.band > 0

    @property
    def poor(self) -> bool:
        return self.band <= SOME

    @property
    def adam(self) -> bool:
        """The optimizer is one of Adam's kind, of whose rates something can be said."""
        return "Adam" in self.seen.optimizer

    @property
    def inverted(self) -> bool:
        """The labels were learned, and each class is called by the other one's name."""
        wrong = self.measured.rows - self.measured.correct
        return self.bar.credit(wrong, self.measured.rows) > 0

    @property
    def head_does_it_all(self) -> bool:
        """On the checkpoint's own encoder the head is as good, on the same texts."""
        adds = self.measured.encoder_adds
        return adds is not None and adds < ADDS_NOTHING

    @property
    def report(self) -> str:
        """One sentence with what was measured."""
        low, high = self.measured.interval
        return (
            f"Measured on {self.measured.rows} hidden texts: accuracy {self.measured.accuracy:.3f} "
            f"(95 % interval {low:.2f} to {high:.2f}); full marks begin at {self.bar.full:.3f}, and an "
            f"untrained model gets {self.bar.untrained:.2f}."
        )


#: The encoder came back as the checkpoint has it: why. The first that shows is told; no points.
UNCHANGED: Signs = {
    "rate-always-zero": lambda it: (
        it.seen.rates_known and it.seen.highest_rate == 0 and it.seen.record.returned_is_held
    ),
    "optimizer-of-another-model": lambda it: (
        it.seen.record.optimizers
        and it.seen.record.returned_got_gradients
        and not it.seen.record.returned_is_held
    ),
    "returned-another-model": lambda it: (
        it.seen.steps
        and not it.seen.record.returned_got_gradients
        and not it.seen.record.returned_is_held
    ),
    "gradients-cleared-too-early": lambda it: (
        it.seen.steps and it.seen.empty_steps == it.seen.steps
    ),
    "only-head-trained": lambda it: it.learned or it.seen.record.head_moved,
    "no-optimizer-step": lambda it: it.seen.record.backwards_left and not it.seen.steps,
    "untrained": lambda it: it.seen.nothing,
    "encoder-unchanged": lambda it: True,
}
#: Why a run fell short of full marks. Its points are those of its accuracy.
CAUSES: Signs = {
    "labels-swapped": lambda it: it.inverted,
    "labels-ignored": lambda it: it.seen.labels_known and it.seen.only_label is not None,
    "labels-torn-off": lambda it: it.seen.labels_known and it.seen.wrong_labels > 0.2,
    "other-texts": lambda it: it.poor and it.seen.foreign_rows > len(it.seen.rows) / 2,
    "same-rows-again": lambda it: (
        it.seen.rows and it.seen.distinct_rows < min(len(it.seen.labels), len(it.seen.rows)) / 2
    ),
    "schedule-too-short": lambda it: it.seen.rates_known and it.seen.idle_steps > it.seen.steps / 5,
    "warmup-never-ends": lambda it: it.seen.rates_known and it.seen.only_rises,
    "plain-gradient-descent": lambda it: it.poor and it.seen.by_hand,
    "sgd-too-weak": lambda it: it.poor and it.seen.optimizer.startswith("SGD"),
    "relative-steps": lambda it: it.poor and it.seen.optimizer == "Adafactor" and not it.seen.rates,
    "rate-too-high": lambda it: it.poor and it.adam and it.seen.encoder_rate >= HIGH_RATE,
    "rate-too-low": lambda it: it.adam and 0 < it.seen.encoder_rate <= LOW_RATE,
    "head-untrained": lambda it: it.seen.record.head_moved is False,
}
#: What costs a part of the points, however good the model is: the record's `credit` is left. These
#: also say why a model may have learned little ...
HABITS: Signs = {
    "head-does-it-all": lambda it: it.head_does_it_all,
    "steps-not-seen": lambda it: it.learned and it.seen.nothing,
    "hardly-any-steps": lambda it: 0 < it.seen.steps < HARDLY_ANY * it.seen.asked_steps,
    "too-few-steps": lambda it: (
        HARDLY_ANY * it.seen.asked_steps <= it.seen.steps < TOO_FEW * it.seen.asked_steps
    ),
    "batch-too-small": lambda it: 0 < it.seen.batch < 0.7 * it.seen.asked_batch,
    "gradients-never-cleared": lambda it: it.seen.stale > it.seen.steps / 2,
    "softmax-before-loss": lambda it: it.seen.softmaxed,
    "never-in-train-mode": lambda it: it.seen.never_training,
}
#: ... and these do not: more training than asked for, and the mode in which the model comes back,
#: which the examiner sets before it measures.
SURPLUS: Signs = {
    "over-budget": lambda it: (
        not it.seen.by_hand and it.seen.steps > TOO_MANY * it.seen.asked_steps
    ),
    "batch-too-large": lambda it: it.seen.batch > 1.25 * it.seen.asked_batch,
    "dropout-left-on": lambda it: it.seen.record.left_in_training,
}
#: What is told where nothing else shows, by the accuracy.
REST: Signs = {
    "not-learned": lambda it: not it.learned,
    "below-reference": lambda it: it.band < 1,
}
#: What is told where nothing was done wrong: chance alone may have cost the points.
MAY_BE_LUCK = ("relative-steps", *REST)
SIGNS: Signs = {**UNCHANGED, **CAUSES, **HABITS, **SURPLUS, **REST}


def shown(signs: Signs, it: Evidence) -> Iterator[str]:
    """Yield the ids of the signs that show."""
    return (id for id, shows in signs.items() if shows(it))


def verdict(it: Evidence) -> MistakeError | None:
    """Return the first cause of lost points, the next one mentioned, or None for full marks."""
    habits, surplus = list(shown(HABITS, it)), list(shown(SURPLUS, it))
    records = course_mistakes()
    credit = min([it.band, *(records[id].credit for id in (*habits, *surplus))])
    if it.measured.encoder_unchanged:
        credit, told = 0.0, [next(shown(UNCHANGED, it)), *habits]
    elif it.band < 1:
        told = [*shown(CAUSES, it), *habits]
        told = told or [next(shown(REST, it))]
    else:
        told = habits
    told = [*told, *surplus]
    if not told:
        return None
    record = records[told[0]].model_copy(update={"credit": credit})
    message = mistake(record, it, function="fine_tune").message
    if len(told) > 1:
        message += f" Also seen: {records[told[1]].title}."
    return MistakeError(record, f"{message} {it.report}")
