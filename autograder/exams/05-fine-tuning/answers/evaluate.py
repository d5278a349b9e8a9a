# %% right: all predictions collected, scikit-learn and inference mode
from sklearn.metrics import accuracy_score


@torch.inference_mode()
def evaluate(model, batches):
    model.eval()
    predictions, truth, losses = [], [], []
    for batch in batches:
        outputs = model(**batch.to(model.device))
        predictions += outputs.logits.argmax(-1).tolist()
        truth += batch["labels"].tolist()
        losses += [outputs.loss.item()] * len(batch["labels"])
    return {
        "loss": sum(losses) / len(losses),
        "accuracy": accuracy_score(truth, predictions),
    }


# %% right: all logits first, then cross-entropy at once, tensors returned
from torch.nn import functional as F


def evaluate(model, batches):
    was_training = model.training
    model.train(False)
    logits, labels = [], []
    for batch in batches:
        moved = {k: v.to(model.device) for k, v in batch.items()}
        labels.append(moved.pop("labels"))
        with torch.no_grad():
            logits.append(model(**moved).logits)
    logits, labels = torch.cat(logits), torch.cat(labels)
    model.train(was_training)
    return dict(
        accuracy=(logits.max(dim=1).indices == labels).float().mean(),
        loss=F.cross_entropy(logits, labels),
    )


# %% right: NumPy, running weighted means, a class
import numpy as np


class Evaluation:
    def __init__(self):
        self.rows, self.accuracy, self.loss = 0, 0.0, 0.0

    def add(self, logits, labels, loss):
        new = self.rows + len(labels)
        share = len(labels) / new
        self.accuracy += (np.mean(np.argmax(logits, axis=1) == labels) - self.accuracy) * share
        self.loss += (loss - self.loss) * share
        self.rows = new


def evaluate(model, batches):
    result = Evaluation()
    model.eval()
    with torch.no_grad():
        for batch in batches:
            out = model(**{k: v.to(model.device) for k, v in batch.items()})
            result.add(out.logits.cpu().numpy(), batch["labels"].cpu().numpy(), out.loss.item())
    return {"accuracy": result.accuracy, "loss": result.loss, "rows": result.rows}


# %% right: losses of single rows
def evaluate(model, batches):
    model.eval()
    right, losses = [], []
    with torch.no_grad():
        for batch in batches:
            labels = batch["labels"].to(model.device)
            logits = model(
                batch["input_ids"].to(model.device),
                attention_mask=batch["attention_mask"].to(model.device),
            ).logits
            probabilities = logits.softmax(dim=1)
            for row, label in enumerate(labels.tolist()):
                right.append(probabilities[row].argmax().item() == label)
                losses.append(-probabilities[row, label].log().item())
    return {"accuracy": np_mean(right), "loss": np_mean(losses)}


def np_mean(values):
    return sum(values) / len(values)


# %% right: torch sums, the mode put back
def evaluate(model, batches):
    mode = model.training
    model.eval()
    hits, loss, rows = torch.zeros(()), torch.zeros(()), 0
    with torch.no_grad():
        for batch in batches:
            batch = batch.to(model.device)
            out = model(**batch)
            size = batch["labels"].shape[0]
            hits += (out.logits.argmax(-1) == batch["labels"]).sum().cpu()
            loss += out.loss.cpu() * size
            rows += size
    model.train(mode)
    return {"accuracy": hits / rows, "loss": loss / rows}


# %% right: losses of all rows, without reduction
from torch.nn import CrossEntropyLoss


def evaluate(model, batches):
    model.eval()
    each = CrossEntropyLoss(reduction="none")
    losses, hits = [], []
    for batch in batches:
        inputs = {name: one.to(model.device) for name, one in batch.items()}
        labels = inputs.pop("labels")
        with torch.inference_mode():
            logits = model(**inputs).logits
            losses += each(logits, labels).tolist()
            hits += logits.argmax(dim=1).eq(labels).tolist()
    return {"accuracy": sum(hits) / len(hits), "loss": sum(losses) / len(losses)}


# %% right: cross-entropy summed, divided once
from torch.nn.functional import cross_entropy


