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


# %% right: transposed twice by zip_longest, the mask read off the ids
from itertools import zip_longest


def collate(tokenizer, rows):
    columns = zip_longest(*(row["input_ids"] for row in rows), fillvalue=tokenizer.pad_token_id)
    ids = torch.tensor(list(zip(*columns)))
    mask = (ids != tokenizer.pad_token_id).to(torch.float32)
    return {"input_ids": ids, "attention_mask": mask, "labels": torch.tensor([r["label"] for r in rows])}


# %% right: functional pad, stacked
import torch.nn.functional as F


def collate(tokenizer, rows):
    width = max(len(row["input_ids"]) for row in rows)
    ids, masks = [], []
    for row in rows:
        lacking = width - len(row["input_ids"])
        ids.append(F.pad(torch.tensor(row["input_ids"]), (0, lacking), value=tokenizer.pad_token_id))
        masks.append(F.pad(torch.tensor(row["attention_mask"]), (0, lacking)))
    labels = torch.stack([torch.tensor(row["label"]) for row in rows])
    return {"input_ids": torch.stack(ids), "attention_mask": torch.stack(masks), "labels": labels}


# %% right: rows lengthened in place, torch's own default_collate
from torch.utils.data import default_collate


def collate(tokenizer, rows):
    width = max(len(row["input_ids"]) for row in rows)
    for row in rows:
        lacking = width - len(row["input_ids"])
        row["input_ids"] += [tokenizer.pad_token_id] * lacking
        row["attention_mask"] += [0] * lacking
        row["labels"] = row.pop("label")
    return default_collate([{name: torch.tensor(row[name]) for name in row} for row in rows])


# %% right: padded by the tokenizer, put together by default_data_collator
from transformers import default_data_collator


def collate(tokenizer, rows):
    padded = tokenizer.pad(rows, padding="longest")
    return default_data_collator([{name: padded[name][i] for name in padded} for i in range(len(rows))])


# %% right: columns first, the side of padding set by hand
def collate(tokenizer, rows):
    tokenizer.padding_side = "right"
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    labels = columns.pop("label")
    batch = tokenizer.pad(columns, return_tensors="pt")
    return {**batch, "labels": torch.tensor(labels, dtype=torch.long)}


# %% right: the library's collator with NumPy, made into tensors, label left beside labels
from transformers import DataCollatorWithPadding


class Collator:
    def __init__(self):
        self.made = {}

    def __call__(self, tokenizer, rows):
        collator = self.made.setdefault(id(tokenizer), DataCollatorWithPadding(tokenizer))
        collator.return_tensors = "np"
        batch = {name: torch.as_tensor(array) for name, array in collator(rows).items()}
        return {**batch, "label": batch["labels"], "token_type_ids": torch.zeros_like(batch["input_ids"])}


collate = Collator()


# %% right: a mask of lengths, uint8
def collate(tokenizer, rows):
    lengths = torch.tensor([len(row["input_ids"]) for row in rows])
    mask = torch.arange(int(lengths.max()))[None, :] < lengths[:, None]
    ids = torch.full(mask.shape, tokenizer.pad_token_id)
    ids[mask] = torch.tensor([id for row in rows for id in row["input_ids"]])
    return {
        "input_ids": ids,
        "attention_mask": mask.to(torch.uint8),
        "labels": torch.tensor([row["label"] for row in rows], dtype=torch.int64),
    }


# %% wrong: no-padding
# The same, stacked.
def collate(tokenizer, rows):
    return {
        "input_ids": torch.stack([torch.tensor(row["input_ids"]) for row in rows]),
        "attention_mask": torch.stack([torch.tensor(row["attention_mask"]) for row in rows]),
        "labels": torch.tensor([row["label"] for row in rows]),
    }


# %% wrong: no-padding
from transformers import DataCollatorWithPadding


def collate(tokenizer, rows):
    return DataCollatorWithPadding(tokenizer, padding=False)(rows)


# %% wrong: no-padding
from torch.utils.data import default_collate


def collate(tokenizer, rows):
    return default_collate(rows)


# %% wrong: no-padding
import numpy as np


def collate(tokenizer, rows):
    ids = np.array([row["input_ids"] for row in rows])
    return {"input_ids": torch.from_numpy(ids), "labels": torch.tensor([row["label"] for row in rows])}


# %% wrong: collate-to-fixed-length
from transformers import DataCollatorWithPadding


def collate(tokenizer, rows):
    return DataCollatorWithPadding(tokenizer, pad_to_multiple_of=8)(rows)


# %% wrong: padded-in-front
from transformers import DataCollatorWithPadding


def collate(tokenizer, rows):
    tokenizer.padding_side = "left"
    return DataCollatorWithPadding(tokenizer)(rows)


# %% wrong: rows-reordered
# Longest first, labels and all.
from transformers import DataCollatorWithPadding


def collate(tokenizer, rows):
    rows = sorted(rows, key=lambda row: len(row["input_ids"]), reverse=True)
    return DataCollatorWithPadding(tokenizer)(rows)


