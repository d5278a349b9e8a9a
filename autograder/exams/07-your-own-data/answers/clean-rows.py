# %% right: pandas
import pandas as pd


def clean_rows(rows):
    table = pd.DataFrame(rows)[["text", "label"]].fillna("")
    table["text"] = table["text"].str.replace(r"\n-- passed on to the.*$", "", regex=True).str.strip()
    table["label"] = table["label"].str.strip().str.lower()
    table = table[(table["text"] != "") & (table["label"] != "")]
    table["key"] = table["text"].map(text_key)
    labels = table.groupby("key")["label"].nunique()
    table = table[table["key"].map(labels) == 1].drop_duplicates("key")
    return table[["text", "label"]].to_dict("records")


# %% right: a table comes back
import pandas as pd


def clean_rows(rows):
    table = pd.DataFrame(rows).dropna(subset=["text", "label"])
    table = table.assign(
        text=[text.split("\n-- ")[0].strip() for text in table.text],
        label=[label.strip().lower() for label in table.label],
    )
    table = table.query("text != '' and label != ''")
    key = table.text.map(text_key)
    one = table.label.groupby(key).transform("nunique") == 1
    return table[one & ~key.duplicated(keep="last")][["text", "label"]].reset_index(drop=True)


# %% right: groups, the last copy kept
from collections import defaultdict


def clean_rows(rows):
    groups = defaultdict(dict)
    for row in rows:
        text, label = row.get("text"), row.get("label")
        if not text or not text.strip() or not label or not label.strip():
            continue
        lines = text.strip().split("\n")
        if lines[-1].startswith("-- passed on to the"):
            lines = lines[:-1]
        text = "\n".join(lines).strip()
        groups[text_key(text)][label.strip().lower()] = text
    return [
        {"label": label, "text": text}
        for found in groups.values()
        if len(found) == 1
        for label, text in found.items()
    ]


# %% right: regular expressions, a generator
import re


def clean_rows(rows):
    def tidy():
        for row in rows:
            text = re.sub(r"\n-- passed on to the[^\n]*\s*\Z", "", row["text"] or "")
            yield " ".join(text.split()), (row["label"] or "").casefold().strip()

    pairs = [pair for pair in tidy() if all(pair)]
    labels = {}
    for text, label in pairs:
        labels.setdefault(text_key(text), set()).add(label)
    seen = set()
    for text, label in pairs:
        key = text_key(text)
        if len(labels[key]) == 1 and key not in seen:
            seen.add(key)
            yield {"text": text, "label": label}


# %% right: datasets
from datasets import Dataset


def clean_rows(rows):
    data = Dataset.from_list(rows).select_columns(["text", "label"])
    data = data.map(
        lambda row: {
            "text": (row["text"] or "").partition("\n--")[0].strip(),
            "label": (row["label"] or "").strip().lower(),
        }
    ).filter(lambda row: row["text"] and row["label"])
    first, clash = {}, set()
    for text, label in zip(data["text"], data["label"]):
        if first.setdefault(text_key(text), (text, label))[1] != label:
            clash.add(text_key(text))
    return [{"text": t, "label": l} for key, (t, l) in first.items() if key not in clash]


# %% wrong: leak-column-kept
def clean_rows(rows):
    kept, labels = {}, {}
    for row in rows:
        text = (row["text"] or "").partition("\n--")[0].strip()
        label = (row["label"] or "").strip().lower()
        if text and label:
            kept.setdefault(text_key(text), {**row, "text": text, "label": label})
            labels.setdefault(text_key(text), set()).add(label)
    return [row for key, row in kept.items() if len(labels[key]) == 1]


# %% wrong: empty-text-kept
def clean_rows(rows):
    kept, labels = {}, {}
    for row in rows:
        if row["text"] and row["label"] and row["label"].strip():  # blanks are "true"
            text = row["text"].partition("\n--")[0].strip()
            label = row["label"].strip().lower()
            kept.setdefault(text_key(text), {"text": text, "label": label})
            labels.setdefault(text_key(text), set()).add(label)
    return [row for key, row in kept.items() if len(labels[key]) == 1 or not key]


# %% wrong: empty-label-kept
def clean_rows(rows):
    kept, labels = {}, {}
    for row in rows:
        text = (row["text"] or "").partition("\n--")[0].strip()
        label = str(row["label"]).strip().lower()
        if text and label:
            kept.setdefault(text_key(text), {"text": text, "label": label})
            labels.setdefault(text_key(text), set()).add(label)
    return [row for key, row in kept.items() if len(labels[key]) == 1]


# %% wrong: staff-line-kept
def clean_rows(rows):
    kept, labels = {}, {}
    for row in rows:
        text, label = (row["text"] or "").strip(), (row["label"] or "").strip().lower()
        if text and label:
            kept.setdefault(text_key(text), {"text": text, "label": label})
            labels.setdefault(text_key(text), set()).add(label)
    return [row for key, row in kept.items() if len(labels[key]) == 1]


