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

from autograder.records import write_text
from course.reviews import find_combined, load_reviews, text_key

#: Words of a stand-in: about as long as a Rotten Tomatoes review.
WORDS = 22
VERSION = "1"


@cache
def stand_ins() -> dict[str, str]:
    """Return which file to show in the place of which; nothing where no reviews are installed."""
    try:
        original = find_combined()
    except (FileNotFoundError, ModuleNotFoundError):
        return {}
    status = original.stat()
    name = f"{VERSION}\0{original}\0{status.st_size}\0{status.st_mtime_ns}"
    path = _folder() / f"reviews-{hashlib.sha256(name.encode()).hexdigest()[:16]}.csv"
    if not path.is_file():
        write_text(path, _replaced(original))
        path.chmod(0o644)
    return {str(original): str(path)}


def _folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "bert-classroom"


def _replaced(original: Path) -> str:
    """Return the text of the file with stand-ins."""
    import io

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
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
