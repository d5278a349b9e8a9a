"""The visible check of `fine_tune`: a whole run in miniature, on a BERT of two tiny layers.

It answers within a second or two and knows nothing of the real run's marks: at grading the
examiner measures the returned weights itself.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from course.checks.base import Check, Inputs, Raised
from course.checks.mistakes import MistakeError
from course.checks.values import need_mapping

#: One word for each review, so that a row is known by its token ids.
NAMES = [
    "apple",
    "bridge",
    "candle",
    "dragon",
    "eagle",
    "forest",
    "garden",
    "harbor",
    "island",
    "jungle",
    "kitchen",
    "lemon",
]
TEXTS = [
    f"{name} is what this film is about, and {'I would see it again' if label else 'it is dull'}"
    for label in (0, 1)
    for name in NAMES[label * 6 : label * 6 + 6]
]
LABELS = [0] * 6 + [1] * 6


@cache
def tiny_checkpoint() -> str:
    """Return the folder of a checkpoint with two tiny random layers and the real tokenizer."""
    import atexit
    import shutil
    import tempfile

    import torch
    from transformers import AutoTokenizer, BertConfig, BertModel

    from course import checkpoint

    folder = tempfile.mkdtemp(prefix="tiny-bert-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint())
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        # As real checkpoints are: an encoder without a head for classes.
        BertModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


class FineTune(Check):
    """A run of as many steps as asked for, on shuffled rows, that can be repeated by its seed."""

    function = "fine_tune"

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield one run: 12 reviews, sorted by label, 4 a step."""
        yield {"texts": TEXTS, "labels": LABELS, "steps": 4, "batch_size": 4, "seed": 3}

    @staticmethod
    def observe(function: Callable[..., Any], **inputs: Any) -> dict[str, Any]:
        """Run with a seed, with the same again, and with another one."""
        import torch

        folder = tiny_checkpoint()
        device = "cuda" if torch.cuda.is_available() else "cpu"
        runs = []
        with torch.random.fork_rng(devices=[]):
            for noise, seed in enumerate((inputs["seed"], inputs["seed"], inputs["seed"] + 1)):
                # Chance begins elsewhere each time: only the run's own seeding can undo that.
                random.seed(noise)
                torch.manual_seed(noise)
                watch = _Watch(torch, folder)
                with watch:
                    result = function(
                        list(inputs["texts"]),
                        list(inputs["labels"]),
                        checkpoint=folder,
                        steps=inputs["steps"],
                        batch_size=inputs["batch_size"],
                        device=device,
                        seed=seed,
                    )
                runs.append(watch.told(result, device))
                if "head" not in runs[-1]:
                    break
        return {"runs": runs}

    def judge(self, observed: Any, **inputs: Any) -> None:
        """See :class:`Check`."""
        runs = need_mapping(observed, ["runs"], "What was observed")["runs"]
        first = runs[0]
        if first["returned"] != "model":
            raise MistakeError(
                "tune-no-model",
                f"fine_tune should return the trained model. It returned {first['returned']}",
            )
        if "head" not in first:
            raise MistakeError(
                "tune-no-classifier",
                "What fine_tune returned has no logits for 2 classes. Load the checkpoint as "
                "BertForSequenceClassification with num_labels=2, and return it.",
            )
        self._judge_run(first, inputs["steps"], inputs["batch_size"])
        self._judge_rows(first)
        self._judge_seed(runs)
        if first["in_train_mode"]:
            raise MistakeError(
                "tune-left-in-train-mode",
                "The run is right, but the model comes back in training mode: its dropout would "
                "disturb every prediction. Call `model.eval()` before you return it.",
            )

    @staticmethod
    def _judge_run(run: dict[str, Any], steps: int, batch_size: int) -> None:
        if run["steps"] == 0:
            raise MistakeError(
                "tune-no-steps",
                "No optimizer took a step: the model comes back as it was loaded. Draw batches in "
                "a loop, and call `train_step` on each.",
            )
        if run["steps"] != steps:
            raise MistakeError(
                "tune-wrong-steps",
                f"Asked for steps={steps}, fine_tune took {run['steps']} optimizer steps. When the "
                "reviews run out before the steps do, begin with them again.",
            )
        if not run["encoder_changed"] and not run["head_changed"]:
            raise MistakeError(
                "tune-nothing-changed",
                "The weights are where they began. Does the optimizer hold the parameters of the "
                "model that you return?",
            )
        if not run["encoder_changed"]:
            raise MistakeError(
                "tune-encoder-frozen",
                "Only the head changed; the encoder is, bit for bit, the checkpoint's. Give the "
                "optimizer `model.parameters()`, and leave requires_grad on.",
            )
        if not run["head_changed"]:
            raise MistakeError(
                "tune-head-frozen",
                "The encoder changed, but the head has its first random weights. Give the "
                "optimizer all of `model.parameters()`.",
            )
        if run["eval_forwards"]:
            raise MistakeError(
                "tune-in-eval-mode",
                "The model was trained in evaluation mode, so dropout never worked: "
                "`from_pretrained` returns it in that mode. `train_step` switches it on.",
            )
        if run["stale"]:
            raise MistakeError(
                "tune-never-clears",
                "Gradients of earlier steps were still there when the next one went backward. "
                "Call `optimizer.zero_grad()` once a step.",
            )
        if not run["on_device"]:
            raise MistakeError(
                "tune-other-device",
                "fine_tune was given a `device`, and the model is on another one. Move it there "
                "with `.to(device)` before the optimizer is made.",
            )
        if len(run["rows"]) != steps * batch_size:
            raise MistakeError(
                "tune-wrong-batch-size",
                f"{steps} steps of batch_size={batch_size} are {steps * batch_size} rows; yours "
                f"trained on {len(run['rows'])}. Every step should have a whole batch.",
            )

    @staticmethod
    def _judge_rows(run: dict[str, Any]) -> None:
        for row, label in zip(run["rows"], run["labels"], strict=False):
            if 0 <= row < len(LABELS) and label != LABELS[row]:
                raise MistakeError(
                    "tune-labels-torn-off",
                    f"The review {TEXTS[row]!r} has label {LABELS[row]}, but was trained with "
                    f"{label}. Draw row numbers, and take texts *and* labels by them.",
                )
        if run["rows"][: len(TEXTS)] == list(range(len(TEXTS))):
            raise MistakeError(
                "tune-not-shuffled",
                "The reviews were taken in the order in which they came. Here, as in many files, "
                "that is sorted by label: whole batches of one class. Shuffle the rows.",
            )

    @staticmethod
    def _judge_seed(runs: list[dict[str, Any]]) -> None:
        import torch

        def equal(one: Any, other: Any) -> bool:
            return one.shape == other.shape and torch.allclose(one, other, rtol=1e-3, atol=1e-6)

        if not equal(runs[0]["first_head"], runs[1]["first_head"]):
            raise MistakeError(
                "tune-seeded-too-late",
                "Two runs with the same seed began with different heads. `from_pretrained` draws "
                "the new head's weights by chance: call `torch.manual_seed(seed)` before it.",
            )
        if runs[0]["rows"] != runs[1]["rows"]:
            raise MistakeError(
                "tune-rows-not-seeded",
                "Two runs with the same seed took the reviews in different orders. Shuffle with "
                "what you seeded: `torch.manual_seed` seeds `torch.randperm`, not `random`.",
            )
        if not equal(runs[0]["head"], runs[1]["head"]):
            raise MistakeError(
                "tune-not-repeatable",
                "Two runs with the same seed ended with different weights, though they began alike. "
                "Call `torch.manual_seed(seed)` once, at the top of fine_tune.",
            )
        if equal(runs[0]["head"], runs[2]["head"]):
            raise MistakeError(
                "tune-seed-ignored",
                "Another seed gave the very same weights. Use the `seed` that fine_tune is given.",
            )

    def explain(self, raised: Raised, **inputs: Any) -> MistakeError | None:
        """See :class:`Check`."""
        text, said = raised.text, f"fine_tune raised {raised}."
        if "'NoneType' object has no attribute 'backward'" in text:
            return MistakeError(
                "tune-without-labels",
                f"{said} The batch has no `labels`: put them in as a tensor beside what the "
                "tokenizer returns.",
            )
        if "cannot import name 'AdamW'" in text:
            return MistakeError("tune-removed-adamw", f"{said} AdamW lives in torch.optim.")
        if "Unable to create tensor" in text:
            return MistakeError(
                "tune-not-padded",
                f"{said} Reviews of unequal length make no tensor: `padding=True` pads each batch.",
            )
        if raised.type_name in ("StopIteration", "IndexError"):
            return MistakeError(
                "tune-rows-ran-out",
                f"{said} Here are {len(TEXTS)} reviews for {inputs.get('steps', 4)} steps of "
                f"{inputs.get('batch_size', 4)}: did they run out before the steps did? Then begin "
                "with them again.",
            )
        if "is not on the same device" in text or "same device" in text:
            return MistakeError(
                "tune-devices-mixed", f"{said} Model and batches must be on the same `device`."
            )
        return None


