# %% right: names chosen by a list of endings, as in BERT's own examples
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    no_decay = ["bias", "LayerNorm.weight"]
    groups = [
        {
            "params": [p for n, p in model.named_parameters() if not any(nd in n for nd in no_decay)],
            "weight_decay": weight_decay,
        },
        {
            "params": [p for n, p in model.named_parameters() if any(nd in n for nd in no_decay)],
            "weight_decay": 0.0,
        },
    ]
    return AdamW(groups, lr=learning_rate)


# %% right: vectors are spared, matrices are not; fused
import torch


def make_optimizer(model, lr, wd):
    matrices = [p for p in model.parameters() if p.ndim >= 2]
    vectors = [p for p in model.parameters() if p.ndim < 2]
    return torch.optim.AdamW(
        [{"params": vectors, "weight_decay": 0}, {"params": matrices}],
        lr,
        weight_decay=wd,
        fused=True,
    )


# %% right: by the kind of module, one group for each parameter
from torch import nn
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    groups = []
    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False):
            spared = isinstance(module, nn.LayerNorm) or name == "bias"
            groups.append(
                {
                    "params": parameter,
                    "lr": learning_rate,
                    "weight_decay": 0.0 if spared else weight_decay,
                }
            )
    return AdamW(groups, foreach=False)


# %% right: the Trainer's helper, groups added afterwards, BERT's eps, a callable object
import torch
from transformers.trainer_pt_utils import get_parameter_names


class Maker:
    def __call__(self, model, learning_rate, weight_decay):
        decayed = get_parameter_names(model, [torch.nn.LayerNorm], ["bias"])
        named = dict(model.named_parameters())
        optimizer = torch.optim.AdamW(
            [named.pop(name) for name in decayed],
            lr=learning_rate,
            eps=1e-6,
            weight_decay=weight_decay,
        )
        optimizer.add_param_group({"params": list(named.values()), "weight_decay": 0.0})
        return optimizer


make_optimizer = Maker()


# %% right: written by hand, with Adam's decoupled decay
import torch


def make_optimizer(model, learning_rate, weight_decay):
    spared, decayed = set(), []
    for name, parameter in model.named_parameters():
        if name.split(".")[-1] == "bias" or "layernorm" in name.lower():
            spared.add(parameter)
        else:
            decayed.append(parameter)
    return torch.optim.Adam(
        [
            {"params": decayed, "weight_decay": weight_decay},
            {"params": list(spared), "weight_decay": 0.0},
        ],
        lr=learning_rate,
        decoupled_weight_decay=True,
    )


# %% wrong: old-adamw-import
def make_optimizer(model, learning_rate, weight_decay):
    from transformers import AdamW

    return AdamW(model.parameters(), lr=learning_rate, weight_decay=weight_decay)


# %% wrong: decay-everywhere
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    return AdamW(model.parameters(), lr=learning_rate, weight_decay=weight_decay)


# %% wrong: decay-nowhere
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    return AdamW(model.parameters(), lr=learning_rate, weight_decay=0.0)


# %% wrong: sgd-not-adamw
from torch.optim import SGD


def make_optimizer(model, learning_rate, weight_decay):
    groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
    ]
    return SGD(groups, lr=learning_rate, momentum=0.9)


# %% wrong: adam-not-adamw
from torch.optim import Adam


def make_optimizer(model, learning_rate, weight_decay):
    groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
    ]
    return Adam(groups, lr=learning_rate)


# %% wrong: learning-rate-ignored
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
    ]
    return AdamW(groups)


# %% wrong: learning-rate-ignored
# Only the first group gets the rate.
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    return AdamW(
        [
            {
                "params": [p for p in model.parameters() if p.ndim > 1],
                "weight_decay": weight_decay,
                "lr": learning_rate,
            },
            {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
        ]
    )


# %% wrong: weight-decay-ignored
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1]},
        {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
    ]
    return AdamW(groups, lr=learning_rate)


