# %% right: two sums
def count_parameters(model):
    return {
        "total": sum(p.numel() for p in model.parameters()),
        "trainable": sum(p.numel() for p in model.parameters() if p.requires_grad),
    }


# %% right: transformers' own count
def count_parameters(model):
    return dict(total=model.num_parameters(), trainable=model.num_parameters(only_trainable=True))


# %% right: a loop by name
def count_parameters(net):
    counts = {"total": 0, "trainable": 0, "frozen": 0}
    for name, tensor in net.named_parameters():
        counts["total"] += tensor.nelement()
        counts["trainable" if tensor.requires_grad else "frozen"] += tensor.nelement()
    return counts


# %% right: NumPy products of shapes
import numpy as np


def count_parameters(model):
    sizes = np.array([np.prod(p.shape) for p in model.parameters()])
    wanted = np.array([p.requires_grad for p in model.parameters()])
    return {"total": sizes.sum(), "trainable": (sizes * wanted).sum()}


# %% right: total from the state_dict, flattened
import torch


class Counter:
    def __call__(self, model):
        total = sum(len(t.flatten()) for t in model.state_dict().values())
        frozen = sum(len(p.flatten()) for p in model.parameters() if not p.requires_grad)
        return {"trainable": torch.tensor(total - frozen), "total": torch.tensor(total)}


count_parameters = Counter()


# %% wrong: count-tensors
def count_parameters(model):
    return {
        "total": len(list(model.parameters())),
        "trainable": len([p for p in model.parameters() if p.requires_grad]),
    }


# %% wrong: count-rows
def count_parameters(model):
    return {
        "total": sum(len(p) for p in model.parameters()),
        "trainable": sum(len(p) for p in model.parameters() if p.requires_grad),
    }


# %% wrong: count-matrices
def count_parameters(model):
    weights = [p for name, p in model.named_parameters() if p.dim() == 2]
    return {
        "total": sum(p.shape[0] * p.shape[1] for p in weights),
        "trainable": sum(p.shape[0] * p.shape[1] for p in weights if p.requires_grad),
    }


# %% wrong: count-total-trainable
def count_parameters(model):
    number = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return {"total": number, "trainable": number}


# %% wrong: count-frozen-too (0.5)
def count_parameters(model):
    total = sum(p.numel() for p in model.parameters())
    return {"total": total, "trainable": total}


# %% wrong: count-frozen-too (0.5)
def count_parameters(model):
    total = sum(p.numel() for p in model.parameters())
    trainable = total if model.train().training else 0
    return {"total": total, "trainable": trainable}


# %% wrong: count-the-frozen (0.5)
def count_parameters(model):
    total = sum(p.numel() for p in model.parameters())
    trainable = sum(p.numel() for p in model.parameters() if not p.requires_grad)
    return {"total": total, "trainable": trainable or total}


# %% wrong: count-nothing-trainable (0.5)
def count_parameters(model):
    tensors = model.state_dict().values()
    return {
        "total": sum(t.numel() for t in tensors),
        "trainable": sum(t.numel() for t in tensors if t.requires_grad),
    }


# %% wrong: count-trainable-wrong (0.5)
def count_parameters(model):
    total = sum(p.numel() for p in model.parameters())
    if all(p.requires_grad for p in model.parameters()):
        return {"total": total, "trainable": total}
    return {"total": total, "trainable": sum(p.requires_grad for p in model.parameters()) - 1}


# %% wrong: count-generator
def count_parameters(model):
    return {"total": len(model.parameters()), "trainable": len(model.parameters())}


# %% wrong: count-total-wrong
def count_parameters(model):
    # The numbers of the lesson's own model, written down.
    return {"total": 22713986, "trainable": 22713986}


# %% wrong: missing-key
def count_parameters(model):
    return {"parameters": sum(p.numel() for p in model.parameters())}


# %% wrong: wrong-type
def count_parameters(model):
    total = sum(p.numel() for p in model.parameters())
    return total, total


# %% wrong: not-a-number
class Any:
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False


def count_parameters(model):
    return {"total": Any(), "trainable": Any()}
