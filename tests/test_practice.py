"""Practice on the Python side: the journal, rounds, recall, text answers and the panel."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import pytest

import course.practice as practice
from course.experiments.records import Attempt, RunRecord, code_file
from course.files import write_whole
from course.practice import drive, recall, rounds
from course.practice.deck import Deck
from course.practice.journal import VARIABLE, Entries, Journal, Marked, Practised, Try
from course.practice.places import WAYS, asked_at, lessons, taught_in
from course.practice.rounds import ATTEMPTS, Round, bank
from course.practice.showing import as_text, highlighted, inline
from course.practice.stems import BadPicksError, picks_of, response_of

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Journal:
    path = tmp_path / "kept" / "progress.json"
    monkeypatch.setenv(VARIABLE, str(path))
    return Journal()


def right_picks(one: Round) -> Any:
    stem, variant = one.stem, one.variant
    match stem.kind:
        case "flashcard":
            return "good"
        case "order":
            return [stem.lines.index(line) for line in variant.answer]
        case "predict" if stem.typed:
            return variant.answer
        case "fix":
            return [variant.line - 1, stem.options.index(variant.answer)]
        case "fill" | "several":
            return [stem.options.index(text) for text in variant.answer]
        case _:
            return stem.options.index(variant.answer)


# ---- the journal ---------------------------------------------------------------------------------


def test_a_killed_kernel_leaves_a_whole_file(journal: Journal) -> None:
    journal.change(lambda entries: entries.questions.update(kept=Practised(solved=True)))
    code = (
        "import sys; from pathlib import Path; from course.practice.journal import *\n"
        "j = Journal(Path(sys.argv[1])); n = 0\n"
        "while True:\n"
        "    n += 1; j.change(lambda e: e.questions.update({f'q{n}': Practised()}))\n"
        "    print(n, flush=True)\n"
    )
    for number in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", code, str(journal.path)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        for _ in range(5 + number):
            writer.stdout.readline()
        writer.kill()
        writer.wait()
        writer.stdout.close()
        entries = Entries.model_validate_json(journal.path.read_text())
        assert entries.of("kept").solved and f"q{5 + number}" in entries.questions


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"questions": 7}', "\x00" * 20, "[" * 100_000, '{"seed": "x"}']
)
def test_a_broken_file_is_set_aside_and_told(journal: Journal, text: str) -> None:
    journal.path.parent.mkdir(parents=True)
    journal.path.write_text(text)
    with pytest.warns(UserWarning, match=r"could not be read from .* was kept as progress.broken"):
        assert journal.read().questions == {}
    (aside,) = journal.path.parent.glob("progress.broken-*.json")
    assert aside.read_text() == text
    assert journal.read().seed == journal.read().seed  # and the new one is in use


def test_a_journal_kept_elsewhere_is_reached_through_its_link(journal: Journal) -> None:
    link, elsewhere = journal.path, journal.path.parent.parent / "drive.json"
    link.parent.mkdir(parents=True)
    link.symlink_to(elsewhere)
    Journal().change(lambda entries: entries.questions.update(a=Practised()))
    assert link.is_symlink() and "a" in Journal(elsewhere).read().questions


class ColabDrive(ModuleType):
    """What Colab offers as `google.colab.drive`: a folder appears, if the learner permits it."""

    permitted = True

    def mount(self, folder: str) -> None:
        if not self.permitted:
            raise ValueError("mount failed")
        Path(folder, "MyDrive").mkdir(parents=True, exist_ok=True)


def solve(id: str, tries: int = 1) -> Callable[[Entries], None]:
    return lambda entries: entries.questions.update({id: Practised(solved=True, answered=tries)})


def test_on_colab_progress_is_kept_in_drive_from_one_machine_to_the_next(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "This is not Colab" in str(practice.keep_progress_in_drive())
    colab, mount = ColabDrive("google.colab.drive"), tmp_path / "drive"
    monkeypatch.setitem(sys.modules, "google.colab.drive", colab)
    monkeypatch.setattr(drive, "MOUNT", mount)
    deck = practice.practice("01-tokenizing#quiz-batches")  # begun before the call
    journal.change(solve("a"))
    colab.permitted = False
    said = str(practice.keep_progress_in_drive())
    assert "could not be opened (ValueError: mount failed)" in said and "Traceback" not in said
    assert journal.read().of("a").solved
    colab.permitted = True
    assert "in your Drive now" in str(practice.keep_progress_in_drive())
    kept = Journal(mount / drive.PLACE)
    assert kept.read() == journal.read() == deck.journal.read() and kept.read().of("a").solved
    deck.journal.change(solve("b"))
    assert kept.read().of("b").solved
    assert "is kept in your Drive" in str(practice.keep_progress_in_drive())
    # The next machine: nothing but what was done before the call.
    monkeypatch.setenv(VARIABLE, str(tmp_path / "machine-2" / "progress.json"))
    Journal().change(solve("b", tries=3))
    Journal().change(lambda entries: entries.tasks.update(word_pieces=Marked(checked=True)))
    practice.keep_progress_in_drive()
    entries = Journal().read()
    assert entries.of("a").solved and entries.of("b").answered == 3
    assert entries.task("word_pieces").passed and entries == kept.read()
    assert f"Kept in {kept.path}." in repr(practice.progress())


def test_the_code_of_attempts_goes_to_drive_too(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Colab deletes the machine with the files, and an attempt without its code cannot be run again."""
    monkeypatch.setitem(sys.modules, "google.colab.drive", ColabDrive("google.colab.drive"))
    monkeypatch.setattr(drive, "MOUNT", tmp_path / "drive")
    for machine in ("one", "two"):
        folder = tmp_path / machine
        monkeypatch.setenv(VARIABLE, str(folder / "progress.json"))
        (folder / "challenge").mkdir(parents=True)
        code = folder / "challenge" / "attempt-1.py"
        code.write_text(f"# {machine}", encoding="utf-8")
        made = Attempt(
            number=1, note="", file=str(code), digest=machine, at=datetime(2026, 11, 1, tzinfo=UTC)
        )
        Journal().change(lambda entries, made=made: entries.attempts.append(made))
        practice.keep_progress_in_drive()
        shutil.rmtree(folder / "challenge")
    kept = Journal(tmp_path / "drive" / drive.PLACE)
    files = [Path(one.file) for one in kept.read().attempts]
    assert [path.read_text(encoding="utf-8") for path in files] == ["# one", "# two"]
    assert all(path.is_relative_to(kept.path.parent) for path in files)


