"""The exam of lesson 07: from a messy file to a folder that serves."""

from __future__ import annotations

import random
from collections.abc import Iterable

from autograder.examining.exam import Task
from course.checks import own_inputs, own_model, own_rows, own_served
from course.checks.base import Inputs
from course.own_data import messy_rows


class CleanRows(own_rows.CleanRows, Task):
    """Empty rows, copies, contradictions and everything that gives the label away are gone."""

    answer_id = "clean-rows"
    points = 5
    timeout = 30

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield two other files of the same kind."""
        for messages in (50, 150):
            yield {"rows": messy_rows(rng, messages)}


class SplitRows(own_rows.SplitRows, Task):
    """Each row is in one part, each part has its share of every class, and a seed says which."""

    answer_id = "split-rows"
    points = 3
    timeout = 20

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield rows of other numbers, and seeds, twice."""
        for _ in range(2):
            yield {"rows": own_rows.sorted_rows(rng), "seed": rng.randrange(10**6)}


class ClassWeights(own_inputs.ClassWeights, Task):
    """A class that is half as frequent weighs twice as much."""

    answer_id = "class-weights"
    points = 2
    timeout = 10

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield labels of three to six classes."""
        for classes in rng.sample(range(3, 7), 3):
            yield own_inputs.drawn_labels(rng, classes)


class HeadAndTail(own_inputs.HeadAndTail, Task):
    """A long text keeps its beginning and its end, a short one everything."""

    answer_id = "head-and-tail"
    points = 3
    timeout = 20

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield drawn messages, cut to an even and to an odd number of pieces."""
        for max_length in (2 * rng.randint(8, 12), 2 * rng.randint(8, 12) + 1):
            texts = [str(row["text"]).strip() for row in messy_rows(rng, 40)]
            long = [text for text in texts if len(text.split()) > 60]
            yield from own_inputs.cuts(rng.choice(long or texts), max_length)


class SaveModel(own_model.SaveModel, Task):
    """The folder holds weights, configuration with the classes' names, and tokenizer."""

    answer_id = "save-model"
    points = 3
    timeout = 60

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield names in no order, of three classes or more, and other weights."""
        for classes in (3, rng.randint(4, 6)):
            yield {"seed": rng.randrange(10**6), "names": drawn_names(rng, classes)}


class Classify(own_served.Classify, Task):
    """Every text has an answer, by the class's name and its probability, from the folder alone."""

    answer_id = "classify"
    points = 4
    timeout = 90

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield messages in any order, one of them empty and one too long, until classes differ."""
        while True:
            rows = messy_rows(rng, 40)
            short = [str(row["text"]).strip() for row in rows if 4 < len(str(row["text"])) < 150]
            long = " ".join(short) * 3
            texts = [*rng.sample(short, 6), "", long]
            rng.shuffle(texts)
            inputs: Inputs = {
                "seed": rng.randrange(10**6),
                "names": drawn_names(rng, rng.randint(3, 5)),
                "texts": texts,
            }
            if own_served.tells_apart(**inputs):
                yield inputs
                return


WORDS = (
    "invoice", "delivery", "praise", "refund", "question", "repair", "parking", "tickets",
    "garden", "music", "sports", "lost", "news", "weather", "travel", "health",
)  # fmt: skip


def drawn_names(rng: random.Random, count: int) -> list[str]:
    """Return names of classes that are not in the order of the alphabet."""
    while True:
        names = rng.sample(WORDS, count)
        if names != sorted(names):
            return names


TASKS = [CleanRows, SplitRows, ClassWeights, HeadAndTail, SaveModel, Classify]
