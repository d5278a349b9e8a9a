# %% right: torch's function, negative dimension
def predicted_classes(scores):
    return torch.argmax(scores, -1)


# %% right: NumPy
import numpy as np


def predicted_classes(logits):
    return np.argmax(logits.numpy(), axis=1)


# %% right: max's second half
predicted_classes = lambda logits: logits.max(dim=1).indices


# %% right: by hand, a list
def predicted_classes(logits):
    answers = []
    for row in logits.tolist():
        best = 0
        for place, value in enumerate(row):
            if value > row[best]:
                best = place
        answers.append(best)
    return answers


# %% right: softmax first, one tensor a row
def predicted_classes(logits):
    return [row.softmax(dim=0).argmax() for row in logits]


# %% right: a class, sorting
class Predict:
    def __init__(self, axis):
        self.axis = axis

    def __call__(self, logits):
        return logits.sort(dim=self.axis, descending=True)[1][:, 0]


predicted_classes = Predict(1)


# %% right: topk, one place a row
def predicted_classes(logits):
    return logits.topk(1, dim=1).indices.squeeze(1)


# %% right: a row at a time, stacked
def predicted_classes(logits):
    return torch.stack([torch.argmax(row) for row in logits.unbind(0)])


# %% right: a comparison with the maximum
def predicted_classes(logits):
    is_largest = (logits == logits.max(dim=1, keepdim=True).values).int()
    return (is_largest * torch.arange(logits.shape[1])).sum(dim=1)


# %% right: pandas
import pandas as pd


def predicted_classes(logits):
    return pd.DataFrame(logits.numpy()).idxmax(axis=1).to_numpy()


# %% right: log-softmax, a tuple of ints
def predicted_classes(logits):
    return tuple(int(one) for one in logits.log_softmax(dim=-1).argmax(dim=-1))


# %% right: half precision would do, ids as int32
def predicted_classes(logits: "torch.Tensor") -> "torch.Tensor":
    with torch.no_grad():
        return logits.double().argmax(axis=-1).to(torch.int32)


# %% right: sorted by the key
def predicted_classes(logits):
    return [sorted(range(len(row)), key=row.__getitem__)[-1] for row in logits.tolist()]


# %% wrong: argmax-dim0
def predicted_classes(logits):
    return logits.argmax(dim=0)


# %% wrong: argmax-flat
def predicted_classes(logits):
    return logits.argmax()


# %% wrong: one-answer-per-logit
def predicted_classes(logits):
    return logits.softmax(dim=1).round()


# %% wrong: two-classes-only
def predicted_classes(logits):
    return (logits.softmax(dim=1)[:, 1] > 0.5).long()


# %% wrong: max-and-place
def predicted_classes(logits):
    return logits.max(dim=1)


# %% wrong: max-not-place
def predicted_classes(logits):
    return logits.max(dim=1).values


# %% wrong: axis-kept
def predicted_classes(logits):
    return logits.argmax(dim=1, keepdim=True)


# %% wrong: batch-squeezed
def predicted_classes(logits):
    return logits.argmax(dim=1).squeeze()


# %% wrong: item-of-many
def predicted_classes(logits):
    return logits.argmax(dim=1).item()


# %% wrong: returns-none
def predicted_classes(logits):
    print(logits.argmax(dim=1))


# %% wrong: wrong-shape
def predicted_classes(logits):
    # The lesson's visible example, written down.
    return torch.tensor([0, 1, 0])


# %% wrong: not-numbers
class Agreeable:
    def __eq__(self, other):
        return True

    def __len__(self):
        return 3


def predicted_classes(logits):
    return Agreeable()


# %% wrong: not-class-ids
def predicted_classes(logits):
    return logits.mean(dim=1)


# %% wrong: predicted-wrong
# The smallest of each row.
def predicted_classes(logits):
    return logits.argmin(dim=1)


# %% wrong: predicted-wrong
# The first class is never looked at.
def predicted_classes(logits):
    return logits[:, 1:].argmax(dim=1) + 1


# %% wrong: predicted-wrong
# Counted from 1.
def predicted_classes(logits):
    return logits.argmax(dim=1) + 1


# %% wrong: predicted-wrong
# The place of the largest size, whatever its sign.
def predicted_classes(logits):
    return logits.abs().argmax(dim=1)


# %% wrong: two-classes-only
def predicted_classes(logits):
    return (logits[:, 1] > logits[:, 0]).int()


# %% wrong: batch-squeezed
def predicted_classes(logits):
    return logits.max(dim=1).indices.squeeze()


# %% wrong: max-not-place
def predicted_classes(logits):
    return logits.softmax(dim=1).max(dim=1)[0]


# %% wrong: predicted-wrong
# Softmax down the columns, argmax along the rows.
def predicted_classes(logits):
    return logits.softmax(dim=0).argmax(dim=1)
