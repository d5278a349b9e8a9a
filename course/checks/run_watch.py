"""Watches one run of `fine_tune` from within its process, and tells what was seen of it.

What comes out is a list of updates of weights, plain data, in order; :mod:`course.checks.run_seen`
reads it. Nothing here is proof, and nothing here may hurt: it listens to :class:`course.watching.Watch`,
which lets no listener raise, and a run that works without it works with it.

An update is what optimizers do between two backward passes: the steps of several optimizers are one,
of the same one are several. Where no optimizer steps, weights that change were updated by hand.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from course.watching import Event, Watch

#: Token ids by which a text is known, from its beginning; longer ones are known whatever max_length.
KNOWN_BY = 9
#: A group of parameters with as many numbers holds a layer of the encoder, or more.
LAYER = 10**6
#: Values of each parameter that are compared to see whether it has changed.
SAMPLE = 8
#: Parameters of a group that are looked at for gradients.
FEW = 3
#: Updates told of at most: a reply has a size.
MOST = 4000


class RunWatch:
    """Watches while it is entered; `told` returns what was seen. `texts` are those of the run."""

    def __init__(self, texts: list[str], checkpoint: str) -> None:
        self._watch = Watch(
            on_forward=self._on_forward, on_backward=self._on_backward, on_step=self._on_step
        )
        self._rows = _known_rows(texts, checkpoint)
        self._others: dict[tuple[int, ...], int] = {}
        #: Parameters that an optimizer held, or that got gradients, and the first values of these.
        self._held: dict[int, Any] = {}
        self._leaves: dict[int, Any] = {}
        self._first: dict[int, Any] = {}
        #: The rows of each forward pass since the last backward pass, and whether any dropped out.
        self._batches: list[list[int]] = []
        self._dropping = False
        #: What was seen at an event, by its id; the events themselves are kept by the watch.
        self._at: dict[int, dict[str, Any]] = {}
        self.seconds = 0.0

    def __enter__(self) -> RunWatch:
        self._started = time.monotonic()
        self._watch.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._watch.__exit__(*error)
        self.seconds = time.monotonic() - self._started

    def _on_forward(self, event: Event, model: Any, inputs: Mapping[str, Any]) -> None:
        import torch

        if not event.gradients:
            return
        # Some of a model may be in evaluation mode, as frozen embeddings: dropout tells.
        dropouts = [one for one in model.modules() if isinstance(one, torch.nn.Dropout)]
        self._dropping |= any(one.training for one in dropouts or [model])
        if (ids := _token_ids(inputs)) is not None:
            self._batches.append([self._row(tuple(i for i in row if i)) for row in ids.tolist()])

    def _row(self, ids: tuple[int, ...]) -> int:
        """Return the number of the text that these token ids are of.

        Others count from 10**6, and those that cannot be known from 2 * 10**6.
        """
        if (row := self._rows.get(ids[:KNOWN_BY])) is not None:
            return row
        start = 10**6 if len(ids) >= KNOWN_BY else 3 * 10**6
        return self._others.setdefault(ids, start + len(self._others))

    def _on_backward(self, event: Event, root: Any) -> None:
        leaves, labels, softmaxed = _look_into(root.grad_fn)
        for one in leaves:
            if id(one) not in self._leaves:
                self._leaves[id(one)] = one
                self._first[id(one)] = _beginning(one).clone()
        rows = [row for batch in self._batches for row in batch]
        self._at[id(event)] = {
            "rows": rows,
            "labels": labels if len(labels) == len(rows) else [-1] * len(rows),
            "training": self._dropping,
            "softmaxed": softmaxed,
        }
        self._batches.clear()
        self._dropping = False

    def _on_step(self, event: Event, optimizer: Any) -> None:
        seen = self._at[id(event)] = {"encoder_rates": [], "gradients": False}
        for group, rate in zip(optimizer.param_groups, event.rates, strict=True):
            parameters = group["params"]
            if rate is not None and sum(map(_size, parameters)) >= LAYER:
                seen["encoder_rates"].append(rate)
            # Small ones tell it as well as large ones, and sooner.
            having = sorted((one for one in parameters if one.grad is not None), key=_size)
            seen["gradients"] |= any(bool((one.grad != 0).any()) for one in having[:FEW])
            self._held.update((id(one), one) for one in parameters)

    def _updates(self) -> tuple[list[dict[str, Any]], int]:
        """Return the updates, and how many backward passes came after the last one."""
        events = [one for one in self._watch.events if one.kind in ("backward", "step", "change")]
        by_hand = all(event.kind != "step" for event in events)
        end = "change" if by_hand else "step"
        updates: list[dict[str, Any]] = []
        now, stepped = _nothing(), set[int | None]()
        for event in events:
            if stepped and (event.kind == "backward" or event.number in stepped):
                updates.append(now | {"by_hand": by_hand})
                now, stepped = _nothing(), set()
            seen = self._at.get(id(event), {})
            if event.kind == "backward":
                if not now["backwards"]:
                    now["stale"] = bool(event.stale)
                now["backwards"] += 1
                now["losses"] += [] if event.loss is None else [event.loss]
            elif event.kind == end:
                stepped.add(event.number)
                now["rates"] += [rate for rate in event.rates if rate is not None]
            for name, value in seen.items():
                now[name] = now[name] + value if isinstance(value, list) else now[name] | value
        if stepped:
            updates.append(now | {"by_hand": by_hand})
            now = _nothing()
        return updates[:MOST], now["backwards"]

    def told(self, result: Any) -> dict[str, Any]:
        """Return what was seen of the run, and of the model that it returned, as plain data."""
        model = find_model(result)
        parameters = [] if model is None else list(model.parameters())
        head = getattr(getattr(model, "classifier", None), "weight", None)
        first = self._first.get(id(head))
        updates, left = self._updates()
        steps = (event.name for event in self._watch.events if event.kind == "step")
        return {
            "updates": updates,
            "backwards_left": left,
            "forwards_left": len(self._batches),
            "optimizers": list(dict.fromkeys(steps)),
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


def _token_ids(inputs: Mapping[str, Any]) -> Any:
    """Return the token ids (texts × tokens) among the arguments of a model, or None."""
    import torch

    def within(value: Any) -> Iterator[Any]:
        if isinstance(value, Mapping):
            yield from (one for inner in value.values() for one in within(inner))
        elif isinstance(value, torch.Tensor) and value.ndim == 2 and not value.is_floating_point():
            yield value

    return next(within({"input_ids": inputs.get("input_ids"), **inputs}), None)


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


def weights_of(model: Any) -> dict[str, Any]:
    """Return the weights of `model` by their names, without those of what it is wrapped in."""
    wrappers = ("module.", "_orig_mod.")  # DataParallel and averages; torch.compile
    weights = {}
    for name, tensor in model.state_dict().items():
        while name.startswith(wrappers):
            name = name.split(".", 1)[1]
        weights[name] = tensor
    return weights


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
    return {"weights": weights_of(model), "seen": watch.told(result)}
