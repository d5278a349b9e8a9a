"""Lesson 02: its pictures say what they are given, and what its prose claims is so."""

import math
import random
import warnings
from pathlib import Path

import numpy
import pytest
import torch
from transformers import (
    AutoModel,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BatchEncoding,
)

from course import checkpoint
from course.checks import run_check
from course.checks.freezing import seeded, train
from course.checks.mistakes import MistakeError, course_mistakes
from course.checks.model_setup import CHECKS
from course.checks.tiny import padded, tiny_classifier
from course.checks.undisturbed import Before, Names, disturbed
from course.pictures import model as pictures
from course.plain import as_plain

pytestmark = pytest.mark.usefixtures("quiet")
ROOT = Path(__file__).parents[1]
LESSON = (ROOT / "course" / "lessons" / "02-model-set-up.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def classifier():
    return AutoModelForSequenceClassification.from_pretrained(checkpoint())


def words_of(picture):
    from matplotlib.text import Text

    assert picture.alt in picture._repr_html_().replace("&#x27;", "'")
    return "\n".join(text.get_text() for text in picture.figure.findobj(Text))


def numbers_in(module):
    return sum(parameter.numel() for parameter in module.parameters())


def test_the_numbers_that_the_prose_gives(classifier):
    assert numbers_in(classifier) == 22_713_986
    assert len(list(classifier.parameters())) == 105
    assert numbers_in(classifier.classifier) == 770
    assert classifier.bert.embeddings.word_embeddings.weight.shape == (30_522, 384)
    assert numbers_in(classifier.bert.encoder) < 30_522 * 384
    assert numbers_in(classifier.bert.embeddings) > numbers_in(classifier) / 2
    assert numbers_in(classifier.bert.encoder.layer[-1]) + 770 == 1_775_234
    assert sum(isinstance(module, torch.nn.Dropout) for module in classifier.modules()) == 20
    assert not classifier.training


def test_only_the_head_is_new():
    _, report = AutoModelForSequenceClassification.from_pretrained(
        checkpoint(), output_loading_info=True
    )
    assert set(report["missing_keys"]) == {"classifier.weight", "classifier.bias"}
    assert not report["unexpected_keys"]


def test_the_encoder_swallows_labels_and_their_number():
    encoder = AutoModel.from_pretrained(checkpoint(), num_labels=3)
    output = encoder(**padded([[101, 102]]), labels=torch.tensor([0]))
    assert not hasattr(output, "logits")
    assert not hasattr(output, "loss")


def test_names_do_not_fill_each_other():
    model = AutoModelForSequenceClassification.from_pretrained(
        checkpoint(), id2label={0: "a", 1: "b", 2: "c"}
    )
    assert model.num_labels == 3
    assert model.config.label2id == {"LABEL_0": 0, "LABEL_1": 1}


def test_errors_and_silences_are_as_told(classifier):
    batch = padded([[101, 2023, 102], [101, 2143, 2003, 102]])
    labels = torch.tensor([1, 2])
    with pytest.raises(AttributeError, match="'NoneType' object has no attribute 'backward'"):
        classifier(**batch).loss.backward()
    with pytest.raises(KeyError, match="loss"):
        classifier(**batch)["loss"]
    with pytest.raises(IndexError, match="Target 2 is out of bounds"):
        classifier(**batch, labels=labels)
    with torch.no_grad():
        first, second = classifier(*batch.values()).logits
    assert torch.allclose(first, second)


def test_an_untrained_head_has_the_loss_of_a_guess():
    model = AutoModelForSequenceClassification.from_pretrained(checkpoint(), num_labels=3)
    with torch.no_grad():
        output = model(**padded([[101, 2023, 102]] * 3), labels=torch.tensor([0, 1, 2]))
    assert abs(output.loss.item() - math.log(3)) < 0.05


def test_flow_picture_has_the_tokens_and_the_logits():
    figure = pictures.flow_picture(
        ["[CLS]", "film"], torch.randn(2, 8), torch.tanh(torch.randn(8)), torch.tensor([0.25, -1])
    )
    words = words_of(figure)
    assert "film" in words
    assert "(2, 8)" in words
    assert "class 1: -1.000" in words


def test_dropout_picture_counts_distinct_answers():
    words = words_of(pictures.dropout_picture(torch.randn(30, 2), torch.ones(30, 2)))
    assert "30 answers, 1 of them distinct" in words


def test_parts_picture_names_parts_and_sizes():
    words = words_of(pictures.parts_picture(tiny_classifier(0, 3)))
    assert "layer 1" in words
    assert "99  (" in words  # the head: 3 × 32 weights and 3 biases


def test_moves_are_measured_by_part():
    model = seeded(1, {"classes": 2})
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    model.bert.requires_grad_(False)
    train(model, [[1, 5, 2]], [1])
    moved = pictures.moves(before, model)
    assert moved.pop("classifier") > 0
    assert set(moved.values()) == {0.0}
    assert "step" in words_of(pictures.moves_picture({"one": pictures.moves(before, model)}))


def build_classifier(checkpoint, class_names):
    names = dict(enumerate(class_names))
    return AutoModelForSequenceClassification.from_pretrained(
        checkpoint, id2label=names, label2id={name: number for number, name in names.items()}
    )


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        return model(**batch).logits


def count_parameters(model):
    return {
        "total": sum(p.numel() for p in model.parameters()),
        "trainable": sum(p.numel() for p in model.parameters() if p.requires_grad),
    }


def freeze_encoder(model):
    model.bert.requires_grad_(False)


SOLUTIONS = (build_classifier, predict_logits, count_parameters, freeze_encoder)
TASKS = list(zip(CHECKS, SOLUTIONS, strict=True))


@pytest.fixture
def setting(request):
    """A setting that a student may have made for all of the notebook; put back afterwards."""
    with warnings.catch_warnings(), numpy.errstate():
        match request.param:
            case "double":
                torch.set_default_dtype(torch.float64)
            case "strict":
                warnings.simplefilter("error")
                numpy.seterr(all="raise")
            case "without gradients":
                torch.set_grad_enabled(False)
        yield request.param
    torch.set_default_dtype(torch.float32)
    torch.set_grad_enabled(True)


@pytest.mark.parametrize("setting", ["double", "strict", "without gradients"], indirect=True)
@pytest.mark.parametrize(("check", "solution"), TASKS)
def test_a_right_answer_is_right_under_any_setting_of_the_notebook(check, solution, setting):
    before = torch.get_default_dtype(), torch.is_grad_enabled()
    result = run_check(check(), solution)
    assert result.passed, result.message
    assert (torch.get_default_dtype(), torch.is_grad_enabled()) == before


GARBAGE = (None, 7, float("nan"), "text", b"bytes", [], [[1.0], [2.0, 3.0]], {}, {1: object()})
GARBAGE += (torch.tensor(1), torch.zeros(0), torch.full((7, 3), math.nan), torch.zeros(2, 3, 4))


@pytest.mark.parametrize(("check", "solution"), TASKS)
def test_whatever_comes_back_ends_in_a_finding(check, solution):
    inputs = next(iter(check().cases(random.Random(3))))
    honest = check.observe(solution, **inputs)
    check().judge(as_plain(honest), **inputs)
    for key in honest:
        for garbage in GARBAGE:
            try:
                check().judge(as_plain(honest | {key: garbage}), **inputs)
            except MistakeError as told:
                assert told.message


def disturbances(change):
    """Return what `change` does to a small model in the middle of training, and to its batch."""
    model = tiny_classifier(0, 2).train()
    model.bert.pooler.requires_grad_(False)
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    batch = BatchEncoding(padded([[1, 2], [3, 4, 5]]))
    before = Before(model, batch=batch)
    change(model, batch)
    found = disturbed(before.changes())
    assert torch.is_grad_enabled()
    assert found.keys() <= course_mistakes().keys()
    return {id: names for id, names in found.items() if id != "mode-changed"}


@pytest.mark.parametrize(
    ("change", "id"),
    [
        (lambda model, batch: model.bert.requires_grad_(False), "parameters-frozen"),
        (lambda model, batch: model.requires_grad_(True), "parameters-unfrozen"),
        (lambda model, batch: model.zero_grad(), "gradients-changed"),
        (lambda model, batch: setattr(model.dropout, "p", 0.0), "dropout-changed"),
        (lambda model, batch: setattr(model, "dropout", torch.nn.Identity()), "dropout-changed"),
        (lambda model, batch: model.classifier.bias.data.fill_(1), "weights-changed"),
        (lambda model, batch: setattr(model, "classifier", None), "weights-changed"),
        (lambda model, batch: model.bert.pooler.double(), "weights-cast"),
        (lambda model, batch: batch.pop("token_type_ids"), "inputs-changed"),
        (lambda model, batch: batch["attention_mask"].fill_(1), "inputs-changed"),
        (lambda model, batch: torch.set_grad_enabled(False), "settings-changed"),
        (lambda model, batch: torch.manual_seed(5), "random-state-changed"),
    ],
)
def test_what_a_function_disturbs_is_named(change, id):
    found = disturbances(change)
    assert id in found
    # What is gone with a part of the model is told of its weights, too.
    assert found.keys() - {"gradients-changed"} == {id} - {"gradients-changed"}


def test_evaluation_disturbs_nothing_but_the_mode():
    assert not disturbances(predict_logits)
    before = Before(model := tiny_classifier(0, 2).train())
    model.eval()
    assert disturbed(before.changes()).keys() == {"mode-changed"}


def test_many_names_are_told_in_few_words():
    assert str(Names("a")) == "a"
    assert str(Names("abcd")) == "a, b, c and d"
    assert str(Names("abcdef")) == "a, b, c and 3 more"


def test_attention_by_hand_is_the_models_own():
    tokenizer = AutoTokenizer.from_pretrained(checkpoint())
    batch = tokenizer(["a warm, funny film", "dull"], padding=True, return_tensors="pt")
    encoder = AutoModel.from_pretrained(checkpoint())
    names: dict = {"torch": torch, "encoder": encoder, "batch": batch}
    for grade_id in ("see-heads", "attention-head", "see-own-attention"):
        cell = LESSON.split(f"grade_id: {grade_id}")[1].partition("\n\n")[2].partition("\n```")[0]
        exec(cell.replace("%%needs attention_head\n", ""), names)
    assert names["off"][batch["attention_mask"].bool()].abs().max() < 1e-6


def test_bank_is_nearest_to_its_own_meaning():
    names: dict = {
        "torch": torch,
        "encoder": AutoModel.from_pretrained(checkpoint()),
        "tokenizer": AutoTokenizer.from_pretrained(checkpoint()),
    }
    cell = LESSON.split("grade_id: see-context")[1].partition("\n\n")[2].partition("\n```")[0]
    exec(cell, names)
    alike = names["vectors"] @ names["vectors"].T - 2 * torch.eye(4)
    assert alike.argmax(dim=1).tolist() == [1, 0, 3, 2]


def test_attention_picture_says_where_each_token_looks():
    from course.pictures.attention import attention_picture, attention_weights

    tokens, weights = attention_weights(checkpoint(), "good film")
    assert tokens == ["[CLS]", "good", "film", "[SEP]"]
    assert len(weights) == 6 and weights[0].shape == (12, 4, 4)
    assert torch.allclose(weights[3].sum(dim=-1), torch.ones(12, 4), atol=1e-5)
    assert "good looks most at" in repr(attention_picture(tokens, weights[0][0]))


def test_some_heads_look_at_neighbours():
    from course.pictures.attention import attention_weights

    _, weights = attention_weights(checkpoint(), "The film is not good, and its ending is worse.")

    def before(layer, head):
        return weights[layer][head].diagonal(-1)[1:-1].mean().item()

    def after(layer, head):
        return weights[layer][head].diagonal(1)[1:-1].mean().item()

    assert before(0, 2) > 0.95 and after(1, 8) > 0.6
    simple = [max(before(i, j), after(i, j)) > 0.5 for i in range(6) for j in range(12)]
    assert sum(simple) < 5
