"""Watches one run of `fine_tune` from within its process, and tells what was seen of it.

What comes out is a list of updates of weights, plain data, in order; :mod:`course.checks.run_seen`
reads it. Nothing here is proof, and nothing here may hurt: a hook that meets what it does not know
notes nothing, and a run that works without the watcher works with it.

An update is what an optimizer does between two looks at the data: steps of several optimizers with
no forward or backward pass between them are one. Weights that change between two backward passes
without any optimizer were updated by hand; where an optimizer steps after that, both are one update
(sharpness-aware training moves the weights aside, and back, before every step).
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any

#: Token ids by which a text is known, from its beginning; longer ones are known whatever max_length.
KNOWN_BY = 9
#: An embedding with more rows than this holds words, not positions or segments.
WORDS = 1000
#: A group of parameters with as many numbers holds a layer of the encoder, or more.
LAYER = 10**6
#: Values of each parameter that are compared to see whether it has changed.
SAMPLE = 8
#: Parameters of a group that are looked at for gradients.
FEW = 3
#: Updates told of at most: a reply has a size.
MOST = 4000


def harmless(hook: Callable[..., None]) -> Callable[..., None]:
    """Return `hook` such that it never raises, and is never traced by a compiler."""

    @functools.wraps(hook)
    def quiet(*args: Any, **kwargs: Any) -> None:
        import torch

        if not torch.compiler.is_compiling():
            with suppress(Exception):
                hook(*args, **kwargs)

    return quiet


class RunWatch:
    """Watches while it is entered; `told` returns what was seen. `texts` are those of the run."""

    def __init__(self, texts: list[str], checkpoint: str) -> None:
        self.updates: list[dict[str, Any]] = []
        self.optimizers: list[str] = []
        self._rows = _known_rows(texts, checkpoint)
        self._others: dict[tuple[int, ...], int] = {}
        self._held: dict[int, Any] = {}
        self._leaves: dict[int, Any] = {}
        #: The first values of each parameter, before anything changed it, and the latest.
        self._first: dict[int, Any] = {}
        self._samples: dict[int, Any] = {}
        #: The rows of each forward pass since the last backward pass, and whether any dropped out.
        self._batches: list[list[int]] = []
        self._dropping = False
        self._now = _nothing()
        self._stepping = False
        self._stack = ExitStack()

    def __enter__(self) -> RunWatch:
        import torch
        from torch.nn.modules.module import register_module_forward_pre_hook
        from torch.optim.optimizer import register_optimizer_step_pre_hook

        self._started = time.monotonic()
        self._stack.enter_context(register_optimizer_step_pre_hook(harmless(self._on_step)))
        self._stack.enter_context(register_module_forward_pre_hook(harmless(self._on_forward)))
        for name in ("backward", "grad"):
            self._patch(torch.autograd, name)
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()
        with suppress(Exception):
            self._close()
        self.seconds = time.monotonic() - self._started

    def _patch(self, module: Any, name: str) -> None:
        original = getattr(module, name)
        look = harmless(self._on_backward)

        @functools.wraps(original)
        def watched(*args: Any, **kwargs: Any) -> Any:
            look(args[0] if args else next(iter(kwargs.values()), None))
            return original(*args, **kwargs)

        setattr(module, name, watched)
        self._stack.callback(setattr, module, name, original)

    def _on_forward(self, module: Any, args: Any) -> None:
        import torch

        if isinstance(module, torch.nn.Dropout):
            # Some of a model may be in evaluation mode, as frozen embeddings: dropout tells.
            self._dropping |= module.training
            return
        if not isinstance(module, torch.nn.Embedding) or module.num_embeddings <= WORDS:
            return
        if torch.is_grad_enabled() and args[0].ndim == 2:
            rows = [self._row(tuple(i for i in ids if i)) for ids in args[0].tolist()]
            self._batches.append(rows)
            self._settle()
            self._dropping |= module.training

    def _row(self, ids: tuple[int, ...]) -> int:
        """Return the number of the text that these token ids are of.

        Others count from 10**6, and those that cannot be known from 2 * 10**6.
        """
        if (row := self._rows.get(ids[:KNOWN_BY])) is not None:
            return row
        start = 10**6 if len(ids) >= KNOWN_BY else 3 * 10**6
        return self._others.setdefault(ids, start + len(self._others))

    def _on_backward(self, outputs: Any) -> None:
        import torch

        output = outputs[0] if isinstance(outputs, list | tuple) else outputs
        if not isinstance(output, torch.Tensor) or output.grad_fn is None:
            return
        self._settle()
        leaves, labels, softmaxed = _look_into(output.grad_fn)
        changed = self._sample(leaves)
        if changed and self._now["backwards"]:
            self._finish(by_hand=True)
        now = self._now
        if not now["backwards"]:
            smallest = min(leaves, key=_size, default=None)
            gradient = getattr(smallest, "grad", None)
            now["stale"] = gradient is not None and bool(gradient.abs().max() > 0)
        now["backwards"] += 1
        now["softmaxed"] |= softmaxed
        rows = [row for batch in self._batches for row in batch]
        now["training"] |= self._dropping
        now["rows"] += rows
        now["labels"] += labels if len(labels) == len(rows) else [-1] * len(rows)
        if output.numel() == 1:
            now["losses"].append(float(output.detach()))
        self._batches.clear()
        self._dropping = False

    def _on_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        name = type(optimizer).__name__
        if name not in self.optimizers:
            self.optimizers.append(name)
        self._stepping = True
        now = self._now
        for group in optimizer.param_groups:
            with suppress(Exception):
                rate = group.get("lr")
                rate = float(rate() if callable(rate) else rate)
                now["rates"].append(rate)
                if sum(map(_size, group["params"])) >= LAYER:
                    now["encoder_rates"].append(rate)
            # Small ones tell it as well as large ones, and sooner.
            having = sorted((one for one in group["params"] if one.grad is not None), key=_size)
            now["gradients"] |= any(bool((one.grad != 0).any()) for one in having[:FEW])
            self._held.update((id(one), one) for one in group["params"])

    def _settle(self) -> None:
        """End the update whose optimizers have stepped: something else goes on now."""
        if self._stepping:
            if self.updates and self.updates[-1]["by_hand"]:
                self._join(self.updates.pop())
            self._finish(by_hand=False)

    def _join(self, earlier: dict[str, Any]) -> None:
        """Take an update by hand as a part of the one that is going on."""
        for name, value in earlier.items():
            if isinstance(value, list):
                self._now[name] = value + self._now[name]
            elif name in ("training", "softmaxed"):
                self._now[name] |= value
        self._now["stale"] = earlier["stale"]
        self._now["backwards"] += earlier["backwards"]

    def _finish(self, *, by_hand: bool) -> None:
        if len(self.updates) < MOST:
            self.updates.append(self._now | {"by_hand": by_hand})
        self._now, self._stepping = _nothing(), False

    def _sample(self, leaves: list[Any]) -> bool:
        """Note a few values of each of `leaves`; return whether any differ from those before."""
        changed = False
        for one in leaves:
            values = one.detach().reshape(-1)[:SAMPLE].clone()
            before = self._samples.get(id(one))
            self._leaves[id(one)] = one
            self._first.setdefault(id(one), values)
            changed |= before is not None and not before.equal(values)
            self._samples[id(one)] = values
        return changed

    def _close(self) -> None:
        self._settle()
        if self._now["backwards"] and self._sample(list(self._leaves.values())):
            self._finish(by_hand=True)

    def told(self, result: Any) -> dict[str, Any]:
        """Return what was seen of the run, and of the model that it returned, as plain data."""
        model = find_model(result)
        parameters = [] if model is None else list(model.parameters())
        head = getattr(getattr(model, "classifier", None), "weight", None)
        first = self._first.get(id(head))
        return {
            "updates": self.updates,
            "backwards_left": self._now["backwards"],
            "forwards_left": len(self._batches),
            "optimizers": self.optimizers,
            "returned_is_held": any(id(one) in self._held for one in parameters),
            "returned_got_gradients": any(id(one) in self._leaves for one in parameters),
            "head_moved": None if first is None else not first.equal(_beginning(head)),
            "left_in_training": result is model and model is not None and bool(model.training),
            "seconds": self.seconds,
        }

    def first_head(self, model: Any) -> Any:
        """Return the first values of the head of `model` before anything changed them, or None."""
        return self._first.get(id(getattr(getattr(model, "classifier", None), "weight", None)))


def _nothing() -> dict[str, Any]:
    """Return what is known of an update before anything of it is seen."""
    return {
        "rates": [], "encoder_rates": [], "rows": [], "labels": [], "losses": [], "backwards": 0,
        "training": False, "gradients": False, "stale": False, "softmaxed": False,
    }  # fmt: skip


def _size(parameter: Any) -> int:
    return int(parameter.numel())


def _beginning(parameter: Any) -> Any:
    return parameter.detach().reshape(-1)[:SAMPLE]


def _known_rows(texts: list[str], checkpoint: str) -> dict[tuple[int, ...], int]:
    """Return the row of each text by the first of its token ids."""
    rows: dict[tuple[int, ...], int] = {}
    with suppress(Exception):
        from transformers import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(checkpoint)
        alike = set()
        for row, ids in enumerate(tokenizer(texts, truncation=True, max_length=64).input_ids):
            if rows.setdefault(key := tuple(ids[:KNOWN_BY]), row) != row:
                alike.add(key)
        # They are no foreign rows, and nobody knows which.
        rows.update((key, 2 * 10**6 + number) for number, key in enumerate(sorted(alike)))
    return rows


def _look_into(node: Any) -> tuple[list[Any], list[int], bool]:
    """Return what a loss was computed from: its leaves, labels, and whether of a softmax's softmax."""
    leaves: list[Any] = []
    labels: list[int] = []
    softmaxed = False
    seen, waiting = {node}, [node]
    while waiting:
        node = waiting.pop()
        name = node.name()
        after = [one for one, _ in node.next_functions if one is not None]
        if name.endswith("AccumulateGrad"):
            leaves.append(node.variable)
        elif name == "NllLossBackward0":
            with suppress(Exception):
                labels = [int(label) for label in node._saved_target.flatten().tolist()]
        elif name == "LogSoftmaxBackward0":
            softmaxed |= any(_is_softmax(one) for one in after)
        for one in after:
            if one not in seen:
                seen.add(one)
                waiting.append(one)
    return leaves, labels, softmaxed


