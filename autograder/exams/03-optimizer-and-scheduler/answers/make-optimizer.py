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


# %% right: two filters, the rate as a tensor
from itertools import filterfalse

import torch


def make_optimizer(model, learning_rate, weight_decay):
    def spared(pair):
        return pair[0].endswith(("bias", "LayerNorm.weight"))

    pairs = list(model.named_parameters())
    return torch.optim.AdamW(
        [
            {"params": [p for _, p in filterfalse(spared, pairs)]},
            {"params": [p for _, p in filter(spared, pairs)], "weight_decay": 0.0},
        ],
        lr=torch.tensor(learning_rate, dtype=torch.float64),
        weight_decay=weight_decay,
        foreach=False,
    )


# %% right: groups of named parameters
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    groups = {weight_decay: [], 0.0: []}
    for name, parameter in model.named_parameters():
        groups[0.0 if "bias" in name or "LayerNorm" in name else weight_decay].append(
            (name, parameter)
        )
    return AdamW(
        [{"params": pairs, "weight_decay": decay} for decay, pairs in groups.items()],
        lr=learning_rate,
    )


# %% right: generators, one for each group
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    return AdamW(
        [
            {"params": (p for p in model.parameters() if p.dim() != 1), "weight_decay": weight_decay},
            {"params": (p for p in model.parameters() if p.dim() == 1), "weight_decay": 0},
        ],
        lr=learning_rate,
        amsgrad=False,
    )


# %% right: settings changed in the groups afterwards
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    optimizer = AdamW([{"params": [p]} for p in model.parameters()])
    for group in optimizer.param_groups:
        group["lr"] = learning_rate
        group["weight_decay"] = weight_decay if group["params"][0].ndim > 1 else 0.0
    return optimizer


# %% right: four groups, with the head and the encoder apart
from functools import partial

from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    make = partial(AdamW, lr=learning_rate, betas=(0.9, 0.999), eps=1e-8)
    groups = []
    for part in (model.bert, model.classifier):
        named = dict(part.named_parameters())
        small = {n for n in named if n.split(".")[-1] == "bias" or "LayerNorm" in n}
        groups += [
            {"params": [named[n] for n in named if n in small], "weight_decay": 0.0},
            {"params": [named[n] for n in named if n not in small], "weight_decay": weight_decay},
        ]
    return make(groups)


# %% right: an optimizer class of one's own
import torch


class OwnAdamW(torch.optim.Optimizer):
    def __init__(self, groups, lr):
        super().__init__(groups, {"lr": lr, "weight_decay": 0.0})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                memory = self.state[p]
                if not memory:
                    memory.update(t=0, m=torch.zeros_like(p), v=torch.zeros_like(p))
                memory["t"] += 1
                memory["m"] = 0.9 * memory["m"] + 0.1 * p.grad
                memory["v"] = 0.999 * memory["v"] + 0.001 * p.grad**2
                m = memory["m"] / (1 - 0.9 ** memory["t"])
                v = memory["v"] / (1 - 0.999 ** memory["t"])
                p -= group["lr"] * (m / (v.sqrt() + 1e-8) + group["weight_decay"] * p)


def make_optimizer(model, learning_rate, weight_decay):
    named = list(model.named_parameters())
    spared = [p for n, p in named if "bias" in n or "LayerNorm" in n]
    decayed = [p for n, p in named if not ("bias" in n or "LayerNorm" in n)]
    groups = [{"params": decayed, "weight_decay": weight_decay}, {"params": spared}]
    return OwnAdamW(groups, learning_rate)


# %% wrong: optimizer-of-another-kind
from torch.optim import RMSprop


def make_optimizer(model, learning_rate, weight_decay):
    groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
    ]
    return RMSprop(groups, lr=learning_rate)


# %% wrong: optimizer-of-another-kind
# Nearly AdamW, decay included.
from torch.optim import NAdam


def make_optimizer(model, learning_rate, weight_decay):
    groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
    ]
    return NAdam(groups, lr=learning_rate, decoupled_weight_decay=True)


# %% wrong: optimizer-of-another-kind
from torch.optim import Adagrad


def make_optimizer(model, learning_rate, weight_decay):
    return Adagrad(model.parameters(), lr=learning_rate, weight_decay=weight_decay)


# %% wrong: adamw-other-settings
# As in many papers, but not as PyTorch has it.
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
    ]
    return AdamW(groups, lr=learning_rate, betas=(0.9, 0.98))


