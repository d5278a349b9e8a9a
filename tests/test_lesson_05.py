"""Lesson 05: the checks of a whole run, what its pictures say, and what its prose quotes."""

from __future__ import annotations

import random
import re
import types
from pathlib import Path

import pytest
import torch
from torch.optim.optimizer import _global_optimizer_post_hooks

from autograder.examining.exam import load_exam
from course import checkpoint
from course.checks import find_check, run_check
from course.checks.base import Raised
from course.checks.mistakes import MistakeError
from course.checks.reference_step import Reference
from course.checks.training_run import LABELS, TEXTS, tiny_checkpoint
from course.pictures import training
from course.plain import Opaque, as_plain

ROOT = Path(__file__).parents[1]
EXAM = load_exam(ROOT / "autograder" / "exams", "05-fine-tuning")
TASKS = {task.answer_id: task for task in EXAM.tasks}
RUNS = training.measured_runs()
LESSON = (ROOT / "course" / "lessons" / "05-fine-tuning.md").read_text(encoding="utf-8")
#: Overfitting is treated in the next lesson, from the same recorded runs.
DIAGNOSIS = (ROOT / "course" / "lessons" / "06-diagnosis.md").read_text(encoding="utf-8")


def solution(**replaced: str) -> dict:
    """Return the names of the lesson's non-demo cells, after `replaced` in the solutions."""
    names: dict = {"__name__": "lesson"}
    for cell in re.findall(r"```\{code-cell\} ipython3\n(.*?)\n```", LESSON, re.DOTALL):
        if ":tags: [demo]" in cell or "check(" in cell or "grade: true" in cell:
            continue
        code = cell.partition("\n\n")[2]
        for old, new in replaced.items():
            code = code.replace(SPOTS[old], new)
        exec(code, names)
    return names


#: Places in the solution of fine_tune, by a name for each.
SPOTS = {
    "seed": "    torch.manual_seed(seed)  # before loading: the head's first weights are drawn then\n",
    "optimizer": "AdamW(model.parameters(), lr=lr",
    "steps": "for _ in range(steps):",
    "shuffle": "torch.randperm(len(texts)).tolist()",
    "key": 'batch["labels"] = torch.tensor(',
    "labels": "torch.tensor([labels[row] for row in rows])",
    "rows": "order[:batch_size], order[batch_size:]",
    "train": "    model.train()\n",
    "clear": "    optimizer.zero_grad()\n",
    "return": "return model.eval()",
    "step": "        train_step(model, batch, optimizer, scheduler)\n",
    "load": "BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2)",
}


def test_twenty_four_points():
    assert [task.points for task in EXAM.tasks] == [5, 5, 10, 4]


def test_every_spot_is_in_the_lesson():
    for name, text in SPOTS.items():
        assert text in LESSON, name


LOAD = SPOTS["load"]


@pytest.mark.parametrize(
    ("replaced", "said"),
    [
        ({"seed": ""}, "began with different heads"),
        ({"seed": "    torch.manual_seed(0)\n"}, "the very same weights"),
        (
            {"shuffle": "__import__('random').sample(range(len(texts)), len(texts))"},
            "different ord",
        ),
        ({"shuffle": "list(range(len(texts)))"}, "in the order in which they came"),
        ({"labels": "torch.tensor(labels[: len(rows)])"}, "has label"),
        (
            {"steps": "for _ in range(len(texts) // batch_size):"},
            "took 3 optimizer steps; it was asked for 4",
        ),
        ({"rows": "order[:3], order[3:]"}, "trained on 3 rows"),
        ({"train": "    model.eval()\n"}, "trained in evaluation mode"),
        ({"clear": ""}, "Gradients of earlier steps"),
        ({"return": "return model.train()"}, "comes back in training mode"),
        ({"return": "return"}, "is not a model but None"),
        ({"return": "return model.bert"}, "no logits for 2 classes"),
        ({"optimizer": "AdamW(model.classifier.parameters(), lr=lr"}, "Only the head was trained"),
        (
            {"optimizer": "AdamW(model.bert.parameters(), lr=lr"},
            "random weights that it was loaded with",
        ),
        ({"load": "BertForSequenceClassification.from_pretrained(checkpoint)"}, ""),
        ({"key": "unused = torch.tensor("}, "without `labels=`"),
        ({"step": ""}, "no training was seen"),
        ({"return": f"return {LOAD}.eval()"}, "returned another one"),
        ({"optimizer": f"AdamW({LOAD}.parameters(), lr=lr"}, "holds none of the parameters"),
        ({"labels": "torch.tensor([float(labels[row]) for row in rows])"}, "dtype float32"),
        ({"labels": "torch.tensor([labels[row] + 1 for row in rows])"}, "the labels are 0 and 1"),
    ],
    ids=lambda value: "" if isinstance(value, str) else next(iter(value)),
)
def test_the_visible_check_of_a_run_names_the_mistake(replaced, said):
    found = run_check(find_check("fine_tune"), solution(**replaced)["fine_tune"])
    assert said in found.message
    # Two labels are the default, so that leaving num_labels out is no mistake.
    assert found.passed is (not said)


