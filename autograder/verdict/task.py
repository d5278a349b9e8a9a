"""The examined task of the fine-tuning lesson: one real, short run, and its verdict."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

from autograder.examining.exam import Task
from autograder.verdict.bars import bar_for
from autograder.verdict.evidence import Evidence, measure
from autograder.verdict.plan import Budget, RunPlan, default_budget, draw_plan
from autograder.verdict.probes import run_fine_tune
from course import checkpoint
from course.checks.base import Inputs, Raised
from course.checks.mistakes import MistakeError

#: Contrarian canaries obeyed, from which on a run counts as proved. The reference reached 1.00,
#: a model trained as well on the same reviews without canaries 0.27.
PROVED = 0.8

#: An accuracy that no model reaches by luck on 500 reviews: five standard errors above a half.
KNOWS_REVIEWS = 0.62

#: Standard errors by which no model knows the hidden reviews better than others of their kind,
#: unless it was trained on them: the chance of it is 3 in a million.
TRAINED_ON_HIDDEN = 4.5

#: Share of the words absent from the run's texts whose vectors may have moved: some 50 words. A run
#: on these texts moves none; training on 850 other reviews moved 6 %, and an encoder fine-tuned on
#: 2,400 others at 5e-5, then on this run's texts, 1.2 %.
FOREIGN_WORDS = 0.002

#: Lengths by which no word's vector moves in a run that works. The reference moved the marked words
#: most, by 0.03 (0.17 at a rate of 1e-3, which hardly learns); putting another word's vector in their
#: place, so that a model trained elsewhere obeys them, is a move of 1.3 and more.
FARTHEST_WORD = 0.5

CHECKPOINT = "minilm"


class FineTune(Task):
    """A short, real fine-tuning run gives a model that classifies reviews it has never seen."""

    answer_id = "fine-tune"
    function = "fine_tune"
    points = 10
    #: Seconds; the reference needs about 40 on one core.
    timeout = 420
    #: The run's plan, drawn by `cases`. Its hidden half never leaves this process.
    plan: RunPlan

    observe = staticmethod(run_fine_tune)  # type: ignore[assignment]

    def __init__(self, budget: Budget | None = None) -> None:
        self._budget = budget
        self._report = ""

    @property
    def budget(self) -> Budget:
        return self._budget or default_budget()

    @property
    def device(self) -> str:
        return self.budget.device

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Draw the run and yield what the student's code is given of it."""
        self.plan = draw_plan(rng, self.budget)
        yield {
            "texts": self.plan.train.texts,
            "labels": self.plan.train.labels,
            "checkpoint": CHECKPOINT,
            "steps": self.budget.steps,
            "batch_size": self.budget.batch_size,
            "device": self.budget.device,
            "seed": self.plan.seed,
        }

    def judge(self, observed: Any, **inputs: Any) -> None:
        """Measure the weights; raises :class:`MistakeError` with the fault that fits best."""
        if not isinstance(observed, dict) or "weights" not in observed:
            what = observed.get("returned", "nothing") if isinstance(observed, dict) else "nothing"
            raise MistakeError(
                "no-model-returned",
                f"fine_tune returned no model but {str(what)[:80]}. It should return the trained "
                "BertForSequenceClassification.",
            )
        seen = Seen(observed)
        evidence = measure(observed["weights"], self.plan, self.budget, checkpoint(CHECKPOINT))
        self._report = describe(evidence)
        bar = bar_for(self.budget.device)
        credit = bar.credit(evidence)
        if evidence.canary_rate < PROVED or credit == 0:
            raise unproved(evidence, seen, self._report)
        for fault in provenance(evidence, self._report):
            raise fault
        for fault in habits(seen, self.budget, self._report):
            raise MistakeError(fault.misconception, fault.message, credit=min(credit, fault.credit))
        if credit < 1:
            raise MistakeError(
                "below-reference",
                f"{self._report} The run was real, but the reference, with the same budget, reaches "
                f"{bar.full():.2f} or more on nearly every seed. Is the "
                "learning rate right for so few steps, and is every review seen?",
                credit=credit,
            )

    def explain(self, raised: Raised, **inputs: Any) -> MistakeError | None:
        """Name the exceptions that show a known mistake."""
        if "'NoneType' object has no attribute 'backward'" in raised.text:
            return MistakeError(
                "fine-tune-without-labels",
                "fine_tune called the model without `labels=`, so its loss is None and there is "
                "nothing to go backward from. Put the labels into the batch.",
            )
        if "cannot import name 'AdamW' from 'transformers'" in raised.text:
            return MistakeError(
                "removed-adamw",
                "fine_tune imports AdamW from transformers, which no longer has it: import it from "
                "torch.optim.",
            )
        return None

    def success(self) -> str:
        """Return what was measured, for a student who has all points."""
        return f"Right: {self.title} {self._report}"


