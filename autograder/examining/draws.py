"""Random draws that no student can predict: each submission's inputs follow from a secret."""

from __future__ import annotations

import hmac
import random
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Drawn = TypeVar("Drawn")


def course_secret(path: Path) -> bytes:
    """Return the secret in `path`, made when there is none; readable by its owner only."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        part.touch(mode=0o600)
        part.write_bytes(secrets.token_bytes(32))
        try:
            # A hard link fails if another process was first: then its secret counts.
            path.hardlink_to(part)
        except FileExistsError:
            pass
        finally:
            part.unlink()
    return path.read_bytes()


def draws_for(secret: bytes, *names: str) -> random.Random:
    """Return the random draws that belong to `names` (assignment, submission, task)."""
    return random.Random(hmac.digest(secret, "\0".join(names).encode(), "sha256"))


def until(holds: Callable[[Drawn], bool], draw: Callable[[], Drawn]) -> Drawn:
    """Return the first draw that `holds`."""
    while not holds(drawn := draw()):
        pass
    return drawn