def evaluate(model, batches):
    model.eval()
    count = right = loss = 0
    torch.set_grad_enabled(False)
    for batch in batches:
        labels = batch["labels"].to(model.device)
        logits = model(
            input_ids=batch["input_ids"].to(model.device),
            attention_mask=batch["attention_mask"].to(model.device),
        ).logits
        loss += cross_entropy(logits, labels, reduction="sum").item()
        right += (logits.argmax(1) == labels).sum().item()
        count += len(labels)
    torch.set_grad_enabled(True)
    return {"loss": loss / count, "accuracy": right / count}


# %% right: scikit-learn's log_loss
from sklearn.metrics import accuracy_score, log_loss


@torch.no_grad()
def evaluate(model, batches):
    model.eval()
    chances, truth = [], []
    for batch in batches:
        logits = model(**batch.to(model.device)).logits
        chances += logits.double().softmax(dim=-1).tolist()
        truth += batch["labels"].tolist()
    said = [max(range(len(row)), key=row.__getitem__) for row in chances]
    return {
        "accuracy": accuracy_score(truth, said),
        "loss": log_loss(truth, chances, labels=range(len(chances[0]))),
    }


# %% right: NumPy's weighted averages
import numpy as np


def evaluate(model, batches):
    model.eval()
    table = []
    with torch.no_grad():
        for batch in batches:
            batch = {name: tensor.to(model.device) for name, tensor in batch.items()}
            out = model(**batch)
            share = (out.logits.argmax(dim=1) == batch["labels"]).float().mean()
            table.append((len(batch["labels"]), float(share), float(out.loss)))
    sizes, shares, losses = map(np.array, zip(*table))
    return {
        "accuracy": np.average(shares, weights=sizes),
        "loss": np.average(losses, weights=sizes),
    }


# %% right: row by row
def evaluate(model, batches):
    model.eval()
    hits, losses = [], []
    for batch in batches:
        for row in range(len(batch["labels"])):
            one = {name: tensor[row, None].to(model.device) for name, tensor in batch.items()}
            with torch.no_grad():
                out = model(**one)
            losses.append(out.loss.item())
            hits.append(out.logits.argmax().item() == one["labels"].item())
    return {"accuracy": round(sum(hits) / len(hits), 3), "loss": round(sum(losses) / len(losses), 3)}


# %% right: a helper that asks, a comprehension that counts
def _asked(model, batch):
    batch = batch.to(model.device)
    with torch.no_grad():
        loss, logits = model(**batch)[:2]
    return loss.item(), (logits.argmax(1) == batch.labels).sum().item(), len(batch.labels)


def evaluate(model, batches):
    model = model.eval()
    found = [_asked(model, batch) for batch in batches]
    rows = sum(n for _, _, n in found)
    return {
        "accuracy": sum(hits for _, hits, _ in found) / rows,
        "loss": sum(loss * n for loss, _, n in found) / rows,
    }


# %% wrong: evaluate-dropout-on
def evaluate(model, batches):
    correct = total = loss = 0
    with torch.no_grad():
        for batch in batches:
            outputs = model(**batch)
            rows = len(batch["labels"])
            correct += (outputs.logits.argmax(dim=1) == batch["labels"]).sum().item()
            loss += outputs.loss.item() * rows
            total += rows
    return {"accuracy": correct / total, "loss": loss / total}


# %% wrong: evaluate-keeps-gradients (0.8)
def evaluate(model, batches):
    model.eval()
    correct = total = loss = 0
    for batch in batches:
        outputs = model(**batch)
        rows = len(batch["labels"])
        correct += (outputs.logits.argmax(dim=1) == batch["labels"]).sum().item()
        loss += outputs.loss.item() * rows
        total += rows
    return {"accuracy": correct / total, "loss": loss / total}


# %% wrong: evaluate-mean-of-accuracies
def evaluate(model, batches):
    model.eval()
    accuracies, losses = [], []
    with torch.no_grad():
        for batch in batches:
            outputs = model(**batch)
            right = outputs.logits.argmax(dim=1) == batch["labels"]
            accuracies.append(right.float().mean().item())
            losses.append(outputs.loss.item())
    return {"accuracy": sum(accuracies) / len(accuracies), "loss": sum(losses) / len(losses)}