def test_runs_and_attempts_of_another_machine_come_along_under_free_numbers() -> None:
    when = datetime(2026, 11, 1, tzinfo=UTC)

    def run(number: int, hour: int, attempt: int = 0) -> RunRecord:
        kind = "challenge" if attempt else "bench"
        at = when.replace(hour=hour)
        return RunRecord(
            kind=kind, number=number, attempt=attempt, seed=0, device="cpu", planned=4, at=at
        )

    def attempt(number: int, digest: str) -> Attempt:
        return Attempt(number=number, note="", file=f"{digest}.py", digest=digest, at=when)

    entries = Entries(runs=[run(1, 1), run(2, 2, attempt=1)], attempts=[attempt(1, "mine")])
    others = Entries(
        runs=[run(1, 1), run(2, 3, attempt=1), run(3, 4, attempt=2)],
        attempts=[attempt(1, "theirs"), attempt(2, "mine")],
        challenge_began=when,
    )
    drive.take_over(entries, others)
    assert [(one.number, one.digest) for one in entries.attempts] == [(1, "mine"), (2, "theirs")]
    assert [(one.number, one.at.hour, one.attempt) for one in entries.runs] == [
        (1, 1, 0), (2, 2, 1), (3, 3, 2), (4, 4, 1),
    ]  # fmt: skip
    assert entries.challenge_began == when
    # What a later version keeps besides must be taken over, too.
    assert set(Entries.model_fields) == {
        "version", "seed", "questions", "tasks", "tests", "runs", "attempts", "challenge_began",
    }  # fmt: skip