# %% wrong: biases-decay
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    named = list(model.named_parameters())
    groups = [
        {"params": [p for n, p in named if "LayerNorm" not in n], "weight_decay": weight_decay},
        {"params": [p for n, p in named if "LayerNorm" in n], "weight_decay": 0.0},
    ]
    return AdamW(groups, lr=learning_rate)


# %% wrong: layer-norm-decays
# Names are compared letter by letter, and this is not how BERT writes them.
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    no_decay = ("bias", "layer_norm.weight")
    named = list(model.named_parameters())
    groups = [
        {"params": [p for n, p in named if not n.endswith(no_decay)], "weight_decay": weight_decay},
        {"params": [p for n, p in named if n.endswith(no_decay)], "weight_decay": 0.0},
    ]
    return AdamW(groups, lr=learning_rate)


# %% wrong: decay-reversed
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    no_decay = ["bias", "LayerNorm.weight"]
    named = list(model.named_parameters())
    groups = [
        {
            "params": [p for n, p in named if any(word in n for word in no_decay)],
            "weight_decay": weight_decay,
        },
        {
            "params": [p for n, p in named if not any(word in n for word in no_decay)],
            "weight_decay": 0.0,
        },
    ]
    return AdamW(groups, lr=learning_rate)


# %% wrong: decay-too-narrow
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    no_decay = ["bias", "LayerNorm.weight", "embeddings"]
    named = list(model.named_parameters())
    groups = [
        {
            "params": [p for n, p in named if not any(word in n for word in no_decay)],
            "weight_decay": weight_decay,
        },
        {
            "params": [p for n, p in named if any(word in n for word in no_decay)],
            "weight_decay": 0.0,
        },
    ]
    return AdamW(groups, lr=learning_rate)


# %% wrong: parameters-left-out
# The generator is used up by the first group.
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    named = model.named_parameters()
    groups = [
        {"params": [p for n, p in named if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for n, p in named if p.ndim < 2], "weight_decay": 0.0},
    ]
    return AdamW(groups, lr=learning_rate)


# %% wrong: parameters-left-out
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    return AdamW(model.classifier.parameters(), lr=learning_rate, weight_decay=weight_decay)


# %% wrong: parameters-in-two-groups
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    named = list(model.named_parameters())
    groups = [
        {"params": [p for n, p in named if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for n, p in named if "bias" in n], "weight_decay": 0.0},
        {"params": [p for n, p in named if "LayerNorm" in n], "weight_decay": 0.0},
    ]
    return AdamW(groups, lr=learning_rate)


# %% wrong: model-for-parameters
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    return AdamW(model, lr=learning_rate, weight_decay=weight_decay)


# %% wrong: optimizer-of-names
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    decayed = [name for name, parameter in model.named_parameters() if "bias" not in name]
    return AdamW(decayed, lr=learning_rate, weight_decay=weight_decay)


# %% wrong: adamw-keyword
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    return AdamW(model.parameters(), learning_rate=learning_rate, weight_decay=weight_decay)


# %% wrong: optimizer-none
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    optimizer = AdamW(model.parameters(), lr=learning_rate, weight_decay=weight_decay)


# %% wrong: adamw-other-settings
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
    ]
    return AdamW(groups, lr=learning_rate, betas=(0.5, 0.6))


# %% wrong: optimizer-moves-nothing
import copy

from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    model = copy.deepcopy(model)
    return AdamW(model.parameters(), lr=learning_rate, weight_decay=weight_decay)


# %% wrong: optimizer-moves-nothing
# Pretends: it looks like a right optimizer from outside, and does nothing.
class Always:
    def __init__(self):
        self.param_groups = [{"lr": self, "weight_decay": self, "params": []}]

    def __eq__(self, other):
        return True

    def step(self):
        return self

    zero_grad = step


def make_optimizer(model, learning_rate, weight_decay):
    return Always()


# %% wrong: not-an-optimizer
def make_optimizer(model, learning_rate, weight_decay):
    return {"name": "AdamW", "lr": learning_rate, "weight_decay": weight_decay}
