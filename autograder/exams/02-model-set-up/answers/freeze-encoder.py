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
