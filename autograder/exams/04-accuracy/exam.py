"""The exam of lesson 04: from logits to an accuracy that can be believed."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterable
from typing import Any

from autograder.examining.exam import Task
from course.checks import accuracy
from course.checks.base import Inputs
from course.checks.mistakes import MistakeError
from course.checks.tiny import tiny_bert


class PredictedClasses(accuracy.PredictedClasses, Task):
    """Every row of logits becomes one class id: the place of its largest logit."""

    answer_id = "predicted-classes"
    points = 2
    timeout = 5
    tells_answer = False

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield tables of logits: more rows than classes, fewer, one row, as many."""
        square = rng.randint(4, 6)
        shapes = [(rng.randint(9, 14), rng.randint(3, 6)), (3, 7), (1, 5), (square, square)]
        for rows, columns in shapes:
            # No two logits of a table are the same, so that every maximum is in one place.
            places = rng.sample(range(-4000, 1000), rows * columns)
            yield {
                "logits": [
                    [place / 512 for place in places[row * columns : (row + 1) * columns]]
                    for row in range(rows)
                ]
            }

    def answer(self, *, logits: list[list[float]]) -> list[int]:
        """Return the place of each row's maximum."""
        return [row.index(max(row)) for row in logits]

    def mistakes(self, *, logits: list[list[float]]) -> dict[str, Any]:
        """Return what the wrong axis gives."""
        return {
            "argmax-dim0": self.answer(
                logits=[list(column) for column in zip(*logits, strict=True)]
            )
        }


class ModelAccuracy(accuracy.ModelAccuracy, Task):
    """The model is asked without dropout, and right answers are counted over all reviews."""

    answer_id = "model-accuracy"
    points = 3
    timeout = 20

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield reviews whose labels the model mostly gets right, least in the short last batch."""
        for _ in range(3):
            yield self._case(rng)

    def _case(self, rng: random.Random) -> Inputs:
        while True:
            seed = rng.randrange(10**6)
            sizes = [rng.randint(12, 20), rng.randint(7, 11), rng.randint(14, 18), 5]
            reviews = [
                [rng.randrange(1, 200) for _ in range(rng.randint(3, 10))] for _ in range(300)
            ]
            scores = _logits(seed, reviews)
            # A review close to the border could fall to the other side on another machine.
            sure = [
                (review, row.index(max(row)))
                for review, row in zip(reviews, scores, strict=True)
                if max(row) - sorted(row)[-2] > 0.05
            ][: sum(sizes)]
            if len(sure) < sum(sizes) or Counter(c for _, c in sure).most_common()[0][
                1
            ] > 0.8 * len(sure):
                continue
            wrong = {sum(sizes) - 1 - i for i in rng.sample(range(5), 4)}
            wrong |= set(rng.sample(range(sum(sizes) - 5), rng.randint(2, 9)))
            case = {
                "seed": seed,
                "reviews": [review for review, _ in sure],
                "labels": [
                    (right + rng.randint(1, 2)) % accuracy.CLASSES if i in wrong else right
                    for i, (_, right) in enumerate(sure)
                ],
                "sizes": sizes,
            }
            unmasked = _accuracy(seed, case["reviews"], case["labels"], 0, masked=False)
            if abs(unmasked - _accuracy(seed, case["reviews"], case["labels"], 0)) > 0.03:
                return case

    def judge(
        self,
        observed: Any,
        *,
        seed: int,
        reviews: list[list[int]],
        labels: list[int],
        sizes: list[int],
    ) -> None:
        """Compare with the accuracies of a model of our own; symptoms only choose the message."""
        inputs = {"seed": seed, "reviews": reviews, "labels": labels, "sizes": sizes}
        found = self.results(observed)
        whole, *shifted = (
            _accuracy(seed, reviews, labels, shift) for shift in range(accuracy.CLASSES)
        )
        first = _accuracy(seed, reviews[: sizes[0]], labels[: sizes[0]], 0)
        right = dict.fromkeys(("whole", "again", "in_one_batch", "padded"), whole)
        right["first_batch"] = first
        if all(accuracy.close(found[name], value) for name, value in right.items()) and all(
            accuracy.close(one, other) for one, other in zip(found["shifted"], shifted, strict=True)
        ):
            return
        self.judge_symptoms(observed, **inputs)
        raise MistakeError(
            "model-accuracy-wrong",
            f"On {sum(sizes)} reviews in batches of {sizes} your accuracy is {found['whole']:.3f}, "
            "and that is not the model's. Compare each review's largest logit with its label, "
            "count the right ones over all batches, and divide by all reviews.",
        )


def _accuracy(
    seed: int, reviews: list[list[int]], labels: list[int], shift: int, *, masked: bool = True
) -> float:
    scores = _logits(seed, reviews, masked=masked)
    hits = [
        row.index(max(row)) == (label + shift) % accuracy.CLASSES
        for row, label in zip(scores, labels, strict=True)
    ]
    return sum(hits) / len(hits)


def _logits(seed: int, reviews: list[list[int]], *, masked: bool = True) -> list[list[float]]:
    """Return what the student's model says when it is asked properly."""
    import torch

    width = max(map(len, reviews))
    input_ids = torch.tensor([review + [0] * (width - len(review)) for review in reviews])
    attention_mask = (input_ids > 0).long() if masked else torch.ones_like(input_ids)
    with torch.inference_mode():
        model = tiny_bert(seed, classes=accuracy.CLASSES, dropout=0.5, attention_dropout=0.1).eval()
        scores: list[list[float]] = model(
            input_ids=input_ids, attention_mask=attention_mask
        ).logits.tolist()
    return scores


