"""Lesson 06: each broken run has one silent fault, its log shows it, and everybody has another."""

from __future__ import annotations

import json
import math
import random
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.authoring.broken_runs import logs_path, runs_path, runs_text, script_digest
from autograder.examining.broken_runs import LAYOUTS, PRACTISED, BrokenRun, broken_runs, faults
from autograder.examining.exam import load_exam
from autograder.examining.examiner import examine
from autograder.examining.mastery import for_student
from autograder.examining.processes import Returned
from autograder.records import Finding, Outcome
from course.checks import find_check, run_check
from course.diagnosis import broken_run, diagnose, practice_run
from course.diagnosis import faults as shown_faults
from course.diagnosis.runs import Run, practised, run_number, runs

ROOT = Path(__file__).parents[1]
EXAM = ROOT / "autograder" / "exams" / "06-diagnosis"
LESSON = (ROOT / "course" / "lessons" / "06-diagnosis.md").read_text(encoding="utf-8")
RUNS = broken_runs(EXAM)
GRADED = [run for run in RUNS.values() if not run.practised]
LOGS = json.loads(logs_path(ROOT).read_text(encoding="utf-8"))
IMPORTS = re.search(r"grade_id: imports\}\n\n(.*?)\n```", LESSON, re.DOTALL)
assert IMPORTS is not None


def train_reviews(script: str) -> Any:
    """Return the function of a script, with what the lesson imports."""
    names: dict[str, Any] = {}
    exec(IMPORTS[1] + "\n" + script, names)  # type: ignore[index]
    return names["train_reviews"]


def passes(script: str) -> bool:
    return run_check(find_check("train_reviews"), train_reviews(script)).passed


# The catalogue


def test_there_are_enough_faults_and_each_is_in_both_layouts() -> None:
    assert len(faults(EXAM)) >= 16
    assert Counter((run.fault.id, run.layout) for run in GRADED) == Counter(
        (id, layout) for id in faults(EXAM) for layout in LAYOUTS
    )
    assert {run.fault.id for run in RUNS.values() if run.practised} == set(PRACTISED)


def test_each_script_can_be_compiled_and_differs_from_the_healthy_one_in_few_lines() -> None:
    for run in RUNS.values():
        compile(run.script, str(run.number), "exec")
        old, new = run.healthy.splitlines(), run.script.splitlines()
        changed = sum((Counter(new) - Counter(old)).values()) + sum(
            (Counter(old) - Counter(new)).values()
        )
        assert run.script != run.healthy and changed <= 6, run.fault.id
        # A guess at random is hardly ever right.
        assert 1 <= len(run.lines) <= len(new) / 3, (run.fault.id, sorted(run.lines))


FEW = [run for run in GRADED if run.number % 6 == 1]


@pytest.mark.parametrize(
    "run",
    [
        pytest.param(run, marks=[] if run in FEW else pytest.mark.nightly, id=str(run.number))
        for run in GRADED
    ],
)
def test_the_check_sees_the_fault_and_accepts_the_mended_script(run: BrokenRun) -> None:
    said = f'"""Run {run.number} of {name_of(run)}."""'
    broken, healthy = (
        script.replace(f'"""Run {run.number}."""', said) for script in (run.script, run.healthy)
    )
    assert not passes(broken)
    assert passes(healthy)


# What students get


def test_students_get_every_run_and_the_answers_of_none_but_those_for_practice() -> None:
    text = runs_path(ROOT).read_text(encoding="utf-8")
    assert text == runs_text(ROOT, EXAM), "run `autograder build 06-diagnosis`"
    for run in runs().values():
        assert (run.answer is not None) == RUNS[run.number].practised
    for told in json.loads(text)["runs"]:
        assert set(told) <= {"number", "script", "log", "answer"}
    hints = [one.hint for one in faults(EXAM).values() if one.id not in PRACTISED]
    assert not any(hint in text for hint in hints)


def test_every_log_is_of_its_own_script_and_no_other_is_kept() -> None:
    assert set(LOGS) == {script_digest(run) for run in RUNS.values()}


