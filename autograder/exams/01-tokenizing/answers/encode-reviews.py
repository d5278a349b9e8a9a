# %% right: one text at a time, padded by hand
import torch


def encode_reviews(tokenizer, texts, max_length):
    rows = [tokenizer.encode(text, truncation=True, max_length=max_length) for text in texts]
    longest = max(map(len, rows))
    input_ids = torch.full((len(rows), longest), tokenizer.pad_token_id)
    attention_mask = torch.zeros_like(input_ids)
    for i, row in enumerate(rows):
        input_ids[i, : len(row)] = torch.tensor(row)
        attention_mask[i, : len(row)] = 1
    return {"input_ids": input_ids, "attention_mask": attention_mask}


# %% right: tokenize first, pad later, words instead of True
def encode_reviews(tokenizer, texts, max_length):
    encoded = tokenizer(list(texts), truncation="longest_first", max_length=max_length)
    return tokenizer.pad(encoded, padding="longest", return_tensors="pt")


# %% right: a class over the fast tokenizer beneath
import torch
from torch.nn.utils.rnn import pad_sequence


class Encoder:
    def __init__(self, side="right"):
        self.side = side

    def __call__(self, tokenizer, texts, max_length):
        rows = [
            torch.tensor(tokenizer(t, truncation=True, max_length=max_length, return_token_type_ids=False).input_ids)
            for t in texts
        ]
        ids = pad_sequence(rows, batch_first=True, padding_value=tokenizer.pad_token_id)
        mask = pad_sequence([torch.ones_like(r) for r in rows], batch_first=True)
        return dict(input_ids=ids, attention_mask=mask)


encode_reviews = Encoder()


# %% right: a collator
from transformers import DataCollatorWithPadding


def encode_reviews(tokenizer, texts, max_length):
    rows = [tokenizer(text, truncation=True, max_length=max_length) for text in texts]
    return DataCollatorWithPadding(tokenizer)(rows)


# %% right: the Rust tokenizer beneath
import torch


def encode_reviews(tokenizer, texts, max_length):
    import copy

    backend = copy.deepcopy(tokenizer.backend_tokenizer)
    backend.enable_truncation(max_length)
    backend.enable_padding(pad_id=tokenizer.pad_token_id, pad_token=tokenizer.pad_token)
    rows = backend.encode_batch(texts)
    return {
        "input_ids": torch.tensor([row.ids for row in rows]),
        "attention_mask": torch.tensor([row.attention_mask for row in rows], dtype=torch.bool),
    }


# %% right: words cut beforehand, and the tokenizer told so
encode_reviews = lambda tok, texts, n: tok(
    [text.split() for text in texts], is_split_into_words=True, padding="longest",
    truncation="only_first", max_length=n, return_tensors="pt",
)


# %% wrong: no-padding
def encode_reviews(tokenizer, texts, max_length):
    return tokenizer(texts, truncation=True, max_length=max_length, return_tensors="pt")


# %% wrong: padding-none
def encode_reviews(tokenizer, texts, max_length):
    return tokenizer(texts, padding=None, truncation=True, max_length=max_length, return_tensors="pt")


# %% wrong: padded-to-max-length
def encode_reviews(tokenizer, texts, max_length):
    return tokenizer(
        texts, padding="max_length", truncation=True, max_length=max_length, return_tensors="pt"
    )


# %% wrong: no-truncation
def encode_reviews(tokenizer, texts, max_length):
    return tokenizer(texts, padding=True, return_tensors="pt")


# %% wrong: lists-not-tensors
def encode_reviews(tokenizer, texts, max_length):
    return tokenizer(texts, padding=True, truncation=True, max_length=max_length)


# %% wrong: encode-plus-gone
def encode_reviews(tokenizer, texts, max_length):
    return tokenizer.encode_plus(texts, padding=True, truncation=True, return_tensors="pt")


# %% wrong: no-special-tokens
def encode_reviews(tokenizer, texts, max_length):
    return tokenizer(
        texts, padding=True, truncation=True, max_length=max_length, return_tensors="pt",
        add_special_tokens=False,
    )


# %% wrong: mask-over-padding
import torch


def encode_reviews(tokenizer, texts, max_length):
    batch = tokenizer(texts, padding=True, truncation=True, max_length=max_length, return_tensors="pt")
    batch["attention_mask"] = torch.ones_like(batch["input_ids"])
    return batch


# %% wrong: missing-key
def encode_reviews(tokenizer, texts, max_length):
    batch = tokenizer(texts, padding=True, truncation=True, max_length=max_length, return_tensors="pt")
    return {"input_ids": batch["input_ids"]}


