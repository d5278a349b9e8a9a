# %% right: a lambda
tokenize_dataset = lambda dataset, tokenizer, max_length: dataset.map(
    lambda rows: tokenizer(list(rows["text"]), truncation=True, max_length=max_length), batched=True
)


# %% right: row by row
def tokenize_dataset(dataset, tokenizer, max_length):
    def one(row):
        return tokenizer(row["text"], truncation=True, max_length=max_length)

    return dataset.map(one)


# %% right: columns added without map
def tokenize_dataset(dataset, tokenizer, max_length):
    encoded = tokenizer(list(dataset["text"]), truncation=True, max_length=max_length)
    for name in ("input_ids", "attention_mask"):
        dataset = dataset.add_column(name, encoded[name])
    return dataset


# %% right: a partial and fn_kwargs, the text column removed, torch format
from functools import partial


def _cut(rows, tokenizer, length):
    return tokenizer(rows["text"], truncation=True, max_length=length)


def tokenize_dataset(dataset, tokenizer, max_length):
    done = dataset.map(
        partial(_cut, tokenizer=tokenizer),
        fn_kwargs={"length": max_length},
        batched=True,
        batch_size=4,
        remove_columns=["text"],
    )
    return done.with_format("torch")


# %% wrong: rows-given-as-text
def tokenize_dataset(dataset, tokenizer, max_length):
    return dataset.map(tokenizer, batched=True)


# %% wrong: map-result-dropped
def tokenize_dataset(dataset, tokenizer, max_length):
    dataset.map(lambda rows: tokenizer(rows["text"], truncation=True, max_length=max_length), batched=True)


# %% wrong: column-missing
def tokenize_dataset(dataset, tokenizer, max_length):
    dataset.map(lambda rows: tokenizer(rows["text"], truncation=True, max_length=max_length), batched=True)
    return dataset


# %% wrong: padded-in-map
def tokenize_dataset(dataset, tokenizer, max_length):
    return dataset.map(
        lambda rows: tokenizer(rows["text"], padding=True, truncation=True, max_length=max_length),
        batched=True,
    )


# %% wrong: map-no-truncation
def tokenize_dataset(dataset, tokenizer, max_length):
    return dataset.map(lambda rows: tokenizer(rows["text"]), batched=True)


# %% wrong: nested-rows
def tokenize_dataset(dataset, tokenizer, max_length):
    return dataset.map(
        lambda row: tokenizer(row["text"], truncation=True, max_length=max_length, return_tensors="pt")
    )


# %% wrong: label-lost
def tokenize_dataset(dataset, tokenizer, max_length):
    return dataset.map(
        lambda rows: tokenizer(rows["text"], truncation=True, max_length=max_length),
        batched=True,
        remove_columns=dataset.column_names,
    )


# %% wrong: not-a-dataset
def tokenize_dataset(dataset, tokenizer, max_length):
    return tokenizer(list(dataset["text"]), truncation=True, max_length=max_length)


# %% wrong: map-other-ids
def tokenize_dataset(dataset, tokenizer, max_length):
    def tokenize(rows):
        out = tokenizer(rows["text"], truncation=True, max_length=max_length)
        out["input_ids"] = [[101] + [2143] * (len(row) - 2) + [102] for row in out["input_ids"]]
        return out

    return dataset.map(tokenize, batched=True)


# %% wrong: tensors-in-map
def tokenize_dataset(dataset, tokenizer, max_length):
    return dataset.map(
        lambda rows: tokenizer(
            rows["text"], truncation=True, max_length=max_length, return_tensors="pt"
        ),
        batched=True,
    )


# %% wrong: padded-in-map
def tokenize_dataset(dataset, tokenizer, max_length):
    return dataset.map(
        lambda rows: tokenizer(
            rows["text"], padding="max_length", truncation=True, max_length=max_length
        ),
        batched=True,
    )


# %% wrong: map-no-special-tokens
def tokenize_dataset(dataset, tokenizer, max_length):
    def tokenize(rows):
        return tokenizer(
            rows["text"], truncation=True, max_length=max_length, add_special_tokens=False
        )

    return dataset.map(tokenize, batched=True)


# %% wrong: map-cut-too-short
def tokenize_dataset(dataset, tokenizer, max_length):
    def tokenize(rows):
        return tokenizer([text[:max_length] for text in rows["text"]])

    return dataset.map(tokenize, batched=True)


# %% wrong: label-changed
def tokenize_dataset(dataset, tokenizer, max_length):
    def tokenize(rows):
        batch = tokenizer(rows["text"], truncation=True, max_length=max_length)
        batch["label"] = [2 * label - 1 for label in rows["label"]]
        return batch

    return dataset.map(tokenize, batched=True)


# %% wrong: map-mask-wrong
def tokenize_dataset(dataset, tokenizer, max_length):
    def tokenize(rows):
        batch = tokenizer(rows["text"], truncation=True, max_length=max_length)
        return {"input_ids": batch["input_ids"], "attention_mask": batch["token_type_ids"]}

    return dataset.map(tokenize, batched=True)


