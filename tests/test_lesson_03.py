"""Lesson 03: what its prose quotes was measured, its pictures say what they are given."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
import torch
from torch.optim import SGD, AdamW
from transformers import AutoTokenizer, BertForSequenceClassification
from transformers.utils import logging

from autograder.examining.exam import load_exam
from course import checkpoint, load_reviews
from course.checks.mistakes import MistakeError
from course.pictures import schedules
from course.plain import Opaque, as_plain

ROOT = Path(__file__).parents[1]
EXAM = load_exam(ROOT / "autograder" / "exams", "03-optimizer-and-scheduler")
LESSON = (ROOT / "course" / "lessons" / "03-optimizer-and-scheduler.md").read_text("utf-8")
PROSE = " ".join(LESSON.split())
RUNS = schedules.recorded_runs()
SWEEP = schedules.rate_sweep(RUNS)


def solution() -> dict:
    """Return the names of the lesson's non-demo cells."""
    names: dict = {"__name__": "lesson"}
    for cell in re.findall(r"```\{code-cell\} ipython3\n(.*?)\n```", LESSON, re.DOTALL):
        if ":tags: [demo]" in cell or "check(" in cell or "grade: true" in cell:
            continue
        exec(cell.partition("\n\n")[2], names)
    return names


@pytest.fixture(scope="module")
def lesson():
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    yield solution()
    logging.set_verbosity(level)
    (logging.enable_progress_bar if bars else logging.disable_progress_bar)()


def both(runs, shown):
    return " and ".join(shown(run) for run in runs)


def test_the_tables_hold_what_was_measured():
    assert len(SWEEP) == 16
    for rate in sorted({run.lr for run in SWEEP}):
        runs = [run for run in SWEEP if run.lr == rate]
        assert [run.seed for run in runs] == [0, 1]
        row = (
            f"| {schedules._short(rate)} | {both(runs, lambda run: f'{run.accuracy:.3f}')} "
            f"| {both(runs, lambda run: f'{run.last_losses():.2f}')} "
            f"| {both(runs, lambda run: f'{max(run.losses):.2f}')} "
            f"| {both(runs, lambda run: f'{run.positive:.0%}'.replace('%', ' %'))} |"
        )
        assert row in LESSON
    others = {run.name for run in RUNS} - {run.name for run in SWEEP}
    assert len(others) == 4
    for name in (*others, "AdamW 1e-4"):
        runs = [run for run in RUNS if run.name == name]
        row = (
            f"| {name} | {both(runs, lambda run: f'{run.accuracy:.3f}')} "
            f"| {both(runs, lambda run: f'{run.last_losses():.2f}')} |"
        )
        assert row in LESSON


def test_what_the_prose_says_of_the_sweep():
    for run in SWEEP:
        if run.lr < 3e-5:
            assert abs(run.last_losses() - schedules.GUESSING) < 0.006
        if run.lr > 9e-4:
            assert max(run.losses) > 0.9 and run.positive in (0, 1)
            assert abs(run.last_losses() - schedules.GUESSING) < 0.01
        if 9e-5 < run.lr < 3e-4:
            assert run.accuracy > 0.69
    for rate in (5e-5, 5e-4):
        found = [run.accuracy for run in SWEEP if run.lr == rate]
        assert max(found) > 0.7 and min(found) < 0.62
    assert round((0.7 * 0.3 / 300) ** 0.5, 3) == 0.026 and "2.6 points" in PROSE
    small = [max(run.losses) for run in SWEEP if run.lr < 3e-5]
    large = [max(run.losses) for run in SWEEP if run.lr > 9e-4]
    assert max(small) < 0.72 and min(large) > 0.93
    assert round(sum(next(run.rates for run in SWEEP if run.lr == 3e-3)), 3) == 0.09
    # The share that 60 steps take from a weight, at a decay of 0.01.
    rates = next(run.rates for run in SWEEP if run.lr == 1e-4)
    assert f"{sum(rates) * 0.01:.5%}" == "0.00300%" and "by 0.003 % in all" in PROSE


def test_what_the_prose_says_of_gradients_and_moves(lesson):
    tokenizer = AutoTokenizer.from_pretrained(checkpoint())
    rows = load_reviews()["train"][:16]
    batch = tokenizer(
        rows["text"], padding=True, truncation=True, max_length=48, return_tensors="pt"
    )
    labels = torch.tensor(rows["label"])
    torch.manual_seed(0)
    model = BertForSequenceClassification.from_pretrained(checkpoint()).train()
    model(**batch, labels=labels).loss.backward()
    sizes = {name: weights.grad.pow(2).mean().sqrt() for name, weights in model.named_parameters()}
    keys = [name for name in sizes if name.endswith("key.bias")]
    assert len(keys) == 6 and max(sizes[name] for name in keys) < 1e-9
    others = sorted(float(size) for name, size in sizes.items() if name not in keys)
    assert 15_000 < others[-1] / others[0] < 30_000
    assert sizes["classifier.bias"] == max(sizes.values())
    middle = sorted(map(float, sizes.values()))[52]
    assert 1e-4 < middle < 4e-4
    matrices = [
        w.detach().pow(2).mean().sqrt() for w in model.bert.encoder.parameters() if w.ndim > 1
    ]
    assert min(matrices) > 0.035 and max(matrices) < 0.105
    before = [weights.detach().clone() for weights in model.parameters()]
    AdamW(model.parameters(), lr=1e-4, weight_decay=0.0).step()
    moves = [
        float((new.detach() - old).pow(2).mean().sqrt())
        for new, old in zip(model.parameters(), before, strict=True)
    ]
    assert sum(move > 0.95e-4 for move in moves) == 96 and "96 of the 105" in PROSE


