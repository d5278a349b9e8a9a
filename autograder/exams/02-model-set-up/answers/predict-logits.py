# %% right: eval and no_grad
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        return model(**batch).logits


# %% right: by name, the mode put back
import torch


@torch.inference_mode()
def predict_logits(network, encoded):
    was_training = network.training
    network.train(False)
    output = network(
        input_ids=encoded["input_ids"], attention_mask=encoded["attention_mask"], return_dict=False
    )
    network.train(was_training)
    return output[0]


# %% right: by place, in the right order, detached
def predict_logits(model, batch):
    model.eval()
    return model(batch.input_ids, batch.attention_mask, batch.token_type_ids)["logits"].detach()


# %% right: NumPy, on the model's device
import torch


def predict_logits(model, batch):
    with torch.no_grad():
        return model.eval()(**batch.to(model.device)).logits.cpu().numpy()


# %% right: one review after the other
import torch


class Oracle:
    def __call__(self, model, batch):
        model.eval()
        rows = []
        for ids, mask in zip(batch["input_ids"], batch["attention_mask"]):
            with torch.no_grad():
                rows.append(model(input_ids=ids[mask == 1][None]).logits[0])
        return torch.stack(rows)


predict_logits = Oracle()


# %% right: nested lists
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        logits = model(**{name: torch.as_tensor(batch[name]) for name in batch.keys()}).logits
    return logits.tolist()


# %% wrong: logits-dropout-on
import torch


def predict_logits(model, batch):
    with torch.no_grad():
        return model(**batch).logits


# %% wrong: logits-dropout-on
import torch


def predict_logits(model, batch):
    model.eval
    with torch.no_grad():
        return model(**batch).logits


# %% wrong: logits-softmaxed
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        return model(**batch).logits.softmax(dim=-1)


# %% wrong: logits-log-softmaxed
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        return torch.log_softmax(model(**batch).logits, dim=-1)


# %% wrong: logits-mask-forgotten
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        return model(batch["input_ids"]).logits


# %% wrong: logits-rows-alike
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        return model(batch["input_ids"], batch["token_type_ids"]).logits


# %% wrong: logits-rows-alike
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        return model(*batch.values()).logits


# %% wrong: logits-with-gradient (0.5)
def predict_logits(model, batch):
    model.eval()
    return model(**batch).logits


# %% wrong: logits-numpy-refused
def predict_logits(model, batch):
    model.eval()
    return model(**batch).logits.numpy()


# %% wrong: logits-in-a-package
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        return model(**batch)


# %% wrong: logits-first-only
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        return model(**batch).logits[0]


# %% wrong: logits-argmaxed
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        return model(**batch).logits.argmax(dim=-1)


# %% wrong: logits-batch-of-one
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        return model(**batch).logits.squeeze()


# %% wrong: batch-not-unpacked
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        return model(batch).logits


# %% wrong: logits-called
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        return model(**batch).logits()


# %% wrong: logits-order
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        return model(**batch).logits.sort(dim=0).values if len(batch["input_ids"]) > 1 else model(**batch).logits


# %% wrong: logits-of-neighbours
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        logits = model(**batch).logits
    return logits - logits.mean(dim=0)


# %% wrong: logits-shape
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        return model.bert(**batch).pooler_output


# %% wrong: returns-none
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        print(model(**batch).logits)


# %% wrong: logits-wrong
import torch


def predict_logits(model, batch):
    # A cheat that pleases the visible check: steady numbers made of the ids, the model never asked.
    sums = (batch["input_ids"] * batch["attention_mask"]).sum(dim=1, keepdim=True).double()
    return torch.cat([sums * (k + 1) for k in range(model.config.num_labels)], dim=1)


# %% wrong: not-numbers
class Agreeable(list):
    def __eq__(self, other):
        return True


def predict_logits(model, batch):
    return Agreeable([object()])


# %% right: two reviews at a time
import torch


def predict_logits(model, batch):
    model.eval()
    count = batch["input_ids"].shape[0]
    with torch.no_grad():
        parts = [
            model(**{name: tensor[start : start + 2] for name, tensor in batch.items()}).logits
            for start in range(0, count, 2)
        ]
    return torch.cat(parts)


# %% right: a copy of the model, in double precision
import copy

import torch


def predict_logits(model, batch):
    twin = copy.deepcopy(model).double().eval().requires_grad_(False)
    return twin(**batch).logits


# %% right: encoder and head by hand, no entry but two
import torch


def predict_logits(model, batch):
    training = model.training
    model.eval()
    try:
        with torch.set_grad_enabled(False):
            summary = model.bert(batch["input_ids"], attention_mask=batch["attention_mask"]).pooler_output
            return model.classifier(summary)
    finally:
        model.train(training)


# %% right: each dropout layer switched off and on again
import torch


@torch.no_grad
def predict_logits(model, batch):
    modes = {module: module.training for module in model.modules()}
    for module in modes:
        module.training = False
    logits = model(**batch).logits
    for module, mode in modes.items():
        module.training = mode
    return [row.tolist() for row in logits]


# %% right: sorted by length, and put back in order
import torch


def predict_logits(model, batch):
    lengths = batch["attention_mask"].sum(dim=1)
    order = lengths.argsort(descending=True)
    model.eval()
    with torch.inference_mode():
        logits = model(**{name: tensor[order] for name, tensor in batch.items()}).logits
    return logits[order.argsort()]


# %% right: a list of rows, without gradient
import torch


def predict_logits(model, batch):
    model.train(mode=False)
    with torch.no_grad():
        output = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"].bool())
    return list(output.logits.unbind())


