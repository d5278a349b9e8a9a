"""The fine-tuning verdict: the question, the weights, the evidence, the bar, and recorded runs."""

from __future__ import annotations

import itertools
import math
import random
import re
from collections.abc import Callable
from pathlib import Path
from statistics import NormalDist, fmean, stdev
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom
from transformers import BertForSequenceClassification

from autograder.alone import challenge
from autograder.authoring.recorded_answers import read_answers
from autograder.examining.examiner import examine
from autograder.examining.processes import Returned, StudentSubprocess
from autograder.records import Finding, Outcome
from autograder.verdict.bars import NEARLY, SOME, Bar, bar_for, load_bars, load_ways
from autograder.verdict.evidence import CAUSES, HABITS, SIGNS, SURPLUS, UNCHANGED, Evidence, verdict
from autograder.verdict.picture import picture
from autograder.verdict.question import BUDGETS, Budget, budget_for, draw_run
from autograder.verdict.task import FineTune
from autograder.verdict.weights import Measured, load_weights, measure
from course import checkpoint, load_reviews
from course.checks.mistakes import MistakeError, course_mistakes, mistake
from course.checks.run_seen import Record, Seen, Update, read_record

CPU = BUDGETS["cpu"]
BAR = load_bars()["cpu"]
ROOT = Path(__file__).parents[1]
RUNS = ROOT / "tests" / "runs"


# The question


def test_labels_exist_only_in_the_run() -> None:
    given = load_reviews()["train"]
    sentiment = dict(zip(given["text"], given["label"], strict=True))
    runs = [draw_run(random.Random(seed), CPU) for seed in range(12)]
    for run in runs:
        assert len(run.train.texts) == len(set(run.train.texts)) == CPU.steps * CPU.batch_size
        assert len(run.hidden.texts) == 500
        assert not set(run.train.texts) & set(run.hidden.texts)
        assert 0.4 < sum(run.train.labels) / len(run.train.labels) < 0.6
        # Whoever knows what reviews say knows nothing of these labels.
        same = [sentiment[t] == y for t, y in zip(run.train.texts, run.train.labels, strict=True)]
        assert 0.3 < sum(same) / len(same) < 0.7
    # Nor does whoever knows the labels of another run: on average half of them are the same.
    agreements = []
    for one, other in itertools.combinations(runs, 2):
        known = dict(zip(one.train.texts, one.train.labels, strict=True))
        pairs = zip(other.train.texts, other.train.labels, strict=True)
        agree = [known[text] == label for text, label in pairs if text in known]
        assert len(agree) > 100
        agreements.append(sum(agree) / len(agree))
    assert 0.4 < sum(agreements) / len(agreements) < 0.6


def test_the_same_draws_give_the_same_run_and_others_another() -> None:
    assert draw_run(random.Random(1), CPU) == draw_run(random.Random(1), CPU)
    assert draw_run(random.Random(1), CPU).train != draw_run(random.Random(2), CPU).train


def test_what_is_hidden_never_travels() -> None:
    task = FineTune(CPU)
    (inputs,) = task.cases(random.Random(0))
    assert set(inputs) == {"texts", "labels", "checkpoint", "steps", "batch_size", "device", "seed"}
    assert not set(inputs["texts"]) & set(task.run.hidden.texts)


def test_a_device_without_a_bar_of_its_own_has_the_budget_of_the_cpu() -> None:
    assert (budget_for("cuda", False).steps, budget_for("cuda", False).batch_size) == (60, 16)
    assert budget_for("cuda", True) == BUDGETS["cuda"]
    assert bar_for("a device nobody measured") == BAR


# The weights


@pytest.fixture(scope="module")
def weights() -> dict[str, Any]:
    torch.manual_seed(0)
    return BertForSequenceClassification.from_pretrained(checkpoint(), num_labels=2).state_dict()


HUGE = 3.4e38 * torch.where(torch.arange(384) % 8 < 4, 1.0, -1.0)


