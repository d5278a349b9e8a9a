"""What a function must leave as it was: a model, its inputs, and torch's settings.

`Before` is taken beside the student's code, before the function is called; `changes` then returns,
as plain data, what is otherwise, by the mistake that it is (`course/mistakes/undisturbed.yaml`).
A task asks for those that its lesson asks for: its facts keep `disturbed` of them, and its table of
signs takes `signs`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from course.checks.mistakes import code
from course.checks.values import need_mapping
from course.plain import pack
from course.settings import Settings

#: What every task asks of a model, but for what it is about. Mode and random numbers are a
#: student's own affair, unless a lesson says otherwise.
ALWAYS = (
    "weights-changed",
    "parameters-frozen",
    "parameters-unfrozen",
    "gradients-changed",
    "dropout-changed",
    "weights-cast",
    "inputs-changed",
    "settings-changed",
)
#: So many names are told; of the rest, how many there are.
TOLD = 3


class Before:
    """A model and a function's inputs (plain data or tensors), remembered as they are now."""

    def __init__(self, model: Any = None, **inputs: Any) -> None:
        import torch

        self.model, self.inputs = model, inputs
        self._state = _state(model)
        self._packed = {name: pack(value) for name, value in inputs.items()}
        self._random = torch.get_rng_state()
        self._settings = Settings.now()

    def changes(self, model: Any = None) -> dict[str, list[str]]:
        """Return the names of what has changed, by mistake, and put torch's settings back.

        `model` is the one to look at, if it is another than before: a changed copy, for instance.
        """
        import torch

        old, new = self._state, _state(self.model if model is None else model)
        found = {
            id: [name for name in old[part] if differs(old[part][name], new[part].get(name))]
            for id, (part, differs) in _DIFFERENCES.items()
        }
        found["inputs-changed"] = [
            name for name, value in self.inputs.items() if pack(value) != self._packed[name]
        ]
        found["random-state-changed"] = (
            [] if torch.equal(self._random, torch.get_rng_state()) else ["the generator"]
        )
        found["settings-changed"] = self._settings.changed()
        self._settings.apply()
        return found


def _state(model: Any) -> dict[str, dict[str, Any]]:
    """Return what there is to be remembered of a model, by part and name."""
    import torch

    parameters = dict(model.named_parameters()) if model is not None else {}
    modules = dict(model.named_modules()) if model is not None else {}
    return {
        "weights": {name: one.detach().clone() for name, one in parameters.items()},
        "gradients": {
            name: None if one.grad is None else one.grad.detach().clone()
            for name, one in parameters.items()
        },
        "trains": {name: one.requires_grad for name, one in parameters.items()},
        "dropout": {
            name: one.p for name, one in modules.items() if isinstance(one, torch.nn.Dropout)
        },
        "mode": {name or "the model": one.training for name, one in modules.items()},
    }


def _other_values(old: Any, new: Any) -> bool:
    """Return whether a tensor (or None) holds other numbers, whatever its device and dtype."""
    if old is None or new is None:
        return old is not new
    return old.shape != new.shape or not bool((new.to(old.device, old.dtype) == old).all())


#: By mistake, what part of a model shows it, and how what was there differs from what is there.
_DIFFERENCES: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "weights-changed": ("weights", _other_values),
    "weights-cast": ("weights", lambda old, new: new is not None and old.dtype != new.dtype),
    "gradients-changed": ("gradients", _other_values),
    "parameters-frozen": ("trains", lambda old, new: old and new is False),
    "parameters-unfrozen": ("trains", lambda old, new: not old and new is True),
    "dropout-changed": ("dropout", lambda old, new: old != new),
    "mode-changed": ("mode", lambda old, new: new is not None and old != new),
}


class Names(list[str]):
    """Names of what has changed; as text, the first few of them."""

    def __str__(self) -> str:
        more = [f"{len(self) - TOLD} more"] if len(self) > TOLD + 1 else []
        *first, last = [*self[: TOLD if more else TOLD + 1], *more]
        return f"{', '.join(first)} and {last}" if first else last


def disturbed(observed: Any) -> dict[str, Names]:
    """Return what `changes` told, by mistake, read as hostile data; what is unchanged is left out."""
    told = need_mapping(observed, (), "What was observed of the model")
    return {
        id: Names(name[:100] if isinstance(name, str) else code(name) for name in names)
        for id, names in told.items()
        if isinstance(names, list) and names
    }


def signs(*ids: str) -> dict[str, Callable[[Any], bool]]:
    """Return the signs of those mistakes, or of `ALWAYS`, for facts that have `disturbed`."""

    def sign(id: str) -> Callable[[Any], bool]:
        return lambda it: id in it.disturbed

    return {id: sign(id) for id in ids or ALWAYS}
