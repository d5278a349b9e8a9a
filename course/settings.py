"""Global settings that a notebook may have changed: put aside while a function is tried.

A check builds its own models and tensors, and compares numbers. It must not fail because somewhere
above in the notebook the default dtype, the way of warnings or the working directory was changed:
that says nothing about the function. What was set is put back afterwards.
"""

from __future__ import annotations

import contextlib
import locale
import os
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Settings:
    """torch's settings that hold everywhere, by the call that tells each."""

    get_default_dtype: Any
    get_default_device: Any
    is_grad_enabled: bool

    @classmethod
    def now(cls) -> Self:
        """Return the settings that hold now."""
        import torch

        return cls(torch.get_default_dtype(), torch.get_default_device(), torch.is_grad_enabled())

    def apply(self) -> None:
        """Make these the settings that hold."""
        import torch

        torch.set_default_dtype(self.get_default_dtype)
        if torch.get_default_device() != self.get_default_device:
            torch.set_default_device(self.get_default_device)
        torch.set_grad_enabled(self.is_grad_enabled)

    def changed(self) -> list[str]:
        """Return what is otherwise now, each as a short statement."""
        now, before = vars(Settings.now()), vars(self)
        return [
            f"torch.{name}() is now {now[name]}" for name in before if now[name] != before[name]
        ]


#: Python's own default; deep models and tokenizers stay far below it.
RECURSION_LIMIT = 1000


@contextlib.contextmanager
def usual_settings() -> Iterator[None]:
    """Run the block under the settings of a fresh process, and put the notebook's back."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.resetwarnings()
        warnings.simplefilter("ignore")
        for setting in (_python, _numpy, _torch):
            stack.enter_context(setting())
        yield


@contextlib.contextmanager
def _python() -> Iterator[None]:
    limit, folder, number = sys.getrecursionlimit(), _folder(), locale.setlocale(locale.LC_NUMERIC)
    sys.setrecursionlimit(max(limit, RECURSION_LIMIT))
    locale.setlocale(locale.LC_NUMERIC, "C")
    try:
        yield
    finally:
        with contextlib.suppress(RecursionError):
            sys.setrecursionlimit(limit)
        with contextlib.suppress(locale.Error):
            locale.setlocale(locale.LC_NUMERIC, number)
        if folder is not None:
            with contextlib.suppress(OSError):
                os.chdir(folder)


def _folder() -> str | None:
    try:
        return os.getcwd()
    except OSError:  # removed meanwhile
        return None


@contextlib.contextmanager
def _numpy() -> Iterator[None]:
    numpy = sys.modules.get("numpy")
    if numpy is None:
        yield
        return
    with numpy.errstate(divide="warn", over="warn", under="ignore", invalid="warn"):
        yield


@contextlib.contextmanager
def _torch() -> Iterator[None]:
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    dtype, device = torch.get_default_dtype(), torch.get_default_device()
    deterministic = torch.are_deterministic_algorithms_enabled()
    precision = torch.get_float32_matmul_precision()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    torch.set_default_dtype(torch.float32)
    torch.set_default_device(None)
    torch.use_deterministic_algorithms(False)
    torch.set_float32_matmul_precision("highest")
    try:
        with _gradients(torch):
            yield
    finally:
        torch.set_default_dtype(dtype)
        torch.set_default_device(device if device.type != "cpu" else None)
        torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)
        torch.set_float32_matmul_precision(precision)


@contextlib.contextmanager
def _gradients(torch: Any) -> Iterator[None]:
    """Gradients on, autocast and anomaly detection off, as in a fresh process."""
    with (
        torch.inference_mode(False),
        torch.enable_grad(),
        torch.autograd.set_detect_anomaly(False),
        _no_autocast(torch),
    ):
        yield


@contextlib.contextmanager
def _no_autocast(torch: Any) -> Iterator[None]:
    # Not by `torch.autocast(enabled=False)`: only the outermost block clears what was cast, so that
    # a student's own autocast inside it would compute on the weights of the step before.
    enabled = {device: torch.is_autocast_enabled(device) for device in ("cpu", "cuda")}
    depth = torch.autocast_increment_nesting() - 1
    _nest(torch, -depth - 1)
    torch.clear_autocast_cache()
    for device in enabled:
        torch.set_autocast_enabled(device, False)
    try:
        yield
    finally:
        for device, on in enabled.items():
            torch.set_autocast_enabled(device, on)
        torch.clear_autocast_cache()
        _nest(torch, depth)


def _nest(torch: Any, levels: int) -> None:
    for _ in range(abs(levels)):
        if levels > 0:
            torch.autocast_increment_nesting()
        else:
            torch.autocast_decrement_nesting()
