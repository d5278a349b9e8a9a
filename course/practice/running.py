"""Runs a question's Python in its own namespace, with a few names ready and output captured."""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from course.quiet import quiet


@cache
def _tokenizer() -> Any:
    from transformers import AutoTokenizer

    from course import checkpoint

    return AutoTokenizer.from_pretrained(checkpoint())


def model_factory(**settings: Any) -> Any:
    """Return the course's BERT with a new head, always the same, in evaluation mode."""
    import torch
    from transformers import BertForSequenceClassification

    from course import checkpoint

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return BertForSequenceClassification.from_pretrained(checkpoint(), **settings)


@cache
def _reviews() -> Any:
    from course import load_reviews

    return load_reviews(limit=64)["train"]


def _tiny_model() -> Callable[..., Any]:
    from course.checks.tiny import tiny_classifier

    return lambda seed=0, classes=2: tiny_classifier(seed, classes)


def _torch() -> Any:
    import torch

    return torch


def _checkpoint() -> Any:
    from course import checkpoint

    return checkpoint


#: The names that any question's Python may use; each is made when first used.
READY: dict[str, Callable[[], Any]] = {
    "torch": _torch,
    "tokenizer": _tokenizer,
    "checkpoint": _checkpoint,
    "reviews": _reviews,
    "model_factory": lambda: model_factory,
    "tiny_model": _tiny_model,
}


def ready(code: str) -> dict[str, Any]:
    """Return those ready names that `code` mentions."""
    return {name: READY[name]() for name in set(re.findall(r"\w+", code)) & READY.keys()}


def run(code: str, names: dict[str, Any]) -> str:
    """Run `code` with `names`, which it may change, and return what it printed."""
    for name, value in ready(code).items():
        names.setdefault(name, value)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "<question>", "exec"), names)
    return printed.getvalue()


@contextlib.contextmanager
def apart() -> Iterator[None]:
    """Undo what a question does to random numbers, warnings and reports."""
    with contextlib.ExitStack() as stack:
        import torch

        stack.enter_context(warnings.catch_warnings())
        stack.enter_context(torch.random.fork_rng(devices=[]))
        torch.manual_seed(0)
        stack.enter_context(quiet())
        yield
