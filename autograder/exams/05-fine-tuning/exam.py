"""The exam of lesson 05: a step, an evaluation, and one real run."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from typing import Any

from autograder.examining.exam import Task
from autograder.verdict.task import FineTune
from course.checks import evaluation, fine_tuning
from course.checks.base import Inputs
from course.checks.fine_tuning import losses_in
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


class Evaluate(evaluation.Evaluate, Task):
    """Accuracy and loss are those of all rows, asked with dropout off and without gradients."""

    answer_id = "evaluate"
    points = 5
    timeout = 20


TASKS = [TrainStep, Evaluate, FineTune]
