"""Grades the same distinct submissions with stock nbgrader, with otter-grader and with ours.

All in one run, with nothing in the store. A rate is submissions over wall-clock time, start-up
included. Memory is the largest sum of proportional set sizes (PSS) over the process tree. "Outside"
is the share of a submission's time, graded alone, in which neither the student's code nor the
examination with its verdict was at work: kernel start and stop, messages, conversion, gradebook.
What the student's cells took is what the kernel itself says, from busy to idle.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import nbformat
import psutil
import typer
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table
from stock import distinct_answers, fill, make_otter, make_stock, nbgrader

from autograder.demo import set_up
from autograder.layout import Layout
from autograder.records import all_records

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results"
CODE, TUNING = "01-tokenizing", "05-fine-tuning"
MIB = 2**20
console = Console()


@dataclass(frozen=True)
class Row:
    """One grader on one lesson."""

    lesson: str
    grader: str
    submissions: int
    seconds: float
    memory_mib: float
    ratio: float | None = None

    @property
    def rate(self) -> float:
        """Submissions a minute."""
        return 60 * self.submissions / self.seconds


class Memory(threading.Thread):
    """Notes the largest sum of PSS over a process and all below it, in MiB."""

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self.root = psutil.Process(process)
        self.peak = 0.0
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(1.0):
            self.peak = max(self.peak, tree_pss(self.root))


def tree_pss(root: psutil.Process) -> float:
    """Return the PSS of `root` and all below it in MiB."""
    total = 0.0
    try:
        processes = [root, *root.children(recursive=True)]
    except psutil.Error:
        return total
    for process in processes:
        try:
            total += process.memory_full_info().pss / MIB
        except (psutil.Error, OSError):
            continue
    return total


def timed(commands: Sequence[Sequence[str]], cwd: Path) -> tuple[float, float]:
    """Run `commands` one after another; return seconds and peak memory in MiB."""
    peak, started = 0.0, time.perf_counter()
    for command in commands:
        process = subprocess.Popen(
            command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        memory = Memory(process.pid)
        memory.start()
        said, _ = process.communicate()
        memory.over.set()
        peak = max(peak, memory.peak)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} failed:\n{said[-3000:]}")
    return time.perf_counter() - started, peak


def make_ours(root: Path, assignment: str, count: int) -> Layout:
    """Make a course of ours in `root` with `count` distinct submissions."""
    origin = Layout(ROOT)
    layout = set_up(origin, root, [assignment], lambda step: None)
    released = nbformat.read(layout.notebook(layout.release, assignment), as_version=4)
    for number in range(count):
        path = layout.notebook(layout.submitted / f"s{number:04}", assignment)
        path.parent.mkdir(parents=True)
        nbformat.write(fill(released, distinct_answers(origin, assignment, number)), path)
    return layout


def grade_ours(layout: Layout, assignment: str, jobs: int, *options: str) -> tuple[float, float]:
    """Grade with nothing in the store; return seconds and peak memory in MiB."""
    for folder in (layout.store, layout.records_folder):
        shutil.rmtree(folder, ignore_errors=True)
    command = [sys.executable, "-m", "autograder", "grade", assignment, "--root", str(layout.root)]
    return timed([[*command, "--jobs", str(jobs), *options]], layout.root)


def check_marks(layout: Layout, count: int) -> None:
    """Make sure that all submissions, which are right, were graded and got all points."""
    records = all_records(layout.records_folder)
    lost = sum(one.max_points - one.points for one in records)
    if len({one.student for one in records}) != count or lost:
        raise SystemExit(f"{count} right submissions were handed in; {lost:g} points are missing.")


def outside(layout: Layout, assignment: str, sample: int) -> float:
    """Return the share of time outside the student's code and the examination, graded alone."""
    from autograder.converters import autograde
    from autograder.kernels.client import close_zygote
    from autograder.plugins.execute import ExamExecute
    from autograder.workers import Job, execute

    busy: list[float] = []
    original = ExamExecute.preprocess_cell

    def watched(self: Any, cell: Any, resources: Any, index: int) -> Any:
        cell, resources = original(self, cell, resources, index)
        times = cell.metadata.get("execution", {})
        if "iopub.status.busy" in times and "iopub.status.idle" in times:
            begin, end = (
                datetime.fromisoformat(times[f"iopub.status.{state}"]) for state in ("busy", "idle")
            )
            busy.append((end - begin).total_seconds())
        return cell, resources

    ExamExecute.preprocess_cell = watched  # type: ignore[method-assign]
    total = inside = 0.0
    try:
        for number in range(sample + 1):
            busy.clear()
            student, options = f"s{number:04}", {"ExamExecute": {"fresh": True}}
            started = time.perf_counter()
            execute(layout.root, Job(assignment, student), options)
            autograde(layout, assignment, student, {})
            if number:  # the first one pays for imports and the warm process
                total += time.perf_counter() - started
                inside += sum(busy)
                mine = [one for one in all_records(layout.records_folder) if one.student == student]
                inside += sum(one.seconds for one in mine)
    finally:
        ExamExecute.preprocess_cell = original  # type: ignore[method-assign]
        close_zygote()
    return 1 - inside / total


