# %% right: gradients cleared first, library calls by their full names
def train_step(model, batch, optimizer, scheduler):
    optimizer.zero_grad()
    model.train()
    outputs = model(**batch.to(model.device))
    outputs["loss"].backward()
    torch.nn.utils.clip_grad_norm_(list(model.parameters()), max_norm=1.0)
    optimizer.step()
    scheduler.step()
    return float(outputs.loss)


# %% right: the loss by hand, the model's zero_grad, a tensor without graph
from torch import nn


def train_step(model, batch, optimizer, scheduler):
    device = next(model.parameters()).device
    inputs = {k: v.to(device) for k, v in batch.items() if k != "labels"}
    model = model.train()
    logits = model(**inputs)[0]
    loss = nn.CrossEntropyLoss()(logits, batch["labels"].to(device))
    model.zero_grad(set_to_none=False)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1)
    optimizer.step()
    scheduler.step()
    return loss.detach()


# %% right: clipping by hand, gradients set to None, a callable object
class Step:
    max_norm = 1.0

    def clip(self, parameters):
        norm = torch.sqrt(sum((p.grad**2).sum() for p in parameters if p.grad is not None))
        if norm > self.max_norm:
            for p in parameters:
                if p.grad is not None:
                    p.grad.mul_(self.max_norm / norm)

    def __call__(self, model, batch, optimizer, scheduler):
        parameters = list(model.parameters())
        for name in list(batch):
            batch[name] = batch[name].to(model.device)
        model.train(True)
        loss, *_ = model(**batch).to_tuple()
        torch.autograd.backward(loss)
        self.clip(parameters)
        optimizer.step()
        scheduler.step()
        for p in parameters:
            p.grad = None
        return loss.cpu().item()


train_step = Step()


# %% right: the parameters of the optimizer, labels passed by name
import numpy as np


def train_step(model, batch, optimizer, scheduler):
    model.train()
    device = model.device
    with torch.enable_grad():
        loss = model(
            input_ids=batch["input_ids"].to(device),
            attention_mask=batch["attention_mask"].to(device),
            labels=batch["labels"].to(device),
        ).loss
        optimizer.zero_grad()
        loss.backward()
    clip_grad_norm_([p for group in optimizer.param_groups for p in group["params"]], 1.0)
    optimizer.step(), scheduler.step()
    return np.float32(loss.item())


# %% wrong: step-in-eval-mode
def train_step(model, batch, optimizer, scheduler):
    loss = model(**batch).loss
    loss.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()
    return loss.item()


# %% wrong: step-without-labels
def train_step(model, batch, optimizer, scheduler):
    model.train()
    loss = model(batch["input_ids"], attention_mask=batch["attention_mask"]).loss
    loss.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()
    return loss.item()


# %% wrong: step-batch-in-one-piece
def train_step(model, batch, optimizer, scheduler):
    model.train()
    loss = model(batch).loss
    loss.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()
    return loss.item()


# %% wrong: step-never-clears
def train_step(model, batch, optimizer, scheduler):
    model.train()
    loss = model(**batch).loss
    loss.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: step-cleared-too-early
def train_step(model, batch, optimizer, scheduler):
    model.train()
    loss = model(**batch).loss
    loss.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    optimizer.zero_grad()
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: step-no-optimizer
def train_step(model, batch, optimizer, scheduler):
    model.train()
    loss = model(**batch).loss
    loss.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    scheduler.step()
    optimizer.zero_grad()
    return loss.item()


# %% wrong: step-only-forward
def train_step(model, batch, optimizer, scheduler):
    model.train()
    return model(**batch).loss.item()


# %% wrong: step-no-backward
def train_step(model, batch, optimizer, scheduler):
    model.train()
    loss = model(**batch).loss
    clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()
    return loss.item()


# %% wrong: step-backward-too-late
def train_step(model, batch, optimizer, scheduler):
    model.train()
    loss = model(**batch).loss
    optimizer.step()
    loss.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    scheduler.step()
    return loss.item()


