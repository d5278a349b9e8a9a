"""A student's process, as the examiner sees it: something that can be asked, and may not answer.

:class:`StudentKernel` is the Jupyter kernel in which a submission's cells have run;
:class:`StudentSubprocess` a plain process, for answers that come as text and need no notebook.
Both run the same responder and answer with the same replies.
"""

from __future__ import annotations

import inspect
import json
import linecache
import logging
import multiprocessing
import os
import queue
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from autograder.errors import GraderError
from autograder.examining import responder as responder
from autograder.examining.messages import BadReplyError, clear_reply, read_reply, write_request
from autograder.kernels.preload import NOTEBOOKS
from course.checks.base import Raised

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Returned:
    """The observation came back as plain data."""

    value: Any


@dataclass(frozen=True)
class Missing:
    """The student's process has no such name."""

    name: str


@dataclass(frozen=True)
class Silent:
    """No usable answer came: too slow, dead, or not plain data; `mistake` is how that is told."""

    mistake: str
    reason: str = ""
    seconds: float = 0.0


Reply = Returned | Raised | Missing | Silent


class StudentProcess(Protocol):
    """Something that runs `observe` on the student's function of that name."""

    def ask(
        self, function: str, observe: Callable[..., Any], inputs: dict[str, Any], timeout: float
    ) -> Reply:
        """Return what came of it within `timeout` seconds; never raises for the student's sake."""
        ...


def request_for(
    function: str, observe: Callable[..., Any], inputs: dict[str, Any]
) -> dict[str, Any]:
    """Return the request to call `observe` with `inputs` on the student's `function`."""
    # Student-side code is imported from `course`, or else travels as text; an exam's own module,
    # which knows what is right, must never travel.
    source = None
    if not observe.__module__.startswith("course."):
        if observe.__module__.rpartition(".")[2] != "probes":
            raise ValueError(f"{observe.__qualname__} must live in a probes module")
        source = inspect.getsource(sys.modules[observe.__module__])
    return {
        "function": function,
        "module": observe.__module__,
        "qualname": observe.__qualname__,
        "source": source,
        "inputs": inputs,
    }


def understood(read: Callable[[], dict[str, Any]]) -> Reply:
    """Return the reply that `read` reads, as one of our own records."""
    try:
        answer = read()
    except BadReplyError as error:
        return Silent("unreadable-reply", str(error))
    match answer:
        case {"value": value}:
            return Returned(value)
        case {"raised": {"type": str(kind), "text": str(text), "line": str(line)}}:
            return Raised(kind[:100], text[:2000], line[:200])
        case {"missing": str(name)}:
            return Missing(name)
    return Silent("unreadable-reply", "the reply is not one that the examiner knows")


class Mailbox:
    """The folder through which one student's process gets requests and gives its replies.

    A contained process sees it read-only, but for the file `reply`; `folder` is then that of its
    place. Without one, a private folder is made.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or Path(tempfile.mkdtemp(prefix="mailbox-"))
        self._ours = folder is None
        self.request = self.folder / "request"
        self.reply = self.folder / "reply"

    def post(self, function: str, observe: Callable[..., Any], inputs: dict[str, Any]) -> None:
        """Write a request to call `observe` with `inputs` on the student's `function`."""
        self._post(request_for(function, observe, inputs))

    def post_ping(self, modules: Sequence[str]) -> None:
        """Write the request of our own by which the way to a process is tried."""
        self._post({responder.PING: list(modules)})

    def _post(self, request: dict[str, Any]) -> None:
        clear_reply(self.reply)
        write_request(self.request, request)

    def collect(self) -> Reply:
        """Read the reply and turn it into one of our own records."""
        return understood(lambda: read_reply(self.reply))

    def close(self) -> None:
        """Remove the folder and what is in it, if it is ours."""
        if self._ours:
            shutil.rmtree(self.folder, ignore_errors=True)


class StudentKernel:
    """The kernel in which a submission's cells have run.

    `client` is a blocking client connected to that kernel, for our use alone; `interrupt` and
    `is_alive` act on the kernel's process; `mail` is the folder that a contained kernel shares.
    """

    #: Seconds that a kernel has to become idle after an interrupt before it counts as lost.
    GRACE = 5.0

    def __init__(
        self,
        client: Any,
        interrupt: Callable[[], None],
        is_alive: Callable[[], bool],
        mail: Path | None = None,
    ) -> None:
        self.client = client
        self.interrupt = interrupt
        self.is_alive = is_alive
        self.mailbox = Mailbox(mail)
        self.usable = True

    def ask(
        self, function: str, observe: Callable[..., Any], inputs: dict[str, Any], timeout: float
    ) -> Reply:
        """See :class:`StudentProcess`."""
        self.mailbox.post(function, observe, inputs)
        return self._asked(timeout)

    def ping(self, modules: Sequence[str], timeout: float) -> Reply:
        """Ask, before any student's cell has run, where the kernel imports `modules` from."""
        self.mailbox.post_ping(modules)
        return self._asked(timeout)

    def _asked(self, timeout: float) -> Reply:
        request, reply = str(self.mailbox.request), str(self.mailbox.reply)
        # An import looks its module up by itself, whatever names a notebook has given to what.
        text = (
            f"from {responder.__name__} import respond as _bert_classroom_respond\n"
            f"_bert_classroom_respond({request!r}, {reply!r})\n"
        )
        message = self.client.execute(text, silent=True, store_history=False, allow_stdin=False)
        if self._wait(message, timeout):
            return self.mailbox.collect()
        if not self.is_alive():
            self.usable = False
            return Silent("kernel-died")
        self.interrupt()
        self.usable = self._wait(message, self.GRACE) and self.is_alive()
        return Silent("timeout", seconds=timeout)

    def responds(self) -> bool:
        """Return whether the kernel answers a plain request."""
        self.usable = self._wait(self.client.kernel_info(), self.GRACE)
        return self.usable

    def _wait(self, message: str, timeout: float) -> bool:
        """Wait for the reply to `message`; False if the time is over or the kernel is dead."""
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            try:
                reply = self.client.get_shell_msg(timeout=min(left, 1.0))
                if reply["parent_header"]["msg_id"] == message:
                    return True
            except queue.Empty:
                if not self.is_alive():
                    return False
            except Exception:
                # No message of Jupyter's: whatever it is, it is not the answer.
                log.debug("a kernel sent what is no message", exc_info=True)
        return False

    def close(self) -> None:
        """Stop the client and remove the mailbox; the kernel is not ours to stop."""
        self.client.stop_channels()
        self.mailbox.close()


