from __future__ import annotations

import contextlib
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from autograder.authoring.question_proofs import prove
from course.practice.kinds import QUESTION, Flashcard
from course.practice.mastery import pool
from course.practice.places import asked_at, lessons
from course.practice.questions import Bank, QuestionError, drawn, load_bank
from course.practice.running import one_fault
from course.practice.stems import (
    answer_text,
    picks_of,
    response_of,
    stem_of,
    topic_title,
    topics_of,
)
from course.yaml_records import RecordsError

ROOT = Path(__file__).resolve().parent.parent
BANK = load_bank(ROOT / "course" / "questions")
SEEDS = 3
#: The self-test of lesson 00, whose topic is not tested.
BEFORE = "before-you-start"


@pytest.mark.parametrize("question", list(BANK), ids=lambda question: question.id)
def test_what_a_question_says_is_true(question: Any) -> None:
    """Its answer, and what each wrong option is said to do, for each of three draws."""
    complaints = []
    for seed in range(SEEDS if question.draw else 1):
        complaints += prove(BANK.variant(question, seed))
    assert complaints == []


def test_there_are_enough() -> None:
    topics = Counter(question.topic for question in BANK)
    tested = topics_of(pool())
    assert set(topics) >= {BEFORE, *tested} and min(topics[topic] for topic in tested) >= 21
    assert topics[BEFORE] == 8
    assert len(BANK) >= 126
    assert min(Counter(question.difficulty for question in BANK).values()) >= 28
    assert sum(question.draw is not None for question in BANK) >= 33
    least = {"fill": 3, "choice": 3, "several": 2, "predict": 3, "flashcard": 3}
    for topic in tested:
        kinds = Counter(question.kind for question in BANK if question.topic == topic)
        assert all(kinds[kind] >= number for kind, number in least.items()), (topic, kinds)
        assert kinds["order"] + kinds["fix"] >= 2, (topic, kinds)


def test_all_of_the_first_page_is_covered() -> None:
    covered = [question.covers for question in BANK if question.covers]
    assert set(covered) == {f"{what} {n}" for what in ("task", "question") for n in range(1, 6)}
    assert all(question.reason for question in BANK if question.covers)


def test_each_question_points_into_a_lesson() -> None:
    places = {f"{one.name}#{place.name}" for one in lessons().values() for place in one.places}
    test = load_bank(ROOT / "autograder" / "exams" / "08-mastery-test" / "questions")
    assert [q.id for q in (*BANK, *test) if q.lesson not in places] == []


def test_each_question_is_asked_once_and_after_it_was_taught() -> None:
    asked = Counter()
    for lesson in lessons().values():
        for place in lesson.places:
            if place.way:
                ids = asked_at(f"{lesson.name}#{place.name}", BANK)
                assert ids, f"{lesson.name}#{place.name} asks nothing"
                asked.update(ids)
                for id in ids:
                    taught = lesson.index(BANK[id].lesson.partition("#")[2])
                    assert taught < lesson.index(place.name), f"{id} is asked too early"
    assert asked == Counter(question.id for question in BANK)


def test_sources_are_few() -> None:
    assert sum(question.source is not None for question in BANK) <= 8


@pytest.mark.parametrize("question", list(BANK), ids=lambda question: question.id)
def test_variants_are_reproducible_and_grade_their_own_answer(question: Any) -> None:
    one, same = BANK.variant(question, 7), BANK.variant(question, 7)
    assert one == same
    if question.draw:
        draws = [drawn(question, random.Random(seed)) for seed in range(20)]
        assert len({str(texts) for texts in draws}) > 3, "the draw draws too little"
        text = one.model_dump_json(exclude={"draw"})
        assert not [name for name in draws[0] if "{" + name + "}" in text]
    if question.kind == "fix":
        assert one.grade((one.line, one.answer)).right
        for option in one.tempting:
            graded = one.grade((one.line, option.text))
            assert not graded.right and graded.feedback == {option.text: option.feedback}
        assert not one.grade((one.line + 1, one.answer)).right
    elif question.kind == "flashcard":
        assert one.grade("good").right and not one.grade("again").right
    elif question.kind == "fill":
        assert one.grade(one.answer).right
        for option in one.tempting:
            response = list(one.answer)
            response[option.blank - 1] = option.text
            graded = one.grade(response)
            assert not graded.right
            assert graded.feedback == {f"⟦{option.blank}⟧": option.feedback}
    elif question.kind == "order":
        assert one.grade(one.answer).right
        assert not one.grade(one.lines).right
    elif question.kind == "several":
        assert one.grade(set(one.answer)).right
        for option in one.tempting:
            graded = one.grade({*one.answer, option.text})
            assert not graded.right and graded.feedback[option.text] == option.feedback
        assert not one.grade(set()).right
    else:
        assert one.grade(one.answer).right
        for option in one.tempting:
            graded = one.grade(option.text)
            assert not graded.right and graded.feedback == {option.text: option.feedback}


