# %% right: scipy's paired test
from scipy.stats import ttest_rel


def compare(arm_a, arm_b, seeds):
    a, b = [arm_a(seed) for seed in seeds], [arm_b(seed) for seed in seeds]
    test = ttest_rel(a, b)
    low, high = test.confidence_interval(0.95)
    difference = sum(a) / len(a) - sum(b) / len(b)
    verdict = "undecided" if test.pvalue >= 0.05 else "A" if difference > 0 else "B"
    return {"difference": difference, "interval": (low, high), "verdict": verdict}


# %% right: numpy, with a table of t
import numpy as np

T = {2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}


def compare(arm_a, arm_b, seeds):
    d = np.array([arm_a(s) for s in seeds]) - np.array([arm_b(s) for s in seeds])
    half = T[len(d) - 1] * d.std(ddof=1) / np.sqrt(len(d))
    interval = d.mean() + np.array([-half, half])
    verdict = np.array(["B", "undecided", "A"])[1 + int(interval[0] > 0) - int(interval[1] < 0)]
    return {"difference": d.mean(), "interval": interval, "verdict": verdict}


# %% right: pandas
import pandas as pd
from scipy.stats import sem, t


def compare(arm_a, arm_b, seeds):
    runs = pd.DataFrame({"a": [arm_a(s) for s in seeds], "b": [arm_b(s) for s in seeds]}, seeds)
    d = runs.a - runs.b
    low, high = t.interval(0.95, len(d) - 1, loc=d.mean(), scale=sem(d))
    verdict = "undecided" if low <= 0 <= high else ("A" if d.mean() > 0 else "B")
    return {"difference": d.mean(), "interval": [low, high], "verdict": verdict, "runs": runs}


# %% right: torch tensors, in a class
class Compare:
    quantile = {2: 4.3027, 3: 3.1824, 4: 2.7764, 5: 2.5706, 6: 2.4469, 7: 2.3646}

    def __call__(self, a, b, seeds):
        d = torch.tensor([a(seed=int(seed)) - b(seed=int(seed)) for seed in seeds])
        half = self.quantile[len(d) - 1] * d.std() / len(d) ** 0.5
        ends = torch.stack([d.mean() - half, d.mean() + half])
        verdict = "A" if ends[0] > 0 else "B" if ends[1] < 0 else "undecided"
        return {"verdict": verdict, "interval": ends, "difference": d.mean()}


compare = Compare()


# %% right: by hand, rounded to three digits
from math import sqrt

from scipy.stats import t


def compare(arm_a, arm_b, seeds):
    pairs = {seed: (arm_a(seed), arm_b(seed)) for seed in seeds}
    n = len(pairs)
    mean = sum(a - b for a, b in pairs.values()) / n
    variance = sum((a - b - mean) ** 2 for a, b in pairs.values()) / (n - 1)
    half = -t.ppf(0.025, n - 1) * sqrt(variance / n)
    low, high = round(mean - half, 3), round(mean + half, 3)
    if low > 0:
        verdict = "A"
    elif high < 0:
        verdict = "B"
    else:
        verdict = "undecided"
    return dict(difference=round(mean, 3), interval=(low, high), verdict=verdict)


# %% right: one-sample test of the differences, arms in threads
from concurrent.futures import ThreadPoolExecutor

from scipy.stats import ttest_1samp


def compare(arm_a, arm_b, seeds):
    with ThreadPoolExecutor(2) as pool:
        a, b = list(pool.map(arm_a, seeds)), list(pool.map(arm_b, seeds))
    differences = [one - other for one, other in zip(a, b)]
    interval = ttest_1samp(differences, 0).confidence_interval()
    verdict = "A" if interval.low > 0 else "B" if interval.high < 0 else "undecided"
    return {
        "difference": sum(differences) / len(differences),
        "interval": interval,
        "verdict": verdict,
    }


# %% right: the accuracies of each arm in a generator
import statistics

from scipy import stats