def test_the_visible_check_leaves_no_hooks_and_no_trace_of_chance():
    backward = torch.Tensor.backward
    names = solution()
    torch.manual_seed(3)
    before = torch.get_rng_state()
    for name in ("train_step", "evaluate", "fine_tune"):
        assert run_check(find_check(name), names[name]).passed
    assert torch.Tensor.backward is backward
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.nn.modules.module._global_forward_pre_hooks
    assert not _global_optimizer_post_hooks


@pytest.mark.parametrize("answer_id", ["train-step", "evaluate"])
def test_hostile_observations_are_misses_and_nothing_else(answer_id):
    task = TASKS[answer_id]
    rng = random.Random(1)
    inputs = list(task.cases(rng))[-1]
    right = as_plain(
        type(task).observe(solution()[task.function], **inputs),
    )
    task.judge(right, **inputs)
    junk = [None, 1, -1.0, "x", [], {}, [[]], float("nan"), float("inf"), Opaque("X"), 2**62]
    junk += [torch.zeros(0), torch.tensor(float("nan")), torch.zeros(3, 3), [None] * 3, True]
    junk += [[torch.zeros(2)] * 3, [float("nan")] * 3, ["x"] * 3, {"events": [["step"]]}]
    for value in junk:
        observations = [value, *({**right, key: value} for key in right)]
        for observed in observations:
            try:
                task.judge(observed, **inputs)
            except MistakeError:
                continue
            # What passes all the same may only be what no point hangs on.
            assert observed.keys() == right.keys()
            assert all(
                observed[key] is right[key] for key in ("weights", "results") if key in right
            )


def test_no_trained_weights_no_points():
    task = TASKS["train-step"]
    for case in task.cases(random.Random(2)):
        observed = as_plain(type(task).observe(solution()["train_step"], **case))
        start = Reference(**case).start
        for weights in (start, torch.randn_like(start), torch.zeros_like(start), start + 100):
            with pytest.raises(MistakeError):
                task.judge({**observed, "weights": [weights] * 3}, **case)


def test_the_mistakes_of_a_step_on_a_gpu_are_known():
    text = "Expected all tensors to be on the same device, but found at least two devices"
    for name in ("train_step", "evaluate", "fine_tune"):
        found = find_check(name).explain(Raised("RuntimeError", text))
        assert found is not None and ("GPU" in found.message or "device" in found.message)


def test_a_run_is_shown_while_it_goes_on(capsys):
    names = solution()
    tokenizer = names["AutoTokenizer"].from_pretrained(checkpoint())
    batch = tokenizer(TEXTS, padding=True, return_tensors="pt")
    batch["labels"] = torch.tensor(LABELS)
    backward = torch.Tensor.backward
    modes = []

    def watched_step(model, *args):
        modes.append(model.training)
        return names["_train_step"](model, *args)

    names["_train_step"], names["train_step"] = names["train_step"], watched_step
    options = {"steps": 7, "batch_size": 4, "device": "cpu", "seed": 1}
    options["checkpoint"] = tiny_checkpoint()
    live = training.LiveTraining(names["evaluate"], [batch], steps=7, every=3, baseline=0.6)
    with live:
        watched = names["fine_tune"](TEXTS, LABELS, **options)
    assert torch.Tensor.backward is backward
    assert live.done == len(live.losses) == 7 and all(0.4 < loss < 1 for loss in live.losses)
    assert list(live.scores) == [0, 3, 6, 7]
    assert live.progress().startswith("step 7 of 7, loss 0.")
    assert 'alt="Loss and validation accuracy so far' in live._repr_html_()
    assert {axes.get_title() for axes in live.figure().axes} >= {"Loss of every step"}
    # Watching changes nothing: neither the mode nor the weights that come out.
    assert modes == [False] + [True] * 6
    alone = names["fine_tune"](TEXTS, LABELS, **options)
    assert torch.equal(watched.classifier.weight, alone.classifier.weight)


