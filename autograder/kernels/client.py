"""The grader's side of the zygote: started on demand, replaced when stale, stopped at exit."""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from autograder.errors import CourseError
from autograder.kernels.containment import Limits, Place, private_folders, python_paths
from autograder.kernels.preload import NOTEBOOKS

#: Seconds that the imports may take on a slow disk.
PATIENCE = 180.0
#: Seconds that a kernel may take to come up.
KERNEL_PATIENCE = 60.0
#: What of our environment a kernel may see; the rest may hold secrets.
ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES")


class ZygoteError(CourseError):
    """No kernel is available; the text says why and what to do."""


class NotContainedError(ZygoteError):
    """This machine does not let us contain kernels."""


@dataclass
class Kernel:
    """One running kernel, as its supervisor's socket shows it."""

    control: socket.socket
    place: Place
    ended: str | None = None

    def alive(self) -> bool:
        """Return whether the kernel runs; afterwards `ended` says why it does not."""
        while self.ended is None and select.select([self.control], [], [], 0)[0]:
            self._take()
        return self.ended is None

    def wait(self, timeout: float) -> bool:
        """Wait until the kernel has ended; False if it has not within `timeout` seconds."""
        while self.ended is None:
            if not select.select([self.control], [], [], timeout)[0]:
                return False
            self._take()
        return True

    def send_signal(self, number: int) -> None:
        """Send a signal to the kernel, which is the first process of its namespace."""
        with suppress(OSError):
            self.control.send(b"kill" if number == signal.SIGKILL else str(number).encode())

    def close(self) -> None:
        """End the kernel if it runs, and remove its folder."""
        self.send_signal(signal.SIGKILL)
        self.wait(5.0)
        self.control.close()
        shutil.rmtree(self.place.folder, ignore_errors=True)

    def _take(self) -> None:
        try:
            message = json.loads(self.control.recv(65536) or b"{}")
        except (OSError, ValueError):
            message = {}
        if not message.get("ready"):
            self.ended = str(message.get("ended", "the supervisor is gone"))


class Zygote:
    """A warm process of this grader's own."""

    def __init__(self, preload: tuple[str, ...] = NOTEBOOKS) -> None:
        self.preload = preload
        self.owner = os.getpid()
        self.folder = Path(tempfile.mkdtemp(prefix=f"bert-classroom-{os.getpid()}-"))
        self.state = _state(preload)
        door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.door = door
        with theirs, open(self.folder / "stderr", "wb") as stderr:
            command = [sys.executable, "-P", "-m", __package__ + ".zygote", str(theirs.fileno())]
            self.process: subprocess.Popen[bytes] | None = subprocess.Popen(
                [*command, *preload],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                env=_environment(),
                cwd="/",
                start_new_session=True,
            )
        self._await_ready()

    def _await_ready(self) -> None:
        answer = b""
        if select.select([self.door], [], [], PATIENCE)[0]:
            with suppress(OSError):
                answer = self.door.recv(4096)
        if answer != b"ready":
            said = (self.folder / "stderr").read_text(errors="replace").strip().splitlines()
            reason = answer.decode(errors="replace") or (said[-1] if said else "it said nothing")
            self.close()
            raise ZygoteError(f"The warm process for kernels did not start: {reason}")

    def alive(self) -> bool:
        """Return whether it can fork another kernel, with imports that are still the right ones."""
        running = self.process is not None and self.process.poll() is None
        return running and self.state == _state(self.preload)

    def serves(self, preload: tuple[str, ...]) -> bool:
        """Return whether it has imported just these modules."""
        return self.preload == preload

    def new_place(
        self, submission: Path | None, readable: tuple[str, ...] = (), *, gpu: bool = False
    ) -> Place:
        """Return a place for one kernel, its folders made."""
        named = os.environ.get("BERT_CLASSROOM_CHECKPOINT")
        place = Place(
            Path(tempfile.mkdtemp(prefix="k", dir=self.folder)),
            submission,
            readable=(*python_paths(), *([named] if named else []), *readable),
            hidden=private_folders(),
            gpu=gpu,
        )
        place.prepare()
        return place

    def fork(self, place: Place, limits: Limits, *, contained: bool, threads: int) -> Kernel:
        """Fork a kernel in `place`, whose connection file is there; it answers when this returns.

        Raises :class:`NotContainedError` where the machine forbids it, :class:`ZygoteError` otherwise.
        """
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        fields = asdict(place) | {
            "folder": str(place.folder),
            "submission": str(place.submission) if place.submission else None,
        }
        request = {
            "place": fields,
            "limits": asdict(limits),
            "contained": contained,
            "threads": threads,
        }
        kernel = Kernel(control, place)
        try:
            self._send(request, theirs)
            if not select.select([control], [], [], KERNEL_PATIENCE)[0]:
                raise ZygoteError("The kernel's supervisor does not answer.")
            kernel._take()
        except (OSError, ZygoteError) as error:
            kernel.close()
            raise ZygoteError(f"No kernel could be forked: {error}") from error
        if kernel.ended is not None:
            kernel.close()
            if kernel.ended.startswith("cannot contain"):
                raise NotContainedError(
                    f"This machine c{kernel.ended[1:]}. `autograder doctor` shows what works here; to "
                    "grade without containment anyway, use --containment none."
                )
            raise ZygoteError(f"No kernel could be forked: {kernel.ended}")
        return kernel

    def _send(self, message: dict[str, Any], handle: socket.socket) -> None:
        # One message, sent whole: workers share the door without taking turns.
        with handle:
            socket.send_fds(self.door, [json.dumps(message).encode()], [handle.fileno()])

    def close(self) -> None:
        """End the process, and with it all its kernels."""
        self.door.close()
        if self.process is not None:
            try:
                self.process.wait(10.0)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class AdoptedZygote(Zygote):
    """Another process's zygote, in a worker: requests go through a door of our own."""

    def __init__(self, door: socket.socket, folder: Path) -> None:
        self.owner, self.preload, self.state = os.getpid(), (), ""
        self.folder, self.door = folder, door
        self.process = None

    def alive(self) -> bool:
        """Return True: whoever lent it sees to that; if it died, forking says so."""
        return True

    def serves(self, preload: tuple[str, ...]) -> bool:
        """Return True: it was made for the work that this process is lent for."""
        return True

    def close(self) -> None:
        """Give the door back; the zygote is not ours to end."""
        self.door.close()


