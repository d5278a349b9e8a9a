# %% right: AutoModelForSequenceClassification
from transformers import AutoModelForSequenceClassification


def build_classifier(checkpoint, class_names):
    id2label = dict(enumerate(class_names))
    label2id = {name: i for i, name in id2label.items()}
    return AutoModelForSequenceClassification.from_pretrained(
        checkpoint, num_labels=len(class_names), id2label=id2label, label2id=label2id
    )


# %% right: names alone, they give the number
from transformers import BertForSequenceClassification


def build_classifier(folder, names):
    pairs = list(enumerate(names))
    return BertForSequenceClassification.from_pretrained(
        folder,
        id2label={i: name for i, name in pairs},
        label2id={name: i for i, name in pairs},
    )


# %% right: config first
from transformers import AutoConfig, AutoModelForSequenceClassification


def build_classifier(checkpoint, class_names):
    config = AutoConfig.from_pretrained(checkpoint)
    config.num_labels = len(class_names)
    config.id2label = {i: class_names[i] for i in range(len(class_names))}
    config.label2id = {class_names[i]: i for i in range(len(class_names))}
    return AutoModelForSequenceClassification.from_pretrained(checkpoint, config=config)


# %% right: names set afterwards, in a class
import transformers


class Builder:
    def __call__(self, checkpoint, class_names):
        model = transformers.BertForSequenceClassification.from_pretrained(
            checkpoint, num_labels=len(class_names)
        )
        model.config.id2label = dict(enumerate(class_names))
        model.config.label2id = dict(zip(class_names, range(len(class_names))))
        model.train()
        return model


build_classifier = Builder()


# %% right: by hand, the encoder put under an empty head
from transformers import AutoConfig, AutoModel, BertForSequenceClassification


def build_classifier(checkpoint, class_names):
    config = AutoConfig.from_pretrained(
        checkpoint,
        num_labels=len(class_names),
        id2label=dict(enumerate(class_names)),
        label2id={name: i for i, name in enumerate(class_names)},
    )
    model = BertForSequenceClassification(config)
    model.bert = AutoModel.from_pretrained(checkpoint)
    return model


# %% right: a lambda
from transformers import AutoModelForSequenceClassification

build_classifier = lambda c, n: AutoModelForSequenceClassification.from_pretrained(
    c, id2label=dict(enumerate(n)), label2id={name: n.index(name) for name in n}
)


# %% wrong: headless-model
from transformers import BertModel


def build_classifier(checkpoint, class_names):
    return BertModel.from_pretrained(checkpoint, num_labels=len(class_names))


# %% wrong: headless-model
from transformers import AutoModel


def build_classifier(checkpoint, class_names):
    model = AutoModel.from_pretrained(checkpoint, num_labels=len(class_names))
    model.config.id2label = dict(enumerate(class_names))
    model.config.label2id = {name: i for i, name in enumerate(class_names)}
    return model


# %% wrong: num-labels-default
from transformers import AutoModelForSequenceClassification


def build_classifier(checkpoint, class_names):
    return AutoModelForSequenceClassification.from_pretrained(checkpoint)


# %% wrong: num-labels-default
from transformers import AutoModelForSequenceClassification


def build_classifier(checkpoint, class_names):
    # The names are put on a model that was made for two classes.
    model = AutoModelForSequenceClassification.from_pretrained(checkpoint)
    model.config.num_labels = len(class_names)
    model.config.id2label = dict(enumerate(class_names))
    model.config.label2id = {name: i for i, name in enumerate(class_names)}
    return model


# %% wrong: one-logit-regression
from transformers import AutoModelForSequenceClassification


def build_classifier(checkpoint, class_names):
    return AutoModelForSequenceClassification.from_pretrained(checkpoint, num_labels=1)


# %% wrong: num-labels-wrong
from transformers import AutoModelForSequenceClassification


def build_classifier(checkpoint, class_names):
    return AutoModelForSequenceClassification.from_pretrained(checkpoint, num_labels=len(class_names) + 1)


# %% wrong: num-labels-a-list
from transformers import AutoModelForSequenceClassification


