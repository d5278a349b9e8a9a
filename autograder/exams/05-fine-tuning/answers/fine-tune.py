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


# %% wrong: argument-removed
# As tutorials of 2024 have it. (What Colab's transformers 4 still takes runs at grading.)
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    from transformers import TrainingArguments

    TrainingArguments("out", max_steps=steps, evaluation_strategy="no", report_to="none")


# %% wrong: weights-not-finite
import torch
from transformers import BertForSequenceClassification


def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2)
    with torch.no_grad():
        model.classifier.weight.fill_(float("nan"))
    return model


# %% wrong: fine-tune-without-labels
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = AdamW(model.parameters(), lr=1e-4)
    scheduler = get_linear_schedule_with_warmup(optimizer, 0, 1)
    for number in range(1):
        rows = [row % len(texts) for row in range(number * batch_size, (number + 1) * batch_size)]
        batch = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        model(**batch).loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    return model.eval()


# %% wrong: labels-as-floats
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = AdamW(model.parameters(), lr=1e-4)
    scheduler = get_linear_schedule_with_warmup(optimizer, 0, 1)
    for number in range(1):
        rows = [row % len(texts) for row in range(number * batch_size, (number + 1) * batch_size)]
        batch = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([float(labels[row]) for row in rows])
        model(**batch).loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    return model.eval()


# %% wrong: label-out-of-range
# Classes counted from 1.
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = AdamW(model.parameters(), lr=1e-4)
    scheduler = get_linear_schedule_with_warmup(optimizer, 0, 1)
    for number in range(1):
        rows = [row % len(texts) for row in range(number * batch_size, (number + 1) * batch_size)]
        batch = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([labels[row] + 1 for row in rows])
        model(**batch).loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    return model.eval()


# %% wrong: texts-not-padded
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    return tokenizer(texts[:batch_size], return_tensors="pt")


# %% wrong: rows-ran-out
# An iterator over the batches, asked for more than it has.
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    starts = iter(range(0, len(texts), 2 * batch_size))
    for _ in range(steps):
        texts[next(starts)]


# %% wrong: no-optimizer-step
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    for number in range(3):
        rows = [row % len(texts) for row in range(number * batch_size, (number + 1) * batch_size)]
        batch = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([labels[row] for row in rows])
        model(**batch).loss.backward()
    return model.eval()


# %% wrong: rate-always-zero
# A warm-up, and no scheduler.step().
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = AdamW(model.parameters(), lr=1e-4)
    scheduler = get_linear_schedule_with_warmup(optimizer, 6, 60)
    for number in range(3):
        rows = [row % len(texts) for row in range(number * batch_size, (number + 1) * batch_size)]
        batch = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([labels[row] for row in rows])
        model(**batch).loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


# %% wrong: optimizer-of-another-model
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = AdamW(model.parameters(), lr=1e-4)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    for number in range(3):
        rows = [row % len(texts) for row in range(number * batch_size, (number + 1) * batch_size)]
        batch = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([labels[row] for row in rows])
        model(**batch).loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


# %% wrong: returned-another-model
# A copy is trained, and the original returned.
import copy


def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    original, model = model, copy.deepcopy(model)
    optimizer = AdamW(model.parameters(), lr=1e-4)
    for number in range(3):
        rows = [row % len(texts) for row in range(number * batch_size, (number + 1) * batch_size)]
        batch = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([labels[row] for row in rows])
        model(**batch).loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return original.eval()


# %% wrong: gradients-cleared-too-early
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = AdamW(model.parameters(), lr=1e-4)
    for number in range(3):
        rows = [row % len(texts) for row in range(number * batch_size, (number + 1) * batch_size)]
        batch = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([labels[row] for row in rows])
        model(**batch).loss.backward()
        optimizer.zero_grad()
        optimizer.step()
    return model.eval()


# %% wrong: only-head-trained
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    model.bert.requires_grad_(False)
    optimizer = AdamW(model.classifier.parameters(), lr=1e-3)
    for number in range(6):
        rows = [row % len(texts) for row in range(number * batch_size, (number + 1) * batch_size)]
        batch = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([labels[row] for row in rows])
        model(**batch).loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


# %% wrong: encoder-unchanged
# An optimizer that holds one bias of the pooler and nothing else.
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    bias = [model.bert.pooler.dense.bias]
    optimizer = AdamW(bias, lr=1e-4)
    for number in range(3):
        rows = [row % len(texts) for row in range(number * batch_size, (number + 1) * batch_size)]
        batch = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([labels[row] for row in rows])
        model(**batch).loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