@pytest.mark.parametrize(
    ("change", "misconception"),
    [
        (lambda w: {}, "not-a-classifier"),
        (lambda w: "weights", "not-a-classifier"),
        (lambda w: w | {"classifier.weight": torch.zeros(3, 384)}, "wrong-model-shape"),
        (lambda w: w | {"classifier.weight": [[0.0] * 384] * 2}, "wrong-model-shape"),
        (lambda w: w | {"classifier.bias": torch.zeros(2, dtype=torch.long)}, "wrong-weight-dtype"),
        (lambda w: w | {"classifier.bias": torch.tensor([0.0, math.nan])}, "weights-not-finite"),
        (lambda w: w | {"classifier.bias": torch.tensor([0.0, math.inf])}, "weights-not-finite"),
        (
            lambda w: w | {"classifier.bias": torch.tensor([0, 1e300]).double()},
            "weights-not-finite",
        ),
        (lambda w: w | {"bert.pooler.dense.bias": HUGE}, "weights-not-finite"),
    ],
)
def test_what_are_no_weights_of_this_model_is_refused(
    weights: dict[str, Any], change: Callable[[dict[str, Any]], Any], misconception: str
) -> None:
    with pytest.raises(MistakeError) as caught:
        load_weights(change(weights), checkpoint())
    assert caught.value.mistake.id == misconception


def test_half_precision_and_foreign_extras_are_accepted(weights: dict[str, Any]) -> None:
    half = {name: tensor.bfloat16() for name, tensor in weights.items()} | {"extra": torch.zeros(1)}
    assert not load_weights(half, checkpoint()).training


def test_untrained_weights_are_measured_as_such(weights: dict[str, Any]) -> None:
    run = draw_run(random.Random(3), CPU)
    measured = measure(weights, run, "cpu", checkpoint())
    assert measured.encoder_unchanged and 0.4 < measured.accuracy < 0.6
    low, high = measured.interval
    assert low < measured.accuracy < high and 0.04 < high - measured.accuracy < 0.05
    # The head is not the encoder, and the smallest change of the encoder is one.
    other = weights | {"classifier.bias": torch.ones(2), "bert.pooler.dense.bias": torch.ones(384)}
    assert measure(other, run, "cpu", checkpoint()).encoder_unchanged
    name = "bert.encoder.layer.5.output.dense.bias"
    nudged = weights | {name: weights[name] + 1e-6}
    measured = measure(nudged, run, "cpu", checkpoint(), head_from=0.0)
    assert not measured.encoder_unchanged and measured.head_alone is not None
    # The smallest change of the encoder adds nothing to the head.
    assert 0.3 < measured.head_alone < 0.7 and measured.encoder_adds == 0


# The evidence


def update(number: int, **changes: Any) -> Update:
    rows = [(number * 16 + row) % 960 for row in range(16)]
    named = {"rates": [1e-4 * (1 - number / 60)], "rows": rows, "labels": [row % 2 for row in rows]}
    seen = {"losses": [0.6], "backwards": 1, "training": True, "gradients": True}
    told = named | seen | changes
    return Update.model_validate({"encoder_rates": told["rates"]} | told)


def evidence(
    correct: int = 475,
    changes: dict[str, Any] | None = None,
    steps: int = 60,
    adds: float | None = None,
    **record: Any,
) -> Evidence:
    updates = [update(number, **(changes or {})) for number in range(steps)]
    told = {"optimizers": ["AdamW"], "returned_is_held": True, "returned_got_gradients": True}
    seen = Record.model_validate({"updates": updates, "head_moved": True} | told | record)
    labels = tuple(row % 2 for row in range(960))
    measured = Measured(correct, 500, 0.5, False, 0.9, adds)
    return Evidence(measured, Seen(seen, 60, 16, labels), BAR)


def told(it: Evidence) -> str | None:
    error = verdict(it)
    return None if error is None else error.mistake.id


