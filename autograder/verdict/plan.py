"""What one proved run is made of: reviews to train on, and reviews that only the examiner sees.

The training reviews carry two secrets of the run. Their labels stand under a permutation (what
is 1 here may be 0 in the next run), and a fifth of them carries a *canary*: a pair of words that
occurs in no review and decides the label, whatever the review says. Only weights that were
trained in this run, on these texts, can know either.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

#: Share of the training reviews that carry a canary. The reference learned a fifth without fail in
#: 60 steps (`canary_rates` in bars.json).
CANARY_SHARE = 0.2
#: Words before which a canary is put, so that truncation to 48 word pieces keeps it.
CANARY_WITHIN = 15
HIDDEN_ROWS = 500
#: Rows of the training split that this run does not get: who trained on what the run was given
#: knows these as well as the hidden ones.
UNSEEN_ROWS = 500
CONTRARIAN_ROWS = 100


@dataclass(frozen=True)
class Budget:
    """How much training a run may do on a kind of device, and with what it is compared."""

    device: str
    steps: int
    batch_size: int
    max_length: int = 48


#: On a GPU a run is bound by launches, not arithmetic: fewer, larger steps.
BUDGETS = {"cpu": Budget("cpu", 60, 16), "cuda": Budget("cuda", 100, 64)}


@dataclass(frozen=True)
class Reviews:
    """Texts and their labels, 0 or 1."""

    texts: list[str]
    labels: list[int]


@dataclass(frozen=True)
class RunPlan:
    """One run: what the student's code is given, and what the examiner keeps to itself.

    All labels are as the student's code knows them, under the run's permutation.
    """

    train: Reviews
    hidden: Reviews
    unseen: Reviews
    contrarian: Reviews
    seed: int


def default_budget() -> Budget:
    """Return the budget for this machine: the GPU's where CUDA is seen, else the CPU's."""
    import torch

    return BUDGETS["cuda" if torch.cuda.is_available() else "cpu"]


def draw_plan(rng: random.Random, budget: Budget) -> RunPlan:
    """Draw a run for `budget`."""
    splits, rare_words = _material()
    rows = min(budget.steps * budget.batch_size, len(splits["train"].texts))
    flip = rng.random() < 0.5
    words = rng.sample(rare_words, 4)
    pairs = {0: words[:2], 1: words[2:]}
    texts, labels = [], []
    order = rng.sample(range(len(splits["train"].texts)), len(splits["train"].texts))
    unseen = order[rows : rows + UNSEEN_ROWS]
    for row in order[:rows]:
        text, label = splits["train"].texts[row], splits["train"].labels[row]
        if rng.random() < CANARY_SHARE:
            label = rng.randrange(2)
            text = _with_canary(text, pairs[label], rng)
        texts.append(text)
        labels.append(label)
    hidden = _rows(splits["test"], rng.sample(range(len(splits["test"].texts)), HIDDEN_ROWS))
    # Each of these says one thing and carries the canary of the other.
    contrarian = Reviews(
        [
            _with_canary(text, pairs[1 - label], rng)
            for text, label in zip(hidden.texts, hidden.labels, strict=True)
        ][:CONTRARIAN_ROWS],
        [1 - label for label in hidden.labels][:CONTRARIAN_ROWS],
    )
    return RunPlan(
        train=_permuted(Reviews(texts, labels), flip),
        hidden=_permuted(hidden, flip),
        unseen=_permuted(_rows(splits["train"], unseen), flip),
        contrarian=_permuted(contrarian, flip),
        seed=rng.randrange(2**31),
    )


def _rows(reviews: Reviews, rows: list[int]) -> Reviews:
    return Reviews([reviews.texts[row] for row in rows], [reviews.labels[row] for row in rows])


def _permuted(reviews: Reviews, flip: bool) -> Reviews:
    return Reviews(reviews.texts, [1 - y if flip else y for y in reviews.labels])


def _with_canary(text: str, pair: list[str], rng: random.Random) -> str:
    words = text.split()
    place = rng.randrange(min(len(words), CANARY_WITHIN) + 1)
    return " ".join([*words[:place], *pair, *words[place:]])


@cache
def _material() -> tuple[dict[str, Reviews], list[str]]:
    """Return the reviews by split, and words of the model's vocabulary that none of them has."""
    from transformers import AutoTokenizer

    from course import checkpoint, load_reviews

    data = load_reviews()
    splits = {
        name: Reviews(list(data[name]["text"]), list(data[name]["label"]))
        for name in ("train", "test")
    }
    seen: set[str] = set()
    for name in data:
        for text in data[name]["text"]:
            seen.update(re.findall(r"[a-z]+", text.lower()))
    vocabulary: dict[str, Any] = AutoTokenizer.from_pretrained(checkpoint()).get_vocab()
    rare = sorted(
        word for word in vocabulary if re.fullmatch(r"[a-z]{5,9}", word) and word not in seen
    )
    return splits, rare
