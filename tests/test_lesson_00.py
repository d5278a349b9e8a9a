"""Lesson 00: its check tells mistakes apart and answers at once; its self-test says where to learn."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from autograder.examining.exam import load_exam
from course import checkpoint
from course.checks.mistakes import MistakeError
from course.checks.share import ShareRight
from course.pictures.pipeline import pipeline_picture
from course.practice import answer, practice
from course.practice.journal import VARIABLE, Journal
from course.practice.places import asked_at
from course.practice.rounds import Round, bank
from course.practice.showing import inline

EXAM = load_exam(Path(__file__).parents[1] / "autograder" / "exams", "00-orientation")
(TASK,) = EXAM.tasks
SELF_TEST = asked_at("00-orientation#quiz-self-test", bank())


def test_no_known_mistake_is_right_or_taken_for_another() -> None:
    """Over many draws, whatever a known mistake gives is told as that mistake in some case."""
    for seed in range(20):
        cases = list(TASK.cases(random.Random(seed)))
        for id in TASK.predicted:
            said = []
            for inputs in cases:
                for [wrong] in TASK.predictions(**inputs).get(id, []):
                    with pytest.raises(MistakeError) as told:
                        TASK.judge(wrong, **inputs)
                    said.append(told.value.mistake.id)
            assert id in said and set(said) <= {id, TASK.otherwise}, (seed, id, said)


def test_the_first_visible_case_tells_all_known_mistakes_apart() -> None:
    check = ShareRight()
    assert check.told_apart(next(iter(check.cases(random.Random(0)))))


def test_the_first_check_answers_without_loading_torch() -> None:
    code = (
        "import sys\nfrom course import check\n"
        "def share_right(predictions, labels):\n"
        "    return sum(map(int.__eq__, predictions, labels)) / len(labels)\n"
        "print(check('share_right').passed, 'torch' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]


def test_each_question_of_the_self_test_says_where_to_learn_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "progress.json"))
    assert len(SELF_TEST) == 6 and practice("00-orientation#quiz-self-test")
    for id in SELF_TEST:
        one = Round(id, Journal())
        wrong = next(n for n, text in enumerate(one.stem.options) if text != one.variant.answer)
        said = str(answer(id, "ABCD"[wrong]))
        assert "To learn it: [" in said and "](https://" in said
        learn = Round(id, Journal()).view()["learn"]
        assert re.search(r'<a href="https://\S+" target="_blank" rel="noopener">[^<]+</a>', learn)


def test_only_links_to_the_web_become_links() -> None:
    assert "<a" not in inline("[x](javascript:alert) [y](http://a) f[0](1)")
    assert inline('[a "b"](https://x.org/?a&b)').startswith('<a href="https://x.org/?a&amp;b"')


def test_the_picture_says_what_each_step_makes_of_the_text() -> None:
    tokenizer = AutoTokenizer.from_pretrained(checkpoint())
    model = AutoModelForSequenceClassification.from_pretrained(checkpoint(), num_labels=2)
    shown = pipeline_picture(tokenizer, model, "A <good> film!")
    said = repr(shown)
    assert "Word pieces (lesson 01): [CLS] a < good > film ! [SEP]" in said
    assert "Ids (lesson 01): 101 1037" in said and "22.7 million weights, on cpu" in said
    assert "This machine computes on its processor" in said
    assert "A &lt;good&gt; film!" in shown._repr_html_() and "<good>" not in shown._repr_html_()
