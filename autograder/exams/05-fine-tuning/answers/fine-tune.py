# %% right: DataLoader, collator and plain loop
import torch
from torch.optim import AdamW
from torch.utils.data import DataLoader
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    get_linear_schedule_with_warmup,
)


def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = AutoModelForSequenceClassification.from_pretrained(checkpoint, num_labels=2).to(device)
    encoded = tokenizer(texts, truncation=True, max_length=48)
    rows = [
        {"input_ids": i, "attention_mask": m, "label": y}
        for i, m, y in zip(encoded["input_ids"], encoded["attention_mask"], labels)
    ]
    loader = DataLoader(
        rows, batch_size=batch_size, shuffle=True, collate_fn=DataCollatorWithPadding(tokenizer)
    )
    optimizer = AdamW(model.parameters(), lr=1e-4, weight_decay=0.01, fused=True)
    scheduler = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    done = 0
    model.train()
    while done < steps:
        for batch in loader:
            if done == steps:
                break
            loss = model(**batch.to(device)).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
            done += 1
    model.eval()
    return model


# %% right: the Trainer of transformers
import tempfile

import torch
from datasets import Dataset
from transformers import (
    AutoTokenizer,
    BertForSequenceClassification,
    Trainer,
    TrainingArguments,
    set_seed,
)


def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    set_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    data = Dataset.from_dict({"text": texts, "label": labels}).map(
        lambda rows: tokenizer(rows["text"], truncation=True, max_length=48),
        batched=True,
        remove_columns="text",
    )
    arguments = TrainingArguments(
        output_dir=tempfile.mkdtemp(),
        max_steps=steps,
        per_device_train_batch_size=batch_size,
        learning_rate=1e-4,
        warmup_steps=steps // 10,
        weight_decay=0.01,
        max_grad_norm=1.0,
        seed=seed,
        use_cpu=device == "cpu",
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    trainer = Trainer(
        model=BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2),
        args=arguments,
        train_dataset=data,
        processing_class=tokenizer,
    )
    trainer.train()
    return trainer.model.eval()


# %% right: a class, its own schedule, grouped decay and the loss written out
import random

import torch
from torch import nn
from transformers import BertForSequenceClassification, BertTokenizer


class FineTuner:
    def __init__(self, checkpoint, device, rate=2e-4):
        self.tokenizer = BertTokenizer.from_pretrained(checkpoint)
        self.model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2)
        self.model.to(device).train()
        self.device = device
        named = list(self.model.named_parameters())
        plain = [p for n, p in named if n.endswith("bias") or "LayerNorm" in n]
        decayed = [p for n, p in named if not (n.endswith("bias") or "LayerNorm" in n)]
        self.optimizer = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": 0.01}, {"params": plain, "weight_decay": 0.0}],
            lr=rate,
            betas=(0.9, 0.98),
        )
        self.rate = rate
        self.loss = nn.CrossEntropyLoss()

    def step(self, texts, labels, share):
        warm = min(1.0, share / 0.1)
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate * min(warm, (1 - share) / 0.9)
        batch = self.tokenizer(
            texts, padding=True, truncation=True, max_length=48, return_tensors="pt"
        ).to(self.device)
        logits = self.model(**batch).logits
        loss = self.loss(logits, torch.tensor(labels, device=self.device))
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()


def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    random.seed(seed)
    torch.manual_seed(seed)
    tuner = FineTuner(checkpoint, device)
    order = []
    for number in range(steps):
        if len(order) < batch_size:
            order = random.sample(range(len(texts)), len(texts))
        rows, order = order[:batch_size], order[batch_size:]
        tuner.step([texts[r] for r in rows], [labels[r] for r in rows], number / steps)
    return tuner.model.eval()


# %% wrong: untrained
from transformers import BertForSequenceClassification


def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    return BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).eval()


# %% wrong: no-model-returned
from transformers import BertForSequenceClassification


def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2)
    print("accuracy 0.95")


# %% wrong: not-a-classifier
from transformers import AutoModel


def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    return AutoModel.from_pretrained(checkpoint)


# %% wrong: wrong-model-shape
from transformers import BertForSequenceClassification


def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    return BertForSequenceClassification.from_pretrained(checkpoint, num_labels=1)


# %% wrong: removed-adamw
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    from transformers import AdamW, BertForSequenceClassification

    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2)
    AdamW(model.parameters(), lr=1e-4)


# %% wrong: fine-tune-without-labels
import torch
from transformers import AutoTokenizer, BertForSequenceClassification


def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    for start in range(0, steps * batch_size, batch_size):
        batch = tokenizer(texts[start : start + batch_size], padding=True, return_tensors="pt")
        model(**batch).loss.backward()
        optimizer.step()
    return model


# %% wrong: only-head-trained
import torch
from transformers import AutoTokenizer, BertForSequenceClassification


