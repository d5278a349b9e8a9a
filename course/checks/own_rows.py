"""Visible checks of lesson 07, first part: the rows of a file are cleaned and split."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from course.checks.base import Check, Inputs
from course.checks.mistakes import mistake
from course.checks.values import kind_of, need_mapping
from course.own_data import SHARES, STAFF_LINE, Row, messy_rows
from course.reviews import text_key

SPLITS = {"train": 0.8, "validation": 0.1, "test": 0.1}
#: How many rows of a class a split may be off: two roundings, as where one split is split again.
OFF = 2


def as_rows(value: Any) -> Any:
    """Return a table or a series of rows as a list of rows; anything else stays as it is."""
    if hasattr(value, "to_list"):  # a datasets.Dataset
        return value.to_list()
    if hasattr(value, "to_dict"):  # a pandas.DataFrame
        return value.to_dict("records")
    if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
        return value
    return list(value)


def need_rows(value: Any, what: str) -> list[dict[Any, Any]]:
    """Return `value` if it is a list of rows with text and label; otherwise raise MistakeError."""
    if value is None:
        raise mistake("returns-none", what=what)
    if not isinstance(value, list):
        raise mistake("rows-not-a-list", what=what, kind=kind_of(value))
    for row in value:
        if not isinstance(row, dict) or not {"text", "label"} <= row.keys():
            raise mistake("rows-not-dicts", what=what, row=row)
    return value


def _words(cell: Any) -> str:
    """Return a cell's text without blanks around it; what is no text is empty."""
    return cell.strip() if isinstance(cell, str) else ""


class Cleaned:
    """The rows that came back, beside what should be left of the rows given."""

    def __init__(self, observed: Any, rows: list[Row]) -> None:
        self.rows = need_rows(observed, "The result of clean_rows")
        #: By key: the spellings of a text, and its labels, of all rows that have both.
        self.texts: dict[str, list[str]] = {}
        self.labels: dict[str, set[str]] = {}
        for row in rows:
            text = _words((row["text"] or "").partition(f"\n{STAFF_LINE}")[0])
            if text and (label := _words(row["label"]).lower()):
                self.texts.setdefault(text_key(text), []).append(text)
                self.labels.setdefault(text_key(text), set()).add(label)
        self.keys = [text_key(_words(row["text"])) for row in self.rows]
        #: What `first` found, for the message.
        self.row: dict[Any, Any] = {}

    def first(self, shows: Callable[[dict[Any, Any], str], Any]) -> bool:
        """Return whether a row shows something, seen with its key; `row` is then the first."""
        found = (row for row, key in zip(self.rows, self.keys, strict=True) if shows(row, key))
        self.row = next(found, {})
        return bool(self.row)

    @property
    def text(self) -> str:
        return short(self.row["text"])

    @property
    def columns(self) -> list[str]:
        return sorted({str(name) for row in self.rows for name in row})

    @property
    def repeated(self) -> set[str]:
        return {key for key, times in Counter(self.keys).items() if times > 1}

    def repeats(self, *, exactly: bool) -> bool:
        """Return whether rows repeat a text, letter by letter or nearly; `row` is one of them."""
        texts = Counter(_words(row["text"]) for row in self.rows)
        return self.first(
            lambda row, key: key in self.repeated and (texts[_words(row["text"])] > 1) == exactly
        )

    @property
    def lost(self) -> list[str]:
        """The keys of the texts that should have been kept."""
        have = set(self.keys)
        return [key for key, said in self.labels.items() if len(said) == 1 and key not in have]

    @property
    def lost_text(self) -> str:
        return short(self.texts[self.lost[0]][0])

    def is_changed(self, row: dict[Any, Any], key: str) -> bool:
        """Return whether a row's text is none of those given, blanks aside."""
        known = [" ".join(text.split()) for text in self.texts.get(key, ())]
        return " ".join(str(row["text"]).split()) not in known


def short(text: Any) -> str:
    """Return a text short enough to be quoted."""
    words = " ".join(str(text).split())
    return words if len(words) < 90 else f"{words[:40]} … {words[-40:]}"


