"""Lesson 04: what its pictures say, what its prose quotes, and that its checks tell mistakes apart."""

from __future__ import annotations

import math
import random
import types
from pathlib import Path

import pytest
import torch

from autograder.authoring.recorded_answers import recorded_answers
from autograder.examining.exam import load_exam
from course.checks import run_check
from course.checks.mistakes import MistakeError
from course.pictures import evaluation
from course.plain import Opaque, as_plain
from course.recorded import recorded_predictions

EXAM = load_exam(Path(__file__).parents[1] / "autograder" / "exams", "04-accuracy")
TASKS = {task.answer_id: task for task in EXAM.tasks}
RECORDED = recorded_predictions()
NAMES = ["negative", "positive"]


def visible(task):
    """Return the visible check that `task` is built on."""
    return type(task).__mro__[1]()


def test_ten_points():
    assert sum(task.points for task in EXAM.tasks) == 10


@pytest.mark.parametrize("answer_id", ["majority-baseline", "class-scores", "predicted-classes"])
def test_tables_of_the_visible_checks_agree_with_the_exam(answer_id):
    task = TASKS[answer_id]
    for inputs, answer, mistakes in visible(task).seen:
        assert task.answer(**inputs) == pytest.approx(answer, abs=1e-3)
        computed = task.mistakes(**inputs)
        for name, value in mistakes.items():
            assert computed[name] == pytest.approx(value, abs=1e-3), name


def test_the_visible_ranges_of_an_interval_agree_with_the_exam():
    task = TASKS["accuracy-interval"]
    for inputs, ranges, mistakes in visible(task).seen:
        for mine, theirs in zip(ranges, task.answer(**inputs), strict=True):
            assert mine == pytest.approx(theirs, abs=1e-3)
        for name, value in mistakes.items():
            assert task.mistakes(**inputs)[name] == pytest.approx(value, abs=5e-4), name


@pytest.mark.parametrize("total", [250, 400, 3000])
@pytest.mark.parametrize("share", [0.3, 0.5, 0.85])
def test_no_mistaken_interval_is_within_the_range_of_the_right_ones(total, share):
    task = TASKS["accuracy-interval"]
    inputs = {"correct": round(total * share), "total": total}
    for ends in task.mistakes(**inputs).values():
        with pytest.raises(MistakeError):
            task.judge(ends, **inputs)


# Of model-accuracy no mistake can be foreseen without a model: check-course runs its wrong answers.
FORESEEN = [task for task in EXAM.tasks if task.answer_id != "model-accuracy"]


@pytest.mark.parametrize("task", FORESEEN, ids=lambda task: task.answer_id)
def test_mistaken_cases_never_look_right(task):
    for seed in range(30):
        cases = list(task.cases(random.Random(seed)))
        for name in {name for inputs in cases for name in task.mistakes(**inputs)}:
            said = []
            for inputs in cases:
                try:
                    task.judge(task.mistakes(**inputs).get(name), **inputs)
                except MistakeError as miss:
                    said.append(miss.mistake.id)
            # A mistake may be right by luck in one case; never in all of them.
            assert said and (name in said or name == "argmax-dim0"), (seed, name, said)


@pytest.mark.parametrize("task", EXAM.tasks, ids=lambda task: task.answer_id)
@pytest.mark.parametrize(
    "hostile",
    [
        None,
        "0.5",
        math.nan,
        [math.inf, 0.1],
        (1, 2),
        [],
        [[], []],
        {},
        {"precision": None, "recall": [], "f1": "x"},
        Opaque("Evil"),
        torch.zeros(0),
        torch.full((3, 2), math.nan),
        torch.zeros(3, dtype=torch.bfloat16),
        torch.zeros(2, dtype=torch.float8_e4m3fn),
        [torch.zeros(2), torch.zeros(3)],
        {"whole": 1, "shifted": [math.nan, 0], "training": [], "gradients": "x"},
        {name: [0.5, 0.5] for name in ("whole", "shifted", "training", "gradients")},
    ],
    ids=lambda value: type(value).__name__,
)
def test_hostile_observations_miss_and_never_raise(task, hostile):
    for inputs in task.cases(random.Random(1)):
        with pytest.raises(MistakeError):
            task.judge(hostile, **inputs)