def kernel_memory() -> float:
    """Return the MiB of PSS that a further kernel takes, its imports done, of four at once."""
    from jupyter_client.manager import KernelManager

    from autograder.kernels.client import close_zygote, current_zygote

    def start() -> KernelManager:
        manager = KernelManager(kernel_name="bert-classroom")
        manager.start_kernel()
        client = manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=60)
        code = (
            "import torch, datasets\n"
            "from transformers import AutoTokenizer, AutoModelForSequenceClassification\n"
            "from course import checkpoint\n"
            "tokenizer = AutoTokenizer.from_pretrained(checkpoint())"
        )
        client.execute_interactive(code, timeout=60, output_hook=lambda message: None)
        client.stop_channels()
        return manager

    managers = [start()]
    process = current_zygote().process
    assert process is not None
    zygote = psutil.Process(process.pid)
    before = tree_pss(zygote)
    managers += [start() for _ in range(3)]
    more = (tree_pss(zygote) - before) / 3
    for manager in managers:
        manager.shutdown_kernel(now=True)
    close_zygote()
    return more


def measure_lesson(
    folder: Path, assignment: str, ours: int, stock: int, otter: Path | None, jobs: Sequence[int]
) -> tuple[list[Row], float]:
    """Measure all graders on one lesson; return the rows and our share of time outside."""
    rows = []
    console.print(f"[bold]{assignment}[/bold]: {stock} submissions with stock nbgrader …")
    course = make_stock(Layout(ROOT), folder / f"stock-{assignment}", assignment, range(stock))
    seconds, memory = timed([[nbgrader(), "autograde", assignment]], course.root)
    check_stock(course, assignment, stock)
    rows.append(told(Row(assignment, "nbgrader", stock, seconds, memory, 1.0)))
    base = rows[0].rate
    if otter is not None:
        few = min(stock, 3)
        console.print(f"{few} submissions with otter-grader …")
        place = folder / f"otter-{assignment}"
        commands = make_otter(Layout(ROOT), place, assignment, range(few), otter)
        seconds, memory = timed(commands, place)
        row = Row(assignment, "otter-grader", few, seconds, memory)
        rows.append(told(Row(**asdict(row) | {"ratio": row.rate / base})))
    layout = make_ours(folder / f"ours-{assignment}", assignment, ours)
    for number in jobs:
        console.print(f"{ours} submissions with ours, --jobs {number} …")
        seconds, memory = grade_ours(layout, assignment, number)
        check_marks(layout, ours)
        row = Row(assignment, f"ours, {number} jobs", ours, seconds, memory)
        rows.append(told(Row(**asdict(row) | {"ratio": row.rate / base})))
    share = outside(layout, assignment, min(4, ours - 1))
    return rows, share


def told(row: Row) -> Row:
    """Print `row` as soon as it is known, and return it."""
    console.print(
        f"  {row.grader}: {row.rate:.2f} a minute, {row.ratio:.2f} times stock, "
        f"{row.memory_mib:.0f} MiB at most"
    )
    return row


def check_stock(course: Layout, assignment: str, count: int) -> None:
    """Make sure that stock nbgrader did the work: every hidden test ran, and none failed."""
    graded = sorted(course.root.glob(f"autograded/*/{assignment}/*.ipynb"))
    for path in graded:
        for cell in nbformat.read(path, as_version=4).cells:
            for output in cell.get("outputs", []):
                if output.output_type == "error" and cell.metadata.get("nbgrader", {}).get("grade"):
                    raise SystemExit(f"A hidden test failed with stock nbgrader: {output.evalue}")
    if len(graded) != count:
        raise SystemExit(f"Stock nbgrader graded {len(graded)} of {count} submissions.")


