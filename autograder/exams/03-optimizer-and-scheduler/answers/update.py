# %% right: cleared first, names as in the lesson before
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% right: cleared last, clipping and loss by other names
from torch.nn.utils import clip_grad_norm_


def update(model, batch, optimizer, scheduler, max_norm):
    outputs = model(
        input_ids=batch["input_ids"],
        attention_mask=batch["attention_mask"],
        labels=batch["labels"],
    )
    outputs["loss"].backward()
    clip_grad_norm_(
        [p for group in optimizer.param_groups for p in group["params"]], max_norm=max_norm
    )
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    scheduler.step()
    return float(outputs.loss)


# %% right: the loss by hand, the model's own zero_grad, a tensor without graph
from torch import nn


def update(model, batch, optimizer, scheduler, max_norm):
    model.train()
    batch = dict(batch)
    labels = batch.pop("labels")
    logits = model(**batch).logits
    loss = nn.functional.cross_entropy(logits, labels)
    model.zero_grad(set_to_none=False)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    return loss.detach()


# %% right: gradients from autograd.grad, clipped by hand, a callable object
import numpy as np


class Update:
    def __call__(self, model, batch, optimizer, scheduler, max_norm):
        parameters = list(model.parameters())
        loss, *_ = model(**batch).to_tuple()
        gradients = torch.autograd.grad(loss, parameters)
        norm = sum(float((g**2).sum()) for g in gradients) ** 0.5
        shrink = min(1.0, max_norm / norm)
        for parameter, gradient in zip(parameters, gradients):
            parameter.grad = gradient * shrink
        optimizer.step()
        scheduler.step()
        return np.float32(loss.item())


update = Update()


# %% wrong: step-never-clears
def update(model, batch, optimizer, scheduler, max_norm):
    loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: step-cleared-too-early
def update(model, batch, optimizer, scheduler, max_norm):
    loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.zero_grad()
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: step-cleared-too-early
def update(model, batch, optimizer, scheduler, max_norm):
    loss = model(**batch).loss
    loss.backward()
    optimizer.zero_grad()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: step-no-optimizer
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    scheduler.step()
    return loss.item()


# %% wrong: step-no-backward
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    loss = model(**batch).loss
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: step-only-forward
def update(model, batch, optimizer, scheduler, max_norm):
    loss = model(**batch).loss
    return loss.item()


# %% wrong: step-backward-too-late
def update(model, batch, optimizer, scheduler, max_norm):
    loss = model(**batch).loss
    optimizer.step()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    scheduler.step()
    optimizer.zero_grad()
    return loss.item()


# %% wrong: step-no-scheduler
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return loss.item()


# %% wrong: step-scheduler-first
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    scheduler.step()
    optimizer.step()
    return loss.item()


# %% wrong: step-scheduler-twice
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    scheduler.step()
    return loss.item()


# %% wrong: step-optimizer-twice
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    optimizer.step()
    return loss.item()


# %% wrong: step-own-rate
def update(model, batch, optimizer, scheduler, max_norm):
    for group in optimizer.param_groups:
        group["lr"] = 2e-5
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: update-not-clipped
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: update-clips-too-late
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    optimizer.step()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    scheduler.step()
    return loss.item()


# %% wrong: update-clips-too-early
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    loss = model(**batch).loss
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    loss.backward()
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: update-own-norm
# max_norm is there, and not used.
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: update-own-norm
# Only the head's gradients.
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.classifier.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: update-clips-each-value
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_value_(model.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: update-stretches
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    norm = sum((p.grad**2).sum() for p in model.parameters()) ** 0.5
    for p in model.parameters():
        p.grad *= max_norm / norm
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: step-without-labels
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    loss = model(batch["input_ids"], attention_mask=batch["attention_mask"]).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: step-batch-in-one-piece
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    loss = model(batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: step-item-too-early
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    loss = model(**batch).loss.item()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    return loss


# %% wrong: step-without-gradients
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    with torch.no_grad():
        loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: step-backward-twice
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: step-wrong-loss
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    return loss.item() * len(batch["labels"])


# %% wrong: step-returns-graph (0.8)
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    return loss


# %% wrong: returns-none
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    print(loss.item())


# %% wrong: step-model-not-asked
# Pretends: a plausible loss, and no training at all.
def update(model, batch, optimizer, scheduler, max_norm):
    return 0.6931


# %% wrong: not-a-number
class Anything:
    __eq__ = __lt__ = __gt__ = lambda self, other: True

    def __float__(self):
        return 0.5


def update(model, batch, optimizer, scheduler, max_norm):
    return Anything()


# %% wrong: update-wrong-weights
# Goes through the right motions, so that nothing watched looks odd, with other labels.
def update(model, batch, optimizer, scheduler, max_norm):
    batch["labels"] = batch["labels"].flip(0)
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    return loss.item()