# %% wrong: sep-cut-off
def encode_reviews(tokenizer, texts, max_length):
    batch = tokenizer(texts, padding=True, return_tensors="pt")
    return {name: tensor[:, :max_length] for name, tensor in batch.items()}


# %% wrong: text-cut-too-short
def encode_reviews(tokenizer, texts, max_length):
    texts = [text[:max_length] for text in texts]
    return tokenizer(texts, padding=True, truncation=True, max_length=max_length, return_tensors="pt")


# %% wrong: padding-not-pad-id
import torch


def encode_reviews(tokenizer, texts, max_length):
    rows = [tokenizer.encode(text, truncation=True, max_length=max_length) for text in texts]
    longest = max(map(len, rows))
    ids = torch.tensor([row + [1] * (longest - len(row)) for row in rows])
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}


# %% wrong: other-ids
# Everything the properties ask for, with words that are not the texts'.
def encode_reviews(tokenizer, texts, max_length):
    batch = tokenizer(texts, padding=True, truncation=True, max_length=max_length, return_tensors="pt")
    ids = batch["input_ids"]
    ids[(ids > 200)] = 2143
    return batch


# %% wrong: not-a-tensor
class Always:
    shape = (3, 9)
    ndim = 2

    def __eq__(self, other):
        return True


def encode_reviews(tokenizer, texts, max_length):
    return {"input_ids": Always(), "attention_mask": Always()}


# %% wrong: no-truncation
# Truncation without a length cuts at the model's 512.
def encode_reviews(tokenizer, texts, max_length):
    return tokenizer(texts, padding=True, truncation=True, return_tensors="pt")


# %% wrong: cut-in-words
def encode_reviews(tokenizer, texts, max_length):
    texts = [" ".join(text.split()[:max_length]) for text in texts]
    return tokenizer(texts, padding=True, return_tensors="pt")


# %% wrong: words-unknown
import torch


def encode_reviews(tokenizer, texts, max_length):
    rows = [["[CLS]", *text.split(" "), "[SEP]"][:max_length] for text in texts]
    longest = max(map(len, rows))
    ids = [tokenizer.convert_tokens_to_ids(row + ["[PAD]"] * (longest - len(row))) for row in rows]
    ids = torch.tensor(ids)
    return {"input_ids": ids, "attention_mask": (ids != 0).long()}


# %% wrong: padded-in-front
def encode_reviews(tokenizer, texts, max_length):
    tokenizer.padding_side = "left"
    try:
        return tokenizer(
            texts, padding=True, truncation=True, max_length=max_length, return_tensors="pt"
        )
    finally:
        tokenizer.padding_side = "right"


# %% wrong: mask-hides-text
def encode_reviews(tokenizer, texts, max_length):
    batch = tokenizer(texts, padding=True, truncation=True, max_length=max_length, return_tensors="pt")
    batch["attention_mask"] = batch["token_type_ids"]
    return batch


# %% wrong: not-a-batch
def encode_reviews(tokenizer, texts, max_length):
    return tokenizer(" ".join(texts), truncation=True, max_length=max_length, return_tensors="pt")


# %% right: max_length alone truncates while nothing is padded
def encode_reviews(tokenizer, texts, max_length):
    encoded = tokenizer(texts, max_length=max_length)
    return tokenizer.pad(encoded, return_tensors="pt")


# %% right: the tokenizer's own limit is set, and left behind
def encode_reviews(tokenizer, texts, max_length):
    tokenizer.model_max_length = max_length
    return tokenizer(texts, padding=True, truncation=True, return_tensors="pt")


# %% right: arrays of NumPy made into tensors, with extra keys
import torch


def encode_reviews(tokenizer, texts, max_length):
    batch = tokenizer(
        texts, padding="longest", truncation=True, max_length=max_length, return_tensors="np",
        return_length=True, return_special_tokens_mask=True,
    )
    return {name: torch.from_numpy(array) for name, array in batch.items()}


# %% right: tokens, ids and special tokens put together by hand, int32 and a float mask
import torch


def encode_reviews(tokenizer, texts, max_length):
    rows = []
    for text in texts:
        ids = tokenizer.convert_tokens_to_ids(tokenizer.tokenize(text))
        room = max_length - tokenizer.num_special_tokens_to_add()
        rows.append([tokenizer.cls_token_id, *ids[:room], tokenizer.sep_token_id])
    width = max(len(row) for row in rows)
    ids = torch.zeros(len(rows), width, dtype=torch.int32)
    mask = torch.zeros(len(rows), width)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = torch.tensor(row)
        mask[place, : len(row)] = 1.0
    return {"input_ids": ids, "attention_mask": mask}