class _Watch:
    """Counts steps and rows of one run, and notes modes, first weights and left-over gradients."""

    def __init__(self, torch: Any, folder: str) -> None:
        self.torch, self.folder = torch, folder
        self.steps = self.eval_forwards = self.stale = self._backwards = 0
        self.rows: list[int] = []
        self.labels: list[int] = []
        self.first_head: Any = None
        self._parameter: Any = None

    def __enter__(self) -> _Watch:
        from torch.nn.modules.module import register_module_forward_pre_hook
        from torch.optim.optimizer import register_optimizer_step_post_hook

        self._handles = [
            register_optimizer_step_post_hook(self._on_step),
            register_module_forward_pre_hook(self._on_any_forward),
        ]
        self._classifiers: list[Any] = []
        self._backward = self.torch.Tensor.backward
        watch = self

        def backward(tensor: Any, *args: Any, **kwargs: Any) -> Any:
            watch._on_backward()
            return watch._backward(tensor, *args, **kwargs)

        self.torch.Tensor.backward = backward
        return self

    def __exit__(self, *error: object) -> None:
        self.torch.Tensor.backward = self._backward
        for handle in self._handles:
            handle.remove()

    def _on_any_forward(self, module: Any, args: Any) -> None:
        # The hook on all modules hides named arguments, one on the classifier itself does not.
        if hasattr(module, "classifier") and module not in self._classifiers:
            self._classifiers.append(module)
            self.first_head = module.classifier.weight.detach().cpu().clone()
            self._handles.append(
                module.register_forward_hook(self._on_classifier, with_kwargs=True)
            )

    def _on_classifier(self, module: Any, args: Any, named: Any, output: Any) -> None:
        if not self.torch.is_grad_enabled():
            return
        self.eval_forwards += int(not module.training)
        ids = named.get("input_ids", args[0] if args else None)
        if ids is not None:
            marks = _marks(self.folder)
            for row in ids.tolist():
                self.rows.append(next((marks[token] for token in row if token in marks), -1))
        if named.get("labels") is not None:
            self.labels += named["labels"].flatten().tolist()

    def _on_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        self.steps += 1
        self._backwards = 0
        if self._parameter is None:
            having = [p for g in optimizer.param_groups for p in g["params"] if p.grad is not None]
            self._parameter = min(having, key=lambda p: p.numel(), default=None)

    def _on_backward(self) -> None:
        # Several backward calls before one step are gradient accumulation, which is meant.
        if self._parameter is not None and self._backwards == 0:
            gradient = self._parameter.grad
            self.stale += int(gradient is not None and bool(gradient.abs().max() > 0))
        self._backwards += 1

    def told(self, result: Any, device: str) -> dict[str, Any]:
        """Return what was seen of the run and of the model that it returned."""
        if not isinstance(result, self.torch.nn.Module):
            kind = (
                "None: does it end with `return`?"
                if result is None
                else f"a {type(result).__name__}."
            )
            return {"returned": kind}
        head = getattr(getattr(result, "classifier", None), "weight", None)
        if head is None or len(head) != 2:
            return {"returned": "model"}
        changed = {
            name: not self.torch.equal(weights.detach().cpu(), before)
            for name, before in _encoder(self.folder).items()
            if (weights := dict(result.named_parameters()).get(f"bert.{name}")) is not None
            # The pooler feeds the head alone and is not counted as encoder here.
            and "pooler" not in name
        }
        head = head.detach().cpu()
        first = head if self.first_head is None else self.first_head
        return {
            "returned": "model",
            "head": head,
            "first_head": first,
            "head_changed": not self.torch.equal(head, first),
            "encoder_changed": any(changed.values()),
            "steps": self.steps,
            "rows": self.rows,
            "labels": self.labels if len(self.labels) == len(self.rows) else [],
            "eval_forwards": self.eval_forwards,
            "stale": self.stale,
            "on_device": next(result.parameters()).device.type == device,
            "in_train_mode": result.training,
        }


@cache
def _marks(folder: str) -> dict[int, int]:
    """Return the row of each review's own word, by that word's token id."""
    from transformers import AutoTokenizer

    vocabulary = AutoTokenizer.from_pretrained(folder).get_vocab()
    return {vocabulary[name]: row for row, name in enumerate(NAMES)}


@cache
def _encoder(folder: str) -> dict[str, Any]:
    from transformers import BertModel

    model = BertModel.from_pretrained(folder)
    return {name: value.detach() for name, value in model.named_parameters()}
