"""The checkpoint's tokenizer, new for each try: of any lesson."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any


@cache
def _loaded() -> tuple[Any, str]:
    """Return the checkpoint's tokenizer, and how its Rust part describes itself."""
    from transformers import AutoTokenizer

    from course import checkpoint

    made = AutoTokenizer.from_pretrained(checkpoint())
    return made, _described(made)


def _described(made: Any) -> str:
    # Every call of a tokenizer leaves its truncation and padding behind.
    made.backend_tokenizer.no_truncation()
    made.backend_tokenizer.no_padding()
    return repr(made.backend_tokenizer)


def tokenizer() -> Any:
    """Return a new tokenizer of the embedded checkpoint, whatever was done to earlier ones.

    Loading takes 0.1 s, most of it for the Rust part: that is shared until somebody changes it.
    """
    made, description = _loaded()
    if _described(made) != description:
        _loaded.cache_clear()
        made, _ = _loaded()
    shared = (made.backend_tokenizer, vars(made).get("_vocab"))
    return copy.deepcopy(made, {id(part): part for part in shared})
