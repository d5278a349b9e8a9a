"""A whole run in miniature, on a BERT of two tiny layers: `fine_tune`, in lessons 05 and 06.

It answers within a second or two and knows nothing of the real run's question: at grading the
examiner measures the returned weights itself. What it looks at is what a real run would lose points
for: steps, rows, labels, mode, chance, and what comes back.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from functools import cache, cached_property
from typing import Any, ClassVar

from course.checks.base import Check, Inputs
from course.checks.mistakes import Mistake, Signs, mistake
from course.checks.run_seen import Seen, Update, read_record
from course.checks.run_watch import RunWatch, find_model, weights_of
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
STEPS = BATCH = 4


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


class Rehearsal:
    """What is to be seen in three small runs: one seed, the same again, and another one."""

    def __init__(self, observed: Any, **inputs: Any) -> None:
        runs = need_mapping(observed, ["runs"], "What was observed")["runs"]
        told = runs[:3] if isinstance(runs, list) else []
        self.runs = [_readable(run) for run in (*told, *[None] * (3 - len(told)))]
        self.first = self.runs[0]
        if self.first["returned"]:
            raise mistake("no-model-returned", returned=self.first["returned"])
        if self.first["head"] is None:
            raise mistake("no-two-class-head")
        self.seen = self._seen(self.first)
        self.device = self.first["device"]
        self.encoder_changed = self.first["encoder_changed"]
        self.unchanged = not (self.encoder_changed or self.seen.record.head_moved)

    @staticmethod
    def _seen(run: Any) -> Seen:
        return Seen(read_record(run["seen"]), STEPS, BATCH, tuple(LABELS))

    @cached_property
    def odd(self) -> Update | None:
        """The first update that did not use `batch_size` rows. Seeing rows twice is no fault."""
        return next(
            (
                update
                for update in self.seen.looked_at
                if len(update.rows) < BATCH or len(set(update.rows)) > BATCH
            ),
            None,
        )

    @property
    def in_file_order(self) -> bool:
        return self.seen.rows[: len(TEXTS)] == list(range(len(TEXTS)))

    @cached_property
    def mislabelled(self) -> tuple[str, int, int] | None:
        """The first text that was trained with another label, its own label, and the one used."""
        for update in self.seen.updates:
            for row, used in zip(update.rows, update.labels, strict=False):
                if row < len(TEXTS) and used >= 0 and used != LABELS[row]:
                    return TEXTS[row], LABELS[row], used
        return None

    def same(self, name: str, other: int) -> bool:
        """Return whether the first run and the `other` one agree in what `name` says."""
        import torch

        one, two = self.first[name], self.runs[other][name]
        if one is None or two is None:
            return one is two
        return one.shape == two.shape and bool(
            torch.allclose(one.double(), two.double(), rtol=1e-3, atol=1e-6)
        )


class FineTune(Check):
    """A run of as many steps as asked for, on shuffled rows, that can be repeated by its seed."""

    function = "fine_tune"
    facts = Rehearsal
    signs: ClassVar[Signs] = {
        "rate-always-zero": lambda it: (
            it.unchanged and it.seen.rates_known and not it.seen.highest_rate
        ),
        "optimizer-of-another-model": lambda it: (
            it.unchanged
            and it.seen.record.optimizers
            and it.seen.record.returned_got_gradients
            and not it.seen.record.returned_is_held
        ),
        "returned-another-model": lambda it: (
            it.unchanged and it.seen.steps and not it.seen.record.returned_is_held
        ),
        "gradients-cleared-too-early": lambda it: (
            it.unchanged and it.seen.steps and it.seen.empty_steps == it.seen.steps
        ),
        "no-optimizer-step": lambda it: (
            it.unchanged and it.seen.record.backwards_left and not it.seen.steps
        ),
        "untrained": lambda it: it.unchanged and it.seen.nothing,
        "too-few-steps": lambda it: 0 < it.seen.steps < STEPS,
        "over-budget": lambda it: it.seen.steps > STEPS,
        "only-head-trained": lambda it: not it.encoder_changed,
        "head-untrained": lambda it: it.seen.record.head_moved is False,
        "softmax-before-loss": lambda it: it.seen.softmaxed,
        "never-in-train-mode": lambda it: it.seen.never_training,
        "gradients-never-cleared": lambda it: it.seen.stale,
        "another-device": lambda it: not it.first["on_device"],
        "other-batch-size": lambda it: it.odd,
        "label-of-another-row": lambda it: it.mislabelled,
        "not-shuffled": lambda it: it.in_file_order,
        "schedule-too-short": lambda it: it.seen.rates_known and it.seen.idle_steps > STEPS / 2,
        "seeded-too-late": lambda it: not it.same("first_head", 1),
        "rows-not-seeded": lambda it: it.seen.rows != it._seen(it.runs[1]).rows,
        "not-repeatable": lambda it: not it.same("head", 1),
        "seed-ignored": lambda it: it.same("head", 2),
        "dropout-left-on": lambda it: it.seen.record.left_in_training,
    }
    raised = (
        "removed-adamw",
        "argument-removed",
        "fine-tune-without-labels",
        "labels-as-floats",
        "label-out-of-range",
        "texts-not-padded",
        "devices-mixed",
        "rows-ran-out",
    )
    told: ClassVar[tuple[str | Mistake, ...]] = (
        "no-model-returned",
        "no-two-class-head",
        "missing-key",
        "wrong-type",
    )

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield one run: 12 reviews, sorted by label, 4 a step."""
        yield {"texts": TEXTS, "labels": LABELS, "steps": STEPS, "batch_size": BATCH, "seed": 3}

    @staticmethod
    def observe(function: Callable[..., Any], **inputs: Any) -> dict[str, Any]:
        """Run with a seed, with the same again, and with another one."""
        import torch

        folder = tiny_checkpoint()
        device = "cuda" if torch.cuda.is_available() else "cpu"
        runs: list[dict[str, Any]] = []
        with torch.random.fork_rng(devices=[]):
            for noise, seed in enumerate((inputs["seed"], inputs["seed"], inputs["seed"] + 1)):
                # Chance begins elsewhere each time: only the run's own seeding can undo that.
                random.seed(noise)
                torch.manual_seed(noise)
                watch = RunWatch(inputs["texts"], folder)
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
                runs.append(_told(watch, result, folder, device))
                if "head" not in runs[-1]:
                    break
        return {"runs": runs}