def _is_softmax(node: Any) -> bool:
    """Return whether `node` is a softmax, or casts what comes out of one."""
    while node is not None and node.name() == "ToCopyBackward0":
        node = node.next_functions[0][0]
    return node is not None and node.name() == "SoftmaxBackward0"


def find_model(result: Any) -> Any:
    """Return the model that `fine_tune` returned: the result, a part of a tuple, or a Trainer's."""
    import torch

    candidates = [result, *(result if isinstance(result, tuple | list) else [])]
    for candidate in candidates:
        if isinstance(candidate, torch.nn.Module):
            return candidate
    for candidate in candidates:
        if isinstance(getattr(candidate, "model", None), torch.nn.Module):
            return candidate.model
    return None


def watch_run(
    function: Callable[..., Any],
    *,
    texts: list[str],
    labels: list[int],
    checkpoint: str,
    steps: int,
    batch_size: int,
    device: str,
    seed: int,
) -> dict[str, Any]:
    """Call a student's `fine_tune`; return the weights that it gives, and what was seen of the run."""
    from course import checkpoint as resolve

    name = resolve(checkpoint)
    watch = RunWatch(texts, name)
    with watch:
        result = function(
            texts,
            labels,
            checkpoint=name,
            steps=steps,
            batch_size=batch_size,
            device=device,
            seed=seed,
        )
    model = find_model(result)
    if model is None:
        return {"returned": f"{type(result).__module__}.{type(result).__qualname__}"}
    weights = {}
    for key, tensor in model.state_dict().items():
        for prefix in ("module.", "_orig_mod."):
            key = key.removeprefix(prefix)
        weights[key] = tensor
    return {"weights": weights, "seen": watch.told(result)}
