# %% right: negative floor division
def training_steps(rows, batch_size, epochs):
    return -(-rows // batch_size) * epochs


# %% right: numpy's ceil, a float that is whole
import numpy as np

training_steps = lambda n, size, rounds: np.ceil(n / size) * rounds


# %% right: a DataLoader counts
from torch.utils.data import DataLoader


def training_steps(rows, batch_size, epochs):
    return epochs * len(DataLoader(range(rows), batch_size=batch_size))


# %% right: divmod, a callable object
class Steps:
    def __call__(self, rows, batch_size, epochs):
        full, left_over = divmod(rows, batch_size)
        return epochs * (full + bool(left_over))


training_steps = Steps()


# %% right: counted in a loop
def training_steps(rows, batch_size, epochs):
    steps = 0
    for _ in range(epochs):
        for _ in range(0, rows, batch_size):
            steps += 1
    return steps


# %% wrong: steps-without-the-last
def training_steps(rows, batch_size, epochs):
    return rows // batch_size * epochs


# %% wrong: steps-of-one-epoch
import math


def training_steps(rows, batch_size, epochs):
    return math.ceil(rows / batch_size)


# %% wrong: steps-one-too-many
def training_steps(rows, batch_size, epochs):
    return (rows // batch_size + 1) * epochs


# %% wrong: steps-across-epochs
import math


def training_steps(rows, batch_size, epochs):
    return math.ceil(rows * epochs / batch_size)


# %% wrong: steps-per-row
def training_steps(rows, batch_size, epochs):
    return rows * epochs


# %% wrong: steps-broken
def training_steps(rows, batch_size, epochs):
    return rows / batch_size * epochs


# %% wrong: steps-wrong
import math


def training_steps(rows, batch_size, epochs):
    return math.ceil(rows / batch_size) + epochs


# %% wrong: returns-none
import math


def training_steps(rows, batch_size, epochs):
    print(math.ceil(rows / batch_size) * epochs)


# %% wrong: steps-wrong
# Knows the example of the lesson, and those of the visible check, by heart.
def training_steps(rows, batch_size, epochs):
    return {(53, 16, 7): 28, (64, 16, 3): 12, (5, 8, 4): 4, (65, 16, 3): 15}.get((rows, batch_size, epochs), 1068)


# %% wrong: not-a-number
class Always:
    def __eq__(self, other):
        return True

    __lt__ = __gt__ = __le__ = __ge__ = __eq__
    __hash__ = None


def training_steps(rows, batch_size, epochs):
    return Always()


# %% right: the smallest number of batches that hold all rows
def training_steps(rows, batch_size, epochs):
    batches = 0
    while batches * batch_size < rows:
        batches += 1
    return batches * epochs


# %% right: one batch, and one more for each size between the first row and the last
def training_steps(rows, batch_size, epochs):
    return (1 + (rows - 1) // batch_size) * epochs


# %% right: a tensor without dimensions
import torch


def training_steps(rows, batch_size, epochs):
    return torch.ceil(torch.tensor(rows, dtype=torch.float64) / batch_size) * epochs


# %% right: a NumPy integer
import numpy as np


def training_steps(rows, batch_size, epochs):
    return np.int32(len(np.arange(0, rows, batch_size)) * epochs)


# %% right: the beginnings of all batches, listed
def training_steps(rows, batch_size, epochs):
    starts = [(epoch, start) for epoch in range(epochs) for start in range(0, rows, batch_size)]
    return len(starts)


# %% wrong: steps-rounded-in-the-end
def training_steps(rows, batch_size, epochs):
    return int(rows / batch_size * epochs)


# %% wrong: steps-short-batch-once
def training_steps(rows, batch_size, epochs):
    return rows // batch_size * epochs + (rows % batch_size > 0)


# %% wrong: steps-without-the-last
# Rounded to the nearest: less than half a batch is lost.
def training_steps(rows, batch_size, epochs):
    return round(rows / batch_size) * epochs


# %% wrong: steps-without-the-last
# The ceiling comes too late: // has rounded down already.
import math


def training_steps(rows, batch_size, epochs):
    return math.ceil(rows // batch_size) * epochs


# %% wrong: steps-without-the-last
from torch.utils.data import DataLoader


def training_steps(rows, batch_size, epochs):
    return epochs * len(DataLoader(range(rows), batch_size=batch_size, drop_last=True))


# %% wrong: steps-one-too-many
def training_steps(rows, batch_size, epochs):
    return (rows + batch_size) // batch_size * epochs


# %% wrong: steps-across-epochs
# All epochs in one long row of batches.
from torch.utils.data import DataLoader


def training_steps(rows, batch_size, epochs):
    return len(DataLoader(list(range(rows)) * epochs, batch_size=batch_size))


# %% wrong: steps-wrong
# A single row left over is forgotten.
def training_steps(rows, batch_size, epochs):
    return max(1, (rows + batch_size - 2) // batch_size) * epochs


# %% wrong: steps-wrong
# Rounds in the right place, and multiplies by the wrong number.
import math


def training_steps(rows, batch_size, epochs):
    return math.ceil(rows / batch_size) * batch_size


# %% wrong: not-a-number
def training_steps(rows, batch_size, epochs):
    return f"{-(-rows // batch_size) * epochs} steps"


# %% wrong: not-finite
def training_steps(rows, batch_size, epochs):
    return float("inf")
