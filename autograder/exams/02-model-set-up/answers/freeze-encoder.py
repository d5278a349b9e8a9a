# %% right: requires_grad_ on the encoder
def freeze_encoder(model):
    model.bert.requires_grad_(False)
    return model


# %% right: each parameter, nothing returned
def freeze_encoder(model):
    for parameter in model.base_model.parameters():
        parameter.requires_grad = False


# %% right: by name
def freeze_encoder(net):
    for name, parameter in net.named_parameters():
        parameter.requires_grad = name.startswith("classifier")
    return net


# %% right: all off, then the head on
class Freezer:
    def __call__(self, model):
        model.requires_grad_(False)
        model.classifier.requires_grad_(True)


freeze_encoder = Freezer()


# %% right: a frozen copy
import copy


def freeze_encoder(model):
    frozen = copy.deepcopy(model)
    for part in (frozen.bert.embeddings, frozen.bert.encoder, frozen.bert.pooler):
        part.requires_grad_(False)
    frozen.bert.eval()
    return frozen


# %% right: no gradient through the encoder
import torch


def freeze_encoder(model):
    model.bert.forward = torch.no_grad()(model.bert.forward)


# %% right: a lambda
freeze_encoder = lambda model: [p.requires_grad_("bert." not in n) for n, p in model.named_parameters()]


# %% wrong: freeze-attribute-on-module
def freeze_encoder(model):
    model.bert.requires_grad = False


# %% wrong: freeze-attribute-on-module
def freeze_encoder(model):
    for module in model.bert.modules():
        module.requires_grad = False
    return model


# %% wrong: freeze-misspelt
def freeze_encoder(model):
    for parameter in model.bert.parameters():
        parameter.require_grad = False


# %% wrong: freeze-head
def freeze_encoder(model):
    for parameter in model.classifier.parameters():
        parameter.requires_grad = False
    return model


# %% wrong: freeze-everything
def freeze_encoder(model):
    for parameter in model.parameters():
        parameter.requires_grad = False
    return model


# %% wrong: freeze-by-eval
def freeze_encoder(model):
    model.bert.eval()
    return model


# %% wrong: freeze-nothing
import torch


def freeze_encoder(model):
    with torch.no_grad():
        model.bert
    return model


# %% wrong: freeze-nothing
def freeze_encoder(model):
    for name, parameter in model.bert.named_parameters():
        if "bert" in name:
            parameter.requires_grad = False


# %% wrong: freeze-embeddings-train
def freeze_encoder(model):
    for parameter in model.bert.encoder.parameters():
        parameter.requires_grad = False
    return model


# %% wrong: freeze-pooler-trains (0.5)
def freeze_encoder(model):
    model.bert.embeddings.requires_grad_(False)
    model.bert.encoder.requires_grad_(False)
    return model


# %% wrong: freeze-some
def freeze_encoder(model):
    model.bert.embeddings.requires_grad_(False)
    model.bert.encoder.layer[0].requires_grad_(False)
    return model


# %% wrong: freeze-some
def freeze_encoder(model):
    for name, parameter in model.named_parameters():
        if "weight" in name and name.startswith("bert"):
            parameter.requires_grad = False
    return model


# %% wrong: freeze-generator
def freeze_encoder(model):
    model.bert.parameters().requires_grad = False
    return model


# %% wrong: freeze-head-differs
import torch


def freeze_encoder(model):
    model.bert.requires_grad_(False)
    torch.nn.init.zeros_(model.classifier.weight)
    return model


# %% wrong: freeze-everything
class Pretender:
    # A cheat: a model that never changes, whatever is done to it.
    def __call__(self, model):
        weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        model.state_dict = lambda *args, **kwargs: weights
        return model


freeze_encoder = Pretender()


# %% wrong: freeze-rebuilt
import torch


def freeze_encoder(model):
    # Another head instead of the one to be trained.
    model.bert.requires_grad_(False)
    model.classifier = torch.nn.Linear(32, 9)
    model.num_labels = model.config.num_labels = 9
    return model


# %% right: leaves detached
def freeze_encoder(model):
    for parameter in model.bert.parameters():
        parameter.detach_()
    return model


# %% right: all children but the head
def freeze_encoder(model):
    for name, child in model.named_children():
        if child is not model.classifier:
            child.requires_grad_(False)


# %% right: the encoder is returned, changed in place
freeze_encoder = lambda model: model.bert.requires_grad_(False)


