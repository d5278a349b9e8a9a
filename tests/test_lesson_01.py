"""Lesson 01: its pictures say what they are given, its prose is true, its judges cannot be upset."""

import random
from itertools import product

import pytest
import torch
from datasets import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars
from matplotlib.text import Text
from transformers import (
    AutoModel,
    AutoModelForSequenceClassification,
    BertTokenizer,
    DataCollatorWithPadding,
)

from autograder.authoring.recorded_answers import recorded_answers
from autograder.course_paths import CoursePaths
from autograder.examining.exam import load_exam
from course import checkpoint, load_reviews
from course.checks import find_check, run_check
from course.checks.batching import Collate, EncodeReviews
from course.checks.mistakes import MistakeError
from course.checks.shared_tokenizer import tokenizer
from course.pictures import tokens as pictures

TEXTS = ["A film of quiet beauty.", "Dull.", "It goes on, and on, and then it goes on again."]


pytestmark = pytest.mark.usefixtures("quiet")


@pytest.fixture(scope="module")
def lengths():
    texts = list(load_reviews()["train"]["text"])
    return [len(ids) for ids in tokenizer()(texts)["input_ids"]]


@pytest.fixture(scope="module")
def tasks(course: CoursePaths):
    return load_exam(course.exams, "01-tokenizing").tasks


def words_of(picture):
    assert 'alt="' in picture._repr_html_()
    return "\n".join(text.get_text() for text in picture.figure.findobj(Text))


# What the prose says


def test_the_examples_of_the_prose():
    special = tokenizer()
    assert type(special) is BertTokenizer
    assert len(special) == 30_522
    assert special.tokenize("Unbelievably good") == ["un", "##bel", "##ie", "##va", "##bly", "good"]
    assert special.tokenize("🙂") == ["[UNK]"]
    assert special.tokenize("Déjà") == ["de", "##ja"]
    assert special(["Good film.", "Dull."], padding=True)["input_ids"] == [
        [101, 2204, 2143, 1012, 102],
        [101, 10634, 1012, 102, 0],
    ]
    assert special("Is it good?", "It is.")["token_type_ids"] == [0] * 6 + [1] * 4


def test_errors_are_as_told():
    special = tokenizer()
    with pytest.raises(ValueError, match="Unable to create tensor"):
        special(TEXTS, return_tensors="pt")
    with pytest.raises(ValueError, match="None is not a valid PaddingStrategy"):
        special(TEXTS, padding=None)
    with pytest.raises(AttributeError, match="encode_plus"):
        special.encode_plus("Dull.")
    model = AutoModel.from_pretrained(checkpoint())
    with pytest.raises(RuntimeError, match=r"tensor a \(703\) must match .* tensor b \(512\)"):
        model(**special("very " * 700 + "long", return_tensors="pt"))


def test_max_length_is_a_limit_and_truncation_the_switch():
    def width(**options):
        return len(tokenizer()(TEXTS, max_length=6, **options)["input_ids"][0])

    longest = max(map(len, tokenizer()(TEXTS)["input_ids"]))
    with pytest.warns(UserWarning, match="`max_length` is ignored"):
        assert width(padding=True) == longest
    assert width(padding=True, truncation=True) == 6
    assert width() == 6
    assert width(truncation=False) == len(tokenizer()(TEXTS[0])["input_ids"]) == 8


def test_ids_of_another_vocabulary_raise_an_error_only_beyond_the_table():
    model = AutoModel.from_pretrained(checkpoint())
    model(input_ids=torch.tensor([[0, 30_521, 2]]))
    with pytest.raises(IndexError, match="index out of range"):
        model(input_ids=torch.tensor([[0, 30_522, 2]]))


def test_ids_must_be_of_a_dtype_that_the_embedding_takes():
    model = AutoModel.from_pretrained(checkpoint())
    ids = torch.tensor([[101, 102]])
    assert torch.equal(model(ids.int())[0], model(ids)[0])
    with pytest.raises(RuntimeError, match="Long, Int"):
        model(ids.short())


@pytest.mark.parametrize("dtype", [torch.float32, torch.int32, torch.uint8, torch.bool])
def test_labels_of_another_dtype_stop_the_loss(dtype):
    model = AutoModelForSequenceClassification.from_pretrained(checkpoint())
    ids = torch.tensor([[101, 102], [101, 102]])
    assert model(input_ids=ids, label=torch.tensor([0, 1])).loss is None
    with pytest.raises((RuntimeError, ValueError)):
        model(input_ids=ids, labels=torch.tensor([0, 1]).to(dtype))


