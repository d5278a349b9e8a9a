"""Watches training from outside: what PyTorch was asked to do, in which order, with what numbers.

    with Watch() as watch:
        fine_tune(...)
    print(watch.updates, watch.events)

The code that is watched needs no change and is not disturbed: hooks and patches of PyTorch tell of
each event and are taken away at the end, and what goes wrong in watching goes into `failures`,
never into that code. Seen are modules that have parameters, backward passes, optimizers,
schedulers, clearing and clipping, in this process. Not seen is what happens in another process or
inside compiled code, and the step of an optimizer that never ran `Optimizer.__init__` or is none
at all: of that one only the effect shows, as a "change".
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from course.optimizer_numbers import groups_of, has_gradient, real_number, sizes_of, smallest_of

MAX_EVENTS = 200_000  # far more than a run of this course has; later ones are dropped

Numbers = tuple[float | None, ...]
OnForward = Callable[["Event", Any, Mapping[str, Any]], None]
OnBackward = Callable[["Event", Any], None]
OnStep = Callable[["Event", Any], None]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened; what does not belong to its kind, or could not be read, is None.

    The kinds are "forward" (the outermost module that was called), "backward", "clip", "step" (of
    an optimizer), "change" (weights changed though no optimizer was seen), "schedule" (a
    scheduler's step) and "clear" (`zero_grad`).
    """

    kind: str
    #: The class of the module, optimizer or scheduler, or the function of PyTorch that was called.
    name: str = ""
    #: forward: the mode of the model, and whether gradients were recorded.
    training: bool | None = None
    gradients: bool | None = None
    #: forward with labels, and backward: the loss.
    loss: float | None = None
    #: backward, the first after a step: whether gradients of the time before were still there.
    stale: bool | None = None
    #: step: which optimizer it was, counted from 0 in the order in which they were seen.
    number: int | None = None
    #: step, for each parameter group: its learning rate, the norm of its gradients, and the
    #: largest of them. The last two only with `Watch(gradients=True)`.
    rates: Numbers = ()
    norms: Numbers = ()
    largest: Numbers = ()


def _quietly(method: Callable[..., Any]) -> Callable[..., None]:
    """Let a method of :class:`Watch` raise nothing, and see nothing of what it does itself."""

    @functools.wraps(method)
    def quiet(self: Watch, *args: Any, **kwargs: Any) -> None:
        import torch

        if torch.compiler.is_compiling() or self._busy:
            return
        self._busy = True
        try:
            method(self, *args, **kwargs)
        except Exception as error:
            if len(self.failures) < 100:
                self.failures.append(error)
        finally:
            self._busy = False

    return quiet


