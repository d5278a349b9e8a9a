"""What an evaluation of a model comes to: done rightly, and with each known mistake.

Both are computed from a model of our own. Cases are drawn until every wrong result differs from
the right one and from each other, so that a result that came back tells how it was found.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import accumulate, combinations, pairwise
from statistics import fmean
from typing import Any

from course.checks.base import Inputs
from course.checks.tiny import draw_reviews, padded, tiny_bert

#: How many entries a batch has: a dictionary's length is no number of rows.
ENTRIES = 3
#: A row whose two largest logits are nearer could fall to the other side on another machine.
MARGIN = 0.1
#: How far apart two results must be: ten times what rounding can move the right one.
APART = 0.012


def model_of(case: Inputs) -> Any:
    """Return the model of a case, new, as it is in the middle of training: with dropout on."""
    return tiny_bert(
        case["seed"], classes=case["classes"], dropout=0.5, attention_dropout=0.1
    ).train()


def cut(rows: Sequence[Any], sizes: Sequence[int]) -> list[Sequence[Any]]:
    """Return `rows` in parts of the given sizes."""
    return [rows[start:stop] for start, stop in pairwise((0, *accumulate(sizes)))]


def logits_of(
    model: Any, parts: Sequence[Sequence[list[int]]], *, masked: bool = True
) -> list[Any]:
    """Return the logits of each part of some reviews; if not `masked`, padding is read as well."""
    import torch

    model.eval()
    with torch.no_grad():
        batches = [padded(reviews) for reviews in parts]
        return [
            model(
                batch["input_ids"], attention_mask=batch["attention_mask"] if masked else None
            ).logits.double()
            for batch in batches
        ]


class Outcomes:
    """What an evaluation comes to, from the logits and labels of each batch."""

    def __init__(self, logits: Sequence[Any], labels: Sequence[Any]) -> None:
        self.logits, self.labels = logits, labels
        self.hits = self._hits(lambda rows: rows.argmax(dim=1))
        self.losses = self._losses(lambda rows: rows)
        self.accuracy, self.loss = _mean(self.hits), _mean(self.losses)

    def _hits(self, choose: Callable[[Any], Any]) -> list[list[bool]]:
        return [
            [one == label for one, label in zip(choose(rows).tolist(), truth, strict=True)]
            for rows, truth in zip(self.logits, self.labels, strict=True)
        ]

    def _losses(self, change: Callable[[Any], Any]) -> list[list[float]]:
        import torch
        from torch.nn.functional import cross_entropy

        return [
            cross_entropy(
                change(rows), torch.tensor(truth, device="cpu"), reduction="none"
            ).tolist()
            for rows, truth in zip(self.logits, self.labels, strict=True)
        ]

    def accuracies(self) -> dict[str, list[float]]:
        """Return what known mistakes make of the accuracy, by a name for each."""
        shares, right = list(map(fmean, self.hits)), sum(map(sum, self.hits))
        return {
            "first": [shares[0]],
            "last": [shares[-1]],
            "means": [fmean(shares)],
            "errors": [1 - self.accuracy],
            "count": [right],
            "percent": [100 * self.accuracy],
            # With the labels taken out of each batch, or left in.
            "length": [right / (entries * len(shares)) for entries in (ENTRIES, ENTRIES - 1)],
            "swapped": [self.loss],
        }

    def mean_losses(self) -> dict[str, list[float]]:
        """Return what known mistakes make of the loss, by a name for each."""
        means, rows = list(map(fmean, self.losses)), sum(map(len, self.losses))
        return {
            "means": [fmean(means)],
            "summed": [sum(means), self.loss * rows],
            "divided": [sum(means) / rows],
            "last": [means[-1]],
            "first": [means[0]],
            "softmax": [_mean(self._losses(lambda rows: rows.softmax(dim=1)))],
        }

    def nameless(self) -> list[float]:
        """Return accuracies of mistakes that have no name of their own."""
        import torch

        binary: list[Callable[[Any], Any]] = [
            lambda rows: rows[:, :2].argmax(dim=1),
            lambda rows: (rows[:, 1] > 0).long(),
            lambda rows: (rows.softmax(dim=1)[:, 1] > 0.5).long(),
        ]
        classes = range(self.logits[0].shape[1])
        constant = [lambda rows, one=one: torch.full((len(rows),), one) for one in classes]
        if len(classes) == 2:
            binary = binary[1:2]
        return [*(_mean(self._hits(one)) for one in (*binary, *constant)), _mean(self.hits[:-1])]


def _mean(batches: Sequence[Sequence[float]]) -> float:
    """Return the mean over all rows of all batches."""
    return fmean(value for batch in batches for value in batch)


def draw_case(rng: random.Random, classes: int, last: int) -> Inputs:
    """Draw a model, reviews that it is sure about, and labels; the last batch has `last` rows.

    Most labels are what the model says, fewest of them in the last batch.
    """
    while True:
        case: Inputs = {"seed": rng.randrange(10**6), "classes": classes}
        model, reviews = model_of(case), draw_reviews(rng, 100)
        [logits] = logits_of(model, [reviews])
        two_largest = logits.topk(2, dim=1).values
        sure = (two_largest[:, 0] - two_largest[:, 1] > MARGIN).nonzero().flatten().tolist()
        for _ in range(8):
            sizes = [rng.randint(12, 18), rng.randint(7, 11), rng.randint(12, 16), last]
            if len(sure) < (count := sum(sizes)):
                break
            rows = rng.sample(sure, count)
            labels: list[int] = logits[rows].argmax(dim=1).tolist()
            wrong = [count - 1 - row for row in rng.sample(range(last), max(1, last - 1))]
            for row in (*wrong, *rng.sample(range(count - last), rng.randint(3, 9))):
                labels[row] = (labels[row] + rng.randint(1, classes - 1)) % classes
            case |= {"sizes": sizes, "reviews": [reviews[row] for row in rows], "labels": labels}
            right = Outcomes(logits[rows].split(sizes), cut(labels, sizes))
            if told_apart(right) and told_apart(right, misread(model, case, right.labels)):
                return case


def misread(model: Any, case: Inputs, labels: Sequence[Any]) -> Outcomes:
    """Return what an evaluation comes to that forgets the attention mask."""
    parts = cut(case["reviews"], case["sizes"])
    return Outcomes(logits_of(model, parts, masked=False), labels)


def told_apart(right: Outcomes, unmasked: Outcomes | None = None) -> bool:
    """Return whether no known mistake comes to what another, or what is right, comes to."""
    accuracies = {"right": [right.accuracy], **right.accuracies()}
    losses = {"right": [right.loss], **right.mean_losses()}
    if unmasked is not None:
        accuracies["unmasked"], losses["unmasked"] = [unmasked.accuracy], [unmasked.loss]
    nameless = right.nameless()
    return all(
        abs(one - other) > APART * max(1.0, abs(one))
        for table in (accuracies, losses)
        for ones, others in combinations(table.values(), 2)
        for one in ones
        for other in others
    ) and all(
        abs(one - other) > APART
        for ones in accuracies.values()
        for one in ones
        for other in nameless
    )