def test_the_code_of_attempts_comes_along_to_the_drive(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "google.colab.drive", ColabDrive("google.colab.drive"))
    monkeypatch.setattr(drive, "MOUNT", tmp_path / "drive")
    when = datetime(2026, 11, 1, tzinfo=UTC)
    for machine in ("one", "two"):
        monkeypatch.setenv(VARIABLE, str(tmp_path / machine / "progress.json"))
        file = code_file(tmp_path / machine, 1)
        write_whole(file, f"# Attempt 1 of the challenge: {machine}\n\ndef fine_tune(): ...\n")
        made = Attempt(number=1, note=machine, file=str(file), digest=machine, at=when)
        Journal().change(lambda entries, made=made: entries.attempts.append(made))
        practice.keep_progress_in_drive()
        shutil.rmtree(tmp_path / machine)  # as Colab does after a session
    monkeypatch.setenv(VARIABLE, str(tmp_path / "drive" / drive.PLACE))
    kept = [Path(one.file) for one in Journal().read().attempts]
    assert kept == [code_file(Journal().path.parent, number) for number in (1, 2)]
    assert [one.read_text().partition("\n")[0] for one in kept] == [
        "# Attempt 1 of the challenge: one", "# Attempt 2 of the challenge: two",
    ]  # fmt: skip


def test_what_is_no_file_is_never_set_aside(journal: Journal) -> None:
    journal.path.mkdir(parents=True)
    with pytest.raises(OSError, match="not a plain file"):
        journal.read()
    assert journal.path.is_dir() and not list(journal.path.parent.glob("*broken*"))


def test_fields_of_a_later_version_stay(journal: Journal) -> None:
    journal.path.parent.mkdir(parents=True)
    journal.path.write_text(json.dumps({"version": 2, "seed": 4, "streak": 9, "questions": {}}))
    journal.change(lambda entries: entries.questions.update(a=Practised()))
    assert json.loads(journal.path.read_text())["streak"] == 9


def test_export_and_reset(journal: Journal, tmp_path: Path) -> None:
    journal.change(lambda entries: entries.questions.update(a=Practised(solved=True)))
    copy = practice.export_progress(tmp_path / "copy.json")
    assert Entries.model_validate_json(copy.read_text()).of("a").solved
    assert "kept as" in practice.reset_progress()
    assert journal.read().questions == {}
    assert len(list(journal.path.parent.glob("progress.before-*.json"))) == 1


# ---- rounds --------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", list(bank()), ids=lambda question: question.id)
def test_every_question_can_be_shown_and_solved(question: Any, journal: Journal) -> None:
    one = Round(question.id, journal)
    shown = json.dumps(one.view())
    # What is not due yet does not travel to the browser.
    if question.kind != "flashcard":
        for text in (*question.hints, *question.solution, *question.common_mistakes):
            assert inline(text) not in json.loads(shown).get("prompt", "") + shown
        assert one.view().get("answer") is None
    picks = right_picks(one)
    json.dumps(picks)
    assert one.submit(picks).right
    assert Round(question.id, journal).state.solved
    assert one.outcome == "right"
    view = one.view()
    json.dumps(view)
    if question.kind != "flashcard":
        assert view["solution"] and view["answer"]
        assert all(mark for mark in view["marks"].values())
    text = as_text(one.stem)
    assert f'answer("{question.id}"' in text and "⟦" not in text


def test_three_attempts_then_the_solution_then_again(journal: Journal) -> None:
    one = Round("how-many-steps", journal)
    first = one.stem
    for left in (2, 1, 0):
        assert not one.submit("-1").right
        assert one.view()["triesLeft"] == left
    assert one.outcome == "out" and one.view()["solution"]
    one.submit(right_picks(one))  # too late for this round
    assert not one.state.solved and len(one.state.tries) == ATTEMPTS
    one.again()
    assert one.outcome == "open" and one.stem != first
    assert one.submit(right_picks(one)).right
    assert one.state.solved and one.state.at_once