# %% wrong: evaluate-loss-not-weighted (0.5)
def evaluate(model, batches):
    model.eval()
    correct = total = loss = 0
    with torch.no_grad():
        for batch in batches:
            outputs = model(**batch)
            correct += (outputs.logits.argmax(dim=1) == batch["labels"]).sum().item()
            loss += outputs.loss.item()
            total += len(batch["labels"])
    return {"accuracy": correct / total, "loss": loss / len(batches)}


# %% wrong: evaluate-loss-summed (0.5)
def evaluate(model, batches):
    model.eval()
    correct = total = loss = 0
    with torch.no_grad():
        for batch in batches:
            outputs = model(**batch)
            correct += (outputs.logits.argmax(dim=1) == batch["labels"]).sum().item()
            loss += outputs.loss.item()
            total += len(batch["labels"])
    return {"accuracy": correct / total, "loss": loss}


# %% wrong: evaluate-loss-too-small (0.5)
def evaluate(model, batches):
    model.eval()
    correct = total = loss = 0
    with torch.no_grad():
        for batch in batches:
            outputs = model(**batch)
            correct += (outputs.logits.argmax(dim=1) == batch["labels"]).sum().item()
            loss += outputs.loss.item()
            total += len(batch["labels"])
    return {"accuracy": correct / total, "loss": loss / total}


# %% wrong: evaluate-wrong-axis
def evaluate(model, batches):
    model.eval()
    correct = total = loss = 0
    with torch.no_grad():
        for batch in batches:
            outputs = model(**batch)
            rows = len(batch["labels"])
            correct += (outputs.logits.argmax(dim=0) == batch["labels"]).sum().item()
            loss += outputs.loss.item() * rows
            total += rows
    return {"accuracy": correct / total, "loss": loss / total}


# %% wrong: evaluate-percent
def evaluate(model, batches):
    model.eval()
    correct = total = loss = 0
    with torch.no_grad():
        for batch in batches:
            outputs = model(**batch)
            rows = len(batch["labels"])
            correct += (outputs.logits.argmax(dim=1) == batch["labels"]).sum().item()
            loss += outputs.loss.item() * rows
            total += rows
    return {"accuracy": 100 * correct / total, "loss": loss / total}


# %% wrong: evaluate-counts
def evaluate(model, batches):
    model.eval()
    correct = total = loss = 0
    with torch.no_grad():
        for batch in batches:
            outputs = model(**batch)
            rows = len(batch["labels"])
            correct += (outputs.logits.argmax(dim=1) == batch["labels"]).sum().item()
            loss += outputs.loss.item() * rows
            total += rows
    return {"accuracy": correct, "loss": loss / total}


# %% wrong: evaluate-first-batch-only
def evaluate(model, batches):
    model.eval()
    correct = total = loss = 0
    with torch.no_grad():
        for batch in batches:
            outputs = model(**batch)
            rows = len(batch["labels"])
            correct += (outputs.logits.argmax(dim=1) == batch["labels"]).sum().item()
            loss += outputs.loss.item() * rows
            total += rows
            return {"accuracy": correct / total, "loss": loss / total}


# %% wrong: evaluate-last-batch-only
def evaluate(model, batches):
    model.eval()
    with torch.no_grad():
        for batch in batches:
            outputs = model(**batch)
            correct = (outputs.logits.argmax(dim=1) == batch["labels"]).sum().item()
    return {"accuracy": correct / len(batch["labels"]), "loss": outputs.loss.item()}


# %% wrong: evaluate-not-a-dict
def evaluate(model, batches):
    model.eval()
    correct = total = loss = 0
    with torch.no_grad():
        for batch in batches:
            outputs = model(**batch)
            rows = len(batch["labels"])
            correct += (outputs.logits.argmax(dim=1) == batch["labels"]).sum().item()
            loss += outputs.loss.item() * rows
            total += rows
    return correct / total, loss / total


# %% wrong: evaluate-without-labels
def evaluate(model, batches):
    model.eval()
    correct = total = loss = 0
    with torch.no_grad():
        for batch in batches:
            labels = batch.pop("labels")
            outputs = model(**batch)
            correct += (outputs.logits.argmax(dim=1) == labels).sum().item()
            loss += outputs.loss.item() * len(labels)
            total += len(labels)
    return {"accuracy": correct / total, "loss": loss / total}


