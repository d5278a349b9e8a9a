"""`compare`: what it must return, and that no known mistake passes or is taken for another."""

from __future__ import annotations

import random
import types
from functools import cache
from pathlib import Path
from statistics import fmean

import pytest
from scipy.stats import t, ttest_rel

from autograder.examining.exam import load_exam
from course.checks import paired, run_check
from course.checks.mistakes import MistakeError
from course.plain import as_plain

ROOT = Path(__file__).parents[1]
EXAM = load_exam(ROOT / "autograder" / "exams", "05-fine-tuning")
TASK = next(task for task in EXAM.tasks if task.answer_id == "compare")
LESSON = (ROOT / "course" / "lessons" / "05-fine-tuning.md").read_text("utf-8")


def solution():
    """Return the lesson's own `compare`."""
    code = LESSON.partition("def compare(")[2].partition("```")[0]
    names = {}
    exec(
        "from statistics import fmean, stdev\nfrom scipy.stats import t\ndef compare(" + code, names
    )
    return names["compare"]


@cache
def drawn(seed):
    """Return the cases of an exam."""
    return list(TASK.cases(random.Random(seed)))


def judged(result, inputs, calls=None):
    """Return the mistake that is told of `result`, or None."""
    if calls is None:
        calls = [[name, seed] for seed in inputs["seeds"] for name in "AB"]
    try:
        TASK.judge(as_plain({"result": result, "calls": calls}), **inputs)
    except MistakeError as error:
        return error.mistake.id
    return None


def result_of(interval, verdict=None):
    middle, low, high = interval
    return {
        "difference": middle,
        "interval": (low, high),
        "verdict": verdict or paired.verdict_of(interval),
    }


def test_the_reference_is_scipys_paired_test():
    for seed in range(10):
        for inputs in drawn(seed):
            middle, low, high = paired.compared(inputs["a"], inputs["b"])
            test = ttest_rel(inputs["a"], inputs["b"])
            ends = test.confidence_interval()
            assert (low, high) == pytest.approx((ends.low, ends.high), abs=1e-12)
            assert middle == pytest.approx(fmean(inputs["a"]) - fmean(inputs["b"]))
            assert (paired.verdict_of((middle, low, high)) == "undecided") == (test.pvalue > 0.05)


def test_an_exam_asks_for_all_three_verdicts_and_each_truth():
    for seed in range(10):
        cases = drawn(seed)
        verdicts = [paired.verdict_of(paired.compared(one["a"], one["b"])) for one in cases]
        assert sorted(verdicts) == ["A", "B", "undecided", "undecided"]
        lucky = [a - b for a, b in zip(cases[2]["a"], cases[2]["b"], strict=True)]
        assert max(map(abs, lucky)) > 0.05, "one seed stands out"
        assert all(0.3 < share < 0.95 for one in cases for share in one["a"] + one["b"])


def test_no_known_mistake_passes_or_is_taken_for_another():
    for seed in range(10):
        for inputs in [*drawn(seed), *paired.Compare().cases(random.Random(0))]:
            assert judged(result_of(paired.compared(inputs["a"], inputs["b"])), inputs) is None
            for id, wrongs in paired.misread(inputs["a"], inputs["b"]).items():
                assert {judged(result_of(wrong, "A"), inputs) for wrong in wrongs} == {id}, inputs


def test_a_single_pair_is_not_taken_for_the_best_seeds():
    for seed in range(10):
        for inputs in [*drawn(seed), *paired.Compare().cases(random.Random(0))]:
            for a, b in zip(inputs["a"], inputs["b"], strict=True):
                if judged(result_of((a - b,) * 3, "A"), inputs) != "difference-wrong":
                    right = paired.compared(inputs["a"], inputs["b"])[0]
                    assert a - b == pytest.approx(right, abs=6e-4), "rounded, it is the mean"


def test_the_visible_cases_tell_mistakes_apart_as_well():
    for inputs in paired.Compare().cases(random.Random(0)):
        assert paired.told_apart(inputs["a"], inputs["b"])


@pytest.mark.parametrize("digits", [3, 4, 6])
def test_rounded_results_are_right(digits):
    for seed in range(10):
        for inputs in drawn(seed):
            exact = paired.compared(inputs["a"], inputs["b"])
            rounded = tuple(round(number, digits) for number in exact)
            assert judged(result_of(rounded, paired.verdict_of(exact)), inputs) is None