def _readable(run: Any) -> dict[str, Any]:
    """Return what :func:`_told` said of a run; what it cannot have said reads as nothing."""
    import torch

    run = run if isinstance(run, dict) else {}
    tensors = {
        name: value if isinstance(value := run.get(name), torch.Tensor) else None
        for name in ("head", "first_head")
    }
    return {
        "returned": str(run.get("returned", "nothing")),
        "encoder_changed": run.get("encoder_changed") is True,
        "seen": run.get("seen"),
        "device": str(run.get("device")),
        "on_device": run.get("on_device") is True,
        **tensors,
    }


def _told(watch: RunWatch, result: Any, folder: str, device: str) -> dict[str, Any]:
    """Return what was seen of one run and of the model that it returned."""
    model = find_model(result)
    if model is None:
        return {"returned": "None" if result is None else f"a {type(result).__name__}"}
    state = weights_of(model)
    head = state.get("classifier.weight")
    if head is None or len(head) != 2:
        return {"returned": ""}
    changed = [
        name
        for name, before in _encoder(folder).items()
        # The pooler feeds the head alone and is not counted as encoder here.
        if "pooler" not in name
        and (after := state.get(f"bert.{name}")) is not None
        and not after.detach().cpu().equal(before)
    ]
    return {
        "returned": "",
        "head": head.detach().cpu(),
        "first_head": watch.first_head(model),
        "encoder_changed": bool(changed),
        "seen": watch.told(result),
        "device": device,
        "on_device": next(model.parameters()).device.type == device,
    }


@cache
def _encoder(folder: str) -> dict[str, Any]:
    from transformers import BertModel

    model = BertModel.from_pretrained(folder)
    return {name: value.detach() for name, value in model.named_parameters()}


CHECKS = (FineTune,)
