"""What checking a course finds wrong with it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """Something wrong with the course: where, what kind, and in what way."""

    where: str
    kind: str
    detail: str
