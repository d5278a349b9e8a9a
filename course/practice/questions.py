"""The question bank: reads the records, finds their faults, and makes variants of a question.

`load_bank(folder)` gives the bank, `read_bank(folder)` what can be used of a broken one,
`bank.variant(question, seed)` a question as it is asked, and `question.grade(response)` says
whether the answer is right.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml
from pydantic import ValidationError

from course.practice.kinds import KINDS, QUESTION, Find, Order, Predict, PredictOption, bare
from course.practice.record import TOPIC, Graded, Record
from course.practice.running import apart, run
from course.yaml_records import Loader, Place, RecordsError, not_yaml, text_of

__all__ = ["Bank", "Graded", "QuestionError", "Record", "load_bank", "read_bank"]

#: How often numbers are drawn again because two options came out alike.
DRAWS = 100


class QuestionError(RecordsError):
    """A record that cannot be used; the text is one sentence with file, line and field."""


@dataclass(frozen=True)
class Bank:
    """All questions, by id."""

    questions: dict[str, Any]

    def __getitem__(self, id: str) -> Any:
        return self.questions[id]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.questions.values())

    def __len__(self) -> int:
        return len(self.questions)

    def variant(self, question: Any, seed: int | str) -> Any:
        """Return `question` with numbers drawn by `seed`, answers computed, options shuffled.

        The same seed gives the same variant, on any machine.
        """
        for attempt in range(DRAWS):
            rng = random.Random(f"{question.id}:{seed}:{attempt}")
            made = _filled(question, drawn(question, rng))
            if isinstance(made, Predict):
                made = _computed(made)
            if _distinct(made):
                return _shuffled(made, rng)
        raise QuestionError(f"{question.id}: {DRAWS} draws gave two options that are the same.")


def drawn(question: Record, rng: random.Random) -> dict[str, str]:
    """Return the texts of the names that the question's `draw` assigns."""
    if question.draw is None:
        return {}
    names: dict[str, Any] = {"rng": rng}
    with apart():
        run(question.draw, names)
    return {
        name: str(value)
        for name, value in names.items()
        if name != "rng" and not name.startswith("_") and not isinstance(value, ModuleType)
    }


def _filled(question: Record, texts: dict[str, str]) -> Any:
    if not texts:
        return question
    # Only drawn names are placeholders, so that code may hold braces of its own.
    pattern = re.compile(r"\{(" + "|".join(map(re.escape, texts)) + r")\}")

    def fill(value: Any) -> Any:
        if isinstance(value, str):
            return pattern.sub(lambda found: texts[found[1]], value)
        if isinstance(value, list):
            return [fill(part) for part in value]
        if isinstance(value, dict):
            return {key: fill(part) for key, part in value.items()}
        return value

    record = question.model_dump(exclude={"draw"})
    return type(question).model_validate(fill(record) | {"draw": question.draw})


def _computed(question: Predict) -> Predict:
    with apart():
        names: dict[str, Any] = {}
        run(question.setup, names)
        options = [
            option.model_copy(update={"text": run(option.computes, dict(names)).strip()})
            if option.computes
            else option
            for option in question.options
        ]
    # The code runs alone, as the learner would run it.
    with apart():
        answer = run(f"{question.setup}\n{question.code}", {}).strip()
    if options:
        options.append(PredictOption(text=answer))
    return question.model_copy(update={"answer": answer, "options": options})


def _distinct(question: Any) -> bool:
    texts = [bare(option.text) for option in getattr(question, "options", [])]
    return len(set(texts)) == len(texts)


def _shuffled(question: Any, rng: random.Random) -> Any:
    if isinstance(question, Order):
        lines = list(question.answer)
        while [question.answer.index(line) + 1 for line in lines] in question.right_orders:
            rng.shuffle(lines)
        return question.model_copy(update={"lines": lines})
    options = list(getattr(question, "options", []))
    if not options or isinstance(question, Find):
        return question
    rng.shuffle(options)
    return question.model_copy(update={"options": options})


def load_bank(folder: Path) -> Bank:
    """Return the questions of all files TOPIC.yaml in `folder`; raises QuestionError."""
    bank, broken = read_bank(folder)
    if broken:
        raise broken[0]
    return bank


