"""The mastery test: drawn for each student, taken, handed in, marked; and what a sheet may hold."""

from __future__ import annotations

import json
import random
import re
import shutil
from collections import Counter
from collections.abc import Callable
from difflib import SequenceMatcher
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.authoring.check_course import check_course
from autograder.authoring.mastery_bank import VARIANTS, paper_path, paper_text, unfit, variants
from autograder.authoring.mastery_strategies import (
    STRATEGIES,
    Asked,
    measure,
    shared,
    strategy_faults,
)
from autograder.authoring.question_proofs import prove
from autograder.course_paths import CoursePaths
from autograder.examining.exam import load_exam
from autograder.examining.examiner import examine_sheet
from autograder.examining.mastery import (
    MAX_SHEET_BYTES,
    MasteryTask,
    by_value,
    for_student,
    variant_of,
)
from autograder.nbgrader_api import release
from autograder.records import Finding, Outcome, all_records
from autograder.sample.demo import set_up
from autograder.sample.sheets import picks_for, sheet_of
from course.practice import answer_test, mastery_test
from course.practice.mastery import SHEET, NameNeededError, Paper, drawn, pool
from course.practice.paper_deck import PaperDeck
from course.practice.places import lessons
from course.practice.questions import QuestionError, load_bank
from course.practice.rounds import bank
from course.practice.stems import Stem, stem_of, topics_of

ROOT = Path(__file__).resolve().parent.parent
NAME = "08-mastery-test"
QUESTIONS = CoursePaths(ROOT).exams / NAME / "questions"
BANK = load_bank(QUESTIONS)
STEMS = {(stem.id, stem.seed): stem for stem in pool()}


@cache
def every() -> tuple[Asked, ...]:
    """Return all variants that are asked, made anew from the bank."""
    return tuple(one for question in BANK for one in variants(BANK, question))


def picks(stem: Stem, right: bool = True) -> Any:
    return picks_for(variant_of(QUESTIONS, stem.id, stem.seed), stem, right=right)


def write_sheet(folder: Path, name: str, wrong: int = 0, **changes: Any) -> Path:
    """Write a sheet on which all but `wrong` questions are answered rightly."""
    sheet = sheet_of(QUESTIONS, name, 10 - wrong)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / SHEET
    path.write_text(json.dumps(sheet.model_dump(mode="json") | changes))
    return path


def task() -> MasteryTask:
    (found,) = load_exam(CoursePaths(ROOT).exams, NAME).tasks
    assert isinstance(found, MasteryTask)
    return found


def marked(folder: Path) -> Finding:
    return examine_sheet(task(), folder)


# ---- the questions -------------------------------------------------------------------------------


@pytest.mark.parametrize("question", list(BANK), ids=lambda question: question.id)
def test_a_question_is_true_in_all_its_variants(question: Any) -> None:
    stems = [stem for stem in STEMS.values() if stem.id == question.id]
    assert len(stems) == VARIANTS
    for stem in stems:
        variant = variant_of(QUESTIONS, question.id, stem.seed)
        assert prove(variant) == []
        assert variant.grade(task_response(stem, picks(stem))).right
        assert not variant.grade(task_response(stem, picks(stem, right=False))).right


def task_response(stem: Stem, picks: Any) -> Any:
    from course.practice.stems import response_of

    return response_of(stem, picks)


def test_there_are_enough_of_each_and_no_answer_stays() -> None:
    counts = Counter((question.topic, question.difficulty) for question in BANK)
    topics = topics_of(BANK)
    assert [topic for topic in topics if not topic.startswith("overfitting")] == [
        name.partition("-")[2] for name in list(lessons())[1:6]
    ]
    assert len(counts) == 18 and min(counts.values()) >= 2 and len(BANK) >= 42
    for topic in topics:
        kinds = Counter(question.kind for question in BANK if question.topic == topic)
        assert kinds == {"choice": 4, "several": 1, "fill": 1, "order": 1, "find": 1}, topic
    for question in BANK:
        mine = [one for one in every() if one.stem.id == question.id]
        assert len({one.key for one in mine}) >= 3, f"{question.id}: {mine[0].answers}"
        # What is shown differs too, so that a neighbour's answer is to another question.
        assert len({one.stem.prompt + one.stem.code for one in mine}) >= 8, question.id


