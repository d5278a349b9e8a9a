"""Measures what a student waits for, each beside a peer in the same run, and prints ratios.

`import course` beside `import transformers`; a visible check beside `nbgrader validate` of the
same notebook, which is what nbgrader gives a student who wants to know whether an answer is right;
twelve decks of practice, as a lesson shows them, beside the imports that the lesson needs anyway.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

ROOT = Path(__file__).resolve().parent.parent
LESSON = ROOT / "source" / "01-tokenizing" / "01-tokenizing.ipynb"


# What lessons have loaded by themselves before their questions come.
DECKS = """
import time, torch, transformers
from course import checkpoint
transformers.AutoTokenizer.from_pretrained(checkpoint())
transformers.BertForSequenceClassification.from_pretrained(checkpoint())
torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))])
started = time.perf_counter()
from course.practice import practice
from course.practice.places import lessons
cells = [f"{one.name}#{at.name}" for one in lessons().values() for at in one.places if at.way]
for cell in cells[:12]:
    practice(cell)._repr_mimebundle_()
print(time.perf_counter() - started)
"""


def seconds(action: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def python(*arguments: str) -> Callable[[], object]:
    command = [sys.executable, *arguments]
    return lambda: subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


def visible_check(repeats: int) -> float:
    """Run lesson 01's solution and return the seconds of its first task's visible check."""
    from autograder.authoring.recorded_answers import solution_cells
    from autograder.course_paths import CoursePaths
    from autograder.examining.exam import load_exam
    from course.checks import find_check, run_check

    paths = CoursePaths(ROOT)
    exam = load_exam(paths.exams, "01-tokenizing")
    names: dict[str, object] = {}
    for cell in solution_cells(paths, exam, exam.tasks[0]):
        exec(cell, names)
    check = find_check(exam.tasks[0].function)
    function = names[exam.tasks[0].function]
    assert run_check(check, function).passed
    return seconds(lambda: run_check(check, function), repeats)


def main(
    repeats: Annotated[int, typer.Option(min=1, help="Runs of each; the median counts.")] = 5,
    output: Annotated[Path, typer.Option(help="Where the figures go.")] = ROOT
    / "bench/results/speed.json",
) -> None:
    """Print the figures and write them as JSON.

    Example: python bench/speed.py --repeats 5
    """
    os.environ |= {
        "HF_HUB_OFFLINE": "1",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    bare = seconds(python("-c", "pass"), repeats)
    ours = seconds(python("-c", "import course"), repeats) - bare
    theirs = seconds(python("-c", "import transformers, torch"), max(1, repeats // 2)) - bare
    check = visible_check(repeats)
    with tempfile.TemporaryDirectory() as folder:
        kept = os.environ | {"BERT_CLASSROOM_PROGRESS": f"{folder}/progress.json"}
        command = [sys.executable, "-c", DECKS]
        run = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, env=kept)
        decks = float(run.stdout)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / LESSON.name).write_bytes(LESSON.read_bytes())
        command = ["nbgrader", "validate", LESSON.name]
        validate = seconds(
            lambda: subprocess.run(command, cwd=folder, check=True, capture_output=True), 1
        )
    figures = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "import course (s)": round(ours, 4),
        "import torch and transformers (s)": round(theirs, 2),
        "ratio of imports": round(theirs / max(ours, 1e-4)),
        "twelve decks of practice (s)": round(decks, 2),
        "ratio of imports to decks": round(theirs / decks, 1),
        "visible check (s)": round(check, 4),
        "nbgrader validate (s)": round(validate, 2),
        "ratio of checks": round(validate / check),
    }
    for name, value in figures.items():
        print(f"{name:36} {value}")
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
