"""The exam of lesson 04: from logits to an accuracy that can be believed.

The checks compute what is right and what known mistakes give; here are other cases, drawn until
these differ, so that no wrong way is right by luck and none is taken for another.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from itertools import chain
from statistics import fmean, median_high, median_low, mode

from autograder.examining.draws import until
from autograder.examining.exam import Task
from course.checks import accuracy, metrics
from course.checks.base import Inputs
from course.checks.metrics import Intervals


class PredictedClasses(accuracy.PredictedClasses, Task):
    """Every row of logits becomes one class id: the place of its largest logit."""

    answer_id = "predicted-classes"
    points = 2
    timeout = 5

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield tables of logits: more rows than classes, fewer, one row, as many."""
        square = rng.randint(4, 6)
        shapes = [(rng.randint(9, 14), rng.randint(3, 6)), (3, 7), (1, 5), (square, square)]
        for rows, columns in shapes:

            def draw(rows: int = rows, columns: int = columns) -> Inputs:
                # No two logits of a table are the same, so that every maximum is in one place.
                places = [place / 512 for place in rng.sample(range(-4000, 1000), rows * columns)]
                return {
                    "logits": [places[row * columns : (row + 1) * columns] for row in range(rows)]
                }

            yield until(_told_apart, draw)


def _told_apart(inputs: Inputs) -> bool:
    """Return whether every known wrong way finds another class in some row."""
    rows = inputs["logits"]
    ways = [
        [[-one for one in row] for row in rows],
        [[abs(one) for one in row] for row in rows],
        [row[::-1] for row in rows],
        [row[:2] for row in rows],
        list(zip(*rows, strict=True)),
    ]
    if len(rows) > 1:
        ways.append([row[:-1] for row in rows])
    wrong = [*map(accuracy.places, ways), [int(row[1] > 0) for row in rows]]
    return accuracy.places(rows) not in wrong


class ModelAccuracy(accuracy.ModelAccuracy, Task):
    """The model is asked without dropout, and right answers are counted over all reviews."""

    answer_id = "model-accuracy"
    points = 3
    timeout = 20
    # No point hangs on it: the accuracy is right all the same.
    signs = {id: sign for id, sign in accuracy.ModelAccuracy.signs.items() if id != "gradients-on"}


class MajorityBaseline(metrics.MajorityBaseline, Task):
    """The commonest class of the training labels is scored on the test labels."""

    answer_id = "majority-baseline"
    points = 1
    timeout = 5

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield labels whose commonest class is another in training than in the test."""
        for classes in (7, 8, 2):
            yield until(self._told_apart, lambda classes=classes: _draw_labels(rng, classes))

    def _told_apart(self, inputs: Inputs) -> bool:
        """Return whether each wrong way finds another class, and none that has its own name."""
        train, test = inputs["train_labels"], inputs["test_labels"]
        of_train, of_test = (Counter(column).most_common() for column in (train, test))
        right, largest = of_train[0][0], max(train)
        if largest == 1:
            # Too few classes to tell the wrong ways from each other, but not from the right one.
            [share], predictions = self.answer(**inputs), self.predictions(**inputs)
            wrongs = [wrong for found in predictions.values() for [wrong] in found]
            return all(abs(share - wrong) > 0.05 for wrong in wrongs)
        found = {0, 1, train[0], train[-1], test[0], test[-1]}
        for column, counted in ((train, of_train), (test, of_test)):
            found |= {round(fmean(column)), median_low(column), median_high(column)}
            found |= {counted[1][0], counted[-1][0]}
        if found & {right, of_test[0][0], largest} or mode(train + test) == right:
            return False
        # The answers of the visible check, written down, are no known mistake's.
        shown = [self.answer(**case) for case in metrics.MajorityBaseline().cases(random.Random(0))]
        predictions = chain(*self.predictions(**inputs).values())
        return self.told_apart(inputs) and not any(
            abs(one - wrong) < 0.01 for [one] in shown for [wrong] in predictions
        )


def _draw_labels(rng: random.Random, classes: int) -> Inputs:
    """Return labels of which one class is commonest in training, and another one in the test.

    The two have large ids, and small ones are common, so that means and medians lie between.
    """
    commonest = rng.sample((classes - 3, classes - 2), 2) if classes > 2 else [0, 1]
    named = {*commonest, classes - 1}
    drawn = []
    for one in commonest:
        # No two classes are equally common.
        counts = dict(enumerate(rng.sample(range(5, 5 + 4 * classes, 4), classes)))
        if classes > 2:
            counts |= dict(zip(rng.sample((0, 1), 2), (37, 41), strict=True))
        counts[one] = rng.randint(45, 52)
        labels = list(Counter(counts).elements())
        rng.shuffle(labels)
        while classes > 2 and named & {labels[0], labels[-1]}:
            rng.shuffle(labels)
        drawn.append(labels)
    return dict(zip(("train_labels", "test_labels"), drawn, strict=True))


class ClassScores(metrics.ClassScores, Task):
    """Precision, recall and F1 of one class are told apart."""

    answer_id = "class-scores"
    points = 2
    timeout = 10

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield predictions of unequal classes, each found and missed at least once."""
        for classes, positive in (
            (3, rng.choice((0, 2))),
            (4, rng.choice((0, 2, 3))),
            (2, 1),
            (2, 0),
        ):
            yield until(
                self.told_apart,
                lambda classes=classes, positive=positive: _draw_pairs(rng, classes, positive),
            )


def _draw_pairs(rng: random.Random, classes: int, positive: int) -> Inputs:
    pairs = []
    for true in range(classes):
        for predicted in range(classes):
            times = rng.randint(12, 30) if true == predicted else rng.randint(1, 9)
            if predicted == positive != true:
                times += 9  # More false alarms than misses: precision is below recall.
            pairs += [(true, predicted)] * times
    rng.shuffle(pairs)
    true, said = zip(*pairs, strict=True)
    return {"y_true": list(true), "y_pred": list(said), "positive": positive}


class AccuracyInterval(metrics.AccuracyInterval, Task):
    """The interval around an accuracy is as wide as 95 % confidence and the number of rows ask."""

    answer_id = "accuracy-interval"
    points = 2
    timeout = 30

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield counts, most of them far from one half, for which rounded ends are right, too."""

        def draw() -> Inputs:
            shares = [rng.uniform(*ends) for ends in ((0.12, 0.2), (0.4, 0.6), (0.65, 0.75))]
            shares += [rng.uniform(0.8, 0.88) for _ in range(3)]
            totals = [rng.randint(250, 800) for _ in shares]
            pairs = zip(shares, totals, strict=True)
            return {"counts": [[round(share * total), total] for share, total in pairs]}

        yield until(_round_ends_are_right, draw)


def _round_ends_are_right(inputs: Inputs) -> bool:
    counts = inputs["counts"]
    textbook = [one.textbook for one in Intervals([(0, 0)] * len(counts), counts).each]
    return Intervals([[round(end, 2) for end in ends] for ends in textbook], counts).right


TASKS = [PredictedClasses, ModelAccuracy, MajorityBaseline, ClassScores, AccuracyInterval]
