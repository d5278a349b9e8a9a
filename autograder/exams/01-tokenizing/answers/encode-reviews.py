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
