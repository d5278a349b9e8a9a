"""What the examiner measures itself on the weights that came back.

The weights are loaded into a model of the examiner's own; names, shapes and dtypes must be the
checkpoint's. Nothing that the student's process says about them is used.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from autograder.verdict.plan import Budget, Reviews, RunPlan
from course.checks.mistakes import MistakeError

#: Rows in one forward pass.
BATCH = 50
#: Unseen reviews that are looked at first, and the advantage of the hidden ones, in standard errors,
#: from which on the others are looked at too. Who was trained on the hidden reviews is far above.
FIRST_LOOK, SUSPICIOUS = 200, 2.0
#: Relative change of a word's vector that neither decay nor rounding explains.
MOVED = 0.005


@dataclass(frozen=True)
class Evidence:
    """What was measured: shares from 0 to 1, the loss in nats, over `rows` hidden reviews."""

    accuracy: float
    rows: int
    loss: float
    canary_rate: float
    largest_class: float
    encoder_change: float
    #: Accuracy on `unseen_rows` reviews of the training split that this run was not given.
    unseen_accuracy: float = 0.0
    unseen_rows: int = 0
    #: Share of the vectors of words absent from the run's texts that moved by more than decay.
    foreign_words: float = 0.0
    #: The farthest that any word's vector moved, decay aside, in lengths of that vector.
    farthest_word: float = 0.0

    @property
    def hidden_advantage(self) -> float:
        """How many standard errors the hidden reviews are better known than the unseen ones.

        Both kinds are drawn from one source by chance, so a model that was trained on neither knows
        them alike.
        """
        return advantage(self.accuracy, self.rows, self.unseen_accuracy, self.unseen_rows)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval of the accuracy (Wilson's score interval)."""
        z, n, p = 1.96, self.rows, self.accuracy
        centre = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return centre - half, centre + half


def advantage(one: float, rows: int, other: float, other_rows: int) -> float:
    """Return by how many standard errors the share `one` is above `other`: the two-proportion z."""
    if not rows or not other_rows:
        return 0.0
    p = (one * rows + other * other_rows) / (rows + other_rows)
    error = math.sqrt(p * (1 - p) * (1 / rows + 1 / other_rows))
    return (one - other) / error if error else 0.0


@cache
def _tokenizer(checkpoint: str) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(checkpoint)


@cache
def _encoder(checkpoint: str) -> dict[str, Any]:
    """Return the checkpoint's encoder weights, by their names in a classifier."""
    from transformers import BertModel, logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()

    return {f"bert.{k}": v for k, v in BertModel.from_pretrained(checkpoint).state_dict().items()}


def load_weights(weights: Any, checkpoint: str) -> Any:
    """Return a classifier with `weights`, in eval mode; raises :class:`MistakeError` if they do not fit."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    config = BertConfig.from_pretrained(checkpoint, num_labels=2)
    with torch.device("meta"):
        model = BertForSequenceClassification(config)
    expected = model.state_dict()
    if not isinstance(weights, Mapping):
        weights = {}
    given = {name: value for name, value in weights.items() if name in expected}
    if missing := sorted(expected.keys() - given.keys()):
        raise MistakeError(
            "not-a-classifier",
            f"What fine_tune returned is no BERT classifier with the checkpoint's encoder: it has no "
            f"weights called {missing[0]!r} (and {len(missing) - 1} others). Return the "
            "BertForSequenceClassification that you trained.",
        )
    clean = {}
    for name, like in expected.items():
        value = given[name]
        if not isinstance(value, torch.Tensor) or value.shape != like.shape:
            shape = tuple(getattr(value, "shape", ()))
            raise MistakeError(
                "wrong-model-shape",
                f"The weights {name!r} have shape {shape} where the checkpoint with two classes has "
                f"{tuple(like.shape)}. Load the checkpoint that fine_tune is given, with num_labels=2.",
            )
        if not value.is_floating_point():
            raise MistakeError(
                "wrong-weight-dtype",
                f"The weights {name!r} are of dtype {value.dtype}; a trained model's are floats.",
            )
        clean[name] = value.detach().float()
        if not bool(torch.isfinite(clean[name]).all()):
            raise MistakeError(
                "weights-not-finite",
                f"The trained weights {name!r} hold NaN or infinity: the training blew up. Is the "
                "learning rate far too high, or the gradient not clipped?",
            )
    # Buffers that are not saved (position_ids) need real memory before the weights go in.
    model = BertForSequenceClassification(config)
    model.load_state_dict(clean)
    return model.eval()


def measure(weights: Any, plan: RunPlan, budget: Budget, checkpoint: str) -> Evidence:
    """Measure the returned `weights` on the run's hidden reviews; raises :class:`MistakeError`."""
    model = load_weights(weights, checkpoint).to(budget.device)
    hidden = _probabilities(model, plan.hidden, budget, checkpoint)
    contrarian = _probabilities(model, plan.contrarian, budget, checkpoint)
    rows = len(plan.hidden.labels)
    picked = [int(p > 0.5) for p in hidden]
    right = sum(a == b for a, b in zip(picked, plan.hidden.labels, strict=True))
    loss = -sum(
        math.log(max(p if label else 1 - p, 1e-12))
        for p, label in zip(hidden, plan.hidden.labels, strict=True)
    )
    obeyed = sum(int(p > 0.5) == y for p, y in zip(contrarian, plan.contrarian.labels, strict=True))
    unseen, known = _known(model, plan.unseen, right / rows, rows, budget, checkpoint)
    ones = sum(picked) / rows
    state = model.cpu().state_dict()
    foreign, farthest = _words_moved(state, plan, checkpoint)
    return Evidence(
        accuracy=right / rows,
        rows=rows,
        loss=loss / rows,
        canary_rate=obeyed / len(plan.contrarian.labels),
        largest_class=max(ones, 1 - ones),
        encoder_change=_change(state, checkpoint),
        unseen_accuracy=known / unseen if unseen else 0.0,
        unseen_rows=unseen,
        foreign_words=foreign,
        farthest_word=farthest,
    )