def padding(lengths, order):
    laid = [lengths[row] for row in order]
    batches = [laid[start : start + 16] for start in range(0, len(laid), 16)]
    return 1 - sum(laid) / sum(max(batch) * len(batch) for batch in batches)


def test_the_shares_of_padding_that_the_challenge_names(lengths):
    assert max(lengths) < 100
    assert sum(lengths) < 0.1 * 512 * len(lengths)
    order = list(range(len(lengths)))
    random.Random(0).shuffle(order)
    stretches = [
        row
        for start in range(0, len(order), 320)
        for row in sorted(order[start : start + 320], key=lengths.__getitem__)
    ]
    assert padding(lengths, order) == pytest.approx(0.44, abs=0.005)
    assert padding(lengths, stretches) == pytest.approx(0.05, abs=0.006)
    assert padding(lengths, sorted(order, key=lengths.__getitem__)) == pytest.approx(
        0.003, abs=0.0005
    )


# Pictures


def test_pieces_picture_shows_pieces_and_ids_and_escapes_text():
    picture = pictures.pieces_picture(tokenizer(), "unforgettable <b>")
    assert repr(picture).startswith("[CLS](101) un(4895) ##for(")
    page = picture._repr_html_()
    assert "##table" in page
    assert "&lt;" in page
    assert "<b>" not in page


@pytest.mark.parametrize("last", [TEXTS[2], TEXTS[2] * 3 + " For $5 and $6."])
def test_mask_picture_counts_padding_and_bears_long_sentences(last):
    batch = tokenizer()([*TEXTS[:2], last], padding=True, return_tensors="pt")
    picture = pictures.mask_picture(tokenizer(), batch)
    width = batch["input_ids"].shape[1]
    padded = int((batch["attention_mask"] == 0).sum())
    assert f"3 texts by {width} positions; {padded} of them" in picture.alt
    assert words_of(picture).split("\n").count("[PAD]") == padded


def test_lengths_picture_says_what_is_cut():
    picture = pictures.lengths_picture([5, 10, 20, 49], 20)
    assert "max_length = 20 cuts 1 of 4 reviews (25.0%)" in words_of(picture)


def test_work_picture_compares_ways_of_padding():
    picture = pictures.work_picture([2, 4, 8, 8], batch_size=2, fixed=44)
    words = words_of(picture)
    assert "fixed length 44" in words
    assert "8% padding" in words  # 22 of 24 places
    assert "88% padding" in words  # 22 of 176
    assert "fixed" not in words_of(pictures.work_picture([2, 4], batch_size=2))


# Judges


def right_answer(task, case):
    special = tokenizer()
    match task.function:
        case "word_pieces":
            return special.tokenize(case["text"])
        case "encode_reviews":
            return dict(
                special(
                    case["texts"],
                    padding=True,
                    truncation=True,
                    max_length=case["max_length"],
                    return_tensors="pt",
                )
            )
        case "tokenize_dataset":
            rows = special(case["texts"], truncation=True, max_length=case["max_length"])
            return {"label": case["labels"], **rows}
    rows = [{k: v for k, v in row.items() if k != "label"} for row in case["rows"]]
    labels = torch.tensor([row["label"] for row in case["rows"]])
    return {**special.pad(rows, return_tensors="pt"), "labels": labels}


@pytest.mark.parametrize("seed", range(10))
def test_right_answers_pass_whatever_is_drawn(tasks, seed):
    for task in tasks:
        for case in task.cases(random.Random(seed)):
            task.judge(right_answer(task, case), **case)


def hostile_values(rows):
    yield from (
        None,
        True,
        3,
        float("nan"),
        "text",
        "",
        [],
        {},
        (),
        [None],
        [[[]]],
        {1: 2},
        -(2**63),
    )
    yield from ([{}] * rows, [[True]] * rows, [["a"]] * rows, [float("nan")] * rows)
    shapes = [(), (0,), (rows,), (rows, 0), (10**9, 0), (rows, 1), (rows, 40), (rows, 2, 1)]
    kinds = [torch.bool, torch.uint8, torch.int64, torch.uint64, torch.bfloat16, torch.float8_e5m2]
    for shape, kind in product(shapes, kinds):
        yield torch.zeros(shape).to(kind)
        yield torch.zeros(shape).to(kind).float().numpy()
    yield from (torch.full(shape, float("nan")) for shape in shapes)


