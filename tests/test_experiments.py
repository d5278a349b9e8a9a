"""The bench and the challenge: what is kept of a run, whatever ends it, and what the board says."""

from __future__ import annotations

import json
import linecache
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import torch
from torch.nn.utils import clip_grad_norm_
from transformers import AutoTokenizer, BertForSequenceClassification

from course.checks.run_seen import Record, Seen, Update
from course.checks.training_run import LABELS, TEXTS, tiny_checkpoint
from course.experiments import Challenge, TrainingBench, bench, challenge, keeping, quick
from course.experiments.own_code import CodeUnknownError, gathered, statements
from course.experiments.records import RunRecord
from course.experiments.showing import curves, overlay, runs_table
from course.practice.journal import Journal

ROWS = {"text": TEXTS, "label": LABELS}


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "progress.json")


@pytest.fixture
def small(monkeypatch):
    """A bench on few reviews."""
    monkeypatch.setattr(bench, "TRAIN", 24)
    monkeypatch.setattr(bench, "VALIDATION", 10)


def run_of(number=1, **more):
    settings = {"rate": 1e-4, "layers": 2} | more.pop("settings", {})
    given = {"losses": [0.7, 0.6, None, 0.5], "scores": {0: 0.5, 4: 0.7}, "accuracy": 0.7, "steps": 4,
             "reviews": 64, "seconds": 3.2} | more  # fmt: skip
    return RunRecord(
        number=number, kind="bench", settings=settings, seed=given.pop("seed", 0), device="cpu",
        planned=4, at=datetime.now(UTC), **given,
    )  # fmt: skip


# The bench


def test_a_run_is_kept_with_settings_seed_curve_and_cost(journal, small):
    shown = TrainingBench(journal).run(rate=1e-3, seed=5, steps=3, batch_size=4, layers=1)
    [run] = Journal(journal.path).read().runs  # as after a restart
    assert (run.number, run.seed, run.steps, run.reviews, run.kind) == (1, 5, 3, 12, "bench")
    assert run.settings["rate"] == 1e-3 and run.settings["layers"] == 1
    assert len(run.losses) == 3 and all(0 < loss < 3 for loss in run.losses)
    assert set(run.scores) == {0, 3} and run.accuracy == run.scores[3] and run.seconds > 0
    assert repr(shown).startswith(f"Run 1: accuracy {run.accuracy:.3f} after 3 steps, 12 reviews")
    table = repr(TrainingBench(journal))
    assert "3 of 3" in table and "0.001" in table and str(journal.path) in table
    assert "<td" in TrainingBench(journal)._repr_html_()


def test_a_seed_repeats_a_run_and_another_does_not(small):
    reviews = quick.read_by_frozen(TEXTS, LABELS, 1, "cpu")
    settings = quick.Settings(steps=3, batch_size=4, layers=1, rate=1e-3)

    def weights(seed):
        return quick.train_top(reviews, settings, seed).classifier.weight

    assert torch.equal(weights(1), weights(1)) and not torch.equal(weights(1), weights(2))


def test_the_top_on_frozen_layers_is_the_whole_model():
    torch.manual_seed(0)
    whole = quick.classifier().eval()
    torch.manual_seed(0)
    top = quick.Top(quick.classifier(), 2).eval()
    vectors = quick.read_by_frozen(TEXTS, LABELS, 2, "cpu")
    tokenizer = AutoTokenizer.from_pretrained(quick.checkpoint())
    with torch.no_grad():
        right = whole(**tokenizer(TEXTS, padding=True, return_tensors="pt")).logits
        found = torch.cat([top(**batch).logits for batch in vectors.batches()])
    assert torch.allclose(found, right, atol=1e-4)


def test_an_interrupted_run_leaves_the_part_that_is_done(journal, small, monkeypatch):
    def stopped(*all):
        raise KeyboardInterrupt

    steps = []

    def step(*all):
        steps.append(1)
        return stopped() if len(steps) == 3 else None

    monkeypatch.setattr(quick, "clip_grad_norm_", step)
    with pytest.raises(KeyboardInterrupt):
        TrainingBench(journal).run(steps=5, batch_size=4, layers=1)
    [run] = journal.read().runs
    assert run.steps == 2 and len(run.losses) == 2 and run.accuracy is None and not run.finished
    assert run.reviews == 8
    assert "stopped" in repr(TrainingBench(journal)) and "2 of 5" in repr(TrainingBench(journal))