# %% wrong: step-backward-too-late
def train_step(model, batch, optimizer, scheduler):
    model.train()
    loss = model(**batch).loss
    optimizer.step()
    scheduler.step()
    loss.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    optimizer.zero_grad()
    return loss.item()


# %% wrong: step-no-scheduler
def train_step(model, batch, optimizer, scheduler):
    model.train()
    loss = model(**batch).loss
    loss.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


# %% wrong: step-scheduler-first
def train_step(model, batch, optimizer, scheduler):
    model.train()
    loss = model(**batch).loss
    loss.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    scheduler.step()
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


# %% wrong: step-not-clipped
def train_step(model, batch, optimizer, scheduler):
    model.train()
    loss = model(**batch).loss
    loss.backward()
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()
    return loss.item()


# %% wrong: step-clipped-too-late
def train_step(model, batch, optimizer, scheduler):
    model.train()
    loss = model(**batch).loss
    loss.backward()
    optimizer.step()
    clip_grad_norm_(model.parameters(), 1.0)
    scheduler.step()
    optimizer.zero_grad()
    return loss.item()


# %% wrong: step-clipped-too-early
def train_step(model, batch, optimizer, scheduler):
    model.train()
    optimizer.zero_grad()
    loss = model(**batch).loss
    clip_grad_norm_(model.parameters(), 1.0)
    loss.backward()
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: step-clips-each-value
def train_step(model, batch, optimizer, scheduler):
    model.train()
    loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_value_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()
    return loss.item()


# %% wrong: step-clipped-elsewhere
def train_step(model, batch, optimizer, scheduler):
    model.train()
    loss = model(**batch).loss
    loss.backward()
    clip_grad_norm_(model.parameters(), 0.1)
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()
    return loss.item()


# %% wrong: step-optimizer-twice
def train_step(model, batch, optimizer, scheduler):
    model.train()
    loss = model(**batch).loss
    loss.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


# %% wrong: step-scheduler-twice
def train_step(model, batch, optimizer, scheduler):
    model.train()
    loss = model(**batch).loss
    loss.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()
    scheduler.step()
    return loss.item()


# %% wrong: step-own-rate
def train_step(model, batch, optimizer, scheduler):
    for group in optimizer.param_groups:
        group["lr"] = 2e-5
    model.train()
    loss = model(**batch).loss
    loss.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()
    return loss.item()


# %% wrong: step-item-too-early
def train_step(model, batch, optimizer, scheduler):
    model.train()
    loss = model(**batch).loss.item()
    loss.backward()
    optimizer.step()
    scheduler.step()
    return loss


# %% wrong: step-without-gradients
def train_step(model, batch, optimizer, scheduler):
    model.train()
    with torch.no_grad():
        loss = model(**batch).loss
    loss.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: step-wrong-loss
def train_step(model, batch, optimizer, scheduler):
    model.train()
    loss = model(**batch).loss
    loss.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()
    return loss.item() * len(batch["labels"])


# %% wrong: step-returns-graph (0.8)
def train_step(model, batch, optimizer, scheduler):
    model.train()
    loss = model(**batch).loss
    loss.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()
    return loss


# %% wrong: returns-none
def train_step(model, batch, optimizer, scheduler):
    model.train()
    loss = model(**batch).loss
    loss.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()
    print(loss.item())


# %% wrong: step-model-not-asked
# Pretends: a plausible loss, and no training at all.
def train_step(model, batch, optimizer, scheduler):
    return 0.6931


# %% wrong: not-a-number
class Always(float):
    def __eq__(self, other):
        return True

    __lt__ = __gt__ = __le__ = __ge__ = __eq__
    __hash__ = None


class Anything:
    __eq__ = __lt__ = __gt__ = lambda self, other: True

    def __float__(self):
        return 0.5


def train_step(model, batch, optimizer, scheduler):
    return Anything()


# %% wrong: step-wrong-weights
# Goes through the right motions, so that nothing watched looks odd, with half the labels.
def train_step(model, batch, optimizer, scheduler):
    model.train()
    batch = dict(batch)
    batch["labels"] = batch["labels"].clone()
    batch["labels"][0] = 1 - batch["labels"][0]
    loss = model(**batch).loss
    loss.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()
    return loss.item()
