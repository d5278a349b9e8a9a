"""Code for transformers 4, as Colab has it, runs at grading where only an argument's name changed."""

from __future__ import annotations

from typing import Any

import pytest

from autograder.examining.older_arguments import ALL_STEPS, GONE, RENAMED, todays
from autograder.examining.processes import Returned, StudentSubprocess
from course.checks.base import Check, Raised

STUDENT = """
import tempfile
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

def trainer(**named):
    small = BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=1,
                       intermediate_size=8, vocab_size=30)
    arguments = TrainingArguments(
        tempfile.mkdtemp(), max_steps=40, report_to="none", no_cuda=True, overwrite_output_dir=True,
        **named,
    )
    return Trainer(BertForSequenceClassification(small), arguments, tokenizer=sorted)

def of_trainer(**named):
    made = trainer(**named)
    return [made.args.get_warmup_steps(40), made.args.use_cpu, made.args.optim.value,
            made.processing_class is sorted]
"""


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, {}),
        ({"max_steps": 5}, {"max_steps": 5}),
        ({"warmup_ratio": 0.1}, {"warmup_steps": 0.1}),
        ({"warmup_ratio": 1.0}, {"warmup_steps": ALL_STEPS}),
        ({"warmup_ratio": 0}, {}),
        ({"warmup_ratio": None}, {}),
        ({"warmup_ratio": 0.1, "warmup_steps": 6}, {"warmup_steps": 6}),
        ({"warmup_ratio": 0.1, "warmup_steps": 0}, {"warmup_steps": 0.1}),
        ({"adafactor": True, "optim": "sgd"}, {"optim": "adafactor"}),
        ({"adafactor": False}, {}),
        ({"group_by_length": True}, {"train_sampling_strategy": "group_by_length"}),
        ({"group_by_length": False}, {}),
        *(({old: 1}, {new: 1}) for old, new in RENAMED.items()),
        *(({name: "x"}, {}) for name in GONE),
    ],
)
def test_arguments_have_todays_names(given: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert todays(given) == wanted


def test_a_trainer_for_transformers_4_is_made_as_it_was_there() -> None:
    with StudentSubprocess([STUDENT]) as student:
        assert student.cell_errors == [None]
        for named, wanted in (
            ({"warmup_ratio": 0.1}, [4, True, "adamw_torch_fused", True]),
            ({"warmup_ratio": 1.0}, [40, True, "adamw_torch_fused", True]),
            ({"warmup_steps": 3, "adafactor": True}, [3, True, "adafactor", True]),
        ):
            reply = student.ask("of_trainer", Check.observe, named, timeout=60)
            assert isinstance(reply, Returned) and reply.value == wanted


def test_what_transformers_4_did_not_take_either_raises_its_type_error() -> None:
    with StudentSubprocess([STUDENT]) as student:
        reply = student.ask("of_trainer", Check.observe, {"evaluation_strategy": "no"}, timeout=60)
        assert isinstance(reply, Raised) and "evaluation_strategy" in reply.text
