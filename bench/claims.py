"""Runs what the lessons claim: each cause and each figure that their own cells do not show.

    OMP_NUM_THREADS=1 python bench/claims.py             # all, or those that are not recorded yet
    OMP_NUM_THREADS=1 python bench/claims.py loss-memory # one, anew

A lesson names a claim in a comment behind the sentence, `<!-- run: loss-memory -->`; a test holds
the recorded values against what the claim says. They are written as they come, so that a
measurement that ends early loses nothing. A run of 60 steps takes some 40 seconds on one core.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from scipy.stats import binomtest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grad_norm_
from transformers import (
    AutoModel,
    AutoTokenizer,
    BertConfig,
    BertForSequenceClassification,
    DistilBertConfig,
    ModernBertConfig,
    get_linear_schedule_with_warmup,
    logging,
)

from course import checkpoint, load_reviews
from course.recorded import recorded_predictions

MEASURED = Path(__file__).parents[1] / "course" / "measured" / "claims.json"
STEPS, BATCH_SIZE, MAX_LENGTH, LR = 60, 16, 48, 1e-4

Values = dict[str, float]


@dataclass(frozen=True)
class Claim:
    """A sentence of a lesson, and how it is measured."""

    #: What is claimed, for whoever reads the record.
    says: str
    #: Measures it with one seed.
    run: Callable[[int], Values]
    #: Whether the values of all seeds show it.
    holds: Callable[[list[Values]], bool]
    #: Three or more where chance has a part.
    seeds: int = 1


def encode(texts: list[str]) -> Any:
    return tokenizer()(
        texts, padding=True, truncation=True, max_length=MAX_LENGTH, return_tensors="pt"
    )


@cache
def tokenizer() -> Any:
    return AutoTokenizer.from_pretrained(checkpoint())


@cache
def reviews() -> Any:
    return load_reviews()


def new_model(seed: int) -> Any:
    torch.manual_seed(seed)
    return BertForSequenceClassification.from_pretrained(checkpoint(), num_labels=2)


def accuracy(model: Any, rows: int = 200) -> float:
    """Return the share of the first validation reviews that `model` gets right."""
    validation = reviews()["validation"].select(range(rows))
    model.eval()
    with torch.inference_mode():
        logits = torch.cat(
            [
                model(**encode(list(validation["text"][at : at + 50]))).logits
                for at in range(0, rows, 50)
            ]
        )
    return (logits.argmax(dim=1) == torch.tensor(validation["label"])).float().mean().item()


def mean_loss(model: Any, batch: Any, labels: torch.Tensor) -> torch.Tensor:
    return model(**batch, labels=labels).loss


def trained(
    seed: int,
    *,
    rows: Any = None,
    steps: int = STEPS,
    lr: float = LR,
    clear: bool = True,
    loss_of: Callable[[Any, Any, torch.Tensor], torch.Tensor] = mean_loss,
    before_step: Callable[[Any, float], None] = lambda model, loss: None,
) -> Any:
    """Return the model of lesson 05's own run; `before_step` is asked before gradients are clipped."""
    train = reviews()["train"].select(range(STEPS * BATCH_SIZE)) if rows is None else rows
    texts, labels = list(train["text"]), list(train["label"])
    model = new_model(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=0.01, fused=True)
    scheduler = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    order: list[int] = []
    for _ in range(steps):
        while len(order) < BATCH_SIZE:
            order += torch.randperm(len(texts)).tolist()
        drawn, order = order[:BATCH_SIZE], order[BATCH_SIZE:]
        model.train()
        batch = encode([texts[row] for row in drawn])
        loss = loss_of(model, batch, torch.tensor([labels[row] for row in drawn]))
        loss.backward()
        before_step(model, loss.item())
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        if clear:
            optimizer.zero_grad()
    return model


def gradient(model: Any) -> torch.Tensor:
    return torch.cat([one.grad.flatten() for one in model.parameters() if one.grad is not None])


