"""Tiny random BERTs and batches for checks: ready in a moment, and the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

#: Weights drawn this widely make different inputs visibly different.
SPREAD = 0.3


def tiny_config(**changes: Any) -> Any:
    """Return the configuration of a BERT that is ready in a moment."""
    from transformers import BertConfig

    sizes = {
        "vocab_size": 200,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "max_position_embeddings": 64,
    }
    return BertConfig(**(sizes | changes))


def tiny_encoder(seed: int, **sizes: int) -> Any:
    """Return a BertModel without a head, its weights drawn from `seed`."""
    import torch
    from transformers import BertModel

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return BertModel(tiny_config(initializer_range=SPREAD, **sizes)).eval()


def tiny_classifier(seed: int, classes: int) -> Any:
    """Return a BERT classifier with weights drawn from `seed` and much dropout."""
    import torch
    from transformers import BertForSequenceClassification

    config = tiny_config(
        initializer_range=SPREAD,
        hidden_dropout_prob=0.4,
        attention_probs_dropout_prob=0.2,
        num_labels=classes,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return BertForSequenceClassification(config)


def padded(reviews: Sequence[Sequence[int]], extra: int = 0) -> dict[str, Any]:
    """Return what a tokenizer makes of reviews, in its order, from their token ids."""
    import torch

    width = max(map(len, reviews)) + extra
    ids = torch.tensor([[*row, *[0] * (width - len(row))] for row in reviews])
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in reviews])
    return {"input_ids": ids, "token_type_ids": torch.zeros_like(ids), "attention_mask": mask}


def some_reviews(rng: random.Random, count: int) -> list[list[int]]:
    """Return token ids as of `count` reviews of different lengths, the first one the shortest."""
    lengths = sorted(rng.sample(range(4, 16), count))
    return [[1, *(rng.randrange(5, 200) for _ in range(length)), 2] for length in lengths]


def same(one: Any, other: Any, tolerance: float = 1e-3) -> bool:
    """Return whether two tensors have one shape and, but for rounding, the same numbers."""
    import torch

    return bool(
        one.shape == other.shape
        and torch.allclose(one.double(), other.double(), rtol=tolerance, atol=tolerance / 10)
    )
