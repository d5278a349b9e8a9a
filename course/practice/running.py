"""Runs a question's Python in its own namespace, with a few names ready and output captured."""

from __future__ import annotations

import contextlib
import io
import json
import random
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from course.quiet import quiet

MEASURED = Path(__file__).resolve().parent.parent / "measured"


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


def table(rows: Sequence[Sequence[Any]]) -> str:
    """Return rows as text in columns: the first aligned to the left, the others to the right."""
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in texts
    )


def one_fault(
    rng: random.Random, given: str, lines: Sequence[str], faults: Mapping[int, str]
) -> tuple[str, str, str, str, str] | None:
    """Break one of `lines`, and return what a question of the kind `find` needs.

    `given` is run before them; they assign `result`. `faults` has the broken form of each line that
    can be broken, by its number from 1. Returned are the code with one broken line, that line, its
    right form, the result, and the right result; None where two faults, or a fault and the right
    lines, give the same result, so that it would not tell which line is broken.
    """

    def result(lines: Sequence[str]) -> str:
        names: dict[str, Any] = {}
        run("\n".join([given, *lines]), names)
        return str(names["result"])

    broken = {
        number: [*lines[: number - 1], fault, *lines[number:]] for number, fault in faults.items()
    }
    results = {number: result(code) for number, code in broken.items()}
    wanted = result(lines)
    if len({wanted, *results.values()}) <= len(results):
        return None
    number = rng.choice(sorted(faults))
    code = "\n".join(broken[number])
    return code, faults[number], lines[number - 1], results[number], wanted


def _measured(name: str) -> Any:
    return json.loads((MEASURED / f"{name}.json").read_text(encoding="utf-8"))


#: The names that any question's Python may use; each is made when first used.
READY: dict[str, Callable[[], Any]] = {
    "torch": _torch,
    "tokenizer": _tokenizer,
    "checkpoint": _checkpoint,
    "reviews": _reviews,
    "model_factory": lambda: model_factory,
    "tiny_model": _tiny_model,
    "table": lambda: table,
    "one_fault": lambda: one_fault,
    "measured": lambda: _measured,
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