def never_cleared(seed: int) -> Values:
    """Compare a run that never clears with the right one, and each gradient with its newest batch's."""
    left: list[torch.Tensor] = []
    norms, alike = [], []

    def look(model: Any, loss: float) -> None:
        used = gradient(model).clone()
        if left:
            newest = used - left.pop()
            norms.append(newest.norm().item())
            alike.append(torch.dot(used, newest).item() / (used.norm() * newest.norm()).item())
        # What clipping is about to leave behind.
        left.append(used / max(1.0, used.norm().item()))

    return {
        "cleared": accuracy(trained(seed)),
        "never cleared": accuracy(trained(seed, clear=False, before_step=look)),
        "norm of the newest batch's gradient": fmean(norms),
        "cosine to it": fmean(alike),
        "cosine to it, second half": fmean(alike[len(alike) // 2 :]),
    }


def softmax_first(seed: int) -> Values:
    """Train on probabilities where cross-entropy expects logits."""
    losses: list[float] = []
    model = trained(
        seed,
        loss_of=lambda model, batch, labels: cross_entropy(
            model(**batch).logits.softmax(1), labels
        ),
        before_step=lambda model, loss: losses.append(loss),
    )
    return {
        "right": accuracy(trained(seed)),
        "softmax first": accuracy(model),
        "lowest loss": min(losses),
    }


def which_rows(seed: int) -> Values:
    """Train on three draws of 96 reviews with one seed for all other chance."""
    found = {}
    for draw in range(3):
        rows = reviews()["train"].shuffle(seed=draw).select(range(96))
        found[f"rows {draw}"] = accuracy(trained(seed, rows=rows, steps=48, lr=2e-4))
    return found


def rows_matter_more(runs: list[Values]) -> bool:
    """Compare how far the means of the draws lie apart with how far those of the seeds do."""
    draws = [fmean(run[name] for run in runs) for name in runs[0]]
    seeds = [fmean(run.values()) for run in runs]
    return max(draws) - min(draws) > max(seeds) - min(seeds)


def loss_memory(seed: int) -> Values:
    """Return the megabytes by which the process grows per step, by what is kept of the loss."""

    def grown(keep: Callable[[torch.Tensor], Any], *, backward: bool) -> float:
        model, kept = new_model(seed).train(), []
        batch = encode(["a film of quiet beauty and of more words " * 6] * BATCH_SIZE)
        labels = torch.zeros(BATCH_SIZE, dtype=torch.long)
        sizes = []
        # What is kept without backward() is large: fewer steps show it.
        for _ in range(30 if backward else 10):
            loss = mean_loss(model, batch, labels)
            if backward:
                loss.backward()
            kept.append(keep(loss))
            model.zero_grad()
            sizes.append(resident())
        # The first steps allocate what all later ones use again.
        return (sizes[-1] - sizes[4]) / (len(sizes) - 5)

    return {
        "item": grown(lambda loss: loss.item(), backward=True),
        "tensor after backward": grown(lambda loss: loss, backward=True),
        "tensor without backward": grown(lambda loss: loss, backward=False),
    }


def frozen_steps(seed: int) -> Values:
    """Return the processor time of steps that train the head alone, as a share of whole steps'."""

    def seconds(frozen: bool) -> float:
        model = new_model(seed).train()
        model.bert.requires_grad_(not frozen)
        learning = [one for one in model.parameters() if one.requires_grad]
        optimizer = torch.optim.AdamW(learning, lr=LR, fused=True)
        batch = encode(list(reviews()["train"]["text"][:BATCH_SIZE]))
        taken = []
        for _ in range(6):
            started = time.process_time()
            mean_loss(model, batch, torch.zeros(BATCH_SIZE, dtype=torch.long)).backward()
            optimizer.step()
            optimizer.zero_grad()
            taken.append(time.process_time() - started)
        return min(taken)

    return {"share of the time": seconds(frozen=True) / seconds(frozen=False)}


def model_sizes(seed: int) -> Values:
    """Return for each model its millions of parameters, and its time for a batch as a multiple.

    Random weights in the shape of each: neither depends on what the weights are.
    """
    mini = AutoModel.from_pretrained(checkpoint()).config
    configs = {
        "MiniLM": mini,
        "DistilBERT": DistilBertConfig(),
        "BERT": BertConfig(),
        "ModernBERT": ModernBertConfig(),
    }
    ids = torch.randint(1000, 20_000, (BATCH_SIZE, MAX_LENGTH))
    found, seconds = {}, {}
    for name, config in configs.items():
        model = AutoModel.from_config(config).eval()
        found[name] = sum(one.numel() for one in model.parameters()) / 1e6
        taken = []
        for _ in range(4):
            started = time.process_time()
            with torch.inference_mode():
                model(input_ids=ids, attention_mask=torch.ones_like(ids))
            taken.append(time.process_time() - started)
        seconds[name] = min(taken)
    return found | {f"{name}, time": one / seconds["MiniLM"] for name, one in seconds.items()}


def resident() -> float:
    """Return the memory of this process, in megabytes (Linux, proc(5): VmRSS in kB)."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1000


def words_counted(seed: int) -> Values:
    """Compare TF-IDF from as many reviews with lesson 04's recorded model, on the same 300."""
    recorded = recorded_predictions()
    train = reviews()["train"].shuffle(seed=seed).select(range(STEPS * BATCH_SIZE))
    counting = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(C=10))
    counting.fit(list(train["text"]), list(train["label"]))
    labels = torch.tensor(recorded.labels)
    by_words = torch.tensor(counting.predict(recorded.texts)) == labels
    by_bert = recorded.logits.argmax(dim=1) == labels
    only_bert = int((by_bert & ~by_words).sum())
    only_words = int((by_words & ~by_bert).sum())
    return {
        "words": by_words.float().mean().item(),
        "BERT": by_bert.float().mean().item(),
        "only BERT right": only_bert,
        "only words right": only_words,
        # McNemar's exact test: of the reviews on which one alone is right, half each by chance.
        "p": float(binomtest(only_bert, only_bert + only_words).pvalue),
    }


CLAIMS = {
    "never-cleared": Claim(
        "Without clearing, what is left is clipped to a norm of 1, and the newest batch adds more: "
        "the direction is mostly the newest batch's, and accuracy hardly suffers.",
        never_cleared,
        lambda runs: (
            all(run["norm of the newest batch's gradient"] > 1 for run in runs)
            and all(run["cosine to it, second half"] > 0.8 for run in runs)
            and abs(fmean(run["cleared"] - run["never cleared"] for run in runs)) < 0.05
        ),
        seeds=3,
    ),
    "same-code": Claim(
        "Runs of the same code with different seeds differ by several points.",
        lambda seed: {"accuracy": accuracy(trained(seed))},
        lambda runs: (
            max(run["accuracy"] for run in runs) - min(run["accuracy"] for run in runs) > 0.02
        ),
        seeds=6,
    ),
    "softmax-first": Claim(
        "Softmax before the loss: the loss cannot fall below .313, and accuracy hardly suffers here.",
        softmax_first,
        lambda runs: (
            all(run["lowest loss"] > 0.313 for run in runs)
            and abs(fmean(run["right"] - run["softmax first"] for run in runs)) < 0.05
        ),
        seeds=3,
    ),
    "which-rows": Claim(
        "Which 96 reviews were drawn matters more than all other chance.",
        which_rows,
        rows_matter_more,
        seeds=3,
    ),
    "frozen-steps": Claim(
        "A step that trains the head alone takes less than half of the time of a whole step.",
        frozen_steps,
        lambda runs: all(run["share of the time"] < 0.5 for run in runs),
        seeds=3,
    ),
    "model-sizes": Claim(
        "Larger models take more time: DistilBERT, BERT and ModernBERT beside the course's MiniLM.",
        model_sizes,
        lambda runs: all(1 < run["DistilBERT, time"] < run["BERT, time"] for run in runs),
    ),
    "loss-memory": Claim(
        "A loss that is kept as a tensor costs little after backward(), and all activations before.",
        loss_memory,
        lambda runs: all(
            run["tensor without backward"] > 10 * max(run["item"], run["tensor after backward"])
            for run in runs
        ),
    ),
    "words-counted": Claim(
        "On as many reviews, counting words does not differ from BERT by more than chance.",
        words_counted,
        lambda runs: all(run["p"] > 0.05 for run in runs),
    ),
}  # fmt: skip


def main(names: list[str]) -> None:
    """Measure the claims named, or all that are not recorded, and write them as they come."""
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    recorded = json.loads(MEASURED.read_text(encoding="utf-8")) if MEASURED.exists() else {}
    for name in names:
        recorded.pop(name, None)
    for name in names or CLAIMS:
        claim = CLAIMS[name]
        entry = recorded.setdefault(name, {"says": claim.says, "runs": []})
        for seed in range(len(entry["runs"]), claim.seeds):
            values = {key: round(value, 4) for key, value in claim.run(seed).items()}
            entry["runs"].append(values)
            MEASURED.write_text(json.dumps(recorded, indent=1) + "\n", encoding="utf-8")
            print(name, f"seed {seed}:", values, flush=True)
        print(name, "holds" if claim.holds(entry["runs"]) else "DOES NOT HOLD", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