class MajorityBaseline(accuracy.MajorityBaseline, Task):
    """The commonest class of the training labels is scored on the test labels."""

    answer_id = "majority-baseline"
    points = 1
    timeout = 5
    tells_answer = False

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield labels whose commonest class is another in training than in the test."""
        for classes in (2, 4, 5):
            ids = rng.sample(range(classes), classes)
            if classes > 2:
                # The largest id is a rare class, so that looking for it gives itself away.
                ids.remove(classes - 1)
                ids.append(classes - 1)
            train = Counter({ids[0]: rng.randint(30, 40), ids[1]: rng.randint(20, 28)})
            test = Counter({ids[0]: rng.randint(11, 19), ids[1]: rng.randint(25, 40)})
            for other in ids[2:]:
                train[other], test[other] = rng.randint(5, 15), rng.randint(4, 9)
            labels = [list(counts.elements()) for counts in (train, test)]
            for column in labels:
                rng.shuffle(column)
            yield {"train_labels": labels[0], "test_labels": labels[1]}

    def answer(self, *, train_labels: list[int], test_labels: list[int]) -> float:
        """Return the share of the commonest training class among the test labels."""
        commonest = Counter(train_labels).most_common(1)[0][0]
        return test_labels.count(commonest) / len(test_labels)

    def mistakes(self, *, train_labels: list[int], test_labels: list[int]) -> dict[str, Any]:
        """Return what known mistakes give."""
        train, test = Counter(train_labels), Counter(test_labels)
        (commonest, times), total = train.most_common(1)[0], len(test_labels)
        found = {
            "majority-from-test": test.most_common(1)[0][1] / total,
            "majority-share-of-train": times / len(train_labels),
            "majority-largest-id": test[max(train)] / total,
            "majority-class-itself": commonest,
        }
        # With two classes the mean of the labels *is* a share, so that nothing can be told from it.
        if len(train) > 2:
            found["majority-mean-of-labels"] = sum(test_labels) / total
        return found


class ClassScores(accuracy.ClassScores, Task):
    """Precision, recall and F1 of one class are told apart."""

    answer_id = "class-scores"
    points = 2
    timeout = 10
    tells_answer = False

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield predictions of unequal classes, each found and missed at least once."""
        for classes, positive in ((2, 1), (3, rng.choice((0, 2))), (4, rng.choice((0, 2, 3)))):
            pairs = []
            for true in range(classes):
                for predicted in range(classes):
                    times = rng.randint(12, 30) if true == predicted else rng.randint(1, 9)
                    if predicted == positive != true:
                        times += 9  # More false alarms than misses: precision is below recall.
                    pairs += [(true, predicted)] * times
            rng.shuffle(pairs)
            yield {
                "y_true": [true for true, _ in pairs],
                "y_pred": [predicted for _, predicted in pairs],
                "positive": positive,
            }

    def answer(self, *, y_true: list[int], y_pred: list[int], positive: int) -> dict[str, float]:
        """Return the three scores of the class `positive`."""
        hits = sum(t == p == positive for t, p in zip(y_true, y_pred, strict=True))
        precision, recall = hits / y_pred.count(positive), hits / y_true.count(positive)
        return {
            "precision": precision,
            "recall": recall,
            "f1": 2 * precision * recall / (precision + recall),
        }

    def mistakes(self, *, y_true: list[int], y_pred: list[int], positive: int) -> dict[str, Any]:
        """Return what known mistakes give."""
        from sklearn.metrics import precision_recall_fscore_support

        def averaged(kind: str) -> dict[str, float]:
            scores = precision_recall_fscore_support(y_true, y_pred, average=kind)
            return dict(zip(("precision", "recall", "f1"), map(float, scores), strict=False))

        right = self.answer(y_true=y_true, y_pred=y_pred, positive=positive)
        found = {
            "precision-recall-swapped": right
            | {"precision": right["recall"], "recall": right["precision"]},
            "mean-over-classes": averaged("macro"),
            "weighted-over-classes": averaged("weighted"),
            "accuracy-again": averaged("micro"),
            "f1-arithmetic-mean": right | {"f1": (right["precision"] + right["recall"]) / 2},
        }
        if positive != 1:
            found["always-class-one"] = self.answer(y_true=y_true, y_pred=y_pred, positive=1)
        return found


