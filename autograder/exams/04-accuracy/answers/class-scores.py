# %% right: scikit-learn, question made binary
from sklearn.metrics import f1_score, precision_score, recall_score


def class_scores(truth, guess, cls):
    t, g = truth == cls, guess == cls
    return {"precision": precision_score(t, g), "recall": recall_score(t, g), "f1": f1_score(t, g)}


# %% right: scikit-learn, all at once
from sklearn.metrics import precision_recall_fscore_support


def class_scores(y_true, y_pred, positive):
    p, r, f, _ = precision_recall_fscore_support(y_true, y_pred, labels=[positive])
    return dict(precision=p, recall=r, f1=f)


# %% right: from the confusion matrix
from sklearn.metrics import confusion_matrix


class Scores:
    def __call__(self, y_true, y_pred, positive):
        classes = sorted(set(y_true) | set(y_pred))
        matrix = confusion_matrix(y_true, y_pred, labels=classes)
        k = classes.index(positive)
        hits, row, column = matrix[k, k], matrix[k].sum(), matrix[:, k].sum()
        return {"f1": 2 * hits / (row + column), "precision": hits / column, "recall": hits / row}


class_scores = Scores()


# %% right: the report
from sklearn.metrics import classification_report


def class_scores(y_true, y_pred, positive):
    report = classification_report(y_true, y_pred, output_dict=True)[str(positive)]
    return {"precision": report["precision"], "recall": report["recall"], "f1": report["f1-score"]}


# %% right: a loop, torch numbers
def class_scores(y_true, y_pred, positive):
    tp = fp = fn = 0
    for t, p in zip(y_true, y_pred):
        tp += t == positive and p == positive
        fp += t != positive and p == positive
        fn += t == positive and p != positive
    return {
        "precision": torch.tensor(tp / (tp + fp)),
        "recall": round(tp / (tp + fn), 3),
        "f1": tp / (tp + (fp + fn) / 2),
    }


# %% right: sums of logical arrays
import numpy as np


def class_scores(y_true, y_pred, positive):
    true, said = np.equal(y_true, positive), np.equal(y_pred, positive)
    hits = np.logical_and(true, said).sum()
    precision, recall = hits / said.sum(), hits / true.sum()
    return {"precision": precision, "recall": recall, "f1": 2 / (1 / precision + 1 / recall)}


# %% right: pandas' crosstab
import pandas as pd


def class_scores(y_true, y_pred, positive):
    table = pd.crosstab(pd.Series(y_true), pd.Series(y_pred))
    hits = table.loc[positive, positive]
    precision, recall = hits / table[positive].sum(), hits / table.loc[positive].sum()
    return pd.Series(
        {"precision": precision, "recall": recall, "f1": 2 * precision * recall / (precision + recall)}
    ).to_dict()


# %% right: scikit-learn, labels and macro over one class
from sklearn import metrics


def class_scores(y_true, y_pred, positive):
    options = {"labels": [positive], "average": "macro", "zero_division": 0}
    return {
        name: getattr(metrics, f"{name}_score")(y_true, y_pred, **options)
        for name in ("precision", "recall", "f1")
    }


# %% right: one of the scores of all classes
from sklearn.metrics import f1_score, precision_score, recall_score


def class_scores(y_true, y_pred, positive):
    classes = sorted({*y_true.tolist(), *y_pred.tolist()})
    place = classes.index(positive)
    return {
        "precision": precision_score(y_true, y_pred, average=None)[place],
        "recall": recall_score(y_true, y_pred, average=None)[place],
        "f1": f1_score(y_true, y_pred, average=None)[place],
    }


# %% right: sets of places
def class_scores(y_true, y_pred, positive):
    true = {place for place, label in enumerate(y_true) if label == positive}
    said = {place for place, label in enumerate(y_pred) if label == positive}
    return {
        "precision": len(true & said) / len(said),
        "recall": len(true & said) / len(true),
        "f1": 2 * len(true & said) / (len(true) + len(said)),
        "support": len(true),
    }


# %% right: torch, rounded to two digits
def class_scores(y_true, y_pred, positive):
    true, said = torch.from_numpy(y_true) == positive, torch.from_numpy(y_pred) == positive
    recall = said[true].float().mean().item()
    precision = true[said].float().mean().item()
    f1 = 2 * precision * recall / (precision + recall)
    return {"precision": round(precision, 2), "recall": round(recall, 2), "f1": round(f1, 2)}


# %% right: exact fractions, F-beta
from fractions import Fraction


def class_scores(y_true, y_pred, positive, beta=1):
    pairs = list(zip(y_true.tolist(), y_pred.tolist()))
    tp = pairs.count((positive, positive))
    fp = sum(said == positive for _, said in pairs) - tp
    fn = sum(true == positive for true, _ in pairs) - tp
    b = beta**2
    return {
        "precision": Fraction(tp, tp + fp),
        "recall": Fraction(tp, tp + fn),
        "f1": Fraction((1 + b) * tp, (1 + b) * tp + b * fn + fp),
    }


# %% wrong: precision-recall-swapped
from sklearn.metrics import f1_score, precision_score, recall_score


def class_scores(y_true, y_pred, positive):
    t, p = y_true == positive, y_pred == positive
    return {"precision": precision_score(p, t), "recall": recall_score(p, t), "f1": f1_score(p, t)}


# %% wrong: mean-over-classes
from sklearn.metrics import precision_recall_fscore_support