GOOD: dict[str, Any] = {
    "id": "rows",
    "kind": "choice",
    "difficulty": "easy",
    "minutes": 1,
    "lesson": "01-tokenizing#see-mask",
    "prompt": "How many rows has a tensor of shape (2, 3)?",
    "options": [
        {"text": "2", "gives": "torch.zeros(2, 3).shape[0] == 2"},
        {
            "text": "3",
            "feedback": "That is its columns.",
            "gives": "torch.zeros(2, 3).shape[1] == 3",
        },
        {"text": "6", "feedback": "All numbers.", "gives": "torch.zeros(2, 3).numel() == 6"},
    ],
    "answer": "2",
    "hints": ["Look at the shape.", "The first number."],
    "common_mistakes": ["Columns for rows."],
    "solution": ["The first size counts rows.", "Quick check: `len(x)`."],
}
FILL: dict[str, Any] = GOOD | {
    "kind": "fill",
    "code": "x = torch.zeros(⟦1⟧, ⟦2⟧)",
    "options": [
        {"text": "2"},
        {"text": "3"},
        {"text": "'2'", "feedback": "A size is a number.", "raises": "TypeError"},
    ],
    "answer": ["2", "3"],
    "check": "assert x.shape == (2, 3)",
}


def bank_of(folder: Path, record: Any) -> Bank:
    text = record if isinstance(record, str) else yaml.safe_dump([record], sort_keys=False)
    (folder / "tokenizing.yaml").write_text(text, encoding="utf-8")
    return load_bank(folder)