def compare(arm_a, arm_b, seeds):
    d = list(map(lambda seed: arm_a(seed) - arm_b(seed), seeds))
    normal = statistics.NormalDist.from_samples(d)
    half = stats.t(df=len(d) - 1).ppf(0.975) * normal.stdev / len(d) ** 0.5
    ends = normal.mean - half, normal.mean + half
    better = {(1, 1): "A", (-1, -1): "B"}.get(tuple(1 if end > 0 else -1 for end in ends))
    return {"difference": normal.mean, "interval": ends, "verdict": better or "undecided"}


# %% wrong: normal-not-t
def compare(arm_a, arm_b, seeds):
    d = torch.tensor([arm_a(s) - arm_b(s) for s in seeds])
    mean, half = d.mean().item(), 1.96 * (d.std() / len(d) ** 0.5).item()
    verdict = "A" if mean - half > 0 else "B" if mean + half < 0 else "undecided"
    return {"difference": mean, "interval": (mean - half, mean + half), "verdict": verdict}


# %% wrong: population-spread
import numpy as np
from scipy.stats import t


def compare(arm_a, arm_b, seeds):
    d = np.array([arm_a(s) - arm_b(s) for s in seeds])
    half = t.ppf(0.975, len(d) - 1) * d.std() / np.sqrt(len(d))
    low, high = d.mean() - half, d.mean() + half
    verdict = "A" if low > 0 else "B" if high < 0 else "undecided"
    return {"difference": d.mean(), "interval": (low, high), "verdict": verdict}


# %% wrong: population-spread
# And 1.96 on top.
import numpy as np


def compare(arm_a, arm_b, seeds):
    d = np.array([arm_a(s) - arm_b(s) for s in seeds])
    half = 1.96 * np.std(d) / np.sqrt(len(d))
    low, high = d.mean() - half, d.mean() + half
    verdict = "A" if low > 0 else "B" if high < 0 else "undecided"
    return {"difference": d.mean(), "interval": (low, high), "verdict": verdict}


# %% wrong: arms-unpaired
from scipy.stats import ttest_ind


def compare(arm_a, arm_b, seeds):
    a, b = [arm_a(s) for s in seeds], [arm_b(s) for s in seeds]
    low, high = ttest_ind(a, b).confidence_interval()
    verdict = "A" if low > 0 else "B" if high < 0 else "undecided"
    return {"difference": (low + high) / 2, "interval": (low, high), "verdict": verdict}


# %% wrong: arms-unpaired
# Welch's test.
from scipy.stats import ttest_ind


def compare(arm_a, arm_b, seeds):
    a, b = [arm_a(s) for s in seeds], [arm_b(s) for s in seeds]
    low, high = ttest_ind(a, b, equal_var=False).confidence_interval()
    verdict = "A" if low > 0 else "B" if high < 0 else "undecided"
    return {"difference": (low + high) / 2, "interval": (low, high), "verdict": verdict}


# %% wrong: spread-not-error
from statistics import fmean, stdev

from scipy.stats import t


def compare(arm_a, arm_b, seeds):
    d = [arm_a(s) - arm_b(s) for s in seeds]
    half = t.ppf(0.975, len(d) - 1) * stdev(d)
    low, high = fmean(d) - half, fmean(d) + half
    verdict = "A" if low > 0 else "B" if high < 0 else "undecided"
    return {"difference": fmean(d), "interval": (low, high), "verdict": verdict}


# %% wrong: seeds-not-degrees
from statistics import fmean, stdev

from scipy.stats import t


def compare(arm_a, arm_b, seeds):
    d = [arm_a(s) - arm_b(s) for s in seeds]
    half = t.ppf(0.975, len(d)) * stdev(d) / len(d) ** 0.5
    low, high = fmean(d) - half, fmean(d) + half
    verdict = "A" if low > 0 else "B" if high < 0 else "undecided"
    return {"difference": fmean(d), "interval": (low, high), "verdict": verdict}


# %% wrong: one-sided
from statistics import fmean, stdev

from scipy.stats import t