def test_no_question_repeats_a_practice_question() -> None:
    assert not {question.id for question in BANK} & {question.id for question in bank()}
    practised = [stem_of(bank().variant(one, 0), 0).prompt for one in bank()]
    for question in BANK:
        matcher = SequenceMatcher(None, b=question.prompt, autojunk=False)
        for prompt in practised:
            matcher.set_seq1(prompt)
            if matcher.real_quick_ratio() > 0.7 and matcher.quick_ratio() > 0.7:
                assert matcher.ratio() < 0.7, (question.id, prompt)


def test_the_students_copy_is_fresh_and_gives_nothing_away() -> None:
    text = paper_path(ROOT).read_text(encoding="utf-8")
    assert text == paper_text(QUESTIONS), "run `autograder build 08-mastery-test`"
    fields = {key for stem in json.loads(text) for key in stem}
    assert fields == set(Stem.model_fields)
    released = (CoursePaths(ROOT).release / NAME / f"{NAME}.ipynb").read_text(encoding="utf-8")
    for variant in (one.variant for one in every()):
        hidden = [variant.draw, variant.verify, *variant.solution, *variant.hints]
        for option in variant.tempting:
            hidden += [option.feedback, option.gives or ""]
        for secret in hidden:
            if len(secret) > 20:
                assert json.dumps(secret, ensure_ascii=False)[1:-1] not in text + released


def test_the_order_follows_no_rule_that_students_know() -> None:
    """Options used to be shuffled by id and seed, and authors write the right one first."""
    for stem in pool():
        variant = variant_of(QUESTIONS, stem.id, stem.seed)
        if stem.kind == "find":
            assert stem.options == variant.code.splitlines()
            continue
        shown, written = (
            (stem.lines, variant.answer)
            if stem.kind == "order"
            else (stem.options, [option.text for option in reversed(variant.options)])
        )
        assert shown == sorted(written, key=by_value)


def test_code_that_is_shown_uses_what_learners_have() -> None:
    # Names that our own proofs find ready, and a notebook does not.
    ours = re.compile(r"\b(tiny_model|model_factory)\b")
    shown = [*pool(), *(stem_of(bank().variant(one, 0), 0) for one in bank())]
    for stem in shown:
        texts = (stem.prompt, stem.code, *stem.options, *stem.lines)
        assert not any(ours.search(text) for text in texts), stem.id


def test_ten_are_drawn_by_name() -> None:
    tests = {name: drawn(name, pool()) for name in (f"student{n}" for n in range(60))}
    for stems in tests.values():
        assert len({stem.id for stem in stems}) == 10
        assert Counter(s.difficulty for s in stems) == {"easy": 3, "medium": 4, "hard": 3}
        topics = Counter(stem.topic for stem in stems)
        assert set(topics) == set(topics_of(pool())) and max(topics.values()) == 2
        kinds = Counter(stem.kind for stem in stems)
        assert set(kinds) == {"choice", "several", "fill", "order", "find"}
        assert max(kinds.values()) <= 5
    assert len({json.dumps([s.model_dump() for s in stems]) for stems in tests.values()}) == 60
    assert drawn("Anna@uni.example ", pool()) == drawn("anna", pool())


# ---- answers without knowledge -------------------------------------------------------------------


def test_no_strategy_pays_and_neighbours_share_little() -> None:
    assert [str(result) for result in measure(every()) if result.pays] == []
    assert shared(every()) <= 1


def rigged(one: Asked, **changes: Any) -> Asked:
    """Return a choice whose stem and variant have changed; other kinds stay."""
    if one.stem.kind != "choice":
        return one
    right = one.answers[0]
    wrong = [text for text in one.stem.options if text != right]
    texts = changes.get("texts", lambda right, wrong: [right, *wrong])(right, wrong)
    known = {option.text: option for option in one.variant.options}
    options = [
        known[text].model_copy(update={"text": text}) if text in known else known[right]
        for text in texts
    ]
    code = changes.get("code", lambda text: one.stem.code)(right)
    return Asked(
        one.stem.model_copy(update={"options": texts, "code": code}),
        one.variant.model_copy(update={"options": options}),
    )


def as_long_as_it_takes(one: Asked) -> Asked:
    if one.stem.kind != "choice":
        return one
    answer = one.answers[0] + ", as can be seen in the table that is shown above"
    texts = [answer if text == one.answers[0] else text for text in one.stem.options]
    return Asked(
        one.stem.model_copy(update={"options": texts}),
        one.variant.model_copy(update={"answer": answer}),
    )


