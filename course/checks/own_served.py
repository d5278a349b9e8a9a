"""Visible check of lesson 07: what is served from the folder of a saved model."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterable
from typing import Any

from course.checks.base import Check, Inputs
from course.checks.mistakes import mistake
from course.checks.own_inputs import LONG
from course.checks.shared_tokenizer import tokenizer
from course.checks.tiny import tiny_bert
from course.checks.values import close, kind_of, need_mapping, one_number
from course.plain import Opaque

#: Texts of at most so many ids are compared: whoever trained on 64 may cut at 64.
SHORT = 60


def served_model(seed: int, names: list[str]) -> Any:
    """Return a tiny classifier for the real tokenizer's ids that knows the names of its classes."""
    model = tiny_bert(
        seed,
        classes=len(names),
        vocab_size=len(tokenizer()),
        hidden_size=16,
        num_hidden_layers=1,
        max_position_embeddings=512,
    ).eval()
    model.config.id2label = dict(enumerate(names))
    model.config.label2id = {name: place for place, name in enumerate(names)}
    return model


class Served:
    """The answers for some texts, beside those of the model in the folder."""

    def __init__(self, observed: Any, seed: int, names: list[str], texts: list[str]) -> None:
        if observed is None:
            raise mistake("returns-none", what="The result of classify")
        if isinstance(observed, dict):
            raise mistake("one-answer-for-all", texts=texts, returned=observed)
        if not isinstance(observed, list | tuple):
            raise mistake("answers-not-a-list", kind=kind_of(observed))
        if len(observed) != len(texts):
            raise mistake("answers-missing", have=len(observed), texts=texts)
        self.names, self.texts = names, texts
        self.labels: list[Any] = []
        self.scores: list[float] = []
        for one in observed:
            if isinstance(one, list | tuple) and len(one) == len(names):
                raise mistake("every-class-answered", returned=one)
            answer = need_mapping(one, ["label", "score"], "An answer of classify")
            label = answer["label"]
            self.labels.append(str(label) if isinstance(label, Opaque) else label)
            self.scores.append(one_number(answer["score"], "A score of classify"))
        self.model = served_model(seed, names)
        self.special = tokenizer()
        batch = self.special(
            texts, padding=True, truncation=True, max_length=512, return_tensors="pt"
        )
        #: Texts that fit as they are. How a longer one is cut is for the student to say.
        self.short = [
            row for row, mask in enumerate(batch["attention_mask"]) if mask.sum() <= SHORT
        ]
        self.logits = self._logits(**batch)
        self.unmasked = self._logits(input_ids=batch["input_ids"]).softmax(dim=1)
        self.right = self.logits.softmax(dim=1)

    def _logits(self, **batch: Any) -> Any:
        import torch

        with torch.no_grad():
            return self.model(**batch).logits.double()

    def first(self, shows: Callable[[int], Any], rows: Iterable[int] | None = None) -> bool:
        """Return whether an answer shows something; `row` is then the first that does."""
        found = [row for row in (range(len(self.texts)) if rows is None else rows) if shows(row)]
        self.row = found[0] if found else 0
        return bool(found)

    def scores_are(self, table: Any) -> bool:
        """Return whether the scores of all short texts are those in a table, of the class found."""
        return all(
            close(self.scores[row], table[row, self.right[row].argmax()]) for row in self.short
        )

    def labels_are(self, table: Any) -> bool:
        """Return whether the labels of all short texts are those of a table's largest columns."""
        return all(self.labels[row] == self.names[table[row].argmax()] for row in self.short)

    @property
    def text(self) -> str:
        words = self.texts[self.row]
        return words if len(words) < 70 else words[:67] + "…"

    @property
    def label(self) -> Any:
        return self.labels[self.row]

    @property
    def score(self) -> float:
        return self.scores[self.row]

    @property
    def right_label(self) -> str:
        return self.names[self.right[self.row].argmax()]

    @property
    def right_score(self) -> float:
        return float(self.right[self.row].max())


def tells_apart(seed: int, names: list[str], texts: list[str]) -> bool:
    """Return whether the model in the folder gives answers that show each known mistake."""
    right = Served([{"label": "", "score": 0.5}] * len(texts), seed, names, texts)
    rows = right.short
    ordered = right.right[rows].sort(dim=1).values
    found = right.right[rows].argmax(dim=1)
    best = right.right[rows, found]
    return bool(
        len(rows) > 3
        and len(set(found.tolist())) > 1
        # No answer hangs on how long a text's padding is, or on the order of additions.
        and (ordered[:, -1] - ordered[:, -2]).min() > 0.02
        and any(found != right.unmasked[rows].argmax(dim=1))
        and (best - right.logits[rows, found].sigmoid()).abs().max() > 0.02
    )


class Classify(Check):
    """Every text has an answer, by the class's name and its probability, from the folder alone."""

    function = "classify"
    facts = Served
    signs = {
        "ids-not-names": lambda it: it.first(lambda row: not isinstance(it.labels[row], str)),
        "names-of-elsewhere": lambda it: it.first(lambda row: it.labels[row] not in it.names),
        "padding-read-as-text": lambda it: (
            (it.scores_are(it.unmasked) or it.labels_are(it.unmasked))
            and not it.labels_are(it.right)
        ),
        "other-class-answered": lambda it: it.first(
            lambda row: it.labels[row] != it.names[it.right[row].argmax()], it.short
        ),
        "score-is-a-logit": lambda it: it.scores_are(it.logits),
        "score-by-sigmoid": lambda it: it.scores_are(it.logits.sigmoid()),
        "other-score": lambda it: it.first(
            lambda row: not close(it.scores[row], it.right[row].max()), it.short
        ),
        "long-text-score": lambda it: it.first(lambda row: not 0 <= it.scores[row] <= 1.001),
    }
    raised = ("served-text-too-long", "served-without-padding", "names-not-in-the-notebook")
    told = ("returns-none", "one-answer-for-all", "answers-not-a-list", "answers-missing",
            "every-class-answered", "wrong-type", "missing-key", "not-numbers", "several-numbers",
            "not-finite")  # fmt: skip

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield texts of unequal length, one of them empty and one far too long."""
        texts = [
            "A warm, clever film.",
            "Are there still seats for Friday?",
            "",
            f"{LONG} " * 12,
            "I left my scarf in row F and my glove in the foyer on Sunday. Has anybody found them?",
            "Dull.",
        ]
        yield {"seed": 4, "names": ["west", "north", "east"], "texts": texts}

    @staticmethod
    def observe(function: Callable[..., Any], seed: int, names: list[str], texts: list[str]) -> Any:
        """Save a model into a folder, and let the function answer from it."""
        with tempfile.TemporaryDirectory() as folder:
            served_model(seed, names).save_pretrained(folder)
            tokenizer().save_pretrained(folder)
            return function(folder, list(texts))


CHECKS = (Classify,)
