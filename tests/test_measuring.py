"""What the examiner measures itself, tried on a tiny checkpoint: places, questions, weights, task."""

from __future__ import annotations

import math
import os
import random
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import (
    AutoTokenizer,
    BatchEncoding,
    BertForSequenceClassification,
    BertTokenizerFast,
)

from autograder.verdict import bars, question, space, task, weights
from autograder.verdict.bars import bar_for, load_bars
from autograder.verdict.question import BUDGETS, Budget, Reviews, Run, budget_for, draw_run
from autograder.verdict.space import LAYER, MAX_LENGTH, Space
from autograder.verdict.task import FineTune
from autograder.verdict.weights import Measured, load_weights, measure
from course.checks.mistakes import MistakeError, course_mistakes
from course.checks.tiny import tiny_encoder

WORDS = [f"w{number}" for number in range(60)]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A checkpoint like the embedded one, only smaller, and configured for three classes."""
    folder = tmp_path_factory.mktemp("tiny")
    encoder = tiny_encoder(0, num_hidden_layers=LAYER + 2, max_position_embeddings=256)
    encoder.config.num_labels = 3
    encoder.save_pretrained(folder)
    (folder / "vocab.txt").write_text(
        "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS])
    )
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    return str(folder)


def some_texts(count: int, longest: int = 2 * MAX_LENGTH) -> list[str]:
    """Return so many different texts of 1 to `longest` words."""
    rng = random.Random(count)
    return [" ".join(rng.choices(WORDS, k=rng.randint(1, longest))) for _ in range(count)]


def classifier(tiny: str, seed: int) -> Any:
    """Return the checkpoint's encoder with a head of its own, drawn from `seed`."""
    torch.manual_seed(seed)
    model = BertForSequenceClassification.from_pretrained(tiny, num_labels=2).eval()
    torch.nn.init.normal_(model.classifier.weight)
    return model


def alone(tiny: str, model: Any, text: str) -> dict[str, Any]:
    """Return what the model says of one text without any other beside it."""
    encoded = AutoTokenizer.from_pretrained(tiny)(
        text, truncation=True, max_length=MAX_LENGTH, return_tensors="pt"
    )
    with torch.inference_mode():
        return model(**encoded, output_hidden_states=True)


# The space


def rows(seed: int, count: int, width: int = 6) -> Any:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, width)) @ rng.normal(size=(width, width)) + rng.normal(
        size=width
    )


@pytest.mark.parametrize("axes", [1, 3, 6])
def test_places_are_in_standard_units_along_the_principal_axes(
    axes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(space, "AXES", axes)
    known = rows(0, 200)
    training, hidden = space._placed(known, known[7:20])
    assert np.allclose(training[7:20], hidden)  # both on the same axes
    assert np.allclose(training.mean(axis=0), 0)
    assert np.allclose(training.T @ training / 200, np.eye(axes))
    # No other axes hold more of the standardised data.
    units = (known - known.mean(axis=0)) / known.std(axis=0)
    held = np.linalg.norm(training.T @ units / 200) ** 2
    assert held == pytest.approx(sum(np.linalg.svd(units)[1][:axes] ** 2) / 200)


def batches(lengths: list[int], most: int) -> list[tuple[int, int]]:
    """Return the sizes of batches that are padded least: of texts of about the same length."""
    lengths = sorted(lengths)
    parts = [lengths[at : at + most] for at in range(0, len(lengths), most)]
    return [(len(part), max(part)) for part in parts]


def test_a_place_is_the_mean_of_its_tokens_after_the_layer_looked_at(
    tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(space, "BATCH", 8)
    texts = some_texts(30)
    model = classifier(tiny, 0)
    sizes: list[tuple[int, ...]] = []
    embed = torch.nn.Embedding.forward

    def noted(layer: Any, ids: Any) -> Any:
        if layer.padding_idx is not None:  # the layer of tokens
            sizes.append(tuple(ids.shape))
        return embed(layer, ids)

    with monkeypatch.context() as patch:
        patch.setattr(torch.nn.Embedding, "forward", noted)
        means = space._means(texts, tiny)
    lengths = [min(len(text.split()) + 2, MAX_LENGTH) for text in texts]
    assert sizes == batches(lengths, 8)
    assert means.dtype == np.float32 and means.shape == (len(texts), model.config.hidden_size)
    for text, mean in zip(texts, means, strict=True):
        states = alone(tiny, model, text)["hidden_states"][LAYER]
        assert np.allclose(mean, states[0].mean(dim=0), atol=1e-4)


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., bool]:
    """Places kept for a checkpoint in `tmp_path`: returns whether those of some texts were made."""
    made = []

    def means(texts: list[str], name: str) -> Any:
        made.append((texts, name))
        return np.array([[len(text), 0.1] for text in texts], np.float32)

    def kept(*texts: str) -> bool:
        before, name = len(made), str(tmp_path / "checkpoint")
        found = space._kept(list(texts), name)
        assert found.dtype == np.float64
        assert (found == np.array([[len(text), 0.1] for text in texts], np.float32)).all()
        assert made[before:] in ([], [(list(texts), name)])
        return len(made) > before

    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "checkpoint" / "model.safetensors").write_bytes(b"weights")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(space, "_means", means)
    return kept