def class_scores(y_true, y_pred, positive):
    p, r, f, _ = precision_recall_fscore_support(y_true, y_pred, average="macro")
    return {"precision": p, "recall": r, "f1": f}


# %% wrong: weighted-over-classes
from sklearn.metrics import precision_recall_fscore_support


def class_scores(y_true, y_pred, positive):
    p, r, f, _ = precision_recall_fscore_support(y_true, y_pred, average="weighted")
    return {"precision": p, "recall": r, "f1": f}


# %% wrong: accuracy-again
from sklearn.metrics import precision_recall_fscore_support


def class_scores(y_true, y_pred, positive):
    p, r, f, _ = precision_recall_fscore_support(y_true, y_pred, average="micro")
    return {"precision": p, "recall": r, "f1": f}


# %% wrong: scores-of-every-class
from sklearn.metrics import f1_score, precision_score, recall_score


def class_scores(y_true, y_pred, positive):
    return {
        "precision": precision_score(y_true, y_pred, average=None),
        "recall": recall_score(y_true, y_pred, average=None),
        "f1": f1_score(y_true, y_pred, average=None),
    }


# %% wrong: average-left-binary
from sklearn.metrics import f1_score, precision_score, recall_score


def class_scores(y_true, y_pred, positive):
    return {
        "precision": precision_score(y_true, y_pred, pos_label=positive),
        "recall": recall_score(y_true, y_pred, pos_label=positive),
        "f1": f1_score(y_true, y_pred, pos_label=positive),
    }


# %% wrong: always-class-one
def class_scores(y_true, y_pred, positive):
    hits = ((y_true == 1) & (y_pred == 1)).sum()
    p, r = hits / (y_pred == 1).sum(), hits / (y_true == 1).sum()
    return {"precision": p, "recall": r, "f1": 2 * p * r / (p + r)}


# %% wrong: f1-arithmetic-mean (0.5)
def class_scores(y_true, y_pred, positive):
    hits = ((y_true == positive) & (y_pred == positive)).sum()
    p, r = hits / (y_pred == positive).sum(), hits / (y_true == positive).sum()
    return {"precision": p, "recall": r, "f1": (p + r) / 2}


# %% wrong: scores-in-percent
def class_scores(y_true, y_pred, positive):
    hits = ((y_true == positive) & (y_pred == positive)).sum()
    p, r = hits / (y_pred == positive).sum(), hits / (y_true == positive).sum()
    return {"precision": 100 * p, "recall": 100 * r, "f1": 100 * 2 * p * r / (p + r)}


# %% wrong: missing-key
def class_scores(y_true, y_pred, positive):
    hits = ((y_true == positive) & (y_pred == positive)).sum()
    return {"precision": hits / (y_pred == positive).sum(), "recall": hits / (y_true == positive).sum()}


# %% wrong: scores-wrong
def class_scores(y_true, y_pred, positive):
    # The visible answer, written down.
    return {"precision": 0.5, "recall": 1 / 3, "f1": 0.4}


# %% wrong: scores-of-the-rest
def class_scores(y_true, y_pred, positive):
    t, p = y_true != positive, y_pred != positive
    precision, recall = (t & p).sum() / p.sum(), (t & p).sum() / t.sum()
    return {"precision": precision, "recall": recall, "f1": 2 * precision * recall / (precision + recall)}


# %% wrong: scores-wrong
# False alarms are counted over all rows.
def class_scores(y_true, y_pred, positive):
    hits = ((y_true == positive) & (y_pred == positive)).sum()
    p, r = hits / len(y_true), hits / (y_true == positive).sum()
    return {"precision": p, "recall": r, "f1": 2 * p * r / (p + r)}


# %% wrong: scores-wrong
# The geometric mean.
def class_scores(y_true, y_pred, positive):
    hits = ((y_true == positive) & (y_pred == positive)).sum()
    p, r = hits / (y_pred == positive).sum(), hits / (y_true == positive).sum()
    return {"precision": p, "recall": r, "f1": (p * r) ** 0.5}


# %% wrong: precision-recall-swapped
def class_scores(y_true, y_pred, positive):
    hits = ((y_true == positive) & (y_pred == positive)).sum()
    misses = ((y_true == positive) & (y_pred != positive)).sum()
    alarms = ((y_true != positive) & (y_pred == positive)).sum()
    p, r = hits / (hits + misses), hits / (hits + alarms)
    return {"precision": p, "recall": r, "f1": 2 * p * r / (p + r)}


# %% wrong: accuracy-again
def class_scores(y_true, y_pred, positive):
    share = float((y_true == y_pred).mean())
    return {"precision": share, "recall": share, "f1": share}


# %% wrong: scores-wrong
# Specificity instead of recall.
def class_scores(y_true, y_pred, positive):
    t, s = y_true == positive, y_pred == positive
    p, r = (t & s).sum() / s.sum(), (~t & ~s).sum() / (~t).sum()
    return {"precision": p, "recall": r, "f1": 2 * p * r / (p + r)}


# %% wrong: scores-wrong
# The share of all rows that are right, as one against the rest.
def class_scores(y_true, y_pred, positive):
    share = ((y_true == positive) == (y_pred == positive)).mean()
    return {"precision": share, "recall": share, "f1": share}


# %% wrong: mean-over-classes
from sklearn.metrics import classification_report


def class_scores(y_true, y_pred, positive):
    report = classification_report(y_true, y_pred, output_dict=True)["macro avg"]
    return {"precision": report["precision"], "recall": report["recall"], "f1": report["f1-score"]}
