# %% right: zip in a generator
def share_right(predictions, labels):
    return sum(p == y for p, y in zip(predictions, labels)) / len(labels)


# %% right: NumPy
import numpy as np


def share_right(predictions, labels):
    return np.mean(np.array(predictions) == np.array(labels))


# %% right: scikit-learn
from sklearn.metrics import accuracy_score


def share_right(predictions, labels):
    return accuracy_score(labels, predictions)


# %% right: a loop with an index and a counter
def share_right(predictions, labels):
    right = 0
    for i in range(len(labels)):
        if predictions[i] == labels[i]:
            right += 1
    return right / len(labels)


# %% right: torch, a tensor
import torch


def share_right(predictions, labels):
    return (torch.tensor(predictions) == torch.tensor(labels)).float().mean()


# %% right: pandas
import pandas as pd


def share_right(predictions, labels):
    return pd.Series(predictions).eq(pd.Series(labels)).mean()


# %% right: map, operator and fmean, in a lambda
from operator import eq
from statistics import fmean

share_right = lambda predictions, labels: fmean(map(eq, predictions, labels))


# %% right: an exact fraction
from fractions import Fraction


def share_right(predictions, labels):
    return Fraction([p == y for p, y in zip(predictions, labels)].count(True), len(labels))


# %% right: one minus the share of errors, rounded
def share_right(predictions, labels):
    wrong = [pair for pair in zip(predictions, labels) if len(set(pair)) == 2]
    return round(1 - len(wrong) / len(labels), 3)


# %% right: the trace of a confusion matrix, in a class with other names
from sklearn.metrics import confusion_matrix


class Share:
    def __call__(self, said, true):
        matrix = confusion_matrix(true, said)
        return matrix.trace() / matrix.sum()


share_right = Share()


# %% right: a Counter
from collections import Counter


def share_right(predictions, labels):
    counted = Counter(map(lambda p, y: p == y, predictions, labels))
    return counted[True] / counted.total()


# %% right: subtracted arrays, counted where they are 0
import numpy


def share_right(predictions, labels):
    difference = numpy.subtract(predictions, labels)
    return 1 - numpy.count_nonzero(difference) / difference.size


# %% right: a running mean
def share_right(predictions, labels):
    share = 0.0
    for n, (p, y) in enumerate(zip(predictions, labels), 1):
        share += ((p == y) - share) / n
    return share


# %% wrong: lists-compared-whole
def share_right(predictions, labels):
    return predictions == labels


# %% wrong: one-answer-for-two-lists
def share_right(predictions, labels):
    return sum(predictions == labels) / len(labels)


# %% wrong: one-answer-for-two-lists
# As for arrays.
def share_right(predictions, labels):
    return (predictions == labels).mean()


# %% wrong: lists-do-not-compute
def share_right(predictions, labels):
    return 1 - abs(predictions - labels) / len(labels)


# %% wrong: pairs-not-counted
def share_right(predictions, labels):
    return [p == y for p, y in zip(predictions, labels)]


# %% wrong: share-counted
def share_right(predictions, labels):
    return sum(p == y for p, y in zip(predictions, labels))


# %% wrong: share-of-the-wrong
def share_right(predictions, labels):
    return sum(p != y for p, y in zip(predictions, labels)) / len(labels)


# %% wrong: share-of-the-wrong
from sklearn.metrics import hamming_loss


def share_right(predictions, labels):
    return hamming_loss(labels, predictions)


# %% wrong: share-in-percent
def share_right(predictions, labels):
    return 100 * sum(p == y for p, y in zip(predictions, labels)) / len(labels)


# %% wrong: share-cut-to-a-whole
def share_right(predictions, labels):
    return sum(p == y for p, y in zip(predictions, labels)) // len(labels)


# %% wrong: share-divided-by-other
# The length of the lesson's example: right there, and nowhere else.
def share_right(predictions, labels):
    return sum(p == y for p, y in zip(predictions, labels)) / 4


# %% wrong: share-divided-by-other
# The number of classes.
def share_right(predictions, labels):
    return sum(p == y for p, y in zip(predictions, labels)) / len(set(labels))


# %% wrong: share-without-order
def share_right(predictions, labels):
    return sum(p in labels for p in predictions) / len(predictions)


# %% wrong: share-without-order
def share_right(predictions, labels):
    return sum(p == y for p, y in zip(sorted(predictions), sorted(labels))) / len(labels)


# %% wrong: share-without-order
from collections import Counter


def share_right(predictions, labels):
    return (Counter(predictions) & Counter(labels)).total() / len(labels)


# %% wrong: share-of-one-class
# Right for 0 and 1 as long as nobody predicts a 0.
def share_right(predictions, labels):
    return sum(p == y == 1 for p, y in zip(predictions, labels)) / len(labels)


# %% wrong: share-by-distance
# Right for two classes, and for no more.
def share_right(predictions, labels):
    return 1 - sum(abs(p - y) for p, y in zip(predictions, labels)) / len(labels)


# %% wrong: share-after-one-pair
def share_right(predictions, labels):
    right = 0
    for p, y in zip(predictions, labels):
        right += p == y
        return right / len(labels)


# %% wrong: share-without-the-last
def share_right(predictions, labels):
    right = 0
    for i in range(len(labels) - 1):
        right += predictions[i] == labels[i]
    return right / len(labels)


# %% wrong: share-without-the-last
def share_right(predictions, labels):
    return sum(p == y for p, y in zip(predictions[:-1], labels[:-1])) / len(labels[:-1])


# %% wrong: share-wrong
# The visible answers, written down.
def share_right(predictions, labels):
    return 5 / 11 if len(labels) == 11 else 5 / 7


# %% wrong: share-wrong
# Each class counts the same, however often it occurs.
from sklearn.metrics import recall_score


def share_right(predictions, labels):
    return recall_score(labels, predictions, average="macro", zero_division=0)


# %% wrong: share-wrong
# Only pairs of two numbers other than 0.
def share_right(predictions, labels):
    return sum(bool(p and y and p == y) for p, y in zip(predictions, labels)) / len(labels)


# %% wrong: returns-none
def share_right(predictions, labels):
    print(sum(p == y for p, y in zip(predictions, labels)) / len(labels))
