"""Lesson 07: what its file holds, what its prose says, and that its checks are fair and not fooled."""

from __future__ import annotations

import csv
import math
import os
import random
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import torch

from autograder.authoring.lessons import read_lesson
from autograder.authoring.recorded_answers import recorded_answers
from autograder.cells import grade_id_of
from autograder.examining.exam import load_exam
from course.checks import own_inputs, own_rows, own_served, run_check
from course.checks.mistakes import MistakeError
from course.own_data import DESKS, SHARES, STAFF_LINE, _reviews, messy_rows, own_csv
from course.pictures.own_data import arms_picture, recalls, recorded_arms
from course.plain import Opaque, as_plain
from course.reviews import text_key

ROOT = Path(__file__).parents[1]
EXAM = load_exam(ROOT / "autograder" / "exams", "07-your-own-data")
TASKS = {task.answer_id: task for task in EXAM.tasks}
LESSON = (ROOT / "course" / "lessons" / "07-your-own-data.md").read_text(encoding="utf-8")


def visible(task):
    """Return the visible check that `task` is built on."""
    return type(task).__mro__[1]()


def test_twenty_points():
    assert sum(task.points for task in EXAM.tasks) == 20


# The file.


def test_a_name_has_one_file_and_another_name_another(tmp_path):
    one, same = (own_csv("Ada", tmp_path / name).read_bytes() for name in ("1.csv", "2.csv"))
    assert one == same != own_csv("Bob", tmp_path / "3.csv").read_bytes()


def test_the_file_is_read_as_it_was_drawn(tmp_path):
    path = own_csv("Ada", tmp_path / "messages.csv", messages=200)
    with path.open(encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file)) == messy_rows(random.Random("Ada"), 200)


@pytest.mark.parametrize("messages", [50, 150, 1500])
def test_a_file_has_every_kind_of_mess(messages):
    for seed in range(5):
        rows = messy_rows(random.Random(seed), messages)
        texts = [row["text"] for row in rows if row["text"].strip()]
        labels = {row["label"] for row in rows if (row["label"] or "").strip()}
        assert {label.strip().lower() for label in labels} == set(SHARES) < labels
        assert any(not row["text"].strip() for row in rows)
        assert any(row["label"] is None and row["desk"] is None for row in rows)
        assert any(f"\n{STAFF_LINE}" in text for text in texts)
        cut = [text.partition(f"\n{STAFF_LINE}")[0].strip() for text in texts]
        assert len(texts) > len({*cut}) > len({*map(text_key, cut)})
        assert max(len(text.split()) for text in texts) > 60
        facts = own_rows.Cleaned([], rows)
        assert any(len(found) > 1 for found in facts.labels.values()), "no contradiction"
        counts = Counter(next(iter(found)) for found in facts.labels.values())
        assert [name for name, _ in counts.most_common()] == list(SHARES) or messages < 100
        assert min(counts.values()) >= 9


def test_no_sentence_is_in_two_messages():
    """Otherwise parts of a test message would stand in the training rows."""
    texts = own_rows.Cleaned([], messy_rows(random.Random(3), 200)).texts
    messages = [" ".join(found[0].lower().split()) for found in texts.values()]
    sentences = [sentence for part in _reviews() for sentence in part]
    times = [sum(sentence in message for message in messages) for sentence in sentences]
    assert sum(times) > 300 and max(times) == 1


def test_the_desk_gives_the_label_away():
    rows = [row for row in messy_rows(random.Random(0), 300) if (row["label"] or "").strip()]
    same = [DESKS[row["label"].strip().lower()] == row["desk"] for row in rows]
    assert sum(same) > 0.98 * len(same)  # but for the contradictions


# What the prose says.


def test_a_set_of_names_has_another_order_in_another_process():
    code = f"print(list({set(SHARES)!r}))"
    orders = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": str(seed)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in range(8)
    }
    assert len(orders) > 1


def test_only_the_proportions_of_class_weights_matter():
    logits, labels = torch.randn(12, 3), torch.arange(12) % 3
    weights = torch.tensor([0.5, 1.0, 3.0])
    losses = [torch.nn.CrossEntropyLoss(weight=w)(logits, labels) for w in (weights, 10 * weights)]
    assert torch.allclose(*losses)
    assert not torch.allclose(losses[0], torch.nn.CrossEntropyLoss()(logits, labels))


