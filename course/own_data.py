"""A file that nobody has cleaned: messages to a cinema, drawn from a name, for lesson 07.

Each message is praise, a complaint, a question about a booking, or asks for something lost. Praise
and complaints are sentences of real reviews; what is asked is put together from parts, and mostly
stands at the end. The mess is of the usual kinds, and always the same kinds: copies (exact, nearly
so, or with another label), empty cells, spellings of labels, a column and lines of text that were
added when the answer was known, and messages too long for a model.
"""

from __future__ import annotations

import csv
import math
import random
from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple

from course.reviews import load_reviews, text_key

#: One row as `csv.DictReader` gives it: None stands for a cell that is not there at all.
Row = dict[str, str | None]

#: The classes, each with its share of the messages.
SHARES = {"praise": 0.44, "complaint": 0.33, "booking": 0.15, "lost": 0.08}
#: Who answered. Staff filled this in when they knew what a message was about.
DESKS = {"praise": "foyer", "complaint": "manager", "booking": "box office", "lost": "cloakroom"}
COLUMNS = ("id", "text", "label", "desk")
#: What begins the line that staff added to some texts.
STAFF_LINE = "-- passed on to the"

#: How many of each, as a share of the clean messages; at least one of each.
COPIES = 0.08
NEAR_COPIES = 0.06
CONTRADICTIONS = 0.01
EMPTY = 0.01
SPELLINGS = 0.2
STAFF_LINES = 0.25
#: How many messages are long: of those that ask for something, more.
LONG = {"praise": 0.08, "complaint": 0.08, "booking": 0.4, "lost": 0.4}

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_TIMES = ("2 pm", "4.30 pm", "6 pm", "7.15 pm", "8 pm", "8.45 pm", "10 pm")
_THINGS = (
    "umbrella", "scarf", "phone", "left glove", "glasses", "wallet", "rucksack", "hat", "earring",
    "water bottle", "jacket", "keys", "library book", "headphones",
)  # fmt: skip
_PLACES = ("in row F", "under my seat", "in screen 3", "in the foyer", "by the stairs", "in row K")
_REQUESTS = {
    "booking": (
        "Are there still {n} seats together for {day} at {time}?",
        "Can I move my tickets from {day} to {other}?",
        "Is the {time} showing on {day} in the original language?",
        "Do students pay less on {day}?",
        "Could you keep {n} tickets for me until {time} on {day}?",
        "Does the {time} screening on {day} have subtitles?",
        "How long before {time} do the doors open on {day}?",
        "I paid for {n} tickets for {day} and got no confirmation. Is the order valid?",
    ),
    "lost": (
        "I think I left my {thing} {place} on {day}. Has anybody handed it in?",
        "My {thing} must have fallen down {place} at the {time} showing. Did you find it?",
        "Did the cleaners come across my {thing}? I sat {place} on {day}.",
        "I came home on {day} without my {thing}. I last had it {place}.",
    ),
}
_GREETINGS = ("Hello,", "Dear team,", "Good evening,", "Hi there,")


class Sentences(NamedTuple):
    """Sentences of real reviews: clearly good ones, clearly bad ones, and the rest."""

    good: list[str]
    bad: list[str]
    rest: list[str]


@cache
def _reviews() -> Sentences:
    """Return reviews by how clearly their words show what the label says: half of each are clear."""
    train = load_reviews()["train"]
    rows = zip(train["text"], train["label"], strict=True)
    kept = [
        (text.split(), label)
        for text, label in rows
        if 8 <= len(text.split()) <= 30 and text.isascii()  # a few are in Spanish
    ]
    counts = [
        Counter(word for words, label in kept for word in words if label == one) for one in (0, 1)
    ]

    def clear(words: list[str]) -> float:
        return sum(math.log((counts[1][word] + 1) / (counts[0][word] + 1)) for word in words)

    kept.sort(key=lambda row: clear(row[0]))
    bad, good = ([" ".join(words) for words, label in kept if label == one] for one in (0, 1))
    half = len(bad) // 2, len(good) // 2
    return Sentences(good[half[1] :], bad[: half[0]], bad[half[0] :] + good[: half[1]])