def publicly_shuffled(one: Asked) -> Asked:
    def shuffled(right: str, wrong: list[str]) -> list[str]:
        texts = [right, *wrong]
        random.Random(f"{one.stem.id}:{one.stem.seed}:0").shuffle(texts)
        return texts

    return rigged(one, texts=shuffled)


def publicly_drawn(one: Asked) -> Asked:
    """Give the question the seed by which a public draw would begin with the right text."""
    if one.stem.kind != "choice":
        return one
    texts = sorted(one.stem.options)
    for seed in count(1000 * (1 + one.stem.seed)):
        rng = random.Random(f"{one.stem.id}:{seed}:0")
        if rng.sample(texts, len(texts))[0] == one.answers[0]:
            return Asked(one.stem.model_copy(update={"seed": seed}), one.variant)
    raise AssertionError


RIGGED: dict[str, Callable[[Asked], Asked]] = {
    "always the first": rigged,
    "always the longest": as_long_as_it_takes,
    "run the shown code": lambda one: rigged(one, code=lambda right: f"print({right!r})"),
    "most similar to the code": lambda one: rigged(one, code=lambda right: f"the log: {right}"),
    "invert the order": publicly_shuffled,
    "repeat the draw": publicly_drawn,
}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_bank_that_pays_a_strategy_is_told(strategy: str) -> None:
    rigs = [RIGGED[strategy](one) for one in every()]
    faults = list(strategy_faults(rigs))
    assert any(f"the strategy '{strategy}' earns" in fault for fault in faults), faults


def test_neighbours_who_can_copy_are_told() -> None:
    firsts = {one.stem.id: one for one in reversed(every())}
    faults = list(strategy_faults([firsts[one.stem.id] for one in every()]))
    assert any("two neighbours share" in fault for fault in faults), faults


def test_a_bank_that_is_too_small_for_a_test_is_told() -> None:
    (fault,) = strategy_faults([one for one in every() if one.stem.difficulty != "hard"])
    assert "too few questions" in fault


def test_a_repair_among_the_options_is_told() -> None:
    question = next(one for one in bank() if one.kind == "fix")
    assert "show which line is broken" in str(unfit(question))


def test_an_answer_that_hardly_changes_is_told() -> None:
    question = BANK["test-longest-review"]
    # With these three mistakes the right number is always the smallest.
    draw = question.draw.replace("rng.sample(list(_ways), 3)", '["ones", "width", "inside"]')
    assert draw != question.draw
    fixed = question.model_copy(update={"draw": draw})
    with pytest.raises(QuestionError, match="too seldom in some place"):
        variants(BANK, fixed)


# ---- the sheet -----------------------------------------------------------------------------------


def test_each_answer_is_saved_as_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JUPYTERHUB_USER", raising=False)
    assert "Between the quotes, write" in str(mastery_test(""))
    deck = mastery_test("Anna")
    assert isinstance(deck, PaperDeck) and (tmp_path / SHEET).exists()
    assert "answer_test(" in repr(deck) and "Hint" not in repr(deck)
    view = json.dumps(deck.view)
    assert not any(f'"{key}"' in view for key in ("answer", "solution", "hints", "mistakes"))
    for place, stem in enumerate(deck.paper.stems):
        deck._receive(deck, {"do": "go", "place": place}, [])
        deck._receive(deck, {"do": "choose", "id": stem.id, "picks": picks(stem)}, [])
        assert deck.view["outcomes"][place] == "saved", deck.view["problem"]
    assert "All 10 answered" in deck.view["status"]
    first = deck.paper.stems[0]
    deck._receive(deck, {"do": "choose", "id": first.id, "picks": [99]}, [])
    assert "not saved" in deck.view["problem"]
    # Begun again, as after a restart, and by another name.
    again = mastery_test("")
    assert isinstance(again, PaperDeck) and again.view["outcomes"] == ["saved"] * 10
    assert "answers of 'Anna'" in str(mastery_test("bert"))
    assert marked(tmp_path).points == 10
    again._receive(again, {"do": "choose", "id": first.id, "picks": None}, [])
    assert "9 of 10 answered" in again.view["status"]
    assert "not right" in marked(tmp_path).message.lower()


def test_without_widgets_the_test_is_answered_by_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUPYTERHUB_USER", "carl")
    mastery_test()
    chosen = next(one for one in Paper().stems if one.kind == "choice")
    assert "1 of 10 answered" in str(answer_test(chosen.id, "b"))
    assert "not an option" in str(answer_test(chosen.id, "Z"))
    assert "has no question" in str(answer_test("other", "A"))
    assert Paper().sheet.answers == {chosen.id: 1}