# %% right: a pair is returned
def freeze_encoder(model):
    count = 0
    for parameter in [*model.bert.embeddings.parameters(), *model.bert.encoder.parameters()]:
        parameter.requires_grad = False
        count += parameter.numel()
    model.bert.pooler.dense.weight.requires_grad = model.bert.pooler.dense.bias.requires_grad = False
    return model, count


# %% right: by identity, and in eval mode
def freeze_encoder(model):
    head = {id(parameter) for parameter in model.classifier.parameters()}
    for parameter in model.parameters():
        parameter.requires_grad = id(parameter) in head
    return model.eval()


# %% right: apply
def freeze_encoder(model):
    def freeze(module):
        for parameter in module.parameters(recurse=False):
            parameter.requires_grad_(False)

    model.base_model.apply(freeze)


# %% right: new parameters that hold the same numbers
import torch


def freeze_encoder(model):
    for module in model.bert.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            setattr(module, name, torch.nn.Parameter(parameter.data, requires_grad=False))
    return model


# %% right: the head is given a detached summary
def freeze_encoder(model):
    def cut(module, inputs):
        return tuple(tensor.detach() for tensor in inputs)

    model.dropout.register_forward_pre_hook(cut)
    return model


# %% wrong: freeze-head-partly (0.5)
def freeze_encoder(model):
    for name, parameter in model.named_parameters():
        parameter.requires_grad = name == "classifier.weight"
    return model


# %% wrong: freeze-head-partly (0.5)
def freeze_encoder(model):
    for name, parameter in model.named_parameters():
        if "bert" in name or "weight" in name:
            parameter.requires_grad = False


# %% wrong: freeze-zero-gradients
import torch


def freeze_encoder(model):
    for parameter in model.bert.parameters():
        parameter.register_hook(torch.zeros_like)
    return model


# %% wrong: freeze-some
def freeze_encoder(model):
    for name, parameter in model.named_parameters():
        if not name.startswith("classifier") and "LayerNorm" not in name:
            parameter.requires_grad = False
    return model


# %% wrong: freeze-some
def freeze_encoder(model):
    model.bert.requires_grad_(False)
    model.bert.encoder.layer[-1].requires_grad_(True)
    return model


# %% wrong: freeze-some
def freeze_encoder(model):
    # One layer too few.
    model.bert.embeddings.requires_grad_(False)
    model.bert.pooler.requires_grad_(False)
    for number in range(len(model.bert.encoder.layer) - 1):
        model.bert.encoder.layer[number].requires_grad_(False)


# %% wrong: freeze-embeddings-train
def freeze_encoder(model):
    for name, parameter in model.bert.named_parameters():
        if not name.startswith("embeddings.word"):
            parameter.requires_grad = False


# %% wrong: freeze-nothing
def freeze_encoder(model):
    for parameter in model.bert.parameters():
        parameter.requires_grad == False
    return model


# %% wrong: freeze-nothing
import copy


def freeze_encoder(model):
    frozen = copy.deepcopy(model)
    frozen.bert.requires_grad_(False)


# %% wrong: freeze-nothing
def freeze_encoder(model):
    for name, parameter in model.named_parameters():
        if name.startswith("encoder"):
            parameter.requires_grad = False
    return model


# %% wrong: freeze-nothing
import torch


def freeze_encoder(model):
    for parameter in model.bert.parameters():
        parameter = parameter.detach()
    torch.set_grad_enabled(False)
    return model


# %% wrong: freeze-everything
def freeze_encoder(model):
    return model.requires_grad_(False)


# %% wrong: weights-changed
import torch


def freeze_encoder(model):
    for parameter in model.bert.parameters():
        torch.nn.init.normal_(parameter, std=0.02)
        parameter.requires_grad = False
    return model


# %% wrong: freeze-head-differs
def freeze_encoder(model):
    model.bert.requires_grad_(False)
    for parameter in model.classifier.parameters():
        parameter.register_hook(lambda gradient: gradient * 10)
    return model


# %% wrong: dropout-changed (0.5)
import torch


def freeze_encoder(model):
    for module in model.bert.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
        for parameter in module.parameters(recurse=False):
            parameter.requires_grad = False
    return model


# %% wrong: settings-changed (0.5)
import torch


def freeze_encoder(model):
    torch.set_grad_enabled(False)
    for parameter in model.bert.parameters():
        parameter.requires_grad = False
    return model


# %% wrong: weights-cast (0.5)
def freeze_encoder(model):
    model.bert.requires_grad_(False)
    return model.double()
