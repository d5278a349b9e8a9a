# %% right: the maps first, a Path
def save_model(model, tokenizer, names, folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    model.config.label2id = {name: number for number, name in enumerate(names)}
    model.config.id2label = {number: name for number, name in enumerate(names)}
    for part in (tokenizer, model):
        part.save_pretrained(folder)


# %% right: by a pipeline
from transformers import pipeline


def save_model(model, tokenizer, names, folder):
    model.config.update(
        {
            "id2label": dict(enumerate(names)),
            "label2id": {name: place for place, name in enumerate(names)},
        }
    )
    pipeline("text-classification", model=model, tokenizer=tokenizer).save_pretrained(folder)


# %% right: by Trainer
from transformers import Trainer, TrainingArguments


def save_model(model, tokenizer, names, folder):
    model.config.id2label = {str(place): name for place, name in enumerate(names)}
    model.config.label2id = dict(zip(names, range(len(names))))
    arguments = TrainingArguments(output_dir=folder, report_to="none", use_cpu=True)
    Trainer(model=model, args=arguments, processing_class=tokenizer).save_model(folder)


# %% right: piece by piece
import os

from safetensors.torch import save_file


def save_model(model, tokenizer, names, folder):
    os.makedirs(folder, exist_ok=True)
    model.config.id2label = dict(enumerate(names))
    model.config.label2id = {name: place for place, name in enumerate(names)}
    model.config.save_pretrained(folder)
    weights = {name: weight.contiguous() for name, weight in model.state_dict().items()}
    save_file(weights, os.path.join(folder, "model.safetensors"), metadata={"format": "pt"})
    tokenizer.save_pretrained(folder)


# %% right: the configuration written again, as JSON
import json


def save_model(model, tokenizer, names, folder):
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    file = Path(folder, "config.json")
    config = json.loads(file.read_text())
    config["id2label"] = {place: name for place, name in enumerate(names)}
    config["label2id"] = {name: place for place, name in enumerate(names)}
    file.write_text(json.dumps(config))
    return folder


# %% wrong: nothing-saved
def save_model(model, tokenizer, names, folder):
    model.config.id2label = dict(enumerate(names))
    return model, tokenizer


# %% wrong: saved-in-subfolders
def save_model(model, tokenizer, names, folder):
    model.config.id2label = dict(enumerate(names))
    model.config.label2id = {name: place for place, name in enumerate(names)}
    model.save_pretrained(folder + "/model")
    tokenizer.save_pretrained(folder + "/tokenizer")


# %% wrong: weights-in-pickle
def save_model(model, tokenizer, names, folder):
    Path(folder).mkdir(exist_ok=True)
    model.config.id2label = dict(enumerate(names))
    model.config.label2id = {name: place for place, name in enumerate(names)}
    model.config.save_pretrained(folder)
    torch.save(model.state_dict(), Path(folder) / "pytorch_model.bin")
    tokenizer.save_pretrained(folder)


# %% wrong: weights-not-saved
def save_model(model, tokenizer, names, folder):
    model.config.id2label = dict(enumerate(names))
    model.config.label2id = {name: place for place, name in enumerate(names)}
    model.config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


# %% wrong: config-not-saved
from safetensors.torch import save_file


def save_model(model, tokenizer, names, folder):
    tokenizer.save_pretrained(folder)
    save_file(model.state_dict(), folder + "/model.safetensors")


# %% wrong: encoder-only-saved
def save_model(model, tokenizer, names, folder):
    model.bert.config.id2label = dict(enumerate(names))
    model.bert.config.label2id = {name: place for place, name in enumerate(names)}
    model.bert.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


# %% wrong: other-weights-saved
def save_model(model, tokenizer, names, folder):
    # A new model of the same sizes: its weights are random.
    model.config.id2label = dict(enumerate(names))
    model.config.label2id = {name: place for place, name in enumerate(names)}
    type(model)(model.config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


# %% wrong: other-weights-saved
def save_model(model, tokenizer, names, folder):
    model.config.id2label = dict(enumerate(names))
    model.config.label2id = {name: place for place, name in enumerate(names)}
    model.half().save_pretrained(folder)
    tokenizer.save_pretrained(folder)


# %% wrong: tokenizer-not-saved
def save_model(model, tokenizer, names, folder):
    model.config.id2label = dict(enumerate(names))
    model.config.label2id = {name: place for place, name in enumerate(names)}
    model.save_pretrained(folder)


# %% wrong: other-tokenizer-saved
def save_model(model, tokenizer, names, folder):
    model.config.id2label = dict(enumerate(names))
    model.config.label2id = {name: place for place, name in enumerate(names)}
    model.save_pretrained(folder)
    # Retrained on the names: the same class, another vocabulary.
    tokenizer.train_new_from_iterator([names], 300).save_pretrained(folder)


# %% wrong: names-not-saved
def save_model(model, tokenizer, names, folder):
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


# %% wrong: names-in-another-order
def save_model(model, tokenizer, names, folder):
    model.config.id2label = dict(enumerate(sorted(names)))
    model.config.label2id = {name: place for place, name in enumerate(sorted(names))}
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


# %% wrong: label2id-not-saved (0.5)
def save_model(model, tokenizer, names, folder):
    model.config.id2label = dict(enumerate(names))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


# %% wrong: folder-is-a-string
def save_model(model, tokenizer, names, folder):
    model.config.id2label = dict(enumerate(names))
    model.config.label2id = {name: place for place, name in enumerate(names)}
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "names.txt").write_text("\n".join(names))


# %% wrong: names-not-a-mapping
def save_model(model, tokenizer, names, folder):
    model.config.id2label = names
    model.config.label2id = {name: place for place, name in enumerate(names)}
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