@pytest.mark.parametrize("answer_id", TASKS)
def test_the_visible_check_names_the_recorded_mistakes(answer_id):
    task = TASKS[answer_id]
    check = visible(task)
    for answer in recorded_answers(EXAM, task):
        module = types.ModuleType("notebook")
        module.torch = torch
        exec(answer.source, module.__dict__)
        result = run_check(check, getattr(module, check.function))
        if answer.right:
            assert result.passed, (answer.name, result.message)
        elif not any(word in answer.source for word in CHEATS):
            assert not result.passed, answer.name


#: Recorded answers made to pass the visible check say so; the exam refuses them.
CHEATS = ("by heart", "written down", "to please the visible check")


def test_the_visible_check_reminds_of_no_grad():
    def model_accuracy(model, batches):
        model.eval()
        hits = [model(**batch).logits.argmax(1) == batch["labels"] for batch in batches]
        return torch.cat(hits).float().mean().item()

    result = run_check(visible(TASKS["model-accuracy"]), model_accuracy)
    assert not result.passed
    assert "torch.no_grad()" in result.message
    # No point hangs on it: the accuracy is right.
    task = TASKS["model-accuracy"]
    for inputs in task.cases(random.Random(2)):
        task.judge(as_plain(task.observe(model_accuracy, **inputs)), **inputs)


def test_recorded_predictions_are_of_a_trained_model():
    truth = torch.tensor(RECORDED.labels)
    assert len(RECORDED.texts) == len(truth) == 300 == len(set(RECORDED.texts))
    assert RECORDED.settings["steps"] * RECORDED.settings["batch_size"] == 960
    assert 0.65 < (RECORDED.logits.argmax(1) == truth).float().mean() < 0.85
    assert 0.4 < (RECORDED.logits_untrained.argmax(1) == truth).float().mean() < 0.6
    changed = (RECORDED.logits.argmax(1) != RECORDED.logits_with_dropout.argmax(1)).sum()
    assert 3 <= changed <= 60
    assert len(set(RECORDED.settings["right_with_dropout"])) > 1


def test_recorded_reviews_are_validation_reviews():
    from course import load_reviews

    reviews = load_reviews()
    known = dict(zip(reviews["validation"]["text"], reviews["validation"]["label"], strict=True))
    assert [known[text] for text in RECORDED.texts] == RECORDED.labels
    assert not set(RECORDED.texts) & set(reviews["train"]["text"])


def test_prose_about_rare_positives():
    rows = [row for row, label in enumerate(RECORDED.labels) if label == 0]
    rows += [row for row, label in enumerate(RECORDED.labels) if label == 1][:15]
    truth, said = torch.tensor(RECORDED.labels)[rows], RECORDED.logits.argmax(1)[rows]
    assert (truth == said).float().mean() < (truth == 0).float().mean()
    assert (truth[-15:] == said[-15:]).any()


def words_of(picture):
    """Return all text of a picture, and hold that it can be shown."""
    assert picture._repr_html_().startswith(f'<img alt="{picture.alt}"')
    axes = picture.figure.axes[0]
    legend = axes.get_legend()
    texts = [*axes.texts, *axes.get_yticklabels(), *(legend.get_texts() if legend else [])]
    return " ".join([picture.alt, axes.get_title(), *(text.get_text() for text in texts)])


def test_pictures_say_what_was_computed():
    assert "dim=0: [2, 1]" in words_of(
        evaluation.axes_picture(torch.tensor([[2.0, 1.0], [0.5, 1.5], [3.0, 0.0]]), NAMES)
    )
    batches = words_of(evaluation.batches_picture([8, 8, 1], [8, 8, 3]))
    assert "0.7778" in batches and "0.8947" in batches
    assert "25% of row" in words_of(evaluation.confusion_picture([[3, 1], [0, 2]], NAMES))
    assert "0.500" in words_of(evaluation.intervals_picture({"coin": (0.5, 0.45, 0.55)}))


def test_errors_are_errors_the_most_confident_first():
    errors = evaluation.confident_errors(
        RECORDED.texts, RECORDED.labels, RECORDED.logits, NAMES, count=20
    )
    assert all(truth != said for _, truth, said, _ in errors.rows)
    sure = [probability for *_, probability in errors.rows]
    assert sure == sorted(sure, reverse=True) and sure[0] > 0.6
    assert "<caption" in errors._repr_html_() and "% sure" in str(errors)
    shown = evaluation.Errors([("<b>", "a", "b", 0.9)])._repr_html_()
    assert "&lt;b&gt;" in shown