def test_a_typed_misconception_is_known(journal: Journal) -> None:
    one = Round("how-many-steps", journal)
    option = one.variant.tempting[0]
    assert not one.stem.options
    graded = one.submit(f" {option.text} ")
    assert not graded.right and graded.feedback == {option.text: option.feedback}


def test_hints_come_one_by_one_and_cost_the_badge(journal: Journal) -> None:
    one = Round("load-the-tokenizer", journal)
    assert one.hint() == one.variant.hints[0]
    assert one.view()["hints"] == [inline(one.variant.hints[0])]
    assert one.hint() and one.hint() is None
    one.submit(right_picks(one))
    assert one.state.solved and not one.state.at_once


def test_a_changed_question_begins_anew(journal: Journal) -> None:
    one = Round("better-than-a-parrot", journal)
    one.submit(right_picks(one))
    journal.change(lambda entries: setattr(entries.of(one.question.id), "asked", "other"))
    again = Round("better-than-a-parrot", journal)
    assert again.view()["tries"] == 0 and again.state.solved


def test_another_notebook_may_have_been_faster(journal: Journal) -> None:
    one, other = (Round("better-than-a-parrot", journal) for _ in range(2))
    assert one.submit(right_picks(one)).right
    other.submit((right_picks(other) + 1) % 4)
    assert [attempt.right for attempt in other.state.tries] == [True]


# ---- picks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("id", "bad"),
    [
        ("load-the-tokenizer", [9]),
        ("load-the-tokenizer", [0, 1]),
        ("load-the-tokenizer", "A"),
        ("load-the-tokenizer", [True]),
        ("better-than-a-parrot", -1),
        ("better-than-a-parrot", None),
        ("swapped-arguments", [0, 0]),
        ("swapped-arguments", []),
        ("how-many-steps", 3),
        ("how-many-steps", "x" * 3000),
        ("evaluate-in-order", [0, 0, 1, 2]),
        ("mean-of-means", [0]),
        ("mean-of-means", [9, 0]),
        ("card-precision-recall", "perhaps"),
    ],
)
def test_picks_that_are_none_are_refused(id: str, bad: Any, journal: Journal) -> None:
    one = Round(id, journal)
    with pytest.raises(BadPicksError):
        response_of(one.stem, bad)
    with pytest.raises(BadPicksError):
        one.submit(bad)
    assert not one.state.tries


def test_what_a_person_types_is_understood(journal: Journal) -> None:
    def stem(id: str) -> Any:
        return Round(id, journal).stem

    assert picks_of(stem("better-than-a-parrot"), " b ") == 1
    assert picks_of(stem("swapped-arguments"), "a, C") == [0, 2]
    assert picks_of(stem("swapped-arguments"), ["A", "C"]) == [0, 2]
    assert picks_of(stem("accuracy-from-logits"), "DA") == [3, 0]
    text = stem("load-the-tokenizer").options[2]
    assert picks_of(stem("load-the-tokenizer"), text) == [2]
    assert picks_of(stem("evaluate-in-order"), "3 1 2 4") == [2, 0, 1, 3]
    assert picks_of(stem("mean-of-means"), (3, "B")) == [2, 1]
    assert picks_of(stem("how-many-steps"), 46) == "46"
    for id, given in (
        ("better-than-a-parrot", "Z"),
        ("mean-of-means", "B"),
        ("swapped-arguments", ""),
    ):
        with pytest.raises(BadPicksError, match=r"\.$"):
            picks_of(stem(id), given)


# ---- recall --------------------------------------------------------------------------------------