# %% right: padded to max_length first, empty columns removed afterwards
def encode_reviews(tokenizer, texts, max_length):
    batch = tokenizer(
        texts, padding="max_length", truncation=True, max_length=max_length, return_tensors="pt"
    )
    width = batch["attention_mask"].sum(dim=1).max()
    return {name: tensor[:, :width] for name, tensor in batch.items()}


# %% right: sorted by length for padding, and put back
import torch


def encode_reviews(tokenizer, texts, max_length):
    rows = tokenizer(texts, truncation=True, max_length=max_length)["input_ids"]
    order = sorted(range(len(rows)), key=lambda place: len(rows[place]))
    batch = tokenizer.pad({"input_ids": [rows[place] for place in order]}, return_tensors="pt")
    back = torch.argsort(torch.tensor(order))
    return {name: tensor[back] for name, tensor in batch.items()}


# %% right: through a dataset and zip_longest
import itertools

import torch
from datasets import Dataset


def encode_reviews(tokenizer, texts, max_length):
    dataset = Dataset.from_dict({"text": texts}).map(
        lambda row: tokenizer(row["text"], truncation=True, max_length=max_length)
    )
    columns = itertools.zip_longest(*dataset["input_ids"], fillvalue=tokenizer.pad_token_id)
    ids = torch.tensor(list(columns)).T
    return {"input_ids": ids, "attention_mask": ids.ne(tokenizer.pad_token_id)}


# %% right: tensors made at the end, in the tokenizer's own class
def encode_reviews(tokenizer, texts, max_length):
    batch = tokenizer(text=texts, padding=True, truncation="only_first", max_length=max_length)
    return batch.convert_to_tensors("pt")


# %% wrong: padded-too-wide
def encode_reviews(tokenizer, texts, max_length):
    encoded = tokenizer(texts, truncation=True, max_length=max_length)
    return tokenizer.pad(encoded, pad_to_multiple_of=8, return_tensors="pt")


# %% wrong: padded-too-wide
# As wide as the widest batch so far.
import torch

widest = 0


def encode_reviews(tokenizer, texts, max_length):
    global widest
    rows = tokenizer(texts, truncation=True, max_length=max_length)["input_ids"]
    widest = max(widest, *map(len, rows))
    ids = torch.tensor([row + [0] * (widest - len(row)) for row in rows])
    return {"input_ids": ids, "attention_mask": (ids != 0).long()}


# %% wrong: no-truncation
# With padding on, max_length without truncation is ignored.
def encode_reviews(tokenizer, texts, max_length):
    return tokenizer(texts, padding=True, max_length=max_length, return_tensors="pt")


# %% wrong: cut-at-another-length
# The length of the visible check, whatever is asked.
def encode_reviews(tokenizer, texts, max_length):
    return tokenizer(texts, padding=True, truncation=True, max_length=48, return_tensors="pt")


# %% wrong: special-tokens-not-counted
def encode_reviews(tokenizer, texts, max_length):
    return tokenizer(
        texts, padding=True, truncation=True, max_length=max_length + 2, return_tensors="pt"
    )


# %% wrong: text-cut-too-short
def encode_reviews(tokenizer, texts, max_length):
    return tokenizer(
        texts, padding=True, truncation=True, max_length=max_length - 2, return_tensors="pt"
    )


# %% wrong: truncated-in-front
def encode_reviews(tokenizer, texts, max_length):
    tokenizer.truncation_side = "left"
    return tokenizer(texts, padding=True, truncation=True, max_length=max_length, return_tensors="pt")


# %% wrong: padded-in-front
# The side is set, and left behind.
def encode_reviews(tokenizer, texts, max_length):
    tokenizer.padding_side = "left"
    return tokenizer(texts, padding=True, truncation=True, max_length=max_length, return_tensors="pt")


# %% wrong: padding-not-pad-id
# The padding token is changed, and left behind.
def encode_reviews(tokenizer, texts, max_length):
    tokenizer.pad_token = tokenizer.sep_token
    return tokenizer(texts, padding=True, truncation=True, max_length=max_length, return_tensors="pt")


# %% wrong: rows-reordered
def encode_reviews(tokenizer, texts, max_length):
    texts = sorted(texts, key=len, reverse=True)
    return tokenizer(texts, padding=True, truncation=True, max_length=max_length, return_tensors="pt")


# %% wrong: not-a-batch
# A text that comes twice is encoded once.
def encode_reviews(tokenizer, texts, max_length):
    texts = list(dict.fromkeys(texts))
    return tokenizer(texts, padding=True, truncation=True, max_length=max_length, return_tensors="pt")


