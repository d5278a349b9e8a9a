"""The checks of lesson 02, and the first of them: a classifier on a checkpoint."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

from course.checks.base import Check, Inputs
from course.checks.freezing import FreezeEncoder, part_of
from course.checks.logits import PredictLogits
from course.checks.mistakes import code, mistake
from course.checks.parameters import CountParameters
from course.checks.tiny import padded, some_reviews, tiny_encoder
from course.checks.undisturbed import Before, Names, disturbed, signs
from course.checks.values import close, need_mapping, numbers, one_number
from course.quiet import quiet
from course.settings import usual_settings

CLASS_NAMES = """\
bug praise question refund spam ham urgent billing sarcasm toxic neutral satire sports politics
weather travel recipe poem rumour advert complaint thanks insult review
"""
#: What is told of a model.
SEEN = (
    "sequences", "frozen", "dtype", "raised", "logits", "encodes", "pooled", "matrices", "weight",
    "bias", "id2label", "label2id", "problem_type", "num_labels", "loss",
)  # fmt: skip
#: A weight with more elements than this comes from no checkpoint of ours, and stays where it is.
LARGE = 100_000


def inputs_and_labels(reviews: list[list[int]], classes: int) -> tuple[dict[str, Any], Any]:
    """Return reviews as inputs of a model, and class ids as their labels."""
    import torch

    batch = padded(reviews)
    labels = torch.arange(len(reviews), device="cpu") % classes
    return {name: batch[name] for name in ("input_ids", "attention_mask")}, labels


class Built:
    """What is to be seen in a classifier that was built."""

    def __init__(
        self,
        observed: Any,
        *,
        seed: int,
        sizes: dict[str, int],
        class_names: list[str],
        reviews: list[list[int]],
    ) -> None:
        found = need_mapping(observed, ["kind", "module", "disturbed"], "What was observed")
        if found["kind"] is None:
            raise mistake("returns-none", what="The result of build_classifier")
        self.kind = str(found["kind"])[:60]
        if found["module"] is not True:
            raise mistake("classifier-not-a-model", self)
        found = need_mapping(observed, SEEN, "What was observed of the model")
        self.found, self.class_names, self.reviews = found, class_names, reviews
        self.rows, self.classes = len(reviews), len(class_names)
        self.problem_type, self.num_labels = found["problem_type"], found["num_labels"]
        self.has_logits, self.sequences = found["logits"] is not None, found["sequences"] is True
        self.raised = found["raised"]
        self.id2label, self.label2id = map(_plain, (found["id2label"], found["label2id"]))
        self.frozen = disturbed({"frozen": found["frozen"]}).get("frozen")
        self.disturbed = disturbed(found["disturbed"])
        self.names = dict(enumerate(class_names))
        self.ids = {name: place for place, name in self.names.items()}
        self._drawn = (seed, sizes)

    @cached_property
    def logits(self) -> Any:
        return numbers(self.found["logits"], "What the model returns as logits")

    @cached_property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.logits.shape)

    @property
    def wrong_shape(self) -> bool:
        return self.shape != (self.rows, self.classes)

    @cached_property
    def encoder(self) -> Any:
        """Return the checkpoint's encoder, in the dtype in which the student loaded it."""
        import torch

        dtype = {str(one): one for one in (torch.bfloat16, torch.float16)}
        encoder = tiny_encoder(self._drawn[0], **self._drawn[1])
        return encoder.to(dtype.get(str(self.found["dtype"]), torch.float32)).float()

    @cached_property
    def wanted(self) -> Any:
        """Return what the checkpoint's encoder makes of the reviews."""
        import torch

        with torch.no_grad():
            inputs, _ = inputs_and_labels(self.reviews, self.classes)
            return self.encoder(**inputs).pooler_output.double()

    @property
    def pooled_shape(self) -> tuple[int, ...]:
        return tuple(self.pooled.shape)

    @cached_property
    def pooled(self) -> Any:
        return numbers(self.found["pooled"], "What the model's encoder returns")

    @cached_property
    def matrices(self) -> list[str]:
        """Return the names of the checkpoint's weight matrices."""
        return [name for name, tensor in self.encoder.state_dict().items() if tensor.ndim == 2]

    @cached_property
    def strange(self) -> list[str]:
        """Return the names of those that the model's encoder does not have, or has otherwise."""
        told, right = self.found["matrices"], self.encoder.state_dict()
        return [
            name
            for name in self.matrices
            if not isinstance(told, dict)
            or name not in told
            or not numbers(told[name], name).equal(right[name].double())
        ]

    @property
    def difference(self) -> str:
        if not self.strange:
            return "Its weight matrices are the checkpoint's; something else in it is not."
        parts = Names(dict.fromkeys(part_of(f"bert.{name}") for name in self.strange))
        return f"These parts are not the checkpoint's, or are missing: {parts}."

    @cached_property
    def head(self) -> tuple[Any, Any]:
        return (
            numbers(self.found["weight"], "The head's weight"),
            numbers(self.found["bias"], "The head's bias"),
        )

    @property
    def bypassed(self) -> bool:
        """Return whether the logits are not what the head makes of the encoder's output."""
        weight, bias = self.head
        return (
            weight.shape != (self.classes, self.wanted.shape[1])
            or bias.shape != (self.classes,)
            or not close(self.logits, self.wanted @ weight.T + bias)
        )

    @property
    def cross_entropy(self) -> float:
        """Return the loss that the model should have."""
        import torch

        _, labels = inputs_and_labels(self.reviews, self.classes)
        return float(torch.nn.functional.cross_entropy(self.logits, labels))

    @property
    def loss(self) -> float | None:
        """Return the loss that the model has, if that is a number."""
        told = self.found["loss"]
        return None if told is None or isinstance(told, str) else one_number(told, "The loss")

    @property
    def loss_in_words(self) -> str:
        told = self.found["loss"]
        if self.loss is not None:
            return f"its loss is {self.loss:.3f}"
        return f"it raises {told[:150]}" if isinstance(told, str) else "it gives no loss"


