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