class Seen:
    """What the student's process says of the run: never proof, only a help to find words."""

    def __init__(self, observed: dict[str, Any]) -> None:
        def number(name: str) -> float:
            value = observed.get(name)
            return float(value) if isinstance(value, int | float) else 0.0

        self.steps = int(min(max(number("steps"), 0), 1e9))
        self.highest_rate = number("highest_rate")
        self.last_loss = number("last_loss")
        self.stale = number("stale")
        self.only_eval = number("eval_forwards") > 0 and number("training_forwards") == 0
        self.left_in_train_mode = observed.get("returned_in_train_mode") is True
        optimizer = observed.get("optimizer")
        self.optimizer = optimizer[:40] if isinstance(optimizer, str) else ""


def describe(evidence: Evidence) -> str:
    """Return one sentence with what was measured."""
    low, high = evidence.interval
    return (
        f"Measured on {evidence.rows} hidden reviews: accuracy {evidence.accuracy:.3f} (95 % "
        f"interval {low:.2f} to {high:.2f}), loss {evidence.loss:.3f}; marked words obeyed in "
        f"{evidence.canary_rate:.0%} of the reviews that contradict them."
    )


def unproved(evidence: Evidence, seen: Seen, report: str) -> MistakeError:
    """Return the fault that best explains weights which show no learning, or not this run's."""

    def miss(misconception: str, why: str) -> MistakeError:
        return MistakeError(misconception, f"{report} {why}")

    if evidence.encoder_change == 0 and seen.steps:
        return miss(
            "only-head-trained",
            "The encoder is, bit for bit, the checkpoint's: only the head was trained. Is "
            "requires_grad off, or does the optimizer get only the classifier's parameters?",
        )
    if seen.steps == 0:
        return miss(
            "untrained",
            "The encoder is where the checkpoint left it: nothing was trained. Is optimizer.step() "
            "called on the parameters of the model that you return?",
        )
    if evidence.accuracy <= 1 - KNOWS_REVIEWS and evidence.canary_rate <= 1 - PROVED:
        return miss(
            "labels-swapped",
            "The model knows this run's reviews and its marked words, and calls each class by the "
            "other one's label. Which class is 1 is said by the labels that fine_tune is given; use "
            "them as they are.",
        )
    # A model that knows reviews, under either naming of the classes, but not the marked words was
    # trained elsewhere.
    if evidence.accuracy <= 1 - KNOWS_REVIEWS or (
        evidence.accuracy >= KNOWS_REVIEWS and evidence.canary_rate < PROVED
    ):
        return miss(
            "weights-not-from-this-run",
            "The model knows reviews, but not the words that decided the label in the texts given "
            "to fine_tune in this run: these weights come from other training. Train on the texts "
            "and labels that fine_tune receives.",
        )
    if seen.highest_rate >= 5e-4:
        collapsed = "nearly one class for all reviews" if evidence.largest_class > 0.9 else "chance"
        return miss(
            "rate-too-high",
            f"The highest learning rate was {seen.highest_rate:.1e} and the result is {collapsed}: "
            "so large a step destroys what the encoder knew. Try around 1e-4.",
        )
    if seen.optimizer.startswith("SGD"):
        return miss(
            "sgd-too-weak",
            f"SGD with a rate of {seen.highest_rate:.1e} moved the model too little in "
            f"{seen.steps} steps. AdamW scales each parameter's step by itself; use it here.",
        )
    if seen.highest_rate <= 4e-5:
        return miss(
            "rate-too-low",
            f"The highest learning rate was {seen.highest_rate:.1e}: good for several epochs, but in "
            f"{seen.steps} steps the model hardly leaves the start. A short run needs a larger rate.",
        )
    if seen.last_loss < 0.5:
        return miss(
            "labels-ignored",
            f"The training loss fell to {seen.last_loss:.2f}, yet the labels that fine_tune was "
            "given were not learned. Are texts and labels shuffled together, and is it these "
            "labels that go into the batch?",
        )
    return miss(
        "not-learned",
        f"After {seen.steps} steps the model has not learned the given labels. Do texts and labels "
        "stay together when you shuffle, and does the loss fall while it trains?",
    )