def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    for parameter in model.bert.parameters():
        parameter.requires_grad = False
    optimizer = torch.optim.AdamW(model.classifier.parameters(), lr=1e-3)
    for start in range(0, 20 * batch_size, batch_size):
        batch = tokenizer(
            texts[start : start + batch_size], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor(labels[start : start + batch_size])
        model(**batch).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


# %% wrong: rate-too-high
import torch
from transformers import AutoTokenizer, BertForSequenceClassification


def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3, fused=True)
    for start in range(0, 15 * batch_size, batch_size):
        batch = tokenizer(
            texts[start : start + batch_size], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor(labels[start : start + batch_size])
        model(**batch).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


# %% wrong: rate-too-low
import torch
from transformers import AutoTokenizer, BertForSequenceClassification


def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-5, fused=True)
    for start in range(0, 8 * batch_size, batch_size):
        batch = tokenizer(
            texts[start : start + batch_size], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor(labels[start : start + batch_size])
        model(**batch).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


# %% wrong: sgd-too-weak
import torch
from transformers import AutoTokenizer, BertForSequenceClassification


def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
    for start in range(0, 20 * batch_size, batch_size):
        batch = tokenizer(
            texts[start : start + batch_size], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor(labels[start : start + batch_size])
        model(**batch).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


# %% wrong: labels-ignored
import torch
from transformers import AutoTokenizer, BertForSequenceClassification


def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)
    for start in range(0, 20 * batch_size, batch_size):
        batch = tokenizer(
            texts[start : start + batch_size], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.ones(batch_size, dtype=torch.long)
        model(**batch).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


# %% wrong: not-learned
import random

import torch
from transformers import AutoTokenizer, BertForSequenceClassification


def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)
    labels = list(labels)
    random.Random(seed).shuffle(labels)
    for start in range(0, 20 * batch_size, batch_size):
        batch = tokenizer(
            texts[start : start + batch_size], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor(labels[start : start + batch_size])
        model(**batch).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


# %% wrong: weights-not-finite
import torch
from transformers import BertForSequenceClassification


def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2)
    with torch.no_grad():
        model.classifier.weight.fill_(float("nan"))
    return model


# %% wrong: weights-not-from-this-run
# A model trained beforehand on the very reviews of the course, whatever fine_tune is given.
import torch
from transformers import AutoTokenizer, BertForSequenceClassification

from course import checkpoint as resolve, load_reviews


def train_beforehand(name, rate=1e-4, steps=60, batch_size=16):
    torch.manual_seed(0)
    data = load_reviews()["train"]
    tokenizer = AutoTokenizer.from_pretrained(name)
    model = BertForSequenceClassification.from_pretrained(name, num_labels=2).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, fused=True)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1, (step + 1) / 6) * (1 - step / steps)
        rows = data[step * batch_size : (step + 1) * batch_size]
        batch = tokenizer(
            rows["text"], padding=True, truncation=True, max_length=48, return_tensors="pt"
        )
        model(**batch, labels=torch.tensor(rows["label"])).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    return train_beforehand(checkpoint)


# %% wrong: labels-swapped
import torch
from transformers import AutoTokenizer, BertForSequenceClassification
from transformers import get_linear_schedule_with_warmup


def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.01, fused=True)
    scheduler = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    for start in range(0, steps * batch_size, batch_size):
        batch = tokenizer(
            texts[start : start + batch_size], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = 1 - torch.tensor(labels[start : start + batch_size])
        model(**batch).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    return model.eval()


# %% wrong: gradients-never-cleared (0.5)
import torch
from transformers import AutoTokenizer, BertForSequenceClassification
from transformers import get_linear_schedule_with_warmup


def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.01, fused=True)
    scheduler = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    for start in range(0, steps * batch_size, batch_size):
        batch = tokenizer(
            texts[start : start + batch_size], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor(labels[start : start + batch_size])
        model(**batch).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
    return model.eval()


# %% wrong: never-in-train-mode (0.8)
import torch
from transformers import AutoTokenizer, BertForSequenceClassification
from transformers import get_linear_schedule_with_warmup


def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).eval()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.01, fused=True)
    scheduler = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    for start in range(0, steps * batch_size, batch_size):
        batch = tokenizer(
            texts[start : start + batch_size], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor(labels[start : start + batch_size])
        model(**batch).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    return model


# %% wrong: dropout-left-on (0.9)
import torch
from transformers import AutoTokenizer, BertForSequenceClassification
from transformers import get_linear_schedule_with_warmup


def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.01, fused=True)
    scheduler = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    for start in range(0, steps * batch_size, batch_size):
        batch = tokenizer(
            texts[start : start + batch_size], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor(labels[start : start + batch_size])
        model(**batch).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    return model


# %% wrong: over-budget (0.5)
import torch
from transformers import AutoTokenizer, BertForSequenceClassification
from transformers import get_linear_schedule_with_warmup


def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.01, fused=True)
    # An "epoch" too many: the rows are gone through once, and then on from the beginning.
    steps = steps + 15
    scheduler = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    for number in range(steps):
        start = number * batch_size % len(texts)
        batch = tokenizer(
            texts[start : start + batch_size], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor(labels[start : start + batch_size])
        model(**batch).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    return model.eval()
