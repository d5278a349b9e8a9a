"""Records in YAML, as authors write them: a list of one kind, each with an id of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

#: The C library's where PyYAML has it: ten times as fast.
Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class RecordsError(ValueError):
    """A file of records that cannot be used; the text is a sentence with file, record and field."""


class Named(Protocol):
    """A record with an id."""

    @property
    def id(self) -> str:
        """What the record is called."""


Record = TypeVar("Record", bound=Named)


def read_records(path: Path, kind: type[Record]) -> dict[str, Record]:
    """Return the records in a file, by id; raises :class:`RecordsError`."""
    what = kind.__name__.lower()
    try:
        records = yaml.load(path.read_text(encoding="utf-8"), Loader)
        # mypy takes no variable for a type; at run time it is one.
        adapter: TypeAdapter[list[Record]] = TypeAdapter(list[kind])  # type: ignore[valid-type]
        found = adapter.validate_python(records)
    except yaml.YAMLError as error:
        raise RecordsError(f"{path.name} is not YAML: {error}".replace("\n", " ")) from error
    except ValidationError as error:
        first = error.errors()[0]
        number: Any
        number, *field = first["loc"] or (0,)
        record = records[number] if isinstance(records, list) else None
        named = record.get("id", number) if isinstance(record, dict) else number
        raise RecordsError(
            f"{path.name}, {what} {named!r}, field {'.'.join(map(str, field)) or 'all'}: "
            f"{first['msg']}."
        ) from error
    by_id = {one.id: one for one in found}
    if len(by_id) < len(found):
        twice = next(one.id for one in found if sum(one.id == other.id for other in found) > 1)
        raise RecordsError(f"{path.name}: the {what} {twice!r} is there twice.")
    return by_id