def test_places_are_made_once_for_the_same_texts_checkpoint_and_way(
    kept: Callable[..., bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = tmp_path / "checkpoint" / "model.safetensors"
    assert kept("a", "bb") and not kept("a", "bb") and kept("a", "b") and not kept("a", "bb")
    weights.write_bytes(b"other weights")
    assert kept("a", "bb") and not kept("a", "bb")
    os.utime(weights, (1, 1))
    assert kept("a", "bb") and not kept("a", "bb")
    (tmp_path / "checkpoint" / "more.safetensors").write_bytes(b"x")
    assert kept("a", "bb") and not kept("a", "bb")
    for name, other in (("VERSION", "x"), ("LAYER", 1), ("MAX_LENGTH", 1)):
        monkeypatch.setattr(space, name, other)
        assert kept("a", "bb") and not kept("a", "bb"), name
    weights.unlink()
    (tmp_path / "checkpoint" / "more.safetensors").unlink()
    assert kept("a") and not kept("a")
    os.utime(tmp_path / "checkpoint", (1, 1))  # all that is known of weights of another kind
    assert kept("a") and not kept("a")


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"no array",
        np.zeros(1),
        np.zeros((2, 2)),
        np.array([[1, math.nan]]),
        np.array([[1, math.inf]]),
        np.array([[object()]]),
    ],
    ids=["empty", "text", "a number", "two rows", "NaN", "infinity", "pickled"],
)
def test_what_is_kept_but_damaged_is_made_anew(
    kept: Callable[..., bool], tmp_path: Path, damage: Any
) -> None:
    assert kept("a")
    (file,) = (tmp_path / "cache" / "bert-classroom").iterdir()
    if isinstance(damage, bytes):
        file.write_bytes(damage)
    else:
        np.save(file, damage)
    assert kept("a") and not kept("a")


