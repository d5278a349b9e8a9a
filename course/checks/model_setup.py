"""Visible checks of lesson 02: a classifier on a checkpoint, and its logits."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from course.checks.base import Check, Inputs, Miss, Raised, code, need_mapping
from course.checks.metrics import numbers
from course.checks.parameters import CountParameters, FreezeEncoder, tiny_config

#: Weights drawn this widely make different inputs visibly different.
SPREAD = 0.3


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
            raise Miss(
                "returns-none",
                "The result of build_classifier is None. Does your function end with `return`?",
            )
        if found["module"] is not True:
            raise Miss(
                "classifier-not-a-model",
                f"build_classifier returns no model, but something of the kind {code(found['kind'])}. "
                "Return what `….from_pretrained(…)` gives you.",
            )
        keys = ["logits", "pooled", "weight", "bias", "id2label", "label2id"]
        found = need_mapping(observed, keys, "What was observed")
        if found["logits"] is None:
            raise Miss(
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
            raise Miss(
                "encoder-missing",
                "Your model gives logits, but it has no BERT encoder with a pooler under them. "
                "Return one of transformers' own classes for sequence classification.",
            )
        self._judge_encoder(numbers(found["pooled"], "The encoder's output"), pooled)
        if found["weight"] is None or found["bias"] is None:
            raise Miss(
                "head-missing",
                "Your model has no linear layer called `classifier` with a weight and a bias. "
                "Return one of transformers' own classes for sequence classification.",
            )
        weight = numbers(found["weight"], "The head's weight")
        bias = numbers(found["bias"], "The head's bias")
        if (
            weight.shape != (len(names), pooled.shape[1])
            or bias.shape != (len(names),)
            or not same(logits, pooled @ weight.T + bias)
        ):
            raise Miss(
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
            raise Miss(
                "logits-per-token",
                f"{given}; yours have the shape {shape}: an answer for every *token*. You need the "
                "class that answers once for the whole sequence.",
            )
        if shape == (rows, 1):
            raise Miss(
                "one-logit-regression",
                f"{given}; yours are {rows} × 1. With `num_labels=1` BERT predicts one number by "
                "mean squared error (regression), and the largest of one logit is always class 0.",
            )
        if shape == (rows, 2):
            raise Miss(
                "num-labels-default",
                f"{given}; yours are {rows} × 2. Two is the default (or was it typed in?). With a "
                'label 2 in the data the loss would raise "Target 2 is out of bounds". Take the '
                "number from `class_names`.",
            )
        raise Miss("num-labels-wrong", f"{given}; yours have the shape {shape}.")

    @staticmethod
    def _judge_encoder(observed: Any, pooled: Any) -> None:
        if observed.shape != pooled.shape:
            raise Miss(
                "other-checkpoint",
                f"The encoder in the folder `checkpoint` turns these reviews into {pooled.shape[1]} "
                f"numbers each; the one in your model gives the shape {tuple(observed.shape)}. "
                "Load from the argument `checkpoint`, not from a place of your own.",
            )
        if not same(observed, pooled):
            raise Miss(
                "random-encoder",
                "Your model has the right shape, but its encoder is not the checkpoint's: the same "
                "reviews give other numbers. A model built from a *configuration* (`from_config`, "
                "or the class called with a config) has random weights and knows no language. "
                "What loads the weights?",
            )

    @staticmethod
    def _judge_names(id2label: Any, label2id: Any, names: list[str]) -> None:
        right = dict(enumerate(names))
        defaults = {place: f"LABEL_{place}" for place in range(len(names))}
        if id2label == defaults:
            raise Miss(
                "names-left",
                f"The encoder and the head are right. But `config.id2label` is still {defaults}: "
                "whoever uses your model later cannot know what class 0 means. (Setting only "
                "`label2id` does not set `id2label`.)",
                credit=0.5,
            )
        if id2label == {str(place): name for place, name in right.items()}:
            raise Miss(
                "names-string-keys",
                f"The encoder and the head are right. But the keys of `config.id2label` are texts: "
                f"{code(id2label)}. `config.id2label[0]` would raise KeyError: 0. Class ids are "
                "integers.",
                credit=0.5,
            )
        if isinstance(id2label, list | tuple):
            raise Miss(
                "names-as-list",
                "The encoder and the head are right. But `config.id2label` is a list; "
                "`save_pretrained` will stop with AttributeError: 'list' object has no attribute "
                "'items'. Make it a dictionary, id → name.",
                credit=0.5,
            )
        if id2label == {name: place for place, name in right.items()}:
            raise Miss(
                "names-swapped",
                f"The encoder and the head are right. But `config.id2label` is {code(id2label)}: "
                "read its name aloud, id *to* label. The other one goes from label to id.",
                credit=0.5,
            )
        if id2label != right:
            raise Miss(
                "names-wrong",
                f"The encoder and the head are right. But for the classes {names} "
                f"`config.id2label` is {code(id2label)}. The first name belongs to class 0.",
                credit=0.5,
            )
        if label2id != {name: place for place, name in right.items()}:
            raise Miss(
                "label2id-left",
                f"`config.id2label` is right, but `config.label2id` is {code(label2id)}. It is not "
                "worked out from the other: give both, and let them say the same.",
                credit=0.5,
            )

    def explain(self, raised: Raised, **inputs: Any) -> Miss | None:
        """See :class:`Check`."""
        text = raised.text
        if raised.type_name == "NameError" or "cannot import name" in text:
            return Miss(
                "class-not-imported",
                f"Your function raised {raised}. Import the class from transformers, and compare "
                "its name letter by letter with the lesson's.",
            )
        if "interpreted as an integer" in text:
            return Miss(
                "num-labels-a-list",
                f"Your function raised {raised}. `num_labels` is a number: how many names are "
                "there in `class_names`?",
            )
        if "connect to" in text or "is not a local folder" in text or "model identifier" in text:
            return Miss(
                "checkpoint-by-name",
                f"Your function raised {str(raised)[:200]}. Load "
                "from the argument `checkpoint`, whatever it is, not from a name of your own.",
            )
        if "no attribute" in text and "classifier" in text:
            return Miss(
                "head-touched",
                f"Your function raised {raised}. The class that you load has no head to be "
                "changed; take one that has.",
            )
        return None


class PredictLogits(Check):
    """Every review of the batch gets its logits, the same each time and whatever the padding."""

    function = "predict_logits"

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield models and batches of token ids."""
        for classes in (3, 2):
            yield {
                "seed": rng.randrange(10**6),
                "classes": classes,
                "reviews": some_reviews(rng, 5),
            }

    @staticmethod
    def observe(
        function: Callable[..., Any], *, seed: int, classes: int, reviews: list[list[int]]
    ) -> dict[str, Any]:
        """Ask for the logits of the same reviews several times, and padded in several ways."""
        from transformers import BatchEncoding

        model = tiny_classifier(seed, classes)

        def ask(rows: list[list[int]], extra: int = 0) -> Any:
            # As in the middle of a fine-tuning run, dropout is on when the question comes.
            model.train()
            return function(model, BatchEncoding(padded(rows, extra)))

        return {
            "once": ask(reviews),
            "again": ask(reviews),
            "padded": ask(reviews, extra=6),
            "backwards": ask(reviews[::-1]),
            "alone": ask(reviews[:1]),
        }

    def judge(self, observed: Any, **inputs: Any) -> None:
        """See :class:`Check`."""
        self.results(observed, **inputs)
        self.judge_gradient(observed)

    @staticmethod
    def judge_gradient(observed: Any) -> None:
        """Raise :class:`Miss` if the logits, which are right, still hang on a graph."""
        if getattr(observed["once"], "requires_grad", False):
            raise Miss(
                "logits-with-gradient",
                "The logits are right, but they carry `requires_grad=True`: PyTorch kept all "
                "intermediate results for a backward pass that never comes, and `.numpy()` will "
                "refuse them. Ask the model inside `with torch.no_grad():`.",
                credit=0.5,
            )

    def results(self, observed: Any, **inputs: Any) -> dict[str, Any]:
        """Return the logits as tensors if they behave as logits do; otherwise raise Miss."""
        reviews, classes = inputs["reviews"], inputs["classes"]
        names = ("once", "again", "padded", "backwards", "alone")
        told = need_mapping(observed, names, "What was observed")
        if isinstance(told["once"], dict) and "logits" in told["once"]:
            raise Miss(
                "logits-in-a-package",
                "Your function returns the model's whole output. The logits are inside it: "
                "`.logits`.",
            )
        found = {name: numbers(told[name], "The result of predict_logits") for name in names}
        once = found["once"]
        self._judge_shape(once, len(reviews), classes)
        self._judge_scale(once)
        if not same(once, found["again"]):
            raise Miss(
                "logits-dropout-on",
                "Asked twice for the same batch, your function gave different logits: "
                f"{code(_short(once[0]))}, then {code(_short(found['again'][0]))} for the first "
                "review. In training mode dropout switches parts of the model off at random. Which "
                "method of the model ends that?",
            )
        if len(once) > 1 and same(once[:1].expand_as(once), once):
            raise Miss(
                "logits-rows-alike",
                f"All {len(once)} different reviews got the same logits. That happens when the "
                "attention mask is all zeros, so that BERT looks at no word: the *second* "
                "positional argument of the model is `attention_mask`, but the second entry of a "
                "batch is `token_type_ids`. Pass by name, not by place.",
            )
        if not same(once, found["padded"]):
            raise Miss(
                "logits-mask-forgotten",
                f"The first review's logits are {code(_short(once[0]))}; with more padding behind "
                f"it they become {code(_short(found['padded'][0]))}. BERT read the padding as "
                "words. What in the batch says which tokens count?",
            )
        alone = found["alone"]
        if alone.shape != (1, classes):
            raise Miss(
                "logits-batch-of-one",
                f"For a batch of one review the logits should be 1 × {classes}; yours have the "
                f"shape {tuple(alone.shape)}. Is a dimension squeezed away?",
            )
        if not same(once.flip(0), found["backwards"]):
            raise Miss(
                "logits-order",
                "With the reviews in backward order your logits are not in backward order. Row i "
                "of the logits belongs to row i of the batch.",
            )
        if not same(once[:1], alone):
            raise Miss(
                "logits-of-neighbours",
                f"In a batch of {len(once)} the first review's logits are {code(_short(once[0]))}, "
                f"asked alone {code(_short(alone[0]))}. A review's logits must not depend on what "
                "else is in the batch.",
            )
        return found

    @staticmethod
    def _judge_shape(once: Any, rows: int, classes: int) -> None:
        shape, given = tuple(once.shape), f"For {rows} reviews and {classes} classes"
        if shape == (rows, classes):
            return
        if shape in ((classes,), (1, classes)):
            raise Miss(
                "logits-first-only",
                f"{given} your function returns the logits of one review only. Return all rows.",
            )
        if shape == (rows,):
            raise Miss(
                "logits-argmaxed",
                f"{given} your function returns {rows} numbers. These look like class ids: the "
                "argmax comes later, here the logits themselves are asked for.",
            )
        raise Miss(
            "logits-shape",
            f"{given} the logits should be {rows} × {classes}; yours have the shape {shape}.",
        )

    @staticmethod
    def _judge_scale(once: Any) -> None:
        import torch

        ones = torch.ones(len(once), dtype=once.dtype)
        if bool((once >= 0).all()) and same(once.sum(dim=1), ones):
            raise Miss(
                "logits-softmaxed",
                f"Each row of your result adds up to 1 ({code(_short(once[0]))}, …): these are "
                "probabilities, softmax has been applied. The loss takes raw logits; after a second "
                "softmax it would learn badly without any error.",
            )
        if same(once.exp().sum(dim=1), ones):
            raise Miss(
                "logits-log-softmaxed",
                f"The exponentials of each row add up to 1 ({code(_short(once[0]))}, …): these are "
                "log-probabilities. Return the model's logits as they are.",
            )

    def explain(self, raised: Raised, **inputs: Any) -> Miss | None:
        """See :class:`Check`."""
        text = raised.text
        if "requires grad" in text and "numpy" in text:
            return Miss(
                "logits-numpy-refused",
                f"Your function raised {raised}. The logits still hang on the notes for a backward "
                "pass: ask the model inside `with torch.no_grad():`.",
            )
        if raised.type_name == "AttributeError" and (
            not text or "'size'" in text or "'shape'" in text
        ):
            return Miss(
                "batch-not-unpacked",
                "Your function raised an AttributeError inside the model. It was probably given the "
                "batch as one thing; the model wants its entries one by one, each by its name: "
                "`model(**batch)` does that.",
            )
        if "object is not callable" in text and "Tensor" in text:
            return Miss(
                "logits-called",
                f"Your function raised {raised}. `logits` is a value, not a method: leave the "
                "brackets out.",
            )
        return None


def _short(row: Any) -> list[float]:
    return [round(value, 3) for value in row.flatten()[:6].tolist()]


CHECKS = (BuildClassifier, PredictLogits, CountParameters, FreezeEncoder)