def test_cards_come_again_later_when_they_were_known() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    dues = [recall.rated(None, rating, now)["due"] for rating in (1, 2, 3, 4)]
    assert dues == sorted(dues) and dues[0] < dues[3]
    card = recall.rated(None, 4, now)
    assert not recall.is_due(card, now) and recall.is_due(card, now + timedelta(days=60))
    first = datetime.fromisoformat(card["due"])
    later = datetime.fromisoformat(recall.rated(card, 3, first)["due"])
    assert later - first > first - now  # remembered once more: a longer time
    assert recall.due_words(None) == "new" and "day" in recall.due_words(card, now)


def test_due_cards_are_asked_together(journal: Journal) -> None:
    assert "No card is due" in practice.recall_due()
    ids = [question.id for question in bank() if question.kind == "flashcard"][:3]
    past = datetime.now(UTC) - timedelta(days=90)

    def begun(entries: Entries) -> None:
        for id in ids:
            entries.questions[id] = Practised(card=recall.rated(None, 3, past))

    journal.change(begun)
    assert practice.recall_due().ids == ids


# ---- decks, text and panel -----------------------------------------------------------------------


def send(deck: Deck, **message: Any) -> dict[str, Any]:
    deck._receive(deck, message, [])
    return dict(deck.view)


def test_a_deck_answers_what_is_done(journal: Journal) -> None:
    deck = practice.practice("01-tokenizing#quiz-batches")
    assert isinstance(deck, Deck) and len(deck.ids) >= 5
    assert deck.title == "Quiz: padding, truncation, mask"
    first = deck.view
    view = send(deck, do="hint")
    assert view["said"].startswith("Hint: ") and view["turn"] == first["turn"] + 1
    assert send(deck, do="check", picks=77)["problem"]
    assert send(deck, do="nonsense")["problem"]
    assert "not your fault" in send(deck, do="check", picks=[[]])["problem"] or deck.view["problem"]
    view = send(deck, do="check", picks=right_picks(deck.round))
    assert view["said"] == "Right." and view["outcomes"][0] == "right"
    assert send(deck, do="go", place=99)["place"] == 0
    assert send(deck, do="go", place=2)["place"] == 2
    # Made anew, as after a restart, it goes on at the first open question.
    assert practice.practice("01-tokenizing#quiz-batches").view["place"] == 1


def test_nothing_in_a_view_gives_the_answer_away(journal: Journal) -> None:
    for question in bank():
        if question.kind in ("fill", "fix", "order"):
            view = json.dumps(Deck([question.id], "", journal).view)
            for key in ("answer", "solution", "mistakes"):
                assert f'"{key}"' not in view, question.id
            for option in question.tempting:
                assert not option.feedback or json.dumps(option.feedback)[1:-1] not in view


def test_text_does_what_the_widget_does(journal: Journal) -> None:
    shown = repr(practice.practice("load-the-tokenizer"))
    assert 'answer("load-the-tokenizer", "A")' in shown and "from transformers import [1]" in shown
    one = Round("load-the-tokenizer", journal)
    wrong = next(o for o in one.variant.tempting if o.text == "AutoConfig")
    letter = "ABCD"[one.stem.options.index("AutoConfig")]
    said = practice.answer("load-the-tokenizer", letter)
    assert said.right is False and re.sub("`", "", wrong.feedback) in str(said)
    assert "2 attempts left" in str(said)
    assert "AutoTokenizer" not in practice.hint("load-the-tokenizer")
    said = practice.answer("load-the-tokenizer", "AutoTokenizer")
    assert said.right and "Quick check" in str(said) and "role" in said._repr_html_()
    assert "not an option" in str(practice.answer("better-than-a-parrot", "Q"))
    with pytest.raises(LookupError, match="Did you mean 'load-the-tokenizer'"):
        practice.answer("load-tokenizer", "A")
    with pytest.raises(LookupError, match="no question and no place"):
        practice.practice("01-tokenizing#nowhere")


