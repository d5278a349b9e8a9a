"""What an evaluation of a model comes to: done rightly, and with each known mistake.

Both are computed from a model of our own. Cases are drawn until every wrong result differs from
the right one and from each other, so that a result that came back tells how it was found.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate, chain, combinations, pairwise
from math import log
from statistics import fmean, median
from typing import Any

from course.checks.base import Inputs
from course.checks.tiny import draw_reviews, padded, tiny_bert
from course.checks.values import near
from course.quiet import quiet

#: How many entries a batch has: a dictionary's length is no number of rows.
ENTRIES = 3
#: A row whose two largest logits are nearer could fall to the other side on another machine, or
#: where they are nearer than four times what bfloat16 moves a logit of its own: both may move, and
#: twice as far in another batch.
MARGIN = 0.1
ROUNDINGS = 4
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
    model: Any,
    parts: Sequence[Sequence[list[int]]],
    *,
    masked: bool = True,
    rounded: bool = False,
) -> list[Any]:
    """Return the logits of each part of some reviews.

    If not `masked`, padding is read as well; if `rounded`, the model computes in bfloat16.
    """
    import torch

    model.eval()
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=rounded):
        batches = [padded(reviews) for reviews in parts]
        return [
            model(
                batch["input_ids"], attention_mask=batch["attention_mask"] if masked else None
            ).logits.double()
            for batch in batches
        ]


class Outcomes:
    """What an evaluation comes to, from the logits and labels of each batch.

    `rounded` are the logits that the model gives in bfloat16.
    """

    def __init__(
        self, logits: Sequence[Any], labels: Sequence[Any], rounded: Sequence[Any] = ()
    ) -> None:
        self.logits, self.labels = logits, labels
        self.hits = self._hits(lambda rows: rows.argmax(dim=1))
        self.losses = self._losses(logits)
        self.accuracy, self.loss = _mean(self.hits), _mean(self.losses)
        #: What bfloat16 moves the losses of the rows, on average: it moves their mean no further.
        self.rounding = 0.0
        if rounded:
            both = zip(chain(*self.losses), chain(*self._losses(rounded)), strict=True)
            self.rounding = fmean(abs(one - other) for one, other in both)

    def is_loss(self, found: float) -> bool:
        """Return whether `found` is the loss, computed in bfloat16 or more precisely."""
        return near(found, self.loss) or abs(found - self.loss) <= self.rounding

    def _hits(self, choose: Callable[[Any], Any]) -> list[list[bool]]:
        return [
            [one == label for one, label in zip(choose(rows).tolist(), truth, strict=True)]
            for rows, truth in zip(self.logits, self.labels, strict=True)
        ]

    def _losses(self, logits: Sequence[Any]) -> list[list[float]]:
        import torch
        from torch.nn.functional import cross_entropy

        return [
            cross_entropy(rows, torch.tensor(truth, device="cpu"), reduction="none").tolist()
            for rows, truth in zip(logits, self.labels, strict=True)
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
            "softmax": [_mean(self._losses([rows.softmax(dim=1) for rows in self.logits]))],
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

    def summaries(self) -> tuple[list[float], list[float]]:
        """Return accuracies and losses that are other summaries of the batches than their mean."""
        hits, losses = ([fmean(batch) for batch in one] for one in (self.hits, self.losses))
        bits = [self.loss / log(2), self.loss / log(10), _mean(self.losses[:-1])]
        return [summary(hits) for summary in SUMMARIES], [
            *(summary(losses) for summary in SUMMARIES),
            *bits,
        ]


SUMMARIES = (max, min, median)


def _mean(batches: Sequence[Sequence[float]]) -> float:
    """Return the mean over all rows of all batches."""
    return fmean(value for batch in batches for value in batch)


def draw_case(rng: random.Random, classes: int, last: int, *, first: bool = False) -> Inputs:
    """Draw a model, reviews that it is sure about, and labels; the last batch has `last` rows.

    Most labels are what the model says. In the `first` case also what has no name of its own is
    told from what has: later ones meet only what was right in it.
    """
    while True:
        case: Inputs = {"seed": rng.randrange(10**6), "classes": classes}
        model, reviews = model_of(case), draw_reviews(rng, 100)
        [logits], [rounded] = (logits_of(model, [reviews], rounded=one) for one in (False, True))
        two_largest = logits.topk(2, dim=1).values
        needed = ROUNDINGS * (logits - rounded).abs().amax(dim=1).clamp(min=MARGIN / ROUNDINGS)
        sure = (two_largest[:, 0] - two_largest[:, 1] > needed).nonzero().flatten().tolist()
        for _ in range(4000):
            sizes = [rng.randint(12, 18), rng.randint(7, 11), rng.randint(12, 16), last]
            if len(sure) < (count := sum(sizes)):
                break
            wrong = [rng.randint(1, (size + 1) // 2) for size in sizes]
            if not _counts_tell(sizes, wrong, first):
                continue  # before anything is computed by torch
            rows = rng.sample(sure, count)
            labels: list[int] = logits[rows].argmax(dim=1).tolist()
            for places, many in zip(cut(range(count), sizes), wrong, strict=True):
                for row in rng.sample(places, many):
                    labels[row] = (labels[row] + rng.randint(1, classes - 1)) % classes
            case |= {"sizes": sizes, "reviews": [reviews[row] for row in rows], "labels": labels}
            parts = [one[rows].split(sizes) for one in (logits, rounded)]
            right = Outcomes(parts[0], cut(labels, sizes), parts[1])
            if told_apart(right, strictly=first) and told_apart(
                right, misread(model, case, right.labels)
            ):
                return case


def _counts_tell(sizes: list[int], wrong: list[int], strictly: bool) -> bool:
    """Return whether so many wrong rows in each batch tell the mistakes in counting apart."""
    shares = [1 - count / size for count, size in zip(wrong, sizes, strict=True)]
    right, but_last = (1 - sum(wrong[:end]) / sum(sizes[:end]) for end in (None, -1))
    named = [right, 1 - right, fmean(shares), shares[0], shares[-1]]
    others = [summary(shares) for summary in SUMMARIES] if strictly else []
    return _are_apart(
        {str(place): [one] for place, one in enumerate(named)}, [but_last, *others], APART
    )


def misread(model: Any, case: Inputs, labels: Sequence[Any]) -> Outcomes:
    """Return what an evaluation comes to that forgets the attention mask."""
    parts = cut(case["reviews"], case["sizes"])
    with quiet():  # transformers 4 recommends the mask, to the student who did not forget it
        return Outcomes(logits_of(model, parts, masked=False), labels)


def told_apart(
    right: Outcomes, unmasked: Outcomes | None = None, *, strictly: bool = False
) -> bool:
    """Return whether no known mistake comes to what another, or what is right, comes to."""
    accuracies = {"right": [right.accuracy], **right.accuracies()}
    losses = {"right": [right.loss], **right.mean_losses()}
    if unmasked is not None:
        accuracies["unmasked"], losses["unmasked"] = [unmasked.accuracy], [unmasked.loss]
    shares, means = right.summaries() if strictly else ([], [])
    # In bfloat16 the right loss may move, and so may a wrong one.
    least = max(APART, 2 * right.rounding)
    return _are_apart(accuracies, [*right.nameless(), *shares], APART) and _are_apart(
        losses, means, least
    )


def _are_apart(named: Mapping[str, list[float]], nameless: list[float], apart: float) -> bool:
    """Return whether no two of the named results are the same, and none is a nameless one's."""
    pairs = [*combinations(named.values(), 2), *((ones, nameless) for ones in named.values())]
    return all(
        abs(one - other) > apart * max(1.0, abs(one))
        for ones, others in pairs
        for one in ones
        for other in others
    )