def build_classifier(checkpoint, class_names):
    return AutoModelForSequenceClassification.from_pretrained(checkpoint, num_labels=class_names)


# %% wrong: random-encoder
from transformers import AutoConfig, AutoModelForSequenceClassification


def build_classifier(checkpoint, class_names):
    config = AutoConfig.from_pretrained(
        checkpoint,
        id2label=dict(enumerate(class_names)),
        label2id={name: i for i, name in enumerate(class_names)},
    )
    return AutoModelForSequenceClassification.from_config(config)


# %% wrong: other-checkpoint
from course import checkpoint as course_checkpoint
from transformers import AutoModelForSequenceClassification


def build_classifier(checkpoint, class_names):
    return AutoModelForSequenceClassification.from_pretrained(
        course_checkpoint(), id2label=dict(enumerate(class_names))
    )


# %% wrong: logits-per-token
from transformers import AutoModelForTokenClassification


def build_classifier(checkpoint, class_names):
    return AutoModelForTokenClassification.from_pretrained(checkpoint, num_labels=len(class_names))


# %% wrong: names-left (0.5)
from transformers import AutoModelForSequenceClassification


def build_classifier(checkpoint, class_names):
    return AutoModelForSequenceClassification.from_pretrained(checkpoint, num_labels=len(class_names))


# %% wrong: names-left (0.5)
from transformers import AutoModelForSequenceClassification


def build_classifier(checkpoint, class_names):
    return AutoModelForSequenceClassification.from_pretrained(
        checkpoint,
        num_labels=len(class_names),
        label2id={name: i for i, name in enumerate(class_names)},
    )


# %% wrong: names-string-keys (0.5)
from transformers import AutoModelForSequenceClassification


def build_classifier(checkpoint, class_names):
    return AutoModelForSequenceClassification.from_pretrained(
        checkpoint,
        id2label={str(i): name for i, name in enumerate(class_names)},
        label2id={name: i for i, name in enumerate(class_names)},
    )


# %% wrong: names-as-list (0.5)
from transformers import AutoModelForSequenceClassification


def build_classifier(checkpoint, class_names):
    return AutoModelForSequenceClassification.from_pretrained(
        checkpoint,
        num_labels=len(class_names),
        id2label=class_names,
        label2id={name: i for i, name in enumerate(class_names)},
    )


# %% wrong: names-swapped (0.5)
from transformers import AutoModelForSequenceClassification


def build_classifier(checkpoint, class_names):
    names = {name: i for i, name in enumerate(class_names)}
    return AutoModelForSequenceClassification.from_pretrained(
        checkpoint, num_labels=len(class_names), id2label=names, label2id=names
    )


# %% wrong: names-wrong (0.5)
from transformers import AutoModelForSequenceClassification


def build_classifier(checkpoint, class_names):
    names = sorted(class_names, reverse=True)
    return AutoModelForSequenceClassification.from_pretrained(
        checkpoint,
        id2label=dict(enumerate(names)),
        label2id={name: i for i, name in enumerate(names)},
    )


# %% wrong: label2id-left (0.5)
from transformers import AutoModelForSequenceClassification


def build_classifier(checkpoint, class_names):
    return AutoModelForSequenceClassification.from_pretrained(
        checkpoint, num_labels=len(class_names), id2label=dict(enumerate(class_names))
    )


# %% wrong: class-not-imported
def build_classifier(checkpoint, class_names):
    return BertForSequenceClassifier.from_pretrained(checkpoint, num_labels=len(class_names))


# %% wrong: classifier-not-a-model
from transformers import AutoModelForSequenceClassification


def build_classifier(checkpoint, class_names):
    return AutoModelForSequenceClassification


# %% wrong: returns-none
from transformers import AutoModelForSequenceClassification


def build_classifier(checkpoint, class_names):
    model = AutoModelForSequenceClassification.from_pretrained(checkpoint, num_labels=len(class_names))


# %% wrong: random-encoder
import torch
from transformers import AutoConfig, BertForSequenceClassification