def test_each_name_has_a_run_and_all_runs_are_drawn() -> None:
    drawn = Counter(run_number(f"student {number}") for number in range(2000))
    assert set(drawn) == {run.number for run in GRADED}
    assert max(drawn.values()) < 3 * min(drawn.values())
    assert run_number("Anna@uni.example") == run_number(" anna")


# What the lesson says of the logs


def losses(run: Run) -> list[float]:
    return [loss for loss, _, _ in run.log.steps if loss is not None]


def rates(run: Run) -> list[float]:
    return [rate for _, rate, _ in run.log.steps if rate is not None]


def norms(run: Run) -> list[float]:
    return [norm for _, _, norm in run.log.steps if norm is not None]


def near_guess(run: Run) -> bool:
    """The loss stays, on the whole, at that of a guess."""
    last = losses(run)[-10:]
    return abs(sum(last) / len(last) - math.log(2)) < 0.06


SYMPTOMS: dict[str, Callable[[Run], bool]] = {
    "scheduler-never-stepped": lambda run: len(set(rates(run))) == 1,
    "schedule-too-short": lambda run: rates(run)[-20:] == [0] * 20,
    "warmup-never-ends": lambda run: rates(run) == sorted(rates(run)),
    "gradients-cleared-too-early": lambda run: not any(norms(run)),
    "optimizer-of-an-older-model": lambda run: not any(norms(run)),
    "no-optimizer-step": lambda run: not rates(run),
    "labels-of-other-rows": near_guess,
    "labels-inverted": lambda run: run.log.training_accuracy < 0.4,
    "same-batch-again": lambda run: losses(run)[-1] < 0.2 and run.log.training_accuracy < 0.7,
    "fresh-model-returned": lambda run: 0.4 < run.log.training_accuracy < 0.6,
    "half-of-the-steps": lambda run: len(run.log.steps) == 20,
    "seeded-too-late": lambda run: losses(run)[0] != run.log.again,
    "rows-not-seeded": lambda run: losses(run)[0] != run.log.again,
}


@pytest.mark.parametrize("fault", SYMPTOMS)
def test_a_log_shows_what_the_lesson_says_of_its_fault(fault: str) -> None:
    for broken in RUNS.values():
        if broken.fault.id == fault:
            assert SYMPTOMS[fault](runs()[broken.number]), broken.number


def test_runs_that_are_seeded_repeat_their_first_loss() -> None:
    for broken in RUNS.values():
        if broken.fault.id not in ("seeded-too-late", "rows-not-seeded"):
            run = runs()[broken.number]
            assert losses(run)[0] == run.log.again, broken.number


def test_the_counts_at_the_beginning_are_those_of_the_logs() -> None:
    shares = [run.log.validation_accuracy for run in runs().values() if run.answer is None]
    text = " ".join(LESSON.split())
    good = sum(share >= 0.65 for share in shares)
    tossed = sum(0.45 <= share <= 0.55 for share in shares)
    assert f"of the {len(shares)} scripts raised an error" in text
    assert f"{good} of {len(shares)} models are right on 65 % or more" in text
    assert f"{tossed} are as good as a coin toss" in text
    assert f"the worst is right on {min(shares):.1%}".replace("%", " %") in text


# Practice


def test_a_practice_diagnosis_is_told_what_is_right() -> None:
    run, answer = practised(101)
    line = answer.lines[0]
    assert "✓" in str(diagnose(101, line=line, fault=answer.fault))
    assert "The fault is right, its line is not." in str(diagnose(101, line=0, fault=answer.fault))
    assert "The line is right, its name is not." in str(
        diagnose(101, line=line, fault="not-shuffled")
    )
    assert "Neither" in str(diagnose(101, line=0, fault="not-shuffled"))
    assert "No fault is called 'rate'" in str(diagnose(101, line=line, fault="rate"))
    with pytest.raises(LookupError, match="101, 102"):
        diagnose(1, line=1, fault=answer.fault)
    assert run.answer == answer


def test_a_run_shows_script_log_and_picture() -> None:
    shown = practice_run(101)
    page = shown._repr_html_()
    assert "<img" in page and "train_reviews" in page and "learning rate" in page
    assert all(line in repr(shown) for line in shown.script.splitlines())
    assert "Between the quotes" in repr(broken_run(""))
    assert f"Run {run_number('anna')}" in repr(broken_run("anna"))
    assert all(id in repr(shown_faults()) for id in faults(EXAM))