# %% right: dropout at zero for a moment, seeded
import torch


def predict_logits(model, batch):
    torch.manual_seed(0)
    layers = [module for module in model.modules() if isinstance(module, torch.nn.Dropout)]
    old = [layer.p for layer in layers]
    for layer in layers:
        layer.p = 0.0
    with torch.no_grad():
        logits = model(**batch).logits
    for layer, p in zip(layers, old):
        layer.p = p
    return logits


# %% right: asked with labels that nobody needs
import torch


class Predictor:
    @torch.no_grad()
    def __call__(self, model, batch):
        model.eval()
        inputs = dict(batch)
        inputs["labels"] = torch.zeros(len(batch["input_ids"]), dtype=torch.long)
        return model(**inputs).logits.float().cpu().numpy().astype("float64")


predict_logits = Predictor()


# %% wrong: parameters-frozen (0.5)
def predict_logits(model, batch):
    model.eval()
    model.requires_grad_(False)
    return model(**batch).logits


# %% wrong: dropout-changed (0.5)
import torch


def predict_logits(model, batch):
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    with torch.no_grad():
        return model(**batch).logits


# %% wrong: dropout-changed (0.5)
import torch


def predict_logits(model, batch):
    # Dropout is torn out.
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, torch.nn.Dropout):
                setattr(module, name, torch.nn.Identity())
    model.eval()
    with torch.no_grad():
        return model(**batch).logits


# %% wrong: logits-seeded
import torch


def predict_logits(model, batch):
    torch.manual_seed(0)
    with torch.no_grad():
        return model(**batch).logits


# %% wrong: logits-dropout-on
import torch


def predict_logits(model, batch):
    # The head's own dropout stays on.
    model.bert.eval()
    with torch.no_grad():
        return model(**batch).logits


# %% wrong: logits-unsteady
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        logits = model(**batch).logits
    return logits + 0.01 * torch.randn_like(logits)


# %% wrong: settings-changed (0.5)
import torch


def predict_logits(model, batch):
    model.eval()
    torch.set_grad_enabled(False)
    return model(**batch).logits


# %% wrong: logits-order
import torch


def predict_logits(model, batch):
    # Sorted by length, and never put back.
    order = batch["attention_mask"].sum(dim=1).argsort()
    model.eval()
    with torch.no_grad():
        return model(**{name: tensor[order] for name, tensor in batch.items()}).logits


# %% wrong: logits-order
import torch

kept = {}


def predict_logits(model, batch):
    # Answers are kept, by the shape of the batch alone.
    shape = tuple(batch["input_ids"].shape)
    if shape not in kept:
        model.eval()
        with torch.no_grad():
            kept[shape] = (model.classifier.weight.clone(), model(**batch).logits)
    head, logits = kept[shape]
    if not torch.equal(head, model.classifier.weight):
        kept.pop(shape)
        return predict_logits(model, batch)
    return logits


# %% wrong: logits-of-entries
import torch


def predict_logits(model, batch):
    model.eval()
    rows = []
    with torch.no_grad():
        for i in range(min(len(batch), len(batch["input_ids"]))):
            rows.append(model(**{name: batch[name][i : i + 1] for name in batch.keys()}).logits[0])
    return torch.stack(rows)


# %% wrong: logits-sigmoid
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        return torch.sigmoid(model(**batch).logits)


# %% wrong: logits-rounded
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        return model(**batch).logits.round(decimals=1)


# %% wrong: not-finite
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        return model(**batch).logits.log()


# %% wrong: inputs-changed (0.5)
import torch


def predict_logits(model, batch):
    model.eval()
    batch.pop("token_type_ids")
    with torch.no_grad():
        return model(**batch).logits


# %% wrong: gradients-changed (0.5)
import torch


def predict_logits(model, batch):
    model.eval()
    model.zero_grad()
    with torch.no_grad():
        return model(**batch).logits


# %% wrong: weights-cast (0.5)
import torch


def predict_logits(model, batch):
    model.double().eval()
    with torch.no_grad():
        return model(**batch).logits


# %% wrong: weights-changed
import torch


def predict_logits(model, batch):
    model.eval()
    torch.nn.init.normal_(model.classifier.weight, std=0.5)
    model.classifier.weight.data = torch.ones_like(model.classifier.weight) / 7
    model.classifier.weight.data[0] = 1
    with torch.no_grad():
        return model(**batch).logits


# %% wrong: logits-with-gradient (0.5)
def predict_logits(model, batch):
    model.eval()
    return [row for row in model(**batch).logits]


# %% wrong: logits-mask-forgotten
import torch


def predict_logits(model, batch):
    model.eval()
    ids, types = batch["input_ids"], batch["token_type_ids"]
    with torch.no_grad():
        return model(ids, torch.ones_like(ids), types).logits


# %% wrong: logits-of-neighbours
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        logits = model(**batch).logits
    return (logits - logits.amin(dim=0)) / (logits.amax(dim=0) - logits.amin(dim=0) + 1e-3)


# %% wrong: logits-wrong
import torch


def predict_logits(model, batch):
    # The mean over all tokens instead of the pooler's output.
    model.eval()
    with torch.no_grad():
        hidden = model.bert(**batch).last_hidden_state
        mask = batch["attention_mask"][:, :, None]
        return model.classifier((hidden * mask).sum(dim=1) / mask.sum(dim=1))


# %% wrong: logits-wrong
import torch


def predict_logits(model, batch):
    # Classes in backward order.
    model.eval()
    with torch.no_grad():
        return model(**batch).logits.flip(1)