def test_a_run_that_is_stopped_before_its_first_step_is_none(journal, small, monkeypatch):
    def stopped(*all):
        raise KeyboardInterrupt

    monkeypatch.setattr(quick, "clip_grad_norm_", stopped)
    with pytest.raises(KeyboardInterrupt):
        TrainingBench(journal).run(steps=5, batch_size=4, layers=1)
    assert journal.read().runs == []


def test_an_arm_trains_each_seed_once(journal, monkeypatch):
    done = []

    def run(self, *, seed, **settings):
        done.append((seed, settings))
        record = run_of(settings=quick.Settings(**settings).as_data(), accuracy=0.5 + seed / 10,
                        seed=seed)  # fmt: skip
        self._clerk.keep(record)
        return SimpleNamespace(record=record)

    monkeypatch.setattr(TrainingBench, "run", run)
    arm = TrainingBench(journal).arm(rate=1e-3)
    assert [arm(1), arm(2), arm(1)] == [0.6, 0.7, 0.6] and len(done) == 2
    again = TrainingBench(Journal(journal.path))  # another kernel
    assert again.arm(rate=1e-3)(2) == 0.7 and len(done) == 2
    assert again.arm(rate=1e-4)(2) == 0.7 and len(done) == 3, "other settings are another run"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"rate": "1e-3"}, "rate is a number from 0 to 1, not '1e-3'."),
        ({"steps": 2.5}, "steps is a whole number from 1 to 400, not 2.5."),
        ({"layers": 6}, "layers is a whole number from 0 to 3, not 6."),
        ({"warm_up": True}, "warm_up is a number from 0 to 1, not True."),
    ],
)
def test_settings_that_cannot_be_are_refused_in_a_sentence(settings, said):
    with pytest.raises(ValueError) as told:
        quick.Settings(**settings)
    assert str(told.value) == said


def test_the_table_shows_what_differs_and_says_what_does_not():
    one, two = run_of(1), run_of(2, settings={"rate": 1e-3}, accuracy=None, losses=[])
    text = repr(runs_table("Runs", [one, two]))
    assert text.startswith("Runs (layers 2 in all)\nrun  rate")
    assert "0.700" in text and "stopped" in text
    many = runs_table("Runs", [run_of(number) for number in range(1, 51)])
    assert len(many.rows) == 40 and many.notes == ["10 earlier runs are kept, too."]
    assert "There" not in repr(runs_table("Runs", []))


def test_curves_fall_as_losses_do_and_share_a_scale():
    falling, flat = curves([run_of(losses=[0.7] * 20 + [0.3] * 40), run_of(losses=[0.7] * 60)])
    assert falling[0] == "█" and falling[-1] == "▁" and len(falling) == 12
    assert flat == "█" * 12 and curves([run_of(losses=[None])]) == [""]


def test_runs_are_laid_over_one_another(journal):
    for number in (1, 2):
        keeping.Clerk("bench", journal).keep(run_of(settings={"rate": number / 1000}))
    picture = TrainingBench(journal).lay_over(1, 2)
    assert "run 1, rate 0.001, seed 0: accuracy 0.700; run 2, rate 0.002" in picture.alt
    assert [len(axes.lines) for axes in picture.figure.axes] == [5, 3]
    with pytest.raises(LookupError, match="There is no run 3; there are: 1, 2"):
        TrainingBench(journal).lay_over(1, 3)
    TrainingBench(journal).forget(1)
    assert [run.number for run in journal.read().runs] == [2]
    keeping.Clerk("bench", journal).keep(late := run_of())
    assert late.number == 3, "no number is given twice"
    assert "stopped" in overlay([run_of(accuracy=None)]).alt


def test_runs_of_one_cell_take_turns_on_the_screen(monkeypatch):
    shown, cells = [], iter([4, 4, 5, None, None])

    class Live:
        def __init__(self, *all, handle, **more):
            self.handle = handle or object()
            shown.append(self.handle)

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

    monkeypatch.setattr(keeping, "LiveTraining", Live)
    monkeypatch.setattr(keeping, "_cell", lambda: next(cells))
    screen = keeping.Screen()
    for _ in range(5):
        with screen.live([], 1, 1):
            pass
    assert shown[0] is shown[1] and len(set(map(id, shown))) == 4