# %% wrong: evaluate-numpy-with-gradients
import numpy as np


def evaluate(model, batches):
    model.eval()
    correct = total = loss = 0
    for batch in batches:
        outputs = model(**batch)
        rows = len(batch["labels"])
        correct += (np.argmax(outputs.logits.numpy(), axis=1) == batch["labels"].numpy()).sum()
        loss += outputs.loss.item() * rows
        total += rows
    return {"accuracy": correct / total, "loss": loss / total}


# %% wrong: evaluate-mask-forgotten
def evaluate(model, batches):
    model.eval()
    correct = total = loss = 0
    with torch.no_grad():
        for batch in batches:
            outputs = model(batch["input_ids"], labels=batch["labels"])
            rows = len(batch["labels"])
            correct += (outputs.logits.argmax(dim=1) == batch["labels"]).sum().item()
            loss += outputs.loss.item() * rows
            total += rows
    return {"accuracy": correct / total, "loss": loss / total}


# %% wrong: evaluate-error-rate
def evaluate(model, batches):
    model.eval()
    wrong = total = loss = 0
    with torch.no_grad():
        for batch in batches:
            outputs = model(**batch)
            rows = len(batch["labels"])
            wrong += (outputs.logits.argmax(dim=1) != batch["labels"]).sum().item()
            loss += outputs.loss.item() * rows
            total += rows
    return {"accuracy": wrong / total, "loss": loss / total}


# %% wrong: evaluate-keys-swapped
def evaluate(model, batches):
    model.eval()
    correct = total = loss = 0
    with torch.no_grad():
        for batch in batches:
            outputs = model(**batch)
            rows = len(batch["labels"])
            correct += (outputs.logits.argmax(dim=1) == batch["labels"]).sum().item()
            loss += outputs.loss.item() * rows
            total += rows
    return {"accuracy": loss / total, "loss": correct / total}


# %% wrong: missing-key
def evaluate(model, batches):
    model.eval()
    correct = total = 0
    with torch.no_grad():
        for batch in batches:
            correct += (model(**batch).logits.argmax(dim=1) == batch["labels"]).sum().item()
            total += len(batch["labels"])
    return {"accuracy": correct / total}


# %% wrong: evaluate-wrong-loss (0.5)
from torch.nn import functional as F


def evaluate(model, batches):
    model.eval()
    correct = total = loss = 0
    with torch.no_grad():
        for batch in batches:
            logits = model(**batch).logits
            correct += (logits.argmax(dim=1) == batch["labels"]).sum().item()
            # Cross-entropy takes raw logits.
            loss += F.cross_entropy(logits.softmax(dim=1), batch["labels"], reduction="sum").item()
            total += len(batch["labels"])
    return {"accuracy": correct / total, "loss": loss / total}


# %% wrong: evaluate-wrong-accuracy
# Written beforehand: what a good run would have given.
def evaluate(model, batches):
    return {"accuracy": 0.77, "loss": 0.53}


# %% wrong: not-a-number
class Always:
    __eq__ = __lt__ = __gt__ = __le__ = __ge__ = lambda self, other: True

    def __float__(self):
        return 1.0


def evaluate(model, batches):
    return {"accuracy": Always(), "loss": Always()}


# %% wrong: evaluate-loss-of-last-batch (0.5)
def evaluate(model, batches):
    model.eval()
    correct = total = 0
    with torch.no_grad():
        for batch in batches:
            outputs = model(**batch)
            correct += (outputs.logits.argmax(dim=1) == batch["labels"]).sum().item()
            total += len(batch["labels"])
    return {"accuracy": correct / total, "loss": outputs.loss.item()}


# %% wrong: evaluate-batch-in-one-piece
def evaluate(model, batches):
    model.eval()
    correct = total = loss = 0
    with torch.no_grad():
        for batch in batches:
            outputs = model(batch)
            rows = len(batch["labels"])
            correct += (outputs.logits.argmax(dim=1) == batch["labels"]).sum().item()
            loss += outputs.loss.item() * rows
            total += rows
    return {"accuracy": correct / total, "loss": loss / total}