# %% right: max_length alone truncates while nothing is padded
def tokenize_dataset(dataset, tokenizer, max_length):
    return dataset.map(lambda rows: tokenizer(rows["text"], max_length=max_length), batched=True)


# %% right: the column by itself, two keys returned, all rows at once, NumPy format
def tokenize_dataset(dataset, tokenizer, max_length):
    def tokenize(texts):
        encoded = tokenizer(texts, truncation="longest_first", max_length=max_length)
        return {"input_ids": encoded["input_ids"], "attention_mask": encoded["attention_mask"]}

    done = dataset.map(
        tokenize, batched=True, batch_size=None, input_columns="text", keep_in_memory=True
    )
    done.set_format("numpy", columns=["input_ids", "attention_mask", "label"])
    return done


# %% right: a new dataset from a dictionary, a mask of booleans
from datasets import Dataset


def tokenize_dataset(dataset, tokenizer, max_length):
    rows = [tokenizer.encode(text, truncation=True, max_length=max_length) for text in dataset["text"]]
    return Dataset.from_dict(
        {
            "label": list(dataset["label"]),
            "input_ids": rows,
            "attention_mask": [[True] * len(row) for row in rows],
        }
    )


# %% right: columns put beside each other
from datasets import Dataset, concatenate_datasets


def tokenize_dataset(dataset, tokenizer, max_length):
    encoded = tokenizer(dataset["text"][:], truncation=True, max_length=max_length)
    return concatenate_datasets([dataset, Dataset.from_dict(dict(encoded))], axis=1)


# %% right: through pandas
from datasets import Dataset


def tokenize_dataset(dataset, tokenizer, max_length):
    frame = dataset.to_pandas()
    encoded = tokenizer(frame["text"].tolist(), truncation=True, max_length=max_length)
    frame["input_ids"] = encoded["input_ids"]
    frame["attention_mask"] = encoded["attention_mask"]
    return Dataset.from_pandas(frame)


# %% right: the label renamed for the model, token_type_ids removed
def tokenize_dataset(dataset, tokenizer, max_length):
    done = dataset.map(
        lambda rows: tokenizer(
            rows["text"], truncation=True, max_length=max_length, return_token_type_ids=False
        ),
        batched=True,
        batch_size=3,
        load_from_cache_file=False,
    )
    return done.rename_column("label", "labels")


# %% right: arrays row by row, squeezed
def tokenize_dataset(dataset, tokenizer, max_length):
    def tokenize(row, number):
        encoded = tokenizer(row["text"], truncation=True, max_length=max_length, return_tensors="np")
        return {name: array.squeeze(0) for name, array in encoded.items()}

    return dataset.map(tokenize, with_indices=True, remove_columns="text")


# %% right: written row by row, from a generator
from datasets import Dataset


class Tokenize:
    def __init__(self, tokenizer, max_length):
        self.tokenizer, self.max_length = tokenizer, max_length

    def rows(self, dataset):
        for row in dataset:
            ids = self.tokenizer(row["text"], truncation=True, max_length=self.max_length).input_ids
            yield {**row, "input_ids": ids, "attention_mask": [1] * len(ids)}


def tokenize_dataset(dataset, tokenizer, max_length):
    return Dataset.from_list(list(Tokenize(tokenizer, max_length).rows(dataset)))


# %% wrong: rows-given-as-text
# A column of a dataset is not a list.
def tokenize_dataset(dataset, tokenizer, max_length):
    encoded = tokenizer(dataset["text"], truncation=True, max_length=max_length)
    return dataset.add_column("input_ids", encoded["input_ids"])


# %% wrong: rows-reordered
def tokenize_dataset(dataset, tokenizer, max_length):
    dataset = dataset.map(
        lambda rows: tokenizer(rows["text"], truncation=True, max_length=max_length), batched=True
    )
    return dataset.map(lambda row: {"length": len(row["input_ids"])}).sort("length")


# %% wrong: rows-lost
def tokenize_dataset(dataset, tokenizer, max_length):
    dataset = dataset.filter(lambda row: len(tokenizer.tokenize(row["text"])) + 2 <= max_length)
    return dataset.map(
        lambda rows: tokenizer(rows["text"], truncation=True, max_length=max_length), batched=True
    )


# %% wrong: rows-lost
# What is too long becomes several rows.
def tokenize_dataset(dataset, tokenizer, max_length):
    def tokenize(rows):
        encoded = tokenizer(
            rows["text"], truncation=True, max_length=max_length, return_overflowing_tokens=True
        )
        encoded["label"] = [rows["label"][row] for row in encoded["overflow_to_sample_mapping"]]
        return encoded

    return dataset.map(tokenize, batched=True, remove_columns=["text"])