def messy_rows(rng: random.Random, messages: int = 1500) -> list[Row]:
    """Return rows drawn from `rng`: about so many different `messages`, and the usual mess."""
    clean = _messages(rng, messages)
    rows: list[Row] = [{"text": text, "label": label} for text, label in clean]

    def some(share: float) -> list[tuple[str, str]]:
        return rng.sample(clean, max(1, round(share * len(clean))))

    rows += [{"text": text, "label": label} for text, label in some(COPIES)]
    rows += [{"text": _nearly(rng, text), "label": label} for text, label in some(NEAR_COPIES)]
    for text, label in some(CONTRADICTIONS):
        other = rng.choice([one for one in SHARES if one != label])
        rows.append({"text": text, "label": other})
    for row in rows:
        row["desk"] = DESKS[str(row["label"])]
    for row in rng.sample(rows, round(STAFF_LINES * len(rows))):
        row["text"] = f"{row['text']}\n{STAFF_LINE} {row['desk']}"
    for row in rng.sample(rows, round(SPELLINGS * len(rows))):
        label = str(row["label"])
        row["label"] = rng.choice((label.upper(), label.capitalize(), f"{label} ", f" {label}"))
    for row in rng.sample(rows, round(SPELLINGS / 4 * len(rows))):
        row["text"] = f"  {row['text']} "
    rows += _empty(rng, max(1, round(EMPTY * len(clean))))
    rng.shuffle(rows)
    return [{"id": str(number), **row} for number, row in enumerate(rows, 1)]


def _messages(rng: random.Random, count: int) -> list[tuple[str, str]]:
    """Return different messages with their classes; every class has at least ten.

    Each sentence is used once: a message that shares one with another would be half a copy.
    """
    left = Sentences(*(rng.sample(part, len(part)) for part in _reviews()))
    found: dict[str, tuple[str, str]] = {}
    for label, share in SHARES.items():
        wanted = len(found) + max(10, round(share * count))
        while len(found) < wanted:
            opinion = {"praise": left.good, "complaint": left.bad}.get(label, left.rest)
            length = _length(rng, label)
            if len(opinion) < length:
                raise ValueError(f"there are not enough reviews for {count} messages")
            text = " ".join(opinion.pop() for _ in range(length))
            if label in _REQUESTS:
                text = f"{text} {_request(rng, label)}"
                text = f"{rng.choice(_GREETINGS)} {text}" if rng.random() < 0.5 else text
            found.setdefault(text_key(text), (text, label))
    return list(found.values())


def _request(rng: random.Random, label: str) -> str:
    day, other = rng.sample(_DAYS, 2)
    return rng.choice(_REQUESTS[label]).format(
        n=rng.randint(2, 9),
        day=day,
        other=other,
        time=rng.choice(_TIMES),
        thing=rng.choice(_THINGS),
        place=rng.choice(_PLACES),
    )


def _length(rng: random.Random, label: str) -> int:
    """Return of how many sentences an opinion is; one in a hundred is too long for any BERT."""
    if rng.random() > LONG[label]:
        return 1
    return rng.randint(28, 36) if rng.random() < 0.1 else rng.randint(4, 8)


def _nearly(rng: random.Random, text: str) -> str:
    """Return a copy that differs in case or punctuation only."""
    return rng.choice((text.upper(), text.capitalize() + "!", f'"{text}"', text.replace(" ", "  ")))


def _empty(rng: random.Random, count: int) -> list[Row]:
    """Return rows without a text, with one of blanks, without a label, and cut off after the text."""
    rows: list[Row] = []
    good = _reviews().good
    for label in rng.choices(list(SHARES), k=count):
        note = f"Message number {rng.randrange(10**6)}: {rng.choice(good)}"
        rows += [
            {"text": "", "label": label, "desk": DESKS[label]},
            {"text": "   ", "label": label, "desk": DESKS[label]},
            {"text": note, "label": " ", "desk": DESKS[label]},
            {"text": f"{note} (1)", "label": None, "desk": None},
        ]
    return rows


def own_csv(name: str, path: str | Path = "messages.csv", *, messages: int = 1500) -> Path:
    """Write the file that belongs to `name` (the same name gives the same file); return its path."""
    path = Path(path)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row in messy_rows(random.Random(name), messages):
            cells = [row[column] for column in COLUMNS]
            while cells[-1] is None:  # a row that breaks off
                cells.pop()
            writer.writerow(cells)
    return path
