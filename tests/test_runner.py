"""The runner: interrupted at any moment, on several processes, on a cluster, on the same work twice."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from classroom import LOOP, NAME, cell_of, grades, set_source, submit
from lab import TOKEN, jupyterlab
from nbformat.notebooknode import NotebookNode

from autograder.course_paths import CoursePaths
from autograder.records import all_records

#: What a class of these letters must get: right, case kept, never ending, not answered.
MARKS = {"r": 5, "c": 3, "l": 3, "n": 3}
SOURCES = {
    "c": "def count_words(text):\n    words = text.split()\n    return {w: words.count(w) for w in words}\n",
    "l": LOOP,
    "n": "def count_words(text):\n    raise NotImplementedError()\n",
}


def make_class(paths: CoursePaths, letters: str, more: str = "") -> dict[str, float]:
    """Hand in one distinct notebook for each letter; return the marks that they must get.

    Each runs `more` at its end.
    """
    marks = {}
    for number, letter in enumerate(letters):

        def edit(notebook: NotebookNode, number: int = number, letter: str = letter) -> None:
            if letter in SOURCES:
                cell_of(notebook, "count-words").source = SOURCES[letter]
            notebook.cells.append(nbformat.v4.new_code_cell(f"number = {number}\n{more}"))

        student = f"{letter}{number:02}"
        submit(paths, student, edit)
        marks[student] = float(MARKS[letter])
    return marks


def grade_command(paths: CoursePaths, *options: str) -> list[str]:
    return [sys.executable, "-m", "autograder", "grade", NAME, "--root", str(paths.root), *options]


@pytest.mark.long
@pytest.mark.nightly
def test_killed_at_twenty_moments_the_rerun_finishes_with_the_same_marks(
    classroom: CoursePaths, run: Callable[..., Any]
) -> None:
    marks = make_class(classroom, "rrcrnrrlrrcrrnrrrrcrrrnrlrrcrrrr")
    # A fixed seed draws the moments; where in the work they fall, the machine decides.
    rng = random.Random(20)
    killed = []
    for _ in range(20):
        grader = subprocess.Popen(
            grade_command(classroom, "--jobs", "2"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        killed.append(grader.pid)
        time.sleep(rng.uniform(1.0, 3.2))
        if rng.random() < 0.5:
            os.killpg(grader.pid, signal.SIGKILL)
        else:
            grader.kill()
        grader.wait()
    run(*grade_command(classroom))
    assert grades(classroom) == marks
    assert sum(one.points for one in all_records(classroom.records_folder)) == sum(marks.values())
    # Nothing runs on behind the killed ones.
    deadline = time.monotonic() + 10
    while left := [p for pid in killed for p in _kernels_of(pid)]:
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


def _kernels_of(grader: int) -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob(f"bert-classroom-{grader}-*/k*"))


#: What a notebook may leave behind: a thread, a child of its own, a file.
LITTER = """import subprocess, threading, time
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
subprocess.Popen(["sleep", "60"])
open("/tmp/left", "w").write("x" * 100_000)"""


@pytest.mark.long
@pytest.mark.nightly
def test_two_hundred_submissions_leave_nothing_and_take_no_more_memory(
    classroom: CoursePaths,
) -> None:
    letters = "rcnr" * 50
    marks = make_class(classroom, letters, LITTER)
    seen: set[psutil.Process] = set()
    held: dict[psutil.Process, list[tuple[int, int]]] = {}  # submissions done, bytes
    with tempfile.TemporaryDirectory() as folder:
        grader = subprocess.Popen(
            grade_command(classroom, "--jobs", "2"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"TMPDIR": folder},
        )
        runner = psutil.Process(grader.pid)
        while grader.poll() is None:
            done = len(list(classroom.records_folder.glob("*/*.done")))
            with contextlib.suppress(psutil.NoSuchProcess):
                tree = [runner, *runner.children(recursive=True)]
                seen.update(tree)
                for process in tree:
                    with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
                        size = process.memory_info().rss
                        held.setdefault(process, []).append((done, size))
            time.sleep(0.3)
        assert grader.returncode == 0 and grades(classroom) == marks
        assert os.listdir(folder) == []
        assert folder not in Path("/proc/net/unix").read_text()
    # Kernels and what they started were among those seen, and none is left.
    assert len(seen) > 50
    _, left = psutil.wait_procs(seen, timeout=10)
    assert not left
    # The runner, its workers and the warm process were there all the time. Once warm, each holds as
    # much after the last submission as after half of them; what one leaves would show fifty times.
    lasting = {one: found for one, found in held.items() if found[-1][0] - found[0][0] > 150}
    assert len(lasting) >= 4
    for process, found in lasting.items():
        half = max(size for done, size in found if 60 < done <= 130)
        late = max(size for done, size in found if done > 150)
        assert late < half + 5 * 2**20, (process, half, late)


def test_ctrl_c_says_that_nothing_is_lost_and_the_rerun_goes_on(
    classroom: CoursePaths, run: Callable[..., Any]
) -> None:
    marks = make_class(classroom, "rrrrrrll")
    grader = subprocess.Popen(
        grade_command(classroom, "--jobs", "1"), stderr=subprocess.PIPE, text=True,
        stdout=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    while not list(classroom.records_folder.glob("*/*.done")):
        time.sleep(0.05)
    os.killpg(grader.pid, signal.SIGINT)
    _, said = grader.communicate(timeout=30)
    assert grader.returncode == 130
    assert "Nothing is lost: run the same command again" in said and "Traceback" not in said
    before = {p: p.stat().st_mtime_ns for p in classroom.records_folder.glob("*/*.done")}
    assert 0 < len(before) < len(marks)
    run(*grade_command(classroom))
    assert grades(classroom) == marks
    assert {p: p.stat().st_mtime_ns for p in before} == before


def test_equal_submissions_run_once_and_get_the_same_marks(
    classroom: CoursePaths, run: Callable[..., Any]
) -> None:
    for student in ("ann", "ben", "cem"):
        submit(classroom, student, set_source("count-words", SOURCES["c"]))
    submit(classroom, "dan")
    run(*grade_command(classroom, "--jobs", "1"))
    assert grades(classroom) == {"ann": 3, "ben": 3, "cem": 3, "dan": 5}
    assert len(list(classroom.store.glob("*/*.json"))) == 2
    # Formgrader's way: nbgrader alone, which finds the result in the store, fresh outputs and all.
    store = {path: path.stat().st_mtime_ns for path in classroom.store.glob("*/*.json")}
    run("nbgrader", "autograde", NAME, "--force", cwd=classroom.root)
    assert grades(classroom) == {"ann": 3, "ben": 3, "cem": 3, "dan": 5}
    assert {path: path.stat().st_mtime_ns for path in classroom.store.glob("*/*.json")} == store
    graded = nbformat.read(classroom.root / "autograded" / "ann" / NAME / f"{NAME}.ipynb", 4)
    assert "count_words counts 'The' and 'the' apart" in json.dumps(graded)


def test_formgraders_button_grades_contained(classroom: CoursePaths) -> None:
    submit(classroom, "ann", set_source("count-words", SOURCES["c"]))
    with jupyterlab(classroom.root) as address:
        request = urllib.request.Request(
            f"{address}/formgrader/api/submission/{NAME}/ann/autograde",
            data=b"",
            headers={"Authorization": f"token {TOKEN}"},
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            assert json.load(answer)["success"]
    assert grades(classroom) == {"ann": 3}
    assert all(one.contained for one in all_records(classroom.records_folder))


def test_a_broken_store_is_as_good_as_none(classroom: CoursePaths, run: Callable[..., Any]) -> None:
    submit(classroom, "ann")
    run(*grade_command(classroom))
    (entry,) = classroom.store.glob("*/*.json")
    entry.write_text(entry.read_text()[:-40])
    run(*grade_command(classroom, "--force"))
    run("nbgrader", "autograde", NAME, "--force", cwd=classroom.root)
    assert grades(classroom) == {"ann": 5}


def test_without_containment_only_when_told_so_and_the_page_says_it(
    classroom: CoursePaths, run: Callable[..., Any]
) -> None:
    make_class(classroom, "rc")
    # Our own filter refuses namespaces to the grader, as some machines do.
    forbidden = (
        "import os, sys; from autograder.kernels import linux, seccomp; "
        "linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1); seccomp.install(); "
        "os.execv(sys.executable, sys.argv[1:])"
    )
    done = run(sys.executable, "-c", forbidden, *grade_command(classroom), code=2)
    assert "--containment none" in done.stderr and "Traceback" not in done.stderr
    assert not grades(classroom)
    run(*grade_command(classroom, "--containment", "none"))
    assert grades(classroom) == {"r00": 5, "c01": 3}
    assert not any(one.contained for one in all_records(classroom.records_folder))
    run("autograder", "report", "--root", classroom.root)
    assert "without containment" in (classroom.root / "report.html").read_text()


def test_a_cluster_grades_the_same_though_a_worker_is_killed(
    classroom: CoursePaths, tmp_path: Path, run: Callable[..., Any]
) -> None:
    marks = make_class(classroom, "rcrnrrcrrrnrlrcr")
    address_file = tmp_path / "scheduler.json"

    def dask(kind: str, *options: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--no-dashboard"]
        command += ["--scheduler-file", str(address_file), *options]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    scheduler = dask("scheduler", "--port", "0", "--host", "127.0.0.1")
    folder = str(tmp_path)
    workers = [
        dask("worker", "--nthreads", "1", "--no-nanny", "--local-directory", folder)
        for _ in range(2)
    ]
    try:
        while not address_file.exists():
            time.sleep(0.1)
        address = json.loads(address_file.read_text())["address"]
        grader = subprocess.Popen(
            grade_command(classroom, "--cluster", address),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while len(list(classroom.store.glob("*/*.json"))) < 4:
            assert grader.poll() is None
            time.sleep(0.05)
        workers[0].kill()
        assert grader.wait(timeout=120) == 0
    finally:
        for process in (*workers, scheduler):
            process.terminate()
            process.wait()
    assert grades(classroom) == marks
    done = run(*grade_command(classroom, "--force", "--cluster", "tcp://127.0.0.1:9"), code=2)
    assert "No Dask scheduler answers at 'tcp://127.0.0.1:9'" in done.stderr