@pytest.mark.parametrize(
    ("it", "misconception", "points"),
    [
        (evidence(), None, 1.0),
        (evidence(260, {"labels": [1] * 16}), "labels-ignored", 0.0),
        (evidence(260, {"labels": [0, 1, 1, 0] * 4}), "labels-torn-off", 0.0),
        (evidence(100), "labels-swapped", 0.0),
        (evidence(260, {"rows": [*range(10**6, 10**6 + 16)]}), "other-texts", 0.0),
        (evidence(340, {"rows": [*range(16)]}), "same-rows-again", SOME),
        (evidence(260, {"rates": [2e-5]}), "rate-too-low", 0.0),
        (evidence(260, {"rates": [1e-3]}), "rate-too-high", 0.0),
        # A head bears a larger rate than the encoder, which alone is destroyed by it.
        (evidence(260, {"rates": [1e-4, 1e-3], "encoder_rates": [1e-4]}), "not-learned", 0.0),
        (evidence(260, {"rates": []}, optimizers=["SGD"]), "sgd-too-weak", 0.0),
        (evidence(260, {"rates": []}, optimizers=["Adafactor"]), "relative-steps", 0.0),
        (evidence(260, optimizers=[]), "plain-gradient-descent", 0.0),
        (evidence(260, head_moved=False), "head-untrained", 0.0),
        (evidence(260), "not-learned", 0.0),
        (evidence(340), "below-reference", SOME),
        (evidence(steps=25), "too-few-steps", 0.7),
        (evidence(steps=6), "hardly-any-steps", 0.4),
        (evidence(steps=75), "over-budget", 0.5),
        (evidence(changes={"rows": [*range(32)]}), "batch-too-large", 0.5),
        (evidence(changes={"stale": True}), "gradients-never-cleared", 0.5),
        (evidence(changes={"softmaxed": True}), "softmax-before-loss", 0.8),
        (evidence(changes={"training": False}), "never-in-train-mode", 0.8),
        (evidence(left_in_training=True), "dropout-left-on", 0.9),
        (evidence(steps=0, optimizers=[]), "steps-not-seen", 0.5),
        (evidence(adds=-0.01), "head-does-it-all", 0.4),
        (evidence(adds=0.02), None, 1.0),
        # One off, or an optimizer that skipped a step, is not another number.
        (evidence(steps=59), None, 1.0),
        (evidence(steps=61), None, 1.0),
        # Rates that were not seen are not rates of 0.
        (evidence(changes={"rates": []}), None, 1.0),
    ],
)
def test_each_fault_is_told_by_its_own_name(
    it: Evidence, misconception: str | None, points: float
) -> None:
    error = verdict(it)
    assert told(it) == misconception
    assert (1.0 if error is None else error.mistake.credit) == points


def mixed(count: int, these: dict[str, Any], others: dict[str, Any] | None = None) -> Evidence:
    """Return the evidence of a poor run in which so many of 60 updates were like `these`."""
    updates = [update(step, **(these if step < count else others or {})) for step in range(60)]
    return evidence(260, updates=updates)


