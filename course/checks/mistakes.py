"""Mistakes as data: what a misconception is called, where it is taught, what a student reads.

`course/mistakes/*.yaml` holds one record for each. What shows a mistake stands beside the check
that looks for it, as a *sign*: a predicate over the facts that the check observed. A mistake that
an exception shows has its pattern in the record (`raises`). The first sign that fits is told, so
the order of a table of signs is from the specific to the general.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from course.plain import Opaque
from course.yaml_records import RecordsError, line_in, read_records

FOLDER = Path(__file__).parent.parent / "mistakes"

#: No message has more characters.
LONGEST = 3000

Sign = Callable[[Any], Any]
#: Mistakes by id, each with the predicate over a check's facts that shows it; in order.
Signs = Mapping[str, Sign]


class Mistake(BaseModel):
    """One misconception.

    `section` names the place in a lesson where it is put right ("01-tokenizing#see-mask"), or is
    empty. `message` is a template: `{name}` is a fact of the check, `{name!c}` its code, short
    enough to be quoted, `{name!n}` how many it holds. `credit` is the share of the points that the
    work has earned all the same.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    #: What people call it, as a short noun phrase or clause: "Padded to a fixed length".
    title: str = Field(min_length=3, max_length=60)
    message: str = Field(min_length=10)
    section: str = ""
    #: A regular expression over "TypeName: text" of an exception that shows this mistake.
    raises: str = ""
    credit: float = Field(default=0.0, ge=0, lt=1)
    #: Why no recorded answer shows it, where none can.
    unrecorded: str = ""

    @field_validator("message")
    @classmethod
    def _is_template(cls, message: str) -> str:
        list(string.Formatter().parse(message))
        return message

    @field_validator("raises")
    @classmethod
    def _is_pattern(cls, raises: str) -> str:
        try:
            re.compile(raises)
        except re.error as error:
            raise ValueError(f"{raises!r} is no regular expression, {error}") from error
        return raises


class MistakeError(Exception):
    """A check was not met: the mistake that shows, and the message with its values filled in."""

    def __init__(self, mistake: Mistake, message: str) -> None:
        super().__init__(message)
        self.mistake = mistake
        self.message = message


class _Words(string.Formatter):
    """Fills templates; `!c` quotes a value as code, `!n` counts what it holds."""

    def convert_field(self, value: Any, conversion: str | None) -> Any:
        match conversion:
            case "c":
                return code(value)
            case "n":
                return len(value)
        return super().convert_field(value, conversion)


class _Facts(Mapping[str, Any]):
    """Named values: those given, then the attributes of an object, read only when asked for."""

    def __init__(self, facts: Any, given: Mapping[str, Any]) -> None:
        self._facts, self._given = facts, given

    def __getitem__(self, name: str) -> Any:
        return self._given[name] if name in self._given else getattr(self._facts, name)

    def __iter__(self) -> Any:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)


def code(value: object) -> str:
    """Return `value` short enough to be quoted in a message."""
    text = str(value) if isinstance(value, Opaque) else repr(value)
    if "\n" in text:  # a tensor is shown with a line for each row
        text = " ".join(text.split())
    return short(text)


def short(text: str, longest: int = 120) -> str:
    """Return `text`, or its beginning where it is longer than a reader can want."""
    return text if len(text) <= longest else text[: longest - 3] + "..."


def read_mistakes(path: Path) -> dict[str, Mistake]:
    """Return the mistakes in a file, by id; raises :class:`RecordsError`."""
    return read_records(path, Mistake)


@cache
def course_mistakes() -> dict[str, Mistake]:
    """Return all mistakes of the course, by id; raises :class:`RecordsError`."""
    found: dict[str, Mistake] = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        for id, mistake in read_mistakes(path).items():
            if id in found:
                line = line_in(path, (list(read_mistakes(path)).index(id), "id"))
                raise RecordsError(f"{path}, line {line}: {id!r} is in another file as well.")
            found[id] = mistake
    return found


def mistake(id: str | Mistake, facts: Any = None, **values: Any) -> MistakeError:
    """Return the error that tells the mistake `id`, its template filled from `values` and `facts`."""
    record = id if isinstance(id, Mistake) else course_mistakes()[id]
    message = _Words().vformat(record.message, (), _Facts(facts, values)).strip()
    # Whatever a student's code sent: it goes into gradebooks and onto pages.
    return MistakeError(record, short(message, LONGEST))


def tell_first(signs: Signs, facts: Any, **values: Any) -> None:
    """Raise :class:`MistakeError` for the first of `signs` that `facts` show, if any does."""
    for id, shows in signs.items():
        if shows(facts):
            raise mistake(id, facts, **values)


def explained(
    ids: Iterable[str], text: str, facts: Any, values: Mapping[str, Any]
) -> MistakeError | None:
    """Return the first of the mistakes `ids` whose pattern is found in an exception's `text`."""
    for id in ids:
        if re.search(course_mistakes()[id].raises, text):
            return mistake(id, facts, **values)
    return None
