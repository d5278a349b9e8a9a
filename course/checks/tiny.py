"""Tiny random BERTs and batches for checks: ready in a moment, and the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from course.settings import usual_settings

VOCABULARY = 200
#: Weights drawn this widely make different inputs visibly different.
SPREAD = 0.3


def tiny_config(**changes: Any) -> Any:
    """Return the configuration of a BERT that is ready in a moment."""
    from transformers import BertConfig

    sizes = {
        "vocab_size": VOCABULARY,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "max_position_embeddings": 64,
    }
    return BertConfig(**(sizes | changes))


@contextmanager
def drawn(seed: int) -> Iterator[None]:
    """Draw random numbers from `seed` for a while, and compute as in a fresh notebook."""
    import torch

    with torch.random.fork_rng(devices=[]), usual_settings():
        torch.manual_seed(seed)
        yield


def tiny_encoder(seed: int, **sizes: int) -> Any:
    """Return a BertModel without a head, its weights drawn from `seed`."""
    from transformers import BertModel

    with drawn(seed):
        return BertModel(tiny_config(initializer_range=SPREAD, **sizes)).eval()


def tiny_bert(
    seed: int,
    *,
    classes: int = 2,
    dropout: float = 0.0,
    attention_dropout: float | None = None,
    spread: float = 0.4,
    **sizes: int,
) -> Any:
    """Return a BERT classifier, in training mode, with large random weights drawn from `seed`.

    Weights that are large give gradients that are large, and different inputs different logits.
    """
    from transformers import BertForSequenceClassification

    config = tiny_config(
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout if attention_dropout is None else attention_dropout,
        initializer_range=spread,
        num_labels=classes,
        **({"max_position_embeddings": 32} | sizes),
    )
    with drawn(seed):
        return BertForSequenceClassification(config)


def tiny_classifier(seed: int, classes: int) -> Any:
    """Return a BERT classifier with weights drawn from `seed` and much dropout."""
    return tiny_bert(
        seed,
        classes=classes,
        dropout=0.4,
        attention_dropout=0.2,
        spread=SPREAD,
        max_position_embeddings=64,
    )


class Batch(dict[str, Any]):
    """A batch as tokenizers return it: a dict that also knows `.to(device)` and `.input_ids`."""

    def to(self, device: Any) -> Batch:
        """Return the batch with its tensors on `device`."""
        return Batch({name: tensor.to(device) for name, tensor in self.items()})

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


def as_batch(reviews: Sequence[Sequence[int]], labels: Sequence[int], padding: int = 0) -> Batch:
    """Return token ids and labels as one batch, with so much more `padding` than it needs."""
    import torch

    batch = padded(reviews, padding)
    return Batch(
        input_ids=batch["input_ids"],
        attention_mask=batch["attention_mask"],
        labels=torch.tensor(labels, device="cpu"),
    )


def draw_reviews(rng: random.Random, count: int) -> list[list[int]]:
    """Return random token ids for `count` reviews of unequal length."""
    return [[rng.randrange(1, VOCABULARY) for _ in range(rng.randint(3, 10))] for _ in range(count)]


def padded(reviews: Sequence[Sequence[int]], extra: int = 0) -> dict[str, Any]:
    """Return what a tokenizer makes of reviews, in its order, from their token ids."""
    import torch

    width = max(map(len, reviews)) + extra
    ids = torch.tensor([[*row, *[0] * (width - len(row))] for row in reviews], device="cpu")
    mask = torch.tensor(
        [[1] * len(row) + [0] * (width - len(row)) for row in reviews], device="cpu"
    )
    return {"input_ids": ids, "token_type_ids": torch.zeros_like(ids), "attention_mask": mask}


def some_reviews(rng: random.Random, count: int) -> list[list[int]]:
    """Return token ids as of `count` reviews of different lengths, the first one the shortest."""
    lengths = sorted(rng.sample(range(4, 16), count))
    return [[1, *(rng.randrange(5, 200) for _ in range(length)), 2] for length in lengths]
