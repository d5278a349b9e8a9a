"""Loads what every lesson computes with, and shows that it does while it takes its seconds."""

from __future__ import annotations

import importlib
import threading
import time
from importlib.metadata import version
from typing import Any

#: transformers loads its parts only when they are named; that of a BERT takes over a second.
LIBRARIES = ("torch", "transformers.models.bert.modeling_bert", "datasets")


def load_libraries() -> None:
    """Import PyTorch and transformers, and say in one line what is loaded; raises ImportError.

    In a notebook the line counts the seconds meanwhile: a machine that is cold takes up to ten.
    """
    line, began, done = _line_of_the_notebook(), time.monotonic(), threading.Event()

    def tell() -> None:
        while line is not None and not done.wait(1.0):
            line.update(
                _Text(f"Loading PyTorch and transformers: {time.monotonic() - began:.0f} s")
            )

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        for name in LIBRARIES:
            importlib.import_module(name)
    finally:
        done.set()
        teller.join()
    said = f"PyTorch {version('torch')} and transformers {version('transformers')} are loaded."
    if line is None:
        print(said)
    else:
        line.update(_Text(said))


class _Text:
    """A line of text, as the value of a cell shows it but without quotes."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def _line_of_the_notebook() -> Any:
    """Return a line that can be replaced, or None outside a notebook's kernel."""
    from IPython import get_ipython
    from IPython.display import display

    if getattr(get_ipython(), "kernel", None) is None:
        return None
    return display(_Text("Loading PyTorch and transformers"), display_id=True)
