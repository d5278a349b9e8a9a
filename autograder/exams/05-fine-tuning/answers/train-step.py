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


# %% right: the optimizer calls a closure
def train_step(model, batch, optimizer, scheduler):
    inputs = {name: tensor.to(model.device) for name, tensor in batch.items()}

    def closure():
        model.train()
        optimizer.zero_grad()
        loss = model(**inputs).loss
        loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        return loss

    loss = optimizer.step(closure)
    scheduler.step()
    return loss.item()


# %% right: two half-batches, gradients added up
def train_step(model, batch, optimizer, scheduler):
    model.train()
    optimizer.zero_grad()
    rows = batch["labels"].shape[0]
    total = torch.zeros((), device=model.device)
    names = list(batch)
    for part in zip(*(batch[name].to(model.device).chunk(2) for name in names)):
        part = dict(zip(names, part))
        loss = model(**part).loss * (part["labels"].shape[0] / rows)
        loss.backward()
        total += loss.detach()
    clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    return total.item()


# %% right: the loss asked for first, without gradients
def train_step(model, batch, optimizer, scheduler):
    batch = {k: v.to(model.device) for k, v in batch.items()}
    model.train()
    with torch.no_grad():
        before = model(**batch).loss.item()
    optimizer.zero_grad()
    model(**batch).loss.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    return before


# %% right: bfloat16 where it is enough
def train_step(model, batch, optimizer, scheduler):
    model.train()
    batch = {k: v.to(model.device, non_blocking=True) for k, v in batch.items()}
    optimizer.zero_grad(set_to_none=True)
    with torch.autocast(model.device.type, dtype=torch.bfloat16):
        outputs = model(**batch)
    outputs.loss.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    return outputs.loss.item()


# %% right: gradients from autograd.grad, one factor for all of them
def train_step(model, batch, optimizer, scheduler):
    model.train()
    parameters = [p for p in model.parameters() if p.requires_grad]
    loss = model(**{k: v.to(model.device) for k, v in batch.items()}).loss
    gradients = torch.autograd.grad(loss, parameters)
    length = torch.cat([g.reshape(-1) for g in gradients]).norm()
    factor = 1.0 if length <= 1 else 1.0 / length
    for p, g in zip(parameters, gradients):
        p.grad = g * factor
    optimizer.step()
    optimizer.zero_grad()
    scheduler.step()
    return loss.item()


# %% right: a class that keeps its parts, in evaluation mode afterwards
class Trainer:
    def __init__(self, model, optimizer, scheduler):
        self.model, self.optimizer, self.scheduler = model, optimizer, scheduler

    def loss(self, batch):
        labels = batch["labels"].to(self.model.device)
        outputs = self.model(
            batch["input_ids"].to(self.model.device),
            batch["attention_mask"].to(self.model.device),
            batch["token_type_ids"].to(self.model.device),
        )
        return torch.nn.functional.nll_loss(outputs.logits.log_softmax(-1), labels)

    def step(self, batch):
        self.model.train()
        self.optimizer.zero_grad()
        loss = self.loss(batch)
        loss.backward()
        clip_grad_norm_(self.model.parameters(), 1.0, error_if_nonfinite=True)
        self.optimizer.step()
        self.scheduler.step()
        self.model.eval()
        return loss.item()


def train_step(model, batch, optimizer, scheduler):
    return Trainer(model, optimizer, scheduler).step(batch)


# %% right: the loss of the batch without dropout returned
def train_step(model, batch, optimizer, scheduler):
    batch = {k: v.to(model.device) for k, v in batch.items()}
    model.eval()
    with torch.inference_mode():
        before = model(**batch).loss.item()
    model.train()
    model(**batch).loss.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()
    return before


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


# %% wrong: step-stretches
def train_step(model, batch, optimizer, scheduler):
    model.train()
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    norm = sum((p.grad**2).sum() for p in model.parameters()) ** 0.5
    for p in model.parameters():
        p.grad /= norm
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: step-clips-one-group
def train_step(model, batch, optimizer, scheduler):
    model.train()
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    clip_grad_norm_(optimizer.param_groups[-1]["params"], 1.0)
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: step-clips-each-group
def train_step(model, batch, optimizer, scheduler):
    model.train()
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    for group in optimizer.param_groups:
        clip_grad_norm_(group["params"], 1.0)
    optimizer.step()
    scheduler.step()
    return loss.item()


