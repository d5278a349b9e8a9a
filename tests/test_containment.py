"""Contained kernels, tried from inside and outside, with the real zygote."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager
from traitlets.config import Config

from autograder.kernels import client as zygotes
from autograder.kernels.manager import GradingKernelManager
from autograder.kernels.seccomp import REFUSED, UnsupportedError, program

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="containment is Linux's"),
    # jupyter_client leaves the event loop of its blocking calls to the garbage collector; handles
    # of ours that are left open are counted below.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@contextlib.contextmanager
def kernel(
    folder: Path | None = None, **traits: Any
) -> Iterator[tuple[Callable[[str], str], KernelManager]]:
    """Yield a function that runs code in a contained kernel and returns what it printed."""
    config = Config({"ZygoteProvisioner": {"preload": [], **traits}})
    manager = KernelManager(kernel_name="bert-classroom", config=config)
    manager.start_kernel(**({"cwd": str(folder)} if folder else {}))
    client: BlockingKernelClient = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=30)

    def run(code: str) -> str:
        said: list[str] = []

        def hear(message: dict[str, Any]) -> None:
            content = message["content"]
            said.append(content.get("text") or "\n".join(content.get("traceback", [])))

        client.execute_interactive(code, output_hook=hear, timeout=60)
        return "".join(said)

    try:
        yield run, manager
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module", autouse=True)
def own_zygote() -> Iterator[None]:
    yield
    zygotes.close_zygote()


def test_the_submission_is_there_as_a_copy_and_nothing_else_is_written(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "link").symlink_to("/etc/shadow")
    with kernel(tmp_path) as (run, _):
        assert run("import os; print(sorted(os.listdir()), open('notes.txt').read())") == (
            "['notes.txt'] mine\n"
        )
        run("open('notes.txt', 'w').write('changed'); open('more', 'w').write('x' * 1000)")
        assert run("print(open('more').read(3))") == "xxx\n"
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert not (tmp_path / "more").exists()


def test_code_runs_as_in_any_kernel() -> None:
    with kernel() as (run, manager):
        assert run("%timeit -n1 -r1 1").count("loop") >= 1
        assert run("import subprocess; print(subprocess.run(['echo', 'a'], capture_output=True))")
        assert "42" in run("from multiprocessing import Pool\nprint(Pool(2).map(abs, [-42]))")
        assert run("import tempfile; print(tempfile.gettempdir())") == "/tmp\n"
        manager.interrupt_kernel()
        assert run("print(1 + 1)") == "2\n"


def test_an_interrupt_reaches_a_running_cell() -> None:
    with kernel() as (run, manager):
        import threading

        threading.Timer(1.0, manager.interrupt_kernel).start()
        started = time.monotonic()
        assert "KeyboardInterrupt" in run("import time; time.sleep(30)")
        assert time.monotonic() - started < 20


#: Ways to hold more than 512 MiB, by where it is held.
BOMBS = {
    "one process": "kept = []\nfor _ in range(40): kept.append(bytearray(b'x' * 2**25))",
    "shared maps": """
import mmap
kept = []
for _ in range(40):
    kept.append(mmap.mmap(-1, 2**25))
    kept[-1].write(b"x" * 2**25)
""",
    "children that call themselves by a field of their status": """
import ctypes, os, time
for _ in range(8):
    if os.fork() == 0:
        ctypes.CDLL(None).prctl(15, b"\\nRssAnon: 0 kB", 0, 0, 0)
        kept = bytearray(b"x" * 2**27)
        time.sleep(60)
        os._exit(0)
time.sleep(60)
""",
    "buffers of local sockets": """
import os, socket, time
for _ in range(4):
    if os.fork() == 0:
        kept = [socket.socketpair() for _ in range(450)]
        for pair in kept:
            for end in pair:
                end.setblocking(False)
                try:
                    while True:
                        end.send(b"x" * 65536)
                except BlockingIOError:
                    pass
        time.sleep(60)
        os._exit(0)