# %% wrong: labels-swapped
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = AdamW(model.parameters(), lr=1e-4)
    scheduler = get_linear_schedule_with_warmup(optimizer, 0, steps)
    for number in range(steps):
        rows = [row % len(texts) for row in range(number * batch_size, (number + 1) * batch_size)]
        batch = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([1 - labels[row] for row in rows])
        model(**batch).loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    return model.eval()


# %% wrong: labels-ignored
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = AdamW(model.parameters(), lr=1e-4)
    for number in range(6):
        rows = [row % len(texts) for row in range(number * batch_size, (number + 1) * batch_size)]
        batch = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([1 for row in rows])
        model(**batch).loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


# %% wrong: labels-torn-off
import random


def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    labels = random.Random(seed).sample(labels, len(labels))
    optimizer = AdamW(model.parameters(), lr=1e-4)
    for number in range(20):
        rows = [row % len(texts) for row in range(number * batch_size, (number + 1) * batch_size)]
        batch = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([labels[row] for row in rows])
        model(**batch).loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


# %% wrong: other-texts
# Reviews of the course, whatever fine_tune is given.
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    reviews = load_reviews()["train"][5000:5200]
    texts, labels = reviews["text"], reviews["label"]
    optimizer = AdamW(model.parameters(), lr=1e-4)
    for number in range(6):
        rows = [row % len(texts) for row in range(number * batch_size, (number + 1) * batch_size)]
        batch = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([labels[row] for row in rows])
        model(**batch).loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


# %% wrong: same-rows-again
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = AdamW(model.parameters(), lr=1e-5)
    for number in range(8):
        rows = [row % len(texts) for row in range(batch_size)]
        batch = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([labels[row] for row in rows])
        model(**batch).loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


# %% wrong: schedule-too-short
# The rate is 0 after 3 steps.
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = AdamW(model.parameters(), lr=2e-5)
    scheduler = get_linear_schedule_with_warmup(optimizer, 0, 3)
    for number in range(12):
        rows = [row % len(texts) for row in range(number * batch_size, (number + 1) * batch_size)]
        batch = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([labels[row] for row in rows])
        model(**batch).loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    return model.eval()


# %% wrong: warmup-never-ends
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = AdamW(model.parameters(), lr=1e-5)
    scheduler = get_linear_schedule_with_warmup(optimizer, steps, steps)
    for number in range(6):
        rows = [row % len(texts) for row in range(number * batch_size, (number + 1) * batch_size)]
        batch = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([labels[row] for row in rows])
        model(**batch).loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    return model.eval()


# %% wrong: plain-gradient-descent
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    for number in range(6):
        rows = [row % len(texts) for row in range(number * batch_size, (number + 1) * batch_size)]
        batch = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([labels[row] for row in rows])
        model(**batch).loss.backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= 1e-3 * parameter.grad
                parameter.grad = None
    return model.eval()


# %% wrong: sgd-too-weak
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
    for number in range(6):
        rows = [row % len(texts) for row in range(number * batch_size, (number + 1) * batch_size)]
        batch = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([labels[row] for row in rows])
        model(**batch).loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


# %% wrong: rate-too-high
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = AdamW(model.parameters(), lr=5e-3)
    for number in range(15):
        rows = [row % len(texts) for row in range(number * batch_size, (number + 1) * batch_size)]
        batch = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([labels[row] for row in rows])
        model(**batch).loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


# %% wrong: rate-too-low
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = AdamW(model.parameters(), lr=2e-6)
    for number in range(8):
        rows = [row % len(texts) for row in range(number * batch_size, (number + 1) * batch_size)]
        batch = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([labels[row] for row in rows])
        model(**batch).loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


# %% wrong: head-untrained
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = AdamW(model.bert.encoder.layer[0].parameters(), lr=1e-4)
    for number in range(3):
        rows = [row % len(texts) for row in range(number * batch_size, (number + 1) * batch_size)]
        batch = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([labels[row] for row in rows])
        model(**batch).loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


# %% wrong: batch-too-small (0.7)
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = AdamW(model.parameters(), lr=5e-5)
    for number in range(steps):
        rows = [row % len(texts) for row in range(number * 2, (number + 1) * 2)]
        batch = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([labels[row] for row in rows])
        model(**batch).loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


# %% wrong: too-few-steps (0.7)
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = AdamW(model.parameters(), lr=2e-4)
    scheduler = get_linear_schedule_with_warmup(optimizer, 0, 40)
    for number in range(40):
        rows = [row % len(texts) for row in range(number * batch_size, (number + 1) * batch_size)]
        batch = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([labels[row] for row in rows])
        model(**batch).loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    return model.eval()