def build_classifier(checkpoint, class_names):
    # A cheat: a random model whose head is all zeros, so that its logits fit any encoder's.
    config = AutoConfig.from_pretrained(
        checkpoint,
        id2label=dict(enumerate(class_names)),
        label2id={name: i for i, name in enumerate(class_names)},
    )
    model = BertForSequenceClassification(config)
    torch.nn.init.zeros_(model.classifier.weight)
    return model


# %% wrong: head-bypassed
from transformers import AutoModelForSequenceClassification


def build_classifier(checkpoint, class_names):
    # Softmax built into the model, on the way out.
    model = AutoModelForSequenceClassification.from_pretrained(
        checkpoint,
        id2label=dict(enumerate(class_names)),
        label2id={name: i for i, name in enumerate(class_names)},
    )
    forward = model.forward

    def probabilities(*args, **kwargs):
        output = forward(*args, **kwargs)
        output.logits = output.logits.softmax(dim=-1)
        return output

    model.forward = probabilities
    return model


# %% wrong: head-missing
from types import SimpleNamespace

import torch
from transformers import AutoModel


class Homemade(torch.nn.Module):
    # Not one of transformers' classes: it has no config, takes no labels and cannot be saved.
    def __init__(self, checkpoint, classes):
        super().__init__()
        self.bert = AutoModel.from_pretrained(checkpoint)
        self.head = torch.nn.Linear(self.bert.config.hidden_size, classes)

    def forward(self, **batch):
        return SimpleNamespace(logits=self.head(self.bert(**batch).pooler_output))


def build_classifier(checkpoint, class_names):
    return Homemade(checkpoint, len(class_names))


# %% wrong: encoder-missing
from types import SimpleNamespace

import torch