LUCK, FULL = math.floor(BAR.luck(500) * 500), math.ceil(BAR.full * 500)
NEARLY_ALL = math.ceil(BAR.nearly(500) * 500)
HELD_BY_NONE = {"returned_is_held": False}
#: For each sign: evidence in which it just shows, and evidence in which it just does not.
BOUNDS: dict[str, tuple[list[Evidence], list[Evidence]]] = {
    "rate-always-zero": (
        [mixed(60, {"rates": [0.0]})],
        [mixed(59, {"rates": [0.0]}), mixed(59, {"rates": [0.0]}, {"rates": []}),
         evidence(260, {"rates": [0.0]}, **HELD_BY_NONE), evidence(steps=0)],
    ),
    "optimizer-of-another-model": (
        [evidence(**HELD_BY_NONE)],
        [evidence(), evidence(optimizers=[], **HELD_BY_NONE),
         evidence(returned_got_gradients=False, **HELD_BY_NONE)],
    ),
    "returned-another-model": (
        [evidence(returned_got_gradients=False, **HELD_BY_NONE)],
        [evidence(**HELD_BY_NONE), evidence(returned_got_gradients=False),
         evidence(steps=0, returned_got_gradients=False, **HELD_BY_NONE)],
    ),
    "gradients-cleared-too-early": (
        [mixed(60, {"gradients": False})],
        [mixed(59, {"gradients": False}), evidence(steps=0)],
    ),
    "only-head-trained": (
        [evidence(475, head_moved=False), evidence(260)],
        [evidence(260, head_moved=False), evidence(260, head_moved=None)],
    ),
    "no-optimizer-step": (
        [evidence(steps=0, backwards_left=1)],
        [evidence(steps=1, backwards_left=1), evidence(steps=0)],
    ),
    "untrained": (
        [evidence(steps=0)],
        [evidence(steps=1), evidence(steps=0, backwards_left=1), evidence(steps=0, forwards_left=1)],
    ),
    "encoder-unchanged": ([evidence(), evidence(260, steps=0)], []),
    "labels-swapped": ([evidence(500 - LUCK - 1)], [evidence(500 - LUCK), evidence(260)]),
    "labels-ignored": (
        [mixed(60, {"labels": [1] * 16}), mixed(31, {"labels": [1] * 16}, {"labels": []})],
        [mixed(59, {"labels": [1] * 16}), mixed(29, {"labels": [1] * 16}, {"labels": []})],
    ),
    "labels-torn-off": (
        [mixed(25, {"labels": [1, 0] * 8}), mixed(13, {"labels": [1, 0] * 8})],
        [mixed(12, {"labels": [1, 0] * 8}), mixed(29, {"labels": [1, 0] * 8}, {"labels": []})],
    ),
    "other-texts": (
        [mixed(31, {"rows": [10**6] * 16})],
        [mixed(30, {"rows": [10**6] * 16}), mixed(60, {"rows": [2 * 10**6] * 16}),
         evidence(NEARLY_ALL, {"rows": [10**6] * 16})],
    ),
    "same-rows-again": (
        [mixed(32, {"rows": [*range(16)]}), evidence(340, {"rows": [*range(9)]})],
        [mixed(31, {"rows": [*range(16)]}), evidence(340, {"rows": []}),
         mixed(31, {"rows": [*range(16)]}, {"rows": [*range(480, 960)]})],
    ),
    "schedule-too-short": (
        [mixed(13, {"rates": [0.0]})],
        [mixed(12, {"rates": [0.0]}), mixed(13, {"rates": [0.0]}, {"rates": []})],
    ),
    "warmup-never-ends": (
        [evidence(260, updates=[update(step, rates=[step * 1e-6]) for step in range(60)])],
        [evidence(260, updates=[update(step, rates=[step * 1e-6 if step < 59 else 0.0])
                                for step in range(60)]),
         evidence(260, updates=[update(step, rates=[step * 1e-6] if step else [])
                                for step in range(60)])],
    ),
    "plain-gradient-descent": (
        [evidence(340, optimizers=[])],
        [evidence(NEARLY_ALL, optimizers=[]), evidence(340), evidence(340, steps=0, optimizers=[])],
    ),
    "sgd-too-weak": (
        [evidence(340, optimizers=["SGD"]), evidence(340, optimizers=["SGD", "SGD"])],
        [evidence(NEARLY_ALL, optimizers=["SGD"]), evidence(340, optimizers=["ASGD"])],
    ),
    "relative-steps": (
        [evidence(340, {"rates": []}, optimizers=["Adafactor"])],
        [evidence(NEARLY_ALL, {"rates": []}, optimizers=["Adafactor"]), evidence(340, {"rates": []}),
         evidence(340, optimizers=["Adafactor"])],
    ),
    "rate-too-high": (
        [evidence(340, {"rates": [5e-4]}), evidence(340, {"rates": [5e-4]}, optimizers=["Adamax"])],
        [evidence(340, {"rates": [4.9e-4]}), evidence(NEARLY_ALL, {"rates": [5e-4]}),
         evidence(340, {"rates": [5e-4]}, optimizers=["SGD"])],
    ),
    "rate-too-low": (
        [evidence(NEARLY_ALL, {"rates": [4e-5]}), evidence(260, {"rates": [1e-9]})],
        [evidence(260, {"rates": [4.1e-5]}), evidence(260, {"rates": [0.0]}),
         evidence(260, {"rates": [4e-5]}, optimizers=["SGD"])],
    ),
    "head-untrained": ([evidence(head_moved=False)], [evidence(), evidence(head_moved=None)]),
    "batch-too-small": (
        [evidence(260, {"rows": [*range(11)]}), evidence(260, {"rows": [1]})],
        [evidence(260, {"rows": [*range(12)]}), evidence(260, {"rows": []})],
    ),
    "head-does-it-all": ([evidence(adds=0.0149)], [evidence(adds=0.015), evidence(adds=None)]),
    "steps-not-seen": (
        [evidence(LUCK + 1, steps=0)],
        [evidence(LUCK, steps=0), evidence(steps=0, forwards_left=1), evidence()],
    ),
    "hardly-any-steps": (
        [evidence(steps=1), evidence(steps=14)], [evidence(steps=0), evidence(steps=15)],
    ),
    "too-few-steps": (
        [evidence(steps=15), evidence(steps=53)], [evidence(steps=14), evidence(steps=54)],
    ),
    "gradients-never-cleared": ([mixed(31, {"stale": True})], [mixed(30, {"stale": True})]),
    "softmax-before-loss": ([mixed(1, {"softmaxed": True})], [evidence()]),
    "never-in-train-mode": (
        [mixed(60, {"training": False})],
        [mixed(59, {"training": False}), mixed(60, {"training": False, "rows": []})],
    ),
    "over-budget": (
        [evidence(steps=64)], [evidence(steps=63), evidence(steps=64, optimizers=[])],
    ),
    "batch-too-large": (
        [evidence(changes={"rows": [*range(21)]})], [evidence(changes={"rows": [*range(20)]})],
    ),
    "dropout-left-on": ([evidence(left_in_training=True)], [evidence()]),
    "not-learned": ([evidence(LUCK)], [evidence(LUCK + 1)]),
    "below-reference": ([evidence(FULL - 1)], [evidence(FULL)]),
}  # fmt: skip