_current: Zygote | None = None
_guard = threading.Lock()


def current_zygote(preload: tuple[str, ...] = NOTEBOOKS) -> Zygote:
    """Return this process's zygote, started or replaced if need be; it has imported `preload`."""
    global _current
    with _guard:
        if _current is not None and not (_current.alive() and _current.serves(preload)):
            _current.close()
            _current = None
        if _current is None:
            _sweep()
            _current = Zygote(preload)
            atexit.register(close_zygote)
        return _current


def adopt(door: socket.socket, folder: Path) -> None:
    """Let this process fork its kernels from a zygote that another process started."""
    global _current
    _current = AdoptedZygote(door, folder)


def close_zygote() -> None:
    """End this process's zygote, if it has one."""
    global _current
    with _guard:
        # A fork of the grader must not end its parent's kernels.
        if _current is not None and _current.owner == os.getpid():
            _current.close()
        _current = None


def _package_roots() -> str:
    """Return where this grader's own packages are imported from, as a PYTHONPATH.

    A kernel must import these very files: an installation may hold another checkout's.
    """
    import autograder
    import course

    files = (str(course.__file__), str(autograder.__file__))
    return os.pathsep.join(dict.fromkeys(str(Path(file).parent.parent) for file in files))


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    kept |= {
        name: value for name, value in os.environ.items() if name.startswith("BERT_CLASSROOM_")
    }
    return kept | {
        "PYTHONPATH": _package_roots(),
        "HOME": "/home/student",
        "USER": "student",
        "TMPDIR": "/tmp",
        # These are read when the libraries are imported: nothing is fetched while grading.
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "MPLBACKEND": "agg",
        "PYTORCH_NVML_BASED_CUDA_CHECK": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        # A kernel asks torch for its share of the cores; nothing here may start a thread.
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "JPY_PARENT_PID": "0",
    }


def _state(preload: tuple[str, ...]) -> str:
    """Return a digest of what a zygote holds: it must be replaced when an import changes."""
    import course

    parts = hashlib.sha256("\0".join((sys.executable, *preload)).encode())
    # The rest of the environment is read once, when it starts.
    for name, value in sorted(_environment().items()):
        if name.startswith("BERT_CLASSROOM_"):
            parts.update(f"{name}={value}\0".encode())
    for path in sorted(Path(course.__file__).parent.rglob("*.py")):
        status = path.stat()
        parts.update(f"{path}\0{status.st_mtime_ns}\0{status.st_size}\0".encode())
    return parts.hexdigest()


def _sweep() -> None:
    """Remove folders of graders that were killed before they could."""
    for path in Path(tempfile.gettempdir()).glob("bert-classroom-*-*"):
        owner = path.name.split("-")[2]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists():
            shutil.rmtree(path, ignore_errors=True)