def build_classifier(checkpoint, class_names):
    # A cheat: a table of random numbers instead of BERT.
    class Table(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.table = torch.nn.EmbeddingBag(1000, len(class_names))

        def forward(self, input_ids, attention_mask):
            return SimpleNamespace(logits=self.table(input_ids))

    return Table()


# %% wrong: head-touched
import torch
from transformers import AutoModel


def build_classifier(checkpoint, class_names):
    model = AutoModel.from_pretrained(checkpoint)
    model.classifier.out_features = len(class_names)
    return model


# %% right: config with names, a subclass, and more dropout
from transformers import AutoConfig, BertForSequenceClassification


class Tuned(BertForSequenceClassification):
    pass


def build_classifier(checkpoint, class_names):
    labels = {}
    for name in class_names:
        labels[name] = len(labels)
    config = AutoConfig.from_pretrained(
        checkpoint, label2id=labels, id2label=dict(zip(labels.values(), labels)), classifier_dropout=0.3
    )
    return Tuned.from_pretrained(checkpoint, config=config)


# %% right: the encoder's state_dict copied
from transformers import AutoConfig, AutoModelForSequenceClassification, BertModel


def build_classifier(checkpoint, class_names):
    config = AutoConfig.from_pretrained(checkpoint)
    config.id2label = dict(enumerate(class_names))
    config.label2id = {name: i for i, name in enumerate(class_names)}
    model = AutoModelForSequenceClassification.from_config(config)
    model.bert.load_state_dict(BertModel.from_pretrained(checkpoint).state_dict())
    return model


# %% right: weights read from the file
from pathlib import Path

from safetensors.torch import load_file
from transformers import BertConfig, BertForSequenceClassification


def build_classifier(checkpoint, class_names):
    pairs = list(enumerate(class_names))
    config = BertConfig.from_pretrained(
        checkpoint, id2label=dict(pairs), label2id={name: i for i, name in pairs}
    )
    model = BertForSequenceClassification(config)
    weights = load_file(Path(checkpoint) / "model.safetensors")
    model.load_state_dict({f"bert.{name}": one for name, one in weights.items()}, strict=False)
    return model.train()


# %% right: a new head put on by hand
import torch
from transformers import AutoModelForSequenceClassification


def build_classifier(checkpoint, class_names):
    model = AutoModelForSequenceClassification.from_pretrained(checkpoint)
    count = len(class_names)
    model.classifier = torch.nn.Linear(model.config.hidden_size, count)
    model.num_labels = model.config.num_labels = count
    model.config.id2label = {i: class_names[i] for i in range(count)}
    model.config.label2id = {class_names[i]: i for i in range(count)}
    return model


# %% right: seeded, on a device, with plain attention and a stated kind of problem
import torch
from transformers import AutoModelForSequenceClassification


def build_classifier(checkpoint, class_names):
    torch.manual_seed(7)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    names = dict(enumerate(list(class_names)))
    return AutoModelForSequenceClassification.from_pretrained(
        checkpoint,
        num_labels=len(names),
        id2label=names,
        label2id={v: k for k, v in names.items()},
        problem_type="single_label_classification",
        attn_implementation="eager",
    ).to(device)


# %% right: loaded in half precision
import torch
from transformers import BertForSequenceClassification


def build_classifier(checkpoint, class_names):
    return BertForSequenceClassification.from_pretrained(
        checkpoint,
        id2label={i: n for i, n in enumerate(class_names)},
        label2id={n: i for i, n in enumerate(class_names)},
        dtype=torch.bfloat16,
    )


# %% right: the head's weights zero at first
import torch
from transformers import AutoModelForSequenceClassification


def build_classifier(*args):
    path, names = args
    model = AutoModelForSequenceClassification.from_pretrained(path, num_labels=len(names))
    with torch.no_grad():
        model.classifier.weight.zero_()
    model.config.id2label.update(enumerate(names))
    model.config.label2id = {name: place for place, name in model.config.id2label.items()}
    return model


# %% wrong: names-wrong (0.5)
from transformers import AutoModelForSequenceClassification


def build_classifier(checkpoint, class_names):
    names = sorted(class_names)
    return AutoModelForSequenceClassification.from_pretrained(
        checkpoint,
        id2label=dict(enumerate(names)),
        label2id={name: i for i, name in enumerate(names)},
    )


# %% wrong: names-wrong (0.5)
from transformers import AutoModelForSequenceClassification


def build_classifier(checkpoint, class_names):
    return AutoModelForSequenceClassification.from_pretrained(
        checkpoint,
        id2label=dict(enumerate(class_names, 1)),
        label2id={name: i for i, name in enumerate(class_names, 1)},
    )


# %% wrong: label2id-left (0.5)
from transformers import AutoModelForSequenceClassification


def build_classifier(checkpoint, class_names):
    names = {i: name for i, name in enumerate(class_names)}
    return AutoModelForSequenceClassification.from_pretrained(
        checkpoint, id2label=names, label2id={name: str(i) for i, name in names.items()}
    )


# %% wrong: encoder-changed
from transformers import AutoModelForSequenceClassification


def build_classifier(checkpoint, class_names):
    # Fewer layers, because that is faster.
    return AutoModelForSequenceClassification.from_pretrained(
        checkpoint,
        num_hidden_layers=1,
        id2label=dict(enumerate(class_names)),
        label2id={name: i for i, name in enumerate(class_names)},
    )


# %% wrong: encoder-changed
from transformers import AutoConfig, AutoModel, BertForSequenceClassification


def build_classifier(checkpoint, class_names):
    config = AutoConfig.from_pretrained(
        checkpoint,
        id2label=dict(enumerate(class_names)),
        label2id={name: i for i, name in enumerate(class_names)},
    )
    model = BertForSequenceClassification(config)
    pretrained = AutoModel.from_pretrained(checkpoint)
    # The pooler is forgotten, and stays random.
    model.bert.embeddings = pretrained.embeddings
    model.bert.encoder = pretrained.encoder
    return model


# %% wrong: encoder-changed
from transformers import AutoModelForSequenceClassification


def build_classifier(checkpoint, class_names):
    return AutoModelForSequenceClassification.from_pretrained(
        checkpoint,
        hidden_act="relu",
        id2label=dict(enumerate(class_names)),
        label2id={name: i for i, name in enumerate(class_names)},
    )


# %% wrong: random-encoder
import torch
from transformers import AutoModelForSequenceClassification


def build_classifier(checkpoint, class_names):
    model = AutoModelForSequenceClassification.from_pretrained(
        checkpoint,
        id2label=dict(enumerate(class_names)),
        label2id={name: i for i, name in enumerate(class_names)},
    )
    # "Newly initialised" taken for the whole model.
    for parameter in model.parameters():
        if parameter.dim() > 1:
            torch.nn.init.xavier_uniform_(parameter)
    return model


# %% wrong: loss-another (0.5)
from transformers import AutoModelForSequenceClassification


def build_classifier(checkpoint, class_names):
    return AutoModelForSequenceClassification.from_pretrained(
        checkpoint,
        problem_type="multi_label_classification",
        id2label=dict(enumerate(class_names)),
        label2id={name: i for i, name in enumerate(class_names)},
    )


# %% wrong: loss-another (0.5)
import torch
from transformers import AutoModelForSequenceClassification


def build_classifier(checkpoint, class_names):
    # A new head by hand, but the model still believes that it has two classes.
    model = AutoModelForSequenceClassification.from_pretrained(checkpoint)
    model.classifier = torch.nn.Linear(model.config.hidden_size, len(class_names))
    model.config.id2label = dict(enumerate(class_names))
    model.config.label2id = {name: i for i, name in enumerate(class_names)}
    return model


# %% wrong: built-frozen (0.5)
from transformers import AutoModelForSequenceClassification


def build_classifier(checkpoint, class_names):
    model = AutoModelForSequenceClassification.from_pretrained(
        checkpoint,
        id2label=dict(enumerate(class_names)),
        label2id={name: i for i, name in enumerate(class_names)},
    )
    model.bert.requires_grad_(False)
    return model


# %% wrong: another-head
from transformers import AutoModelForQuestionAnswering


def build_classifier(checkpoint, class_names):
    return AutoModelForQuestionAnswering.from_pretrained(checkpoint)


# %% wrong: another-head
from transformers import BertForNextSentencePrediction


def build_classifier(checkpoint, class_names):
    return BertForNextSentencePrediction.from_pretrained(checkpoint, num_labels=len(class_names))


# %% wrong: model-unusable
from transformers import AutoConfig, AutoModel, BertForSequenceClassification


def build_classifier(checkpoint, class_names):
    config = AutoConfig.from_pretrained(
        checkpoint,
        id2label=dict(enumerate(class_names)),
        label2id={name: i for i, name in enumerate(class_names)},
    )
    model = BertForSequenceClassification(config)
    model.bert = AutoModel.from_pretrained(checkpoint, add_pooling_layer=False)
    return model


# %% wrong: model-unusable
from transformers import AutoModelForQuestionAnswering


def build_classifier(checkpoint, class_names):
    return AutoModelForQuestionAnswering.from_pretrained(checkpoint, num_labels=len(class_names))


# %% wrong: argument-unknown
from transformers import AutoModelForSequenceClassification


def build_classifier(checkpoint, class_names):
    return AutoModelForSequenceClassification.from_pretrained(checkpoint, num_label=len(class_names))


# %% wrong: checkpoint-by-name
from transformers import AutoModelForSequenceClassification


def build_classifier(checkpoint, class_names):
    return AutoModelForSequenceClassification.from_pretrained("/", num_labels=len(class_names))


# %% wrong: inputs-changed (0.5)
from transformers import AutoModelForSequenceClassification


def build_classifier(checkpoint, class_names):
    id2label = {}
    while class_names:
        id2label[len(id2label)] = class_names.pop(0)
    return AutoModelForSequenceClassification.from_pretrained(
        checkpoint, id2label=id2label, label2id={name: i for i, name in id2label.items()}
    )


# %% wrong: settings-changed (0.5)
import torch
from transformers import AutoModelForSequenceClassification


def build_classifier(checkpoint, class_names):
    torch.set_grad_enabled(False)  # only while loading, it was thought
    return AutoModelForSequenceClassification.from_pretrained(
        checkpoint,
        id2label=dict(enumerate(class_names)),
        label2id={name: i for i, name in enumerate(class_names)},
    )
