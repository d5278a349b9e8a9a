# Right fine_tunes in really different styles. Each block runs after the first one, which they share.
# `# points: 4..10` is what it must get (10 where nothing is said), `# nightly` is left to `make test-all`.

# %% right: shared
import random

import torch
from torch.nn.utils import clip_grad_norm_
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertForSequenceClassification,
    Trainer,
    TrainingArguments,
    get_cosine_schedule_with_warmup,
    get_linear_schedule_with_warmup,
    set_seed,
)


def load(checkpoint, seed, device="cpu"):
    torch.manual_seed(seed)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2)
    return AutoTokenizer.from_pretrained(checkpoint), model.to(device).train()


def draw(tokenizer, texts, labels, steps, batch_size, max_length=48):
    order = []
    for _ in range(steps):
        while len(order) < batch_size:
            order += torch.randperm(len(texts)).tolist()
        rows, order = order[:batch_size], order[batch_size:]
        batch = tokenizer(
            [texts[r] for r in rows], padding=True, truncation=True, max_length=max_length,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([labels[r] for r in rows])
        yield batch


def loop(model, batches, optimizer, scheduler=None, clip=1.0):
    for batch in batches:
        model(**batch).loss.backward()
        if clip:
            clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        optimizer.zero_grad()
    return model.eval()


def trainer_arguments(**named):
    import tempfile

    return TrainingArguments(
        output_dir=tempfile.mkdtemp(), report_to="none", save_strategy="no", disable_tqdm=True,
        **named,
    )


def dataset(tokenizer, texts, labels, max_length=48):
    from datasets import Dataset

    return Dataset.from_dict({"text": texts, "label": labels}).map(
        lambda rows: tokenizer(rows["text"], truncation=True, max_length=max_length),
        batched=True, remove_columns="text",
    )


# %% right: the Trainer itself is returned, with smoothing, accumulation and a cosine
# nightly
# points: 9..10
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    set_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    trainer = Trainer(
        model=AutoModelForSequenceClassification.from_pretrained(checkpoint, num_labels=2),
        args=trainer_arguments(
            max_steps=steps, per_device_train_batch_size=batch_size // 2, seed=seed, use_cpu=True,
            gradient_accumulation_steps=2, learning_rate=1.5e-4, warmup_steps=steps // 10,
            lr_scheduler_type="cosine", label_smoothing_factor=0.05, weight_decay=0.1,
        ),
        train_dataset=dataset(tokenizer, texts, labels, 64),
        processing_class=tokenizer,
    )
    trainer.train()
    return trainer


# %% right: a Trainer for transformers 4, as Colab has it
# nightly
# points: 9..10
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    set_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    trainer = Trainer(
        model=AutoModelForSequenceClassification.from_pretrained(checkpoint, num_labels=2),
        args=trainer_arguments(
            max_steps=steps, per_device_train_batch_size=batch_size, seed=seed, no_cuda=True,
            overwrite_output_dir=True, learning_rate=1.5e-4, warmup_ratio=0.1,
        ),
        train_dataset=dataset(tokenizer, texts, labels, 64),
        tokenizer=tokenizer,
    )
    trainer.train()
    return trainer


# %% right: accelerate with accumulation and bf16
# nightly
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    from accelerate import Accelerator
    from torch.utils.data import DataLoader

    accelerator = Accelerator(gradient_accumulation_steps=2, cpu=True, mixed_precision="bf16")
    tokenizer, model = load(checkpoint, seed)

    def collate(rows):
        batch = tokenizer(
            [t for t, _ in rows], padding=True, truncation=True, max_length=64, return_tensors="pt"
        )
        return {**batch, "labels": torch.tensor([y for _, y in rows])}

    loader = DataLoader(
        list(zip(texts, labels)), batch_size=batch_size // 2, shuffle=True, collate_fn=collate
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    scheduler = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    model, optimizer, loader, scheduler = accelerator.prepare(model, optimizer, loader, scheduler)
    for batch in loader:
        with accelerator.accumulate(model):
            accelerator.backward(model(**batch).loss)
            if accelerator.sync_gradients:
                accelerator.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
    return accelerator.unwrap_model(model).eval()


# %% right: Adafactor as documented, its rate None
# points: 4..10
# Its relative steps are large for so few of them: .45 and .77 on two questions, see runs.json.
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    from transformers.optimization import Adafactor

    tokenizer, model = load(checkpoint, seed)
    optimizer = Adafactor(
        model.parameters(), scale_parameter=True, relative_step=True, warmup_init=False, lr=None
    )
    return loop(model, draw(tokenizer, texts, labels, steps, batch_size), optimizer)


# %% right: Adafactor with a rate of its own
# nightly
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    from transformers.optimization import Adafactor

    tokenizer, model = load(checkpoint, seed)
    optimizer = Adafactor(
        model.parameters(), scale_parameter=False, relative_step=False, lr=1.5e-4
    )
    scheduler = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    return loop(model, draw(tokenizer, texts, labels, steps, batch_size), optimizer, scheduler)


# %% right: NAdam
# nightly
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    tokenizer, model = load(checkpoint, seed)
    optimizer = torch.optim.NAdam(model.parameters(), lr=1e-4)
    scheduler = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    return loop(model, draw(tokenizer, texts, labels, steps, batch_size), optimizer, scheduler)


# %% right: Adam, not AdamW, with weight decay
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    tokenizer, model = load(checkpoint, seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, weight_decay=0.01)
    scheduler = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    return loop(model, draw(tokenizer, texts, labels, steps, batch_size), optimizer, scheduler)


# %% right: SGD with momentum at a rate that works
# nightly
# points: 4..10
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    tokenizer, model = load(checkpoint, seed)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.03, momentum=0.9)
    scheduler = get_cosine_schedule_with_warmup(optimizer, steps // 10, steps)
    return loop(model, draw(tokenizer, texts, labels, steps, batch_size), optimizer, scheduler)


# %% right: rates that fall from layer to layer
# nightly
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    tokenizer, model = load(checkpoint, seed)
    layers = [model.bert.embeddings, *model.bert.encoder.layer]
    groups = [
        {"params": layer.parameters(), "lr": 2e-4 * 0.9 ** (len(layers) - depth)}
        for depth, layer in enumerate(layers)
    ]
    head = [*model.bert.pooler.parameters(), *model.classifier.parameters()]
    optimizer = torch.optim.AdamW([*groups, {"params": head, "lr": 2e-4}])
    scheduler = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    return loop(model, draw(tokenizer, texts, labels, steps, batch_size), optimizer, scheduler)


# %% right: one optimizer for the encoder, one for the head
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    tokenizer, model = load(checkpoint, seed)
    encoder = torch.optim.AdamW(model.bert.parameters(), lr=1e-4, fused=True)
    head = torch.optim.AdamW(model.classifier.parameters(), lr=1e-3)
    for batch in draw(tokenizer, texts, labels, steps, batch_size):
        encoder.zero_grad()
        head.zero_grad()
        model(**batch).loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        encoder.step()
        head.step()
    return model.eval()


# %% right: an optimizer class of one's own, whose groups have no lr
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    class SignMomentum(torch.optim.Optimizer):
        def __init__(self, params, rate):
            super().__init__(params, {"rate": rate})

        @torch.no_grad()
        def step(self):
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        m = self.state[p].setdefault("m", torch.zeros_like(p))
                        p.add_((0.9 * m + 0.1 * p.grad).sign_(), alpha=-group["rate"])
                        m.mul_(0.99).add_(p.grad, alpha=0.01)

    tokenizer, model = load(checkpoint, seed)
    batches = draw(tokenizer, texts, labels, steps, batch_size)
    return loop(model, batches, SignMomentum(model.parameters(), 3e-5))


# %% right: gradients of four small batches added up
# nightly
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    tokenizer, model = load(checkpoint, seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    scheduler = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    for number, batch in enumerate(draw(tokenizer, texts, labels, steps * 4, batch_size // 4)):
        (model(**batch).loss / 4).backward()
        if number % 4 == 3:
            clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
    return model.eval()


# %% right: bf16 autocast
# nightly
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    tokenizer, model = load(checkpoint, seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    scheduler = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    for batch in draw(tokenizer, texts, labels, steps, batch_size):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = model(**batch).loss
        loss.backward()
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    return model.eval()


# %% right: embeddings frozen
# nightly
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    tokenizer, model = load(checkpoint, seed)
    model.bert.embeddings.requires_grad_(False)
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1.5e-4)
    scheduler = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    return loop(model, draw(tokenizer, texts, labels, steps, batch_size), optimizer, scheduler)


# %% right: smoothed labels, the loss called as a function
# nightly
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    tokenizer, model = load(checkpoint, seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    scheduler = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    for batch in draw(tokenizer, texts, labels, steps, batch_size):
        y = batch.pop("labels")
        loss = torch.nn.functional.cross_entropy(model(**batch).logits, y, label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
    return model.eval()


# %% right: a loss of one's own, from log-probabilities
# nightly
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    tokenizer, model = load(checkpoint, seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    scheduler = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    for batch in draw(tokenizer, texts, labels, steps, batch_size):
        y = batch.pop("labels")
        logits = model(**batch).logits
        loss = (logits.logsumexp(dim=1) - logits[torch.arange(len(y)), y]).mean()
        optimizer.zero_grad()
        torch.autograd.backward([loss])
        optimizer.step()
        scheduler.step()
    return model.eval()


# %% right: the mean of the weights is returned
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

    tokenizer, model = load(checkpoint, seed)
    mean = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.85))
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-4, fused=True)
    scheduler = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    for batch in draw(tokenizer, texts, labels, steps, batch_size):
        loop(model.train(), [batch], optimizer, scheduler)
        mean.update_parameters(model)
    return mean.eval()


# %% right: the best weights on a split of its own
# nightly
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    tokenizer, model = load(checkpoint, seed)
    held = tokenizer(texts[:64], padding=True, truncation=True, max_length=48, return_tensors="pt")
    truth = torch.tensor(labels[:64])
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    scheduler = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    best, kept = -1.0, None
    for number, batch in enumerate(draw(tokenizer, texts[64:], labels[64:], steps, batch_size), 1):
        loop(model.train(), [batch], optimizer, scheduler)
        if number % 20 == 0:
            with torch.no_grad():
                right = (model.eval()(**held).logits.argmax(dim=1) == truth).float().mean().item()
            if right >= best:
                best, kept = right, {n: v.clone() for n, v in model.state_dict().items()}
    model.load_state_dict(kept)
    return model.eval()


# %% right: compiled
# nightly
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    tokenizer, model = load(checkpoint, seed)
    compiled = torch.compile(model, backend="eager", dynamic=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    scheduler = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    return loop(compiled, draw(tokenizer, texts, labels, steps, batch_size), optimizer, scheduler)


# %% right: low-rank changes, merged before the return
# points: 4..10
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    class LowRank(torch.nn.Module):
        def __init__(self, linear, rank=8):
            super().__init__()
            self.linear = linear.requires_grad_(False)
            wide = linear.in_features
            self.a = torch.nn.Parameter(torch.randn(rank, wide) / wide**0.5)
            self.b = torch.nn.Parameter(torch.zeros(linear.out_features, rank))

        def forward(self, x):
            return self.linear(x) + 2 * (x @ self.a.T @ self.b.T)

    tokenizer, model = load(checkpoint, seed)
    model.bert.requires_grad_(False)
    model.bert.pooler.requires_grad_(True)
    places = [(layer.attention.self, name) for layer in model.bert.encoder.layer for name in ("query", "value")]
    places += [(layer.output, "dense") for layer in model.bert.encoder.layer]
    for place, name in places:
        setattr(place, name, LowRank(getattr(place, name)))
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=2e-3)
    scheduler = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    loop(model, draw(tokenizer, texts, labels, steps, batch_size), optimizer, scheduler)
    with torch.no_grad():
        for place, name in places:
            low = getattr(place, name)
            low.linear.weight += 2 * low.b @ low.a
            setattr(place, name, low.linear)
    return model.eval()


# %% right: no decay of biases and LayerNorm
# nightly
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    tokenizer, model = load(checkpoint, seed)
    named = list(model.named_parameters())
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for n, p in named if p.ndim > 1], "weight_decay": 0.01},
            {"params": [p for n, p in named if p.ndim < 2], "weight_decay": 0.0},
        ],
        lr=1e-4,
    )
    scheduler = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    return loop(model, draw(tokenizer, texts, labels, steps, batch_size), optimizer, scheduler)


# %% right: 64 tokens, loaded by workers
# nightly
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    from torch.utils.data import DataLoader
    from transformers import DataCollatorWithPadding

    tokenizer, model = load(checkpoint, seed)
    loader = DataLoader(
        dataset(tokenizer, texts, labels, 64), batch_size=batch_size, shuffle=True, num_workers=2,
        collate_fn=DataCollatorWithPadding(tokenizer), drop_last=True,
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    scheduler = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    done = 0
    while done < steps:
        for batch in loader:
            if done < steps:
                loop(model.train(), [batch], optimizer, scheduler)
                done += 1
    return model.eval()


# %% right: sharpness-aware, two passes an update
# nightly
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    tokenizer, model = load(checkpoint, seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1.5e-4)
    scheduler = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    for batch in draw(tokenizer, texts, labels, steps, batch_size):
        model(**batch).loss.backward()
        with torch.no_grad():
            grads = [p.grad.clone() for p in model.parameters()]
            norm = torch.stack([g.norm() for g in grads]).norm()
            away = [0.02 * g / norm for g in grads]
            for p, step in zip(model.parameters(), away):
                p += step
        optimizer.zero_grad()
        model(**batch).loss.backward()
        with torch.no_grad():
            for p, step in zip(model.parameters(), away):
                p -= step
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    return model.eval()


# %% right: Adam written by hand, with autograd.grad
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    tokenizer, model = load(checkpoint, seed)
    parameters = list(model.parameters())
    first = [torch.zeros_like(p) for p in parameters]
    second = [torch.zeros_like(p) for p in parameters]
    for number, batch in enumerate(draw(tokenizer, texts, labels, steps, batch_size), 1):
        gradients = torch.autograd.grad(model(**batch).loss, parameters)
        rate = 1e-4 * min(number / 6, (steps - number + 1) / (steps - 5))
        with torch.no_grad():
            for p, g, m, v in zip(parameters, gradients, first, second):
                m.mul_(0.9).add_(g, alpha=0.1)
                v.mul_(0.999).addcmul_(g, g, value=0.001)
                p -= rate * (m / (1 - 0.9**number)) / ((v / (1 - 0.999**number)).sqrt() + 1e-8)
    return model.eval()


# %% right: one cycle, gradient checkpointing
# nightly
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    tokenizer, model = load(checkpoint, seed)
    model.gradient_checkpointing_enable()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.5e-4, total_steps=steps)
    return loop(model, draw(tokenizer, texts, labels, steps, batch_size), optimizer, scheduler)
