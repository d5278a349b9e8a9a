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