def test_weights_of_float64_stop_the_loss():
    loss_of = torch.nn.CrossEntropyLoss(weight=torch.ones(2, dtype=torch.float64))
    with pytest.raises(RuntimeError, match="expected scalar type Float but found Double"):
        loss_of(torch.zeros(3, 2), torch.tensor([0, 1, 1]))


def test_old_arguments_of_trainer_are_type_errors(tmp_path):
    # In a notebook's own process: at grading the older names are passed on.
    trainer = "from transformers import Trainer, TrainingArguments\n"
    for call, name in (
        (
            f"TrainingArguments(output_dir={str(tmp_path)!r}, evaluation_strategy='steps')",
            "evaluation_strategy",
        ),
        ("Trainer(tokenizer=None)", "tokenizer"),
    ):
        command = [sys.executable, "-c", trainer + call]
        said = subprocess.run(command, capture_output=True, text=True, check=False).stderr
        assert said.splitlines()[-1].startswith("TypeError: ") and name in said.splitlines()[-1]


#: The cells up to the comparison of the two loops.
FIRST_HALF = ("see-file", "see-leak", "see-clean", "see-copies", "see-parts", "see-names",
              "see-lengths", "see-survivors", "see-loop", "see-trainer")  # fmt: skip


def test_the_first_half_shows_what_the_prose_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = notebook(*FIRST_HALF)
    shown = capsys.readouterr().out
    shares = dict(re.findall(r"^(.+): +([01]\.\d+)$", shown, re.M))
    assert float(shares["from the desk alone"]) > 0.99
    assert float(shares["from the whole text"]) > float(shares["without the last line"]) + 0.01
    assert float(shares["with copies"]) > float(shares["without copies"]) + 0.03
    [head, both] = re.findall(r"^head.*: the end survives in (\d+) of (\d+)", shown, re.M)
    assert head[0] == "0" and both[0] == both[1] != "0"
    assert names["class_weights"]([0, 0, 1], 2).tolist() == [0.75, 1.5]
    assert float(re.search(r"largest difference of a weight: (.+)", shown)[1]) < 1e-6
    assert float(re.search(r"how far training moved a weight: (.+)", shown)[1]) > 1e-3


def test_trainer_drops_what_the_model_does_not_take(tmp_path):
    from transformers import Trainer, TrainingArguments

    from course.checks.tiny import tiny_bert

    def collate(rows):
        assert all("text" in row for row in rows)
        raise StopAsyncIteration  # far enough

    for keep, expected in ((False, StopAsyncIteration), (True, AssertionError)):
        arguments = TrainingArguments(
            output_dir=str(tmp_path), max_steps=1, remove_unused_columns=keep, use_cpu=True,
            report_to="none", disable_tqdm=True,
        )  # fmt: skip
        rows = [{"text": "Dull.", "label": "complaint"}]
        with pytest.raises(expected):
            Trainer(tiny_bert(0), arguments, data_collator=collate, train_dataset=rows).train()


def test_trainer_exempts_biases_and_layer_norm_from_decay():
    from transformers import Trainer

    from course.checks.tiny import tiny_bert

    model = tiny_bert(0)
    decayed = set(Trainer.get_decay_parameter_names(Trainer.__new__(Trainer), model))
    exempt = {name for name, _ in model.named_parameters()} - decayed
    assert decayed and exempt
    assert all("LayerNorm" in name or name.endswith("bias") for name in exempt)


def test_a_saved_encoder_gets_a_new_head_each_time(tmp_path):
    from transformers import BertForSequenceClassification

    from course.checks.tiny import tiny_bert

    tiny_bert(0).bert.save_pretrained(tmp_path)
    heads = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        heads.append(BertForSequenceClassification.from_pretrained(tmp_path).classifier.weight)
    assert not torch.equal(*heads)


