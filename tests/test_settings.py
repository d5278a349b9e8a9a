"""Right answers are right under every setting that a notebook may have changed above them.

Each setting is written as a student writes it, in a cell above all others, and stays while the
functions are tried: by the examiner, and by the visible checks.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import copy
import locale
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import torch

from autograder.authoring.lessons import read_lesson
from autograder.authoring.recorded_answers import recorded_answers
from autograder.cells import DEMO_TAG, grade_id_of
from autograder.course_paths import CoursePaths
from autograder.examining.exam import Task, load_exam
from autograder.examining.examiner import examine
from autograder.examining.processes import Returned, StudentSubprocess
from autograder.records import Outcome
from course.checks import visible
from course.settings import usual_settings

PATHS = CoursePaths(Path(__file__).parents[1])
#: Lessons whose tasks are tried in a moment; of 05, all but the real run.
LESSONS = (
    "00-orientation", "01-tokenizing", "02-model-set-up", "03-optimizer-and-scheduler",
    "04-accuracy", "05-fine-tuning",
)  # fmt: skip

DEPTH = "import sys\nframe, depth = sys._getframe(), 0\nwhile frame := frame.f_back: depth += 1\n"
SETTINGS = {
    "nothing": "",
    "float64": "import torch\ntorch.set_default_dtype(torch.float64)",
    "bfloat16": "import torch\ntorch.set_default_dtype(torch.bfloat16)",
    "device meta": "import torch\ntorch.set_default_device('meta')",
    "device cpu": "import torch\ntorch.set_default_device('cpu')",
    "no gradients": "import torch\ntorch.set_grad_enabled(False)",
    "inference mode": "import torch\ntorch.inference_mode().__enter__()",
    "autocast": "import torch\ntorch.autocast('cpu', torch.bfloat16).__enter__()",
    "deterministic": "import torch\ntorch.use_deterministic_algorithms(True)",
    "anomalies": "import torch\ntorch.autograd.set_detect_anomaly(True)",
    "matmul precision": "import torch\ntorch.set_float32_matmul_precision('medium')",
    "denormals": "import torch\ntorch.set_flush_denormal(True)",
    "random state": "import torch\ntorch.manual_seed(4); torch.rand(7)\n"
    "torch.set_rng_state(torch.Generator().manual_seed(9).get_state())",
    "other seeds": "import random, numpy\nrandom.seed(1); numpy.random.seed(2)",
    "numpy raises": "import numpy as np\nnp.seterr(all='raise')",
    "warnings are errors": "import warnings\nwarnings.filterwarnings('error')",
    "locale C": "import locale\nlocale.setlocale(locale.LC_ALL, 'C')",
    "another locale": "import locale\nlocale.setlocale(locale.LC_ALL, 'de_DE.UTF-8')",
    "recursion": DEPTH + "sys.setrecursionlimit(depth + 200)",
    "the Hub": "import os\nos.environ |= {'HF_HUB_OFFLINE': '1', 'HF_HOME': '/no/such/folder', "
    "'HF_TOKEN': 'x', 'HF_ENDPOINT': 'http://localhost:1', 'HF_DATASETS_CACHE': '/no/such/folder', "
    "'HF_HUB_CACHE': '/no/such/folder', 'TOKENIZERS_PARALLELISM': 'true', "
    "'CUDA_VISIBLE_DEVICES': ''}",
    "no variables": "import os\nos.environ.clear()",
    "another folder": "import os, tempfile\nos.chdir(tempfile.mkdtemp())",
    "a folder that is gone": "import os, tempfile\n"
    "os.chdir(tempfile.mkdtemp())\nos.rmdir(os.getcwd())",
    "no logging": "import logging\nlogging.disable()",
    "decimals": "import decimal\ndecimal.getcontext().prec = 2",
    "no garbage collection": "import gc\ngc.disable()",
    "no caching": "import datasets\ndatasets.disable_caching(); datasets.disable_progress_bars()",
    "prints": "import torch, numpy\ntorch.set_printoptions(precision=1)\n"
    "numpy.set_printoptions(precision=1)",
    "umask": "import os\nos.umask(0o777)",
    "builtins' names": "",  # filled in for each notebook
}  # fmt: skip


@dataclass(frozen=True)
class Lesson:
    """A lesson's cells that run at grading, in order; those to be answered are named."""

    assignment: str
    cells: tuple[tuple[str | None, str], ...]
    tasks: tuple[Task, ...]
    answers: dict[str, list[tuple[str, str]]]

    def solved(self, style: int) -> tuple[dict[str, str], list[str]]:
        """Return the names of the answers of one style each, and the notebook with them."""
        chosen = {id: found[style % len(found)] for id, found in self.answers.items()}
        cells = [chosen[id][1] if id in chosen else text for id, text in self.cells]
        return {id: name for id, (name, _) in chosen.items()}, cells