# The challenge


def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed, more=0, others=()):
    """Train as asked for, or with more steps, or on other texts."""
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    texts, labels = [*texts, *others], [*labels, *[0] * len(others)]
    for _ in range(steps + more):
        rows = torch.randperm(len(texts) - len(others))[:batch_size].tolist()
        if others:
            rows[0] = len(texts) - 1
        batch = tokenizer([texts[row] for row in rows], padding=True, return_tensors="pt")
        model(**batch, labels=torch.tensor([labels[row] for row in rows])).loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


def tried(journal, **more):
    given = {"steps": 4, "batch_size": 4, "minutes": 45, "device": "cpu"} | more
    return Challenge(ROWS, ROWS, checkpoint=tiny_checkpoint(), journal=journal, **given)


def test_an_attempt_is_counted_kept_and_ranked(journal):
    mine = tried(journal)
    assert "45:00 of 45" in repr(mine) and mine.best() is None
    board = repr(mine.attempt(fine_tune, "as it was", seed=3))
    [run], [attempt] = journal.read().runs, journal.read().attempts
    assert (run.kind, run.attempt, run.seed, run.steps, run.reviews) == ("challenge", 1, 3, 4, 16)
    assert run.overrun == "" and 0 <= run.accuracy <= 1 and run.scores
    assert attempt.note == "as it was" and attempt.number == 1
    line = board.splitlines()[2].split()
    assert line[:2] == ["1", "1"] and line[-1] == "kept" and f"{run.accuracy:.3f}" in line
    assert (
        f"autograder verdict --challenge {mine.best()}" in board and "Fewer than 3 seeds" in board
    )


def test_the_same_code_with_another_seed_is_the_same_attempt(journal):
    mine = tried(journal)
    for seed in (0, 1, 1, 2):
        mine.attempt(fine_tune, seed=seed)
    assert len(journal.read().attempts) == 1 and len(journal.read().runs) == 4
    row = repr(mine).splitlines()[2]
    assert "0, 1, 2" in row and "–" in row and "Fewer than" not in repr(mine)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"more": 1}, "5 steps instead of 4"),
        ({"others": ["a text that was not among those that were given to this run at all"]},
         "4 texts that were not given"),
    ],
)  # fmt: skip
def test_a_run_over_the_budget_has_no_place(journal, how, said, monkeypatch):
    mine = tried(journal)

    def cheating(*args, **named):
        return fine_tune(*args, **named, **how)

    mine.attempt(cheating)
    [run] = journal.read().runs
    assert run.overrun == said and said in repr(mine) and mine.best() is None
    monkeypatch.setattr(challenge, "_loaded", lambda path: cheating)
    with pytest.raises(RuntimeError, match=f"Attempt 1 did not keep the budget: {said}"):
        mine.arm(1)(7)


def test_an_attempt_that_raises_leaves_the_part_that_is_done(journal):
    mine = tried(journal)

    def broken(*args, **named):
        fine_tune(*args, **named)
        raise ValueError("at the very end")

    with pytest.raises(ValueError, match="at the very end"):
        mine.attempt(broken)
    [run] = journal.read().runs
    assert (run.steps, run.reviews, run.accuracy) == (4, 16, None)
    assert "stopped" in repr(mine) and mine.best() is None


def test_what_is_over_the_budget_is_said():
    def over(rows=(0, 1, 2, 3), steps=4):
        record = Record(updates=[Update(rows=list(rows))] * steps)
        return Seen(record, 4, 4, (0,) * 10).over_budget

    assert over() == "" == over(steps=3)
    assert over(steps=5) == "5 steps instead of 4"
    assert over(rows=range(5)) == "20 reviews instead of 16"
    assert over(steps=0) == "its steps were not seen"
    assert over(rows=()) == "its reviews were not seen"
    assert over(rows=(0, 1, 10**6)) == "4 texts that were not given"
    assert over(rows=(0, 1, 2 * 10**6)) == "", "a text too short to be known is none"