def test_nbconvert_and_terminals_get_the_text(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    deck = practice.practice("01-tokenizing#quiz-batches")
    assert repr(deck).count("Answer: answer(") == len(deck.ids)
    published: list[dict[str, str]] = []
    monkeypatch.setattr("IPython.display.display", lambda data, **how: published.append(data))
    deck._ipython_display_()
    text, widget = published
    assert text["text/plain"] == repr(deck) and "application/vnd.jupyter.widget-view+json" in widget
    outputs = [nbformat.v4.new_output("display_data", data=data) for data in published]
    cell = nbformat.v4.new_code_cell("practice(…)", outputs=outputs)
    notebook = nbformat.v4.new_notebook(cells=[cell])
    from nbconvert.exporters import HTMLExporter

    page, _ = HTMLExporter().from_notebook_node(notebook)
    assert "Answer: answer(" in page


def test_the_panel_counts_what_was_done(journal: Journal) -> None:
    total = sum(question.lesson.startswith("01-") for question in bank())
    assert f"0 of {total} solved" in repr(practice.progress())
    for id in asked_at("01-tokenizing#quiz-batches", bank()):
        one = Round(id, journal)
        one.submit(right_picks(one))
    count = len(asked_at("01-tokenizing#quiz-batches", bank()))
    assert f"{count} of {total} solved" in repr(practice.progress())
    panel = practice.progress("01-tokenizing")
    assert {row.name for row in panel.rows} == {"Tasks", *(way.capitalize() for way in WAYS)}
    assert "<progress" in panel._repr_html_() and str(journal.path) in repr(panel)
    for question in bank():
        if question.lesson.startswith("01-") and question.kind != "flashcard":
            one = Round(question.id, journal)
            if one.outcome == "open":
                one.submit(right_picks(one))
    reached = {badge.name for badge in practice.progress("01-tokenizing").badges if badge.reached}
    assert reached == {"All solved", "At once", "Hard ones"}
    with pytest.raises(LookupError, match="no lesson '09'"):
        practice.progress("09")


def test_a_new_record_appears_in_its_lesson(tmp_path: Path) -> None:
    from course.practice.questions import load_bank

    for file in (ROOT / "course" / "questions").glob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        if file.stem == "tokenizing":
            record = text[text.index("- id: load-the-tokenizer") : text.index("- id: pad-and")]
            text += record.replace("load-the-tokenizer", "one-more")
        (tmp_path / file.name).write_text(text, encoding="utf-8")
    assert "one-more" in asked_at("01-tokenizing#fill-calls", load_bank(tmp_path))


def test_what_holds_only_in_a_newer_transformers_is_not_asked_in_an_older(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    newer = {one.id for one in bank() if one.transformers > 4}
    assert "loss-is-none" in newer and len(newer) < len(bank()) / 10
    monkeypatch.setattr("course.practice.questions.version", lambda package: "4.57.3")
    older = set(rounds.bank.__wrapped__().questions)
    assert older == set(bank().questions) - newer


def test_code_and_sentences_are_shown_as_they_are_meant() -> None:
    assert inline("`a < b` is **not** *less* & 2*3*4") == (
        "<code>a &lt; b</code> is <b>not</b> <em>less</em> &amp; 2*3*4"
    )
    assert '<blank n="2"></blank>' in highlighted("f(⟦1⟧, ⟦2⟧)") and "⟦" not in highlighted("⟦1⟧")


def test_every_lesson_has_its_ways() -> None:
    for name, lesson in lessons().items():
        if any(one.lesson.startswith(name) and one.topic != "before-you-start" for one in bank()):
            assert {place.way for place in lesson.places if place.way} == set(WAYS)
    assert taught_in("01-tokenizing#see-mask") == "Deep: rows become a rectangle"


def test_importing_the_course_loads_no_practice() -> None:
    code = (
        "import sys, course, course.practice\n"
        "heavy = {'anywidget', 'yaml', 'pydantic', 'fsrs', 'torch', 'filelock'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_tries_are_dated_and_plain(journal: Journal) -> None:
    one = Round("better-than-a-parrot", journal)
    one.submit(0)
    (attempt,) = journal.read().of("better-than-a-parrot").tries
    assert isinstance(attempt, Try) and attempt.at.tzinfo is not None and attempt.picks == 0
