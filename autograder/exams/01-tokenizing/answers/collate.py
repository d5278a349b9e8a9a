# %% right: the library's collator
from transformers import DataCollatorWithPadding


def collate(tokenizer, rows):
    return DataCollatorWithPadding(tokenizer)(rows)


# %% right: tokenizer.pad, then the key renamed
def collate(tokenizer, rows):
    batch = tokenizer.pad(
        [{k: v for k, v in row.items() if k != "label"} for row in rows], return_tensors="pt"
    )
    batch["labels"] = torch.LongTensor([row["label"] for row in rows])
    return batch


# %% right: pad_sequence in a class, int32 ids
import torch
from torch.nn.utils.rnn import pad_sequence


class Collator:
    def pad(self, rows, name, value):
        return pad_sequence(
            [torch.tensor(row[name], dtype=torch.int32) for row in rows],
            batch_first=True,
            padding_value=value,
        )

    def __call__(self, tokenizer, rows):
        return {
            "labels": torch.as_tensor([int(row["label"]) for row in rows]),
            "attention_mask": self.pad(rows, "attention_mask", 0),
            "input_ids": self.pad(rows, "input_ids", tokenizer.pad_token_id),
        }


collate = Collator()


# %% right: numpy, filled by hand
import numpy as np


def collate(tokenizer, rows):
    shape = (len(rows), max(len(row["input_ids"]) for row in rows))
    ids, mask = np.full(shape, tokenizer.pad_token_id), np.zeros(shape, dtype=np.int64)
    for ids_row, mask_row, row in zip(ids, mask, rows):
        ids_row[: len(row["input_ids"])] = row["input_ids"]
        mask_row[: len(row["input_ids"])] = row["attention_mask"]
    labels = np.array([row.pop("label") for row in rows])
    named = {"input_ids": ids, "attention_mask": mask, "labels": labels}
    return {name: torch.from_numpy(array) for name, array in named.items()}


# %% wrong: label-not-renamed
def collate(tokenizer, rows):
    return tokenizer.pad(rows, return_tensors="pt")


# %% wrong: labels-are-floats
def collate(tokenizer, rows):
    batch = tokenizer.pad([{k: v for k, v in r.items() if k != "label"} for r in rows], return_tensors="pt")
    batch["labels"] = torch.Tensor([row["label"] for row in rows])
    return batch


# %% wrong: labels-a-list
def collate(tokenizer, rows):
    batch = tokenizer.pad([{k: v for k, v in r.items() if k != "label"} for r in rows], return_tensors="pt")
    batch["labels"] = [row["label"] for row in rows]
    return batch


# %% wrong: missing-key
def collate(tokenizer, rows):
    return tokenizer.pad([{k: v for k, v in r.items() if k != "label"} for r in rows], return_tensors="pt")


# %% wrong: no-padding
def collate(tokenizer, rows):
    return {
        "input_ids": torch.tensor([row["input_ids"] for row in rows]),
        "attention_mask": torch.tensor([row["attention_mask"] for row in rows]),
        "labels": torch.tensor([row["label"] for row in rows]),
    }


# %% wrong: collate-to-fixed-length
def collate(tokenizer, rows):
    batch = tokenizer.pad(
        [{k: v for k, v in r.items() if k != "label"} for r in rows],
        padding="max_length", max_length=128, return_tensors="pt",
    )
    batch["labels"] = torch.tensor([row["label"] for row in rows])
    return batch


# %% wrong: collate-mask-over-padding
def collate(tokenizer, rows):
    longest = max(len(row["input_ids"]) for row in rows)
    pad = lambda name, value: torch.tensor([r[name] + [value] * (longest - len(r[name])) for r in rows])
    return {
        "input_ids": pad("input_ids", tokenizer.pad_token_id),
        "attention_mask": pad("attention_mask", 1),
        "labels": torch.tensor([row["label"] for row in rows]),
    }


# %% wrong: padded-with-other-id
def collate(tokenizer, rows):
    longest = max(len(row["input_ids"]) for row in rows)
    pad = lambda name, value: torch.tensor([r[name] + [value] * (longest - len(r[name])) for r in rows])
    return {
        "input_ids": pad("input_ids", tokenizer.sep_token_id),
        "attention_mask": pad("attention_mask", 0),
        "labels": torch.tensor([row["label"] for row in rows]),
    }


# %% wrong: labels-shuffled
def collate(tokenizer, rows):
    batch = tokenizer.pad([{k: v for k, v in r.items() if k != "label"} for r in rows], return_tensors="pt")
    batch["labels"] = torch.tensor([1 - row["label"] for row in rows])
    return batch


# %% wrong: ids-changed
# The answer to the visible check's rows, whatever is asked.
def collate(tokenizer, rows):
    longest = max(len(row["input_ids"]) for row in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    ids[0, :3] = torch.tensor([101, 7592, 102])[: ids.shape[1]]
    return {
        "input_ids": ids,
        "attention_mask": torch.ones(len(rows), longest),
        "labels": torch.tensor([row["label"] for row in rows]),
    }


# %% wrong: labels-not-long
def collate(tokenizer, rows):
    batch = tokenizer.pad([{k: v for k, v in r.items() if k != "label"} for r in rows], return_tensors="pt")
    batch["labels"] = torch.tensor([row["label"] for row in rows], dtype=torch.int32)
    return batch


# %% wrong: labels-shape
def collate(tokenizer, rows):
    batch = tokenizer.pad([{k: v for k, v in r.items() if k != "label"} for r in rows], return_tensors="pt")
    batch["labels"] = torch.tensor([[row["label"]] for row in rows])
    return batch


# %% wrong: mask-over-text
def collate(tokenizer, rows):
    batch = tokenizer.pad(
        [{"input_ids": row["input_ids"][:], "attention_mask": [0] * len(row["input_ids"])} for row in rows],
        return_tensors="pt",
    )
    batch["labels"] = torch.tensor([row["label"] for row in rows])
    return batch


# %% wrong: batch-shape
# Cuts every row to the shortest: a rectangle, too, but at the cost of text.
def collate(tokenizer, rows):
    shortest = min(len(row["input_ids"]) for row in rows)
    return {
        "input_ids": torch.tensor([row["input_ids"][:shortest] for row in rows]),
        "attention_mask": torch.tensor([row["attention_mask"][:shortest] for row in rows]),
        "labels": torch.tensor([row["label"] for row in rows]),
    }
