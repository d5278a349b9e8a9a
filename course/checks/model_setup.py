"""Visible checks of lesson 02: a classifier on a checkpoint."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from course.checks.base import Check, Inputs, Raised
from course.checks.logits import PredictLogits
from course.checks.mistakes import MistakeError, code
from course.checks.parameters import CountParameters, FreezeEncoder
from course.checks.tiny import padded, some_reviews, tiny_encoder
from course.checks.values import close, need_mapping, numbers


@contextmanager
def _quiet() -> Iterator[None]:
    # The load report belongs to the lesson, not to every check.
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


class BuildClassifier(Check):
    """The checkpoint's encoder carries a new head with one logit per class, and the classes have names."""

    function = "build_classifier"

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield little checkpoints, to be made on the spot, and the names of their classes."""
        for names in (["bug", "praise", "question"], ["ham", "spam"], list("ABCDE")):
            yield {
                "seed": rng.randrange(10**6),
                "sizes": {"hidden_size": rng.choice([16, 24])},
                "class_names": names,
                "reviews": some_reviews(rng, 4),
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

        import torch

        with tempfile.TemporaryDirectory() as folder, _quiet():
            tiny_encoder(seed, **sizes).save_pretrained(folder)
            model = function(folder, list(class_names))
        kind = getattr(model, "__name__", type(model).__name__)
        if not isinstance(model, torch.nn.Module):
            return {"kind": None if model is None else kind, "module": False}
        batch = padded(reviews)
        inputs = {name: batch[name] for name in ("input_ids", "attention_mask")}
        model = model.to("cpu").eval()
        encoder = getattr(model, "base_model", None) or getattr(model, "bert", None)
        head = getattr(model, "classifier", None)
        with torch.no_grad():
            output = model(**inputs)
            summary = encoder(**inputs) if encoder is not None else None
        config = getattr(model, "config", None)
        return {
            "kind": kind,
            "module": True,
            "logits": getattr(output, "logits", None),
            "pooled": getattr(summary, "pooler_output", None),
            "weight": getattr(head, "weight", None),
            "bias": getattr(head, "bias", None),
            "id2label": getattr(config, "id2label", None),
            "label2id": getattr(config, "label2id", None),
        }

    def judge(self, observed: Any, **inputs: Any) -> None:
        """See :class:`Check`."""
        import torch

        names = inputs["class_names"]
        found = need_mapping(observed, ["kind", "module"], "What was observed")
        if found["kind"] is None:
            raise MistakeError(
                "returns-none",
                "The result of build_classifier is None. Does your function end with `return`?",
            )
        if found["module"] is not True:
            raise MistakeError(
                "classifier-not-a-model",
                f"build_classifier returns no model, but something of the kind {code(found['kind'])}. "
                "Return what `….from_pretrained(…)` gives you.",
            )
        keys = ["logits", "pooled", "weight", "bias", "id2label", "label2id"]
        found = need_mapping(observed, keys, "What was observed")
        if found["logits"] is None:
            raise MistakeError(
                "headless-model",
                f"build_classifier returns a {code(found['kind'])}, and its output has no `logits`: "
                "it is an encoder without a classification head. `num_labels` raised no error "
                "there because it only went into the configuration. Which class adds a head for "
                "classifying a whole sequence?",
            )
        rows = len(inputs["reviews"])
        logits = numbers(found["logits"], "The logits")
        self._judge_shape(tuple(logits.shape), rows, len(names))
        with torch.no_grad():
            batch = padded(inputs["reviews"])
            pooled = (
                tiny_encoder(inputs["seed"], **inputs["sizes"])(
                    input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]
                )
                .pooler_output.detach()
                .double()
            )
        if found["pooled"] is None:
            raise MistakeError(
                "encoder-missing",
                "Your model gives logits, but it has no BERT encoder with a pooler under them. "
                "Return one of transformers' own classes for sequence classification.",
            )
        self._judge_encoder(numbers(found["pooled"], "The encoder's output"), pooled)
        if found["weight"] is None or found["bias"] is None:
            raise MistakeError(
                "head-missing",
                "Your model has no linear layer called `classifier` with a weight and a bias. "
                "Return one of transformers' own classes for sequence classification.",
            )
        weight = numbers(found["weight"], "The head's weight")
        bias = numbers(found["bias"], "The head's bias")
        if (
            weight.shape != (len(names), pooled.shape[1])
            or bias.shape != (len(names),)
            or not close(logits, pooled @ weight.T + bias)
        ):
            raise MistakeError(
                "head-bypassed",
                "The logits of your model are not what its head makes of the encoder's output. "
                "Leave the model as `from_pretrained` gives it.",
            )
        self._judge_names(found["id2label"], found["label2id"], names)

    @staticmethod
    def _judge_shape(shape: tuple[int, ...], rows: int, classes: int) -> None:
        given = f"For {rows} reviews and {classes} classes the logits should be {rows} × {classes}"
        if shape == (rows, classes):
            return
        if len(shape) == 3 and shape[0] == rows:
            raise MistakeError(
                "logits-per-token",
                f"{given}; yours have the shape {shape}: an answer for every *token*. You need the "
                "class that answers once for the whole sequence.",
            )
        if shape == (rows, 1):
            raise MistakeError(
                "one-logit-regression",
                f"{given}; yours are {rows} × 1. With `num_labels=1` BERT predicts one number by "
                "mean squared error (regression), and the largest of one logit is always class 0.",
            )
        if shape == (rows, 2):
            raise MistakeError(
                "num-labels-default",
                f"{given}; yours are {rows} × 2. Two is the default (or was it typed in?). With a "
                'label 2 in the data the loss would raise "Target 2 is out of bounds". Take the '
                "number from `class_names`.",
            )
        raise MistakeError("num-labels-wrong", f"{given}; yours have the shape {shape}.")

    @staticmethod
    def _judge_encoder(observed: Any, pooled: Any) -> None:
        if observed.shape != pooled.shape:
            raise MistakeError(
                "other-checkpoint",
                f"The encoder in the folder `checkpoint` turns these reviews into {pooled.shape[1]} "
                f"numbers each; the one in your model gives the shape {tuple(observed.shape)}. "
                "Load from the argument `checkpoint`, not from a place of your own.",
            )
        if not close(observed, pooled):
            raise MistakeError(
                "random-encoder",
                "Your model has the right shape, but its encoder is not the checkpoint's: the same "
                "reviews give other numbers. A model built from a *configuration* (`from_config`, "
                "or the class called with a config) has random weights and knows no language. "
                "What loads the weights?",
            )

    @staticmethod
    def _judge_names(id2label: Any, label2id: Any, names: list[str]) -> None:
        right = dict(enumerate(names))
        id2label, label2id = _texts_and_ids(id2label), _texts_and_ids(label2id)
        defaults = {place: f"LABEL_{place}" for place in range(len(names))}
        if id2label == defaults:
            raise MistakeError(
                "names-left",
                f"The encoder and the head are right. But `config.id2label` is still {defaults}: "
                "whoever uses your model later cannot know what class 0 means. (Setting only "
                "`label2id` does not set `id2label`.)",
                credit=0.5,
            )
        if id2label == {str(place): name for place, name in right.items()}:
            raise MistakeError(
                "names-string-keys",
                f"The encoder and the head are right. But the keys of `config.id2label` are texts: "
                f"{code(id2label)}. `config.id2label[0]` would raise KeyError: 0. Class ids are "
                "integers.",
                credit=0.5,
            )
        if isinstance(id2label, list | tuple):
            raise MistakeError(
                "names-as-list",
                "The encoder and the head are right. But `config.id2label` is a list; "
                "`save_pretrained` will stop with AttributeError: 'list' object has no attribute "
                "'items'. Make it a dictionary, id → name.",
                credit=0.5,
            )
        if id2label == {name: place for place, name in right.items()}:
            raise MistakeError(
                "names-swapped",
                f"The encoder and the head are right. But `config.id2label` is {code(id2label)}: "
                "read its name aloud, id *to* label. The other one goes from label to id.",
                credit=0.5,
            )
        if id2label != right:
            raise MistakeError(
                "names-wrong",
                f"The encoder and the head are right. But for the classes {names} "
                f"`config.id2label` is {code(id2label)}. The first name belongs to class 0.",
                credit=0.5,
            )
        if label2id != {name: place for place, name in right.items()}:
            raise MistakeError(
                "label2id-left",
                f"`config.id2label` is right, but `config.label2id` is {code(label2id)}. It is not "
                "worked out from the other: give both, and let them say the same.",
                credit=0.5,
            )

    def explain(self, raised: Raised, **inputs: Any) -> MistakeError | None:
        """See :class:`Check`."""
        text = raised.text
        if raised.type_name == "NameError" or "cannot import name" in text:
            return MistakeError(
                "class-not-imported",
                f"Your function raised {raised}. Import the class from transformers, and compare "
                "its name letter by letter with the lesson's.",
            )
        if "interpreted as an integer" in text:
            return MistakeError(
                "num-labels-a-list",
                f"Your function raised {raised}. `num_labels` is a number: how many names are "
                "there in `class_names`?",
            )
        if "connect to" in text or "is not a local folder" in text or "model identifier" in text:
            return MistakeError(
                "checkpoint-by-name",
                f"Your function raised {str(raised)[:200]}. Load "
                "from the argument `checkpoint`, whatever it is, not from a name of your own.",
            )
        if "no attribute" in text and "classifier" in text:
            return MistakeError(
                "head-touched",
                f"Your function raised {raised}. The class that you load has no head to be "
                "changed; take one that has.",
            )
        return None


def _texts_and_ids(names: Any) -> Any:
    """Return `names` in a form that compares without surprises."""
    if not isinstance(names, dict):
        return names if isinstance(names, list | tuple) else code(names)
    return {
        key: value if isinstance(value, str | int) else code(value) for key, value in names.items()
    }


CHECKS = (BuildClassifier, PredictLogits, CountParameters, FreezeEncoder)
