"""The check of `count_parameters`, lesson 02: which numbers there are in a model, and which of them train."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any

from course.checks.base import Inputs
from course.checks.mistakes import tell_first
from course.checks.predicted import Predicted
from course.checks.tiny import tiny_bert
from course.checks.undisturbed import Before, disturbed, signs
from course.checks.values import need_mapping, need_number


def partly_frozen(sizes: dict[str, int], frozen: list[str]) -> Any:
    """Return a BERT classifier in which parameters whose names begin as in `frozen` do not train."""
    model = tiny_bert(0, **sizes)
    for name, parameter in model.named_parameters():
        if name.startswith(tuple(frozen)):
            parameter.requires_grad_(False)
    return model


class Counts:
    """What is to be seen of a model that was counted."""

    def __init__(self, observed: Any, right: dict[str, int], inputs: Inputs) -> None:
        what = "The result of count_parameters"
        told = need_mapping(observed, ["counts", "disturbed"], "What was observed")
        counts = need_mapping(told["counts"], ["total", "trainable"], what)
        self.total = need_number(counts["total"], f"{what}['total']")
        self.trainable = need_number(counts["trainable"], f"{what}['trainable']")
        self.right, self.inputs = right, inputs
        self.disturbed = disturbed(told["disturbed"])

    @property
    def wrong_total(self) -> bool:
        return self.total != self.right["total"]

    @property
    def wrong_trainable(self) -> bool:
        return self.trainable != self.right["trainable"]

    @property
    def number(self) -> str:
        """Return the first number that is wrong, as it was told."""
        return f"{self.total if self.wrong_total else self.trainable:,.12g}"

    def fits(self, wrong: dict[str, int]) -> bool:
        """Return whether a known mistake gives this total, or, where that is right, this count."""
        return wrong["total"] == self.total and (
            self.wrong_total or wrong["trainable"] == self.trainable
        )


class CountParameters(Predicted):
    """All numbers in the model's weights are counted, and those that training may change."""

    function = "count_parameters"
    facts = Counts
    predicted = (
        "count-tensors",
        "count-rows",
        "count-matrices",
        "count-weights",
        "count-encoder",
        "count-buffers",
        "count-total-trainable",
        "count-nothing-trainable",
        "count-frozen-too",
        "count-the-frozen",
        "count-trainable-tensors",
        "count-by-part",
        "count-by-weight",
    )
    #: Told where no prediction fits; a model that was left frozen explains a wrong count.
    signs = {
        "count-total-wrong": lambda it: it.wrong_total,
        **signs("parameters-frozen", "parameters-unfrozen"),
        "count-trainable-wrong": lambda it: it.wrong_trainable,
        **signs(),
    }
    raised = ("count-generator",)
    told = ("returns-none", "wrong-type", "missing-key", "not-a-number", "not-finite")

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield sizes of models and what of them is frozen, so that every known mistake shows."""
        # Somewhere a single weight or bias is frozen: a part's first parameter does not tell.
        parts = [
            "bert.embeddings.word",
            "bert.embeddings.LayerNorm.bias",
            "bert.pooler.dense.weight",
        ]
        parts += ["bert.encoder.layer.0", "bert.encoder.layer.1.output", "classifier.bias"]
        while True:
            mixed = self._drawn(rng, rng.sample(parts, rng.randint(2, 3)))
            if _apart(self.answer(**mixed), self.predictions(**mixed).values()):
                break
        yield mixed
        yield self._drawn(rng, [])
        yield self._drawn(rng, ["bert"])
        yield self._drawn(rng, ["bert", "classifier"])

    @staticmethod
    def _drawn(rng: random.Random, frozen: list[str]) -> Inputs:
        sizes = {
            "vocab_size": rng.randint(50, 300),
            "hidden_size": 2 * rng.randint(5, 20),
            "num_hidden_layers": rng.randint(2, 3),
            "intermediate_size": rng.randint(10, 90),
            "max_position_embeddings": rng.randint(20, 60),
            "classes": rng.randint(2, 6),
        }
        return {"sizes": sizes, "frozen": frozen}

    def answer(self, **inputs: Any) -> dict[str, int]:
        """See :class:`Predicted`."""
        return _counts(partly_frozen(**inputs).parameters())

    def predictions(self, **inputs: Any) -> dict[str, Any]:
        """See :class:`Predicted`."""
        model = partly_frozen(**inputs)
        named = dict(model.named_parameters())
        right = _counts(named.values())
        total, trains = right["total"], right["trainable"]
        return {
            "count-tensors": _counts(named.values(), lambda one: 1),
            "count-rows": _counts(named.values(), len),
            "count-matrices": _counts(one for one in named.values() if one.ndim > 1),
            "count-weights": _counts(one for name, one in named.items() if "weight" in name),
            "count-encoder": _counts(model.bert.parameters()),
            "count-buffers": {
                "total": total + sum(buffer.numel() for buffer in model.buffers()),
                "trainable": trains,
            },
            "count-total-trainable": {"total": trains, "trainable": trains},
            "count-nothing-trainable": {"total": total, "trainable": 0},
            "count-frozen-too": {"total": total, "trainable": total},
            "count-the-frozen": {"total": total, "trainable": total - trains},
            "count-trainable-tensors": {
                "total": total,
                "trainable": sum(one.requires_grad for one in named.values()),
            },
            "count-by-part": {"total": total, "trainable": _by_first(_parts(model))},
            "count-by-weight": {
                "total": total,
                "trainable": _by_first(
                    list(module.parameters(recurse=False)) for module in model.modules()
                ),
            },
        }

    @staticmethod
    def observe(
        function: Callable[..., Any], *, sizes: dict[str, int], frozen: list[str]
    ) -> dict[str, Any]:
        """Count the parameters of a little BERT classifier, some of them frozen."""
        model = partly_frozen(sizes, frozen)
        before = Before(model)
        return {"counts": function(model), "disturbed": before.changes()}

    def judge(self, observed: Any, **inputs: Any) -> None:
        """See :class:`Check`."""
        it = Counts(observed, self.answer(**inputs), inputs)
        if it.wrong_total or (it.wrong_trainable and not it.disturbed):
            self.tell_prediction(it.fits, inputs=inputs, number=it.number)
        tell_first(self.signs, it, function=self.function)


def _counts(
    parameters: Iterable[Any], size: Callable[[Any], int] = lambda one: one.numel()
) -> dict[str, int]:
    """Return the counts over `parameters`, each counted by its `size`."""
    sizes = [(size(one), one.requires_grad) for one in parameters]
    return {
        "total": sum(size for size, _ in sizes),
        "trainable": sum(size for size, trains in sizes if trains),
    }


def _apart(right: dict[str, int], wrong: Iterable[dict[str, int]]) -> bool:
    """Return whether no two mistakes come to the same, and none to what is right."""
    totals = [one["total"] for one in wrong if one["total"] != right["total"]]
    trainable = [one["trainable"] for one in [right, *wrong] if one["total"] == right["total"]]
    return all(len(set(numbers)) == len(numbers) for numbers in (totals, trainable))


def _parts(model: Any) -> list[list[Any]]:
    """Return the parameters of the embeddings, of each layer, of the pooler and of the head."""
    bert = model.bert
    parts = [bert.embeddings, *bert.encoder.layer, bert.pooler, model.classifier]
    return [list(part.parameters()) for part in parts]


def _by_first(parts: Iterable[list[Any]]) -> int:
    """Return what trains, if the first parameter of each part decides for all of it."""
    return sum(one.numel() for part in parts for one in part if part[0].requires_grad)