# %% wrong: step-clips-each-tensor
def train_step(model, batch, optimizer, scheduler):
    model.train()
    loss = model(**batch).loss
    loss.backward()
    for p in model.parameters():
        clip_grad_norm_([p], 1.0)
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()
    return loss.item()


# %% wrong: step-clips-another-norm
def train_step(model, batch, optimizer, scheduler):
    model.train()
    loss = model(**batch).loss
    loss.backward()
    clip_grad_norm_(model.parameters(), 1.0, 1.0)
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()
    return loss.item()


# %% wrong: step-clips-a-part
# Only the head's gradients.
def train_step(model, batch, optimizer, scheduler):
    model.train()
    loss = model(**batch).loss
    loss.backward()
    clip_grad_norm_(model.classifier.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()
    return loss.item()


# %% wrong: step-in-eval-mode
# In training mode, but only after the loss.
def train_step(model, batch, optimizer, scheduler):
    model.eval()
    loss = model(**batch).loss
    model.train()
    loss.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()
    return loss.item()


# %% wrong: step-without-dropout
def train_step(model, batch, optimizer, scheduler):
    model.train()
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.eval()
    loss = model(**batch).loss
    loss.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()
    return loss.item()


# %% wrong: step-mask-forgotten
def train_step(model, batch, optimizer, scheduler):
    model.train()
    logits = model(batch["input_ids"].to(model.device)).logits
    loss = torch.nn.functional.cross_entropy(logits, batch["labels"].to(model.device))
    loss.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()
    return loss.item()


# %% wrong: step-loss-summed
def train_step(model, batch, optimizer, scheduler):
    model.train()
    logits = model(batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    loss = torch.nn.CrossEntropyLoss(reduction="sum")(logits, batch["labels"])
    loss.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()
    return loss.item() / len(batch["labels"])


# %% wrong: step-gradients-scaled
# Divided as if there were four parts of a batch.
def train_step(model, batch, optimizer, scheduler):
    model.train()
    loss = model(**batch).loss
    (loss / 4).backward()
    clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()
    return loss.item()


# %% wrong: step-loss-after
def train_step(model, batch, optimizer, scheduler):
    model.train()
    model(**batch).loss.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()
    model.eval()
    with torch.no_grad():
        return model(**batch).loss.item()


# %% wrong: step-graph-cut
# The copy learns, and is thrown away.
import copy


def train_step(model, batch, optimizer, scheduler):
    learner = copy.deepcopy(model).train()
    loss = learner(**batch).loss
    loss.backward()
    clip_grad_norm_(learner.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()
    return loss.item()


# %% wrong: step-by-hand
def train_step(model, batch, optimizer, scheduler):
    model.train()
    loss = model(**batch).loss
    loss.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    for group in optimizer.param_groups:
        for p in group["params"]:
            p.data -= group["lr"] * p.grad
    scheduler.step()
    model.zero_grad()
    return loss.item()


# %% wrong: step-part-still
def train_step(model, batch, optimizer, scheduler):
    model.train()
    model.bert.embeddings.requires_grad_(False)
    loss = model(**batch).loss
    loss.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()
    return loss.item()


# %% wrong: step-backward-twice
def train_step(model, batch, optimizer, scheduler):
    model.train()
    loss = model(**batch).loss
    loss.backward()
    loss.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()
    return loss.item()


# %% wrong: step-gradient-none
def train_step(model, batch, optimizer, scheduler):
    model.train()
    loss = model(**batch).loss
    norm = sum(p.grad.norm() ** 2 for p in model.parameters()) ** 0.5
    loss.backward()
    for p in model.parameters():
        p.grad /= max(norm, 1.0)
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()
    return loss.item()


# %% wrong: step-clips-a-part
def train_step(model, batch, optimizer, scheduler):
    batch = batch.to(model.device)
    model.train()
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.bert.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    return loss.item()
