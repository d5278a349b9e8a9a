"""The exam of lesson 05: a step, an evaluation, and one real run."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from typing import Any

from autograder.examining.exam import Task
from autograder.verdict.task import FineTune
from course.checks import fine_tuning, train_step
from course.checks.base import Inputs
from course.checks.fine_tuning import scores
from course.checks.mistakes import MistakeError
from course.checks.tiny import as_batch, draw_reviews, tiny_bert
from course.checks.values import need_mapping


class TrainStep(train_step.TrainStep, Task):
    """One step makes the model learn from one batch, with clipped gradients, at the planned rate."""

    answer_id = "train-step"
    points = 5
    timeout = 20


class Evaluate(fine_tuning.Evaluate, Task):
    """Accuracy and loss are those of all rows, asked with dropout off and without gradients."""

    answer_id = "evaluate"
    points = 5
    timeout = 20

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield rows that the model mostly gets right, least in the short last batch."""
        for classes in (2, 3, 2):
            yield _evaluation(rng, classes)

    def judge(self, observed: Any, **inputs: Any) -> None:
        """Compare with the scores of a model of our own; symptoms only choose the message."""
        names = ("whole", "again", "in_one_batch", "training", "gradients")
        found = need_mapping(observed, names, "What was observed")
        whole, again = scores(found["whole"]), scores(found["again"])
        right = _scores(**inputs)
        if _equal(whole, right) and _equal(again, right):
            self.judge_gradients(found)
            return
        known = {
            "evaluate-mask-forgotten": (
                _scores(**inputs, masked=False),
                "These are the scores without the `attention_mask`: the model read the padding as "
                "if it were words. Pass the whole batch, `model(**batch)`.",
            ),
            "evaluate-loss-too-small": (
                (right[0], right[2] / sum(inputs["sizes"])),
                "The accuracy is right, but the loss is far too small: the *mean* losses of the "
                "batches were added and then divided by the number of rows. Multiply each by "
                "the number of its rows before you add.",
            ),
            "evaluate-keys-swapped": (
                (right[1], right[0]),
                'The numbers are right, but under each other\'s name: "accuracy" holds the loss.',
            ),
            "evaluate-error-rate": (
                (1 - right[0], right[1]),
                'Under "accuracy" stands the share of *wrong* rows. Count the right ones.',
            ),
        }
        for misconception, (wrong, why) in known.items():
            if _equal(whole, wrong):
                raise MistakeError(
                    misconception,
                    f"evaluate gives accuracy {whole[0]:.3f} and loss {whole[1]:.3f}. {why}",
                    credit=0.5 if misconception == "evaluate-loss-too-small" else 0.0,
                )
        self.symptoms(found, **inputs)
        if abs(whole[0] - right[0]) > 1e-3:
            raise MistakeError(
                "evaluate-wrong-accuracy",
                f"evaluate gives accuracy {whole[0]:.3f}, where {right[0]:.3f} of the "
                f"{sum(inputs['sizes'])} rows are right. Is each row's largest logit compared with "
                "its own label?",
            )
        raise MistakeError(
            "evaluate-wrong-loss",
            f"The accuracy is right, but the loss is {whole[1]:.4f} instead of {right[1]:.4f}: "
            "the mean of the cross-entropy over all rows.",
            credit=0.5,
        )


def _equal(found: tuple[float, ...], right: tuple[float, ...]) -> bool:
    return all(
        math.isclose(a, b, rel_tol=1e-3, abs_tol=1e-4) for a, b in zip(found, right, strict=False)
    )


def _logits(seed: int, classes: int, reviews: list[list[int]], *, masked: bool = True) -> Any:
    import torch

    model = tiny_bert(seed, dropout=0.5, classes=classes).eval()
    batch = as_batch(reviews, [0] * len(reviews))
    mask = batch.attention_mask if masked else torch.ones_like(batch.attention_mask)
    with torch.no_grad():
        return model(batch.input_ids, attention_mask=mask).logits


def _scores(
    *,
    seed: int,
    classes: int,
    reviews: list[list[int]],
    labels: list[int],
    sizes: list[int],
    masked: bool = True,
) -> tuple[float, float, float]:
    """Return accuracy, mean loss of a row, and the sum of the batches' mean losses."""
    import torch
    from torch.nn.functional import cross_entropy

    right = loss = summed = 0.0
    start = 0
    for size in sizes:
        logits = _logits(seed, classes, reviews[start : start + size], masked=masked)
        truth = torch.tensor(labels[start : start + size])
        start += size
        mean = cross_entropy(logits, truth).item()
        right += float((logits.argmax(dim=1) == truth).sum())
        loss += mean * size
        summed += mean
    return right / start, loss / start, summed


def _evaluation(rng: random.Random, classes: int) -> Inputs:
    """Draw a model, reviews that it is sure about, and labels of which some are wrong."""
    while True:
        seed = rng.randrange(10**6)
        sizes = [rng.randint(12, 20), rng.randint(7, 11), rng.randint(13, 18), 5]
        reviews = draw_reviews(rng, 300)
        logits = _logits(seed, classes, reviews).tolist()
        # A row close to the border could fall to the other side on another machine.
        sure = [
            (review, row.index(max(row)))
            for review, row in zip(reviews, logits, strict=True)
            if max(row) - sorted(row)[-2] > 0.1
        ][: sum(sizes)]
        picked = [choice for _, choice in sure]
        if len(sure) < sum(sizes) or max(map(picked.count, range(classes))) > 0.75 * len(sure):
            continue
        wrong = {sum(sizes) - 1 - i for i in rng.sample(range(5), 4)}
        wrong |= set(rng.sample(range(sum(sizes) - 5), rng.randint(3, 9)))
        case = {
            "seed": seed,
            "classes": classes,
            "reviews": [review for review, _ in sure],
            "labels": [
                (choice + rng.randint(1, classes - 1)) % classes if row in wrong else choice
                for row, choice in enumerate(picked)
            ],
            "sizes": sizes,
        }
        right, unmasked = _scores(**case), _scores(**case, masked=False)
        if abs(right[0] - unmasked[0]) > 0.03 and abs(right[1] - unmasked[1]) > 0.03:
            return case


TASKS = [TrainStep, Evaluate, FineTune]