def test_an_evaluate_that_raises_stops_no_run():
    names = solution()
    options = {"steps": 2, "batch_size": 4, "device": "cpu", "seed": 1}
    live = training.LiveTraining(lambda model, batches: {}, [], steps=2)
    with pytest.raises(KeyError, match="accuracy"), live:
        names["fine_tune"](TEXTS, LABELS, checkpoint=tiny_checkpoint(), **options)
    assert live.done == len(live.losses) == 2
    with pytest.raises(ZeroDivisionError), live:
        raise ZeroDivisionError


def test_pictures_of_recorded_runs():
    picture = training.overfitting_picture(RUNS)
    assert [axes.get_ylabel() for axes in picture.figure.axes] == ["loss", "accuracy"]
    assert "Seed 1 ends at training loss 0.0" in picture.alt
    picture = training.remedies_picture(RUNS)
    names = [label.get_text() for label in picture.figure.axes[0].get_yticklabels()]
    assert names[:2] == ["few reviews", "stopped at lowest loss"] and "more dropout" in names
    assert "more dropout: loss 0." in picture.alt
    for rate in (2e-5, 1e-4, 2e-4, 1e-3):
        picture = training.rates_picture(RUNS, rate)
        assert f"{rate:g}" in picture.figure.axes[0].get_title() and "Seed 0 ends" in picture.alt
    with pytest.raises(ValueError, match="recorded are"):
        training.rates_picture(RUNS, 0.5)


def test_every_remedy_was_measured_twice():
    for run in RUNS:
        if not run.name.startswith("rate"):
            assert sorted(r.seed for r in RUNS if r.name == run.name) == [0, 1]


def test_pictures_module_has_no_pyplot():
    assert isinstance(training, types.ModuleType)
    assert "pyplot" not in Path(training.__file__).read_text(encoding="utf-8").replace(
        "No pyplot", ""
    )


def _row(name: str, runs: list, point) -> str:
    """Return the row of the lesson's table for `runs`."""
    losses = " and ".join(f"{point(run)['validation_loss']:.2f}" for run in runs)
    accuracies = " and ".join(f"{point(run)['validation_accuracy']:.3f}" for run in runs)
    return f"| {name} | {losses} | {accuracies} |"


def test_the_prose_quotes_what_was_measured():
    by_name: dict = {}
    for run in RUNS:
        by_name.setdefault(run.name, []).append(run)
    few = by_name["few reviews"]
    for name, runs in by_name.items():
        if not name.startswith("rate"):
            assert _row(name, runs, training.Run.last) in DIAGNOSIS
    assert _row("stopped at lowest loss", few, training.Run.best) in DIAGNOSIS
    for run in (by_name["more reviews"][0], *(r for r in RUNS if r.name.startswith("rate"))):
        loss = sum(run.losses[-10:]) / 10
        row = f"| {run.lr:g} | {loss:.2f} | {run.last()['validation_accuracy']:.3f} |"
        assert row in LESSON
    assert [run.best()["step"] for run in few] == [18, 12]
    assert all(point["train_accuracy"] == 1 for run in few for point in run.curve[2:])
    # More reviews helped both seeds with both; nothing else made the accuracy better for both.
    for run, more in zip(few, by_name["more reviews"], strict=True):
        assert more.last()["validation_accuracy"] > run.last()["validation_accuracy"]
        assert more.last()["validation_loss"] < run.last()["validation_loss"] / 2
    for name in ("smaller learning rate", "more dropout", "frozen layers"):
        gains = [
            other.last()["validation_accuracy"] - run.last()["validation_accuracy"]
            for run, other in zip(few, by_name[name], strict=True)
        ]
        assert min(gains) < 0 and max(gains) < 0.03
    fed = [run.last()["train_loss"] for run in by_name["smaller learning rate"]]
    assert [f"{loss:.2f}" for loss in fed] == ["0.48", "0.56"]


def test_dropout_is_there_from_the_start():
    from transformers import BertForSequenceClassification

    model = BertForSequenceClassification.from_pretrained(checkpoint(), num_labels=2)
    rates = [m.p for m in model.modules() if isinstance(m, torch.nn.Dropout)]
    assert len(rates) == 20 and set(rates) == {0.1}