def test_a_table_of_t_with_two_digits_is_exact_enough():
    for seed in range(10):
        for inputs in drawn(seed):
            middle, low, high = paired.compared(inputs["a"], inputs["b"])
            exact = t.ppf(0.975, len(inputs["seeds"]) - 1)
            half = (high - low) / 2 * round(exact, 2) / exact
            assert judged(result_of(paired.around(middle, half)), inputs) is None


def test_verdicts_are_read_whatever_their_case():
    [inputs, *_] = drawn(1)
    right = paired.compared(inputs["a"], inputs["b"])
    assert judged(result_of(right, f" {paired.verdict_of(right).lower()} "), inputs) is None
    assert judged(result_of(right, "C"), inputs) == "verdict-unknown"
    assert judged(result_of(right) | {"verdict": 1}, inputs) == "verdict-unknown"


def test_a_wrong_verdict_earns_half():
    cases = drawn(2)
    for inputs in cases:
        right = paired.compared(inputs["a"], inputs["b"])
        wanted = paired.verdict_of(right)
        told = {
            verdict: judged(result_of(right, verdict), inputs)
            for verdict in ("A", "B", "undecided")
        }
        assert told.pop(wanted) is None
        if wanted == "undecided":
            assert set(told.values()) == {"verdict-without-evidence"}
        else:
            assert set(told.values()) == {"verdict-withheld", "verdict-for-the-other"}


@pytest.mark.parametrize(
    ("calls", "told"),
    [
        (lambda seeds: [["A", one] for one in seeds], "arm-never-run"),
        (lambda seeds: [], "arm-never-run"),
        (
            lambda seeds: [["A", one] for one in seeds] + [["B", one + 1] for one in seeds],
            "other-seeds-for-each-arm",
        ),
        (lambda seeds: [[name, one] for one in seeds[1:] for name in "AB"], "seeds-left-out"),
        ("hostile", "arm-never-run"),
        ([["A"], ["B", "x"], [1, 2], None], "arm-never-run"),
    ],
)
def test_calls_say_why_a_result_is_wrong_and_never_that_it_is(calls, told):
    [inputs, *_] = drawn(3)
    made = calls(inputs["seeds"]) if callable(calls) else calls
    middle, low, high = paired.compared(inputs["a"], inputs["b"])
    assert judged(result_of((middle + 0.02, low, high)), inputs, made) == told
    assert judged(result_of((middle, low, high)), inputs, made) is None


def test_a_run_that_is_repeated_costs_half():
    [inputs, *_] = drawn(4)
    calls = [[name, seed] for seed in inputs["seeds"] for name in "AAB"]
    result = result_of(paired.compared(inputs["a"], inputs["b"]))
    assert judged(result, inputs, calls) == "runs-repeated"


@pytest.mark.parametrize(
    "hostile",
    [None, 3, [], {}, {"result": {}}, {"difference": float("nan"), "interval": (0, 1), "verdict": "A"},
     {"difference": 0.1, "interval": float("inf"), "verdict": "A"},
     {"difference": 0.1, "interval": [[0], [float("nan")]], "verdict": "A"},
     {"difference": [1, 2], "interval": (0, 1), "verdict": "A"},
     {"difference": "0.1", "interval": (0, 1), "verdict": ["A"]},
     {"difference": 0.1, "interval": {"low": 0}, "verdict": "A"}],
)  # fmt: skip
def test_whatever_comes_back_is_a_finding(hostile):
    for inputs in drawn(5):
        assert judged(hostile, inputs) is not None


def test_the_visible_check_accepts_the_solution_and_knows_the_blank():
    assert run_check(paired.Compare(), solution()).passed
    blank = types.FunctionType((lambda *all: None).__code__, {})
    assert not run_check(paired.Compare(), blank).passed


def test_an_arm_takes_one_seed_and_notes_its_calls():
    calls = []
    arm = paired.Arm("A", [1, 2], [0.7, 0.8], calls)
    assert calls == [] and arm(1) == 0.7 and arm(seed=2) == 0.8 and 0.5 < arm(9) < 1
    assert calls == [["A", 1], ["A", 2], ["A", 9]]
    with pytest.raises(TypeError, match="one seed"):
        arm([1, 2])


def test_the_lessons_example_is_what_compare_returns():
    differences = dict(enumerate((0.04, 0.02, 0.035, 0.015)))
    found = solution()(differences.get, lambda seed: 0, list(differences))
    shown = LESSON.partition('# {"difference": ')[2].partition("\n")[0]
    low, high = found["interval"]
    assert shown == (
        f'{found["difference"]:.4f}, "interval": ({low:.4f}, {high:.4f}), '
        f'"verdict": "{found["verdict"]}"}}'
    )