def test_the_counts_and_examples_of_the_prose(lesson):
    model = BertForSequenceClassification.from_pretrained(checkpoint())
    groups = lesson["make_optimizer"](model, 1e-4, 0.01).param_groups
    assert [len(group["params"]) for group in groups] == [41, 64]
    assert lesson["training_steps"](1000, 16, 3) == 189
    assert lesson["training_steps"](1000, 32, 3) == 96
    optimizer = SGD([torch.nn.Parameter(torch.ones(1))], lr=1e-4)
    scheduler = lesson["make_schedule"](optimizer, 20, 3, 0.1)
    rates = []
    for _ in range(60):
        rates.append(f"{optimizer.param_groups[0]['lr']:.3g}")
        optimizer.step()
        scheduler.step()
    told = ", ".join([*rates[:6], "1e-04", rates[7], "…", rates[-1]])
    assert f"# {told}" in LESSON and rates[6] == "0.0001"


@pytest.mark.parametrize("task", EXAM.tasks, ids=lambda task: task.answer_id)
def test_hostile_observations_are_misses_and_nothing_else(lesson, task):
    inputs = next(iter(task.cases(random.Random(1))))
    right = as_plain(type(task).observe(lesson[task.function], **inputs))
    task.judge(right, **inputs)
    junk = [None, 1, -1.0, "x", [], {}, [[]], float("nan"), float("inf"), Opaque("X"), 2**62]
    junk += [torch.zeros(0), torch.tensor(float("nan")), torch.zeros(3, 3), [None] * 3, True]
    junk += [[torch.zeros(2)] * 3, [float("nan")] * 3, {"events": [["step"]]}, [[1e308, -1e308]]]
    if isinstance(right, dict) and "moved" in right:
        like = right["moved"][0]
        junk += [[like.to(torch.float8_e4m3fn)] * 2, [like.long()] * 2, [like * 1e30] * 2]
        junk += [[like.double() * 1e300], [like * float("nan")], [like, like]]
    if isinstance(right, dict) and "curve" in right:
        junk += [[[0.0] * 9] * len(right["curve"]), [[1e308, 1e308]] * len(right["curve"])]
        junk += [[[-1e308, 1e308]] * len(right["curve"]), [[1, "x"]] * len(right["curve"])]
    observations = list(junk)
    if isinstance(right, dict):
        observations += [{**right, key: value} for key in right for value in junk]
        observations += [{**right, "instead": value} for value in junk if "told" not in right]
    for observed in observations:
        try:
            task.judge(observed, **inputs)
        except MistakeError:
            continue
        # What passes all the same may only be what no point hangs on.
        assert observed.keys() == right.keys()
        assert all(observed[key] is right[key] for key in right if key != "told")


def test_pictures_say_what_they_show():
    picture = schedules.sweep_picture(RUNS, 1e-3)
    assert "1e-3: 0." in picture.alt and "1e-3" in str(picture.figure.axes[0].get_legend().texts)
    assert schedules.sweep_picture(RUNS).figure.axes[1].get_xscale() == "log"
    with pytest.raises(ValueError, match="recorded are the learning rates 1e-5, 2e-5"):
        schedules.sweep_picture(RUNS, 0.5)
    picture = schedules.compare_picture(RUNS, ["SGD 2e-5", "AdamW 1e-4"])
    assert "SGD 2e-5: accuracy 0." in picture.alt
    names = [label.get_text() for label in picture.figure.axes[1].get_yticklabels()]
    assert names == ["SGD 2e-5", "AdamW 1e-4"]
    with pytest.raises(ValueError, match="recorded are AdamW 1e-5"):
        schedules.compare_picture(RUNS, ["Adam"])
    picture = schedules.schedule_picture({"up": [0.0, 1.0, 2.0]}, epoch_ends=[1, 2])
    assert "up: begins at 0, is highest (2) at step 3, ends at 2" in picture.alt
    picture = schedules.reach_picture({"SGD": [(1.0, 0.5), (2.0, 1.0), (0.0, 0.0)]}, 0.5)
    assert "none by more than 1" in picture.alt and picture.figure.axes[0].get_xscale() == "log"
    assert '<img class="bc-picture" alt="' in picture._repr_html_()