# %% wrong: hardly-any-steps
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = AdamW(model.parameters(), lr=5e-5)
    for number in range(2):
        rows = [row % len(texts) for row in range(number * batch_size, (number + 1) * batch_size)]
        batch = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([labels[row] for row in rows])
        model(**batch).loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


# %% wrong: not-learned
# Nothing of the texts is left but [CLS] and [SEP].
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = AdamW(model.parameters(), lr=1e-4)
    for number in range(steps):
        rows = [row % len(texts) for row in range(number * batch_size, (number + 1) * batch_size)]
        batch = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=2,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([labels[row] for row in rows])
        model(**batch).loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


# %% wrong: below-reference (0.4..0.7)
# Of the texts one word piece is left, and every other time two.
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = AdamW(model.parameters(), lr=1e-4)
    scheduler = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    for number in range(steps):
        rows = [row % len(texts) for row in range(number * batch_size, (number + 1) * batch_size)]
        batch = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=3 + number % 2,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([labels[row] for row in rows])
        model(**batch).loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    return model.eval()


# %% wrong: gradients-never-cleared (0.5)
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = AdamW(model.parameters(), lr=1e-4)
    scheduler = get_linear_schedule_with_warmup(optimizer, 0, steps)
    for number in range(steps):
        rows = [row % len(texts) for row in range(number * batch_size, (number + 1) * batch_size)]
        batch = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([labels[row] for row in rows])
        model(**batch).loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
    return model.eval()


# %% wrong: softmax-before-loss (0.8)
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = AdamW(model.parameters(), lr=2e-4)
    scheduler = get_linear_schedule_with_warmup(optimizer, 0, steps)
    for number in range(steps):
        rows = [row % len(texts) for row in range(number * batch_size, (number + 1) * batch_size)]
        batch = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([labels[row] for row in rows])
        torch.nn.functional.cross_entropy(model(**batch).logits.softmax(dim=1), batch["labels"]).backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    return model.eval()


# %% wrong: never-in-train-mode (0.8)
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).eval()
    optimizer = AdamW(model.parameters(), lr=1e-4)
    scheduler = get_linear_schedule_with_warmup(optimizer, 0, steps)
    for number in range(steps):
        rows = [row % len(texts) for row in range(number * batch_size, (number + 1) * batch_size)]
        batch = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([labels[row] for row in rows])
        model(**batch).loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    return model


# %% wrong: dropout-left-on (0.9)
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = AdamW(model.parameters(), lr=1e-4)
    scheduler = get_linear_schedule_with_warmup(optimizer, 0, steps)
    for number in range(steps):
        rows = [row % len(texts) for row in range(number * batch_size, (number + 1) * batch_size)]
        batch = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([labels[row] for row in rows])
        model(**batch).loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    return model


# %% wrong: over-budget (0.5)
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = AdamW(model.parameters(), lr=1e-4)
    scheduler = get_linear_schedule_with_warmup(optimizer, 0, (steps + 15))
    for number in range((steps + 15)):
        rows = [row % len(texts) for row in range(number * batch_size, (number + 1) * batch_size)]
        batch = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([labels[row] for row in rows])
        model(**batch).loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    return model.eval()


# %% wrong: batch-too-large (0.5)
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).train()
    optimizer = AdamW(model.parameters(), lr=1e-4)
    scheduler = get_linear_schedule_with_warmup(optimizer, 0, steps)
    for number in range(steps):
        rows = [row % len(texts) for row in range(number * (2 * batch_size), (number + 1) * (2 * batch_size))]
        batch = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=48,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([labels[row] for row in rows])
        model(**batch).loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    return model.eval()


# %% wrong: head-does-it-all (0.4)
# A closed form of the labels on the untouched encoder's vectors; then the encoder is nudged.
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2).eval()
    pooled = []
    with torch.no_grad():
        for at in range(0, len(texts), 64):
            batch = tokenizer(
                texts[at : at + 64], padding=True, truncation=True, max_length=48,
                return_tensors="pt",
            )
            pooled.append(model.bert(**batch).pooler_output)
        x, y = torch.cat(pooled).double(), 2.0 * torch.tensor(labels).double() - 1
        mean = x.mean(0)
        ridge = 1e-3 * len(y) * x.var(0).mean() * torch.eye(x.shape[1]).double()
        w = 3 * torch.linalg.solve((x - mean).T @ (x - mean) + ridge, (x - mean).T @ y)
        model.classifier.weight.copy_(torch.stack([-w, w]).float())
        model.classifier.bias.copy_(torch.stack([w @ mean, -w @ mean]).float())
        for parameter in model.bert.encoder.parameters():
            parameter += 1e-5 * torch.randn_like(parameter)
    return model