def test_no_reply_upsets_a_judge_or_passes_by_its_strangeness(tasks):
    for task in tasks:
        case = next(iter(task.cases(random.Random(1))))
        right = right_answer(task, case)
        rows = len(case.get("texts", case.get("rows", "abc")))
        for value in hostile_values(rows):
            replies = [value, {"not a dataset": value}, {5: value}]
            if isinstance(right, dict):
                names = [name for name in right if name != "token_type_ids"]
                replies += [{**right, name: value} for name in names]
                replies += [dict.fromkeys(names, value)]
            for reply in replies:
                with pytest.raises(MistakeError):
                    task.judge(reply, **case)


def test_words_are_not_called_letters(tasks):
    """One in a hundred students with whole words was told that they were single letters."""
    task = next(task for task in tasks if task.function == "word_pieces")
    words = ["Unforgettable", "a", "!", "clichés", "a", "!"]
    with pytest.raises(MistakeError) as told:
        task.judge(words, text="Unforgettable a ! clichés a!")
    assert told.value.mistake.id == "piece-not-in-vocabulary"


def test_lost_pieces_are_told_from_pieces_that_stand_once(tasks):
    task = next(task for task in tasks if task.function == "word_pieces")
    for seed in range(300):
        for case in task.cases(random.Random(seed)):
            right = tokenizer().tokenize(case["text"])
            assert sorted(set(right)) != sorted(right[: len(set(right))])


def test_a_mask_must_be_of_zeros_and_ones(tasks):
    for task in tasks:
        if task.function in ("encode_reviews", "collate"):
            case = next(iter(task.cases(random.Random(1))))
            right = right_answer(task, case)
            with pytest.raises(MistakeError):
                task.judge({**right, "attention_mask": right["attention_mask"] * 1.5}, **case)


def test_a_collator_may_take_the_labels_out_of_its_rows():
    def collate(tokenizer, rows):
        labels = torch.tensor([row.pop("label") for row in rows])
        return {**tokenizer.pad(rows, return_tensors="pt"), "labels": labels}

    assert run_check(Collate(), collate).passed


def test_nothing_but_the_right_result_passes_a_table_of_signs(tasks):
    for task in tasks:
        *_, last = task.signs.values()
        assert last(None)


# Tries do not disturb each other


def spoil(special):
    special.padding_side = special.truncation_side = "left"
    special.pad_token = "[SEP]"
    special.model_max_length = 4
    special.add_tokens(["film"], special_tokens=True)
    special.backend_tokenizer.enable_truncation(3)
    special.backend_tokenizer.enable_padding(length=9)


def test_each_try_gets_a_tokenizer_as_it_was_loaded():
    expected = dict(tokenizer()(TEXTS, padding=True, truncation=True))
    spoiled = tokenizer()
    spoil(spoiled)
    assert dict(spoiled(TEXTS, padding=True, truncation=True)) != expected
    assert tokenizer()(TEXTS, padding=True, truncation=True) == expected
    assert tokenizer().backend_tokenizer.encode(TEXTS[0]).ids == expected["input_ids"][0][:8]


def test_a_spoiled_tokenizer_fails_its_own_try_only():
    def encode_reviews(special, texts, max_length):
        return special(
            texts, padding=True, truncation=True, max_length=max_length, return_tensors="pt"
        )

    def spoiling(special, texts, max_length):
        spoil(special)
        return encode_reviews(special, texts, max_length)

    assert not run_check(EncodeReviews(), spoiling).passed
    assert run_check(EncodeReviews(), encode_reviews).passed
    assert run_check(Collate(), lambda special, rows: DataCollatorWithPadding(special)(rows)).passed


def test_checks_leave_progress_bars_as_they_were():
    check = find_check("tokenize_dataset")
    for shown, switch in ((True, enable_progress_bars), (False, disable_progress_bars)):
        switch()
        run_check(check, lambda dataset, special, max_length: dataset)
        assert are_progress_bars_disabled() != shown


# A check mark in the notebook is a point at grading


@pytest.mark.parametrize("place", range(4))
def test_the_visible_check_agrees_with_the_exam_on_every_recorded_answer(course, place):
    exam = load_exam(course.exams, "01-tokenizing")
    task = exam.tasks[place]
    answers = recorded_answers(exam, task)
    assert {answer.right for answer in answers} == {True, False}
    for answer in answers:
        names = {"torch": torch}
        exec(answer.source, names)
        for check in (find_check(task.function), task):
            assert run_check(check, names[task.function]).passed is answer.right, answer.source