class CleanRows(Check):
    """Empty rows, copies, contradictions and everything that gives the label away are gone."""

    function = "clean_rows"
    facts = Cleaned
    signs = {
        "leak-column-kept": lambda it: it.first(lambda row, key: "desk" in row),
        "empty-text-kept": lambda it: it.first(lambda row, key: not _words(row["text"])),
        "empty-label-kept": lambda it: it.first(
            lambda row, key: _words(row["label"]).lower() in ("", "none", "nan")
        ),
        "staff-line-kept": lambda it: it.first(
            lambda row, key: STAFF_LINE in " ".join(row["text"].split())
        ),
        "spellings-kept": lambda it: it.first(
            lambda row, key: row["label"] != row["label"].strip().lower() in SHARES
        ),
        "copies-kept": lambda it: it.repeats(exactly=True),
        "near-copies-kept": lambda it: it.repeats(exactly=False),
        "all-copies-dropped": lambda it: it.lost and all(len(it.texts[key]) > 1 for key in it.lost),
        "rows-dropped": lambda it: it.lost,
        "contradictions-kept": lambda it: it.first(
            lambda row, key: len(it.labels.get(key, ())) > 1
        ),
        "text-changed": lambda it: it.first(it.is_changed),
        "other-label": lambda it: it.first(lambda row, key: {row["label"]} != it.labels[key]),
        "columns-kept": lambda it: set(it.columns) != {"text", "label"},
    }
    raised = ("none-has-no-strip", "nan-has-no-strip")
    told = ("returns-none", "rows-not-a-list", "rows-not-dicts")

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield a small file as `csv.DictReader` gives it, with all that is wrong in the large one."""
        yield {"rows": messy_rows(rng, 60)}

    @staticmethod
    def observe(function: Callable[..., Any], rows: list[Row]) -> Any:
        """Call the function with rows; a table of another kind that it returns will do."""
        return as_rows(function(rows))


class Parts:
    """The parts of rows, as the same seed gave them twice, and another one."""

    def __init__(self, observed: Any, rows: list[dict[str, str]], seed: int) -> None:
        runs = need_mapping(observed, ["runs"], "What was observed")["runs"]
        if not isinstance(runs, list) or len(runs) != 3:
            raise mistake("rows-not-a-list", what="What was observed", kind=kind_of(runs))
        self.runs = [self._read(run) for run in runs]
        self.parts = self.runs[0]
        self.given = {row["text"]: row["label"] for row in rows}
        self.counts = Counter(row["label"] for row in rows)
        self.sizes = {name: len(part) for name, part in self.parts.items()}

    @staticmethod
    def _read(run: Any) -> dict[str, list[tuple[Any, Any]]]:
        parts = need_mapping(run, SPLITS, "The result of split_rows")
        found: dict[str, list[tuple[Any, Any]]] = {}
        for name in SPLITS:
            what = f"The part {name!r} of split_rows"
            rows = need_rows(parts[name], what)
            for row in rows:
                if not isinstance(row["text"], str) or not isinstance(row["label"], str):
                    raise mistake("rows-not-dicts", what=what, row=row)
            found[name] = [(row["text"], row["label"]) for row in rows]
        return found

    @property
    def all(self) -> list[tuple[Any, Any]]:
        return [row for part in self.parts.values() for row in part]

    @property
    def shared(self) -> list[Any]:
        """Texts that are in two parts."""
        found = Counter(text for part in self.parts.values() for text, _ in {*part})
        return [text for text, times in found.items() if times > 1]

    @property
    def lost(self) -> int:
        return len(self.given.keys() - {text for text, _ in self.all})

    @property
    def off(self) -> tuple[str, str, int, float] | None:
        """A part and a class of which it has too few or too many, what it has, and its share."""
        for name, share in SPLITS.items():
            have = Counter(label for _, label in self.parts[name])
            for label, count in self.counts.items():
                # What validation and test have too much, train has too little.
                allowed = OFF * (2 if name == "train" else 1)
                if abs(have[label] - share * count) > allowed:
                    return name, label, have[label], share * count
        return None

    @property
    def wrong_size(self) -> bool:
        total, allowed = len(self.given), 2 * OFF * len(self.counts)
        return any(
            abs(self.sizes[name] - share * total) > allowed for name, share in SPLITS.items()
        )

    def same(self, other: int) -> bool:
        """Return whether the first run put each row where the `other` one put it."""
        return all({*self.parts[name]} == {*self.runs[other][name]} for name in SPLITS)


class SplitRows(Check):
    """Each row is in one part, each part has its share of every class, and a seed says which."""

    function = "split_rows"
    facts = Parts
    signs = {
        "split-changes-rows": lambda it: any(it.given.get(text) != label for text, label in it.all),
        "text-in-two-parts": lambda it: it.shared,
        "split-loses-rows": lambda it: it.lost,
        "row-drawn-twice": lambda it: len(it.all) > len(it.given),
        "parts-of-another-size": lambda it: it.wrong_size,
        "not-stratified": lambda it: it.off,
        "split-not-repeatable": lambda it: not it.same(1),
        "split-seed-ignored": lambda it: it.same(2),
    }
    told = ("returns-none", "wrong-type", "missing-key", "rows-not-a-list", "rows-not-dicts")

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield rows sorted by their labels, of four classes, the smallest of 40 rows."""
        yield {"rows": sorted_rows(rng), "seed": rng.randrange(1000)}

    @staticmethod
    def observe(function: Callable[..., Any], rows: list[dict[str, str]], seed: int) -> Any:
        """Split with a seed, with the same one again, and with another."""
        import numpy
        import torch

        runs = []
        # Chance begins elsewhere each time: only the split's own seeding can undo that.
        state, others = random.getstate(), numpy.random.get_state()
        with torch.random.fork_rng(devices=[]):
            for noise, one in enumerate((seed, seed, seed + 1)):
                random.seed(noise)
                numpy.random.seed(noise)
                torch.manual_seed(noise)
                found = function([dict(row) for row in rows], one)
                if isinstance(found, Mapping):
                    found = {name: as_rows(part) for name, part in found.items()}
                runs.append(found)
        random.setstate(state)
        numpy.random.set_state(others)
        return {"runs": runs}


def sorted_rows(rng: random.Random) -> list[dict[str, str]]:
    """Return clean rows of the four classes, in their order, none as often as another."""
    sizes = [rng.randint(low, low + low // 5) for low in (250, 160, 90, 40)]
    return [
        {"text": f"message {place} of {label}, number {rng.randrange(10**6)}", "label": label}
        for label, size in zip(SHARES, sizes, strict=True)
        for place in range(size)
    ]


CHECKS = (CleanRows, SplitRows)
