"""The exam of lesson 05: a step, an evaluation, and one real run."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from typing import Any

from autograder.examining.exam import Task
from autograder.verdict.task import FineTune
from course.checks import fine_tuning
from course.checks.base import Inputs
from course.checks.fine_tuning import losses_in, scores
from course.checks.mistakes import MistakeError
from course.checks.tiny import as_batch, draw_reviews, tiny_bert
from course.checks.values import need_mapping

#: How far the weights may be from ours, as a share of the way that ours went.
NEAR = 0.02


class TrainStep(fine_tuning.TrainStep, Task):
    """One step makes the model learn from one batch, with clipped gradients, at the planned rate."""

    answer_id = "train-step"
    points = 5
    timeout = 20

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield steps without dropout, where every weight is known, and steps with much of it."""
        for dropout, device in ((0.0, "any"), (0.0, "any"), (0.5, "cpu")):
            counts = [rng.randint(3, 7) for _ in range(3)]
            yield {
                "seed": rng.randrange(10**6),
                "noise": rng.randrange(10**6),
                "dropout": dropout,
                "device": device,
                "reviews": [draw_reviews(rng, count) for count in counts],
                "labels": [[rng.randrange(2) for _ in range(count)] for count in counts],
                "lr": rng.uniform(0.05, 0.15),
                # Far apart, so that a rate taken a step too early or too late shows.
                "factors": rng.sample((0.3, 0.6, 1.0, 1.7), 4),
            }

    def judge(self, observed: Any, **inputs: Any) -> None:
        """Compare the weights with ours; what was watched only chooses the message."""
        found = need_mapping(observed, ["losses", "weights"], "What was observed")
        losses, weights = losses_in(found), found["weights"]
        right = _steps(**inputs)
        start = _start(**inputs)
        if inputs["dropout"]:
            # Chance may be drawn in another order than ours. Without train() it is not drawn.
            still = _steps(**inputs, training=False)
            fits = _near(weights, right["weights"], start) or (
                _far(weights, still["weights"], start) and _as_long(weights, start, **inputs)
            )
            told_right = True
        else:
            fits = _near(weights, right["weights"], start)
            told_right = len(losses) == len(right["losses"]) and all(
                math.isclose(a, b, rel_tol=1e-3, abs_tol=1e-4)
                for a, b in zip(losses, right["losses"], strict=False)
            )
        if fits and told_right:
            self.judge_form(observed)
            return
        self.symptoms(observed, **inputs)
        if fits:
            raise MistakeError(
                "step-other-loss",
                "The weights are right after every step, but the losses that train_step returns "
                "are not the model's for these batches.",
            )
        if inputs["dropout"]:
            raise MistakeError(
                "step-without-dropout",
                "With a model that has dropout, the weights come out as if it had none. Does the "
                "model work in training mode during the step?",
            )
        raise MistakeError(
            "step-wrong-weights",
            "After three steps the weights are not what one backward pass, gradients clipped to "
            "norm 1.0, one optimizer step and one scheduler step a batch give. Does each happen "
            "once, on this batch alone?",
        )


def _start(*, seed: int, dropout: float, **_: Any) -> Any:
    from torch.nn.utils import parameters_to_vector

    return parameters_to_vector(tiny_bert(seed, dropout=dropout, classes=2).parameters()).detach()


def _steps(
    *,
    seed: int,
    noise: int,
    dropout: float,
    device: str,
    reviews: list[list[list[int]]],
    labels: list[list[int]],
    lr: float,
    factors: list[float],
    training: bool = True,
) -> dict[str, Any]:
    """Return losses and weights after each step, by plain SGD written out."""
    import torch
    from torch.nn.functional import cross_entropy
    from torch.nn.utils import parameters_to_vector

    model = tiny_bert(seed, dropout=dropout, classes=2).train(training)
    parameters = list(model.parameters())
    result: dict[str, Any] = {"losses": [], "weights": []}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(noise)
        for rows, answers, factor in zip(reviews, labels, factors, strict=False):
            batch = as_batch(rows, answers)
            logits = model(batch.input_ids, attention_mask=batch.attention_mask).logits
            loss = cross_entropy(logits, batch.labels)
            gradients = torch.autograd.grad(loss, parameters)
            norm = math.sqrt(sum(float(g.double().pow(2).sum()) for g in gradients))
            with torch.no_grad():
                for parameter, gradient in zip(parameters, gradients, strict=True):
                    parameter -= lr * factor * min(1.0, 1.0 / norm) * gradient
            result["losses"].append(loss.item())
            result["weights"].append(parameters_to_vector(parameters).detach().clone())
    return result


def _distances(found: Any, right: list[Any], start: Any) -> list[float]:
    """Return how far each weights are from ours, as a share of the way that ours went."""
    import torch

    if not isinstance(found, list) or len(found) != len(right):
        return []
    shares = []
    for mine, theirs in zip(right, found, strict=True):
        if not isinstance(theirs, torch.Tensor) or theirs.shape != mine.shape:
            return []
        if not theirs.is_floating_point() or not bool(torch.isfinite(theirs).all()):
            return []
        way = float((mine - start).double().norm())
        shares.append(float((theirs.detach().double() - mine.double()).norm()) / max(way, 1e-9))
    return shares


def _near(found: Any, right: list[Any], start: Any) -> bool:
    shares = _distances(found, right, start)
    return bool(shares) and max(shares) < NEAR


def _far(found: Any, wrong: list[Any], start: Any) -> bool:
    """Return whether each step ended elsewhere than `wrong`."""
    shares = _distances(found, wrong, start)
    return bool(shares) and min(shares) > 10 * NEAR


def _as_long(found: list[Any], start: Any, *, lr: float, factors: list[float], **_: Any) -> bool:
    """Return whether each step was as long as gradients of norm 1 make it, or a little less."""
    before = start
    for after, factor in zip(found, factors, strict=False):
        way = float((after.detach().double() - before.double()).norm())
        if not 0.2 < way / (lr * factor) < 1.01:
            return False
        before = after.detach()
    return True


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
