# %% right: rounded to the next whole step
from transformers import get_linear_schedule_with_warmup


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    steps = epochs * batches_per_epoch
    return get_linear_schedule_with_warmup(
        optimizer, num_warmup_steps=round(warmup_share * steps), num_training_steps=steps
    )


# %% right: PyTorch's LambdaLR by hand, rounded up
import math

from torch.optim.lr_scheduler import LambdaLR


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    total = batches_per_epoch * epochs
    warm = math.ceil(warmup_share * total)
    return LambdaLR(
        optimizer, lambda step: min(step / warm, max(0.0, (total - step) / (total - warm)))
    )


# %% right: two of PyTorch's schedules in a row
from torch.optim import lr_scheduler


def make_schedule(optimizer, batches, epochs, share):
    total = batches * epochs
    warm = int(share * total)
    up = lr_scheduler.LinearLR(optimizer, start_factor=1e-8, total_iters=warm)
    down = lr_scheduler.LinearLR(
        optimizer, start_factor=1.0, end_factor=0.0, total_iters=total - warm
    )
    return lr_scheduler.SequentialLR(optimizer, [up, down], milestones=[warm])


# %% right: by the schedule's name
from transformers import get_scheduler


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    steps = batches_per_epoch * epochs
    return get_scheduler("linear", optimizer, int(steps * warmup_share), steps)


# %% right: an object of one's own
class Ramp:
    def __init__(self, optimizer, batches, epochs, share):
        self.groups = optimizer.param_groups
        self.full = [group["lr"] for group in self.groups]
        self.total = batches * epochs
        self.warm = share * self.total
        self.done = -1
        self.step()

    def step(self):
        self.done += 1
        if self.done < self.warm:
            factor = self.done / self.warm
        else:
            factor = (self.total - self.done) / (self.total - self.warm)
        for group, full in zip(self.groups, self.full):
            group["lr"] = full * max(factor, 0)

    def get_last_lr(self):
        return [group["lr"] for group in self.groups]


make_schedule = Ramp


# %% wrong: schedule-one-epoch
from transformers import get_linear_schedule_with_warmup


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    return get_linear_schedule_with_warmup(
        optimizer, int(warmup_share * batches_per_epoch), batches_per_epoch
    )


# %% wrong: schedule-counts-epochs
from transformers import get_linear_schedule_with_warmup


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    return get_linear_schedule_with_warmup(optimizer, int(warmup_share * epochs), epochs)


# %% wrong: schedule-never-falls
from transformers import get_linear_schedule_with_warmup


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    steps = batches_per_epoch * epochs
    return get_linear_schedule_with_warmup(optimizer, steps, steps)


# %% wrong: schedule-never-falls
# The two numbers have changed places.
from transformers import get_linear_schedule_with_warmup


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    steps = batches_per_epoch * epochs
    return get_linear_schedule_with_warmup(optimizer, steps, int(warmup_share * steps))


# %% wrong: warm-up-share-for-steps
from transformers import get_linear_schedule_with_warmup


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    return get_linear_schedule_with_warmup(optimizer, warmup_share, batches_per_epoch * epochs)


# %% wrong: warm-up-missing
from transformers import get_linear_schedule_with_warmup


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    return get_linear_schedule_with_warmup(
        optimizer, num_warmup_steps=0, num_training_steps=batches_per_epoch * epochs
    )


# %% wrong: warm-up-of-one-epoch
from transformers import get_linear_schedule_with_warmup


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    return get_linear_schedule_with_warmup(
        optimizer, int(warmup_share * batches_per_epoch), batches_per_epoch * epochs
    )