class Watch:
    """Notes what happens while it is open; `events` has it in order.

    `on_forward(event, model, inputs)` and `on_step(event, optimizer)` are called after each of
    these, `on_backward(event, root)` before, with the first tensor that is gone back from. What they
    do is not noted, and what they raise goes into `failures`.
    """

    def __init__(
        self,
        *,
        gradients: bool = False,
        on_forward: OnForward | None = None,
        on_backward: OnBackward | None = None,
        on_step: OnStep | None = None,
    ) -> None:
        self.gradients = gradients
        self.on_forward, self.on_backward, self.on_step = on_forward, on_backward, on_step
        self.events: list[Event] = []
        self.failures: list[Exception] = []
        self._busy = False
        self._backwards = 0
        self._outer: Any = None  # the outermost module that is being called
        self._inside: list[str] = []  # the kinds of patched calls that are under way
        self._optimizers: list[Any] = []
        #: What each optimizer found when its step began, and after how many backward passes.
        self._found: dict[int, tuple[int, dict[str, Numbers]]] = {}
        #: A parameter of the last step, until the next backward pass has been looked at.
        self._stepped: Any = None
        #: A small parameter and what it was at the last forward pass, until a step explains it.
        self._before: tuple[Any, Any] | None = None

    @property
    def updates(self) -> int:
        """How often the weights were updated.

        Several optimizers that step at one moment make one update, and so do the two passes of a
        step that looks ahead. Where no optimizer was seen, changes are counted.
        """
        marks = [
            event.number
            for event in self.events
            if event.kind in ("step", "backward") or (event.kind == "forward" and event.gradients)
        ]
        runs = [list(run) for of_steps, run in groupby(marks, lambda n: n is not None) if of_steps]
        steps = sum(max(map(run.count, run)) for run in runs)
        return steps or sum(event.kind == "change" for event in self.events)

    def __enter__(self) -> Watch:
        import torch
        from torch.nn.utils import clip_grad
        from torch.optim import Optimizer, lr_scheduler, optimizer

        with ExitStack() as undo:
            undo.callback(optimizer.register_optimizer_step_pre_hook(self._before_step).remove)
            undo.callback(optimizer.register_optimizer_step_post_hook(self._after_step).remove)
            undo.callback(self._patch_modules())
            for owner, name, note in (
                (torch.Tensor, "backward", self._note_backward),
                (torch.autograd, "backward", self._note_backward),
                (torch.autograd, "grad", self._note_backward),
                (torch.nn.utils, "clip_grad_norm_", self._note_clip),
                (torch.nn.utils, "clip_grad_value_", self._note_clip),
                # Whoever imported `clip_grad_norm_` by name still finds this one here.
                (clip_grad, "_clip_grads_with_norm_", self._note_clip),
                (Optimizer, "zero_grad", self._note_clear),
                (torch.nn.Module, "zero_grad", self._note_clear),
                (lr_scheduler.LRScheduler, "step", self._note_schedule),
                (lr_scheduler.ReduceLROnPlateau, "step", self._note_schedule),
            ):
                undo.callback(self._patch(owner, name, note))
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._undo.close()
        self._see_change()
        self._optimizers, self._found, self._stepped, self._before = [], {}, None, None

    def _patch(self, owner: Any, name: str, note: Callable[..., None]) -> Callable[[], None]:
        """Note calls of `owner.name`, but not those that a call noted in the same way makes."""
        import torch

        original = vars(owner).get(name)
        if original is None:  # another version of PyTorch
            return lambda: None
        kind = note.__name__

        @functools.wraps(original)
        def watched(*args: Any, **kwargs: Any) -> Any:
            if torch.compiler.is_compiling():
                return original(*args, **kwargs)
            if kind not in self._inside:
                self._see_change()
                note(name, *args, **kwargs)
            self._inside.append(kind)
            try:
                return original(*args, **kwargs)
            finally:
                self._inside.remove(kind)

        setattr(owner, name, watched)
        return lambda: setattr(owner, name, original)

    def _patch_modules(self) -> Callable[[], None]:
        # PyTorch's own hooks for all modules hide named arguments, and make `torch.compile` warn.
        import torch

        owner: Any = torch.nn.Module
        original = owner.__call__

        @functools.wraps(original)
        def call(module: Any, *args: Any, **kwargs: Any) -> Any:
            # Asked first: the compiler must find nothing of the watcher in what it compiles.
            if torch.compiler.is_compiling() or self._outer is not None:
                return original(module, *args, **kwargs)
            self._see_change()
            self._before_forward(module)
            try:
                output = original(module, *args, **kwargs)
                if self._outer is module:
                    self._after_forward(module, args, kwargs, output)
                return output
            finally:
                if self._outer is module:
                    self._outer = None

        owner.__call__ = call
        return lambda: setattr(owner, "__call__", original)

    def _note(self, kind: str, name: str, **seen: Any) -> Event:
        event = Event(kind, name, **seen)
        if len(self.events) < MAX_EVENTS:
            self.events.append(event)
        return event

    @_quietly
    def _before_forward(self, module: Any) -> None:
        # A backward pass may call modules again, to save memory: that is no new forward pass.
        # And what has no parameters is a loss, or an activation.
        if "_note_backward" not in self._inside and next(module.parameters(), None) is not None:
            self._outer = module

    @_quietly
    def _after_forward(self, module: Any, args: Any, named: Any, output: Any) -> None:
        import torch

        recorded = torch.is_grad_enabled()
        event = self._note(
            "forward",
            type(module).__name__,
            training=bool(module.training),
            gradients=recorded,
            loss=real_number(getattr(output, "loss", None)),
        )
        if recorded and (learning := [one for one in module.parameters() if one.requires_grad]):
            smallest = min(learning, key=lambda one: one.numel())
            self._before = (smallest, smallest.detach().clone())
        if self.on_forward is not None:
            self.on_forward(event, module, _by_name(module, args, named))

    @_quietly
    def _see_change(self) -> None:
        """Note a change of the weights since the last forward pass that no step explains."""
        if self._before is not None:
            parameter, before = self._before
            if bool((parameter.detach() != before).any()):
                self._before = None
                self._note("change", "")

    @_quietly
    def _note_backward(self, name: str, *args: Any, **kwargs: Any) -> None:
        self._backwards += 1
        roots = args[0] if args else next(iter(kwargs.values()), None)
        root = roots[0] if isinstance(roots, list | tuple) and roots else roots
        # `grad` adds to nothing.
        stepped, self._stepped = self._stepped, None
        stale = has_gradient(stepped) if stepped is not None and name != "grad" else None
        event = self._note("backward", name, loss=real_number(root), stale=stale)
        if self.on_backward is not None:
            self.on_backward(event, root)

    @_quietly
    def _note_clip(self, name: str, *args: Any, **kwargs: Any) -> None:
        self._note("clip", "clip_grad_value_" if "value" in name else "clip_grad_norm_")

    @_quietly
    def _note_clear(self, name: str, *args: Any, **kwargs: Any) -> None:
        self._note("clear", name)

    @_quietly
    def _note_schedule(self, name: str, scheduler: Any, *args: Any, **kwargs: Any) -> None:
        if getattr(scheduler, "_step_count", 1) != 0:  # 0: it is being made
            self._note("schedule", type(scheduler).__name__)

    @_quietly
    def _before_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        self._found[id(optimizer)] = (self._backwards, self._look(optimizer))

    @_quietly
    def _after_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        backwards, seen = self._found.pop(id(optimizer), (-1, {}))
        if backwards != self._backwards:  # a closure went backward within the step
            seen = self._look(optimizer)
        if not any(optimizer is known for known in self._optimizers):
            self._optimizers.append(optimizer)
        number = next(n for n, known in enumerate(self._optimizers) if known is optimizer)
        event = self._note("step", type(optimizer).__name__, number=number, **seen)
        self._stepped = smallest_of(optimizer)
        self._before = None
        if self.on_step is not None:
            self.on_step(event, optimizer)

    def _look(self, optimizer: Any) -> dict[str, Numbers]:
        """Return what an optimizer finds when it steps, group by group."""
        groups = groups_of(optimizer)
        seen = {"rates": tuple(real_number(group.get("lr")) for group in groups)}
        if self.gradients:
            sizes = [sizes_of(group) for group in groups]
            seen |= {"norms": tuple(n for n, _ in sizes), "largest": tuple(m for _, m in sizes)}
        return seen


def _by_name(module: Any, args: Any, named: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a call of `module` by their names, or by their places if unknown."""
    names: list[str] = []
    with suppress(Exception):
        for one in inspect.signature(module.forward).parameters.values():
            names += [one.name] if one.kind is one.POSITIONAL_OR_KEYWORD else []
    names += [str(place) for place in range(len(names), len(args))]
    return dict(zip(names, args, strict=False)) | dict(named)
