# %% right: Counter, in the order of the ids
def class_weights(labels, classes):
    counts = Counter(labels)
    return torch.tensor([len(labels) / (classes * counts[one]) for one in range(classes)])


# %% right: scikit-learn
import numpy as np
from sklearn.utils.class_weight import compute_class_weight


def class_weights(labels, classes):
    found = compute_class_weight("balanced", classes=np.arange(classes), y=np.array(labels))
    return torch.tensor(found, dtype=torch.float32)


# %% right: one over the count
def class_weights(labels, n):
    return 1 / torch.tensor([labels.count(one) for one in range(n)]).float()


# %% right: the largest is 1, by numpy
import numpy as np


def class_weights(labels, classes):
    inverse = 1 / np.bincount(labels, minlength=classes)
    return torch.from_numpy((inverse / inverse.max()).astype("float32"))


# %% right: one-hot, adding up to the number of classes
def class_weights(labels, classes):
    each = torch.nn.functional.one_hot(torch.tensor(labels), classes).sum(dim=0)
    weights = 1.0 / each
    return weights / weights.sum() * classes


# %% wrong: weights-not-float32 (0.5)
import numpy as np
from sklearn.utils.class_weight import compute_class_weight


def class_weights(labels, classes):
    found = compute_class_weight("balanced", classes=np.arange(classes), y=np.array(labels))
    return torch.tensor(found)


# %% wrong: weights-follow-counts
def class_weights(labels, classes):
    return torch.bincount(torch.tensor(labels), minlength=classes) / len(labels)


# %% wrong: weights-in-another-order
def class_weights(labels, classes):
    counts = torch.tensor(list(Counter(labels).values()))
    return len(labels) / (classes * counts.float())


# %% wrong: weights-in-another-order
def class_weights(labels, classes):
    counts = torch.tensor([count for _, count in Counter(labels).most_common()])
    return len(labels) / (classes * counts.float())


# %% wrong: weights-of-roots (0.5)
def class_weights(labels, classes):
    return torch.bincount(torch.tensor(labels), minlength=classes).float().rsqrt()


# %% wrong: weights-not-inverse
def class_weights(labels, classes):
    return 1 - torch.bincount(torch.tensor(labels), minlength=classes) / len(labels)


# %% wrong: weights-all-equal
def class_weights(labels, classes):
    return torch.ones(classes)


# %% wrong: weight-of-every-row
from sklearn.utils.class_weight import compute_sample_weight


def class_weights(labels, classes):
    return torch.tensor(compute_sample_weight("balanced", labels)).float()


# %% wrong: weights-of-another-shape
def class_weights(labels, classes):
    counts = torch.bincount(torch.tensor(labels), minlength=classes + 1)
    return len(labels) / counts.clamp(min=1).float()


# %% wrong: weights-wrong
def class_weights(labels, classes):
    counts = torch.bincount(torch.tensor(labels), minlength=classes).float()
    return -(counts / counts.sum()).log()


# %% wrong: not-a-tensor
def class_weights(labels, classes):
    return [len(labels) / (classes * labels.count(one)) for one in range(classes)]


# %% wrong: returns-none
def class_weights(labels, classes):
    print(torch.bincount(torch.tensor(labels)))