def test_the_examples_of_these_tests_are_good(tmp_path: Path) -> None:
    for record in (GOOD, FILL):
        (question,) = bank_of(tmp_path, record)
        assert prove(question) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"hints": ["One."]}, "line 17, field hints of the question 'rows': list should have"),
        ({"kind": "quiz"}, "line 2, field kind of the question 'rows': it is 'quiz', but must be"),
        ({"answer": "7"}, "line 16, field answer of the question 'rows': '7' is none of the"),
        ({"answer": 2}, "line 16, field answer of the question 'rows': it must be text: put 2 in"),
        ({"line": 3}, "field line of the question 'rows': the kind 'choice' has no such field"),
        ({"id": "Two Words"}, "line 1, field id of the question 'Two Words': string should match"),
        ({"difficulty": "fiendish"}, "line 3, field difficulty of the question 'rows': input"),
        ({"topic": "accuracy"}, "field topic of the question 'rows': it must be 'tokenizing'"),
        ({"solution": ["a", "b"]}, "field solution of the question 'rows': its last step must"),
        (
            {"options": [*GOOD["options"][:2], {"text": "9", "gives": "True"}]},
            "line 13, field options[2] of the question 'rows': the wrong option '9' needs feedback",
        ),
        (
            {"options": [*GOOD["options"], GOOD["options"][1]]},
            "line 7, field options of the question 'rows': '3' is there twice",
        ),
        ({"kind": "predict", "code": "print(1)"}, "field answer of the question 'rows': a pred"),
        (
            {
                "options": [
                    GOOD["options"][0],
                    GOOD["options"][1] | {"raises": "ValueError"},
                    GOOD["options"][2],
                ]
            },
            "field options[1].raises of the question 'rows': an option either raises or gives",
        ),
    ],
)
def test_a_malformed_record_is_told_in_one_sentence(
    change: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(QuestionError) as caught:
        bank_of(tmp_path, GOOD | change)
    text = str(caught.value)
    assert text.startswith(f"{tmp_path / 'tokenizing.yaml'}, line ") and sentence in text
    assert text.endswith(".") and "\n" not in text


def test_a_missing_field_is_named(tmp_path: Path) -> None:
    record = {name: value for name, value in GOOD.items() if name != "lesson"}
    with pytest.raises(QuestionError, match="line 1, field lesson of the question 'rows': it is m"):
        bank_of(tmp_path, record)


def test_blanks_and_answers_must_agree(tmp_path: Path) -> None:
    with pytest.raises(QuestionError, match=r"field code of .*: it needs blanks ⟦1⟧ to ⟦2⟧"):
        bank_of(tmp_path, FILL | {"code": "x = torch.zeros(⟦1⟧, ⟦3⟧)"})


def test_what_is_no_bank_is_told(tmp_path: Path) -> None:
    with pytest.raises(QuestionError, match="holds no question file"):
        load_bank(tmp_path)
    with pytest.raises(QuestionError, match="line 2, field id: it is there twice"):
        bank_of(tmp_path, "- id: one\n  id: two\n")
    with pytest.raises(QuestionError, match="line 3: not YAML, "):
        bank_of(tmp_path, "- id: one\n  kind: [\n")
    with pytest.raises(QuestionError, match="line 1, field questions: the file must be a list"):
        bank_of(tmp_path, "id: one\n")
    with pytest.raises(QuestionError, match="line 1, field question: a question must be a mapping"):
        bank_of(tmp_path, "- one\n")
    two = yaml.safe_dump([GOOD, GOOD], sort_keys=False)
    with pytest.raises(QuestionError, match=r"'rows' is taken by .*tokenizing\.yaml, line 1"):
        bank_of(tmp_path, two)
    (tmp_path / "tokenizing.yaml").write_bytes(b"[]\n\xff\n")
    with pytest.raises(RecordsError, match=r"tokenizing\.yaml, line 2: the file is not UTF-8"):
        load_bank(tmp_path)
    (tmp_path / "My topic.yaml").write_text("[]\n")
    with pytest.raises(QuestionError, match=r"called by its topic, .* and not 'My topic'"):
        load_bank(tmp_path)


def test_a_new_topic_is_a_new_file(tmp_path: Path) -> None:
    """No list of topics stands anywhere: a file has one, and a lesson of that name its title."""
    folder = tmp_path / "questions"
    shutil.copytree(ROOT / "course" / "questions", folder)
    record = GOOD | {"id": "rows-served", "lesson": "07-your-own-data#why-one-file-all-of-it"}
    (folder / "serving-a-model.yaml").write_text(yaml.safe_dump([record]))
    bank = load_bank(folder)
    assert bank["rows-served"].topic == "serving-a-model"
    assert topics_of(bank) == [*topics_of(BANK), "serving-a-model"]
    assert topic_title("serving-a-model") == "Serving a model"
    assert topic_title("fine-tuning") == "Fine-tuning"


def options_with(place: int, **change: str) -> dict[str, Any]:
    options = [dict(option) for option in GOOD["options"]]
    options[place] |= change
    return {"options": options}


@pytest.mark.parametrize(
    ("record", "complaint"),
    [
        (GOOD | options_with(1, gives="torch.zeros(2, 3).shape[1] == 4"), "does not give"),
        (GOOD | options_with(1, gives="undefined"), "NameError"),
        (GOOD | {"answer": "3"} | options_with(0, feedback="No.", gives="False"), "does not give"),
        (
            GOOD
            | {"options": [GOOD["options"][0], GOOD["options"][1], {"text": "6", "feedback": "a"}]},
            "is not proved",
        ),
        (FILL | {"answer": ["3", "2"]}, "the answer ['3', '2'] fails: AssertionError"),
        (FILL | {"check": "pass"}, "passes the check as well as the answer"),
        (FILL | {"check": "assert x.numel() == 6"}, "the answers in the order"),
        (
            FILL
            | {"options": [*FILL["options"][:2], FILL["options"][2] | {"raises": "ValueError"}]},
            "should raise 'ValueError', but: TypeError",
        ),
    ],
)
def test_a_false_claim_is_caught(record: dict[str, Any], complaint: str, tmp_path: Path) -> None:
    (question,) = bank_of(tmp_path, record)
    assert complaint in " ".join(prove(question))


FIX = GOOD | {
    "kind": "fix",
    "code": "x = torch.zeros(2, 3)\ny = x.argmax(dim=0)\n",
    "line": 2,
    "broken": {"gives": "y.shape == (3,)"},
    "options": [
        {"text": "y = x.argmax(dim=1)"},
        {"text": "y = x.argmax()", "feedback": "One number.", "gives": "y.dim() == 0"},
        {"text": "y = x.argmax(dim=2)", "feedback": "No such axis.", "raises": "IndexError"},
    ],
    "answer": "y = x.argmax(dim=1)",
    "check": "assert y.shape == (2,)",
}
FIND = {name: value for name, value in GOOD.items() if name not in ("options", "answer")} | {
    "kind": "find",
    "code": "x = torch.zeros(2, 3)\ny = x.argmax(dim=0)\n",
    "answer": "y = x.argmax(dim=0)",
    "repair": "y = x.argmax(dim=1)",
    "broken": {"gives": "y.shape == (3,)"},
    "check": "assert y.shape == (2,)",
}
ORDER = {name: value for name, value in GOOD.items() if name != "options"} | {
    "kind": "order",
    "answer": ["x = 1", "y = x + 1", "z = x + 2"],
    "orders": [[1, 3, 2]],
    "rules": [
        {"line": 2, "before": 1, "feedback": "No x yet.", "raises": "NameError"},
        {"line": 3, "before": 1, "feedback": "No x yet.", "raises": "NameError"},
    ],
    "check": "assert (y, z) == (2, 3)",
}
PREDICT = {name: value for name, value in GOOD.items() if name not in ("options", "answer")} | {
    "kind": "predict",
    "draw": "a = rng.randint(2, 9)",
    "code": "print({a} * 2)",
    "options": [{"computes": "print({a} + 2)", "feedback": "A product is asked."}],
}
CARD = {name: GOOD[name] for name in ("id", "difficulty", "minutes", "lesson")} | {
    "kind": "flashcard",
    "front": "2 + 2?",
    "back": "4",
    "verify": "assert 2 + 2 == 4",
}


@pytest.mark.parametrize(
    ("record", "change", "complaint"),
    [
        (FIX, {}, ""),
        (FIX, {"broken": {"gives": "y.shape == (2,)"}}, "the broken code does not give"),
        (FIX, {"check": "assert y.shape"}, "the broken code passes the check"),
        (
            FIX,
            {
                "answer": "y = x.argmax()",
                "options": [FIX["options"][0] | {"feedback": "?"}, *FIX["options"][1:]],
            },
            "fails",
        ),
        (FIND, {}, ""),
        (FIND, {"broken": {"gives": "y.shape == (2,)"}}, "the broken code does not give"),
        (FIND, {"check": "assert y.shape"}, "the broken code passes the check"),
        (FIND, {"repair": "y = x.argmax()"}, "the repair 'y = x.argmax()' fails"),
        (FIND, {"draw": "a = 1", "answer": "y = {a}"}, "the answer 'y = 1' is no line of the code"),
        (ORDER, {}, ""),
        (ORDER, {"orders": []}, "the order [1, 3, 2] passes the check, but is not called right"),
        (ORDER, {"orders": [[2, 1, 3]]}, "the order [2, 1, 3] is called right, but fails"),
        (
            ORDER,
            {"rules": [{"line": 2, "before": 1, "feedback": "?", "raises": "KeyError"}]},
            "should raise 'KeyError'",
        ),
        (PREDICT, {}, ""),
        (PREDICT, {"options": [{"text": "0", "feedback": "?"}]}, "is not proved"),
        (PREDICT, {"code": "print(undefined)"}, "NameError"),
        (CARD, {}, ""),
        (CARD, {"verify": "assert 2 + 2 == 5"}, "AssertionError"),
        (CARD, {"verify": "2 + 2 == 5"}, "it needs a `verify` that asserts"),
    ],
)
def test_a_false_claim_of_the_other_kinds_is_caught(
    record: dict[str, Any], change: dict[str, Any], complaint: str, tmp_path: Path
) -> None:
    bank = bank_of(tmp_path, record | change)
    (question,) = bank
    try:
        said = " ".join(prove(bank.variant(question, 0)))
    except NameError as error:
        said = f"NameError: {error}"
    assert complaint in said if complaint else said == ""


def test_two_options_that_come_out_alike_are_drawn_again(tmp_path: Path) -> None:
    bank = bank_of(tmp_path, PREDICT | {"draw": "a = rng.randint(2, 3)"})
    (question,) = bank
    # 2 * 2 is 2 + 2, and no question: only 3 is left.
    assert {bank.variant(question, seed).answer for seed in range(8)} == {"6"}
    bank = bank_of(tmp_path, PREDICT | {"draw": "a = 2"})
    with pytest.raises(QuestionError, match="gave two options that are the same"):
        bank.variant(bank["rows"], 0)


@pytest.mark.parametrize("question", [q for q in BANK if q.draw], ids=lambda question: question.id)
def test_options_seldom_come_out_alike(question: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nearly all draws are thrown away, some learner gets an error for a question."""
    monkeypatch.setattr("course.practice.questions.DRAWS", 1)
    kept = 0
    for seed in range(20):
        with contextlib.suppress(QuestionError):
            BANK.variant(question, seed)
            kept += 1
    assert kept >= 5, f"{question.id}: only {kept} of 20 draws can be asked"


def test_feedback_names_the_part() -> None:
    fill = QUESTION.validate_python(FILL | {"topic": "tokenizing"})
    graded = fill.grade(["3", "2"])
    assert set(graded.feedback) == {"⟦1⟧", "⟦2⟧"}
    assert "another blank" in graded.feedback["⟦1⟧"]
    find = QUESTION.validate_python(FIND | {"topic": "tokenizing"})
    assert find.grade(find.answer).right
    assert find.grade("x = torch.zeros(2, 3)").feedback == {
        "x = torch.zeros(2, 3)": "This line does what it should."
    }
    order = QUESTION.validate_python(ORDER | {"topic": "tokenizing"})
    assert order.grade(["x = 1", "z = x + 2", "y = x + 1"]).right
    assert order.grade(["y = x + 1", "x = 1", "z = x + 2"]).feedback == {"y = x + 1": "No x yet."}
    with pytest.raises(ValueError, match="each line once"):
        order.grade(["x = 1"])
    card = QUESTION.validate_python(CARD | {"topic": "tokenizing"})
    assert isinstance(card, Flashcard) and not card.grade("hard").right


def test_importing_the_course_stays_light() -> None:
    code = "import course, sys; assert not {'yaml', 'pydantic', 'torch'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ, cwd=ROOT)


def test_the_lines_to_find_the_broken_one_in_are_the_options(tmp_path: Path) -> None:
    (question,) = bank_of(tmp_path, FIND)
    stem = stem_of(question, 0)
    assert stem.options == FIND["code"].splitlines() and not stem.code
    assert FIND["repair"] not in stem.model_dump_json()
    assert response_of(stem, picks_of(stem, "B")) == question.answer
    assert FIND["repair"] in answer_text(question)
    with pytest.raises(QuestionError, match="is no line of the code"):
        bank_of(tmp_path, FIND | {"answer": "y = 1"})


def test_one_fault_tells_which_line_is_broken() -> None:
    lines, faults = ["a = x + 1", "result = 2 * a"], {1: "a = x + 2", 2: "result = 3 * a"}
    made = {one_fault(random.Random(seed), "x = 2", lines, faults) for seed in range(20)}
    assert made == {
        ("a = x + 2\nresult = 2 * a", "a = x + 2", "a = x + 1", "8", "6"),
        ("a = x + 1\nresult = 3 * a", "result = 3 * a", "result = 2 * a", "9", "6"),
    }
    # Both give 6 here; and a fault that changes nothing is none.
    assert one_fault(random.Random(0), "x = 1", lines, faults) is None
    assert one_fault(random.Random(0), "x = 0", lines, {2: "result = a + a"}) is None
