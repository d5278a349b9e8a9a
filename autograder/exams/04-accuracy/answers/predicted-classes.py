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