# %% wrong: spellings-kept
def clean_rows(rows):
    kept, labels = {}, {}
    for row in rows:
        text = (row["text"] or "").partition("\n--")[0].strip()
        label = (row["label"] or "").strip()
        if text and label:
            kept.setdefault(text_key(text), {"text": text, "label": label})
            labels.setdefault(text_key(text), set()).add(label.lower())
    return [row for key, row in kept.items() if len(labels[key]) == 1]


# %% wrong: copies-kept
def clean_rows(rows):
    tidy = [
        {
            "text": (row["text"] or "").partition("\n--")[0].strip(),
            "label": (row["label"] or "").strip().lower(),
        }
        for row in rows
    ]
    return [row for row in tidy if row["text"] and row["label"]]


# %% wrong: copies-kept
def clean_rows(rows):
    # Compared before the last line is gone.
    kept = {}
    for row in rows:
        if (row["text"] or "").strip() and (row["label"] or "").strip():
            kept.setdefault(text_key(row["text"]), row)
    return [
        {"text": row["text"].partition("\n--")[0].strip(), "label": row["label"].strip().lower()}
        for row in kept.values()
    ]


# %% wrong: near-copies-kept
def clean_rows(rows):
    kept, labels = {}, {}
    for row in rows:
        text = (row["text"] or "").partition("\n--")[0].strip()
        label = (row["label"] or "").strip().lower()
        if text and label:
            kept.setdefault(text, {"text": text, "label": label})
            labels.setdefault(text, set()).add(label)
    return [row for key, row in kept.items() if len(labels[key]) == 1]


# %% wrong: contradictions-kept (0.5)
def clean_rows(rows):
    kept = {}
    for row in rows:
        text = (row["text"] or "").partition("\n--")[0].strip()
        label = (row["label"] or "").strip().lower()
        if text and label:
            kept.setdefault(text_key(text), {"text": text, "label": label})
    return list(kept.values())


# %% wrong: all-copies-dropped
import pandas as pd


def clean_rows(rows):
    table = pd.DataFrame(rows)[["text", "label"]].fillna("")
    table["text"] = [text.partition("\n--")[0].strip() for text in table["text"]]
    table["label"] = table["label"].str.strip().str.lower()
    table = table[(table["text"] != "") & (table["label"] != "")]
    key = table["text"].map(text_key)
    return table[~key.duplicated(keep=False)].to_dict("records")


# %% wrong: rows-dropped
def clean_rows(rows):
    kept, labels = {}, {}
    for row in rows:
        # Whoever was passed on is thrown away whole.
        if "--" in (row["text"] or "") or not (row["label"] or "").strip():
            continue
        text, label = (row["text"] or "").strip(), row["label"].strip().lower()
        if text:
            kept.setdefault(text_key(text), {"text": text, "label": label})
            labels.setdefault(text_key(text), set()).add(label)
    return [row for key, row in kept.items() if len(labels[key]) == 1]


# %% wrong: text-changed
def clean_rows(rows):
    labels = {}
    for row in rows:
        text = text_key((row["text"] or "").partition("\n--")[0])
        label = (row["label"] or "").strip().lower()
        if text and label:
            labels.setdefault(text, set()).add(label)
    return [{"text": text, "label": one.pop()} for text, one in labels.items() if len(one) == 1]


# %% wrong: other-label
def clean_rows(rows):
    texts, labels = {}, {}
    for row in rows:
        text = (row["text"] or "").partition("\n--")[0].strip()
        label = (row["label"] or "").strip().lower()
        if text and label:
            texts.setdefault(text_key(text), text)
            labels.setdefault(text_key(text), set()).add(label)
    keys = [key for key, found in labels.items() if len(found) == 1]
    # Texts are sorted, labels are not.
    return [
        {"text": texts[one], "label": min(labels[other])}
        for one, other in zip(sorted(keys), keys)
    ]


# %% wrong: columns-kept (0.5)
def clean_rows(rows):
    kept, labels = {}, {}
    for row in rows:
        text = (row["text"] or "").partition("\n--")[0].strip()
        label = (row["label"] or "").strip().lower()
        if text and label:
            kept.setdefault(text_key(text), {"id": row["id"], "text": text, "label": label})
            labels.setdefault(text_key(text), set()).add(label)
    return [row for key, row in kept.items() if len(labels[key]) == 1]


# %% wrong: none-has-no-strip
def clean_rows(rows):
    return [
        {"text": row["text"].partition("\n--")[0].strip(), "label": row["label"].strip().lower()}
        for row in rows
        if row["text"]
    ]


# %% wrong: nan-has-no-strip
import pandas as pd


def clean_rows(rows):
    table = pd.DataFrame(rows).astype({"label": object})
    table.loc[table["label"].isna(), "label"] = float("nan")
    table["label"] = [label.strip().lower() for label in table["label"]]
    return table[["text", "label"]].to_dict("records")


# %% wrong: rows-not-a-list
def clean_rows(rows):
    kept = {}
    for row in rows:
        if row["text"] and row["label"]:
            kept[row["text"].strip()] = row["label"].strip().lower()
    return kept


# %% wrong: rows-not-dicts
def clean_rows(rows):
    return [(row["text"], row["label"]) for row in rows if row["text"] and row["label"]]


# %% wrong: returns-none
def clean_rows(rows):
    for row in rows:
        row["text"] = (row["text"] or "").strip()
