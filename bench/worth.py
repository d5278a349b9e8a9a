"""Measures what BERT is worth: accuracy against reviews and CPU time, beside counting words.

    OMP_NUM_THREADS=1 python bench/worth.py          # what is not recorded yet; about 90 minutes
    OMP_NUM_THREADS=1 python bench/worth.py imdb 2   # one source, one seed

Three methods learn from the same reviews and are tried on the same test reviews: TF-IDF with
logistic regression, logistic regression on the vectors of the untouched encoder, and fine-tuning.
Lesson 04 plots the result. Each row is written as soon as it is measured, so that a measurement
that ends early loses nothing. Seconds are those of the processor, not of the clock.
"""

from __future__ import annotations

import json
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from transformers import (
    AutoModel,
    AutoTokenizer,
    BertForSequenceClassification,
    get_linear_schedule_with_warmup,
    logging,
)

from course import checkpoint, load_reviews

MEASURED = Path(__file__).parents[1] / "course" / "measured" / "worth.json"
#: For each source: tokens kept of a review, test reviews, and numbers of reviews to learn from.
SOURCES = {
    "rotten-tomatoes": (48, 852, (100, 300, 1000, 3000, 6800)),
    "imdb": (256, 500, (100, 1000)),
}
SEEDS = 3
BATCH_SIZE, LR, LEAST_STEPS, EPOCHS = 16, 1e-4, 60, 2


class Lengths:
    """Texts as batches of the tokenizer, cut at a length."""

    def __init__(self, max_length: int) -> None:
        self.max_length = max_length
        self.tokenizer = AutoTokenizer.from_pretrained(checkpoint())

    def batch(self, texts: list[str]) -> Any:
        return self.tokenizer(
            texts, padding=True, truncation=True, max_length=self.max_length, return_tensors="pt"
        )


def counting(texts: list[str], labels: list[int], test: list[str], *_: Any) -> list[int]:
    """Return the classes of `test` by TF-IDF of words and pairs of words."""
    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(C=10))
    return model.fit(texts, labels).predict(test).tolist()


def frozen(
    texts: list[str], labels: list[int], test: list[str], lengths: Lengths, seed: int
) -> list[int]:
    """Return the classes of `test` by a linear head on the mean of the untouched hidden states."""
    encoder = AutoModel.from_pretrained(checkpoint()).eval()

    def vectors(texts: list[str]) -> Any:
        found = []
        with torch.inference_mode():
            for at in range(0, len(texts), 50):
                batch = lengths.batch(texts[at : at + 50])
                mask = batch["attention_mask"][:, :, None]
                states = encoder(**batch).last_hidden_state
                found.append((states * mask).sum(1) / mask.sum(1))
        return torch.cat(found).numpy()

    head = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=2000))
    return head.fit(vectors(texts), labels).predict(vectors(test)).tolist()


def fine_tuned(
    texts: list[str], labels: list[int], test: list[str], lengths: Lengths, seed: int
) -> list[int]:
    """Return the classes of `test` by a model that was fine-tuned as in lesson 05, for two epochs."""
    torch.manual_seed(seed)
    model = BertForSequenceClassification.from_pretrained(checkpoint(), num_labels=2).train()
    steps = max(LEAST_STEPS, EPOCHS * len(texts) // BATCH_SIZE)
    optimizer = torch.optim.AdamW(model.parameters(), lr=LR, weight_decay=0.01, fused=True)
    scheduler = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    order: list[int] = []
    for _ in range(steps):
        while len(order) < BATCH_SIZE:
            order += torch.randperm(len(texts)).tolist()
        rows, order = order[:BATCH_SIZE], order[BATCH_SIZE:]
        batch = lengths.batch([texts[row] for row in rows])
        model(**batch, labels=torch.tensor([labels[row] for row in rows])).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    model.eval()
    with torch.inference_mode():
        return [
            int(one)
            for at in range(0, len(test), 50)
            for one in model(**lengths.batch(test[at : at + 50])).logits.argmax(dim=1)
        ]


METHODS: dict[str, Callable[..., list[int]]] = {
    "counting words": counting,
    "frozen encoder": frozen,
    "fine-tuned": fine_tuned,
}


def measure(source: str, seed: int, rows: int) -> list[dict[str, Any]]:
    """Return one row for each method: what it got right, and what it cost.

    `only_it` and `only_words` count the test reviews that it alone and that counting words alone
    gets right: a paired comparison rests on these two.
    """
    max_length, tests, _ = SOURCES[source]
    splits = load_reviews(source)
    train = splits["train"].shuffle(seed=seed).select(range(rows))
    # Rows are in the same order for each seed: all runs are tried on the same reviews.
    test = splits["test"].select(range(tests))
    labels = list(test["label"])
    found, by_words = [], [False] * tests
    for name, method in METHODS.items():
        started = time.process_time()
        predicted = method(
            list(train["text"]), list(train["label"]), list(test["text"]), Lengths(max_length), seed
        )
        seconds = time.process_time() - started
        right = [one == label for one, label in zip(predicted, labels, strict=True)]
        if name == "counting words":
            by_words = right
        pairs = list(zip(right, by_words, strict=True))
        found.append(
            {
                "source": source,
                "rows": rows,
                "seed": seed,
                "method": name,
                "tests": tests,
                "right": sum(right),
                "only_it": sum(one and not other for one, other in pairs),
                "only_words": sum(other and not one for one, other in pairs),
                "seconds": round(seconds, 1),
            }
        )
    return found


def main(sources: list[str], seeds: list[int]) -> None:
    """Measure what the file lacks, small numbers of reviews first, and write it as it comes."""
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    known = json.loads(MEASURED.read_text(encoding="utf-8"))["rows"] if MEASURED.exists() else []
    done = {(row["source"], row["seed"], row["rows"]) for row in known}
    plan = [
        (source, seed, rows)
        for seed in seeds
        for source in sources
        for rows in SOURCES[source][2]
        if (source, seed, rows) not in done
    ]
    plan.sort(key=lambda one: SOURCES[one[0]][0] * max(one[2], LEAST_STEPS * BATCH_SIZE // EPOCHS))
    for number, (source, seed, rows) in enumerate(plan, 1):
        known += measure(source, seed, rows)
        lines = ",\n".join(json.dumps(row) for row in known)
        head = json.dumps({"machine": platform.machine(), "threads": torch.get_num_threads()})
        MEASURED.write_text(f'{{"settings": {head}, "rows": [\n{lines}\n]}}\n', encoding="utf-8")
        for row in known[-len(METHODS) :]:
            share = row["right"] / row["tests"]
            print(
                f"{number}/{len(plan)}", source, rows, f"seed {seed}", row["method"],
                f"{share:.3f}", f"{row['seconds']} s", flush=True,
            )  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1:2] or list(SOURCES), [int(one) for one in sys.argv[2:]] or list(range(SEEDS)))
