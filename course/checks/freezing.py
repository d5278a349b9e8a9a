"""The check of `freeze_encoder`, lesson 02: after it, training changes the head and nothing else."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

from course.checks.base import Check, Inputs
from course.checks.mistakes import mistake
from course.checks.tiny import tiny_bert
from course.checks.undisturbed import ALWAYS, Before, Names, disturbed, signs
from course.checks.values import close, need_mapping, numbers
from course.settings import usual_settings


class Moved:
    """What is to be seen in a model that was trained for two steps after the student's function."""

    def __init__(
        self, observed: Any, *, ids: list[list[int]], labels: list[int], **model: Any
    ) -> None:
        told = need_mapping(observed, SEEN, "What was observed")
        trained = seeded(**model)
        self.before = _weights(trained)
        weights = need_mapping(told["weights"], (), "The model's state_dict")
        self.after = {}
        for name, tensor in self.before.items():
            found = numbers(weights[name], name) if name in weights else None
            if found is None or found.shape != tensor.shape or not bool(found.isfinite().all()):
                raise mistake("freeze-rebuilt", name=name)
            self.after[name] = found
        trained.bert.requires_grad_(False)
        train(trained, ids, labels)
        self.wanted = _weights(trained)
        self.disturbed = disturbed(told["disturbed"])
        self.zeroed = disturbed({"zeroed": told["zeroed"]}).get("zeroed", Names())
        self.on_module, self.misspelt, self.eval_mode = (
            told[sign] is True for sign in ("on_module", "misspelt", "eval_mode")
        )

    @cached_property
    def changed(self) -> list[str]:
        """Return the names of the weights that changed."""
        return [name for name in self.before if not self.after[name].equal(self.before[name])]

    @property
    def loose(self) -> Names:
        """Return the names of the encoder's weights that changed."""
        return Names(name for name in self.changed if part_of(name) != "classifier")

    @property
    def moved(self) -> Names:
        return _parts(self.changed)

    @property
    def encoder(self) -> Names:
        return _parts(self.loose)

    @property
    def still(self) -> set[str]:
        return set(_parts(self.before)) - set(self.moved)

    @property
    def head_still(self) -> Names:
        """Return the names of the head's weights that did not change."""
        head = [name for name in self.before if part_of(name) == "classifier"]
        return Names(name for name in head if name not in self.changed)

    @property
    def all_moved(self) -> bool:
        # A key's bias has no influence on attention, and never moves by much, or at all.
        return all(name in self.changed or name.endswith("key.bias") for name in self.before)

    @property
    def rewritten(self) -> bool:
        """Return whether the function itself changed weights of the encoder."""
        names = self.disturbed.get("weights-changed", Names())
        return any(part_of(name) != "classifier" for name in names)


class FreezeEncoder(Check):
    """A training step changes the classification head, and nothing else."""

    function = "freeze_encoder"
    facts = Moved
    signs = {
        "weights-changed": lambda it: it.rewritten,
        "freeze-everything": lambda it: not it.moved,
        "freeze-head": lambda it: "classifier" in it.still,
        "freeze-attribute-on-module": lambda it: it.encoder and it.on_module,
        "freeze-misspelt": lambda it: it.encoder and it.misspelt,
        "freeze-by-eval": lambda it: it.encoder and it.eval_mode and not it.still,
        "freeze-zero-gradients": lambda it: it.loose and set(it.loose) <= set(it.zeroed),
        "freeze-pooler-trains": lambda it: it.encoder == ["pooler"],
        "freeze-embeddings-train": lambda it: (
            "embeddings" in it.encoder and not any(part.startswith("layer") for part in it.encoder)
        ),
        "freeze-nothing": lambda it: it.all_moved,
        "freeze-some": lambda it: it.encoder,
        "freeze-head-partly": lambda it: it.head_still,
        "freeze-head-differs": lambda it: not close(it.after, it.wanted),
        **signs(*(id for id in ALWAYS if id not in ("weights-changed", "parameters-frozen"))),
    }
    raised = ("freeze-generator",)
    told = ("freeze-rebuilt",)

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield models' seeds and sizes, and batches to train them on."""
        for _ in range(2):
            classes = rng.randint(2, 5)
            yield {
                "seed": rng.randrange(10**9),
                "sizes": {"classes": classes, "num_hidden_layers": rng.randint(2, 3)},
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
        before = Before(model)
        returned = function(model)
        if isinstance(returned, torch.nn.Module) and hasattr(returned, "classifier"):
            model = returned  # a frozen copy, say; a part of the model says nothing
        signs = {
            "disturbed": before.changes(model),
            "on_module": any("requires_grad" in vars(module) for module in model.modules()),
            "eval_mode": any(not module.training for module in model.modules()),
            "misspelt": any(
                hasattr(parameter, name) for parameter in model.parameters() for name in MISSPELT
            ),
        }
        with usual_settings():
            train(model.to("cpu"), ids, labels)
        zeroed = [
            name
            for name, parameter in model.named_parameters()
            if parameter.grad is not None and not bool(parameter.grad.any())
        ]
        return signs | {"weights": dict(model.state_dict()), "zeroed": zeroed}


#: What `FreezeEncoder.observe` tells.
SEEN = ("weights", "disturbed", "zeroed", "on_module", "misspelt", "eval_mode")
MISSPELT = ("require_grad", "requires_grads", "require_grads", "requiresgrad", "required_grad")


def seeded(seed: int, sizes: dict[str, int]) -> Any:
    """Return a BERT classifier, its weights drawn from `seed`."""
    return tiny_bert(seed, dropout=0.1, spread=0.2, **sizes)


def train(model: Any, ids: list[list[int]], labels: list[int]) -> None:
    """Train `model` for two steps of plain gradient descent with weight decay, without dropout."""
    import torch

    model.eval()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2, weight_decay=0.1)
    batch = {
        "input_ids": torch.tensor(ids, device="cpu"),
        "labels": torch.tensor(labels, device="cpu"),
    }
    for _ in range(2):
        optimizer.zero_grad()
        loss = model(**batch).loss
        if loss.requires_grad:  # otherwise everything is frozen, and the weights will show it
            loss.backward()
        optimizer.step()


def _weights(model: Any) -> dict[str, Any]:
    """Return a copy of a model's weights, in double precision."""
    return {name: tensor.detach().double().clone() for name, tensor in model.state_dict().items()}


def part_of(name: str) -> str:
    """Return the part of a BERT classifier to which the parameter of that name belongs."""
    if name.startswith("bert.encoder.layer."):
        return f"layer {name.split('.')[3]}"
    return name.split(".")[1] if name.startswith("bert.") else name.split(".")[0]


def _parts(names: Iterable[str]) -> Names:
    """Return the parts to which those parameters belong, each once."""
    return Names(dict.fromkeys(map(part_of, names)))