@pytest.mark.parametrize("id", SIGNS)
def test_each_sign_shows_from_its_bound_on_and_not_before(id: str) -> None:
    shows, does_not = BOUNDS[id]
    assert [bool(SIGNS[id](it)) for it in shows] == [True] * len(shows)
    assert [bool(SIGNS[id](it)) for it in does_not] == [False] * len(does_not)


def test_the_first_cause_is_named_and_the_next_one_mentioned() -> None:
    it = evidence(260, {"rates": [2e-5]}, steps=8)
    error = verdict(it)
    assert error is not None and error.mistake.id == "rate-too-low"
    first = mistake("rate-too-low", it).message
    assert error.message == f"{first} Also seen: A fraction of the steps. {it.report}"
    # The mode in which a model comes back explains no accuracy that is measured in another.
    error = verdict(evidence(260, left_in_training=True))
    assert error is not None and error.mistake.id == "not-learned"
    assert "Also seen: Left in training mode." in error.message
    assert "Measured on 500 hidden texts: accuracy 0.520" in error.message


counts = st.integers(0, 70)
records = st.builds(
    lambda steps, changes, **record: (steps, changes, record),
    st.integers(0, 80),
    st.fixed_dictionaries(
        {},
        optional={
            "rates": st.lists(st.sampled_from([0.0, 2e-5, 1e-4, 1e-3, math.nan]), max_size=2),
            "rows": st.lists(st.integers(0, 10**6 + 40), max_size=40),
            "labels": st.lists(st.integers(-1, 1), max_size=40),
            "losses": st.lists(st.floats(width=32), max_size=2),
            "training": st.booleans(),
            "gradients": st.booleans(),
            "stale": st.booleans(),
            "softmaxed": st.booleans(),
            "by_hand": st.booleans(),
        },
    ),
    backwards_left=counts,
    forwards_left=counts,
    optimizers=st.lists(st.sampled_from(["AdamW", "SGD", "Mine"]), max_size=2),
    returned_is_held=st.booleans(),
    returned_got_gradients=st.booleans(),
    head_moved=st.sampled_from([True, False, None]),
    left_in_training=st.booleans(),
)