# At grading


class Answers:
    """A student whose functions are given."""

    def __init__(self, **functions: Any) -> None:
        self.functions = functions

    def ask(self, name: str, observe: Any, inputs: Any, timeout: float) -> Returned:
        return Returned(observe(self.functions[name], **inputs))


def found(**told: Any) -> Finding:
    task = load_exam(ROOT / "autograder" / "exams", "06-diagnosis").task("diagnosis-points")
    assert task is not None
    return examine(task, Answers(diagnosis=lambda: told), random.Random(0))  # type: ignore[arg-type]


def name_of(run: BrokenRun) -> str:
    """Return a name for which the run is drawn."""
    return next(
        name for number in range(5000) if run_number(name := f"student {number}") == run.number
    )


@pytest.mark.parametrize("run", GRADED, ids=lambda run: str(run.number))
def test_every_run_can_be_diagnosed(run: BrokenRun) -> None:
    name = name_of(run)
    for line in run.lines:
        assert found(name=name, line=line, fault=run.fault.id).points == 6
    assert found(name=name, line=max(run.lines), fault=run.fault.title).points == 6


def test_a_neighbours_diagnosis_waits_for_a_person() -> None:
    own = RUNS[run_number("anna")]
    finding = found(name="Anna@uni.example", line=min(own.lines), fault=own.fault.id)
    assert finding.points == 6 and for_student(finding, "anna") == finding
    waits = for_student(finding, "ben")
    assert waits.outcome is Outcome.GRADER_ERROR and waits.points == 0
    assert "drawn for 'Anna@uni.example'" in waits.message


@pytest.mark.parametrize(
    ("told", "misconception"),
    [
        ({"line": "about line 7"}, "not-numbers"),
        ({"line": [7, 8]}, "several-numbers"),
        ({"line": math.nan}, "not-finite"),
        ({"line": 7.5}, "no-such-line"),
        ({"line": "9" * 400}, "no-such-line"),
        ({"name": "  "}, "no-name"),
    ],
)
def test_an_answer_that_is_none_is_told_so(told: dict[str, Any], misconception: str) -> None:
    finding = found(**{"name": "anna", "line": 7, "fault": "not-shuffled", **told})
    assert (finding.outcome, finding.misconception) == (Outcome.FAILED, misconception)
    assert misconception in find_check("diagnosis").mistakes()


def test_a_right_answer_counts_however_it_is_written() -> None:
    for name in ("anna", " Anna@uni.example ", "half \ud800 a pair"):
        own = RUNS[run_number(name)]
        line, fault = f"{' ' * 20}{max(own.lines)}\n", f" `{own.fault.id}` "
        assert found(name=name, line=line, fault=fault).points == 6


def test_a_mended_script_counts_for_the_name_in_its_docstring() -> None:
    task = load_exam(ROOT / "autograder" / "exams", "06-diagnosis").task("train-reviews-points")
    assert task is not None

    def tried(script: str) -> Finding:
        student = Answers(train_reviews=train_reviews(script))
        return examine(task, student, random.Random(0))  # type: ignore[arg-type]

    shown = broken_run("anna").script
    own = RUNS[run_number("anna")]
    said = f'"""Run {own.number} of anna."""'
    assert said in shown
    mended = tried(own.healthy.replace(f'"""Run {own.number}."""', said))
    assert mended.points == 4 and mended.drawn_for == "anna"
    other = tried(own.healthy.replace(f'"""Run {own.number}."""', '"""Run 2 of anna."""'))
    assert other.misconception == "run-not-named" or own.number == 2


def test_the_solution_in_the_lesson_is_that_of_run_1() -> None:
    assert run_number("ada") == 1
    head, *body = RUNS[1].healthy.replace('"""Run 1."""', '"""Run 1 of ada."""').splitlines()
    solution = "\n".join([head, "    ### BEGIN SOLUTION", *body, "    ### END SOLUTION"])
    assert solution in LESSON
