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
    return 0.8


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