class AccuracyInterval(accuracy.AccuracyInterval, Task):
    """The interval around an accuracy is as wide as 95 % confidence and the number of rows ask."""

    answer_id = "accuracy-interval"
    points = 2
    timeout = 10
    tells_answer = False

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield counts for which the usual methods agree."""
        for least, most in ((250, 400), (600, 900), (1500, 3000)):
            total = rng.randint(least, most)
            yield {"correct": round(total * rng.uniform(0.3, 0.85)), "total": total}

    def answer(self, *, correct: int, total: int) -> tuple[tuple[float, float], ...]:
        """Return the range of each end: all usual methods, and a quarter standard error around."""
        error = _standard_error(correct, total)
        lows, highs = zip(*_intervals(correct, total), strict=True)
        return tuple((min(ends) - error / 4, max(ends) + error / 4) for ends in (lows, highs))

    def mistakes(self, *, correct: int, total: int) -> dict[str, Any]:
        """Return what known mistakes give."""
        share, error = correct / total, _standard_error(correct, total)
        widths = {
            "one-standard-error": error,
            "root-forgotten": 1.96 * error**2,
            "total-forgotten": 1.96 * math.sqrt(share * (1 - share)),
            "ninety-percent": 1.645 * error,
        }
        return {name: (share - width, share + width) for name, width in widths.items()}


def _standard_error(correct: int, total: int) -> float:
    share = correct / total
    return math.sqrt(share * (1 - share) / total)


def _intervals(correct: int, total: int) -> Iterable[tuple[float, float]]:
    """Yield the 95 % interval of each usual method."""
    from scipy.stats import beta, binomtest

    share, error = correct / total, _standard_error(correct, total)
    yield share - 1.96 * error, share + 1.96 * error
    # Agresti and Coull: two right and two wrong answers more.
    adjusted = (correct + 2) / (total + 4)
    width = 1.96 * math.sqrt(adjusted * (1 - adjusted) / (total + 4))
    yield adjusted - width, adjusted + width
    for method in ("exact", "wilson", "wilsoncc"):
        found = binomtest(correct, total).proportion_ci(method=method)
        yield float(found.low), float(found.high)
    # Jeffreys.
    ends = beta.ppf([0.025, 0.975], correct + 0.5, total - correct + 0.5)
    yield float(ends[0]), float(ends[1])


TASKS = [PredictedClasses, ModelAccuracy, MajorityBaseline, ClassScores, AccuracyInterval]