def _known(
    model: Any, reviews: Reviews, accuracy: float, rows: int, budget: Budget, checkpoint: str
) -> tuple[int, int]:
    """Return how many unseen reviews were looked at, and how many of them the model knows.

    A few first, and the rest only if the hidden ones, `rows` at `accuracy`, seem better known.
    """
    looked = known = 0
    for part in (slice(0, FIRST_LOOK), slice(FIRST_LOOK, None)):
        some = Reviews(reviews.texts[part], reviews.labels[part])
        found = _probabilities(model, some, budget, checkpoint)
        looked += len(found)
        known += sum(int(p > 0.5) == y for p, y in zip(found, some.labels, strict=True))
        if not looked or advantage(accuracy, rows, known / looked, looked) < SUSPICIOUS:
            break
    return looked, known


def _probabilities(model: Any, reviews: Reviews, budget: Budget, checkpoint: str) -> list[float]:
    """Return for each review the probability of class 1, in float32."""
    import torch

    tokenizer = _tokenizer(checkpoint)
    encoded = [
        {"input_ids": ids}
        for ids in tokenizer(reviews.texts, truncation=True, max_length=budget.max_length).input_ids
    ]
    # Sorted by length, a batch is padded to little more than its reviews need.
    order = sorted(range(len(encoded)), key=lambda row: len(encoded[row]["input_ids"]))
    found = [0.0] * len(order)
    with torch.inference_mode():
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            batch = tokenizer.pad([encoded[row] for row in rows], return_tensors="pt")
            batch = batch.to(budget.device)
            logits = model(**batch).logits.float()
            for row, p in zip(rows, logits.softmax(dim=1)[:, 1].tolist(), strict=True):
                found[row] = p
    return found


def _change(weights: Mapping[str, Any], checkpoint: str) -> float:
    """Return how far the encoder moved: the norm of the difference over the checkpoint's norm."""
    moved = total = 0.0
    for name, before in _encoder(checkpoint).items():
        # The pooler feeds the head alone and is not counted as encoder here.
        if name in weights and "pooler" not in name:
            moved += float((weights[name] - before).double().pow(2).sum())
            total += float(before.double().pow(2).sum())
    return math.sqrt(moved / total) if total else 0.0


def _words_moved(weights: Mapping[str, Any], plan: RunPlan, checkpoint: str) -> tuple[float, float]:
    """Return the share of absent words' vectors that moved, and how far any word's moved at most.

    An absent word, one in none of the run's texts, gets no gradient: an optimizer leaves its vector
    alone but for weight decay, which scales all of them alike. One that moved otherwise was trained
    on other texts. Rounding to bfloat16 moves a vector by 0.4 % at most. How far is in lengths of
    the vector, whether or not the word is absent.
    """
    import torch

    name = "bert.embeddings.word_embeddings.weight"
    before, after = _encoder(checkpoint)[name], weights[name]
    tokenizer = _tokenizer(checkpoint)
    seen = set(tokenizer.all_special_ids)
    for ids in tokenizer(plan.train.texts)["input_ids"]:
        seen.update(ids)
    absent = torch.ones(len(before), dtype=torch.bool)
    absent[list(seen)] = False
    lengths = before.norm(dim=1).clamp_min(1e-6)
    decay = float(((before * after).sum(dim=1) / lengths.square())[absent].median())
    moved = (after - decay * before).norm(dim=1) / lengths
    return float((moved[absent] > MOVED).float().mean()), float(moved.max())
