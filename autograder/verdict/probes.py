"""Runs the student's `fine_tune` in the student's process and watches it from there.

This text travels into the untrusted process. The weights that come back prove themselves on data
kept elsewhere; what is *watched* here is never proof, it only helps to say which fault fits.
"""

from __future__ import annotations

import time
from typing import Any


def run_fine_tune(
    function: Any,
    *,
    texts: list[str],
    labels: list[int],
    checkpoint: str,
    steps: int,
    batch_size: int,
    device: str,
    seed: int,
) -> dict[str, Any]:
    """Call `function` and return its weights and what was seen of the run."""
    import torch

    from course import checkpoint as resolve

    watch = _Watch(torch)
    started = time.monotonic()
    with watch:
        result = function(
            texts,
            labels,
            checkpoint=resolve(checkpoint),
            steps=steps,
            batch_size=batch_size,
            device=device,
            seed=seed,
        )
    seconds = time.monotonic() - started
    model = _find_model(torch, result)
    if model is None:
        return {"returned": f"{type(result).__module__}.{type(result).__qualname__}"}
    weights = {}
    for name, tensor in model.state_dict().items():
        for prefix in ("module.", "_orig_mod."):
            name = name.removeprefix(prefix)
        weights[name] = tensor
    return {
        "class": type(model).__name__,
        "weights": weights,
        "returned_in_train_mode": bool(model.training),
        "seconds": seconds,
        **watch.seen(),
    }


def _find_model(torch: Any, result: Any) -> Any:
    """Return the model: the result itself, a part of a tuple, or a Trainer's."""
    candidates = [result, *(result if isinstance(result, tuple | list) else [])]
    for candidate in candidates:
        if isinstance(candidate, torch.nn.Module):
            return candidate
    for candidate in candidates:
        if isinstance(getattr(candidate, "model", None), torch.nn.Module):
            return candidate.model
    return None


class _Watch:
    """Notes learning rates, modes, losses and left-over gradients while a run goes on."""

    def __init__(self, torch: Any) -> None:
        self.torch = torch
        self.rates: list[float] = []
        self.losses: list[float] = []
        self.training_forwards = 0
        self.eval_forwards = 0
        self.stale = 0
        self.optimizer = ""
        self._parameter: Any = None
        self._backwards = 0

    def __enter__(self) -> _Watch:
        torch = self.torch
        from torch.nn.modules.module import register_module_forward_pre_hook
        from torch.optim.optimizer import register_optimizer_step_pre_hook

        self._hooks = [
            register_optimizer_step_pre_hook(self._on_step),
            register_module_forward_pre_hook(self._on_forward),
        ]
        self._backward = torch.Tensor.backward
        watch = self

        def backward(tensor: Any, *args: Any, **kwargs: Any) -> Any:
            watch._on_backward(tensor)
            return watch._backward(tensor, *args, **kwargs)

        torch.Tensor.backward = backward
        return self

    def __exit__(self, *error: object) -> None:
        self.torch.Tensor.backward = self._backward
        for hook in self._hooks:
            hook.remove()

    def _on_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        self.optimizer = type(optimizer).__name__
        groups = optimizer.param_groups
        self.rates.append(max(float(group["lr"]) for group in groups))
        self._backwards = 0
        if self._parameter is None:
            # The smallest parameter that has a gradient stands for all of them.
            having = [p for group in groups for p in group["params"] if p.grad is not None]
            self._parameter = min(having, key=lambda p: p.numel(), default=None)

    def _on_forward(self, module: Any, args: Any) -> None:
        if hasattr(module, "classifier") and self.torch.is_grad_enabled():
            if module.training:
                self.training_forwards += 1
            else:
                self.eval_forwards += 1

    def _on_backward(self, tensor: Any) -> None:
        if tensor.numel() == 1:
            self.losses.append(float(tensor.detach()))
        # Several backward calls before one step are gradient accumulation, which is meant;
        # gradients left over from before the last step are not.
        if self._parameter is not None and self._backwards == 0:
            gradient = self._parameter.grad
            self.stale += int(gradient is not None and bool(gradient.abs().max() > 0))
        self._backwards += 1

    def seen(self) -> dict[str, Any]:
        tail = self.losses[-10:] or [0.0]
        return {
            "optimizer": self.optimizer,
            "steps": len(self.rates),
            "highest_rate": max(self.rates, default=0.0),
            "last_loss": sum(tail) / len(tail),
            "stale": self.stale,
            "training_forwards": self.training_forwards,
            "eval_forwards": self.eval_forwards,
        }