# %% wrong: columns-of-unequal-length
# The same, with the old columns left beside the new ones.
def tokenize_dataset(dataset, tokenizer, max_length):
    return dataset.map(
        lambda rows: tokenizer(
            rows["text"], truncation=True, max_length=max_length, return_overflowing_tokens=True
        ),
        batched=True,
    )


# %% wrong: columns-of-unequal-length
# Made for one row, and called with many.
def tokenize_dataset(dataset, tokenizer, max_length):
    def tokenize(rows):
        return tokenizer(rows["text"][0], truncation=True, max_length=max_length)

    return dataset.map(tokenize, batched=True)


# %% wrong: column-missing
# Tokenized when a row is asked for: there is no column yet.
def tokenize_dataset(dataset, tokenizer, max_length):
    def tokenize(rows):
        return {**tokenizer(rows["text"], truncation=True, max_length=max_length), "label": rows["label"]}

    return dataset.with_transform(tokenize)


# %% wrong: special-tokens-not-counted
def tokenize_dataset(dataset, tokenizer, max_length):
    return dataset.map(
        lambda rows: tokenizer(rows["text"], truncation=True, max_length=max_length + 2), batched=True
    )


# %% wrong: map-cut-too-short
def tokenize_dataset(dataset, tokenizer, max_length):
    return dataset.map(
        lambda rows: tokenizer(rows["text"], truncation=True, max_length=max_length - 2), batched=True
    )


# %% wrong: map-no-truncation
# Never cut before 512.
def tokenize_dataset(dataset, tokenizer, max_length):
    return dataset.map(lambda rows: tokenizer(rows["text"], truncation=True), batched=True)


# %% wrong: cut-in-words
def tokenize_dataset(dataset, tokenizer, max_length):
    def tokenize(rows):
        return tokenizer([" ".join(text.split()[:max_length]) for text in rows["text"]])

    return dataset.map(tokenize, batched=True)


# %% wrong: sep-cut-off
def tokenize_dataset(dataset, tokenizer, max_length):
    def tokenize(rows):
        encoded = tokenizer(rows["text"])
        return {name: [row[:max_length] for row in encoded[name]] for name in encoded}

    return dataset.map(tokenize, batched=True)


# %% wrong: truncated-in-front
def tokenize_dataset(dataset, tokenizer, max_length):
    tokenizer.truncation_side = "left"
    return dataset.map(
        lambda rows: tokenizer(rows["text"], truncation=True, max_length=max_length), batched=True
    )


# %% wrong: two-texts-in-a-row
def tokenize_dataset(dataset, tokenizer, max_length):
    return dataset.map(
        lambda rows: tokenizer(rows["text"], rows["text"], truncation=True, max_length=max_length),
        batched=True,
    )


# %% wrong: special-tokens-twice
def tokenize_dataset(dataset, tokenizer, max_length):
    def tokenize(rows):
        texts = ["[CLS] " + text + " [SEP]" for text in rows["text"]]
        return tokenizer(texts, truncation=True, max_length=max_length)

    return dataset.map(tokenize, batched=True)


# %% wrong: rows-not-ids
def tokenize_dataset(dataset, tokenizer, max_length):
    def tokenize(row):
        tokens = tokenizer(row["text"], truncation=True, max_length=max_length).tokens()
        return {"input_ids": tokens, "attention_mask": [1] * len(tokens)}

    return dataset.map(tokenize)


# %% wrong: map-mask-wrong
# The mask is as long as the text was.
def tokenize_dataset(dataset, tokenizer, max_length):
    def tokenize(row):
        mask = tokenizer(row["text"])["attention_mask"]
        ids = tokenizer(row["text"], truncation=True, max_length=max_length)["input_ids"]
        return {"input_ids": ids, "attention_mask": mask}

    return dataset.map(tokenize)


# %% wrong: map-other-ids
# Every row gets the ids of the first.
def tokenize_dataset(dataset, tokenizer, max_length):
    first = tokenizer(list(dataset["text"]), truncation=True, max_length=max_length)
    return dataset.map(
        lambda row: {
            "input_ids": first["input_ids"][0],
            "attention_mask": first["attention_mask"][0],
        }
    )


# %% wrong: label-changed
# Floats, as a regression would have them.
def tokenize_dataset(dataset, tokenizer, max_length):
    def tokenize(rows):
        batch = tokenizer(rows["text"], truncation=True, max_length=max_length)
        batch["labels"] = [float(label) for label in rows["label"]]
        return batch

    return dataset.map(tokenize, batched=True, remove_columns=["label"])


# %% wrong: label-lost
def tokenize_dataset(dataset, tokenizer, max_length):
    done = dataset.map(
        lambda rows: tokenizer(rows["text"], truncation=True, max_length=max_length), batched=True
    )
    return done.select_columns(["input_ids", "attention_mask"])


# %% wrong: padding-none
def tokenize_dataset(dataset, tokenizer, max_length):
    return dataset.map(
        lambda rows: tokenizer(rows["text"], padding=None, truncation=True, max_length=max_length),
        batched=True,
    )
