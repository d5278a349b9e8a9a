"""One kernel's supervisor: forks it into its namespaces, watches over it, and ends it.

It stands outside the kernel's PID namespace, where no student's code can reach it. It ends the
kernel when the grader says so or is gone, when time is over, and when the kernel with all that it
started holds too much memory. Its last message says which of these it was.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from autograder.kernels import containment, linux
from autograder.kernels.containment import Limits, Place

#: Seconds between two looks at memory and time.
PULSE = 0.1
#: Seconds for containment and ipykernel to come up.
PATIENCE = 30.0

#: What a local socket's buffer holds at most: net.core.wmem_default; none can be made larger.
LOCAL_BUFFER = 212_992

Target = Callable[[Callable[[], None]], Any]
"""What the contained process runs; it calls its argument once when it is ready."""


def supervise(
    control: socket.socket, place: Place, limits: Limits, contained: bool, target: Target
) -> NoReturn:
    """Run `target` in a contained child and watch it until it ends (in a fork of the zygote)."""
    child = 0
    try:
        os.setsid()
        if contained:
            containment.enter_namespaces()
        ready, tell = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(ready)
            control.close()
            _run(tell, place, limits, contained, target)
        os.close(tell)
        # Stopped by whoever ends the zygote, the kernel is ended first.
        signal.signal(signal.SIGTERM, lambda *_: _stop(child))
        linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGTERM)
        failure = _await_start(ready)
        if failure is None and contained:
            containment.seal_sockets(place)
        if failure is None:
            _say(control, {"ready": True})
            reason = _watch(control, child, limits, contained)
        else:
            reason = failure
        status = _end(child)
        _say(control, {"ended": reason, "status": status})
    except OSError as error:
        _end(child)
        _say(control, {"ended": f"cannot contain: {containment.explain(error)}", "status": None})
    except BaseException as error:
        _end(child)
        _say(control, {"ended": f"supervisor: {type(error).__name__}: {error}", "status": None})
    os._exit(0)


def _run(tell: int, place: Place, limits: Limits, contained: bool, target: Target) -> NoReturn:
    """Confine this process and run `target` in it."""
    try:
        if contained:
            containment.confine(place, limits)
        else:
            linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
    except OSError as error:
        os.write(tell, f"cannot contain: {containment.explain(error)}".encode())
        os._exit(1)

    def ready() -> None:
        os.write(tell, b"ready")
        os.close(tell)

    try:
        target(ready)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.write(tell, f"{type(error).__name__}: {error}".encode())
    os._exit(0)


def _await_start(ready: int) -> str | None:
    """Wait for the child's word; return what went wrong, or None."""
    words = b""
    if select.select([ready], [], [], PATIENCE)[0]:
        words = os.read(ready, 4096)
    os.close(ready)
    if words == b"ready":
        return None
    return words.decode(errors="replace") or "the kernel did not start"


def _watch(control: socket.socket, child: int, limits: Limits, contained: bool) -> str:
    """Carry out what the grader says until the kernel ends or has to; return why it ended."""
    over = time.monotonic() + limits.wall_seconds
    while True:
        if select.select([control], [], [], PULSE)[0]:
            try:
                order = control.recv(64)
            except OSError:
                order = b""
            if order in (b"", b"kill"):
                return "killed"
            with contextlib.suppress(ValueError, OSError):
                os.kill(child, int(order))
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return "exited"
        if time.monotonic() > over:
            return f"time: it ran for over {limits.wall_seconds} seconds in all"
        # What forks share is counted once only by the second look, which takes far longer.
        if contained and _held("status", "RssAnon", "RssShmem") > limits.memory:
            held = _held("smaps_rollup", "Pss_Anon", "Pss_Shmem")
            if held > limits.memory:
                return f"memory: it held {held} MiB, and {limits.memory} are allowed"


def _held(file: str, private: str, shared: str) -> int:
    """Return how many MiB all processes of the namespace hold by two fields, tmpfs and sockets included.

    Shared maps may be files of the tmpfs, which must not count twice, or nobody's file: the larger
    of the two amounts counts. /proc here is the namespace's, so it lists just these.
    """
    kib = {private: 0, shared: 0}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                # Line by line: a process may call itself by a field's name.
                for line in Path(f"/proc/{name}/{file}").read_bytes().splitlines():
                    field, colon, rest = line.partition(b":")
                    key = field.decode("ascii", "replace")
                    if colon and key in kib and rest.endswith(b" kB"):
                        kib[key] += int(rest.split(None, 1)[0])
    disk = os.statvfs("/home")
    in_files = (disk.f_blocks - disk.f_bfree) * disk.f_frsize
    held = kib[private] * 1024 + max(kib[shared] * 1024, in_files) + _in_sockets()
    return held // containment.MIB


def _in_sockets() -> int:
    """Return about how many bytes wait in the sockets of the namespace.

    Linux tells it of network sockets; a local one, of which it does not, counts as full.
    """
    waiting = 0
    for name in ("tcp", "tcp6", "udp", "udp6", "unix"):
        with contextlib.suppress(OSError):
            # The kernel's own: we are in another PID namespace, and have no /proc/self here.
            _, *lines = Path(f"/proc/1/net/{name}").read_bytes().splitlines()
            if name == "unix":
                waiting += len(lines) * LOCAL_BUFFER
                continue
            for line in lines:
                sent, _, received = line.split()[4].partition(b":")
                waiting += int(sent, 16) + int(received, 16)
    return waiting


def _end(child: int) -> int | None:
    """Kill the kernel; with the first process of its namespace all others end. Its status."""
    if not child:
        return None
    with contextlib.suppress(OSError):
        os.kill(child, signal.SIGKILL)
        return os.waitpid(child, 0)[1]
    return None


def _stop(child: int) -> NoReturn:
    _end(child)
    os._exit(1)


def _say(control: socket.socket, message: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):
        control.send(json.dumps(message).encode())