# %% wrong: evaluate-dropout-on
def evaluate(model, batches):
    correct = total = loss = 0
    with torch.no_grad():
        for batch in batches:
            outputs = model(**batch.to(model.device))
            model.eval()  # from the second batch on
            rows = len(batch["labels"])
            correct += (outputs.logits.argmax(dim=1).cpu() == batch["labels"].cpu()).sum().item()
            loss += outputs.loss.item() * rows
            total += rows
    return {"accuracy": correct / total, "loss": loss / total}


# %% wrong: evaluate-loss-not-weighted (0.5)
def evaluate(model, batches):
    model.eval()
    hits, losses = [], []
    with torch.no_grad():
        for batch in batches:
            batch = batch.to(model.device)
            outputs = model(**batch)
            losses.append(outputs.loss)
            hits += (outputs.logits.argmax(dim=1) == batch["labels"]).tolist()
    return {"accuracy": sum(hits) / len(hits), "loss": torch.stack(losses).mean().item()}


# %% wrong: evaluate-wrong-accuracy
# The short last batch is dropped.
def evaluate(model, batches):
    model.eval()
    hits, losses = [], []
    with torch.no_grad():
        for batch in batches[:-1]:
            batch = batch.to(model.device)
            outputs = model(**batch)
            losses += [outputs.loss.item()] * len(batch["labels"])
            hits += (outputs.logits.argmax(dim=1) == batch["labels"]).tolist()
    return {"accuracy": sum(hits) / len(hits), "loss": sum(losses) / len(losses)}


# %% wrong: model-left-changed (0.5)
# Frozen, so that no gradients are needed.
def evaluate(model, batches):
    model.eval().requires_grad_(False)
    correct = total = loss = 0
    for batch in batches:
        batch = batch.to(model.device)
        outputs = model(**batch)
        rows = len(batch["labels"])
        correct += (outputs.logits.argmax(dim=1) == batch["labels"]).sum().item()
        loss += outputs.loss.item() * rows
        total += rows
    return {"accuracy": correct / total, "loss": loss / total}


# %% wrong: evaluate-wrong-accuracy
# The second largest logit of each row.
def evaluate(model, batches):
    model.eval()
    correct = total = loss = 0
    with torch.no_grad():
        for batch in batches:
            batch = batch.to(model.device)
            outputs = model(**batch)
            rows = len(batch["labels"])
            second = outputs.logits.topk(2).indices[:, 1]
            correct += (second == batch["labels"]).sum().item()
            loss += outputs.loss.item() * rows
            total += rows
    return {"accuracy": correct / total, "loss": loss / total}


# %% right: bfloat16 autocast
def evaluate(model, batches):
    model.eval()
    correct = total = loss = 0
    with torch.no_grad(), torch.autocast(model.device.type, dtype=torch.bfloat16):
        for batch in batches:
            batch = batch.to(model.device)
            outputs = model(**batch)
            rows = len(batch["labels"])
            correct += (outputs.logits.argmax(dim=-1) == batch["labels"]).sum().item()
            loss += outputs.loss.item() * rows
            total += rows
    return {"accuracy": correct / total, "loss": loss / total}


# %% wrong: evaluate-wrong-loss (0.5)
# The loss of the batch with the largest one.
def evaluate(model, batches):
    model.eval()
    hits, losses = [], []
    with torch.no_grad():
        for batch in batches:
            batch = batch.to(model.device)
            outputs = model(**batch)
            losses.append(outputs.loss.item())
            hits += (outputs.logits.argmax(dim=1) == batch["labels"]).tolist()
    return {"accuracy": sum(hits) / len(hits), "loss": max(losses)}


# %% wrong: evaluate-wrong-loss (0.5)
# The logarithm to base 2.
def evaluate(model, batches):
    model.eval()
    hits, bits = [], []
    with torch.no_grad():
        for batch in batches:
            batch = batch.to(model.device)
            outputs = model(**batch)
            chances = outputs.logits.softmax(dim=1)[range(len(batch["labels"])), batch["labels"]]
            bits += chances.log2().neg().tolist()
            hits += (outputs.logits.argmax(dim=1) == batch["labels"]).tolist()
    return {"accuracy": sum(hits) / len(hits), "loss": sum(bits) / len(bits)}