def test_two_open_notebooks_answer_one_sheet(tmp_path: Path) -> None:
    one, other = Paper("dora", tmp_path), Paper("dora", tmp_path)
    one.choose(one.stems[0].id, picks(one.stems[0]))
    other.choose(one.stems[1].id, picks(one.stems[1]))
    assert len(Paper("", tmp_path).sheet.answers) == 2


def test_a_sheet_that_is_a_link_or_no_sheet_is_told_before_it_is_answered(tmp_path: Path) -> None:
    write_sheet(tmp_path / "friend", "dora")
    (tmp_path / SHEET).symlink_to(tmp_path / "friend" / SHEET)
    with pytest.raises(NameNeededError, match="cannot be read"):
        Paper("dora", tmp_path)
    (tmp_path / SHEET).unlink()
    (tmp_path / SHEET).write_text("{")
    with pytest.raises(NameNeededError, match="cannot be read"):
        Paper("dora", tmp_path)


@pytest.mark.parametrize(
    ("text", "misconception"),
    [
        (None, "no-sheet"),
        ("", "unreadable-sheet"),
        ("{}", "unreadable-sheet"),
        ("[" * 100_000, "unreadable-sheet"),
        ("x" * (MAX_SHEET_BYTES + 1), "unreadable-sheet"),
        ('{"name": 3}', "unreadable-sheet"),
    ],
)
def test_what_is_no_sheet_is_told(text: str | None, misconception: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / SHEET).write_text(text)
    finding = marked(tmp_path)
    assert (finding.points, finding.misconception) == (0, misconception)
    assert finding.outcome is Outcome.FAILED


