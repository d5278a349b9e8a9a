# %% right: a pipeline
from transformers import pipeline


def classify(folder, texts):
    return pipeline("text-classification", model=folder)(texts, truncation=True)


# %% right: the whole text, as far as 512 pieces go
def classify(folder, texts):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    batch = tokenizer(texts, padding=True, truncation=True, max_length=512, return_tensors="pt")
    with torch.inference_mode():
        probabilities = torch.softmax(model(**batch).logits, dim=-1)
    found = []
    for row in probabilities:
        place = row.argmax().item()
        found.append({"label": model.config.id2label[place], "score": row[place]})
    return found


# %% right: one text at a time, cut at 64, scores as a rounded number
class Service:
    def __init__(self, folder):
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = AutoModelForSequenceClassification.from_pretrained(folder)

    @torch.no_grad()
    def answer(self, text):
        batch = self.tokenizer(text, truncation=True, max_length=64, return_tensors="pt")
        score, place = self.model(**batch).logits[0].softmax(0).max(0)
        name = self.model.config.id2label[int(place)]
        return dict(label=name, score=round(float(score), 4), text=text)


def classify(folder, texts):
    service = Service(folder)
    return [service.answer(text) for text in texts]


# %% right: windows of a long text, the mean of their probabilities
def classify(folder, texts):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    answers = []
    for text in texts:
        windows = tokenizer(
            text,
            max_length=128,
            truncation=True,
            stride=32,
            return_overflowing_tokens=True,
            padding=True,
            return_tensors="pt",
        )
        windows.pop("overflow_to_sample_mapping")
        with torch.no_grad():
            mean = model(**windows).logits.softmax(dim=1).mean(dim=0)
        best = mean.argmax().item()
        answers.append({"score": mean[best].item(), "label": model.config.id2label[best]})
    return answers


# %% right: batches of two, numpy
import numpy as np


def classify(folder, texts):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    labels, scores = [], []
    for start in range(0, len(texts), 2):
        batch = tokenizer(
            texts[start : start + 2], padding="max_length", truncation=True, return_tensors="pt"
        )
        logits = model(**batch).logits.detach().numpy()
        table = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        labels += [model.config.id2label[place] for place in table.argmax(axis=1).tolist()]
        scores += table.max(axis=1).tolist()
    return [dict(label=label, score=score) for label, score in zip(labels, scores)]


# %% wrong: served-text-too-long
from transformers import pipeline


def classify(folder, texts):
    return pipeline("text-classification", model=folder)(texts)


# %% wrong: served-text-too-long
def classify(folder, texts):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    with torch.no_grad():
        logits = model(**tokenizer(texts, padding=True, return_tensors="pt")).logits
    scores, places = logits.softmax(dim=1).max(dim=1)
    return [
        {"label": model.config.id2label[int(place)], "score": float(score)}
        for place, score in zip(places, scores)
    ]


# %% wrong: served-without-padding
def classify(folder, texts):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    with torch.no_grad():
        logits = model(**tokenizer(texts, truncation=True, return_tensors="pt")).logits
    scores, places = logits.softmax(dim=1).max(dim=1)
    return [
        {"label": model.config.id2label[int(place)], "score": float(score)}
        for place, score in zip(places, scores)
    ]


# %% wrong: names-not-in-the-notebook
def classify(folder, texts):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    batch = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    with torch.no_grad():
        scores, places = model(**batch).logits.softmax(dim=1).max(dim=1)
    return [
        {"label": names[place], "score": score}
        for place, score in zip(places.tolist(), scores.tolist())
    ]


# %% wrong: names-of-elsewhere
NAMES = ["booking", "complaint", "found", "good", "ordinary"]


def classify(folder, texts):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    batch = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    with torch.no_grad():
        scores, places = model(**batch).logits.softmax(dim=1).max(dim=1)
    return [
        {"label": NAMES[place], "score": score}
        for place, score in zip(places.tolist(), scores.tolist())
    ]


# %% wrong: ids-not-names
def classify(folder, texts):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    batch = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    with torch.no_grad():
        scores, places = model(**batch).logits.softmax(dim=1).max(dim=1)
    return [{"label": place, "score": score} for place, score in zip(places, scores)]


