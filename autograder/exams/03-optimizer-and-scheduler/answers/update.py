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


# %% right: the optimizer calls a closure
def update(model, batch, optimizer, scheduler, max_norm):
    def closure():
        optimizer.zero_grad()
        loss = model(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        return loss

    loss = optimizer.step(closure)
    scheduler.step()
    return loss.item()


# %% right: the loss asked for first, without gradients
def update(model, batch, optimizer, scheduler, max_norm):
    with torch.no_grad():
        before = model(**batch).loss.item()
    optimizer.zero_grad()
    model(**batch).loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    return before


# %% right: two half-batches, gradients added up
def update(model, batch, optimizer, scheduler, max_norm):
    rows = len(batch["labels"])
    total = 0.0
    for start in range(0, rows, (rows + 1) // 2):
        part = {name: tensor[start : start + (rows + 1) // 2] for name, tensor in batch.items()}
        loss = model(**part).loss * len(part["labels"]) / rows
        loss.backward()
        total += loss.item()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()
    return total


# %% right: functional, gradients by torch.func
from torch.func import functional_call, grad_and_value


def update(model, batch, optimizer, scheduler, max_norm):
    weights = dict(model.named_parameters())

    def loss_of(weights):
        return functional_call(model, weights, (), dict(batch)).loss

    gradients, loss = grad_and_value(loss_of)({name: w.detach() for name, w in weights.items()})
    norm = torch.stack([g.norm() for g in gradients.values()]).norm()
    for name, gradient in gradients.items():
        weights[name].grad = gradient * (max_norm / norm).clamp(max=1.0)
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% right: total norm first, then clipping with it
def update(model, batch, optimizer, scheduler, max_norm):
    parameters = list(model.parameters())
    for parameter in parameters:
        parameter.grad = None
    loss = model(**batch)["loss"]
    loss.backward()
    norm = torch.nn.utils.get_total_norm([p.grad for p in parameters])
    torch.nn.utils.clip_grads_with_norm_(parameters, max_norm, norm)
    optimizer.step()
    scheduler.step()
    return round(loss.item(), 4)


# %% right: row by row, summed and divided by hand
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad(set_to_none=False)
    losses = []
    for row in range(len(batch["labels"])):
        logits = model(
            input_ids=batch["input_ids"][row : row + 1],
            token_type_ids=batch["token_type_ids"][row : row + 1],
            attention_mask=batch["attention_mask"][row : row + 1],
        ).logits
        losses.append(-logits.log_softmax(dim=1)[0, batch["labels"][row]])
    loss = sum(losses) / len(losses)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm, foreach=False)
    optimizer.step()
    scheduler.step()
    return loss.tolist()


# %% right: the loss of the batch without dropout returned, the mode put back
def update(model, batch, optimizer, scheduler, max_norm):
    model.eval()
    with torch.inference_mode():
        before = float(model(**batch).loss)
    model.train()
    loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    optimizer.zero_grad()
    scheduler.step()
    return before


# %% right: bfloat16 where it is enough
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% right: bfloat16, two parts of the batch, the loss outside
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    rows, total = len(batch["labels"]), 0.0
    for part in (slice(0, 1), slice(1, rows)):
        inputs = {name: tensor[part] for name, tensor in batch.items()}
        labels = inputs.pop("labels")
        if len(labels):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits = model(**inputs).logits
            loss = torch.nn.functional.cross_entropy(logits.float(), labels, reduction="sum") / rows
            loss.backward()
            total += loss.item()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    return total


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


# %% wrong: update-in-eval-mode
def update(model, batch, optimizer, scheduler, max_norm):
    model.eval()
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: step-clips-one-group
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(optimizer.param_groups[0]["params"], max_norm)
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: step-clips-each-group
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    for group in optimizer.param_groups:
        torch.nn.utils.clip_grad_norm_(group["params"], max_norm)
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: step-clips-each-tensor
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    for parameter in model.parameters():
        torch.nn.utils.clip_grad_norm_(parameter, max_norm)
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: step-clips-another-norm
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm, norm_type=float("inf"))
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: update-not-clipped
# The names of parameters are used up by the count, and nothing is left to clip.
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    parameters = filter(lambda p: p.grad is not None, model.parameters())
    assert len(list(parameters)) > 0
    torch.nn.utils.clip_grad_norm_(parameters, max_norm)
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: step-mask-forgotten
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    loss = model(batch["input_ids"], labels=batch["labels"]).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: step-loss-summed
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    loss = model(**batch).loss
    (loss * len(batch["labels"])).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: step-gradients-scaled
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward(retain_graph=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: step-loss-after
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    model(**batch).loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    with torch.no_grad():
        return model(**batch).loss.item()


# %% wrong: step-graph-cut
# What a search for the error message suggests.
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    with torch.no_grad():
        loss = model(**batch).loss
    loss.requires_grad_(True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: step-by-hand
def update(model, batch, optimizer, scheduler, max_norm):
    model.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    with torch.no_grad():
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                parameter -= group["lr"] * parameter.grad
    scheduler.step()
    return loss.item()


# %% wrong: step-gradient-none
def update(model, batch, optimizer, scheduler, max_norm):
    for parameter in model.parameters():
        parameter.grad.zero_()
    loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: step-part-still
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    labels = batch["labels"]
    with torch.no_grad():
        inputs = {name: tensor for name, tensor in batch.items() if name != "labels"}
        pooled = model.bert(**inputs).pooler_output
    logits = model.classifier(model.dropout(pooled))
    loss = torch.nn.functional.cross_entropy(logits, labels)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: step-without-dropout
def update(model, batch, optimizer, scheduler, max_norm):
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: step-wrong-loss
# A mean over all batches so far.
losses_so_far = []


def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    losses_so_far.append(loss.item())
    return sum(losses_so_far) / len(losses_so_far)


# %% wrong: step-clips-a-part
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.classifier.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: step-clips-a-part
def update(model, batch, optimizer, scheduler, max_norm):
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.bert.parameters(), max_norm)
    optimizer.step()
    scheduler.step()
    return loss.item()