@cache
def lesson(assignment: str) -> Lesson:
    exam = load_exam(PATHS.exams, assignment)
    tasks = tuple(task for task in exam.tasks if task.answer_id != "fine-tune")
    cells = [
        (grade_id_of(cell), cell.source)
        for cell in read_lesson(PATHS.lessons / f"{assignment}.md").cells
        if cell.cell_type == "code"
        and DEMO_TAG not in cell.metadata.get("tags", [])
        and not cell.metadata.get("nbgrader", {}).get("grade")
    ]
    answers = {
        task.answer_id: [("solution", dict(cells)[task.answer_id])]
        + [(one.name, one.source) for one in recorded_answers(exam, task) if one.right]
        for task in tasks
    }
    return Lesson(assignment, tuple(cells), tasks, answers)


def free_names(cells: list[str]) -> list[str]:
    """Return the names of builtins that no cell uses, so that a student can give them away."""
    used = {node.id for cell in cells for node in ast.walk(ast.parse(cell))
            if isinstance(node, ast.Name)}  # fmt: skip
    return sorted(name for name in dir(builtins) if name.isidentifier()
                  and not name.startswith("_") and name not in {*used, "None", "True", "False"})  # fmt: skip


@cache
def drawn(assignment: str, seed: int) -> list[Task]:
    """Return a lesson's tasks, each with cases that are drawn once for all settings."""
    found = []
    for task in map(copy.copy, lesson(assignment).tasks):
        cases = list(task.cases(random.Random(seed)))
        task.cases = lambda rng, cases=cases: cases
        found.append(task)
    return found


def lost(assignment: str, setting: str, style: int, *, checks: bool) -> list[str]:
    """Return what is refused of a lesson solved in one style: by the exam, and by `checks`."""
    names, cells = lesson(assignment).solved(style)
    text = SETTINGS[setting]
    if setting == "builtins' names":
        text = f"{' = '.join(free_names(cells))} = 3"
    found = []
    with StudentSubprocess([text, *cells]) as student:
        for task in drawn(assignment, style if checks else 0):
            where = f"{setting} · {task.answer_id} · {names[task.answer_id]}"
            finding = examine(task, student, random.Random(style), str(student.cell_errors))
            if finding.outcome is not Outcome.PASSED:
                found.append(f"{where}: {finding.misconception}: {finding.message}")
            if checks:
                seen = student.ask(task.function, visible, {"name": task.function}, 30)
                if seen != Returned(None):
                    found.append(f"{where}: visible: {seen}")
    return found


GERMAN = "another locale"


@pytest.fixture
def locales() -> Iterator[None]:
    before = locale.setlocale(locale.LC_ALL)
    yield
    locale.setlocale(locale.LC_ALL, before)


def skip_without_locale(setting: str) -> None:
    try:
        locale.setlocale(locale.LC_ALL, "de_DE.UTF-8" if setting == GERMAN else None)
    except locale.Error:
        pytest.skip("this machine has no German locale")


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_right_answer_is_right_under_any_setting(setting: str, locales: None) -> None:
    skip_without_locale(setting)
    style = random.Random(setting).randrange(100)  # another one for each setting
    found = [one for name in LESSONS for one in lost(name, setting, style, checks=False)]
    assert not found, "\n".join(found)


@pytest.mark.nightly
@pytest.mark.parametrize("setting", SETTINGS)
def test_all_right_answers_are_right_under_any_setting(setting: str, locales: None) -> None:
    skip_without_locale(setting)
    found = [
        one
        for name in LESSONS
        for style in range(max(map(len, lesson(name).answers.values())))
        for one in lost(name, setting, style, checks=True)
    ]
    assert not found, "\n".join(found)


def test_an_autocast_of_the_students_own_computes_on_the_weights_of_now() -> None:
    layer = torch.nn.Linear(1, 1, bias=False)
    ones = torch.ones(1, 1)

    def computed(weight: float) -> tuple[float, torch.dtype]:
        layer.weight.data.fill_(weight)
        with torch.autocast("cpu", torch.bfloat16):
            result = layer(ones)
        return result.item(), result.dtype

    for around in (contextlib.nullcontext(), torch.autocast("cpu", torch.bfloat16)):
        with around:
            before = layer(ones).dtype
            with usual_settings():
                assert layer(ones).dtype == torch.float32
                assert computed(2.0) == (2.0, torch.bfloat16)
                assert computed(3.0) == (3.0, torch.bfloat16)
            assert layer(ones).dtype == before
    assert layer(ones).dtype == torch.float32 and computed(4.0) == (4.0, torch.bfloat16)