def test_a_random_tenth_may_have_six_or_eighteen_of_a_class():
    rng = random.Random(0)
    rows = [True] * 119 + [False] * (1485 - 119)  # as in the file of "your name"
    found = [sum(rng.sample(rows, 148)) for _ in range(1000)]
    assert sum(one <= 6 for one in found) > 20 and sum(one >= 18 for one in found) > 20


def test_twelve_of_twelve_do_not_exclude_a_quarter():
    total, z = 12, 1.96
    low = total / (total + z * z)  # Wilson's lower end where all are right
    assert round(low, 2) == 0.76
    assert 1.96 * math.sqrt(1.0 * (1 - 1.0) / total) == 0  # half the width of the textbook interval


def test_a_pickle_runs_code_when_it_is_loaded(tmp_path):
    import pickle

    class Stranger:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "was-here",))

    data = pickle.dumps(Stranger())
    pickle.loads(data)
    assert (tmp_path / "was-here").exists()


def test_every_marker_in_the_lesson_names_a_test():
    names = re.findall(r"<!-- run: (\w+) -->", LESSON)
    assert len(names) >= 6
    for name in names:
        assert name in globals(), name


# The checks.


@pytest.mark.parametrize("answer_id", TASKS)
def test_the_visible_check_accepts_and_refuses_what_the_exam_does(answer_id):
    from transformers.utils import logging

    logging.disable_progress_bar()
    task = TASKS[answer_id]
    check = visible(task)
    for answer in recorded_answers(EXAM, task):
        module = notebook()
        exec(answer.source, module)
        result = run_check(check, module[check.function])
        assert result.passed == answer.right, (answer.name, result.message)


def notebook(*more: str) -> dict:
    """Return the names of the lesson's import cell, of its solutions, and of the cells `more`."""
    names: dict = {"__name__": "lesson"}
    for cell in read_lesson(ROOT / "course" / "lessons" / "07-your-own-data.md").cells:
        if grade_id_of(cell) in {"imports", *TASKS, *more}:
            first, _, rest = cell.source.partition("\n")
            exec(rest if first.startswith("%%needs") else cell.source, names)
    return names


@pytest.mark.parametrize("task", EXAM.tasks, ids=lambda task: task.answer_id)
@pytest.mark.parametrize(
    "hostile",
    [
        None,
        "x",
        math.nan,
        [],
        {},
        [[]],
        [{}],
        [{"text": [], "label": {}}],
        [{"text": "x", "label": "praise"}] * 3,
        {"train": [], "validation": [], "test": []},
        {"runs": [{"train": [{"text": [1], "label": 2}], "validation": [], "test": []}] * 3},
        {"runs": [{"train": [], "validation": [], "test": []}] * 3},
        {"runs": "xyz"},
        {"files": {}, "names": []},
        {"files": [], "names": ["config.json"]},
        {"files": {"config.json": "x", "model.safetensors": 3}, "names": ["config.json", 3]},
        {
            "files": {
                "config.json": torch.frombuffer(bytearray(b"[" * 9000), dtype=torch.uint8),
                "model.safetensors": torch.full((99,), 255, dtype=torch.uint8),
                "tokenizer.json": torch.zeros(3, dtype=torch.uint8),
            },
            "names": ["config.json", "model.safetensors", "tokenizer.json"],
        },
        [{"label": "x", "score": math.inf}] * 8,
        [{"label": Opaque("Evil"), "score": torch.zeros(1)}] * 8,
        [{"label": {}, "score": 0.5}] * 8,
        [["a"]] * 8,
        Opaque("Evil"),
        torch.zeros(0),
        torch.full((3,), math.nan),
        torch.zeros(4),
        torch.zeros(3, dtype=torch.bfloat16),
    ],
    ids=lambda value: type(value).__name__,
)
def test_hostile_observations_miss_and_never_raise(task, hostile):
    for inputs in task.cases(random.Random(1)):
        with pytest.raises(MistakeError):
            task.judge(hostile, **inputs)