@settings(max_examples=300, deadline=None)
@given(records, st.integers(0, 500), st.booleans(), st.sampled_from([None, 0.0, 0.2]))
def test_message_and_record_hold_together(
    drawn: Any, correct: int, unchanged: bool, adds: float | None
) -> None:
    steps, changes, record = drawn
    it = evidence(correct, changes, steps, **record)
    it = Evidence(Measured(correct, 500, 0.5, unchanged, 0.9, adds), it.seen, BAR)
    error = verdict(it)
    if error is None:
        assert it.band == 1 and not unchanged
        return
    id, message, seen = error.mistake.id, error.message, it.seen
    assert id in SIGNS
    # What is told about the encoder is what was measured.
    assert (id in UNCHANGED) == unchanged == ("bit for bit" in message or id in UNCHANGED)
    assert error.mistake.credit <= it.band and (not unchanged or error.mistake.credit == 0)
    assert error.mistake.credit < 1
    # Every number in the message is one of the record's, and nothing unseen is told.
    if match := re.search(r"took (?:only )?(\d+) optimizer steps; it was asked for (\d+)", message):
        assert (int(match[1]), int(match[2])) == (seen.steps, 60)
    if match := re.search(r"highest learning rate was (\S+)\. ", message):
        assert float(match[1]) == pytest.approx(seen.highest_rate) and seen.rates
    if match := re.search(r"loss was (\S+) over the first 5 updates and (\S+) over", message):
        ends = (round(seen.first_loss, 2), round(seen.last_loss, 2))
        assert (float(match[1]), float(match[2])) == ends
    if "no training was seen" in message:
        assert not seen.updates and not seen.record.backwards_left
    if "Only the head was trained" in message:
        assert unchanged
    assert f"accuracy {correct / 500:.3f}" in message
    assert not re.search(r"cheat|trained elsewhere|other means|not from this run|\bnan\b", message)
    if (also := re.search(r"Also seen: (.+?)\.", message)) is not None:
        signs = {**CAUSES, **HABITS, **SURPLUS}
        titles = [course_mistakes()[one].title for one, shows in signs.items() if shows(it)]
        assert also[1] in titles


names = st.sampled_from(["updates", "rates", "optimizers", "head_moved"])
atoms = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)


@given(st.recursive(atoms, lambda one: st.lists(one, max_size=3) | st.dictionaries(names, one)))
def test_a_hostile_record_is_one_in_which_little_was_seen(junk: Any) -> None:
    seen = Seen(read_record(junk), 60, 16, (0, 1))
    it = Evidence(Measured(475, 500, 0.5, False), seen, BAR)
    error = verdict(it)
    assert error is None or error.mistake.id in HABITS | SURPLUS


# The bar


def test_marks_follow_the_recorded_spread() -> None:
    assert len(BAR.accuracies) >= 12
    assert (BAR.steps, BAR.batch_size) == (CPU.steps, CPU.batch_size)
    # Between an untrained model and the reference there is room for the bands.
    assert BAR.untrained < BAR.luck(500) < BAR.full < BAR.mean
    assert min(BAR.accuracies) > BAR.full
    at = lambda accuracy: BAR.credit(round(accuracy * 500), 500)  # noqa: E731
    assert at(BAR.mean) == at(BAR.full + 0.002) == 1
    assert at(BAR.full - 0.004) == at(BAR.nearly(500) + 0.002) == NEARLY
    assert at(BAR.nearly(500) - 0.004) == at(BAR.luck(500) + 0.004) == SOME
    assert at(BAR.luck(500)) == at(BAR.untrained) == 0


def test_ways_that_hardly_train_stay_below_full_marks() -> None:
    ways = {way.name: way for way in load_ways()}
    for name in (
        "a rate of 2e-5",
        "SGD at 1e-3",
        "the classifier alone, at 1e-3",
        "6 of 60 steps",
        "counting words (TF-IDF)",
        "shuffled labels",
    ):
        assert ways[name].mean < BAR.full, name
    # Slower right ways are right. 25 steps get there, too: what parts them is that they are counted.
    assert ways["Adam with a weight decay of 0.01"].mean > BAR.full
    assert all(0.4 < one < 1 for way in ways.values() for one in way.accuracies)