def test_where_nothing_can_be_kept_places_are_made_each_time(
    kept: Callable[..., bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").write_text("a file")
    assert kept("a") and kept("a")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert kept("a") and not kept("a")
    (file,) = (tmp_path / "home" / ".cache" / "bert-classroom").iterdir()
    assert file.name.startswith("places-") and len(file.name) == len("places-.npy") + 16


# The question

LINE = 101


def on_a_line(seed: int) -> tuple[Space, dict[str, float]]:
    """Return a space of one axis, hidden texts further along it, and where each text lies."""
    rng = np.random.default_rng(seed)
    training, hidden = rng.normal(size=LINE), rng.normal(0.5, 2, size=80)
    names = [f"t{i}" for i in range(LINE)], [f"h{i}" for i in range(80)]
    places = dict(zip(names[0] + names[1], [*training, *hidden], strict=True))
    return Space(*names, training[:, None], hidden[:, None]), places


@pytest.mark.parametrize(("most", "least"), [(20, 20), (1000, 41)])
@settings(max_examples=40)
@given(seed=st.integers(0, 10**6))
def test_labels_are_the_sides_of_the_median_and_only_clear_ones_are_asked(
    most: int, least: int, seed: int
) -> None:
    where, places = on_a_line(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(question, "space", lambda: where)
        patch.setattr(question, "HIDDEN_ROWS", most)
        run = draw_run(random.Random(seed), Budget("cpu", most // 4, 4))
    middle = float(np.median(where.training))
    distances = sorted(abs(place - middle) for place in where.training[:, 0])
    clear = distances[60]  # 41 of 101 are as far from the middle as this, or farther
    far = {name for name, place in places.items() if abs(place - middle) >= clear - 1e-12}
    assert len(run.train.texts) == len(set(run.train.texts)) == least
    assert set(run.train.texts) <= far & set(where.training_texts)
    asked = far & set(where.hidden_texts)
    assert len(run.hidden.texts) == len(set(run.hidden.texts)) == min(most, len(asked))
    assert set(run.hidden.texts) <= asked
    texts, labels = (
        run.train.texts + run.hidden.texts,
        run.train.labels + run.hidden.labels,
    )
    upper = [int(places[text] > middle) for text in texts]
    assert labels in (upper, [1 - label for label in upper])
    # Not in the order in which they lie in the data.
    assert run.train.texts != sorted(run.train.texts, key=where.training_texts.index)
    assert run.hidden.texts != sorted(run.hidden.texts, key=where.hidden_texts.index)


def test_each_draw_is_a_question_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    corners = np.array([[x, y] for x in (-1.0, 1.0) for y in (-1.0, 1.0)])
    texts = [f"t{i}" for i in range(4)]
    monkeypatch.setattr(question, "CLEAR", 1.0)
    monkeypatch.setattr(question, "space", lambda: Space(texts, texts, corners, corners))
    runs = [draw_run(random.Random(seed), BUDGETS["cpu"]) for seed in range(100)]
    answers = {tuple(sorted(zip(run.train.texts, run.train.labels, strict=True))) for run in runs}
    # By either axis, and either way round.
    assert len(answers) == 4
    seeds = [run.seed for run in runs]
    assert len(set(seeds)) == 100 and 2**30 < max(seeds) < 2**31 and 0 <= min(seeds) < 2**30
    assert runs[5] == draw_run(random.Random(5), BUDGETS["cpu"])


def test_a_device_has_a_budget_and_a_bar_of_its_own_only_where_it_was_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for device, budget in BUDGETS.items():
        assert budget_for(device, True) == budget and budget.device == device
        assert budget_for(device, False) == Budget(device, 60, 16)
    known = {"cpu": load_bars()["cpu"], "cuda": load_bars()["cpu"].model_copy()}
    monkeypatch.setattr(bars, "load_bars", lambda: known)
    for device, bar in known.items():
        assert bar_for(device) is bar
    assert bar_for("a device nobody measured") is known["cpu"]


# The weights


@pytest.mark.parametrize(
    ("change", "id", "words"),
    [
        (lambda w: {}, "not-a-classifier", "weights are missing, 'bert.embeddings.LayerNorm.bias'"),
        (lambda w: "weights", "not-a-classifier", "weights are missing, 'bert.embeddings"),
        (
            lambda w: {name: w[name] for name in w if name != "classifier.bias"},
            "not-a-classifier",
            "1 of its weights are missing, 'classifier.bias' among them",
        ),
        (
            lambda w: w | {"classifier.weight": torch.zeros(3, 32)},
            "wrong-model-shape",
            "'classifier.weight' have shape (3, 32), where the checkpoint with two classes has "
            "(2, 32)",
        ),
        (
            lambda w: w | {"classifier.bias": [0.0, 1.0]},
            "wrong-model-shape",
            "'classifier.bias' have shape (), where the checkpoint with two classes has (2,)",
        ),
        (
            lambda w: w | {"classifier.bias": torch.zeros(2, dtype=torch.long)},
            "wrong-weight-dtype",
            "'classifier.bias' are of dtype torch.int64",
        ),
        *(
            (
                lambda w, number=number: w | {"classifier.bias": torch.tensor([0.0, number])},
                "weights-not-finite",
                "'classifier.bias' hold NaN",
            )
            for number in (math.nan, math.inf, -math.inf, 1e4, -1e4)
        ),
        (
            lambda w: w | {"classifier.bias": torch.tensor([0, 1e300]).double()},
            "weights-not-finite",
            "'classifier.bias' hold NaN",
        ),
    ],
)
def test_what_are_no_weights_of_this_model_is_refused_by_name(
    tiny: str, change: Callable[[dict[str, Any]], Any], id: str, words: str
) -> None:
    with pytest.raises(MistakeError) as caught:
        load_weights(change(classifier(tiny, 0).state_dict()), tiny)
    assert caught.value.mistake.id == id and words in caught.value.message


def test_weights_of_any_precision_are_loaded_as_they_are(tiny: str) -> None:
    given = classifier(tiny, 0).state_dict() | {"classifier.bias": torch.tensor([9984.0, -9984])}
    for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        some = {name: value.to(dtype) for name, value in given.items()}
        model = load_weights(some | {"extra": torch.zeros(1)}, tiny)
        assert not model.training and model.config.num_labels == 2
        loaded = model.state_dict()
        assert all(loaded[name].equal(value.float()) for name, value in some.items())


class Judging:
    """A model whose answer depends on a text's tokens alone, and the sizes of what it was given."""

    def __init__(self) -> None:
        self.sizes: list[tuple[int, ...]] = []

    ANSWERS = ((1.0, 0.0), (0.0, 1.0), (0.5, 0.5), (math.nan, 0.0), (0.0, math.nan))

    def __call__(self, *, input_ids: Any, attention_mask: Any, **_: Any) -> Any:
        self.sizes.append(tuple(input_ids.shape))
        sums = (input_ids * attention_mask).sum(dim=1).tolist()
        answers = [self.ANSWERS[number % len(self.ANSWERS)] for number in sums]
        return types.SimpleNamespace(logits=torch.tensor(answers))


def test_the_larger_logit_is_the_class_and_a_text_counts_up_to_its_length(tiny: str) -> None:
    texts = some_texts(2 * weights.BATCH + 7)
    encoded = AutoTokenizer.from_pretrained(tiny)(texts, truncation=True, max_length=MAX_LENGTH)
    ids = encoded["input_ids"]
    model = Judging()
    picked = weights._picked(model, texts, "cpu", tiny)
    assert picked == [(0, 1, -1, -1, -1)[sum(row) % 5] for row in ids]
    assert set(picked) == {0, 1, -1}
    assert model.sizes == batches([*map(len, ids)], weights.BATCH)
    assert max(map(len, ids)) == MAX_LENGTH


def measured(tiny: str, state: Any, run: Run, **how: Any) -> tuple[Measured, list[int]]:
    """Return what is measured, and what the model says of each hidden text by itself."""
    model = load_weights(state, tiny)
    logits = [alone(tiny, model, text)["logits"][0] for text in run.hidden.texts]
    return measure(state, run, "cpu", tiny, **how), [int(pair.argmax()) for pair in logits]


def test_what_is_measured_is_what_each_text_gets_by_itself(
    tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "HEAD_ROWS", 20)
    texts = some_texts(60, 12)
    labels = random.Random(1).choices((0, 1), k=60)
    run = Run(Reviews([], []), Reviews(texts, labels), 0)
    own = classifier(tiny, 3).state_dict()
    right = lambda picked: [one == label for one, label in zip(picked, labels, strict=True)]  # noqa: E731

    found, picked = measured(tiny, own, run, head_from=0.0)
    most = max(picked.count(0), picked.count(1)) / 60
    assert found == Measured(sum(right(picked)), 60, most, encoder_unchanged=True)
    # The pooler feeds the head alone.
    pooled = own | {"bert.pooler.dense.bias": torch.ones(32)}
    assert measured(tiny, pooled, run)[0].encoder_unchanged

    torch.manual_seed(5)
    moved = {
        name: value + 0.5 * torch.randn_like(value) if "encoder.layer" in name else value
        for name, value in own.items()
    }
    other, otherwise = measured(tiny, moved, run)
    most = max(otherwise.count(0), otherwise.count(1)) / 60
    assert other == Measured(sum(right(otherwise)), 60, most, encoder_unchanged=False)
    assert otherwise != picked
    assert measured(tiny, moved, run, head_from=other.accuracy + 0.001)[0] == other
    asked, _ = measured(tiny, moved, run, head_from=other.accuracy)
    head = sum(right(picked)[:20])
    adds = sum(right(otherwise)[:20]) - head
    assert adds and (asked.head_alone, asked.encoder_adds) == (head / 20, adds / 20)
    assert (asked.correct, asked.rows) == (other.correct, other.rows)


def test_everything_is_measured_on_the_device_that_is_named(
    tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = classifier(tiny, 0).state_dict()
    state |= {"bert.encoder.layer.0.output.dense.bias": torch.ones(32)}
    run = Run(Reviews([], []), Reviews(some_texts(9), [0, 1, 0] * 3), 0)
    devices: list[str] = []
    for kind in (torch.nn.Module, BatchEncoding):
        monkeypatch.setattr(kind, "to", lambda one, device: devices.append(device) or one)
    pick = weights._picked
    monkeypatch.setattr(
        weights, "_picked", lambda _, *rest: devices.append(rest[1]) or pick(Judging(), *rest)
    )
    measure(state, run, "a device", tiny, head_from=0.0)
    # The model, what is asked of it, and its one batch; then all that again for the head alone.
    assert devices == ["a device"] * 6


@pytest.mark.parametrize("labels", [[0], [0, 1, 0]])
def test_answers_without_a_label_and_labels_without_an_answer_are_our_fault(
    labels: list[int],
) -> None:
    with pytest.raises(ValueError, match="zip"):
        weights._correct([0, 1], labels)


def test_a_model_that_leaves_a_text_out_is_no_model(tiny: str) -> None:
    short = lambda **batch: types.SimpleNamespace(logits=Judging()(**batch).logits[1:])  # noqa: E731
    with pytest.raises(ValueError, match="zip"):
        weights._picked(short, some_texts(5), "cpu", tiny)


def test_where_no_logit_is_larger_nothing_is_right(tiny: str) -> None:
    state = classifier(tiny, 0).state_dict()
    state |= {name: torch.zeros_like(state[name]) for name in state if "classifier" in name}
    run = Run(Reviews([], []), Reviews(some_texts(9), [0, 1, 0] * 3), 0)
    assert measure(state, run, "cpu", tiny) == Measured(0, 9, 0.0, encoder_unchanged=True)


# The task

RUN = Run(
    Reviews([f"train {row}" for row in range(960)], [row % 2 for row in range(960)]),
    Reviews([f"hidden {row}" for row in range(500)], [row % 2 for row in range(500)]),
    7,
)
SEEN = {
    "updates": [
        {"rates": [1e-4 * (1 - step / 60)], "encoder_rates": [1e-4], "losses": [0.5], "backwards": 1,
         "rows": list(range(16 * step, 16 * step + 16)), "labels": [0, 1] * 8, "training": True,
         "gradients": True}
        for step in range(60)
    ],
    "optimizers": ["AdamW"], "returned_is_held": True, "returned_got_gradients": True,
    "head_moved": True,
}  # fmt: skip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What a task asks its helpers: its run is `RUN`, and whatever comes back is 475 times right."""
    calls: list[Any] = []

    def note(result: Any) -> Callable[..., Any]:
        return lambda *args, **named: calls.append((*args, named)) or result

    monkeypatch.setattr(task, "draw_run", note(RUN))
    monkeypatch.setattr(task, "measure", note(Measured(475, 500, 0.5, False)))
    monkeypatch.setattr(task, "bar_for", load_bars().__getitem__)
    monkeypatch.setattr(task, "checkpoint", lambda name: f"the folder of {name}")
    return calls


def test_a_run_is_drawn_told_and_judged_by_what_is_measured(asked: list[Any]) -> None:
    fine_tune, rng = FineTune(BUDGETS["cpu"]), random.Random(0)
    told = {
        "texts": RUN.train.texts, "labels": RUN.train.labels, "checkpoint": "minilm", "steps": 60,
        "batch_size": 16, "device": "cpu", "seed": 7,
    }  # fmt: skip
    assert list(fine_tune.cases(rng)) == [told]
    assert asked == [(rng, BUDGETS["cpu"], {})]
    fine_tune.judge({"weights": "weights", "seen": SEEN})
    bar = bar_for("cpu")
    assert asked[1:] == [
        ("weights", RUN, "cpu", "the folder of minilm", {"head_from": bar.nearly(500)})
    ]
    it = fine_tune.evidence
    assert it is not None
    assert it.measured == Measured(475, 500, 0.5, False) and it.bar == bar
    assert (it.seen.asked_steps, it.seen.asked_batch) == (60, 16)
    assert it.seen.labels == tuple(RUN.train.labels) and it.seen.steps == 60
    assert fine_tune.success() == f"Right: {fine_tune.title} {it.report}"


@pytest.mark.parametrize(
    ("observed", "id", "words"),
    [
        ({"weights": "weights"}, "steps-not-seen", "Measured on 500 hidden texts"),
        ({"returned": "a list"}, "no-model-returned", "not a model but a list."),
        ({}, "no-model-returned", "not a model but nothing."),
        ("weights", "no-model-returned", "not a model but nothing."),
    ],
)
def test_what_a_run_lacks_is_told(asked: list[Any], observed: Any, id: str, words: str) -> None:
    fine_tune = FineTune(BUDGETS["cpu"])
    list(fine_tune.cases(random.Random(0)))
    with pytest.raises(MistakeError, match=words) as caught:
        fine_tune.judge(observed)
    assert caught.value.mistake.id == id


def test_only_a_run_in_which_nothing_was_wrong_is_asked_again() -> None:
    luck = {
        id
        for id in FineTune.told
        if FineTune().may_be_luck(MistakeError(course_mistakes()[id], ""))
    }
    assert luck == {"relative-steps", "not-learned", "below-reference"}


@pytest.mark.parametrize(
    ("gpu", "bars", "budget"),
    [
        (False, {"cpu", "cuda"}, BUDGETS["cpu"]),
        (True, {"cpu", "cuda"}, BUDGETS["cuda"]),
        (True, {"cpu"}, Budget("cuda", 60, 16)),
    ],
)
def test_the_budget_is_that_of_the_machine(
    gpu: bool, bars: set[str], budget: Budget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    monkeypatch.setattr(task, "load_bars", lambda: bars)
    assert FineTune().budget == budget and FineTune().device == budget.device
    assert FineTune(BUDGETS["cpu"]).budget == BUDGETS["cpu"]
