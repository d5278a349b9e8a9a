"""The embedded reviews as a contained kernel sees them: other texts in the test rows' place.

The verdict measures a model on the test split, so no submission may read those rows. The file
shown instead has, in each of them, the beginning of an IMDb review with the same label. Every
other row is unchanged, and so are all splits: `load_reviews()` gives the same training rows.
"""

from __future__ import annotations

import csv
import hashlib
import os
from functools import cache
from pathlib import Path
from typing import Any

from course.reviews import find_combined, load_reviews, text_key

#: Words of a stand-in: about as long as a Rotten Tomatoes review.
WORDS = 22
VERSION = "2"


@cache
def stand_ins() -> dict[str, str]:
    """Return which file to show in the place of which; nothing where no reviews are installed."""
    try:
        original = find_combined()
    except (FileNotFoundError, ModuleNotFoundError):
        return {}
    status = original.stat()
    name = f"{VERSION}\0{original}\0{status.st_size}\0{status.st_mtime_ns}"
    path = _folder() / f"reviews-{hashlib.sha256(name.encode()).hexdigest()[:16]}.arrow"
    if not path.is_file():
        _write(path, _replaced(original))
    return {str(original): str(path)}


def _folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "bert-classroom"


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write `rows` as an Arrow file, whole or not at all: each kernel reads it, and in no time."""
    import pyarrow

    table = pyarrow.Table.from_pylist(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    with pyarrow.ipc.new_file(str(part), table.schema) as file:
        file.write_table(table)
    part.chmod(0o644)
    part.replace(path)


def _replaced(original: Path) -> list[dict[str, Any]]:
    """Return the file's rows with stand-ins."""
    hidden = {text_key(text) for text in load_reviews()["test"]["text"]}
    with original.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    taken = {text_key(row["text"]) for row in rows}
    spare: dict[str, list[str]] = {}
    for row in rows:
        if row["source"] == "imdb":
            beginning = " ".join(row["text"].split()[:WORDS])
            if (key := text_key(beginning)) not in taken:
                taken.add(key)
                spare.setdefault(row["label"], []).append(beginning)
    given: dict[str, str] = {}
    for row in rows:
        key = text_key(row["text"])
        if row["source"] == "rotten_tomatoes" and key in hidden:
            row["text"] = given.setdefault(key, "") or spare[row["label"]].pop()
            given[key] = row["text"]
    return [row | {"label": int(row["label"])} for row in rows]