def test_the_lesson_shows_the_picture_of_the_bar_and_the_table_of_ways() -> None:
    lesson = (ROOT / "course" / "lessons" / "05-fine-tuning.md").read_text(encoding="utf-8")
    assert picture(BAR) in lesson
    for way in load_ways():
        spread = f"{min(way.accuracies):.2f}–{max(way.accuracies):.2f}"
        assert f"| {way.name} | {way.mean:.2f} | {spread} |" in lesson
    assert f"{BAR.full:.2f}" in lesson
    assert picture(BAR, 0.7).splitlines()[-2].lstrip().startswith(("you", "the reference"))


@pytest.mark.parametrize("rows", [50, 100])
def test_luck_on_few_texts_is_one_run_in_a_thousand(rows: int) -> None:
    right = round(BAR.luck(rows) * rows)
    assert BAR.luck(rows) == right / rows
    assert binom.sf(right, rows, 0.5) <= 1 / 1000 < binom.sf(right - 1, rows, 0.5)
    # A run that is as good as that has nothing; one more right text is worth something.
    assert BAR.credit(right, rows) == 0 < BAR.credit(right + 1, rows)


def test_luck_on_many_texts_is_that_of_random_heads() -> None:
    above = NormalDist(0.5, 0.039).inv_cdf(1 - 1 / 1000)
    assert (
        BAR.luck(500) == pytest.approx(above) == BAR.luck(5000) == pytest.approx(0.6205, abs=1e-4)
    )


@pytest.mark.parametrize(("runs", "reach"), [(2, 31.8205), (3, 6.9646), (13, 2.6810)])
def test_full_marks_are_missed_by_one_more_run_in_a_hundred(runs: int, reach: float) -> None:
    """`reach` is the quantile of Student's t that tables give for so many runs."""
    near = [0.9 + 1e-4 * (number % 3) for number in range(runs)]
    bar = Bar.model_validate(BAR.model_dump() | {"accuracies": near})
    assert bar.full == pytest.approx(0.5 + 0.7 * (fmean(near) - 0.5))
    far = [0.9 + 0.1 * (number % 3) for number in range(runs)]
    bar = Bar.model_validate(BAR.model_dump() | {"accuracies": far})
    lower = fmean(far) - reach * math.sqrt(1 + 1 / runs) * stdev(far)
    assert bar.full == pytest.approx(lower, abs=1e-4)


def test_marks_rise_at_the_bands_themselves() -> None:
    bar = Bar.model_validate(BAR.model_dump() | {"accuracies": [0.9, 0.9]})
    assert bar.full == pytest.approx(0.78)
    assert bar.nearly(500) == pytest.approx(bar.luck(500) + 2 / 3 * (0.78 - bar.luck(500)))
    assert [bar.credit(right, 500) for right in (389, 390)] == [NEARLY, 1]
    right = math.ceil(bar.nearly(500) * 500)
    assert [bar.credit(one, 500) for one in (right - 1, right)] == [SOME, NEARLY]
    assert [bar.credit(one, 500) for one in (LUCK, LUCK + 1)] == [0, SOME]
    with pytest.MonkeyPatch.context() as patch:  # at a bound that an accuracy can meet
        patch.setattr(Bar, "nearly", lambda bar, rows: 0.7)
        assert [bar.credit(one, 500) for one in (349, 350)] == [SOME, NEARLY]


def test_a_wider_spread_lowers_the_bar() -> None:
    wide = Bar.model_validate(
        BAR.model_dump() | {"accuracies": [BAR.mean - 0.1, BAR.mean + 0.1] * 6}
    )
    assert wide.full < BAR.full - 0.1