# %% wrong: rows-without-labels
# Longest first, but the labels stay where they were.
def collate(tokenizer, rows):
    ids = sorted((row["input_ids"] for row in rows), key=len, reverse=True)
    batch = tokenizer.pad({"input_ids": ids}, return_tensors="pt")
    return {**batch, "labels": torch.tensor([row["label"] for row in rows])}


# %% wrong: labels-shuffled
from transformers import DataCollatorWithPadding


def collate(tokenizer, rows):
    batch = DataCollatorWithPadding(tokenizer)(rows)
    batch["labels"] = batch["labels"].sort().values
    return batch


# %% wrong: batch-transposed
from torch.nn.utils.rnn import pad_sequence


def collate(tokenizer, rows):
    ids = pad_sequence(
        [torch.tensor(row["input_ids"]) for row in rows], padding_value=tokenizer.pad_token_id
    )
    mask = pad_sequence([torch.tensor(row["attention_mask"]) for row in rows])
    return {"input_ids": ids, "attention_mask": mask, "labels": torch.tensor([r["label"] for r in rows])}


# %% wrong: mask-inverted
def collate(tokenizer, rows):
    batch = tokenizer.pad([{"input_ids": row["input_ids"]} for row in rows], return_tensors="pt")
    mask = batch["input_ids"] == tokenizer.pad_token_id
    return {
        "input_ids": batch["input_ids"],
        "attention_mask": mask.long(),
        "labels": torch.tensor([row["label"] for row in rows]),
    }


# %% wrong: other-mask
# What a mask becomes inside a model.
def collate(tokenizer, rows):
    batch = tokenizer.pad([{"input_ids": row["input_ids"]} for row in rows], return_tensors="pt")
    return {
        "input_ids": batch["input_ids"],
        "attention_mask": torch.log(batch["attention_mask"].float()),
        "labels": torch.tensor([row["label"] for row in rows]),
    }


# %% wrong: padded-with-other-id
# -100 is for labels of tokens, not for ids.
from torch.nn.utils.rnn import pad_sequence


def collate(tokenizer, rows):
    tensors = lambda name: [torch.tensor(row[name]) for row in rows]
    return {
        "input_ids": pad_sequence(tensors("input_ids"), batch_first=True, padding_value=-100),
        "attention_mask": pad_sequence(tensors("attention_mask"), batch_first=True),
        "labels": torch.tensor([row["label"] for row in rows]),
    }


# %% wrong: labels-shape
# A batch of one loses its dimension.
from transformers import DataCollatorWithPadding


def collate(tokenizer, rows):
    batch = DataCollatorWithPadding(tokenizer)(rows)
    batch["labels"] = batch["labels"].squeeze()
    return batch


# %% wrong: labels-shape
# One-hot.
def collate(tokenizer, rows):
    batch = tokenizer.pad([{"input_ids": row["input_ids"]} for row in rows], return_tensors="pt")
    labels = torch.tensor([row["label"] for row in rows])
    return {**batch, "labels": torch.nn.functional.one_hot(labels, num_classes=2)}


# %% wrong: labels-not-long
# PyTorch's own loss takes bytes, BERT's does not.
from transformers import DataCollatorWithPadding


def collate(tokenizer, rows):
    batch = DataCollatorWithPadding(tokenizer)(rows)
    batch["labels"] = batch["labels"].to(torch.uint8)
    return batch


# %% wrong: lists-not-tensors
def collate(tokenizer, rows):
    batch = tokenizer.pad([{"input_ids": row["input_ids"]} for row in rows])
    return {**batch, "labels": torch.tensor([row["label"] for row in rows])}


# %% wrong: not-a-tensor
def collate(tokenizer, rows):
    batch = tokenizer.pad([{"input_ids": row["input_ids"]} for row in rows], return_tensors="np")
    return {**batch, "labels": torch.tensor([row["label"] for row in rows])}


# %% wrong: ids-dtype
import numpy as np


def collate(tokenizer, rows):
    ids = np.zeros((len(rows), max(len(row["input_ids"]) for row in rows)), dtype=np.int16)
    for into, row in zip(ids, rows):
        into[: len(row["input_ids"])] = row["input_ids"]
    return {
        "input_ids": torch.from_numpy(ids),
        "attention_mask": torch.from_numpy((ids != tokenizer.pad_token_id).astype(np.int64)),
        "labels": torch.tensor([row["label"] for row in rows]),
    }


# %% wrong: rows-tokenized-again
def collate(tokenizer, rows):
    return tokenizer(rows, padding=True, return_tensors="pt")


# %% wrong: ids-changed
# A [SEP] is put behind the one that is there, and the last word makes room for it.
def collate(tokenizer, rows):
    ids = [row["input_ids"][:-2] + [tokenizer.sep_token_id] * 2 for row in rows]
    batch = tokenizer.pad({"input_ids": ids}, return_tensors="pt")
    return {**batch, "labels": torch.tensor([row["label"] for row in rows])}


# %% wrong: returns-none
from transformers import DataCollatorWithPadding


def collate(tokenizer, rows):
    batch = DataCollatorWithPadding(tokenizer)(rows)


# %% wrong: wrong-type
from transformers import DataCollatorWithPadding


def collate(tokenizer, rows):
    return tuple(DataCollatorWithPadding(tokenizer)(rows).values())