# A fork server imports the heavy packages once and forks a process per student. It runs no
# OpenMP region before forking: a child would hang in its first matrix product if it did.
_context = (
    multiprocessing.get_context("forkserver")
    if os.name == "posix"
    else multiprocessing.get_context("spawn")
)
PRELOAD = ("autograder.examining.processes", *NOTEBOOKS)
#: What the process says before it runs the first cell: what fails earlier is not the student's.
BEGUN = "begun"


class StudentSubprocess:
    """A plain process in which `cells` (Python source texts) have run.

    A cell that raises is remembered in `cell_errors` and the next one runs, as in a notebook.
    Raises GraderError where the process ends before the first of them runs.
    """

    def __init__(self, cells: Sequence[str], *, timeout: float = 60.0) -> None:
        self.mailbox = Mailbox()
        self.cell_errors: list[str | None] = []
        _context.set_forkserver_preload(list(PRELOAD))
        self._pipe, theirs = _context.Pipe()
        self._process = _context.Process(
            target=_serve, args=(theirs, list(cells), str(self.mailbox.folder)), daemon=False
        )
        self._process.start()
        theirs.close()
        if self._receive(timeout) != BEGUN:
            self.close()
            raise GraderError(
                f"The process for a student's code did not begin within {timeout:g} seconds, or ended "
                "before any of it ran."
            )
        started = self._receive(timeout)
        self.ready = isinstance(started, list)
        if isinstance(started, list):
            self.cell_errors = started
        else:
            self._kill()

    def ask(
        self, function: str, observe: Callable[..., Any], inputs: dict[str, Any], timeout: float
    ) -> Reply:
        """See :class:`StudentProcess`."""
        if not self.ready or not self._process.is_alive():
            return Silent("kernel-died")
        self.mailbox.post(function, observe, inputs)
        self._pipe.send((str(self.mailbox.request), str(self.mailbox.reply)))
        if self._receive(timeout) is not None:
            return self.mailbox.collect()
        died = not self._process.is_alive()
        self._kill()
        if died:
            return Silent("kernel-died")
        return Silent("timeout", seconds=timeout)

    def _receive(self, timeout: float) -> Any:
        # The pipe carries only "done" and the cells' errors, as JSON text: no pickle comes back.
        try:
            if self._pipe.poll(timeout):
                return json.loads(self._pipe.recv_bytes(2**20))
        except (EOFError, OSError, ValueError):
            self._process.join(1.0)
        return None

    def _kill(self) -> None:
        self.ready = False
        self._process.kill()
        self._process.join(5.0)

    def close(self) -> None:
        """End the process and remove its mailbox."""
        # Asked to end first: a process that is killed leaves its semaphores behind.
        self._pipe.close()
        self._process.join(2.0)
        self._kill()
        self.mailbox.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()


def _serve(pipe: Connection, cells: list[str], folder: str) -> None:
    """Run the cells, then answer requests until the pipe closes (in the child)."""
    os.chdir(folder)
    # What the student's code leaves behind goes when the folder goes.
    tempfile.tempdir = folder
    os.environ["MPLBACKEND"] = "agg"
    with open(os.devnull, "w") as nowhere:
        sys.stdout = sys.stderr = nowhere
        pipe.send_bytes(json.dumps(BEGUN).encode())
        names: dict[str, Any] = {"__name__": "__main__"}
        errors = [_run(cell, number, names) for number, cell in enumerate(cells)]
        pipe.send_bytes(json.dumps(errors).encode())
        while True:
            try:
                request, reply = pipe.recv()
            except (EOFError, OSError):
                return
            responder.respond(request, reply, names)
            pipe.send_bytes(b"true")


def _run(cell: str, number: int, names: dict[str, Any]) -> str | None:
    """Run one cell in `names`; return the text of what it raised, or None."""
    file_name = f"<cell {number}>"
    linecache.cache[file_name] = (len(cell), None, cell.splitlines(keepends=True), file_name)
    try:
        exec(compile(cell, file_name, "exec"), names)
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return None