time.sleep(60)
""",
}


@pytest.mark.parametrize("where", BOMBS)
def test_memory_ends_a_kernel_wherever_it_is_held_and_the_reason_is_told(where: str) -> None:
    with kernel(memory=512) as (_, manager):
        assert ended(manager, BOMBS[where]).startswith("memory: it held")


def test_time_ends_a_kernel_and_the_reason_is_told() -> None:
    with kernel(wall_seconds=2) as (_, manager):
        assert ended(manager, "import time; time.sleep(30)").startswith("time: it ran for over 2")


def ended(manager: KernelManager, code: str) -> str:
    """Return why the kernel ended that runs `code`."""
    client = manager.client()
    client.start_channels()
    client.execute(code)
    assert manager.provisioner.kernel.wait(60)
    client.stop_channels()
    return str(manager.provisioner.ended)


@pytest.mark.nightly
def test_two_hundred_kernels_leave_nothing_behind() -> None:
    asyncio.run(_many_kernels(4))
    zygote = zygotes.current_zygote(())
    assert zygote.process is not None
    before, memory = _at_rest(zygote.process.pid), _memory(zygote.process.pid)
    asyncio.run(_many_kernels(200))
    assert _at_rest(zygote.process.pid) == before
    assert _memory(zygote.process.pid) < memory + 3 * 2**20
    assert list(zygote.folder.iterdir()) == [zygote.folder / "stderr"]


async def _many_kernels(count: int) -> None:
    """Run `count` kernels, four at once, each with what a notebook forgets."""
    slots = asyncio.Semaphore(4)

    async def one(number: int) -> None:
        async with slots:
            config = Config({"ZygoteProvisioner": {"preload": []}})
            manager = GradingKernelManager(kernel_name="bert-classroom", config=config)
            await manager.start_kernel()
            client = manager.client()
            client.start_channels()
            await client.wait_for_ready(timeout=30)
            reply = await client.execute(
                "import threading, subprocess, time\n"
                "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
                "subprocess.Popen(['sleep', '60'])\n"
                "open('/tmp/left', 'w').write('x')",
                user_expressions={"number": str(number)},
                reply=True,
                timeout=30,
            )
            number_seen = reply["content"]["user_expressions"]["number"]["data"]["text/plain"]
            assert number_seen == str(number)
            client.stop_channels()
            await manager.shutdown_kernel(now=True)
            await manager.cleanup_resources()

    await asyncio.gather(*(one(number) for number in range(count)))


def _at_rest(zygote: int) -> tuple[int, int]:
    """Wait until the zygote has no child left; return how many handles we and it hold open."""
    over = time.monotonic() + 10
    while Path(f"/proc/{zygote}/task/{zygote}/children").read_text().split():
        assert time.monotonic() < over, "a kernel is left"
        time.sleep(0.05)
    return len(os.listdir("/proc/self/fd")), len(os.listdir(f"/proc/{zygote}/fd"))


def _memory(process: int) -> int:
    text = Path(f"/proc/{process}/smaps_rollup").read_text()
    return int(text.split("Pss:")[1].split()[0]) * 1024


def test_a_killed_zygote_or_a_changed_import_is_replaced() -> None:
    with kernel() as (run, _):
        run("1")
    first = zygotes.current_zygote(()).process
    assert first is not None
    first.kill()
    first.wait()
    with kernel() as (run, _):
        assert run("print(1)") == "1\n"
    second = zygotes.current_zygote(()).process
    with kernel(preload=["fractions"]) as (run, _):
        assert run("import sys; print('fractions' in sys.modules)") == "True\n"
    third = zygotes.current_zygote(("fractions",)).process
    assert second is not None and third is not None and second.poll() is not None
    assert len({first.pid, second.pid, third.pid}) == 3


def test_whoever_dies_takes_the_kernels_along() -> None:
    program = (
        "import sys, time; from jupyter_client.manager import KernelManager; "
        "from traitlets.config import Config; "
        "km = KernelManager(kernel_name='bert-classroom', "
        "config=Config({'ZygoteProvisioner': {'preload': []}})); km.start_kernel(); "
        "print(km.provisioner.place.folder.parent, flush=True); time.sleep(60)"
    )
    grader = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert grader.stdout is not None
    folder = Path(grader.stdout.readline().strip())
    assert folder.is_dir()
    grader.send_signal(signal.SIGKILL)
    grader.wait()
    grader.stdout.close()
    for _ in range(100):
        alive = subprocess.run(["pgrep", "-f", f"zygote.*{grader.pid}"], capture_output=True).stdout
        if not list(folder.glob("k*")):
            break
        time.sleep(0.1)
    assert not list(folder.glob("k*")) and not alive
    zygotes._sweep()
    assert not folder.exists()


# Becomes an ordinary user who may read this Python, wherever root keeps it, and runs a command.
BECOME_ORDINARY = """
import os, sys
from pathlib import Path
from autograder.kernels import linux

linux.unshare(linux.CLONE_NEWNS)
linux.mount(None, "/", None, linux.MS_REC | linux.MS_PRIVATE)
prefix, stash = Path(sys.base_prefix).resolve(), sys.argv[1]
for parent in prefix.parents:
    if not parent.stat().st_mode & 0o001:
        linux.mount(str(prefix), stash, None, linux.MS_BIND | linux.MS_REC)
        linux.mount("tmpfs", str(parent), "tmpfs", 0, "mode=755")
        prefix.mkdir(parents=True)
        linux.mount(stash, str(prefix), None, linux.MS_BIND | linux.MS_REC)
        break
os.setgroups([])
os.setresgid(1234, 1234, 1234)
os.setresuid(1234, 1234, 1234)
os.execv(sys.executable, [sys.executable, "-m", *sys.argv[2:]])
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests ran as an ordinary user")
def test_an_ordinary_user_is_contained_as_well(tmp_path: Path) -> None:
    # pytest's own folders are root's alone.
    with tempfile.TemporaryDirectory() as name:
        home, stash = Path(name, "home"), Path(name, "stash")
        for folder in (home, stash):
            folder.mkdir()
        os.chmod(name, 0o755)
        os.chown(home, 1234, 1234)
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                BECOME_ORDINARY,
                str(stash),
                "autograder",
                "doctor",
                "--json",
                str(home / "out.json"),
            ],
            cwd=Path(__file__).parent.parent,
            env=os.environ | {"HOME": str(home), "TMPDIR": str(home)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        checks = {one["name"]: one for one in json.loads((home / "out.json").read_text())}
    assert checks["user"]["seen"].startswith("user 1234, capabilities 0x0")
    assert all(one["good"] for one in checks.values())


def test_the_filter_knows_both_processors_and_no_other() -> None:
    for machine in ("x86_64", "aarch64"):
        assert len(program(machine)) % 8 == 0
    assert program("x86_64") != program("aarch64")
    assert {"mount", "ptrace", "unshare", "bpf"} <= set(REFUSED)
    with pytest.raises(UnsupportedError, match="riscv64"):
        program("riscv64")