def test_scikit_learns_split_is_right_on_many_draws():
    from sklearn.model_selection import train_test_split

    task = TASKS["split-rows"]
    for draw in range(30):
        for inputs in task.cases(random.Random(draw)):

            def split_rows(rows, seed):
                labels = [row["label"] for row in rows]
                train, rest = train_test_split(
                    rows, test_size=0.2, random_state=seed, stratify=labels
                )
                labels = [row["label"] for row in rest]
                validation, test = train_test_split(
                    rest, test_size=0.5, random_state=seed, stratify=labels
                )
                return {"train": train, "validation": validation, "test": test}

            task.judge(as_plain(task.observe(split_rows, **inputs)), **inputs)


def test_a_split_that_is_not_stratified_is_never_right():
    task = TASKS["split-rows"]

    def split_rows(rows, seed):
        rows = random.Random(seed).sample(rows, len(rows))
        one, two = int(0.8 * len(rows)), int(0.9 * len(rows))
        return {"train": rows[:one], "validation": rows[one:two], "test": rows[two:]}

    for draw in range(30):
        told = set()
        for inputs in task.cases(random.Random(draw)):
            try:
                task.judge(as_plain(task.observe(split_rows, **inputs)), **inputs)
            except MistakeError as error:
                told.add(error.mistake.id)
        assert told == {"not-stratified"}


def test_the_split_leaves_chance_as_it_was():
    task = TASKS["split-rows"]
    random.seed(5)
    torch.manual_seed(5)
    before = random.getstate(), torch.random.get_rng_state()
    task.observe(lambda rows, seed: random.seed(9), rows=[], seed=1)
    assert random.getstate() == before[0]
    assert torch.random.get_rng_state().equal(before[1])


def test_drawn_models_tell_mistakes_apart():
    for seed in range(5):
        for inputs in TASKS["classify"].cases(random.Random(seed)):
            assert own_served.tells_apart(**inputs) and "" in inputs["texts"]
            ids = own_inputs.tokenizer()(inputs["texts"], verbose=False)["input_ids"]
            assert max(map(len, ids)) > 512
    for inputs in own_served.Classify().cases(random.Random(0)):
        assert own_served.tells_apart(**inputs)


def test_drawn_labels_are_in_no_order_that_helps():
    for seed in range(30):
        inputs = own_inputs.drawn_labels(random.Random(seed), 4)
        counts = [inputs["labels"].count(one) for one in range(4)]
        for order in (list(Counter(inputs["labels"]).values()), sorted(counts)):
            weights = own_inputs.Weights(1 / torch.tensor(order), **inputs)
            assert not weights.proportional_to(1 / one for one in counts)


def test_a_saved_folder_is_read_and_nothing_in_it_is_run(tmp_path):
    """A configuration that names code, or another model's sizes, is compared and not followed."""
    task = TASKS["save-model"]
    [inputs, *_] = task.cases(random.Random(0))

    def save_model(model, tokenizer, names, folder):
        notebook()["save_model"](model, tokenizer, names, folder)
        config = Path(folder, "config.json")
        text = config.read_text().replace('"hidden_size": 32', '"hidden_size": 1000000')
        config.write_text(text.replace("{", '{"auto_map": {"AutoConfig": "evil.Config"},', 1))
        Path(folder, "evil.py").write_text("raise SystemExit")

    with pytest.raises(MistakeError) as told:
        task.judge(as_plain(task.observe(save_model, **inputs)), **inputs)
    assert told.value.mistake.id == "other-weights-saved"


# The recorded runs.


def test_what_the_recorded_runs_show():
    recorded = recorded_arms()
    assert recorded["settings"]["steps"] == 60
    total = sum(recorded["rows"].values())
    right = {
        arm: [sum(run["found"].values()) for run in recorded["runs"] if run["arm"] == arm]
        for arm in ("head", "head and tail")
    }
    assert right["head"] == [226, 235, 225] and right["head and tail"] == [259, 254, 244]
    assert recorded["rows"]["lost"] == 24 and total == 298
    assert [24 * share for share in recalls(recorded, "head and tail")["lost"]] == [24, 8, 0]
    assert recorded["settings"]["right_by_words"] == 272 > max(right["head and tail"])
    for said in (259, 254, 244, 226, 235, 225, 272, 298):
        assert str(said) in LESSON
    picture = arms_picture(recorded)
    assert "lost: 1.00, 0.33, 0.00" in picture.alt and "<img " in picture._repr_html_()
