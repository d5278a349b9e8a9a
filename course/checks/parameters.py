"""Visible checks of lesson 02, second half: which parameters there are, and which of them train."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from course.checks.base import Check, Inputs, Raised
from course.checks.metrics import Tabled
from course.checks.mistakes import MistakeError
from course.checks.tiny import tiny_config
from course.checks.values import need_mapping, need_number, numbers


def partly_frozen(sizes: dict[str, int], frozen: list[str]) -> Any:
    """Return a BERT classifier in which parameters whose names begin as in `frozen` do not train."""
    from transformers import BertForSequenceClassification

    model = BertForSequenceClassification(tiny_config(**sizes))
    for name, parameter in model.named_parameters():
        if name.startswith(tuple(frozen)):
            parameter.requires_grad_(False)
    return model


class CountParameters(Tabled):
    """All numbers in the model's weights are counted, and those that training may change."""

    function = "count_parameters"
    seen = (
        (
            {"sizes": {"num_labels": 3}, "frozen": []},
            {"total": 26819, "trainable": 26819},
            {
                "total": {"tensors": 41, "rows": 1552, "matrices": 26016},
                "trainable": {"tensors": 41, "rows": 1552, "matrices": 26016},
            },
        ),
        (
            {"sizes": {"num_labels": 2}, "frozen": ["bert.embeddings", "bert.pooler"]},
            {"total": 26786, "trainable": 17154},
            {
                "total": {"tensors": 41, "rows": 1550, "matrices": 25984},
                "trainable": {"tensors": 34, "rows": 1156, "matrices": 16448},
            },
        ),
    )
    messages: ClassVar[dict[str, str]] = {
        "tensors": "That is the number of tensors (weights and biases, each counted as one). A "
        "tensor of shape (200, 32) holds 6,400 numbers.",
        "rows": "That is the number of rows: `len` of a matrix counts its rows. Count its elements.",
        "matrices": "That is what the matrices hold. Biases and LayerNorm are parameters too.",
    }
    tells_answer = False

    @staticmethod
    def observe(
        function: Callable[..., Any], *, sizes: dict[str, int], frozen: list[str]
    ) -> dict[str, Any]:
        """Count the parameters of a little BERT classifier, some of them frozen."""
        counts: dict[str, Any] = function(partly_frozen(sizes, frozen))
        return counts

    def judge(self, observed: Any, **inputs: Any) -> None:
        """See :class:`Check`."""
        what = "The result of count_parameters"
        found = need_mapping(observed, ["total", "trainable"], what)
        total = need_number(found["total"], f"{what}['total']")
        trainable = need_number(found["trainable"], f"{what}['trainable']")
        right, others = self.answer(**inputs), self.mistakes(**inputs)
        for key, number in (("total", total), ("trainable", trainable)):
            for kind in ("tensors", "rows", "matrices"):
                if number == others[key][kind] != right[key]:
                    raise MistakeError(
                        f"count-{kind}",
                        f"For a little BERT your {key!r} is {number:.0f}. {self.messages[kind]}",
                    )
        if total == right["trainable"] != right["total"]:
            raise MistakeError(
                "count-total-trainable",
                f"In a model with frozen parameters your 'total' is {total:.0f}: only those that "
                "train. Frozen parameters are in the model as well, and in its memory.",
            )
        if total != right["total"]:
            raise MistakeError(
                "count-total-wrong",
                f"For a little BERT with the config {inputs['sizes']} your 'total' is {total:.0f}, "
                "and that is not the number of elements of all its parameters.",
            )
        if trainable == right["trainable"]:
            return
        frozen = right["total"] - right["trainable"]
        if trainable == 0:
            raise MistakeError(
                "count-nothing-trainable",
                "The total is right, but you find 0 trainable parameters. The tensors in "
                "`state_dict()` are detached and never ask for a gradient; look at the "
                "parameters themselves.",
                credit=0.5,
            )
        if trainable == right["total"]:
            raise MistakeError(
                "count-frozen-too",
                f"The total is right, but in a model with frozen parameters your 'trainable' is "
                f"the total, {trainable:.0f}. Each parameter knows whether it wants a gradient.",
                credit=0.5,
            )
        if trainable == frozen:
            raise MistakeError(
                "count-the-frozen",
                f"The total is right, but your 'trainable' is {trainable:.0f}: exactly those that "
                "are frozen. Is the condition the wrong way round?",
                credit=0.5,
            )
        raise MistakeError(
            "count-trainable-wrong",
            f"The total is right, but your 'trainable' is {trainable:.0f}. Frozen here is what "
            f"begins with {inputs['frozen']}. Decide for each parameter, not for a whole part.",
            credit=0.5,
        )

    def explain(self, raised: Raised, **inputs: Any) -> MistakeError | None:
        """See :class:`Check`."""
        if "generator" in raised.text:
            return MistakeError(
                "count-generator",
                f"Your function raised {raised}. `model.parameters()` hands out one parameter "
                "after the other: go through them in a loop, or make a list.",
            )
        return None


