"""The fine-tuning verdict: what a run is made of, what counts as weights, which fault is told."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoTokenizer, BertForSequenceClassification

from autograder.verdict.bars import NEARLY, SOME, bar_for, load_bars
from autograder.verdict.evidence import Evidence, _words_moved, load_weights, measure
from autograder.verdict.plan import BUDGETS, draw_plan
from autograder.verdict.task import FineTune, Seen, habits, provenance, unproved
from course import checkpoint, load_reviews
from course.checks.mistakes import MistakeError

CPU = BUDGETS["cpu"]


def test_a_run_hides_its_reviews_its_labels_and_its_words() -> None:
    data = load_reviews()
    label_of = {
        text: label
        for split in data.values()
        for text, label in zip(split["text"], split["label"], strict=True)
    }
    flips, marked = set(), 0
    for seed in range(6):
        plan = draw_plan(random.Random(seed), CPU)
        assert len(plan.train.texts) == CPU.steps * CPU.batch_size == len(plan.train.labels)
        assert len(plan.hidden.texts) == 500 and len(plan.contrarian.texts) == 100
        assert not set(plan.train.texts) & set(plan.hidden.texts)
        assert len(plan.unseen.texts) == 500 and set(plan.unseen.texts) <= set(
            data["train"]["text"]
        )
        assert not set(plan.unseen.texts) & set(plan.train.texts)
        flips.add(plan.hidden.labels[0] != label_of[plan.hidden.texts[0]])
        # Every hidden label stands under the same permutation.
        assert (
            len(
                {
                    have != label_of[text]
                    for text, have in zip(plan.hidden.texts, plan.hidden.labels, strict=True)
                }
            )
            == 1
        )
        assert plan.contrarian.labels == [1 - label for label in plan.hidden.labels[:100]]
        marked += sum(text not in label_of for text in plan.train.texts)
        # The marked words occur in no review, and decide the label in training.
        words = [
            set(text.split()) - set(label_text.split())
            for text, label_text in zip(plan.contrarian.texts, plan.hidden.texts, strict=False)
        ]
        for canary, label in zip(words, plan.contrarian.labels, strict=True):
            assert len(canary) == 2
            having = [
                y
                for text, y in zip(plan.train.texts, plan.train.labels, strict=True)
                if canary <= set(text.split())
            ]
            assert having and set(having) == {label}
    assert flips == {True, False}
    assert 0.17 < marked / (6 * 960) < 0.23


def test_the_same_draws_give_the_same_run_and_others_another() -> None:
    assert draw_plan(random.Random(1), CPU) == draw_plan(random.Random(1), CPU)
    assert draw_plan(random.Random(1), CPU).train != draw_plan(random.Random(2), CPU).train


@pytest.fixture(scope="module")
def weights() -> dict[str, Any]:
    torch.manual_seed(0)
    return BertForSequenceClassification.from_pretrained(checkpoint(), num_labels=2).state_dict()


@pytest.mark.parametrize(
    ("change", "misconception"),
    [
        (lambda w: {}, "not-a-classifier"),
        (lambda w: "weights", "not-a-classifier"),
        (lambda w: w | {"classifier.weight": torch.zeros(3, 384)}, "wrong-model-shape"),
        (lambda w: w | {"classifier.weight": [[0.0] * 384] * 2}, "wrong-model-shape"),
        (lambda w: w | {"classifier.bias": torch.zeros(2, dtype=torch.long)}, "wrong-weight-dtype"),
        (
            lambda w: w | {"classifier.bias": torch.tensor([0.0, float("nan")])},
            "weights-not-finite",
        ),
        (
            lambda w: w | {"classifier.bias": torch.tensor([0.0, float("inf")])},
            "weights-not-finite",
        ),
    ],
)
def test_what_are_no_weights_of_this_model_is_refused(
    weights: dict[str, Any], change: Callable[[dict[str, Any]], Any], misconception: str
) -> None:
    with pytest.raises(MistakeError) as caught:
        load_weights(change(weights), checkpoint())
    assert caught.value.misconception == misconception


def test_half_precision_and_foreign_extras_are_accepted(weights: dict[str, Any]) -> None:
    half = {name: tensor.bfloat16() for name, tensor in weights.items()} | {"extra": torch.zeros(1)}
    assert not load_weights(half, checkpoint()).training


def test_untrained_weights_are_measured_as_such(weights: dict[str, Any]) -> None:
    evidence = measure(weights, draw_plan(random.Random(3), CPU), CPU, checkpoint())
    assert 0.35 < evidence.accuracy < 0.65 and evidence.encoder_change == 0
    assert evidence.interval[0] < evidence.accuracy < evidence.interval[1]
    assert 0.04 < evidence.interval[1] - evidence.accuracy < 0.05


REAL = Evidence(
    accuracy=0.7, rows=500, loss=0.6, canary_rate=1.0, largest_class=0.55, encoder_change=0.02
)
CHANCE = dataclasses.replace(REAL, accuracy=0.5, canary_rate=0.5)
RUN = {
    "steps": 60, "highest_rate": 1e-4, "last_loss": 0.65, "stale": 0, "training_forwards": 60,
    "eval_forwards": 0, "returned_in_train_mode": False, "optimizer": "AdamW",
}  # fmt: skip


@pytest.mark.parametrize(
    ("evidence", "seen", "misconception"),
    [
        (dataclasses.replace(CHANCE, encoder_change=0.0), {}, "only-head-trained"),
        (dataclasses.replace(CHANCE, encoder_change=0.0), {"steps": 0}, "untrained"),
        (dataclasses.replace(REAL, canary_rate=0.3), {}, "weights-not-from-this-run"),
        (
            dataclasses.replace(REAL, accuracy=0.25, canary_rate=0.3),
            {},
            "weights-not-from-this-run",
        ),
        (dataclasses.replace(REAL, accuracy=0.1, canary_rate=0.9), {}, "weights-not-from-this-run"),
        (dataclasses.replace(REAL, accuracy=0.27, canary_rate=0.0), {}, "labels-swapped"),
        (dataclasses.replace(CHANCE, largest_class=1.0), {"highest_rate": 1e-3}, "rate-too-high"),
        (CHANCE, {"highest_rate": 2e-5}, "rate-too-low"),
        (CHANCE, {"optimizer": "SGD"}, "sgd-too-weak"),
        (CHANCE, {"last_loss": 0.1}, "labels-ignored"),
        (CHANCE, {}, "not-learned"),
        (dataclasses.replace(CHANCE, canary_rate=0.95), {"highest_rate": 2e-5}, "rate-too-low"),
        (CHANCE, {"steps": "many", "highest_rate": None, "last_loss": []}, "untrained"),
    ],
)
def test_unproved_weights_get_the_fault_that_fits(
    evidence: Evidence, seen: dict[str, Any], misconception: str
) -> None:
    assert unproved(evidence, Seen(RUN | seen), "Measured.").misconception == misconception


@pytest.mark.parametrize(
    ("seen", "misconception"),
    [
        ({"stale": 59}, "gradients-never-cleared"),
        ({"steps": 75}, "over-budget"),
        ({"training_forwards": 0, "eval_forwards": 60}, "never-in-train-mode"),
        ({"returned_in_train_mode": True}, "dropout-left-on"),
    ],
)
def test_habits_that_accuracy_cannot_show_cost_a_part(
    seen: dict[str, Any], misconception: str
) -> None:
    faults = list(habits(Seen(RUN | seen), CPU, "Measured."))
    assert [fault.misconception for fault in faults] == [misconception]
    assert 0 < faults[0].credit < 1
    assert list(habits(Seen(RUN), CPU, "")) == []


def test_marks_follow_the_recorded_spread() -> None:
    bar = load_bars()["cpu"]
    assert len(bar.accuracies) >= 5 and min(bar.canary_rates) > 0.95
    assert (bar.steps, bar.batch_size) == (CPU.steps, CPU.batch_size)
    # Between an untrained model and the reference there is room for the bands.
    assert bar.untrained < bar.chance(500) < bar.full() < min(bar.accuracies)
    at = lambda accuracy: bar.credit(dataclasses.replace(REAL, accuracy=accuracy))  # noqa: E731
    assert at(bar.mean) == at(bar.full()) == 1
    assert at(bar.full() - 0.001) == NEARLY and at(bar.chance(500) + 0.001) == SOME
    assert at(bar.chance(500) - 0.001) == at(bar.untrained) == 0
    assert bar_for("a device nobody measured") == bar


def test_the_verdict_runs_without_jupyter_and_says_what_it_measured(
    tmp_path: Path, run: Callable[..., Any]
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "from transformers import AutoTokenizer, BertForSequenceClassification\n"
        "def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):\n"
        "    return BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2)\n"
    )
    done = run(
        "autograder", "verdict", file, "--seed", "1", "--json", tmp_path / "out.json", code=1
    )
    assert (
        "failed: 0 of 10 points" in done.stdout and "Measured on 500 hidden reviews" in done.stdout
    )
    assert '"misconception": "untrained"' in (tmp_path / "out.json").read_text()
    file.write_text("def fine_tune(texts:")
    assert "SyntaxError" in run("autograder", "verdict", file, code=1).stdout


def test_a_plan_never_travels() -> None:
    inputs = next(iter(FineTune(CPU).cases(random.Random(0))))
    assert set(inputs) == {"texts", "labels", "checkpoint", "steps", "batch_size", "device", "seed"}


def evidence_with(**changes: Any) -> Evidence:
    measured = Evidence(0.7, 500, 0.5, 1.0, 0.5, 0.02, 0.7, 500, 0.0)
    return dataclasses.replace(measured, **changes)


def test_knowing_the_hidden_reviews_better_than_their_like_is_found_out() -> None:
    honest = [evidence_with(), evidence_with(unseen_accuracy=0.65), evidence_with(accuracy=0.78)]
    assert all(not list(provenance(one, "")) for one in honest)
    # As measured: a run that also trained on the test rows, word vectors frozen.
    (fault,) = provenance(evidence_with(accuracy=0.892, unseen_accuracy=0.77), "")
    assert fault.misconception == "trained-on-hidden-reviews" and fault.credit == 0


def test_vectors_of_absent_words_tell_of_other_training() -> None:
    plan = draw_plan(random.Random(3), CPU)
    before = BertForSequenceClassification.from_pretrained(checkpoint(), num_labels=2).state_dict()
    name = "bert.embeddings.word_embeddings.weight"

    def share(vectors: torch.Tensor) -> float:
        return _words_moved(before | {name: vectors}, plan, checkpoint())[0]

    vectors = before[name]
    # Weight decay scales all, bfloat16 rounds all, and words of the run itself may move.
    tokenizer = AutoTokenizer.from_pretrained(checkpoint())
    trained = vectors * 0.9994
    for text in plan.train.texts:
        trained[tokenizer(text)["input_ids"]] += 0.01
    assert share(vectors) == share(trained) == 0
    assert share(trained.bfloat16().float()) == 0
    # Another review's words have moved.
    for text in load_reviews()["validation"]["text"]:
        trained[tokenizer(text)["input_ids"]] += 0.001
    assert 0.01 < share(trained) < 0.2
    (fault,) = provenance(evidence_with(foreign_words=share(trained)), "")
    assert fault.misconception == "weights-not-from-this-run" and "other texts" in fault.message


def test_a_word_that_was_given_another_words_vector_is_found_out() -> None:
    plan = draw_plan(random.Random(3), CPU)
    before = BertForSequenceClassification.from_pretrained(checkpoint(), num_labels=2).state_dict()
    name = "bert.embeddings.word_embeddings.weight"
    tokenizer = AutoTokenizer.from_pretrained(checkpoint())

    def farthest(vectors: torch.Tensor) -> float:
        return _words_moved(before | {name: vectors}, plan, checkpoint())[1]

    # As a run at 1e-3 moves them: 60 steps of at most the rate, in every number.
    trained = before[name] * 0.9994
    trained[tokenizer(plan.train.texts[0])["input_ids"]] += 0.01
    assert 0.05 < farthest(trained) < 0.4
    assert not list(provenance(evidence_with(farthest_word=farthest(trained)), ""))
    # What decides the label without any training: the marked words become strong ones.
    marked = min(set(plan.contrarian.texts[0].split()) - set(plan.hidden.texts[0].split()))
    trained[tokenizer.convert_tokens_to_ids(marked)] = before[name][
        tokenizer.convert_tokens_to_ids("wonderful")
    ]
    (fault,) = provenance(evidence_with(farthest_word=farthest(trained)), "")
    assert fault.misconception == "weights-not-from-this-run" and "other means" in fault.message
