"""What the examiner measures itself on the weights that came back.

The weights are loaded into a model of the examiner's own: names, shapes and dtypes must be the
checkpoint's. Every comparison is written so that NaN, infinity and overflow fail it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from autograder.verdict.question import Run
from autograder.verdict.space import MAX_LENGTH
from course.checks.mistakes import mistake

#: Rows in one forward pass.
BATCH = 50
#: Rows on which the head is tried without its encoder's training.
HEAD_ROWS = 200


@dataclass(frozen=True)
class Measured:
    """What was measured: shares from 0 to 1, over `rows` hidden texts."""

    correct: int
    rows: int
    largest_class: float
    #: The encoder is, bit for bit, the checkpoint's.
    encoder_unchanged: bool
    #: How well the returned head does on the checkpoint's own encoder, and how much better it does
    #: on the returned one, on the same texts. None if it was not asked.
    head_alone: float | None = None
    encoder_adds: float | None = None

    @property
    def accuracy(self) -> float:
        return self.correct / self.rows

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval of the accuracy (Wilson's score interval)."""
        from scipy.stats import binomtest

        found = binomtest(self.correct, self.rows).proportion_ci(method="wilson")
        return float(found.low), float(found.high)


@cache
def _tokenizer(checkpoint: str) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(checkpoint)


@cache
def _encoder(checkpoint: str) -> dict[str, Any]:
    """Return the checkpoint's weights by their names in a classifier."""
    from transformers import BertModel, logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    state = BertModel.from_pretrained(checkpoint).state_dict()
    return {f"bert.{name}": value for name, value in state.items()}


def load_weights(weights: Any, checkpoint: str) -> Any:
    """Return a classifier with `weights`, in eval mode; raises MistakeError where they do not fit."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    config = BertConfig.from_pretrained(checkpoint, num_labels=2)
    with torch.device("meta"):
        expected = BertForSequenceClassification(config).state_dict()
    given = weights if isinstance(weights, Mapping) else {}
    if missing := sorted(expected.keys() - given.keys()):
        raise mistake("not-a-classifier", missing=missing)
    clean = {}
    for name, like in expected.items():
        value = given[name]
        if not isinstance(value, torch.Tensor) or value.shape != like.shape:
            shape = tuple(getattr(value, "shape", ()))
            raise mistake("wrong-model-shape", name=name, shape=shape, wanted=tuple(like.shape))
        if not value.is_floating_point():
            raise mistake("wrong-weight-dtype", name=name, dtype=value.dtype)
        clean[name] = value.detach().float()
        # Neither NaN nor infinity is less; a float64 may be finite and no float32.
        if not bool((clean[name].abs() < 1e4).all()):
            raise mistake("weights-not-finite", name=name)
    # Buffers that are not saved (position_ids) need real memory before the weights go in.
    model = BertForSequenceClassification(config)
    model.load_state_dict(clean)
    return model.eval()


def measure(
    weights: Any, run: Run, device: str, checkpoint: str, *, head_from: float = math.inf
) -> Measured:
    """Measure the returned `weights` on the run's hidden texts; raises MistakeError.

    From the accuracy `head_from` on, the head is asked without its encoder as well.
    """
    model = load_weights(weights, checkpoint)
    state = model.state_dict()
    # The pooler feeds the head alone and is not counted as encoder here.
    unchanged = all(
        state[name].equal(value)
        for name, value in _encoder(checkpoint).items()
        if "pooler" not in name
    )
    picked = _picked(model.to(device), run.hidden.texts, device, checkpoint)
    measured = Measured(
        correct=_correct(picked, run.hidden.labels),
        rows=len(picked),
        largest_class=max(picked.count(0), picked.count(1)) / len(picked),
        encoder_unchanged=unchanged,
    )
    if unchanged or measured.accuracy < head_from:
        return measured
    some = run.hidden.labels[:HEAD_ROWS]
    model = load_weights({**weights, **_encoder(checkpoint)}, checkpoint).to(device)
    alone = _correct(_picked(model, run.hidden.texts[:HEAD_ROWS], device, checkpoint), some)
    adds = _correct(picked[:HEAD_ROWS], some) - alone
    return replace(measured, head_alone=alone / len(some), encoder_adds=adds / len(some))


def _correct(picked: list[int], labels: list[int]) -> int:
    return sum(one == label for one, label in zip(picked, labels, strict=True))


def _picked(model: Any, texts: list[str], device: str, checkpoint: str) -> list[int]:
    """Return the class of each text: the one of the larger logit, and -1 where neither is larger."""
    import torch

    tokenizer = _tokenizer(checkpoint)
    encoded = tokenizer(texts, truncation=True, max_length=MAX_LENGTH).input_ids
    # Sorted by length, a batch is padded to little more than its texts need.
    order = sorted(range(len(encoded)), key=lambda row: len(encoded[row]))
    found = [-1] * len(order)
    with torch.inference_mode():
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            batch = tokenizer.pad(
                [{"input_ids": encoded[row]} for row in rows], return_tensors="pt"
            )
            logits = model(**batch.to(device)).logits.double()
            for row, (zero, one) in zip(rows, logits.tolist(), strict=True):
                # NaN is larger than nothing, so that such a row is right for nobody.
                found[row] = 1 if one > zero else 0 if zero > one else -1
    return found
