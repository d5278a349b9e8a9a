"""Settings that hold for all of a notebook, and the usual ones for what we compute beside it.

A notebook may set another default dtype or device, or make errors of warnings. A student's function
is called under the student's own settings; our models, inputs and references are made under these.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
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

    @classmethod
    def usual(cls) -> Self:
        """Return the settings that torch begins with."""
        import torch

        return cls(torch.float32, torch.device("cpu"), True)

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


@contextmanager
def usual_settings() -> Iterator[None]:
    """Compute as in a fresh notebook for a while: torch's own settings, warnings not heard."""
    import numpy

    before = Settings.now()
    with warnings.catch_warnings(), numpy.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        Settings.usual().apply()
        try:
            yield
        finally:
            before.apply()