def thousand(folder: Path, count: int) -> dict[str, Any]:
    """Grade `count` distinct submissions of lesson 01 in one command; none may be lost."""
    layout = make_ours(folder / "many", CODE, count)
    command = [sys.executable, "-m", "autograder", "grade", CODE, "--root", str(layout.root)]
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    runner, marks, wanted = psutil.Process(process.pid), {}, [0.1, 0.5, 0.9]
    while process.poll() is None:
        done = len(list(layout.records_folder.glob("*/*.done"))) / count
        if wanted and done >= wanted[0]:
            marks[f"{wanted.pop(0):.0%}"] = round(runner.memory_full_info().pss / MIB)
            console.print(f"{done:.0%} after {time.perf_counter() - started:.0f} s: {marks}")
        time.sleep(0.5)
    seconds = time.perf_counter() - started
    check_marks(layout, count)
    return {"submissions": count, "seconds": round(seconds, 1), "runner_mib": marks}


def draw(rows: list[Row], path: Path) -> None:
    """Plot the rates, a panel for each lesson."""
    lessons = list(dict.fromkeys(row.lesson for row in rows))
    figure = Figure(figsize=(9, 1 + 0.5 * len(rows)), layout="constrained")
    for axes, lesson in zip(
        figure.subplots(len(lessons), 1, squeeze=False)[:, 0], lessons, strict=True
    ):
        mine = [row for row in rows if row.lesson == lesson]
        bars = axes.barh([row.grader for row in mine], [row.rate for row in mine], color="#4477aa")
        axes.bar_label(bars, [f"{row.rate:.1f}  ({row.ratio:.1f}×)" for row in mine], padding=4)
        axes.set(title=lesson, xlabel="submissions a minute")
        axes.margins(x=0.2)
        axes.invert_yaxis()
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)


def main(
    code: Annotated[int, typer.Option(min=2, help="Submissions of lesson 01 with ours.")] = 60,
    tuning: Annotated[int, typer.Option(min=2, help="Submissions of lesson 05 with ours.")] = 4,
    stock: Annotated[int, typer.Option(min=2, help="Of these, with stock nbgrader.")] = 6,
    stock_tuning: Annotated[int, typer.Option(min=1, help="The same for lesson 05.")] = 2,
    many: Annotated[int, typer.Option(help="Grade so many of lesson 01 in one command.")] = 0,
    otter: Annotated[
        Path | None, typer.Option(help="The `otter` command of an environment that has it.")
    ] = None,
) -> None:
    """Print the table and write bench/results/grading.json and .png.

    Example: python bench/grading.py --code 60 --tuning 4 --many 1000
    """
    cores = len(os.sched_getaffinity(0))
    jobs = sorted({1, cores})
    os.environ["OMP_NUM_THREADS"] = "1"
    rows: list[Row] = []
    shares: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        for assignment, ours, few in ((CODE, code, stock), (TUNING, tuning, stock_tuning)):
            found, share = measure_lesson(folder, assignment, ours, few, otter, jobs)
            rows += found
            shares[assignment] = round(share, 3)
        memory = kernel_memory()
        crowd = thousand(folder, many) if many else None
    table = Table("lesson", "grader", "submissions", "a minute", "ratio", "peak MiB")
    for row in rows:
        table.add_row(
            row.lesson, row.grader, str(row.submissions), f"{row.rate:.2f}", f"{row.ratio:.2f}",
            f"{row.memory_mib:.0f}",
        )  # fmt: skip
    console.print(table)
    console.print(f"Outside the student's compute and the examination: {shares}")
    console.print(f"A further kernel takes {memory:.0f} MiB. Many at once: {crowd}")
    import torch

    RESULTS.mkdir(exist_ok=True)
    result = {
        "machine": {
            "cores": cores,
            "python": platform.python_version(),
            "torch": torch.__version__,
        },
        "rows": [asdict(row) | {"rate": round(row.rate, 3)} for row in rows],
        "outside": shares,
        "kernel_mib": round(memory),
        "many": crowd,
    }
    (RESULTS / "grading.json").write_text(json.dumps(result, indent=1) + "\n")
    draw(rows, RESULTS / "grading.png")


if __name__ == "__main__":
    typer.run(main)
