"""Files that are written whole or not at all, and read without being led astray.

What several processes share is replaced in one step: a reader finds the old state or the new one.
What others may have laid down is read only if it is a plain file of limited size: not through a
link, and never waiting on a pipe that nobody writes.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

# Not every system has all of these: Windows has a text mode, and no links or pipes to fear.
_BINARY = getattr(os, "O_BINARY", 0)
_READ = os.O_RDONLY | _BINARY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY


class NotPlainFileError(OSError):
    """What stands at a path is not a plain file, or is too long; the text says which."""


def write_whole(path: Path, content: str | bytes, mode: int = 0o666) -> None:
    """Write `content` to `path`, whole or not at all; missing folders are made.

    `mode` is what the file may be used for at most; the umask takes its part from that.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # The name is used once, so two processes that write at once replace the file one by one.
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with os.fdopen(os.open(part, _CREATE, mode), "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def read_bounded(path: Path, limit: int) -> bytes:
    """Return what is in `path`, a plain file of at most `limit` bytes.

    Raises :class:`NotPlainFileError` for anything else, and the system's own OSError where nothing
    can be opened, as at a link.
    """
    handle = os.open(path, _READ)
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise NotPlainFileError("is not a plain file")
        # Asked for its length first: a file of holes need not be read to be refused.
        if status.st_size > limit:
            raise NotPlainFileError(f"is {status.st_size / 2**20:.0f} MiB long")
        with open(handle, "rb", closefd=False) as file:
            data = file.read(limit + 1)
    finally:
        os.close(handle)
    if len(data) > limit:  # it has grown meanwhile
        raise NotPlainFileError("is still being written")
    return data
