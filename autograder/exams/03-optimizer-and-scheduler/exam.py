"""The exam of lesson 03: what an optimizer, a schedule and one update do to weights and rates."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from typing import Any

from autograder.examining.exam import Task
from course.checks import optimizer, optimizer_scheduler, rate_schedule
from course.checks.base import Inputs
from course.checks.fine_tuning import losses_in
from course.checks.mistakes import MistakeError
from course.checks.optimizer_scheduler import flat, with_name
from course.checks.tiny import as_batch, draw_reviews, tiny_bert
from course.checks.values import need_mapping


class MakeOptimizer(optimizer.MakeOptimizer, Task):
    """AdamW moves every weight at the given rate; biases and LayerNorm are spared from decay."""

    answer_id = "make-optimizer"
    points = 3
    timeout = 20

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        for _ in range(2):
            yield {
                "seed": rng.randrange(1, 10**6),
                # Far from PyTorch's own 1e-3 and 0.01, so that a default shows.
                "learning_rate": round(rng.uniform(5e-3, 2e-2), 5),
                "weight_decay": round(rng.uniform(0.1, 0.3), 4),
            }


class TrainingSteps(rate_schedule.TrainingSteps, Task):
    """A run has as many steps as batches in all epochs, the short ones included."""

    answer_id = "training-steps"
    points = 1
    timeout = 10

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        while True:
            size, full, epochs = rng.randint(8, 40), rng.randint(20, 90), rng.randint(5, 9)
            left_over = rng.randint(2, (size - 1) // 2)  # less than half: it would round down
            case = {"rows": full * size + left_over, "batch_size": size, "epochs": epochs}
            # All known mistakes give another number each. (An extra batch is right here.)
            if len(set(self.predictions(**case).values())) == len(self.predicted):
                break
        yield case
        for rows in (full * size, rng.randint(2, size - 1), full * size + 1):
            yield {"rows": rows, "batch_size": size, "epochs": rng.randint(3, 6)}

    def batches(self, rows: int, batch_size: int) -> tuple[int, int]:
        return rows // batch_size, int(rows % batch_size > 0)


class MakeSchedule(rate_schedule.MakeSchedule, Task):
    """The rate rises from 0 to its full height, and falls to 0 again, over all batches of all epochs."""

    answer_id = "make-schedule"
    points = 2
    timeout = 15

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        for share in rng.sample((0.1, 0.15, 0.2, 0.25, 0.3), 3):
            while True:
                batches, epochs = rng.randint(20, 36), rng.randint(4, 5)
                # A warm-up rounded in each epoch shall be more than a step off in the end.
                if 1.5 < epochs * (share * batches % 1) < epochs - 1.5:
                    break
            yield {
                "rates": [10 ** rng.uniform(-5, -2) for _ in range(rng.randint(2, 3))],
                "batches_per_epoch": batches,
                "epochs": epochs,
                "warmup_share": share,
            }


class Update(optimizer_scheduler.Update, Task):
    """One batch moves the weights once: clipped gradients, the planned rate, nothing left over."""

    answer_id = "update"
    points = 4
    timeout = 20

    #: How far the weights may be from ours, as a share of the way that ours went.
    NEAR = 0.02

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield steps whose gradients are too long, and steps whose gradients are not."""
        for clipped in (True, True, False):
            norms = [0.0]
            while min(norms) < 1:
                counts = [rng.randint(3, 7) for _ in range(3)]
                case: Inputs = {
                    "seed": rng.randrange(10**6),
                    "reviews": [draw_reviews(rng, count) for count in counts],
                    "labels": [[rng.randrange(2) for _ in range(count)] for count in counts],
                    # Far apart, so that a rate taken a step too early or too late shows.
                    "factors": rng.sample((0.3, 0.6, 1.0, 1.7), 4),
                }
                norms = _steps(**case, lr=0.0, max_norm=1.0)["norms"]
            lr = rng.uniform(0.05, 0.15)
            if clipped:  # to less than 1, which is what many write by habit
                max_norm = min(0.8, min(norms) * rng.uniform(0.3, 0.6))
                yield {**case, "lr": lr, "max_norm": round(max_norm, 3)}
            else:  # a rate that is fit for gradients which nobody clips
                yield {**case, "lr": lr / max(norms), "max_norm": float(rng.randint(5000, 50000))}

    def judge(self, observed: Any, **inputs: Any) -> None:
        """Compare the weights with ours; what was watched only chooses the message."""
        with_name(lambda: self._judge(observed, **inputs))

    def _judge(self, observed: Any, **inputs: Any) -> None:
        found = need_mapping(observed, ["losses", "weights"], "What was observed")
        losses, right = losses_in(found), _steps(**inputs)
        fits = self._fits(found["weights"], right["weights"], inputs["seed"])
        if (
            fits
            and len(losses) == len(right["losses"])
            and all(
                math.isclose(a, b, rel_tol=1e-3, abs_tol=1e-4)
                for a, b in zip(losses, right["losses"], strict=True)
            )
        ):
            self.judge_form(observed)
            return
        self.symptoms(observed, **inputs)
        if fits:
            raise MistakeError(
                "update-other-loss",
                "The weights are right after every step, but the losses that update returns are "
                "not the model's for these batches.",
            )
        raise MistakeError(
            "update-wrong-weights",
            "After three steps the weights are not what one backward pass, gradients clipped to "
            "max_norm, one optimizer step and one scheduler step a batch give. Does each happen "
            "once, on this batch alone?",
        )

    def _fits(self, found: Any, right: list[Any], seed: int) -> bool:
        import torch

        if not isinstance(found, list) or len(found) != len(right):
            return False
        before = flat(tiny_bert(seed, dropout=0.0, classes=2))
        for mine, theirs in zip(right, found, strict=True):
            if (
                not isinstance(theirs, torch.Tensor)
                or theirs.shape != mine.shape
                or theirs.dtype not in (torch.float32, torch.float64)
            ):
                return False
            way = float((mine - before).double().norm())
            error = float((theirs.detach().double() - mine.double()).norm())
            if not error < self.NEAR * way:  # NaN is not near
                return False
        return True


def _steps(
    *,
    seed: int,
    reviews: list[list[list[int]]],
    labels: list[list[int]],
    lr: float,
    factors: list[float],
    max_norm: float,
) -> dict[str, Any]:
    """Return losses, norms and the weights after each step, by plain SGD written out."""
    import torch
    from torch.nn.functional import cross_entropy

    model = tiny_bert(seed, dropout=0.0, classes=2).train()
    parameters = list(model.parameters())
    result: dict[str, Any] = {"losses": [], "norms": [], "weights": []}
    for rows, answers, factor in zip(reviews, labels, factors, strict=False):
        batch = as_batch(rows, answers)
        logits = model(batch.input_ids, attention_mask=batch.attention_mask).logits
        loss = cross_entropy(logits, batch.labels)
        gradients = torch.autograd.grad(loss, parameters)
        norm = math.sqrt(sum(float(g.double().pow(2).sum()) for g in gradients))
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter -= lr * factor * min(1.0, max_norm / norm) * gradient
        result["losses"].append(loss.item())
        result["norms"].append(norm)
        result["weights"].append(flat(model))
    return result


TASKS = [MakeOptimizer, TrainingSteps, MakeSchedule, Update]
