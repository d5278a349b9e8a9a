"""Watches commands and kernels at work: their time, and the memory of the whole process tree."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import nbformat
import psutil
from rich.progress import Progress

from autograder.cells import grade_id_of
from autograder.course_paths import CoursePaths

MIB = 2**20
#: Walking through the memory of large processes keeps a core busy that is being measured: one look
#: takes some 0.15 s. Between two looks passes so many times as long, or half a second if that is more.
REST = 50
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class Board:
    """The progress bar: one step for each measurement."""

    def __init__(self, bar: Progress, steps: int) -> None:
        self.bar, self.row = bar, bar.add_task("Measuring", total=steps, what="building")

    def say(self, what: str) -> None:
        self.bar.update(self.row, what=what)

    def step(self) -> None:
        self.bar.advance(self.row)

    def note(self, text: str) -> None:
        """Keep a line of `text` above the bar."""
        self.bar.console.print(text)


def tree_pss(root: psutil.Process) -> float:
    """Return the PSS of `root` and all below it in MiB."""
    total = 0.0
    with suppress(psutil.NoSuchProcess):
        for process in [root, *root.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess, ProcessLookupError):  # it ended meanwhile
                try:
                    total += process.memory_full_info().pss / MIB
                except (psutil.AccessDenied, PermissionError):
                    # It hides its maps from an ordinary user: counted with all that it shares.
                    total += process.memory_info().rss / MIB
    return total


def timed(
    commands: Sequence[Sequence[str]], cwd: Path, board: Board, what: str, done: Callable[[], int]
) -> tuple[float, float]:
    """Run `commands` one after another; return seconds and peak memory in MiB.

    They may use all cores: no number of threads of ours is handed down. `done` counts what is
    finished, for the progress bar.
    """
    environment = {name: text for name, text in os.environ.items() if name not in THREADS}
    peak, pause, started = 0.0, 0.5, time.perf_counter()
    with tempfile.TemporaryFile("w+") as said:
        for command in commands:
            process = subprocess.Popen(
                command, cwd=cwd, env=environment, stdout=said, stderr=subprocess.STDOUT
            )
            try:
                while process.returncode is None:
                    with suppress(subprocess.TimeoutExpired):
                        process.wait(pause)
                        break
                    looked = time.perf_counter()
                    peak = max(peak, tree_pss(psutil.Process(process.pid)))
                    pause = max(0.5, REST * (time.perf_counter() - looked))
                    board.say(f"{what}: {done()} done")
            finally:
                end(process)
            if process.returncode:
                said.seek(0)
                raise SystemExit(f"{' '.join(command)} failed:\n{said.read()[-3000:]}")
    board.step()
    return time.perf_counter() - started, peak


def end(process: subprocess.Popen[bytes]) -> None:
    """End `process` and all below it, if it was interrupted: stock's kernels would run on."""
    if process.poll() is None:
        for child in psutil.Process(process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                child.kill()
        process.kill()
        process.wait()


def kernel_memory(paths: CoursePaths, assignment: str) -> dict[str, int]:
    """Return the MiB of PSS that a further kernel takes before it trains, of four at once."""
    from jupyter_client.manager import KernelManager

    from autograder.kernels.client import close_zygote, current_zygote

    cells = nbformat.read(paths.notebook(paths.source, assignment), as_version=4).cells
    first = "\n".join(cell.source for cell in cells if grade_id_of(cell) in ("set-up", "imports"))
    load = (
        "tokenizer = AutoTokenizer.from_pretrained(checkpoint())\n"
        "model = BertForSequenceClassification.from_pretrained(checkpoint(), num_labels=2)"
    )

    def run_in(manager: KernelManager, code: str) -> None:
        client = manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=60)
        reply = client.execute_interactive(code, timeout=60, output_hook=lambda message: None)
        client.stop_channels()
        if reply["content"]["status"] != "ok":
            raise SystemExit(f"The first cells of {assignment} failed: {reply['content']}")

    managers: list[KernelManager] = []
    sums: list[float] = []
    try:
        for _ in range(4):
            managers.append(manager := KernelManager(kernel_name="bert-classroom"))
            manager.start_kernel()
            run_in(manager, first)
            warm = current_zygote().process
            assert warm is not None
            zygote = psutil.Process(warm.pid)
            sums.append(tree_pss(zygote))
        for manager in managers:
            run_in(manager, load)
        loaded = (tree_pss(zygote) - sums[3]) / 4
    finally:
        for manager in managers:
            manager.shutdown_kernel(now=True)
        close_zygote()
    further = (sums[3] - sums[0]) / 3
    return {"imports done": round(further), "and model loaded": round(further + loaded)}
