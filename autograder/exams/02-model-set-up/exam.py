"""The exam of lesson 02: a classifier on a checkpoint, its logits, its parameters."""

from __future__ import annotations

import random
import string
from collections.abc import Iterable
from typing import Any

from autograder.examining.exam import Task
from course.checks import logits, model_setup, parameters
from course.checks.base import Inputs
from course.checks.mistakes import MistakeError
from course.checks.tiny import padded, some_reviews, tiny_classifier
from course.checks.values import close


class BuildClassifier(model_setup.BuildClassifier, Task):
    """The checkpoint's encoder carries a new head with one logit per class, and the classes have names."""

    answer_id = "build-classifier"
    points = 3
    timeout = 30

    # The judgement is the visible check's: it compares with an encoder that is built anew from the
    # seed, and what it is asked on is drawn here.
    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        for classes in (rng.randint(3, 4), 2, rng.randint(5, 7)):
            names: set[str] = set()
            while len(names) < classes:
                names.add("".join(rng.choices(string.ascii_lowercase, k=rng.randint(4, 8))))
            yield {
                "seed": rng.randrange(10**9),
                "sizes": {
                    "hidden_size": 2 * rng.randint(6, 14),
                    "num_hidden_layers": rng.randint(1, 3),
                    "intermediate_size": rng.randint(20, 60),
                },
                "class_names": rng.sample(sorted(names), classes),
                "reviews": some_reviews(rng, rng.randint(4, 7)),
            }


class PredictLogits(logits.PredictLogits, Task):
    """Every review of the batch gets its logits, the same each time and whatever the padding."""

    answer_id = "predict-logits"
    points = 3
    timeout = 15

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        for classes in (rng.randint(3, 5), 2):
            yield {
                "seed": rng.randrange(10**9),
                "classes": classes,
                "reviews": some_reviews(rng, rng.randint(6, 9)),
            }

    def judge(self, observed: Any, **inputs: Any) -> None:
        found = self.results(observed, **inputs)
        right = _logits(inputs["seed"], inputs["classes"], inputs["reviews"])
        wrong = {
            name
            for name, expected in {
                "once": right,
                "again": right,
                "padded": right,
                "backwards": right.flip(0),
                "alone": right[:1],
            }.items()
            if not close(found[name], expected)
        }
        if wrong:
            raise MistakeError(
                "logits-wrong",
                "Your logits have the right shape and are steady, but they are not the model's. "
                "Give every entry of the batch to the model by its name, and return `.logits` "
                "unchanged.",
            )
        self.judge_gradient(observed)


def _logits(seed: int, classes: int, reviews: list[list[int]]) -> Any:
    import torch

    batch = padded(reviews)
    with torch.inference_mode():
        model = tiny_classifier(seed, classes).eval()
        logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    return logits.double()


class CountParameters(parameters.CountParameters, Task):
    """All numbers in the model's weights are counted, and those that training may change."""

    answer_id = "count-parameters"
    points = 2
    timeout = 10

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        parts = ["bert.embeddings", "bert.pooler", "bert.encoder.layer.0", "classifier.bias"]
        for frozen in ([], ["bert"], rng.sample(parts, rng.randint(2, 3))):
            yield {
                "sizes": {
                    "vocab_size": rng.randint(50, 300),
                    "hidden_size": 2 * rng.randint(5, 20),
                    "num_hidden_layers": rng.randint(1, 3),
                    "intermediate_size": rng.randint(10, 90),
                    "max_position_embeddings": rng.randint(20, 60),
                    "num_labels": rng.randint(2, 6),
                },
                "frozen": frozen,
            }

    def answer(self, **inputs: Any) -> dict[str, int]:
        return {key: counts["elements"] for key, counts in self.mistakes(**inputs).items()}

    def mistakes(self, *, sizes: dict[str, int], frozen: list[str]) -> dict[str, dict[str, int]]:
        tensors = list(parameters.partly_frozen(sizes, frozen).parameters())
        return {
            key: {
                "elements": sum(tensor.numel() for tensor in chosen),
                "tensors": len(chosen),
                "rows": sum(len(tensor) for tensor in chosen),
                "matrices": sum(tensor.numel() for tensor in chosen if tensor.ndim > 1),
            }
            for key, chosen in {
                "total": tensors,
                "trainable": [tensor for tensor in tensors if tensor.requires_grad],
            }.items()
        }


class FreezeEncoder(parameters.FreezeEncoder, Task):
    """A training step changes the classification head, and nothing else."""

    answer_id = "freeze-encoder"
    points = 2
    timeout = 15

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        for _ in range(2):
            yield self.draw(rng)

    def judge(self, observed: Any, **inputs: Any) -> None:
        model = parameters.seeded(inputs["seed"], inputs["sizes"])
        before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        after = self.weights(observed, before)
        self.judge_moves(before, after, observed)
        for parameter in model.bert.parameters():
            parameter.requires_grad_(False)
        parameters.train(
            model, inputs["ids"], inputs["labels"], list(model.classifier.parameters())
        )
        for name, tensor in model.state_dict().items():
            if not close(after[name], tensor.double()):
                raise MistakeError(
                    "freeze-head-differs",
                    "The encoder stayed as it was, but after two training steps the head is not "
                    "what plain training makes of it. Change nothing in the model but what may "
                    "train.",
                )


TASKS = [BuildClassifier, PredictLogits, CountParameters, FreezeEncoder]
