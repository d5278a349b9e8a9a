# %% right: two standard errors, a list
import numpy as np


def accuracy_interval(correct, total):
    p = correct / total
    return [p - 2 * np.sqrt(p * (1 - p) / total), p + 2 * np.sqrt(p * (1 - p) / total)]


# %% right: Wilson
def accuracy_interval(k, n, z=1.96):
    p = k / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    width = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    return middle - width, middle + width


# %% right: exact, by SciPy
from scipy.stats import binomtest

accuracy_interval = lambda correct, total: binomtest(correct, total).proportion_ci()


# %% right: the standard deviation of zeros and ones
class Interval:
    def __call__(self, correct, total):
        rows = torch.tensor([1.0] * correct + [0.0] * (total - correct))
        error = rows.std() / total**0.5
        return torch.stack([rows.mean() - 1.96 * error, rows.mean() + 1.96 * error])


accuracy_interval = Interval()


# %% right: bootstrap
import numpy as np


def accuracy_interval(correct, total):
    draws = np.random.default_rng(0).binomial(total, correct / total, size=20_000) / total
    return np.percentile(draws, [2.5, 97.5])


# %% right: Agresti and Coull
def accuracy_interval(correct, total):
    n, p = total + 4, (correct + 2) / (total + 4)
    half = 1.96 * (p * (1 - p) / n) ** 0.5
    return p - half, p + half


# %% right: SciPy's normal distribution
from scipy.stats import norm


def accuracy_interval(correct, total):
    p = correct / total
    return norm.interval(0.95, loc=p, scale=(p * (1 - p) / total) ** 0.5)


# %% right: Wilson, by SciPy
from scipy.stats import binomtest


def accuracy_interval(correct, total):
    found = binomtest(k=correct, n=total).proportion_ci(confidence_level=0.95, method="wilson")
    return found.low, found.high


# %% right: quantiles of the binomial distribution
from scipy.stats import binom


def accuracy_interval(correct, total):
    return tuple(binom.ppf([0.025, 0.975], total, correct / total) / total)


# %% right: Jeffreys
from scipy.stats import beta


def accuracy_interval(correct, total):
    wrong = total - correct
    return [beta.ppf(q, correct + 0.5, wrong + 0.5) for q in (0.025, 0.975)]


# %% right: clipped to shares, rounded
import math


def accuracy_interval(correct, total):
    p = correct / total
    half = 1.96 * math.sqrt(p * (1 - p) / total)
    return round(max(0.0, p - half), 3), round(min(1.0, p + half), 3)


# %% right: rows drawn again, one by one
import random


def accuracy_interval(correct, total):
    rows, chance = [1] * correct + [0] * (total - correct), random.Random(3)
    shares = sorted(sum(chance.choices(rows, k=total)) / total for _ in range(1000))
    return shares[25], shares[974]


# %% wrong: one-standard-error
def accuracy_interval(correct, total):
    p = correct / total
    error = (p * (1 - p) / total) ** 0.5
    return p - error, p + error


# %% wrong: root-forgotten
def accuracy_interval(correct, total):
    p = correct / total
    width = 1.96 * p * (1 - p) / total
    return p - width, p + width


# %% wrong: total-forgotten
def accuracy_interval(correct, total):
    p = correct / total
    width = 1.96 * (p * (1 - p)) ** 0.5
    return p - width, p + width


# %% wrong: ninety-percent
def accuracy_interval(correct, total):
    p = correct / total
    width = 1.645 * (p * (1 - p) / total) ** 0.5
    return p - width, p + width


# %% wrong: interval-not-in-shares
def accuracy_interval(correct, total):
    p = correct / total
    width = 1.96 * (p * (1 - p) / total) ** 0.5
    return 100 * (p - width), 100 * (p + width)


# %% wrong: not-a-pair
def accuracy_interval(correct, total):
    p = correct / total
    return 1.96 * (p * (1 - p) / total) ** 0.5


# %% wrong: ends-swapped
def accuracy_interval(correct, total):
    p = correct / total
    width = 1.96 * (p * (1 - p) / total) ** 0.5
    return p + width, p - width


# %% wrong: interval-wrong
def accuracy_interval(correct, total):
    # As wide as can be: it surely contains the truth.
    return 0.0, 1.0


# %% wrong: not-numbers
class Agreeable:
    def __eq__(self, other):
        return True

    __le__ = __ge__ = __lt__ = __gt__ = __eq__


def accuracy_interval(correct, total):
    return Agreeable(), Agreeable()


# %% wrong: interval-of-one-half
def accuracy_interval(correct, total):
    width = 1.96 * (0.5 * 0.5 / total) ** 0.5
    return correct / total - width, correct / total + width


# %% wrong: half-width-returned
def accuracy_interval(correct, total):
    p = correct / total
    return p, 1.96 * (p * (1 - p) / total) ** 0.5


# %% wrong: interval-wrong
# 99 %, not 95 %.
def accuracy_interval(correct, total):
    p = correct / total
    half = 2.576 * (p * (1 - p) / total) ** 0.5
    return p - half, p + half


# %% wrong: interval-wrong
# 1.96 on one side only.
def accuracy_interval(correct, total):
    p = correct / total
    return p - 1.96 * (p * (1 - p) / total) ** 0.5, p


# %% wrong: interval-wrong
# The half of the width to either side.
def accuracy_interval(correct, total):
    p = correct / total
    half = 1.96 * (p * (1 - p) / total) ** 0.5 / 2
    return p - half, p + half


# %% wrong: ninety-percent
from scipy.stats import norm


def accuracy_interval(correct, total):
    p = correct / total
    half = norm.ppf(0.95) * (p * (1 - p) / total) ** 0.5  # one-sided
    return p - half, p + half


# %% wrong: interval-wrong
# The root of p, not of p(1-p).
def accuracy_interval(correct, total):
    p = correct / total
    half = 1.96 * (p / total) ** 0.5
    return p - half, p + half


# %% wrong: interval-wrong
# Of the errors, not of the hits.
def accuracy_interval(correct, total):
    p = 1 - correct / total
    half = 1.96 * (p * (1 - p) / total) ** 0.5
    return p - half, p + half


# %% wrong: interval-wrong
# As if half of the rows had been asked.
def accuracy_interval(correct, total):
    p = correct / total
    half = 1.96 * (p * (1 - p) / (total // 2)) ** 0.5
    return p - half, p + half
