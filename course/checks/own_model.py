"""Visible check of lesson 07: a folder in which a model was saved."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from course.checks.base import Check, Inputs
from course.checks.shared_tokenizer import tokenizer
from course.checks.tiny import padded, some_reviews, tiny_bert
from course.checks.values import need_mapping

NAMES = ["booking", "complaint", "lost", "praise"]

#: The files of a folder that are looked at, and how large each of them may be.
READ = {
    "config.json": 2**20,
    "model.safetensors": 2**26,
    "tokenizer.json": 2**23,
    "vocab.txt": 2**22,
}
#: What makes a BERT of some weights; the saved configuration must say the same.
SIZES = (
    "model_type", "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads",
    "intermediate_size", "max_position_embeddings", "layer_norm_eps", "hidden_act",
)  # fmt: skip
PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt")


class Folder:
    """A folder that was written, beside the model that should be in it.

    It comes from a student's process: its files are read as data and nothing in them is run. The
    weights are put into a model of our own, which is then asked.
    """

    def __init__(self, observed: Any, seed: int, names: list[str]) -> None:
        found = need_mapping(observed, ["files", "names"], "What was observed")
        self.files = found["files"] if isinstance(found["files"], dict) else {}
        self.paths = found["names"] if isinstance(found["names"], list) else []
        self.names = names
        self.model = tiny_bert(seed, classes=len(names)).eval()
        self.config = self._read_config()
        self.id2label = self.config.get("id2label") if self.config else None
        self.names_are_a_list = isinstance(self.id2label, list)
        if isinstance(self.id2label, dict):
            self.id2label = [self.id2label.get(str(place)) for place in range(len(self.id2label))]

    @property
    def listed(self) -> str:
        return ", ".join(map(str, self.paths[:8])) or "nothing"

    @property
    def in_subfolders(self) -> bool:
        return bool(self.paths) and all("/" in str(path) for path in self.paths)

    @property
    def pickles(self) -> str:
        return ", ".join(path for path in map(str, self.paths) if path.endswith(PICKLES))

    def _bytes(self, name: str) -> bytes | None:
        import torch

        data = self.files.get(name)
        if not isinstance(data, torch.Tensor) or data.dtype is not torch.uint8:
            return None
        return data.numpy().tobytes()[: READ[name]]

    def _read_config(self) -> dict[str, Any] | None:
        data = self._bytes("config.json")
        try:
            found = json.loads(data) if data else None
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None

    @cached_property
    def weights(self) -> dict[str, Any] | None:
        from safetensors import SafetensorError
        from safetensors.torch import load

        data = self._bytes("model.safetensors")
        try:
            return load(data) if data else None
        except (SafetensorError, ValueError, KeyError):
            return None

    @property
    def has_head(self) -> bool:
        return self.weights is not None and "classifier.weight" in self.weights

    @cached_property
    def difference(self) -> float:
        """The largest difference of a logit between the model that was given and the saved one."""
        import torch

        config = self.config or {}
        mine = self.model.config.to_dict()
        if any(config.get(name) != mine[name] for name in SIZES):
            return float("inf")
        batch = padded(some_reviews(random.Random(0), 6))
        with torch.no_grad():
            wanted = self.model(**batch).logits
            saved = tiny_bert(0, classes=len(self.names)).eval()
            try:
                saved.load_state_dict(
                    {name: one.float() for name, one in (self.weights or {}).items()}
                )
            except (RuntimeError, AttributeError):
                return float("inf")
            return float((saved(**batch).logits - wanted).abs().max())

    @property
    def has_tokenizer(self) -> bool:
        return any(self._bytes(name) for name in ("tokenizer.json", "vocab.txt"))

    @property
    def same_vocabulary(self) -> bool:
        vocabulary = tokenizer().get_vocab()
        try:
            if data := self._bytes("tokenizer.json"):
                return bool(json.loads(data)["model"]["vocab"] == vocabulary)
            words = (self._bytes("vocab.txt") or b"").decode().splitlines()
        except (ValueError, KeyError, TypeError, RecursionError):
            return False
        return {word: place for place, word in enumerate(words)} == vocabulary

    @property
    def label2id_fits(self) -> bool:
        have = self.config.get("label2id") if self.config else None
        return have == {name: place for place, name in enumerate(self.names)}


class SaveModel(Check):
    """The folder holds weights, configuration with the classes' names, and tokenizer."""

    function = "save_model"
    facts = Folder
    signs = {
        "nothing-saved": lambda it: not it.paths,
        "saved-in-subfolders": lambda it: it.in_subfolders,
        "weights-in-pickle": lambda it: it.weights is None and it.pickles,
        "weights-not-saved": lambda it: it.weights is None,
        "config-not-saved": lambda it: it.config is None,
        "encoder-only-saved": lambda it: not it.has_head,
        "other-weights-saved": lambda it: not it.difference < 1e-4,
        "tokenizer-not-saved": lambda it: not it.has_tokenizer,
        "other-tokenizer-saved": lambda it: not it.same_vocabulary,
        "names-not-a-mapping": lambda it: it.names_are_a_list,
        "names-not-saved": lambda it: (
            not isinstance(it.id2label, list) or not {*map(str, it.id2label)} & {*it.names}
        ),
        "names-in-another-order": lambda it: it.id2label != it.names,
        "label2id-not-saved": lambda it: not it.label2id_fits,
    }
    raised = ("folder-is-a-string",)
    told = ("missing-key", "wrong-type")

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield the names of four classes, then of three in an order that is not the alphabet's."""
        yield {"seed": 1, "names": NAMES}
        yield {"seed": 2, "names": ["west", "north", "east"]}

    @staticmethod
    def observe(function: Callable[..., Any], seed: int, names: list[str]) -> dict[str, Any]:
        """Call the function with a model, and return what is in the folder then."""
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / "my-model"
            model = tiny_bert(seed, classes=len(names)).eval()
            function(model, tokenizer(), list(names), str(folder))
            return folder_seen(folder)


def folder_seen(folder: Path) -> dict[str, Any]:
    """Return the names of the files below `folder`, and the content of those that are looked at."""
    import torch

    files = {}
    for name, limit in READ.items():
        path = folder / name
        if path.is_file() and 0 < path.stat().st_size <= limit:
            files[name] = torch.frombuffer(bytearray(path.read_bytes()), dtype=torch.uint8)
    found = sorted(path for path in folder.rglob("*") if path.is_file())[:50]
    return {"files": files, "names": [str(path.relative_to(folder)) for path in found]}


CHECKS = (SaveModel,)
