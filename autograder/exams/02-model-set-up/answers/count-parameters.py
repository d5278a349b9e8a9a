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


# %% right: module by module, whole numbers as floats
import math


def count_parameters(model):
    total, trainable = 0.0, 0.0
    for module in model.modules():
        for parameter in module.parameters(recurse=False):
            size = math.prod(parameter.size())
            total += size
            trainable += size if parameter.requires_grad else 0
    return {"total": total, "trainable": trainable}


# %% right: one long vector
from collections import OrderedDict

import torch
from torch.nn.utils import parameters_to_vector


def count_parameters(model):
    with torch.no_grad():
        everything = parameters_to_vector(model.parameters())
    frozen = [p.flatten() for p in model.parameters() if not p.requires_grad]
    rest = len(everything) - (torch.cat(frozen).numel() if frozen else 0)
    return OrderedDict(trainable=rest, total=len(everything))


# %% right: sums of tensors
import torch


def count_parameters(model):
    sizes = torch.tensor([p.numel() for p in model.parameters()])
    trains = torch.tensor([p.requires_grad for p in model.parameters()])
    return {"total": sizes.sum(), "trainable": sizes[trains].sum()}


# %% right: bytes of the weights
from collections import defaultdict


def count_parameters(model):
    counts = defaultdict(int)
    for _, parameter in model.named_parameters():
        size = parameter.nbytes // parameter.element_size()
        counts["total"] += size
        counts["trainable"] += size * parameter.requires_grad
    return counts


# %% right: everything unfrozen for a moment
def count_parameters(model):
    switches = [p.requires_grad for p in model.parameters()]
    trainable = model.num_parameters(only_trainable=True)
    for p in model.parameters():
        p.requires_grad = True
    total = model.num_parameters(only_trainable=True)
    for p, switch in zip(model.parameters(), switches):
        p.requires_grad = switch
    return {"total": total, "trainable": trainable}


# %% right: a copy that is frozen, in eval mode
import copy
from functools import reduce


def count_parameters(model):
    model.eval()
    twin = copy.deepcopy(model).requires_grad_(False)
    total = reduce(lambda total, p: total + p.nelement(), twin.parameters(), 0)
    by_name = dict(model.named_parameters())
    frozen = sum(p.numel() for name, p in twin.named_parameters() if not by_name[name].requires_grad)
    return {"total": total, "trainable": total - frozen, "frozen": frozen}


# %% right: parts first, then each of their parameters
def count_parameters(model):
    def size(part, only_trainable):
        own = sum(
            p.numel() for p in part.parameters(recurse=False) if p.requires_grad or not only_trainable
        )
        return own + sum(size(child, only_trainable) for child in part.children())

    return {"total": size(model, False), "trainable": size(model, True)}


# %% wrong: parameters-frozen (0.5)
def count_parameters(model):
    counts = {
        "total": sum(p.numel() for p in model.parameters()),
        "trainable": sum(p.numel() for p in model.parameters() if p.requires_grad),
    }
    model.requires_grad_(False)
    return counts


# %% wrong: parameters-frozen (0.5)
def count_parameters(model):
    # Frozen before it is counted.
    for p in model.bert.parameters():
        p.requires_grad = False
    return {
        "total": sum(p.numel() for p in model.parameters()),
        "trainable": sum(p.numel() for p in model.parameters() if p.requires_grad),
    }


# %% wrong: parameters-unfrozen (0.5)
def count_parameters(model):
    model.requires_grad_(True)
    return {
        "total": model.num_parameters(),
        "trainable": model.num_parameters(only_trainable=True),
    }


# %% wrong: count-encoder
def count_parameters(model):
    encoder = model.base_model
    return {
        "total": sum(p.numel() for p in encoder.parameters()),
        "trainable": sum(p.numel() for p in encoder.parameters() if p.requires_grad),
    }


# %% wrong: count-weights
def count_parameters(model):
    named = [(name, p) for name, p in model.named_parameters() if name.endswith("weight")]
    return {
        "total": sum(p.numel() for name, p in named),
        "trainable": sum(p.numel() for name, p in named if p.requires_grad),
    }


# %% wrong: count-buffers
def count_parameters(model):
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    tensors = [*model.parameters(), *model.buffers()]
    return {"total": sum(t.numel() for t in tensors), "trainable": trainable}


# %% wrong: count-by-weight (0.5)
def count_parameters(model):
    trainable = 0
    for module in model.modules():
        own = list(module.parameters(recurse=False))
        if own and own[0].requires_grad:
            trainable += sum(p.numel() for p in own)
    return {"total": sum(p.numel() for p in model.parameters()), "trainable": trainable}


# %% wrong: count-by-part (0.5)
def count_parameters(model):
    # The first parameter of each big part decides for all of it.
    trainable = 0
    for part in (model.bert.embeddings, *model.bert.encoder.layer, model.bert.pooler, model.classifier):
        if next(part.parameters()).requires_grad:
            trainable += sum(p.numel() for p in part.parameters())
    return {"total": sum(p.numel() for p in model.parameters()), "trainable": trainable}


# %% wrong: count-trainable-tensors (0.5)
def count_parameters(model):
    return {
        "total": sum(p.numel() for p in model.parameters()),
        "trainable": sum(p.requires_grad for p in model.parameters()),
    }


# %% wrong: count-nothing-trainable (0.5)
def count_parameters(model):
    return {
        "total": sum(p.numel() for p in model.parameters()),
        "trainable": sum(p.numel() for p in model.parameters() if p.grad is not None),
    }


# %% wrong: count-total-wrong
def count_parameters(model):
    # In millions.
    return {
        "total": sum(p.numel() for p in model.parameters()) / 1e6,
        "trainable": sum(p.numel() for p in model.parameters() if p.requires_grad) / 1e6,
    }


# %% wrong: count-trainable-wrong (0.5)
def count_parameters(model):
    # Right, but for a model that is frozen as a whole.
    total = sum(p.numel() for p in model.parameters())
    return {
        "total": total,
        "trainable": sum(p.numel() for p in model.parameters() if p.requires_grad) or total,
    }


# %% wrong: not-a-number
def count_parameters(model):
    return {"total": f"{model.num_parameters():,}", "trainable": f"{model.num_parameters(True):,}"}


# %% wrong: returns-none
def count_parameters(model):
    print({"total": sum(p.numel() for p in model.parameters())})
