"""The pre-warmed process: imports once what notebooks import, and forks a kernel per submission.

    python -P -m autograder.kernels.zygote FD PRELOAD…

`FD` is a socket inherited from the grader, who shares its own end with its workers. A request is
one JSON message with the socket for the new kernel's supervisor; when all have closed their end,
this process ends with all its kernels.

It never runs a student's code, opens no GPU, holds no secret, test or label, and starts no thread:
a fork copies the calling thread alone, and an OpenMP region run before it would leave every child
hanging in its first matrix product. That this is so is tried at the start, in a child.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NoReturn

from autograder.kernels.containment import Limits, Place
from autograder.kernels.supervisor import supervise

#: Imported before any other: tqdm.auto chooses its form by whether ipykernel is there. The
#: responder is there by its import alone: in a contained kernel its file cannot be seen.
FIRST = ("ipykernel.zmqshell", "ipykernel.kernelapp", "autograder.examining.responder")
#: Seconds in which a fork must have done a matrix product, forward and backward.
CANARY_SECONDS = 10.0
MAX_REQUEST = 65536


def main() -> None:
    """Import, prove that forking is safe, and serve requests until no client is left."""
    door = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the grader's to handle
    sys.modules["debugpy"] = None  # type: ignore[assignment] # a kernel would start its threads
    for name in (*FIRST, *sys.argv[2:]):
        importlib.import_module(name)
    with contextlib.suppress(Exception):
        # Its checksum is verified once a process: here, for all kernels. One that is missing or
        # changed is the notebook's to meet.
        importlib.import_module("course").checkpoint()
        if "course.checks.shared_tokenizer" in sys.modules:
            # The first tokenizer of a process brings in what the imports left for later.
            sys.modules["course.checks.shared_tokenizer"].tokenizer()
    with contextlib.suppress(Exception):
        _forget_fingerprints()
    for handle in _gpu_handles():
        _refuse(door, f"the imports opened {handle}: a fork cannot share a GPU")
    if "torch" in sys.modules and not _fork_computes():
        _refuse(door, "a forked process hung in a matrix product: the imports computed something")
    gc.collect()
    gc.freeze()
    door.send(b"ready")
    serve(door)


def _forget_fingerprints() -> None:
    """Have datasets number what it makes instead of hashing how it was made.

    Dataset.map hashes its function with all that hangs on it, a tenth of a second for a tokenizer,
    to find the result of an earlier run in a cache. A kernel has no earlier run.
    """
    if "datasets" not in sys.modules:
        return
    from datasets import arrow_dataset, fingerprint

    def number(*_args: Any) -> str:
        return str(fingerprint.generate_random_fingerprint())

    for module in (fingerprint, arrow_dataset):
        if hasattr(module, "update_fingerprint"):
            module.update_fingerprint = number


def serve(door: socket.socket) -> None:
    """Fork a supervisor for each request; tidy up behind those that ended."""
    folders: dict[int, Path] = {}
    while True:
        if select.select([door], [], [], 0.5 if folders else None)[0]:
            request, handle = _receive(door)
            if request is None:
                break
            control = socket.socket(fileno=handle)
            place = _place(request["place"])
            process = os.fork()
            if process == 0:
                door.close()
                _become_supervisor(control, place, request)
            control.close()
            folders[process] = place.folder
        _reap(folders, wait=False)
    _reap(folders, wait=True)


def _receive(door: socket.socket) -> tuple[dict[str, Any] | None, int]:
    """Return the next request and the handle that came with it; None when all doors are closed."""
    data, handles, _, _ = socket.recv_fds(door, MAX_REQUEST, 1)
    return (json.loads(data), handles[0]) if data else (None, -1)


def _place(fields: dict[str, Any]) -> Place:
    submission = fields["submission"]
    return Place(
        folder=Path(fields["folder"]),
        submission=Path(submission) if submission else None,
        readable=tuple(fields["readable"]),
        hidden=tuple(fields["hidden"]),
        gpu=bool(fields["gpu"]),
    )


def _become_supervisor(control: socket.socket, place: Place, request: dict[str, Any]) -> NoReturn:
    contained = bool(request["contained"])

    def target(ready: Any) -> None:
        run_kernel(place, contained, int(request["threads"]), ready)

    supervise(control, place, Limits(**request["limits"]), contained, target)


def run_kernel(place: Place, contained: bool, threads: int, ready: Any) -> None:
    """Be an IPython kernel, as a fresh one would be (in the contained child)."""
    import logging
    import random

    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if not contained and place.submission is not None:
        os.chdir(place.submission)
    sys.path.insert(0, "")
    sys.argv = ["ipykernel_launcher.py"]
    tempfile.tempdir = None
    # Python's and numpy's unseeded draws differ between kernels; torch starts every process with
    # the same default seed, forked or not.
    random.seed()
    if (numpy := sys.modules.get("numpy")) is not None:
        numpy.random.seed()
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_num_threads(threads)
    from ipykernel.kernelapp import IPKernelApp

    app = IPKernelApp.instance(capture_fd_output=False, log_level=logging.CRITICAL)
    app.initialize(["-f", str(place.mail / "connection.json"), "--HistoryManager.enabled=False"])
    # Handlers made while importing hold the zygote's stderr.
    for name in (None, *logging.root.manager.loggerDict):
        for handler in logging.getLogger(name).handlers:
            if type(handler) is logging.StreamHandler:
                handler.setStream(sys.stderr)
    # `exit()` in a cell ends a notebook's session; the cells after it are graded all the same.
    app.shell.ask_exit = lambda: None  # type: ignore[union-attr] # it has a shell by now
    ready()
    app.start()


def _reap(folders: dict[int, Path], *, wait: bool) -> None:
    """Remove the folders of supervisors that ended, whoever forgot them."""
    for process in list(folders):
        with contextlib.suppress(ChildProcessError):
            if os.waitpid(process, 0 if wait else os.WNOHANG)[0] == 0:
                continue
        shutil.rmtree(folders.pop(process), ignore_errors=True)


def _gpu_handles() -> list[str]:
    found = []
    for handle in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            path = os.readlink(f"/proc/self/fd/{handle}")
            if path.startswith("/dev/nvidia"):
                found.append(path)
    return found


def _fork_computes() -> bool:
    """Return whether a forked process gets through a forward and a backward pass."""
    child = os.fork()
    if child == 0:
        import torch

        layer = torch.nn.Linear(256, 256)
        layer(torch.ones(64, 256)).square().mean().backward()
        os._exit(0)
    over = time.monotonic() + CANARY_SECONDS
    while time.monotonic() < over:
        if os.waitpid(child, os.WNOHANG)[0]:
            return True
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def _refuse(door: socket.socket, reason: str) -> NoReturn:
    door.send(f"refused: {reason}".encode())
    sys.exit(1)


if __name__ == "__main__":
    main()