class BuildClassifier(Check):
    """The checkpoint's encoder carries a new head with one logit per class, and the classes have names."""

    function = "build_classifier"
    facts = Built
    signs = {
        "model-unusable": lambda it: it.raised is not None,
        "headless-model": lambda it: not it.has_logits and it.found["encodes"] is True,
        "logits-per-token": lambda it: (
            it.has_logits and len(it.shape) == 3 and it.shape[0] == it.rows
        ),
        "another-head": lambda it: not it.has_logits or (it.wrong_shape and not it.sequences),
        "one-logit-regression": lambda it: it.wrong_shape and it.shape == (it.rows, 1),
        "num-labels-default": lambda it: it.wrong_shape and it.shape == (it.rows, 2),
        "num-labels-wrong": lambda it: it.wrong_shape,
        "encoder-missing": lambda it: it.found["pooled"] is None,
        "other-checkpoint": lambda it: it.pooled.shape != it.wanted.shape,
        "random-encoder": lambda it: it.strange == it.matrices,
        "encoder-changed": lambda it: it.strange or not close(it.pooled, it.wanted),
        "head-missing": lambda it: it.found["weight"] is None or it.found["bias"] is None,
        "head-bypassed": lambda it: it.bypassed,
        "names-left": lambda it: it.id2label == {id: f"LABEL_{id}" for id in it.names},
        "names-string-keys": lambda it: it.id2label == {str(id): it.names[id] for id in it.names},
        "names-as-list": lambda it: isinstance(it.id2label, list | tuple),
        "names-swapped": lambda it: it.id2label == it.ids,
        "names-wrong": lambda it: it.id2label != it.names,
        "label2id-left": lambda it: it.label2id != it.ids,
        "loss-another": lambda it: it.loss is None or not close(it.loss, it.cross_entropy),
        "built-frozen": lambda it: it.frozen,
        **signs("inputs-changed", "settings-changed"),
    }
    raised = (
        "class-not-imported",
        "num-labels-a-list",
        "argument-unknown",
        "checkpoint-by-name",
        "head-touched",
    )
    told = ("returns-none", "classifier-not-a-model", "not-numbers")

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield little checkpoints, to be made on the spot, and the names of their classes."""
        for classes in (rng.randint(3, 4), 2, rng.randint(5, 7)):
            names: list[str] = []
            while names in (sorted(names), sorted(names, reverse=classes > 2)):
                names = rng.sample(CLASS_NAMES.split(), classes)
            yield {
                "seed": rng.randrange(10**9),
                "sizes": {
                    "hidden_size": 2 * rng.randint(6, 14),
                    "num_hidden_layers": rng.randint(2, 3),
                    "intermediate_size": rng.randint(20, 60),
                },
                "class_names": names,
                "reviews": some_reviews(rng, rng.randint(4, 7)),
            }

    @staticmethod
    def observe(
        function: Callable[..., Any],
        *,
        seed: int,
        sizes: dict[str, int],
        class_names: list[str],
        reviews: list[list[int]],
    ) -> dict[str, Any]:
        """Save a checkpoint in a folder, have a classifier built on it, and use that classifier."""
        import tempfile

        before, classes = Before(class_names=class_names), len(class_names)
        with tempfile.TemporaryDirectory() as folder, quiet():
            tiny_encoder(seed, **sizes).save_pretrained(folder)
            model = function(folder, class_names)
        told = {"disturbed": before.changes()}
        with usual_settings():
            return told | look_at(model, reviews, classes)


def look_at(model: Any, reviews: list[list[int]], classes: int) -> dict[str, Any]:
    """Return what a model is and does, as far as that can be said of it."""
    import torch

    if not isinstance(model, torch.nn.Module):
        kind = getattr(model, "__name__", type(model).__name__)
        return {"kind": None if model is None else kind, "module": False}
    inputs, labels = inputs_and_labels(reviews, classes)
    encoder = getattr(model, "base_model", None) or getattr(model, "bert", None)
    weights = encoder.state_dict() if encoder is not None else {}
    head, config = getattr(model, "classifier", None), getattr(model, "config", None)
    told: dict[str, Any] = {
        "kind": type(model).__name__,
        "module": True,
        "sequences": any("SequenceClass" in base.__name__ for base in type(model).__mro__),
        "frozen": [name for name, one in model.named_parameters() if not one.requires_grad],
        "dtype": str(next(iter(weights.values())).dtype) if weights else "",
        "num_labels": getattr(model, "num_labels", None),
        "raised": None,
    }
    # In single precision, whatever it was loaded in: the judge rounds its reference alike.
    model = model.to("cpu", torch.float32).eval()
    output = summary = None
    try:
        with torch.no_grad():
            output = model(**inputs)
            summary = encoder(**inputs) if encoder is not None else None
    except Exception as error:
        told["raised"] = f"{type(error).__name__}: {error}"
    loss: Any = None
    try:
        loss = getattr(model(**inputs, labels=labels), "loss", None)
    except Exception as error:
        loss = f"{type(error).__name__}: {error}"
    return told | {
        "logits": getattr(output, "logits", None),
        "encodes": hasattr(output, "last_hidden_state"),
        "pooled": getattr(summary, "pooler_output", None),
        "matrices": {
            name: one for name, one in weights.items() if one.ndim == 2 and one.numel() < LARGE
        },
        "weight": getattr(head, "weight", None),
        "bias": getattr(head, "bias", None),
        "id2label": getattr(config, "id2label", None),
        "label2id": getattr(config, "label2id", None),
        "problem_type": getattr(config, "problem_type", None),
        "loss": loss,
    }


def _plain(names: Any) -> Any:
    """Return `names` in a form that compares without surprises."""
    if not isinstance(names, dict):
        return names if isinstance(names, list | tuple) else code(names)
    return {
        key: value if isinstance(value, str | int) else code(value) for key, value in names.items()
    }


CHECKS = (BuildClassifier, PredictLogits, CountParameters, FreezeEncoder)
