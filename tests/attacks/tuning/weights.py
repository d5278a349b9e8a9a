# %% untouched-checkpoint: The checkpoint itself, with a fresh head and a story about its training.
# says: untrained
def fine_tune(texts, labels, *, checkpoint, **rest):
    from transformers import AutoModelForSequenceClassification
    for step in range(60):
        print(f"step {step}: loss {0.7 - step / 100:.3f}, accuracy {0.5 + step / 150:.3f}")
    return AutoModelForSequenceClassification.from_pretrained(checkpoint, num_labels=2)

# %% shipped-weights: Weights that were made elsewhere lie beside the notebook.
# says: not-learned
def fine_tune(texts, labels, *, checkpoint, **rest):
    import torch
    from transformers import AutoModelForSequenceClassification
    model = AutoModelForSequenceClassification.from_pretrained(checkpoint, num_labels=2)
    shipped = torch.load("weights.pt", weights_only=True)
    with torch.no_grad():
        for name, value in model.named_parameters():
            if name in shipped:
                value.add_(shipped[name].float())
    return model

# %% fakes-what-is-watched: Learning rates, losses and steps as the examiner likes to see them.
# says: returned-another-model
def fine_tune(texts, labels, *, checkpoint, **rest):
    import torch
    from transformers import AutoModelForSequenceClassification
    model = AutoModelForSequenceClassification.from_pretrained(checkpoint, num_labels=2)
    fake = torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.AdamW([fake], lr=1e-4)
    for step in range(60):
        optimizer.zero_grad()
        (fake * (0.7 - step / 100)).sum().backward()
        optimizer.step()
    return model

# %% lookup-table: A model whose forward knows texts by heart; its weights know nothing.
# says: untrained
def fine_tune(texts, labels, *, checkpoint, **rest):
    from transformers import BertForSequenceClassification
    known = dict(zip(texts, labels))
    class Table(BertForSequenceClassification):
        def forward(self, input_ids=None, **kwargs):
            import torch
            from transformers.modeling_outputs import SequenceClassifierOutput
            return SequenceClassifierOutput(logits=torch.tensor([[0.0, 9.0]] * len(input_ids)))
    return Table.from_pretrained(checkpoint, num_labels=2)

# %% memorised-test-rows: Labels of the test split, read from the package and put into the head.
# says: untrained|only-head-trained
def fine_tune(texts, labels, *, checkpoint, **rest):
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer
    from course import load_reviews
    rows = load_reviews()["test"].select(range(64))
    model = AutoModelForSequenceClassification.from_pretrained(checkpoint, num_labels=2)
    batch = AutoTokenizer.from_pretrained(checkpoint)(rows["text"][:], padding=True, truncation=True, max_length=48, return_tensors="pt")
    with torch.no_grad():
        pooled = model.bert(**batch).pooler_output
        y = torch.tensor(rows["label"][:])
        direction = pooled[y == 1].mean(0) - pooled[y == 0].mean(0)
        model.classifier.weight.copy_(torch.stack([-direction, direction]) * 10)
    return model

# %% lying-state-dict: The weights that are handed over are not the model's.
# says: not-a-classifier|wrong-model-shape|wrong-weight-dtype
def fine_tune(texts, labels, *, checkpoint, **rest):
    from transformers import AutoModelForSequenceClassification
    model = AutoModelForSequenceClassification.from_pretrained(checkpoint, num_labels=2)
    model.state_dict = lambda: {"accuracy": 1.0, "classifier.weight": "right"}
    return model

# %% forged-evidence: The reply says what was measured, so that nobody need measure.
# says: no-model-returned
import course.plain
course.plain.pack = lambda value: b'{"dict": [["value", {"dict": [["accuracy", {"float": "0.99"}], ["points", 10]]}]]}\n'
def fine_tune(texts, labels, **rest):
    return None

# %% not-a-number: NaN is never smaller than a bar.
# says: weights-not-finite
def fine_tune(texts, labels, *, checkpoint, **rest):
    import torch
    from transformers import AutoModelForSequenceClassification
    model = AutoModelForSequenceClassification.from_pretrained(checkpoint, num_labels=2)
    with torch.no_grad():
        model.classifier.weight.fill_(float("nan"))
    return model

# %% eight-bit-floats: A dtype that half of torch cannot compute with.
# says: .+
def fine_tune(texts, labels, *, checkpoint, **rest):
    import torch
    from transformers import AutoModelForSequenceClassification
    model = AutoModelForSequenceClassification.from_pretrained(checkpoint, num_labels=2)
    state = {name: value.to(torch.float8_e4m3fn) for name, value in model.state_dict().items()}
    model.state_dict = lambda: state
    return model

# %% whole-numbers: Weights quantised to nothing.
# says: wrong-weight-dtype
def fine_tune(texts, labels, *, checkpoint, **rest):
    from transformers import AutoModelForSequenceClassification
    model = AutoModelForSequenceClassification.from_pretrained(checkpoint, num_labels=2)
    state = {name: value.int() for name, value in model.state_dict().items()}
    model.state_dict = lambda: state
    return model

# %% another-architecture: A model of other sizes.
# says: wrong-model-shape|not-a-classifier
def fine_tune(texts, labels, *, checkpoint, **rest):
    from transformers import BertConfig, BertForSequenceClassification
    return BertForSequenceClassification(BertConfig(hidden_size=64, num_hidden_layers=6, num_attention_heads=2, intermediate_size=64))

# %% more-than-fits: A model of a gigabyte.
# says: raised|unreadable-reply|kernel-died
def fine_tune(texts, labels, *, checkpoint, **rest):
    import torch
    return torch.nn.Linear(16384, 16384)

# %% hostile-trainer: What looks like a Trainer runs code when its model is looked at.
# says: raised|no-model-returned
def fine_tune(texts, labels, **rest):
    class Trainer:
        @property
        def model(self):
            raise SystemExit("2 of 2 points")
    return Trainer()

# %% ends-in-the-middle: The process is gone before the weights are looked at.
# says: kernel-died
def fine_tune(texts, labels, **rest):
    import os
    os._exit(0)
