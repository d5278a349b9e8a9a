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