def compare(arm_a, arm_b, seeds):
    d = [arm_a(s) - arm_b(s) for s in seeds]
    half = t.ppf(0.95, len(d) - 1) * stdev(d) / len(d) ** 0.5
    low, high = fmean(d) - half, fmean(d) + half
    verdict = "A" if low > 0 else "B" if high < 0 else "undecided"
    return {"difference": fmean(d), "interval": (low, high), "verdict": verdict}


# %% wrong: one-error
from scipy.stats import sem


def compare(arm_a, arm_b, seeds):
    d = [arm_a(s) - arm_b(s) for s in seeds]
    mean, error = sum(d) / len(d), sem(d)
    low, high = mean - error, mean + error
    verdict = "A" if low > 0 else "B" if high < 0 else "undecided"
    return {"difference": mean, "interval": (low, high), "verdict": verdict}


# %% wrong: around-zero
from scipy.stats import sem, t


def compare(arm_a, arm_b, seeds):
    d = [arm_a(s) - arm_b(s) for s in seeds]
    mean, half = sum(d) / len(d), t.ppf(0.975, len(d) - 1) * sem(d)
    verdict = "A" if mean > half else "B" if mean < -half else "undecided"
    return {"difference": mean, "interval": (-half, half), "verdict": verdict}


# %% wrong: other-seeds-for-each-arm
from scipy.stats import ttest_rel


def compare(arm_a, arm_b, seeds):
    a, b = [arm_a(s) for s in seeds], [arm_b(s + 100) for s in seeds]
    low, high = ttest_rel(a, b).confidence_interval()
    verdict = "A" if low > 0 else "B" if high < 0 else "undecided"
    return {"difference": (low + high) / 2, "interval": (low, high), "verdict": verdict}


# %% wrong: seeds-left-out
def compare(arm_a, arm_b, seeds):
    # The number of seeds, taken for the seeds.
    d = [arm_a(s) - arm_b(s) for s in range(200, 200 + len(seeds))]
    mean = sum(d) / len(d)
    return {"difference": mean, "interval": (min(d), max(d)), "verdict": "A" if mean > 0 else "B"}


# %% wrong: seeds-left-out
def compare(arm_a, arm_b, seeds):
    # Each arm is run once.
    difference = arm_a(seeds[0]) - arm_b(seeds[0])
    verdict = "A" if difference > 0 else "B"
    return {"difference": difference, "interval": (difference, difference), "verdict": verdict}


# %% wrong: arm-never-run
from scipy.stats import ttest_rel


def compare(arm_a, arm_b, seeds):
    a, b = [arm_a(s) for s in seeds], [arm_a(s) / 2 for s in seeds]
    low, high = ttest_rel(a, b).confidence_interval()
    verdict = "A" if low > 0 else "B" if high < 0 else "undecided"
    return {"difference": (low + high) / 2, "interval": (low, high), "verdict": verdict}


# %% wrong: best-of-seeds
def compare(arm_a, arm_b, seeds):
    difference = max(arm_a(s) for s in seeds) - max(arm_b(s) for s in seeds)
    verdict = "A" if difference > 0 else "B"
    return {"difference": difference, "interval": (difference, difference), "verdict": verdict}


# %% wrong: arms-reversed
from scipy.stats import ttest_rel


def compare(arm_a, arm_b, seeds):
    a, b = [arm_a(s) for s in seeds], [arm_b(s) for s in seeds]
    low, high = ttest_rel(b, a).confidence_interval()
    verdict = "A" if low > 0 else "B" if high < 0 else "undecided"
    return {"difference": (low + high) / 2, "interval": (low, high), "verdict": verdict}


# %% wrong: percentage-points
from scipy.stats import ttest_rel


def compare(arm_a, arm_b, seeds):
    a, b = [100 * arm_a(s) for s in seeds], [100 * arm_b(s) for s in seeds]
    low, high = ttest_rel(a, b).confidence_interval()
    verdict = "A" if low > 0 else "B" if high < 0 else "undecided"
    return {"difference": (low + high) / 2, "interval": (low, high), "verdict": verdict}


# %% wrong: ends-reversed
from scipy.stats import ttest_rel


