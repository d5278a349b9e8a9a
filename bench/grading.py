"""Grades the same distinct submissions with stock nbgrader, with otter-grader and with ours.

All in one run, with nothing in the store. A rate is submissions over wall-clock time, start-up
included; stock and otter, whose time grows with the number of submissions from the first on, grade
fewer of the same ones. Right answers come in several styles in turn, which differ in cost
(`fine_tune` in three), so stock grades a multiple of three of lesson 05. Every grader uses the
cores as it does by itself. Memory is the largest sum of proportional set sizes (PSS) over the
process tree, looked at so seldom that looking takes 2 % of a core.

"Outside" is the share of time in which neither the student's code nor the examination with its
verdict was at work: kernel start and stop, messages, conversion, gradebook. A cell's time is what
the kernel itself says, from busy to idle. For ours it is taken from submissions graded one at a
time on one thread, start-up left out; for stock from its whole batch. There a cell that imports
torch counts as the student's own, which flatters stock.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import psutil
import stock as courses
import typer
from matplotlib.figure import Figure
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from watching import MIB, Board, end, kernel_memory, timed

from autograder.cli.terminal import progress_bar
from autograder.course_paths import CoursePaths
from autograder.records import all_records

ROOT = Path(__file__).resolve().parent.parent
ORIGIN = CoursePaths(ROOT)
CODE, TUNING = "01-tokenizing", "05-fine-tuning"
GPU_JOBS = (1, 4, 8, 16)
console = Console()


@dataclass(frozen=True)
class Row:
    """One grader on one lesson; `note` says what was not right, or why there is no figure."""

    lesson: str
    grader: str
    submissions: int = 0
    seconds: float = 0.0
    memory_mib: float = 0.0
    outside: float | None = None
    note: str = ""
    ratio: float | None = None

    @property
    def rate(self) -> float:
        """Submissions a minute."""
        return 60 * self.submissions / self.seconds if self.seconds else 0.0


def grade_ours(
    paths: CoursePaths, assignment: str, board: Board, *options: str
) -> tuple[float, float]:
    """Grade with nothing in the store; return seconds and peak memory in MiB."""
    for folder in (paths.store, paths.records_folder):
        shutil.rmtree(folder, ignore_errors=True)
    command = [sys.executable, "-m", "autograder", "grade", assignment, "--root", str(paths.root)]
    what = f"{assignment}, ours {' '.join(options)}"
    return timed([[*command, *options]], paths.root, board, what, lambda: graded_so_far(paths))


def graded_so_far(paths: CoursePaths) -> int:
    return len(list(paths.records_folder.glob("*/*.done")))


def measure_lesson(
    folder: Path, assignment: str, count: int, few: int, otter: Path | None, board: Board
) -> list[Row]:
    """Measure all graders on `count` submissions of one lesson, of which stock grades `few`."""
    course = courses.make_stock(ORIGIN, folder / f"stock-{assignment}", assignment, range(few))
    seconds, memory = timed(
        [[courses.nbgrader(), "autograde", assignment]],
        course.root,
        board,
        f"{assignment}, nbgrader",
        lambda: max(0, len(list(course.root.glob("autograded/*"))) - 1),  # the last is not done
    )
    share = 1 - courses.kernel_seconds(course, assignment) / seconds
    fault = courses.fault_of_stock(ORIGIN, course, assignment, few)
    rows = [told(board, Row(assignment, "nbgrader", few, seconds, memory, share, fault))]
    place = folder / f"otter-{assignment}"
    rows.append(measure_otter(place, assignment, min(few, 2), otter, board))
    paths = courses.make_ours(ORIGIN, folder / f"ours-{assignment}", assignment, count)
    share = outside(paths, assignment, min(4 if assignment == CODE else 2, count - 1))
    for jobs in sorted({1, len(os.sched_getaffinity(0))}):
        seconds, memory = grade_ours(paths, assignment, board, "--jobs", str(jobs))
        fault = courses.fault_of_ours(paths, count)
        name = f"ours, {jobs} job{'s' * (jobs > 1)}"
        rows.append(told(board, Row(assignment, name, count, seconds, memory, share, fault)))
    return rows


def told(board: Board, row: Row) -> Row:
    """Say what was found as soon as it is known; return it."""
    board.note(f"{row.lesson}, {row.grader}: {row.rate:.2f} a minute {row.note}".rstrip())
    return row


def measure_otter(
    place: Path, assignment: str, count: int, otter: Path | None, board: Board
) -> Row:
    """Measure otter-grader, or say why it cannot be measured."""
    if otter is None:
        board.step()
        return Row(assignment, "otter-grader", note="not installed; --otter names its command")
    try:
        commands = courses.make_otter(ORIGIN, place, assignment, range(count), otter)
        seconds, memory = timed(
            commands,
            place,
            board,
            f"{assignment}, otter-grader",
            lambda: len(list(place.glob("s*/results.json"))),
        )
    except SystemExit as error:
        board.step()
        board.note(str(error))  # it names paths of this machine: nothing for the results
        return Row(assignment, "otter-grader", note="could not be run")
    fault = courses.fault_of_otter(place, count)
    return told(board, Row(assignment, "otter-grader", count, seconds, memory, note=fault))


def outside(paths: CoursePaths, assignment: str, sample: int) -> float:
    """Return the share of time outside the student's code and the examination, graded alone."""
    import torch

    from autograder.grading.grade import Recorder
    from autograder.grading.gradebook import read_gradebook
    from autograder.grading.plugins.execute import ExamExecute
    from autograder.grading.submission import SubmissionId
    from autograder.grading.workers import execute
    from autograder.kernels.client import close_zygote

    torch.set_num_threads(1)
    busy: list[float] = []
    original = ExamExecute.preprocess_cell

    def watched(self: Any, cell: Any, resources: Any, index: int) -> Any:
        cell, resources = original(self, cell, resources, index)
        busy.append(courses.seconds_of(cell))
        return cell, resources

    ExamExecute.preprocess_cell = watched  # type: ignore[method-assign]
    total = inside = 0.0
    book = read_gradebook(paths)
    try:
        for number in range(sample + 1):
            busy.clear()
            student, options = f"s{number:04}", {"ExamExecute": {"fresh": True}}
            started = time.perf_counter()
            done = execute(paths.root, SubmissionId(assignment, student), options, None)
            with Recorder(paths, book).open() as record:
                record([done])
            if number:  # the first one pays for imports and the warm process
                total += time.perf_counter() - started
                inside += sum(busy)
                mine = [one for one in all_records(paths.records_folder) if one.student == student]
                inside += sum(one.seconds for one in mine)
    finally:
        ExamExecute.preprocess_cell = original  # type: ignore[method-assign]
        close_zygote()
    return 1 - inside / total


