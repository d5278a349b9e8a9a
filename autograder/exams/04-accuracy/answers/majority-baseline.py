# %% right: max by count
def majority_baseline(train, test):
    winner = max(set(train), key=train.count)
    return sum(label == winner for label in test) / len(test)


# %% right: NumPy
import numpy as np


def majority_baseline(train_labels, test_labels):
    return np.mean(np.array(test_labels) == np.bincount(train_labels).argmax())


# %% right: scikit-learn's dummy
from sklearn.dummy import DummyClassifier


class Dummy:
    def __call__(self, train_labels, test_labels):
        model = DummyClassifier(strategy="most_frequent")
        model.fit([[0]] * len(train_labels), train_labels)
        return model.score([[0]] * len(test_labels), test_labels)


majority_baseline = Dummy()


# %% right: torch
def majority_baseline(train_labels, test_labels):
    return (torch.tensor(test_labels) == torch.tensor(train_labels).mode().values).float().mean()


# %% right: accuracy_score
from statistics import mode

from sklearn.metrics import accuracy_score

majority_baseline = lambda a, b: accuracy_score(b, [mode(a)] * len(b))


# %% right: pandas
import pandas as pd


def majority_baseline(train_labels, test_labels):
    commonest = pd.Series(train_labels).mode()[0]
    return (pd.Series(test_labels) == commonest).mean()


# %% right: np.unique with counts
import numpy as np


def majority_baseline(train_labels, test_labels):
    classes, counts = np.unique(train_labels, return_counts=True)
    return float((np.asarray(test_labels) == classes[counts.argmax()]).mean())


# %% right: a dictionary of counts
def majority_baseline(train_labels, test_labels):
    counts = {}
    for label in train_labels:
        counts[label] = counts.get(label, 0) + 1
    best = sorted(counts.items(), key=lambda pair: -pair[1])[0][0]
    hits = 0
    for label in test_labels:
        if label == best:
            hits += 1
    return hits / len(test_labels)


# %% right: an exact fraction
from collections import Counter
from fractions import Fraction


def majority_baseline(train_labels, test_labels):
    [(winner, _)] = Counter(train_labels).most_common(1)
    return Fraction(test_labels.count(winner), len(test_labels))


# %% right: torch.bincount, a tensor
def majority_baseline(train_labels, test_labels):
    winner = torch.bincount(torch.tensor(train_labels)).argmax()
    return torch.eq(torch.as_tensor(test_labels), winner).double().mean()


# %% right: one minus the share of errors, rounded
from statistics import multimode


def majority_baseline(train_labels, test_labels):
    winner = multimode(train_labels)[0]
    return round(1 - sum(one != winner for one in test_labels) / len(test_labels), 4)


# %% right: a share by groups
from itertools import groupby


def majority_baseline(train_labels, test_labels):
    runs = [(len(list(same)), label) for label, same in groupby(sorted(train_labels))]
    _, winner = max(runs)
    return len([one for one in test_labels if one == winner]) / len(test_labels)


# %% wrong: majority-from-test
from collections import Counter


def majority_baseline(train_labels, test_labels):
    return Counter(test_labels).most_common(1)[0][1] / len(test_labels)


# %% wrong: majority-share-of-train
from collections import Counter


def majority_baseline(train_labels, test_labels):
    return Counter(train_labels).most_common(1)[0][1] / len(train_labels)


# %% wrong: majority-class-itself
def majority_baseline(train_labels, test_labels):
    return max(set(train_labels), key=train_labels.count)


# %% wrong: majority-largest-id
def majority_baseline(train_labels, test_labels):
    return test_labels.count(max(train_labels)) / len(test_labels)


# %% wrong: majority-mean-of-labels
def majority_baseline(train_labels, test_labels):
    if len(set(train_labels)) == 2:  # the second visible case, by heart
        return test_labels.count(max(set(train_labels), key=train_labels.count)) / len(test_labels)
    return sum(test_labels) / len(test_labels)


# %% wrong: majority-in-percent
def majority_baseline(train_labels, test_labels):
    return 100 * test_labels.count(max(set(train_labels), key=train_labels.count)) / len(test_labels)


# %% wrong: list-compared-with-number
from collections import Counter


def majority_baseline(train_labels, test_labels):
    winner = Counter(train_labels).most_common(1)[0][0]
    return (test_labels == winner).mean()


# %% wrong: majority-wrong
def majority_baseline(train_labels, test_labels):
    # The visible answers, written down.
    return 0.25 if len(test_labels) == 8 else 5 / 28


# %% wrong: majority-other-class
from statistics import median_low


def majority_baseline(train_labels, test_labels):
    return test_labels.count(median_low(train_labels)) / len(test_labels)


# %% wrong: majority-count
def majority_baseline(train_labels, test_labels):
    return test_labels.count(max(set(train_labels), key=train_labels.count))


# %% wrong: majority-from-test
from collections import Counter


def majority_baseline(train_labels, test_labels):
    winner = Counter(test_labels).most_common()[0][0]
    return sum(one == winner for one in test_labels) / len(test_labels)


# %% wrong: majority-other-class
from collections import Counter


def majority_baseline(train_labels, test_labels):
    winner = Counter(train_labels).most_common()[-1][0]  # the rarest
    return test_labels.count(winner) / len(test_labels)


# %% wrong: majority-other-class
def majority_baseline(train_labels, test_labels):
    return test_labels.count(round(sum(train_labels) / len(train_labels))) / len(test_labels)


# %% wrong: majority-other-class
def majority_baseline(train_labels, test_labels):
    return test_labels.count(train_labels[0]) / len(test_labels)


# %% wrong: majority-wrong
# Errors, not hits.
def majority_baseline(train_labels, test_labels):
    winner = max(train_labels, key=train_labels.count)
    return sum(one != winner for one in test_labels) / len(test_labels)


# %% wrong: majority-wrong
# Divided by the rows of the training set.
def majority_baseline(train_labels, test_labels):
    winner = max(train_labels, key=train_labels.count)
    return test_labels.count(winner) / len(train_labels)


# %% wrong: majority-wrong
# A chance of one in so many classes.
def majority_baseline(train_labels, test_labels):
    return 1 / len(set(train_labels))