class FreezeEncoder(Check):
    """A training step changes the classification head, and nothing else."""

    function = "freeze_encoder"

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield a model's seed and a batch to train it on."""
        yield self.draw(rng)

    @staticmethod
    def draw(rng: random.Random) -> Inputs:
        """Return one model's seed and sizes and a batch to train it on."""
        classes = rng.randint(2, 5)
        return {
            "seed": rng.randrange(10**6),
            "sizes": {"num_labels": classes, "num_hidden_layers": rng.randint(2, 3)},
            "ids": [[1, *(rng.randrange(5, 200) for _ in range(7)), 2] for _ in range(6)],
            "labels": [rng.randrange(classes) for _ in range(6)],
        }

    @staticmethod
    def observe(
        function: Callable[..., Any],
        *,
        seed: int,
        sizes: dict[str, int],
        ids: list[list[int]],
        labels: list[int],
    ) -> dict[str, Any]:
        """Let the student freeze a little BERT, train it for two steps, and return its weights."""
        import torch

        model = seeded(seed, sizes).train()
        returned = function(model)
        if isinstance(returned, torch.nn.Module):
            model = returned.to("cpu")
        modules = list(model.modules())
        signs = {
            "on_module": any("requires_grad" in vars(module) for module in modules),
            "eval_only": any(not module.training for module in modules),
            "misspelt": any(
                hasattr(parameter, name)
                for parameter in model.parameters()
                for name in ("require_grad", "requires_grads", "require_grads", "requiresgrad")
            ),
        }
        train(model, ids, labels, list(model.parameters()))
        return {"weights": dict(model.state_dict()), **signs}

    def judge(self, observed: Any, **inputs: Any) -> None:
        """See :class:`Check`."""
        before = dict(seeded(inputs["seed"], inputs["sizes"]).state_dict())
        self.judge_moves(before, self.weights(observed, before), observed)

    @staticmethod
    def weights(observed: Any, before: dict[str, Any]) -> dict[str, Any]:
        """Return the observed weights if they have the names and shapes of `before`, or MistakeError."""
        told = need_mapping(observed, ["weights"], "What was observed")["weights"]
        told = need_mapping(told, before, "The model's state_dict")
        after = {name: numbers(told[name], f"The weight {name}") for name in before}
        for name, tensor in before.items():
            if after[name].shape != tensor.shape or not bool(after[name].isfinite().all()):
                raise MistakeError(
                    "freeze-rebuilt",
                    f"After your function and two training steps {name} has another shape, or is "
                    "not finite. Leave the model's weights as they are; only say which may change.",
                )
        return after

    @staticmethod
    def judge_moves(before: dict[str, Any], after: dict[str, Any], observed: Any) -> None:
        """Judge by which parts of the model moved."""
        changed = {
            name
            for name, tensor in before.items()
            if (after[name] - tensor.double()).abs().max() > 1e-6
        }
        moved = {part_of(name) for name in changed}
        still = {part_of(name) for name in before} - moved
        if not moved:
            raise MistakeError(*_everything_frozen("nothing in the model had changed."))
        if "classifier" in still:
            raise MistakeError(
                "freeze-head",
                f"After two training steps {_list(moved)} had changed and the classification head "
                "had not: the wrong part is frozen. The head is the new, random one; it is what "
                "must learn.",
            )
        encoder = moved - {"classifier"}
        if not encoder:
            return
        if observed.get("on_module") is True:
            raise MistakeError(
                "freeze-attribute-on-module",
                f"After two training steps {_list(moved)} had changed. You set `requires_grad` on a "
                "*module*, for instance `model.bert.requires_grad = False`: that only sticks a new "
                "attribute on it, without any error. Parameters must be told, one by one, or all "
                "of a module by its method `requires_grad_`, with an underscore.",
            )
        if observed.get("misspelt") is True:
            raise MistakeError(
                "freeze-misspelt",
                f"After two training steps {_list(moved)} had changed. Your parameters have a new "
                "attribute with almost the right name. Python does not complain; compare the "
                "spelling with `requires_grad`.",
            )
        if observed.get("eval_only") is True and not still:
            raise MistakeError(
                "freeze-by-eval",
                f"After two training steps {_list(moved)} had changed. `eval()` only ends dropout; "
                "gradients are computed all the same, and the optimizer applies them.",
            )
        if encoder == {"pooler"}:
            raise MistakeError(
                "freeze-pooler-trains",
                "The embeddings and the encoder layers stayed as they were, but the pooler "
                "changed. It came with the checkpoint as part of `model.bert`; here it is to be "
                "frozen as well.",
                credit=0.5,
            )
        if "embeddings" in encoder and not any(part.startswith("layer") for part in encoder):
            raise MistakeError(
                "freeze-embeddings-train",
                f"The encoder's layers stayed as they were, but {_list(encoder)} changed. More "
                "than half of this course's model is word embeddings: `model.bert.encoder` holds "
                "only the layers, `model.bert` all that came with the checkpoint.",
            )
        # A key's bias has no influence on attention, and never moves.
        if not {name for name in before if not name.endswith("key.bias")} - changed:
            raise MistakeError(
                "freeze-nothing",
                "After two training steps every part of the model had changed, the embeddings too: "
                "nothing is frozen. (`torch.no_grad()` lasts only as long as its block.) What must "
                "be set to False on every parameter that shall stay?",
            )
        raise MistakeError(
            "freeze-some",
            f"After two training steps {_list(encoder)} had changed as well. All of `model.bert` "
            "is to stay as it is.",
        )

    def explain(self, raised: Raised, **inputs: Any) -> MistakeError | None:
        """See :class:`Check`."""
        if "does not require grad" in raised.text:
            return MistakeError(*_everything_frozen(f"the training step raised {raised}."))
        if "generator" in raised.text:
            return MistakeError(
                "freeze-generator",
                f"Your function raised {raised}. `parameters()` hands out one parameter after the "
                "other; the setting belongs to each of them. Go through them in a loop.",
            )
        return None