def thousand(folder: Path, count: int, board: Board) -> dict[str, Any]:
    """Grade `count` distinct submissions of lesson 01 in one command; none may be lost."""
    board.say(f"making {count} submissions")
    paths = courses.make_ours(ORIGIN, folder / "many", CODE, count)
    command = [sys.executable, "-m", "autograder", "grade", CODE, "--root", str(paths.root)]
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    runner, marks, now = psutil.Process(process.pid), dict[str, int](), 0.0
    try:
        while process.poll() is None:
            done = graded_so_far(paths)
            with suppress(psutil.NoSuchProcess, ProcessLookupError):
                now = runner.memory_full_info().pss / MIB or now
            for share in (0.1, 0.5):
                if done >= share * count:
                    marks.setdefault(f"{share:.0%}", round(now))
            board.say(f"{done} of {count} done, the runner has {now:.0f} MiB")
            time.sleep(0.5)
    finally:
        end(process)
    marks["100%"] = round(now)  # the last that was seen of it
    seconds = round(time.perf_counter() - started, 1)
    fault = courses.fault_of_ours(paths, count)
    board.step()
    return {"submissions": count, "seconds": seconds, "runner_mib": marks, "note": fault}


def on_gpu(folder: Path, count: int, board: Board) -> list[Row]:
    """Measure `count` fine-tuning runs with one, four, eight and sixteen of them at once."""
    paths, rows = courses.make_ours(ORIGIN, folder / "gpu", TUNING, count), []
    for runs in GPU_JOBS:
        seconds, memory = grade_ours(paths, TUNING, board, "--gpu-jobs", str(runs))
        fault = courses.fault_of_ours(paths, count)
        row = Row(TUNING, f"ours, {runs} on a GPU", count, seconds, memory, note=fault)
        rows.append(told(board, row))
    return rows