# %% wrong: not-a-batch
# A batch of one loses its first dimension.
def encode_reviews(tokenizer, texts, max_length):
    batch = tokenizer(texts, padding=True, truncation=True, max_length=max_length, return_tensors="pt")
    return {name: tensor.squeeze() for name, tensor in batch.items()}


# %% wrong: batch-transposed
import torch
from torch.nn.utils.rnn import pad_sequence


def encode_reviews(tokenizer, texts, max_length):
    rows = [
        torch.tensor(tokenizer.encode(text, truncation=True, max_length=max_length)) for text in texts
    ]
    ids = pad_sequence(rows, padding_value=tokenizer.pad_token_id)
    return {"input_ids": ids, "attention_mask": (ids != tokenizer.pad_token_id).long()}


# %% wrong: two-texts-in-a-row
def encode_reviews(tokenizer, texts, max_length):
    return tokenizer(
        texts, texts, padding=True, truncation=True, max_length=max_length, return_tensors="pt"
    )


# %% wrong: special-tokens-twice
def encode_reviews(tokenizer, texts, max_length):
    texts = [f"[CLS] {text} [SEP]" for text in texts]
    return tokenizer(texts, padding=True, truncation=True, max_length=max_length, return_tensors="pt")


# %% wrong: mask-inverted
def encode_reviews(tokenizer, texts, max_length):
    batch = tokenizer(texts, padding=True, truncation=True, max_length=max_length, return_tensors="pt")
    batch["attention_mask"] = (batch["input_ids"] == tokenizer.pad_token_id).long()
    return batch


# %% wrong: mask-hides-text
# [SEP] is hidden with the padding.
import torch


def encode_reviews(tokenizer, texts, max_length):
    batch = tokenizer(texts, padding=True, truncation=True, max_length=max_length, return_tensors="pt")
    ids = batch["input_ids"]
    hidden = (ids == tokenizer.pad_token_id) | (ids == tokenizer.sep_token_id)
    return {"input_ids": ids, "attention_mask": torch.where(hidden, 0, 1)}


# %% wrong: other-mask
# A mask is not the ids.
def encode_reviews(tokenizer, texts, max_length):
    batch = tokenizer(texts, padding=True, truncation=True, max_length=max_length, return_tensors="pt")
    return {"input_ids": batch["input_ids"], "attention_mask": batch["input_ids"].clone()}


# %% wrong: ids-dtype
def encode_reviews(tokenizer, texts, max_length):
    batch = tokenizer(texts, padding=True, truncation=True, max_length=max_length, return_tensors="pt")
    return {"input_ids": batch["input_ids"].short(), "attention_mask": batch["attention_mask"]}


# %% wrong: wrong-dtype
import torch


def encode_reviews(tokenizer, texts, max_length):
    batch = tokenizer(texts, padding=True, truncation=True, max_length=max_length)
    return {name: torch.Tensor(rows) for name, rows in batch.items()}


# %% wrong: other-ids
# Punctuation taken out beforehand.
def encode_reviews(tokenizer, texts, max_length):
    texts = ["".join(c for c in text if c.isalpha() or c == " ") for text in texts]
    return tokenizer(texts, padding=True, truncation=True, max_length=max_length, return_tensors="pt")


# %% wrong: truncation-strategy
def encode_reviews(tokenizer, texts, max_length):
    return tokenizer(
        texts, padding="longest", truncation="longest", max_length=max_length, return_tensors="pt"
    )


# %% wrong: not-text
def encode_reviews(tokenizer, texts, max_length):
    pieces = [tokenizer.encode(text) for text in texts]
    return tokenizer(pieces, padding=True, truncation=True, max_length=max_length, return_tensors="pt")


# %% wrong: wrong-type
def encode_reviews(tokenizer, texts, max_length):
    batch = tokenizer(texts, padding=True, truncation=True, max_length=max_length, return_tensors="pt")
    return batch["input_ids"], batch["attention_mask"]


# %% wrong: returns-none
def encode_reviews(tokenizer, texts, max_length):
    batch = tokenizer(texts, padding=True, truncation=True, max_length=max_length, return_tensors="pt")


# %% wrong: wrong-shape
# The mask of the first text stands for all.
def encode_reviews(tokenizer, texts, max_length):
    batch = tokenizer(texts, padding=True, truncation=True, max_length=max_length, return_tensors="pt")
    return {"input_ids": batch["input_ids"], "attention_mask": batch["attention_mask"][0]}
