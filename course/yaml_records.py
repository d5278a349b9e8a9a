"""Records in YAML, as authors write them: a list of one kind, each with an id of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

#: The C library's where PyYAML has it: ten times as fast.
Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


#: Where something is in a file: the fields and numbers that lead to it.
Place = tuple[str | int, ...]


class RecordsError(ValueError):
    """A file of records that cannot be used; the text is a sentence with file, line and field."""


class Named(Protocol):
    """A record with an id."""

    @property
    def id(self) -> str:
        """What the record is called."""


Record = TypeVar("Record", bound=Named)


def read_records(path: Path, kind: type[Record]) -> dict[str, Record]:
    """Return the records in a file, by id; raises :class:`RecordsError`."""
    what = kind.__name__.lower()
    records = read_yaml(path)
    try:
        # mypy takes no variable for a type; at run time it is one.
        adapter: TypeAdapter[list[Record]] = TypeAdapter(list[kind])  # type: ignore[valid-type]
        found = adapter.validate_python(records)
    except ValidationError as error:
        first = error.errors()[0]
        number: Any
        number, *field = first["loc"] or (0,)
        record = records[number] if isinstance(records, list) else None
        named = record.get("id", number) if isinstance(record, dict) else number
        raise RecordsError(
            f"{path}, line {line_in(path, first['loc'])}, {what} {named!r}, "
            f"field {'.'.join(map(str, field)) or 'all'}: {first['msg'].removeprefix('Value error, ')}."
        ) from error
    by_id: dict[str, Record] = {}
    for number, one in enumerate(found):
        if one.id in by_id:
            line = line_in(path, (number, "id"))
            raise RecordsError(f"{path}, line {line}: the {what} {one.id!r} is there twice.")
        by_id[one.id] = one
    return by_id


def read_yaml(path: Path) -> Any:
    """Return what a file holds; raises :class:`RecordsError` where it is not YAML."""
    try:
        return yaml.load(text_of(path), Loader)
    except yaml.YAMLError as error:
        raise not_yaml(path, error) from error


def not_yaml(path: Path, error: yaml.YAMLError) -> RecordsError:
    """Return the error for a file that is not YAML."""
    mark = getattr(error, "problem_mark", None)
    cause = getattr(error, "problem", None) or " ".join(str(error).split())
    return RecordsError(f"{path}, line {mark.line + 1 if mark else 1}: not YAML, {cause}.")


def line_in(path: Path, place: Place) -> int:
    """Return the line of a place in a file of YAML, or of the last step that is there."""
    node = yaml.compose(text_of(path), Loader)
    line = 1
    for step in place:
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
            line = node.start_mark.line + 1
            continue
        found = [pair for pair in getattr(node, "value", ()) if pair[0].value == step]
        if not found:
            break
        line, node = found[0][0].start_mark.line + 1, found[0][1]
    return line


def text_of(path: Path) -> str:
    """Return a file's text; raises :class:`RecordsError` where it is not UTF-8."""
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise RecordsError(
            f"{path}, line {line}: the file is not UTF-8: save it as that."
        ) from error