def main(
    code: Annotated[int, typer.Option(min=2, help="Submissions of lesson 01 with ours.")] = 200,
    tuning: Annotated[int, typer.Option(min=2, help="Submissions of lesson 05 with ours.")] = 12,
    stock: Annotated[int, typer.Option(min=1, help="Of these, with stock nbgrader.")] = 6,
    stock_tuning: Annotated[
        int, typer.Option(min=1, help="The same for lesson 05: a multiple of 3.")
    ] = 3,
    many: Annotated[
        int, typer.Option("--many", "--thousand", help="Grade so many of lesson 01 in one command.")
    ] = 0,
    gpu: Annotated[int, typer.Option(help="On a GPU: runs of lesson 05, at best 16 or more.")] = 0,
    otter: Annotated[
        Path | None, typer.Option(help="The `otter` command of an environment that has it.")
    ] = None,
    results: Annotated[Path, typer.Option(help="Where the figures go.")] = ROOT / "bench/results",
) -> None:
    """Print the table and write bench/results/grading.json and .png.

    Example: python bench/grading.py --many 1000
    """
    import torch

    # For what is measured in this process; a grader's own command is free to use all cores.
    os.environ |= {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    # nbgrader calls `alembic` by name; it is installed beside this Python.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    if gpu and not torch.cuda.is_available():
        console.print("No GPU is seen: nothing is measured on one.")
        gpu = 0
    cores, otter_here = len(os.sched_getaffinity(0)), shutil.which("otter")
    steps = 2 * (2 + len({1, cores})) + bool(many) + (len(GPU_JOBS) if gpu else 0)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="bench-") as name, progress_bar() as bar:
        folder, board = Path(name), Board(bar, steps)
        otter = otter or (Path(otter_here) if otter_here else None)
        rows += measure_lesson(folder, CODE, code, min(stock, code), otter, board)
        rows += measure_lesson(folder, TUNING, tuning, min(stock_tuning, tuning), otter, board)
        memory = kernel_memory(ORIGIN, TUNING)
        crowd = thousand(folder, many, board) if many else None
        rows += on_gpu(folder, gpu, board) if gpu else []
    base = {row.lesson: row.rate for row in rows if row.grader == "nbgrader"}
    rows = [replace(row, ratio=row.rate / base[row.lesson]) if row.rate else row for row in rows]
    show(rows, memory, crowd)
    results.mkdir(parents=True, exist_ok=True)
    result = {
        "machine": {
            "cores": cores,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        },
        "rows": [asdict(row) | {"rate": round(row.rate, 3)} for row in rows],
        "kernel_mib": memory,
        "many": crowd,
    }
    (results / "grading.json").write_text(json.dumps(result, indent=1) + "\n")
    draw(rows, results / "grading.png")


def show(rows: list[Row], memory: dict[str, int], crowd: dict[str, Any] | None) -> None:
    """Print the table and what else was found."""
    names = ("lesson", "grader", "graded", "a minute", "ratio", "peak MiB", "outside")
    table = Table(*names, box=SIMPLE)
    for row in rows:
        table.add_row(
            row.lesson.partition("-")[0],
            row.grader,
            str(row.submissions or "–"),
            f"{row.rate:.2f}" if row.rate else "–",
            "–" if row.ratio is None else f"{row.ratio:.2f}",
            f"{row.memory_mib:.0f}" if row.rate else "–",
            "–" if row.outside is None else f"{row.outside:.1%}",
        )
    console.print(table)
    for row in rows:
        if row.note:
            console.print(f"{row.lesson}, {row.grader}: {row.note}", soft_wrap=True)
    console.print(
        "nbgrader and otter graded the first few of the same submissions.\n"
        'Outside: not the student\'s cells and not the examination; for nbgrader an "import torch" '
        "counts as the student's.\n"
        f"MiB that a further kernel takes: {memory}. Many at once: {crowd}",
        soft_wrap=True,
    )


def draw(rows: list[Row], path: Path) -> None:
    """Plot the rates, a panel for each lesson."""
    rows = [row for row in rows if row.rate]
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


if __name__ == "__main__":
    typer.run(main)