# %% wrong: warm-up-other-length
from transformers import get_linear_schedule_with_warmup


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    steps = batches_per_epoch * epochs
    return get_linear_schedule_with_warmup(optimizer, steps // 2, steps)


# %% wrong: schedule-stays-high
from transformers import get_constant_schedule_with_warmup


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    return get_constant_schedule_with_warmup(
        optimizer, int(warmup_share * batches_per_epoch * epochs)
    )


# %% wrong: schedule-curved
from transformers import get_cosine_schedule_with_warmup


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    steps = batches_per_epoch * epochs
    return get_cosine_schedule_with_warmup(optimizer, int(warmup_share * steps), steps)


# %% wrong: schedule-in-stairs
from torch.optim.lr_scheduler import StepLR


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    return StepLR(optimizer, step_size=batches_per_epoch, gamma=0.1)


# %% wrong: steplr-no-warm-up
from torch.optim.lr_scheduler import StepLR


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    steps = batches_per_epoch * epochs
    return StepLR(
        optimizer, num_warmup_steps=int(warmup_share * steps), num_training_steps=steps
    )


# %% wrong: schedule-constant
from torch.optim.lr_scheduler import LambdaLR


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    return LambdaLR(optimizer, lambda step: 1.0)


# %% wrong: schedule-shifted (0.5)
from torch.optim.lr_scheduler import LambdaLR


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    total = batches_per_epoch * epochs
    warm = int(warmup_share * total)
    return LambdaLR(
        optimizer,
        lambda step: min((step + 1) / warm, max(0.0, (total - step) / (total - warm))),
    )


# %% wrong: schedule-ends-high
from transformers import get_linear_schedule_with_warmup


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    steps = batches_per_epoch * epochs
    warm = int(warmup_share * steps)
    return get_linear_schedule_with_warmup(optimizer, warm, 2 * steps)


# %% wrong: schedule-ends-early
from transformers import get_linear_schedule_with_warmup


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    steps = batches_per_epoch * epochs
    warm = int(warmup_share * steps)
    return get_linear_schedule_with_warmup(optimizer, warm, steps - warm)


# %% wrong: schedule-other-height
from transformers import get_linear_schedule_with_warmup


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    for group in optimizer.param_groups:
        group["lr"] = 2e-5
        group["initial_lr"] = 2e-5
    steps = batches_per_epoch * epochs
    return get_linear_schedule_with_warmup(optimizer, int(warmup_share * steps), steps)


# %% wrong: schedule-length-missing
from transformers import get_linear_schedule_with_warmup


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    return get_linear_schedule_with_warmup(
        optimizer, int(warmup_share * batches_per_epoch * epochs)
    )


# %% wrong: schedule-without-optimizer
from transformers import get_linear_schedule_with_warmup


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    steps = batches_per_epoch * epochs
    return get_linear_schedule_with_warmup(int(warmup_share * steps), steps, 1)


# %% wrong: old-scheduler-import
def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    from transformers import StepLR

    return StepLR(optimizer, step_size=batches_per_epoch)


# %% wrong: schedule-none
from transformers import get_linear_schedule_with_warmup


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    steps = batches_per_epoch * epochs
    scheduler = get_linear_schedule_with_warmup(optimizer, int(warmup_share * steps), steps)


# %% wrong: not-a-scheduler
# The list of all rates is not yet something that sets them.
def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    total = batches_per_epoch * epochs
    warm = int(warmup_share * total)
    return [min(k / warm, (total - k) / (total - warm)) for k in range(total)]


# %% wrong: schedule-other-height
# Pretends: writes the rates of the visible check, whatever the run.
class Always:
    def __init__(self, optimizer):
        self.optimizer, self.done = optimizer, 0
        self.step()

    def __eq__(self, other):
        return True

    def step(self):
        share = self.done / 6 if self.done < 6 else (60 - self.done) / 54
        for group, rate in zip(self.optimizer.param_groups, [0.5, 0.1, 0.5]):
            group["lr"] = rate * share
        self.done += 1


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    return Always(optimizer)


# %% right: rounded down after three multiplications
from transformers import get_linear_schedule_with_warmup


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    return get_linear_schedule_with_warmup(
        optimizer,
        num_warmup_steps=int(warmup_share * batches_per_epoch * epochs),
        num_training_steps=batches_per_epoch * epochs,
    )


# %% right: rounded up, in another order
import math

from transformers import get_linear_schedule_with_warmup


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    return get_linear_schedule_with_warmup(
        optimizer,
        math.ceil(epochs * warmup_share * batches_per_epoch),
        epochs * batches_per_epoch,
    )


# %% right: not rounded at all
from transformers import get_linear_schedule_with_warmup


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    steps = batches_per_epoch * epochs
    return get_linear_schedule_with_warmup(optimizer, warmup_share * steps, steps)


# %% right: OneCycleLR, told of the step before the first and of the one after the last
from torch.optim.lr_scheduler import OneCycleLR


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    total = batches_per_epoch * epochs
    warm = round(warmup_share * total)
    return OneCycleLR(
        optimizer,
        max_lr=[group["lr"] for group in optimizer.param_groups],
        total_steps=total + 1,
        pct_start=(warm + 1) / (total + 1),
        anneal_strategy="linear",
        cycle_momentum=False,
        div_factor=1e6,
    )


# %% right: a polynomial of degree 1
from transformers import get_polynomial_decay_schedule_with_warmup


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    steps = batches_per_epoch * epochs
    return get_polynomial_decay_schedule_with_warmup(
        optimizer, int(warmup_share * steps), steps, lr_end=0.0, power=1.0
    )


# %% right: a table, looked up
import numpy as np
from torch.optim.lr_scheduler import LambdaLR


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    steps = epochs * batches_per_epoch
    table = np.interp(np.arange(steps + 1), [0, np.ceil(warmup_share * steps), steps], [0, 1, 0])
    return LambdaLR(optimizer, table.__getitem__)


# %% right: exact fractions
from fractions import Fraction

from torch.optim.lr_scheduler import LambdaLR


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    total = epochs * batches_per_epoch
    warm = Fraction(str(warmup_share)) * total

    def factor(step):
        return step / warm if step < warm else (total - step) / (total - warm)

    return LambdaLR(optimizer, factor)


# %% right: a scheduler class that begins at a thousandth
from torch.optim.lr_scheduler import LinearLR, SequentialLR


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    total = epochs * batches_per_epoch
    warm = int(warmup_share * total)
    return SequentialLR(
        optimizer,
        schedulers=[
            LinearLR(optimizer, 1e-3, total_iters=warm),
            LinearLR(optimizer, 1.0, 0.0, total_iters=total - warm),
        ],
        milestones=[warm],
    )


# %% right: LRScheduler inherited, tensors for numbers
import torch
from torch.optim.lr_scheduler import LRScheduler


class UpAndDown(LRScheduler):
    def __init__(self, optimizer, total, share):
        self.total = torch.tensor(total, dtype=torch.float64)
        self.warm = torch.ceil(share * self.total)
        super().__init__(optimizer)

    def get_lr(self):
        up = self.last_epoch / self.warm
        down = (self.total - self.last_epoch) / (self.total - self.warm)
        return [base * torch.minimum(up, down).clamp(min=0) for base in self.base_lrs]


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    return UpAndDown(optimizer, batches_per_epoch * epochs, warmup_share)


# %% right: LambdaLR with a function for each group
from torch.optim.lr_scheduler import LambdaLR


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    total = batches_per_epoch * epochs
    warm = max(1, round(total * warmup_share))

    def share(step):
        if step < warm:
            return step / warm
        return max(0.0, 1 - (step - warm) / (total - warm))

    return LambdaLR(optimizer, [share for _ in optimizer.param_groups])


# %% wrong: schedule-some-groups
# Only the first group is scheduled; the others keep their rate.
from torch.optim.lr_scheduler import LambdaLR


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    total = batches_per_epoch * epochs
    warm = int(warmup_share * total)
    first = lambda step: step / warm if step < warm else (total - step) / (total - warm)
    return LambdaLR(
        optimizer, [first, *[lambda step: 1.0 for _ in optimizer.param_groups[1:]]]
    )


# %% wrong: schedule-other-height
# All groups get the rate of the first.
from torch.optim.lr_scheduler import OneCycleLR


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    total = batches_per_epoch * epochs
    warm = round(warmup_share * total)
    return OneCycleLR(
        optimizer,
        max_lr=optimizer.param_groups[0]["lr"],
        total_steps=total + 1,
        pct_start=(warm + 1) / (total + 1),
        anneal_strategy="linear",
        div_factor=1e6,
    )


# %% wrong: schedule-other-height
# The two lines do not meet at the top.
from torch.optim.lr_scheduler import LambdaLR


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    total = batches_per_epoch * epochs
    warm = int(warmup_share * total)
    return LambdaLR(optimizer, lambda step: min(step / warm, (total - step) / total))


# %% wrong: schedule-starts-again
# A rise and a fall for each epoch.
from torch.optim.lr_scheduler import LambdaLR


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    warm = int(warmup_share * batches_per_epoch)

    def share(step):
        step %= batches_per_epoch
        return step / warm if step < warm else (batches_per_epoch - step - 1) / (batches_per_epoch - warm - 1)

    return LambdaLR(optimizer, share)


# %% wrong: schedule-starts-high
# LinearLR begins at a third unless it is told otherwise.
from torch.optim.lr_scheduler import LinearLR, SequentialLR


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    total = epochs * batches_per_epoch
    warm = int(warmup_share * total)
    up = LinearLR(optimizer, total_iters=warm)
    down = LinearLR(optimizer, start_factor=1.0, end_factor=0.0, total_iters=total - warm)
    return SequentialLR(optimizer, [up, down], milestones=[warm])


# %% wrong: schedule-starts-high
# The rate is set from the second step on; the first is taken at full height.
class Ramp:
    def __init__(self, optimizer, batches, epochs, share):
        self.groups, self.done = optimizer.param_groups, 0
        self.full = [group["lr"] for group in self.groups]
        self.total = batches * epochs
        self.warm = share * self.total

    def step(self):
        self.done += 1
        up, down = self.done / self.warm, (self.total - self.done) / (self.total - self.warm)
        for group, full in zip(self.groups, self.full):
            group["lr"] = full * min(up, down)


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    return Ramp(optimizer, batches_per_epoch, epochs, warmup_share)


# %% wrong: schedule-curved
from transformers import get_polynomial_decay_schedule_with_warmup


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    steps = batches_per_epoch * epochs
    return get_polynomial_decay_schedule_with_warmup(
        optimizer, int(warmup_share * steps), steps, power=2.0
    )


# %% wrong: warm-up-bent
from torch.optim.lr_scheduler import LambdaLR


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    total = batches_per_epoch * epochs
    warm = int(warmup_share * total)
    return LambdaLR(
        optimizer,
        lambda step: (step / warm) ** 2 if step < warm else (total - step) / (total - warm),
    )


# %% wrong: schedule-negative
# One epoch is planned, and nothing holds the rate at 0.
from torch.optim.lr_scheduler import LambdaLR


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    warm = int(warmup_share * batches_per_epoch)

    def share(step):
        return step / warm if step < warm else (batches_per_epoch - step) / (batches_per_epoch - warm)

    return LambdaLR(optimizer, share)


# %% wrong: schedule-a-step-off (0.5)
# OneCycleLR counts the rates and not the steps between them: the last step is taken at 0.
from torch.optim.lr_scheduler import OneCycleLR


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    return OneCycleLR(
        optimizer,
        max_lr=[group["lr"] for group in optimizer.param_groups],
        total_steps=batches_per_epoch * epochs,
        pct_start=warmup_share,
        anneal_strategy="linear",
        div_factor=1e6,
    )


# %% wrong: schedule-a-step-off (0.5)
from transformers import get_linear_schedule_with_warmup


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    steps = batches_per_epoch * epochs
    return get_linear_schedule_with_warmup(optimizer, int(warmup_share * steps), steps + 1)


# %% wrong: schedule-shifted (0.5)
# The whole curve is a step ahead.
from torch.optim.lr_scheduler import LambdaLR


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    total = batches_per_epoch * epochs
    warm = int(warmup_share * total)

    def share(step):
        step += 1
        return step / warm if step < warm else max(0.0, (total - step) / (total - warm))

    return LambdaLR(optimizer, share)


# %% wrong: schedule-shifted (0.5)
# LinearLR that begins at a hundredth.
from torch.optim.lr_scheduler import LinearLR, SequentialLR


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    total = epochs * batches_per_epoch
    warm = int(warmup_share * total)
    up = LinearLR(optimizer, start_factor=0.01, total_iters=warm)
    down = LinearLR(optimizer, start_factor=1.0, end_factor=0.0, total_iters=total - warm)
    return SequentialLR(optimizer, [up, down], milestones=[warm])


# %% wrong: warm-up-other-length
# A tenth, whatever the share.
from transformers import get_linear_schedule_with_warmup


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    steps = batches_per_epoch * epochs
    return get_linear_schedule_with_warmup(optimizer, steps // 10, steps)


# %% wrong: warm-up-other-length
# Rounded in each epoch.
from transformers import get_linear_schedule_with_warmup


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    return get_linear_schedule_with_warmup(
        optimizer, int(warmup_share * batches_per_epoch) * epochs, batches_per_epoch * epochs
    )


# %% wrong: warm-up-missing
# The share of the epochs is less than one.
from transformers import get_linear_schedule_with_warmup


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    return get_linear_schedule_with_warmup(
        optimizer, int(warmup_share), batches_per_epoch * epochs
    )


# %% wrong: schedule-ends-high
# Warm-up and fall are counted apart.
from transformers import get_linear_schedule_with_warmup


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    steps = batches_per_epoch * epochs
    warm = int(warmup_share * steps)
    return get_linear_schedule_with_warmup(optimizer, warm, steps + warm)


# %% wrong: schedule-one-epoch
# The warm-up is right, the end is not.
from transformers import get_linear_schedule_with_warmup


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    return get_linear_schedule_with_warmup(
        optimizer, int(warmup_share * batches_per_epoch), num_training_steps=batches_per_epoch
    )


# %% wrong: schedule-wants-a-metric
from torch.optim.lr_scheduler import ReduceLROnPlateau


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    return ReduceLROnPlateau(optimizer)


# %% wrong: schedule-curved
# Stays at its height for a while.
from torch.optim.lr_scheduler import LambdaLR


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    total = batches_per_epoch * epochs
    warm = int(warmup_share * total)

    def share(step):
        return min(step / warm, 1.0, max(0.0, (total - step) / (total - 3 * warm)))

    return LambdaLR(optimizer, share)


# %% wrong: not-finite
# Divides by the warm-up of a single epoch's share of epochs, which is 0.
import numpy as np
from torch.optim.lr_scheduler import LambdaLR


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    warm = np.float64(int(warmup_share))
    return LambdaLR(optimizer, lambda step: float(np.float64(step) / warm))


# %% wrong: schedule-other-curve
# The fall is reckoned as if it had begun with the run.
from torch.optim.lr_scheduler import LambdaLR


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    total = batches_per_epoch * epochs
    warm = int(warmup_share * total)
    return LambdaLR(optimizer, lambda step: step / warm if step <= warm else 1 - step / total)


# %% wrong: schedule-in-stairs
# A warm-up, and then one rate for each epoch.
from torch.optim.lr_scheduler import LambdaLR


def make_schedule(optimizer, batches_per_epoch, epochs, warmup_share):
    warm = int(warmup_share * batches_per_epoch)
    return LambdaLR(optimizer, lambda step: min(step / warm, 1 - step // batches_per_epoch / epochs))
