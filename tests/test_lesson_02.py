"""Lesson 02: its pictures say what they are given, and what its prose claims is so."""

import math

import pytest
import torch
from transformers import AutoModel, AutoModelForSequenceClassification

from course import checkpoint
from course.checks.parameters import seeded, train
from course.checks.tiny import padded, tiny_classifier
from course.pictures import model as pictures

pytestmark = pytest.mark.usefixtures("quiet")


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
    model = seeded(1, {"num_labels": 2})
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    train(model, [[1, 5, 2]], [1], list(model.classifier.parameters()))
    moved = pictures.moves(before, model)
    assert moved.pop("classifier") > 0
    assert set(moved.values()) == {0.0}
    assert "step" in words_of(pictures.moves_picture({"one": pictures.moves(before, model)}))