def test_the_clock_stops_new_attempts_and_not_more_seeds(journal, monkeypatch):
    mine = tried(journal)
    mine.attempt(fine_tune)
    assert 0 < mine.seconds_left < 45 * 60

    def long_ago(entries):
        entries.challenge_began = datetime.now(UTC) - timedelta(hours=1)

    journal.change(long_ago)

    late = tried(journal)
    assert late.seconds_left == 0 and "0:00 of 45" in repr(late)
    late.attempt(fine_tune, seed=1)
    assert len(journal.read().runs) == 2
    monkeypatch.setattr(challenge, "_as_file", lambda function: "# other code\n")
    assert "Time is up" in repr(late.attempt(fine_tune))
    assert len(journal.read().attempts) == 1
    late.restart()
    assert late.seconds_left > 44 * 60


def test_an_arm_runs_the_kept_file(journal, monkeypatch):
    mine = tried(journal)
    mine.attempt(fine_tune, seed=0)
    before = {run.seed: run.accuracy for run in journal.read().runs}
    arm = tried(journal).arm(1)
    assert arm(0) == before[0] and len(journal.read().runs) == 1
    again = arm(1)
    runs = journal.read().runs
    assert len(runs) == 2 and (runs[1].seed, runs[1].attempt, runs[1].accuracy) == (1, 1, again)
    with pytest.raises(LookupError, match="There is no attempt 2; there are: 1"):
        mine.arm(2)
    assert "attempt 1" in mine.lay_over(1).alt


# A notebook's code as a file

CELLS = [
    "import torch\nimport os.path",
    "%%time\nrate = 1e-4\nrate += 1e-5",
    "def helper(x):\n    return x + unused_before\nunused_before = 1",
    "from math import sqrt as root, pi\nother = 3\nprint('hello')",
    "@staticmethod\ndef fine_tune(texts, *, steps):\n    return helper(rate) + root(steps) + lent_one(1)",
    "def fine_tune(texts, *, steps):\n    # The last one counts.\n"
    "    model = helper(rate)\n    return model + sum(root(step) for step in [steps])",
    "step = 1\nmodel = fine_tune([], steps=4)",  # its own names mean nothing here
    "this is no python",
    "await never()",
]


def test_code_is_gathered_with_what_it_needs_and_nothing_else():
    cells = [cell.removeprefix("%%time\n") for cell in CELLS]
    text = gathered("fine_tune", statements(cells), {})
    names = {}
    exec(text, names)
    assert names["fine_tune"]([], steps=4) == pytest.approx(1 + 1.1e-4 + 2)
    assert "# The last one counts." in text and text.count("def fine_tune") == 1
    assert "import torch" not in text and "other" not in text and "hello" not in text
    assert "step = 1" not in text and "model = fine_tune" not in text
    with pytest.raises(CodeUnknownError, match="def missing"):
        gathered("missing", statements(cells), {})


def test_a_function_on_loan_comes_along():
    code = "def lent_one(x):\n    return x + pi\n"
    linecache.cache["<lent>"] = (len(code), None, code.splitlines(keepends=True), "<lent>")
    names = {}
    exec(compile(code, "<lent>", "exec"), names)
    cells = [CELLS[3], "def fine_tune():\n    return lent_one(1)"]
    made = {}
    exec(gathered("fine_tune", statements(cells), names), made)
    assert made["fine_tune"]() == pytest.approx(4.14159, abs=1e-4)


def test_in_a_notebook_the_kept_file_stands_alone(tmp_path):
    """In a real IPython shell: cells, one of them with a magic, and a file that runs without them."""
    cells = [
        "%%capture\nfrom math import sqrt",
        "factor = 2",
        "def tuned(x):\n    return factor * sqrt(x)",
        "from course.experiments.challenge import _as_file\n"
        f"n = open({str(tmp_path / 'kept.py')!r}, 'w').write(_as_file(tuned))",
    ]
    script = (
        "import json, sys\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "for cell in json.loads(sys.argv[1]):\n"
        "    shell.run_cell(cell, store_history=True).raise_error()\n"
    )
    subprocess.run([sys.executable, "-c", script, json.dumps(cells)], check=True)
    names = {}
    exec((tmp_path / "kept.py").read_text(), names)
    assert names["fine_tune"](9) == 6
