"""Lesson 04: what its pictures say, what its prose quotes, and that its checks tell mistakes apart."""

from __future__ import annotations

import math
import random
import types
from pathlib import Path

import pytest
import torch
from scipy.stats import beta, binom, binomtest

from autograder.authoring.recorded_answers import recorded_answers
from autograder.examining.exam import load_exam
from course.checks import run_check
from course.checks.metrics import SCORES
from course.checks.mistakes import MistakeError
from course.pictures import evaluation, worth
from course.plain import Opaque, as_plain
from course.recorded import recorded_predictions

LESSON = (Path(__file__).parents[1] / "course" / "lessons" / "04-accuracy.md").read_text("utf-8")
EXAM = load_exam(Path(__file__).parents[1] / "autograder" / "exams", "04-accuracy")
TASKS = {task.answer_id: task for task in EXAM.tasks}
RECORDED = recorded_predictions()
NAMES = ["negative", "positive"]


def visible(task):
    """Return the visible check that `task` is built on."""
    return type(task).__mro__[1]()


def test_ten_points():
    assert sum(task.points for task in EXAM.tasks) == 10


MEASURED = [TASKS["majority-baseline"], TASKS["class-scores"]]


@pytest.mark.parametrize("task", MEASURED, ids=lambda task: task.answer_id)
def test_no_known_mistake_is_right_or_taken_for_another(task):
    """Over many draws, whatever a known mistake gives is told as that mistake in some case."""
    for seed in range(30):
        cases = list(task.cases(random.Random(seed)))
        for id in task.predicted:
            said = []
            for inputs in cases:
                for wrong in task.predictions(**inputs).get(id, []):
                    with pytest.raises(MistakeError) as told:
                        task.judge(result_of(task, wrong), **inputs)
                    said.append(told.value.mistake.id)
            assert id in said and set(said) <= {id, task.otherwise}, (seed, id, said)


def result_of(task, numbers):
    return dict(zip(SCORES, numbers, strict=True)) if len(numbers) == 3 else numbers[0]


def test_the_first_visible_cases_tell_all_known_mistakes_apart():
    for task in MEASURED:
        check = visible(task)
        assert check.told_apart(next(iter(check.cases(random.Random(0)))))


#: Intervals of 95 % as the usual methods give them.
USUAL = {
    "Wald": lambda c, n: ends(c / n, 1.96 * math.sqrt(c / n * (1 - c / n) / n)),
    "two errors": lambda c, n: ends(c / n, 2 * math.sqrt(c / n * (1 - c / n) / n)),
    "Agresti-Coull": lambda c, n: ends(
        (c + 2) / (n + 4), 1.96 * math.sqrt((c + 2) / (n + 4) * (1 - (c + 2) / (n + 4)) / (n + 4))
    ),
    "exact": lambda c, n: binomtest(c, n).proportion_ci(),
    "Wilson": lambda c, n: binomtest(c, n).proportion_ci(method="wilson"),
    "Wilson, corrected": lambda c, n: binomtest(c, n).proportion_ci(method="wilsoncc"),
    "Jeffreys": lambda c, n: beta.ppf([0.025, 0.975], c + 0.5, n - c + 0.5).tolist(),
    "quantiles": lambda c, n: [binom.ppf(q, n, c / n) / n for q in (0.025, 0.975)],
    "rounded": lambda c, n: [
        round(end, 2) for end in ends(c / n, 1.96 * math.sqrt(c / n * (1 - c / n) / n))
    ],
}


def ends(middle, width):
    return middle - width, middle + width


@pytest.mark.parametrize("method", USUAL)
def test_every_usual_interval_is_right(method):
    task = TASKS["accuracy-interval"]
    for seed in range(30):
        for inputs in task.cases(random.Random(seed)):
            task.judge([USUAL[method](*count) for count in inputs["counts"]], **inputs)


@pytest.mark.parametrize("factor", [0, 0.5, 1 / 1.96, 1.645 / 1.96, 2.576 / 1.96, 2])
def test_no_interval_of_another_width_is_right(factor):
    task = TASKS["accuracy-interval"]
    for seed in range(30):
        for inputs in task.cases(random.Random(seed)):
            found = []
            for correct, total in inputs["counts"]:
                low, high = USUAL["Wald"](correct, total)
                found.append(ends((low + high) / 2, factor * (high - low) / 2))
            with pytest.raises(MistakeError):
                task.judge(found, **inputs)


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
        {"results": [math.nan, 0, 1], "dropout": [], "gradients": "x", "changed": 1},
        {name: [0.5, 0.5] for name in ("results", "dropout", "gradients", "changed")},
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
    assert f'alt="{picture.alt}"' in picture._repr_html_()
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


def test_the_table_of_worth_is_what_was_measured():
    found = sorted(
        worth.lines(worth.measured_worth()), key=lambda one: (one.source == "imdb", one.rows)
    )
    assert worth.worth_table(found) in LESSON
    assert max(one.cents for one in found) < 0.1
    seeds = {(one.source, one.rows): set() for one in worth.measured_worth()}
    for one in worth.measured_worth():
        seeds[one.source, one.rows].add(one.seed)
    assert all(len(found) >= 3 for found in seeds.values()), seeds


def test_bert_is_ahead_at_every_size():
    by_rows = {one.rows: one for one in worth.lines(worth.measured_worth()) if one.source != "imdb"}
    assert all(one.gain[1] > 0 for one in worth.lines(worth.measured_worth()))
    gains = [by_rows[rows].gain[0] for rows in sorted(by_rows)]
    assert gains == sorted(gains, reverse=True)
    assert [round(gains[0], 2), round(gains[-1], 2)] == [0.14, 0.08]
    words, tuned = by_rows[3000].accuracy["counting words"], by_rows[300].accuracy["fine-tuned"]
    assert abs(words - tuned) < 0.01
    few, many = by_rows[100].accuracy, by_rows[3000].accuracy
    assert few["counting words"] < few["frozen encoder"] < few["fine-tuned"]
    assert many["frozen encoder"] < many["counting words"] < many["fine-tuned"]


def test_a_paired_interval_holds_its_level():
    """Of 2,000 pairs of equally good models, the interval leaves 0 out about once in 20."""
    chance = random.Random(0)
    missed = 0
    for _ in range(2000):
        only = [
            chance.random() < 0.5 for _ in range(sum(chance.random() < 0.3 for _ in range(300)))
        ]
        low, high = worth.paired_interval(sum(only), len(only) - sum(only), 300)[1:]
        missed += not low <= 0 <= high
    assert 0.03 < missed / 2000 < 0.08


def test_the_picture_of_worth_says_what_it_shows():
    told = repr(worth.worth_picture(worth.measured_worth()))
    assert "rotten-tomatoes, 100 reviews" in told and "fine-tuned 0.7" in told
