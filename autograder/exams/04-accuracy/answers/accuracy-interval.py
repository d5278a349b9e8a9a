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
