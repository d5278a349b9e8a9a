"""Whatever a student's process replies, the judge says something of it: no reply is our own fault.

A reply that a judge cannot read would be a `grader_error`, which costs no marks; so it would be a
way to be excused. What the right answer's observations hold is changed here in one to three places.
"""

from __future__ import annotations

import copy
import os
import random
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from autograder.authoring.recorded_answers import solution_cells
from autograder.course_paths import CoursePaths
from autograder.examining.exam import Exam, SheetTask, Task, load_exam
from autograder.examining.processes import Returned, StudentSubprocess
from course.checks.mistakes import MistakeError
from course.plain import Opaque, as_plain

#: Replies for each observation of a right answer.
MANY = int(os.environ.get("BERT_CLASSROOM_REPLIES", "30"))
PATHS = CoursePaths(Path(__file__).parents[1])
DTYPES = (
    torch.bool, torch.uint8, torch.int8, torch.int64, torch.float16, torch.bfloat16, torch.float32,
    torch.float64,
)  # fmt: skip
SHAPES = ((), (0,), (1,), (3,), (0, 4), (2, 1), (1, 2, 3), (1, 1, 1, 1, 1, 1, 1))
LEAVES = (
    None, True, 0, -1, 1, 2**63 - 1, -(2**63), 0.0, -0.5, 1e308, 5e-324, float("nan"),
    float("inf"), float("-inf"), "", "0", "nan", "\ud800", "\x00", "x" * 3000, "ü\u202e", (), [],
    {}, [[]], [None], {"": None}, {1: 2}, {None: 0}, (1, "a"), Opaque("Model"),
)  # fmt: skip


def tensor(rng: random.Random) -> torch.Tensor:
    made = (torch.rand(rng.choice(SHAPES), generator=None) * 4 - 2).to(rng.choice(DTYPES))
    if made.is_floating_point() and rng.random() < 0.3:
        made = torch.full_like(made, rng.choice((float("nan"), float("inf"), 0.0)))
    if made.is_floating_point() and rng.random() < 0.2:
        made.requires_grad_()
    return made


def other(rng: random.Random, value: Any) -> Any:
    """Return something in the place of `value`: of another kind, or nearly the same."""
    kinds: list[Callable[[], Any]] = [
        lambda: rng.choice(LEAVES),
        lambda: tensor(rng),
        lambda: np.asarray(tensor(rng).detach().float()),
        lambda: [value],
        lambda: (value, value),
        lambda: {"value": value},
    ]
    if isinstance(value, list | tuple) and value:
        kinds += [
            lambda: value[:-1],
            lambda: type(value)([*value, value[0]]),
            lambda: type(value)(reversed(value)),
            lambda: type(value)(),
        ]
    if isinstance(value, dict) and value:
        key = rng.choice(list(value))
        kinds += [
            lambda: {name: one for name, one in value.items() if name != key},
            lambda: {**value, rng.choice(("x", 0, None, (1,), True)): value[key]},
        ]
    if isinstance(value, torch.Tensor):
        kinds += [
            lambda: value.to(rng.choice(DTYPES)),
            lambda: value[None],
            lambda: value[:0] if value.ndim else value,
            lambda: value.detach().numpy() if value.dtype != torch.bfloat16 else value,
            lambda: value.detach().tolist(),
            lambda: (
                torch.full_like(value, float("nan")) if value.is_floating_point() else -value.long()
            ),
        ]
    if isinstance(value, int | float) and not isinstance(value, bool):
        kinds += [lambda: -value, lambda: float(value), lambda: str(value), lambda: [value] * 3]
    return rng.choice(kinds)()


def changed(rng: random.Random, value: Any) -> Any:
    """Return `value` with one of its places changed, itself or deep inside."""
    if isinstance(value, dict) and value and rng.random() < 0.8:
        key = rng.choice(list(value))
        return {**value, key: changed(rng, value[key])}
    if isinstance(value, list | tuple) and value and rng.random() < 0.8:
        place = rng.randrange(len(value))
        return type(value)([*value[:place], changed(rng, value[place]), *value[place + 1 :]])
    return other(rng, value)


@cache
def exam(lesson: str) -> Exam:
    return load_exam(PATHS.exams, lesson)


def tasks() -> Iterator[Any]:
    for lesson in PATHS.lessons_with_code():
        for task in exam(lesson).tasks:
            if not isinstance(task, SheetTask) and task.answer_id != "fine-tune":
                yield pytest.param(lesson, task, id=task.answer_id)


@pytest.mark.parametrize(("lesson", "task"), [*tasks()])
def test_any_reply_is_judged(lesson: str, task: Task) -> None:
    task, faults = copy.copy(task), []
    cases = list(task.cases(random.Random(5)))
    with StudentSubprocess(solution_cells(PATHS, exam(lesson), task)) as student:
        observed = []
        for inputs in cases:
            reply = student.ask(task.function, type(task).observe, inputs, 60)
            assert isinstance(reply, Returned), reply
            observed.append(reply.value)
    for seed in range(MANY * len(cases)):
        rng, which = random.Random(seed), seed % len(cases)
        torch.manual_seed(seed)
        value = observed[which]
        for _ in range(rng.choice((1, 1, 2, 3))):
            value = changed(rng, value)
        try:
            task.judge(as_plain(value), **copy.deepcopy(cases[which]))
        except MistakeError as error:
            assert error.message
        except Exception as error:
            faults.append(f"{type(error).__name__}: {error} from {as_plain(value)!s:.300}")
    assert not faults, f"{len(faults)} of {MANY * len(cases)}: " + "\n".join(faults[:5])