# %% wrong: adamw-other-settings
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
    ]
    return AdamW(groups, lr=learning_rate, eps=1e-4)


# %% wrong: not-finite
# With a gradient of 0, 0 is divided by 0.
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    return AdamW(model.parameters(), lr=learning_rate, weight_decay=weight_decay, eps=0.0)


# %% wrong: sgd-not-adamw
# SGD with the momentum and the decay of a picture classifier.
from torch.optim import SGD


def make_optimizer(model, learning_rate, weight_decay):
    return SGD(
        model.parameters(), learning_rate, momentum=0.9, weight_decay=weight_decay, nesterov=True
    )


# %% wrong: learning-rate-ignored
# A rate from a recipe instead of the argument.
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
    ]
    return AdamW(groups, lr=2e-5)


# %% wrong: learning-rate-changed
# The new head learns faster.
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    groups = [
        {"params": list(model.bert.parameters())},
        {"params": list(model.classifier.parameters()), "lr": 10 * learning_rate},
    ]
    return AdamW(groups, lr=learning_rate, weight_decay=weight_decay)


# %% wrong: learning-rate-changed
# Climbs instead of descending.
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
    ]
    return AdamW(groups, lr=learning_rate, maximize=True)


# %% wrong: rate-and-decay-swapped
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": learning_rate},
        {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
    ]
    return AdamW(groups, lr=weight_decay)


# %% wrong: weight-decay-ignored
# Neither groups nor decay.
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    return AdamW(model.parameters(), lr=learning_rate)


# %% wrong: weight-decay-changed
# AdamW multiplies by the rate itself.
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    groups = [
        {
            "params": [p for p in model.parameters() if p.ndim > 1],
            "weight_decay": weight_decay * learning_rate,
        },
        {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
    ]
    return AdamW(groups, lr=learning_rate)


# %% wrong: weight-decay-changed
# A decay from a recipe instead of the argument.
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": 0.05},
        {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
    ]
    return AdamW(groups, lr=learning_rate)


# %% wrong: decay-by-default
# The second group says nothing, and 0.01 is the default.
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in model.parameters() if p.ndim < 2]},
    ]
    return AdamW(groups, lr=learning_rate)


# %% wrong: decay-everywhere
# A misspelt key is one more setting that nobody reads.
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1]},
        {"params": [p for p in model.parameters() if p.ndim < 2], "weigth_decay": 0.0},
    ]
    return AdamW(groups, lr=learning_rate, weight_decay=weight_decay)


# %% wrong: layer-norm-decays
# Only the biases of LayerNorm are spared, like all biases.
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    named = list(model.named_parameters())
    return AdamW(
        [
            {"params": [p for n, p in named if n.endswith("bias")], "weight_decay": 0.0},
            {"params": [p for n, p in named if n.endswith("weight")], "weight_decay": weight_decay},
        ],
        lr=learning_rate,
    )


# %% wrong: decay-too-narrow
# "layer" is in the names of the whole encoder.
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    named = [(n.lower(), p) for n, p in model.named_parameters()]
    return AdamW(
        [
            {"params": [p for n, p in named if "layer" in n or "bias" in n], "weight_decay": 0.0},
            {
                "params": [p for n, p in named if not ("layer" in n or "bias" in n)],
                "weight_decay": weight_decay,
            },
        ],
        lr=learning_rate,
    )


# %% wrong: parameters-left-out
# The embeddings are frozen on the way.
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    model.bert.embeddings.requires_grad_(False)
    named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    return AdamW(
        [
            {"params": [p for n, p in named if p.ndim > 1], "weight_decay": weight_decay},
            {"params": [p for n, p in named if p.ndim < 2], "weight_decay": 0.0},
        ],
        lr=learning_rate,
    )


# %% wrong: model-changed
# The head is drawn anew.
import torch
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    torch.nn.init.normal_(model.classifier.weight, std=0.02)
    return AdamW(
        [
            {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": weight_decay},
            {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
        ],
        lr=learning_rate,
    )


# %% wrong: optimizer-of-names
# The pairs of names and parameters, in a group that is no list of pairs alone.
from torch.optim import AdamW


def make_optimizer(model, learning_rate, weight_decay):
    return AdamW([{"params": [model], "weight_decay": weight_decay}], lr=learning_rate)