def _everything_frozen(symptom: str) -> tuple[str, str]:
    return (
        "freeze-everything",
        f"After your function {symptom} All parameters are frozen, the head's too, so there is "
        "nothing left to learn with. Freeze the part that came with the checkpoint only.",
    )


def seeded(seed: int, sizes: dict[str, int]) -> Any:
    """Return a BERT classifier without dropout, its weights drawn from `seed`."""
    import torch
    from transformers import BertForSequenceClassification

    config = tiny_config(
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, initializer_range=0.2, **sizes
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return BertForSequenceClassification(config)


def train(model: Any, ids: list[list[int]], labels: list[int], parameters: list[Any]) -> None:
    """Train `parameters` of `model` for two steps of plain gradient descent."""
    import torch

    optimizer = torch.optim.SGD(parameters, lr=0.2)
    batch = {"input_ids": torch.tensor(ids), "labels": torch.tensor(labels)}
    with torch.enable_grad():
        for _ in range(2):
            optimizer.zero_grad()
            model(**batch).loss.backward()
            optimizer.step()


def part_of(name: str) -> str:
    """Return the part of a BERT classifier to which the parameter of that name belongs."""
    if name.startswith("bert.encoder.layer."):
        return f"layer {name.split('.')[3]}"
    return name.split(".")[1] if name.startswith("bert.") else name.split(".")[0]


def _list(parts: Iterable[str]) -> str:
    return ", ".join(sorted(parts))
