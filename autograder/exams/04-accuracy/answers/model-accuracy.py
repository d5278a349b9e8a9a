# %% right: scikit-learn over all predictions
from sklearn.metrics import accuracy_score


@torch.no_grad()
def model_accuracy(model, batches):
    model.eval()
    truth, predictions = [], []
    for batch in batches:
        predictions += model(**batch).logits.argmax(dim=1).tolist()
        truth += batch["labels"].tolist()
    return accuracy_score(truth, predictions)


# %% right: by name, popping the labels
def model_accuracy(network, data):
    network.eval()
    hits = []
    with torch.inference_mode():
        for batch in data:
            labels = batch.pop("labels")
            logits = network(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
            hits.append(logits.max(1).indices == labels)
    return torch.cat(hits).float().mean()


# %% right: weighted mean of batches, NumPy
import numpy as np


def model_accuracy(model, batches):
    model.train(False)
    shares, sizes = [], []
    for batch in batches:
        with torch.no_grad():
            scores = model(**batch)["logits"].numpy()
        shares.append((scores.argmax(axis=1) == batch["labels"].numpy()).mean())
        sizes.append(len(scores))
    return np.average(shares, weights=sizes)


# %% right: a class that puts the mode back
class Evaluation:
    def __call__(self, model, batches):
        was_training = model.training
        model.eval()
        right = total = 0
        with torch.no_grad():
            for batch in batches:
                batch = {name: tensor.to(model.device) for name, tensor in batch.items()}
                right += int((model(**batch)[1].argmax(-1) == batch["labels"]).sum())
                total += batch["labels"].numel()
        model.train(was_training)
        return right / total


model_accuracy = Evaluation()


# %% right: one big batch, padded
from torch.nn.utils.rnn import pad_sequence


def model_accuracy(model, batches):
    rows, labels = [], []
    for batch in batches:
        for ids, mask in zip(batch["input_ids"], batch["attention_mask"]):
            rows.append(ids[mask.bool()])
        labels.append(batch["labels"])
    ids = pad_sequence(rows, batch_first=True)
    mask = pad_sequence([torch.ones_like(row) for row in rows], batch_first=True)
    model.eval()
    with torch.no_grad():
        found = model(input_ids=ids, attention_mask=mask).logits.argmax(dim=-1)
    return (found == torch.cat(labels)).double().mean().item()


# %% right: row by row
@torch.inference_mode()
def model_accuracy(model, batches):
    model.eval()
    hits = []
    for batch in batches:
        for row in range(len(batch["labels"])):
            one = {name: tensor[row : row + 1] for name, tensor in batch.items()}
            hits.append(model(**one).logits[0].argmax().item() == one["labels"].item())
    return sum(hits) / len(hits)


# %% right: a generator, an exact fraction
from fractions import Fraction


def model_accuracy(model, batches):
    def hits():
        for batch in batches:
            outputs = model(batch["input_ids"], batch["attention_mask"])
            yield from outputs.logits.argmax(dim=1).eq(batch["labels"]).tolist()

    model.eval()
    with torch.no_grad():
        found = list(hits())
    return Fraction(sum(found), len(found))


# %% right: gradients switched off and on again
def model_accuracy(model, batches):
    model.eval()
    torch.set_grad_enabled(False)
    try:
        right = torch.zeros(())
        total = 0
        for batch in batches:
            logits = model(**{name: batch[name] for name in batch if name != "labels"}).logits
            right += torch.sum(torch.argmax(logits, 1) == batch["labels"])
            total += logits.size(0)
    finally:
        torch.set_grad_enabled(True)
    return right / total


# %% right: confusion matrix
import numpy as np
from sklearn.metrics import confusion_matrix


def model_accuracy(model, batches):
    model.eval()
    table = 0
    for batch in batches:
        with torch.no_grad():
            logits = model(**batch).logits
        classes = list(range(logits.shape[1]))
        table = table + confusion_matrix(batch["labels"], logits.argmax(1), labels=classes)
    return np.trace(table) / table.sum()


# %% right: the mode kept by a context manager
from contextlib import contextmanager


@contextmanager
def evaluating(model):
    modes = [(module, module.training) for module in model.modules()]
    try:
        yield model.eval()
    finally:
        for module, mode in modes:
            module.training = mode


def model_accuracy(model, batches):
    with evaluating(model), torch.no_grad():
        pairs = [(model(**batch).logits.topk(1).indices[:, 0], batch["labels"]) for batch in batches]
    predictions, truth = map(torch.cat, zip(*pairs))
    return 1 - (predictions != truth).float().mean().item()


# %% right: map, no dropout by hand
def model_accuracy(model, batches):
    for module in model.modules():
        module.train(False)
    ask = torch.no_grad()(lambda batch: model(**batch).logits.max(-1)[1] == batch["labels"])
    return torch.hstack(list(map(ask, batches))).to(torch.float64).mean()


# %% right: bfloat16 would do
def model_accuracy(model, batches):
    model.eval()
    correct, total = 0, 0
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        for batch in batches:
            correct += (model(**batch).logits.argmax(-1) == batch["labels"]).sum()
            total += len(batch["labels"])
    return (correct / total).item()


# %% wrong: dropout-on
def model_accuracy(model, batches):
    right = total = 0
    with torch.no_grad():
        for batch in batches:
            right += (model(**batch).logits.argmax(dim=1) == batch["labels"]).sum().item()
            total += len(batch["labels"])
    return right / total


# %% wrong: mean-of-batches
def model_accuracy(model, batches):
    model.eval()
    shares = []
    with torch.no_grad():
        for batch in batches:
            shares.append((model(**batch).logits.argmax(dim=1) == batch["labels"]).float().mean().item())
    return sum(shares) / len(shares)


# %% wrong: first-batch-only
def model_accuracy(model, batches):
    model.eval()
    with torch.no_grad():
        for batch in batches:
            return (model(**batch).logits.argmax(dim=1) == batch["labels"]).float().mean().item()


# %% wrong: last-batch-only
def model_accuracy(model, batches):
    model.eval()
    for batch in batches:
        with torch.no_grad():
            predictions = model(**batch).logits.argmax(dim=1)
    return (predictions == batch["labels"]).float().mean().item()


# %% wrong: mask-not-passed
def model_accuracy(model, batches):
    model.eval()
    right = total = 0
    with torch.no_grad():
        for batch in batches:
            right += (model(batch["input_ids"]).logits.argmax(dim=1) == batch["labels"]).sum().item()
            total += len(batch["labels"])
    return right / total


# %% wrong: count-not-share
def model_accuracy(model, batches):
    model.eval()
    with torch.no_grad():
        return sum((model(**batch).logits.argmax(dim=1) == batch["labels"]).sum() for batch in batches)


# %% wrong: accuracy-not-a-share
def model_accuracy(model, batches):
    model.eval()
    right = total = 0
    with torch.no_grad():
        for batch in batches:
            right += (model(**batch).logits.argmax(dim=1) == batch["labels"]).sum().item()
            total += len(batch["labels"])
    return 100 * right / total


# %% wrong: argmax-dim0-in-model
from sklearn.metrics import accuracy_score


def model_accuracy(model, batches):
    model.eval()
    truth, predictions = [], []
    with torch.no_grad():
        for batch in batches:
            predictions += model(**batch).logits.argmax(dim=0).tolist()
            truth += batch["labels"].tolist()
    return accuracy_score(truth, predictions)


# %% wrong: numpy-of-gradients
import numpy as np


def model_accuracy(model, batches):
    model.eval()
    right = total = 0
    for batch in batches:
        scores = model(**batch).logits.numpy()
        right += (np.argmax(scores, axis=1) == batch["labels"].numpy()).sum()
        total += len(scores)
    return right / total


# %% wrong: output-not-logits
def model_accuracy(model, batches):
    model.eval()
    right = total = 0
    with torch.no_grad():
        for batch in batches:
            right += (model(**batch).argmax(dim=1) == batch["labels"]).sum().item()
            total += len(batch["labels"])
    return right / total


# %% wrong: several-numbers
def model_accuracy(model, batches):
    model.eval()
    with torch.no_grad():
        return [(model(**batch).logits.argmax(1) == batch["labels"]).float().mean() for batch in batches]


# %% wrong: accuracies-do-not-add-up
def model_accuracy(model, batches):
    # A number that looks good, without asking the model.
    return 0.8765


# %% wrong: model-accuracy-wrong
def model_accuracy(model, batches):
    # Made to please the visible check: it adds up to 1 over the classes, and the model is never asked.
    labels = torch.cat([batch["labels"] for batch in batches])
    return (labels == 0).float().mean()


# %% wrong: not-numbers
class Agreeable(float):
    def __eq__(self, other):
        return True


def model_accuracy(model, batches):
    return {"accuracy": Agreeable(1)}


# %% wrong: length-of-batch
def model_accuracy(model, batches):
    model.eval()
    right = total = 0
    with torch.no_grad():
        for batch in batches:
            right += (model(**batch).logits.argmax(dim=1) == batch["labels"]).sum().item()
            total += len(batch)
    return right / total


# %% wrong: error-rate
def model_accuracy(model, batches):
    model.eval()
    wrong = total = 0
    with torch.no_grad():
        for batch in batches:
            wrong += (model(**batch).logits.argmax(dim=1) != batch["labels"]).sum().item()
            total += len(batch["labels"])
    return wrong / total


# %% wrong: model-left-changed (0.5)
def model_accuracy(model, batches):
    for layer in model.modules():
        if isinstance(layer, torch.nn.Dropout):
            layer.p = 0.0
    model.eval()
    right = total = 0
    with torch.no_grad():
        for batch in batches:
            right += (model(**batch).logits.argmax(dim=1) == batch["labels"]).sum().item()
            total += len(batch["labels"])
    return right / total


# %% wrong: dropout-on
# Evaluation mode is left for each batch but the first.
def model_accuracy(model, batches):
    model.eval()
    right = total = 0
    with torch.no_grad():
        for batch in batches:
            right += (model(**batch).logits.argmax(1) == batch["labels"]).sum().item()
            total += len(batch["labels"])
            model.train()
    return right / total