# %% wrong: padding-read-as-text
def classify(folder, texts):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    batch = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    with torch.no_grad():
        scores, places = model(batch["input_ids"]).logits.softmax(dim=1).max(dim=1)
    return [
        {"label": model.config.id2label[place], "score": score}
        for place, score in zip(places.tolist(), scores.tolist())
    ]


# %% wrong: other-class-answered
def classify(folder, texts):
    # Sorted by length, so that batches need little padding; the order is not put back.
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    texts = sorted(texts, key=len)
    batch = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    with torch.no_grad():
        scores, places = model(**batch).logits.softmax(dim=1).max(dim=1)
    return [
        {"label": model.config.id2label[place], "score": score}
        for place, score in zip(places.tolist(), scores.tolist())
    ]


# %% wrong: other-class-answered
def classify(folder, texts):
    # The names in the order of the alphabet.
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    batch = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    known = sorted(model.config.label2id)
    with torch.no_grad():
        scores, places = model(**batch).logits.softmax(dim=1).max(dim=1)
    return [
        {"label": known[place], "score": score}
        for place, score in zip(places.tolist(), scores.tolist())
    ]


# %% wrong: score-is-a-logit
def classify(folder, texts):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    batch = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    with torch.no_grad():
        scores, places = model(**batch).logits.max(dim=1)
    return [
        {"label": model.config.id2label[place], "score": score}
        for place, score in zip(places.tolist(), scores.tolist())
    ]


# %% wrong: score-by-sigmoid
from transformers import pipeline


def classify(folder, texts):
    run = pipeline("text-classification", model=folder, function_to_apply="sigmoid")
    return run(texts, truncation=True)


# %% wrong: other-score
def classify(folder, texts):
    # The softmax over the texts, not over the classes.
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    batch = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    with torch.no_grad():
        logits = model(**batch).logits
    places = logits.argmax(dim=1)
    scores = logits.softmax(dim=0).gather(1, places[:, None]).squeeze(1)
    return [
        {"label": model.config.id2label[place], "score": score}
        for place, score in zip(places.tolist(), scores.tolist())
    ]


# %% wrong: every-class-answered
from transformers import pipeline


def classify(folder, texts):
    return pipeline("text-classification", model=folder, top_k=None)(texts, truncation=True)


# %% wrong: answers-missing
from transformers import pipeline


def classify(folder, texts):
    texts = [text for text in texts if text]
    return pipeline("text-classification", model=folder)(texts, truncation=True)


# %% wrong: one-answer-for-all
def classify(folder, texts):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    batch = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    with torch.no_grad():
        scores, places = model(**batch).logits.softmax(dim=1).max(dim=1)
    return {"label": [model.config.id2label[place] for place in places.tolist()], "score": scores}


# %% wrong: answers-not-a-list
def classify(folder, texts):
    return "praise"


# %% wrong: missing-key
from transformers import pipeline


def classify(folder, texts):
    found = pipeline("text-classification", model=folder)(texts, truncation=True)
    return [{"name": one["label"], "probability": one["score"]} for one in found]


# %% wrong: wrong-type
from transformers import pipeline


def classify(folder, texts):
    found = pipeline("text-classification", model=folder)(texts, truncation=True)
    return [(one["label"], one["score"]) for one in found]


# %% wrong: several-numbers
def classify(folder, texts):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    batch = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    with torch.no_grad():
        table = model(**batch).logits.softmax(dim=1)
    return [{"label": model.config.id2label[int(row.argmax())], "score": row} for row in table]


# %% wrong: not-numbers
from transformers import pipeline


def classify(folder, texts):
    found = pipeline("text-classification", model=folder)(texts, truncation=True)
    return [{"label": one["label"], "score": f"{one['score']:.2f}"} for one in found]


# %% wrong: not-finite
def classify(folder, texts):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    batch = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    with torch.no_grad():
        # Logits that are multiplied until exp() overflows.
        table = (model(**batch).logits * 1000).exp()
    table = table / table.sum(dim=1, keepdim=True)
    return [
        {"label": model.config.id2label[int(row.argmax())], "score": row.max()} for row in table
    ]


# %% wrong: returns-none
def classify(folder, texts):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    print(tokenizer(texts[0]))
