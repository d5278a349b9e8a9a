"""Measures how other ways of training come out on the questions of the verdict: runs.json.

    OMP_NUM_THREADS=1 python bench/ways.py 25 2e-5:1 tfidf:12

Each argument is a way and on how many secrets, by default 2; they are those of `autograder
calibrate`. Results are added to the file as they come, so that a run that ends early loses nothing.
A run of 60 steps takes some 40 seconds on one core. `python bench/ways.py publish` puts the picture
of the bar and the table of all ways into lesson 05.
"""

from __future__ import annotations

import json
import random
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
    Adafactor,
    AutoTokenizer,
    BertForSequenceClassification,
    get_linear_schedule_with_warmup,
    logging,
)

from autograder.verdict.bars import RUNS, Way, bar_for, load_ways
from autograder.verdict.picture import picture
from autograder.verdict.question import BUDGETS, Run, draw_run
from autograder.verdict.weights import measure
from course import checkpoint

BUDGET = BUDGETS["cpu"]
NAME = checkpoint()


def encode(tokenizer: Any, texts: list[str]) -> Any:
    return tokenizer(texts, padding=True, truncation=True, max_length=48, return_tensors="pt")


def trained(
    run: Run,
    *,
    lr: float | None = 1e-4,
    steps: int = BUDGET.steps,
    momentum: float | None = None,
    learning: str = "",
    shuffled: bool = False,
    optimizer_class: type[torch.optim.Optimizer] = torch.optim.AdamW,
) -> float:
    """Return the accuracy of a model of which the parameters with `learning` in their name learned.

    With `momentum`, even of 0, the optimizer is SGD; without a rate it is Adafactor, which then
    takes steps relative to the size of the weights.
    """
    texts, labels = run.train.texts, list(run.train.labels)
    if shuffled:
        random.Random(0).shuffle(labels)
    torch.manual_seed(run.seed)
    tokenizer = AutoTokenizer.from_pretrained(NAME)
    model = BertForSequenceClassification.from_pretrained(NAME, num_labels=2).train()
    parameters = []
    for name, parameter in model.named_parameters():
        if name.startswith("classifier") or learning in name:
            parameters.append(parameter)
        else:
            parameter.requires_grad_(False)
    optimizer: torch.optim.Optimizer
    if lr is None:
        optimizer = Adafactor(
            parameters, scale_parameter=True, relative_step=True, warmup_init=False
        )
    elif momentum is None:
        optimizer = optimizer_class(parameters, lr=lr, weight_decay=0.01, fused=True)  # type: ignore[call-arg]
    else:
        optimizer = torch.optim.SGD(parameters, lr=lr, momentum=momentum)
    scheduler = lr and get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    order: list[int] = []
    for _ in range(steps):
        while len(order) < BUDGET.batch_size:
            order += torch.randperm(len(texts)).tolist()
        rows, order = order[: BUDGET.batch_size], order[BUDGET.batch_size :]
        batch = encode(tokenizer, [texts[row] for row in rows])
        batch["labels"] = torch.tensor([labels[row] for row in rows])
        model(**batch).loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        if scheduler:
            scheduler.step()
        optimizer.zero_grad()
    return measure(model.state_dict(), run, "cpu", NAME).accuracy


def counted(run: Run) -> float:
    words = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(C=10))
    words.fit(run.train.texts, run.train.labels)
    return float(words.score(run.hidden.texts, run.hidden.labels))


def probed(run: Run) -> float:
    tokenizer = AutoTokenizer.from_pretrained(NAME)
    model = BertForSequenceClassification.from_pretrained(NAME, num_labels=2).eval()

    def vectors(texts: list[str]) -> Any:
        with torch.inference_mode():
            parts = [
                model.bert(**encode(tokenizer, texts[at : at + 64])).pooler_output
                for at in range(0, len(texts), 64)
            ]
        return torch.cat(parts).numpy()

    probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000))
    probe.fit(vectors(run.train.texts), run.train.labels)
    return float(probe.score(vectors(run.hidden.texts), run.hidden.labels))


WAYS: dict[str, tuple[str, Callable[[Run], float]]] = {
    "2e-4": ("a rate of 2e-4", lambda run: trained(run, lr=2e-4)),
    "half": ("30 of 60 steps", lambda run: trained(run, steps=30)),
    "25": ("25 of 60 steps", lambda run: trained(run, steps=25, lr=2.5e-4)),
    "six": ("6 of 60 steps", lambda run: trained(run, steps=6)),
    "2e-5": ("a rate of 2e-5", lambda run: trained(run, lr=2e-5)),
    "1e-3": ("a rate of 1e-3", lambda run: trained(run, lr=1e-3)),
    "sgd": ("SGD at 1e-3", lambda run: trained(run, lr=1e-3, momentum=0.0)),
    "sgdm": ("SGD with momentum at 0.03", lambda run: trained(run, lr=3e-2, momentum=0.9)),
    "head": (
        "the classifier alone, at 1e-3",
        lambda run: trained(run, lr=1e-3, learning="classifier"),
    ),
    "frozen": (
        "pooler and classifier, at 1e-3",
        lambda run: trained(run, lr=1e-3, learning="pool"),
    ),
    "adam": (
        "Adam with a weight decay of 0.01",
        lambda run: trained(run, optimizer_class=torch.optim.Adam),
    ),
    "adafactor": ("Adafactor with relative steps", lambda run: trained(run, lr=None)),
    "shuffled": ("shuffled labels", lambda run: trained(run, shuffled=True)),
    "tfidf": ("counting words (TF-IDF)", counted),
    "probe": ("a linear probe of the untouched encoder", probed),
}


def publish() -> None:
    """Put the picture and the table into the lesson, in place of those that are there."""
    lesson = Path(__file__).parents[1] / "course" / "lessons" / "05-fine-tuning.md"
    text = lesson.read_text(encoding="utf-8")
    bar = bar_for("cpu")
    reference = Way("**the reference**: 60 steps at 1e-4", bar.accuracies)
    rows = "".join(
        f"| {way.name} | {way.mean:.2f} | {min(way.accuracies):.2f}–{max(way.accuracies):.2f} |\n"
        for way in [reference, *load_ways()]
    )
    for begins, ends, new in (
        ("```text\n", "\n```", picture(bar)),
        ("| way | mean accuracy | lowest–highest |\n| --- | --- | --- |\n", "\n\n", rows.rstrip()),
    ):
        before, _, rest = text.partition(begins)
        text = before + begins + new + rest[rest.index(ends) :]
    lesson.write_text(text, encoding="utf-8")


def main() -> None:
    """Measure the ways that are named."""
    if sys.argv[1:] == ["publish"]:
        publish()
        return
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    for argument in sys.argv[1:]:
        way, _, count = argument.partition(":")
        name, measured = WAYS[way]
        for secret in range(int(count or 2)):
            started = time.monotonic()
            accuracy = measured(draw_run(random.Random(f"calibrate {secret}"), BUDGET))
            found = json.loads(RUNS.read_text(encoding="utf-8"))
            # By secret, so that measuring again replaces.
            values = found["ways"].setdefault(name, [])
            values[secret : secret + 1] = [round(accuracy, 4)]
            RUNS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
            print(f"{name}, secret {secret}: {accuracy:.3f}, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