def test_links_pipes_and_folders_are_no_sheet(tmp_path: Path) -> None:
    import os

    write_sheet(tmp_path / "friend", "anna")
    for number, make in enumerate(
        [
            lambda path: path.symlink_to(tmp_path / "friend" / SHEET),
            os.mkfifo,
            lambda path: path.mkdir(),
        ]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        make(folder / SHEET)
        finding = marked(folder)
        assert finding.outcome is Outcome.FAILED and finding.points == 0
        assert finding.misconception == ("unreadable-sheet" if number else "no-sheet")


@pytest.mark.parametrize("wrong", [0, 1, 4, 10])
def test_each_question_is_a_point_and_topics_are_told(wrong: int, tmp_path: Path) -> None:
    write_sheet(tmp_path, "eva", wrong)
    finding = marked(tmp_path)
    assert finding.points == 10 - wrong and finding.drawn_for == "eva"
    outcomes = {0: Outcome.PASSED, 10: Outcome.FAILED}
    assert finding.outcome is outcomes.get(wrong, Outcome.PARTIAL)
    lines = finding.message.splitlines()
    assert lines[0] == f"{10 - wrong} of 10 right."
    stems = drawn("eva", pool())
    missed = {stem.topic for stem in stems[:wrong]}
    assert sum(": strong (" in line for line in lines) == 6 - len(missed)
    assert finding.message.count("; review ") == len(missed)
    if wrong:
        assert '" in lesson 0' in finding.message


@pytest.mark.parametrize(
    "given",
    [None, [], {}, "A", 10**9, -1, True, [[0]], ["0"], 1.5, [0] * 50, {"a": 1}, "x" * 10_000],
)
def test_an_answer_that_is_none_is_wrong_and_no_error(given: Any, tmp_path: Path) -> None:
    answers = {stem.id: given for stem in drawn("fay", pool())}
    write_sheet(tmp_path, "fay", answers=answers)
    finding = marked(tmp_path)
    assert finding.outcome is Outcome.FAILED and finding.points == 0


def test_answers_to_other_questions_earn_nothing(tmp_path: Path) -> None:
    everything = {stem.id: picks(stem) for stem in drawn("gus", pool())}
    write_sheet(tmp_path, "hal", answers=everything)
    mine = {stem.id: picks(stem) for stem in drawn("hal", pool())}
    deserved = sum(everything.get(id) == right for id, right in mine.items())
    assert marked(tmp_path).points == deserved < 10


def test_another_version_waits_for_a_person(tmp_path: Path) -> None:
    write_sheet(tmp_path, "ida", test="0" * 16)
    finding = marked(tmp_path)
    assert finding.outcome is Outcome.GRADER_ERROR and "a different version" in finding.message


def test_a_test_drawn_for_another_waits_for_a_person(tmp_path: Path) -> None:
    write_sheet(tmp_path, "Ida@uni.example")
    finding = marked(tmp_path)
    assert for_student(finding, "ida") == finding
    other = for_student(finding, "jim")
    assert other.outcome is Outcome.GRADER_ERROR and other.points == 0
    assert "drawn for 'Ida@uni.example'" in other.message and "10 of 10 right" in other.message


# ---- with nbgrader -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def class_of(tmp_path_factory: pytest.TempPathFactory) -> CoursePaths:
    """A course of its own with the mastery test released."""
    root = tmp_path_factory.mktemp("mastery") / "course"
    paths = set_up(CoursePaths(ROOT), root, [NAME], lambda step: None)
    config = root / "nbgrader_config.py"
    config.write_text(config.read_text() + "\nc.ZygoteProvisioner.preload = []\n")
    return paths


def hand_in(paths: CoursePaths, student: str, name: str | None, wrong: int = 0) -> None:
    folder = paths.submitted / student / NAME
    folder.mkdir(parents=True)
    shutil.copy(paths.notebook(paths.release, NAME), folder)
    if name is not None:
        write_sheet(folder, name, wrong)


def test_a_class_is_graded_and_fed_back(class_of: CoursePaths, run: Callable[..., Any]) -> None:
    paths = class_of
    hand_in(paths, "ann", "ann")
    hand_in(paths, "ben", "ben", wrong=3)
    hand_in(paths, "cem", None)
    hand_in(paths, "dan", "ann")  # a copy of Ann's sheet
    run("autograder", "grade", NAME, "--root", paths.root, "--feedback", code=3)
    records = {one.student: one for one in all_records(paths.records_folder)}
    assert {name: (one.points, str(one.outcome)) for name, one in records.items()} == {
        "ann": (10, "passed"),
        "ben": (7, "partial"),
        "cem": (0, "failed"),
        "dan": (0, "grader_error"),
    }
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{paths.gradebook}") as gradebook:
        scores = {
            one.student.id: (one.score, one.needs_manual_grade)
            for one in gradebook.assignment_submissions(NAME)
        }
    assert scores == {"ann": (10, False), "ben": (7, False), "cem": (0, False), "dan": (0, True)}
    page = (paths.feedback / "ben" / NAME / f"{NAME}.html").read_text(encoding="utf-8")
    assert "7 of 10 right." in page and "; review " in page
    page = (paths.feedback / "dan" / NAME / f"{NAME}.html").read_text(encoding="utf-8")
    assert "waits for your instructor" in page and "drawn for" in page


def test_the_course_check_includes_the_test(course: CoursePaths) -> None:
    faults, tried = check_course(course, [NAME])
    assert faults == [] and tried == []


def test_a_wrong_question_is_found(class_of: CoursePaths, tmp_path: Path) -> None:
    root = tmp_path / "course"
    shutil.copytree(class_of.root, root, ignore=shutil.ignore_patterns("submitted", "feedback"))
    file = root / "autograder/exams" / NAME / "questions" / "model-set-up.yaml"
    text = file.read_text(encoding="utf-8")
    claim = "gives: truth[option] == states"
    assert claim in text
    text = text.replace(claim, "gives: truth[option] != states", 1)
    # A question whose answer is typed: its code is then whatever prints one.
    start = text.index("kind: fill")
    code, hints = text.index("  code:", start), text.index("  hints:", start)
    text = (
        text[:start] + "kind: predict\n  typed: true" + text[start + len("kind: fill") : code]
        + '  code: "print(1)"\n  options: []\n' + text[hints:]
    )  # fmt: skip
    file.write_text(text)
    faults, _ = check_course(CoursePaths(root), [NAME])
    told = [str(fault) for fault in faults if fault.kind == "question"]
    assert sum("needs typing" in one for one in told) == 1
    assert any("test-what-was-loaded: the option" in one for one in told), told


def test_the_released_notebook_is_the_students_own(class_of: CoursePaths) -> None:
    released = class_of.release / NAME
    assert [path.name for path in released.iterdir()] == [f"{NAME}.ipynb"]
    notebook = nbformat.read(released / f"{NAME}.ipynb", as_version=4)
    (cell,) = [
        one for one in notebook.cells if "mastery_test(" in one.source and one.cell_type == "code"
    ]
    assert cell.metadata.get("editable", True)
    release(class_of.root, NAME)
