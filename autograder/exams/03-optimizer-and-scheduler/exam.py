"""The exam of lesson 03: what an optimizer, a schedule and one update do to weights and rates."""

from __future__ import annotations

import random
from collections.abc import Iterable

from autograder.examining.exam import Task
from course.checks import optimizer, rate_schedule, train_step
from course.checks.base import Inputs


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


class Update(train_step.Update, Task):
    """One batch moves the weights once: clipped gradients, the planned rate, nothing left over."""

    answer_id = "update"
    points = 4
    timeout = 20


TASKS = [MakeOptimizer, TrainingSteps, MakeSchedule, Update]
