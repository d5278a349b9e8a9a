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
    return {(50, 16, 2): 8, (64, 16, 3): 12, (5, 8, 4): 4}.get((rows, batch_size, epochs), 1068)


# %% wrong: not-a-number
class Always:
    def __eq__(self, other):
        return True

    __lt__ = __gt__ = __le__ = __ge__ = __eq__
    __hash__ = None


def training_steps(rows, batch_size, epochs):
    return Always()