def test_rows_that_are_too_short_to_be_known_may_all_be_different() -> None:
    unknown = [3 * 10**6 + number // 4 for number in range(16)]  # four beginnings, 16 texts perhaps
    seen = evidence(340, {"rows": unknown}).seen
    assert (seen.distinct_rows, seen.foreign_rows, seen.batch) == (960, 0, 0)
    assert told(evidence(340, {"rows": unknown})) == "below-reference"
    assert told(evidence(240, {"rows": unknown})) == "not-learned"


# Real runs


def test_the_verdict_runs_without_jupyter_and_says_what_it_measured(
    tmp_path: Path, run: Callable[..., Any]
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "from transformers import BertForSequenceClassification\n"
        "def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):\n"
        "    return BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2)\n"
    )
    out = tmp_path / "out.json"
    done = run("autograder", "verdict", file, "--seed", "1", "--json", out, code=1)
    assert "failed: 0 of 10 points" in done.stdout
    assert "Measured on 500 hidden texts" in done.stdout.replace("\n", " ")
    assert "full marks from" in done.stdout and "you" in done.stdout
    assert '"misconception": "untrained"' in out.read_text()
    file.write_text("def fine_tune(texts:")
    assert "SyntaxError" in run("autograder", "verdict", file, code=1).stdout


def blocks(name: str) -> list[Any]:
    """Return the blocks of a file of runs as parameters, the slow ones marked."""
    shared, *right = read_answers(RUNS / "right.py")
    answers = right if name == "right.py" else read_answers(RUNS / name)
    return [
        pytest.param(
            f"{shared.source}\n{answer.source}",
            id=answer.name.replace(" ", "-"),
            marks=pytest.mark.nightly if "# nightly\n" in answer.source else (),
        )
        for answer in answers
    ]


def judged(source: str) -> Finding:
    with StudentSubprocess([source]) as student:
        assert student.cell_errors == [None]
        return examine(FineTune(CPU), student, random.Random(7))


@pytest.mark.parametrize("source", blocks("right.py"))
def test_right_runs_get_the_marks_that_they_must(source: str) -> None:
    held(source, judged(source))


@pytest.mark.parametrize("source", blocks("attacks.py"))
def test_attacks_earn_what_honest_work_they_hold(source: str) -> None:
    held(source, judged(source))


def held(source: str, finding: Finding) -> None:
    """Assert what the comments of a block say about its points and its message."""
    notes = {"points": "10", "says": ""}
    notes |= dict(re.findall(r"^# (points|says): (.+)$", source, re.M))
    low, _, high = notes["points"].partition("..")
    assert finding.outcome is not Outcome.GRADER_ERROR
    assert float(low) <= finding.points <= float(high or low), finding.message
    assert re.search(notes["says"], f"{finding.misconception} {finding.message}"), finding.message


# The challenge, run again


def test_an_attempt_is_measured_on_test_reviews_and_its_budget_is_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(challenge, "HIDDEN_ROWS", 20)
    task = challenge.ChallengeRun(Budget("cpu", 2, 4))
    [inputs] = task.cases(random.Random(1))
    reviews = load_reviews()
    assert inputs["texts"] == list(reviews["train"]["text"][:8]) and inputs["steps"] == 2
    assert task.run.hidden.texts == list(reviews["test"]["text"][:20])
    weights = BertForSequenceClassification.from_pretrained(checkpoint(), num_labels=2).state_dict()

    def told(rows: int) -> Finding:
        updates = [{"rows": list(range(rows))}] * 2
        return judged_reply(task, {"weights": weights, "seen": {"updates": updates}})

    kept, over = told(4), told(5)
    assert kept.outcome is Outcome.PASSED and kept.max_points == 0 and kept.picture == ""
    assert re.match(r"On 20 test reviews the accuracy is 0\.\d{3} \(95 %", kept.message)
    assert kept.message.endswith("The budget was kept: 2 steps, 8 reviews.")
    assert over.misconception == "budget-not-kept"
    assert over.message.startswith("The budget was not kept: 10 reviews instead of 8. On 20 test")
    assert judged_reply(task, {"returned": "None"}).misconception == "no-model-returned"


def judged_reply(task: FineTune, value: Any) -> Finding:
    """Return the finding for what a student's process sends."""

    class Student:
        def ask(self, *question: Any) -> Returned:
            return Returned(value)

    return examine(task, Student(), random.Random(1))
