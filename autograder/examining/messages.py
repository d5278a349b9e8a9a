"""Requests to a student's process, and its replies: read as hostile input.

A message is one line of JSON (the skeleton of :mod:`course.plain`), then the tensors as
safetensors. Neither format can carry code. What comes back is limited in size and depth, must be
a plain file at the very place that was named, and is otherwise reported as unreadable.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
from pathlib import Path
from typing import Any

from course.files import NotPlainFileError, read_bounded
from course.plain import NotPlainError, pack, restore

#: A BERT-base model in float32 is 440 MB; nothing larger is asked of a student here.
MAX_REPLY_BYTES = 600 * 2**20
MAX_SKELETON_BYTES = 4 * 2**20


class BadReplyError(Exception):
    """A reply that is not what the agent writes; the text says in what way."""


def write_request(path: Path, request: dict[str, Any]) -> None:
    """Write `request` (plain data) for the agent to read."""
    path.write_bytes(pack(request))
    path.chmod(0o644)  # a contained process is another user; the folder itself is private


def clear_reply(path: Path) -> None:
    """Make `path` an empty plain file, whatever a student's process has put there."""
    flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        # Emptied, not replaced: a contained process has this very file mounted.
        handle = os.open(path, flags)
        with os.fdopen(handle, "wb") as file:
            if stat.S_ISREG(os.fstat(handle).st_mode):
                file.truncate(0)
                return
    except OSError:
        pass
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    os.close(os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600))


def read_reply(path: Path) -> dict[str, Any]:
    """Return the reply in `path`; raises :class:`BadReplyError` for anything else than plain data."""
    try:
        data = read_bounded(path, MAX_REPLY_BYTES)
    except NotPlainFileError as error:
        raise BadReplyError(f"the reply {error}") from error
    except OSError as error:
        raise BadReplyError("no reply was written") from error
    return reply_in(data)


def reply_in(data: bytes) -> dict[str, Any]:
    """Return the reply that `data` packs; raises :class:`BadReplyError`."""
    if not data:
        raise BadReplyError("no reply was written")
    end = data.find(b"\n", 0, MAX_SKELETON_BYTES)
    if end < 0:
        raise BadReplyError("the reply has no readable beginning")
    try:
        skeleton = json.loads(data[:end])
        tensors = _tensors(data[end + 1 :])
        reply = restore(skeleton, tensors)
    except (NotPlainError, ValueError, RecursionError, OverflowError) as error:
        raise BadReplyError(f"the reply is not plain data: {str(error)[:200]}") from error
    if not isinstance(reply, dict) or len(reply) != 1:
        raise BadReplyError("the reply is not one answer")
    return reply


def _tensors(data: bytes) -> dict[str, Any]:
    if not data:
        return {}
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return load(data)
    except (SafetensorError, KeyError, RuntimeError) as error:
        raise NotPlainError(f"its tensors cannot be read: {error}") from error
