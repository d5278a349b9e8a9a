# %% right: scikit-learn
from sklearn.model_selection import train_test_split


def split_rows(rows, seed):
    train, rest = train_test_split(
        rows, test_size=0.2, random_state=seed, stratify=[row["label"] for row in rows]
    )
    validation, test = train_test_split(
        rest, test_size=0.5, random_state=seed, stratify=[row["label"] for row in rest]
    )
    return {"train": train, "validation": validation, "test": test}


# %% right: pandas
import pandas as pd


def split_rows(rows, seed):
    table = pd.DataFrame(rows).sample(frac=1, random_state=seed)
    place = table.groupby("label").cumcount() / table.groupby("label")["text"].transform("size")
    return {
        "train": table[place < 0.8],
        "validation": table[(place >= 0.8) & (place < 0.9)],
        "test": table[place >= 0.9],
    }


# %% right: datasets, in two calls
from datasets import ClassLabel, Dataset


def split_rows(rows, seed):
    data = Dataset.from_list(rows)
    data = data.add_column("class", data["label"])
    data = data.cast_column("class", ClassLabel(names=sorted(set(data["label"]))))
    first = data.train_test_split(0.2, seed=seed, stratify_by_column="class")
    second = first["test"].train_test_split(0.5, seed=seed, stratify_by_column="class")
    return {"train": first["train"], "validation": second["train"], "test": second["test"]}


# %% right: torch's permutation, every tenth row of a class
def split_rows(rows, seed):
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed)).tolist()
    parts, seen = {"train": [], "validation": [], "test": []}, Counter()
    for place in order:
        row = rows[place]
        seen[row["label"]] += 1
        name = {0: "test", 5: "validation"}.get(seen[row["label"]] % 10, "train")
        parts[name].append(row)
    return parts


# %% right: seeds the global generator
def split_rows(rows, seed):
    random.seed(seed)
    rows = random.sample(rows, len(rows))
    parts = {"train": [], "validation": [], "test": []}
    for label in {row["label"] for row in rows}:
        own = [row for row in rows if row["label"] == label]
        one, two = int(0.8 * len(own)), int(0.9 * len(own))
        parts["train"] += own[:one]
        parts["validation"] += own[one:two]
        parts["test"] += own[two:]
    return {name: tuple(part) for name, part in parts.items()}


# %% wrong: text-in-two-parts
from sklearn.model_selection import train_test_split


def split_rows(rows, seed):
    labels = [row["label"] for row in rows]
    train, test = train_test_split(rows, test_size=0.1, random_state=seed, stratify=labels)
    _, validation = train_test_split(rows, test_size=0.1, random_state=seed + 1, stratify=labels)
    return {"train": train, "validation": validation, "test": test}


# %% wrong: split-loses-rows
from sklearn.model_selection import train_test_split


def split_rows(rows, seed):
    labels = [row["label"] for row in rows]
    train, rest = train_test_split(rows, test_size=0.2, random_state=seed, stratify=labels)
    return {"train": train, "validation": rest[: len(rest) // 4], "test": rest[-len(rest) // 4 :]}


# %% wrong: row-drawn-twice
def split_rows(rows, seed):
    rng = random.Random(seed)
    parts = {"train": [], "validation": [], "test": []}
    for label in sorted({row["label"] for row in rows}):
        own = [row for row in rows if row["label"] == label]
        rng.shuffle(own)
        tenth = len(own) // 10
        parts["test"] += own[:tenth]
        parts["validation"] += own[tenth : 2 * tenth]
        rest = own[2 * tenth :]
        parts["train"] += rest + rng.choices(rest, k=3)
    return parts


# %% wrong: parts-of-another-size
from sklearn.model_selection import train_test_split


def split_rows(rows, seed):
    # A tenth of the held-out fifth.
    labels = [row["label"] for row in rows]
    train, rest = train_test_split(rows, test_size=0.2, random_state=seed, stratify=labels)
    validation, test = train_test_split(rest, test_size=0.1, random_state=seed)
    return {"train": train, "validation": validation, "test": test}


# %% wrong: not-stratified
from sklearn.model_selection import train_test_split


def split_rows(rows, seed):
    train, rest = train_test_split(rows, test_size=0.2, random_state=seed)
    validation, test = train_test_split(rest, test_size=0.5, random_state=seed)
    return {"train": train, "validation": validation, "test": test}


# %% wrong: not-stratified
def split_rows(rows, seed):
    # In the order of the file, which is sorted by label.
    one, two = int(0.8 * len(rows)), int(0.9 * len(rows))
    return {"train": rows[:one], "validation": rows[one:two], "test": rows[two:]}


# %% wrong: split-not-repeatable
def split_rows(rows, seed):
    parts = {"train": [], "validation": [], "test": []}
    for label in sorted({row["label"] for row in rows}):
        own = [row for row in rows if row["label"] == label]
        random.shuffle(own)
        tenth = len(own) // 10
        parts["test"] += own[:tenth]
        parts["validation"] += own[tenth : 2 * tenth]
        parts["train"] += own[2 * tenth :]
    return parts


# %% wrong: split-seed-ignored
from sklearn.model_selection import train_test_split


def split_rows(rows, seed):
    labels = [row["label"] for row in rows]
    train, rest = train_test_split(rows, test_size=0.2, random_state=42, stratify=labels)
    labels = [row["label"] for row in rest]
    validation, test = train_test_split(rest, test_size=0.5, random_state=42, stratify=labels)
    return {"train": train, "validation": validation, "test": test}


# %% wrong: split-changes-rows
from sklearn.model_selection import train_test_split


def split_rows(rows, seed):
    texts, labels = [row["text"] for row in rows], [row["label"] for row in rows]
    parts = {}
    for name, size in (("train", 0.8), ("validation", 0.1), ("test", 0.1)):
        some, _ = train_test_split(texts, train_size=size, random_state=seed)
        also, _ = train_test_split(labels, train_size=size, random_state=seed + 1)
        parts[name] = [{"text": one, "label": other} for one, other in zip(some, also)]
    return parts


# %% wrong: missing-key
def split_rows(rows, seed):
    rng = random.Random(seed)
    rows = rng.sample(rows, len(rows))
    cut = int(0.8 * len(rows))
    return {"train": rows[:cut], "test": rows[cut:]}


# %% wrong: wrong-type
def split_rows(rows, seed):
    rng = random.Random(seed)
    rows = rng.sample(rows, len(rows))
    one, two = int(0.8 * len(rows)), int(0.9 * len(rows))
    return rows[:one], rows[one:two], rows[two:]


# %% wrong: rows-not-dicts
def split_rows(rows, seed):
    numbers = random.Random(seed).sample(range(len(rows)), len(rows))
    one, two = int(0.8 * len(rows)), int(0.9 * len(rows))
    return {"train": numbers[:one], "validation": numbers[one:two], "test": numbers[two:]}


# %% wrong: rows-not-a-list
def split_rows(rows, seed):
    return {"train": 0.8, "validation": 0.1, "test": 0.1}


# %% wrong: returns-none
def split_rows(rows, seed):
    random.Random(seed).shuffle(rows)