def read_bank(folder: Path) -> tuple[Bank, list[QuestionError]]:
    """Return the questions that can be used, and what is wrong with each of the others.

    Raises QuestionError where there is no file of questions.
    """
    questions: dict[str, Any] = {}
    homes: dict[str, str] = {}
    broken: list[QuestionError] = []
    files = sorted(Path(folder).glob("*.yaml"))
    if not files:
        raise QuestionError(f"{folder} holds no question file: expected TOPIC.yaml.")
    for file in files:
        for question, line in _read(file):
            where = f"{file}, line {line}"
            if isinstance(question, QuestionError):
                broken.append(question)
            elif question.id in homes:
                taken = f"field id: {question.id!r} is taken by {homes[question.id]}."
                broken.append(QuestionError(f"{where}, {taken}"))
            else:
                homes[question.id] = where
                questions[question.id] = question
    return Bank(questions), broken


def runs_here(question: Record) -> bool:
    """Return whether a question's answer holds in the transformers that is installed."""
    return question.transformers <= int(version("transformers").partition(".")[0])


def _read(file: Path) -> Iterator[tuple[Any, int]]:
    """Yield the file's questions, each with its line; for one that is broken, its error."""
    if not re.match(TOPIC, file.stem):
        yield (
            QuestionError(
                f"{file}, line 1, field topic: a file is called by its topic, in lower-case words with "
                f"hyphens, and not {file.stem!r}."
            ),
            1,
        )
        return
    try:
        loader = Loader(text_of(file))
    except RecordsError as error:
        yield QuestionError(str(error)), 1
        return
    try:
        root = loader.get_single_node()
        if not isinstance(root, yaml.SequenceNode):
            yield QuestionError(f"{file}, line 1, field questions: the file must be a list."), 1
            return
        for node in root.value:
            try:
                lines = dict(_lines(node, (), file))
                record = loader.construct_object(node, deep=True)
                yield _question(record, lines, file), lines[()]
            except QuestionError as error:
                yield error, node.start_mark.line + 1
    except yaml.YAMLError as error:
        yield QuestionError(str(not_yaml(file, error))), 1
    finally:
        loader.dispose()


def _lines(node: yaml.Node, path: Place, file: Path) -> Iterator[tuple[Place, int]]:
    """Yield the line of each part of a record."""
    line = node.start_mark.line + 1
    yield path, line
    if isinstance(node, yaml.SequenceNode):
        for place, part in enumerate(node.value):
            yield from _lines(part, (*path, place), file)
    elif isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if key.value in seen:
                raise QuestionError(
                    f"{file}, line {key.start_mark.line + 1}, "
                    f"field {_named((*path, key.value))}: it is there twice."
                )
            seen.add(key.value)
            yield from _lines(value, (*path, key.value), file)
            yield (*path, key.value), key.start_mark.line + 1


def _question(record: Any, lines: dict[Place, int], file: Path) -> Any:
    def fault(path: Place, text: str) -> QuestionError:
        known = path
        while known not in lines:
            known = known[:-1]
        id = record.get("id") if isinstance(record, dict) else None
        named = f" of the question {id!r}" if isinstance(id, str) else ""
        where = f"{file}, line {lines[known]}, field {_named(path)}{named}"
        return QuestionError(f"{where}: {text}.")

    if not isinstance(record, dict):
        raise fault((), "a question must be a mapping of fields to values")
    if record.get("topic", file.stem) != file.stem:
        raise fault(("topic",), f"it must be {file.stem!r}, as the file is called, or be left out")
    if record.get("kind") == "predict" and "answer" in record:
        raise fault(("answer",), "a prediction's answer is computed, and must be left out")
    try:
        return QUESTION.validate_python(record | {"topic": file.stem})
    except ValidationError as error:
        raise fault(*_told(error.errors()[0], record)) from error


def _told(error: Any, record: dict[str, Any]) -> tuple[Place, str]:
    """Return the path of a fault in a record, and what to say of it."""
    kind, context = error["type"], error.get("ctx", {})
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return ("kind",), f"it is {record.get('kind')!r}, but must be one of {', '.join(KINDS)}"
    # pydantic puts the question's kind in front.
    path: Place = error["loc"][1:]
    if kind == "record":
        # What the model itself found names its field, such as "options.2".
        parts = context["field"].split(".")
        return (*path, *(int(part) if part.isdigit() else part for part in parts)), context["text"]
    if kind == "missing":
        return path, "it is missing"
    if kind == "extra_forbidden":
        return path, f"the kind {record['kind']!r} has no such field"
    if kind == "string_type":
        return path, f"it must be text: put {error['input']!r} in quotes"
    return path, error["msg"][0].lower() + error["msg"][1:].rstrip(".")


def _named(path: Place) -> str:
    """Return a path as people write it, such as options[2].text."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.lstrip(".") or "question"