def compare(arm_a, arm_b, seeds):
    a, b = [arm_a(s) for s in seeds], [arm_b(s) for s in seeds]
    low, high = ttest_rel(a, b).confidence_interval()
    verdict = "A" if low > 0 else "B" if high < 0 else "undecided"
    return {"difference": (low + high) / 2, "interval": (high, low), "verdict": verdict}


# %% wrong: difference-wrong
# The relative difference.
from scipy.stats import ttest_rel


def compare(arm_a, arm_b, seeds):
    a, b = [arm_a(s) for s in seeds], [arm_b(s) for s in seeds]
    low, high = ttest_rel(a, b).confidence_interval()
    verdict = "A" if low > 0 else "B" if high < 0 else "undecided"
    return {"difference": sum(a) / sum(b) - 0.5, "interval": (low, high), "verdict": verdict}


# %% wrong: paired-interval-wrong
# From the smallest difference to the largest.
def compare(arm_a, arm_b, seeds):
    d = [arm_a(s) - arm_b(s) for s in seeds]
    verdict = "A" if min(d) > 0 else "B" if max(d) < 0 else "undecided"
    return {"difference": sum(d) / len(d), "interval": (min(d), max(d)), "verdict": verdict}


# %% wrong: interval-not-two-ends
from scipy.stats import sem, t


def compare(arm_a, arm_b, seeds):
    d = [arm_a(s) - arm_b(s) for s in seeds]
    half = t.ppf(0.975, len(d) - 1) * sem(d)
    return {"difference": sum(d) / len(d), "interval": half, "verdict": "undecided"}


# %% wrong: verdict-without-evidence (0.5)
from scipy.stats import ttest_rel


def compare(arm_a, arm_b, seeds):
    a, b = [arm_a(s) for s in seeds], [arm_b(s) for s in seeds]
    low, high = ttest_rel(a, b).confidence_interval()
    return {
        "difference": (low + high) / 2,
        "interval": (low, high),
        "verdict": "A" if low + high > 0 else "B",
    }


# %% wrong: verdict-withheld (0.5)
from scipy.stats import ttest_rel


def compare(arm_a, arm_b, seeds):
    a, b = [arm_a(s) for s in seeds], [arm_b(s) for s in seeds]
    low, high = ttest_rel(a, b).confidence_interval()
    return {"difference": (low + high) / 2, "interval": (low, high), "verdict": "undecided"}


# %% wrong: verdict-for-the-other (0.5)
from scipy.stats import ttest_rel


def compare(arm_a, arm_b, seeds):
    a, b = [arm_a(s) for s in seeds], [arm_b(s) for s in seeds]
    low, high = ttest_rel(a, b).confidence_interval()
    verdict = "B" if low > 0 else "A" if high < 0 else "undecided"
    return {"difference": (low + high) / 2, "interval": (low, high), "verdict": verdict}


# %% wrong: verdict-unknown
from scipy.stats import ttest_rel


def compare(arm_a, arm_b, seeds):
    a, b = [arm_a(s) for s in seeds], [arm_b(s) for s in seeds]
    low, high = ttest_rel(a, b).confidence_interval()
    verdict = "A" if low > 0 else "B" if high < 0 else None
    return {
        "difference": (low + high) / 2,
        "interval": (low, high),
        "verdict": verdict or "they are equally good",
    }


# %% wrong: runs-repeated (0.5)
from scipy.stats import ttest_rel


def compare(arm_a, arm_b, seeds):
    test = ttest_rel([arm_a(s) for s in seeds], [arm_b(s) for s in seeds])
    low, high = test.confidence_interval()
    difference = sum(arm_a(s) - arm_b(s) for s in seeds) / len(seeds)
    verdict = "A" if low > 0 else "B" if high < 0 else "undecided"
    return {"difference": difference, "interval": (low, high), "verdict": verdict}


# %% wrong: arm-given-all-seeds
def compare(arm_a, arm_b, seeds):
    differences = arm_a(seeds) - arm_b(seeds)
    return {"difference": differences, "interval": (0, 0), "verdict": "undecided"}