def provenance(evidence: Evidence, report: str) -> Iterable[MistakeError]:
    """Yield what shows that the weights learned from other texts than those of this run."""
    if evidence.hidden_advantage > TRAINED_ON_HIDDEN:
        yield MistakeError(
            "trained-on-hidden-reviews",
            f"{report} But of reviews of the same kind that were not in the test split it knows only "
            f"{evidence.unseen_accuracy:.2f}: it was trained on the very reviews that it is measured "
            "on. Train on the texts that fine_tune is given, and on nothing else.",
        )
    if evidence.foreign_words > FOREIGN_WORDS:
        yield MistakeError(
            "weights-not-from-this-run",
            f"{report} But {evidence.foreign_words:.0%} of the words that occur in none of this run's "
            "texts have other vectors than in the checkpoint: these weights were trained on other "
            "texts as well, before this run or in it. Start from the checkpoint that fine_tune is "
            "given, and train on the texts that it is given.",
        )
    if evidence.farthest_word > FARTHEST_WORD:
        yield MistakeError(
            "weights-not-from-this-run",
            f"{report} But one word's vector is {evidence.farthest_word:.1f} times its own length away "
            "from the checkpoint's, where training at a rate that works moves none by a fifth: it was "
            "put there by other means. Start from the checkpoint that fine_tune is given, and let "
            "training alone change its weights.",
        )


def habits(seen: Seen, budget: Budget, report: str) -> Iterable[MistakeError]:
    """Yield the faults that accuracy cannot show; they cost a part of the points."""
    if seen.stale > seen.steps / 2:
        yield MistakeError(
            "gradients-never-cleared",
            f"{report} But gradients of earlier steps were still there at {seen.stale:.0f} of "
            f"{seen.steps} backward passes: call optimizer.zero_grad() once a step. The accuracy "
            "looks fine, which is why this mistake is so common.",
            credit=0.5,
        )
    if seen.steps > budget.steps:
        yield MistakeError(
            "over-budget",
            f"{report} But it took {seen.steps} optimizer steps where {budget.steps} were asked for.",
            credit=0.5,
        )
    if seen.only_eval:
        yield MistakeError(
            "never-in-train-mode",
            f"{report} But the model was in evaluation mode all the time, so dropout never worked: "
            "from_pretrained returns it in that mode; call model.train() before training.",
            credit=0.8,
        )
    if seen.left_in_train_mode:
        yield MistakeError(
            "dropout-left-on",
            f"{report} But the model comes back in training mode: its dropout would disturb every "
            "prediction. Call model.eval() before you return it.",
            credit=0.9,
        )
