"""What questions of all kinds share: the fields of a record, options with their claims, a grade.

Grading is pure: it compares and runs nothing. What a record claims about Python is proved
by the graders' `authoring.question_proofs`; the fields for that (`setup`, `check`, `verify`, and
`raises` or `gives` of an option) are kept here, beside what they prove.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NoReturn

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

#: The name of a topic, and of the file with its questions.
TOPIC = r"^[a-z0-9]+(-[a-z0-9]+)*$"

Text = Annotated[str, Field(min_length=1)]
Hints = Annotated[list[Text], Field(min_length=2)]


@dataclass(frozen=True)
class Graded:
    """Whether a response is right, and what to say to each of its parts.

    A part is an option's text, a blank such as "⟦1⟧", a line such as "line 3", or "" for the whole.
    """

    right: bool
    feedback: dict[str, str] = field(default_factory=dict)


class Strict(BaseModel):
    """A model that rejects unknown fields and does not convert types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def wrong(field: str, text: str) -> NoReturn:
    """Raise the error that says what is wrong with a record's `field`."""
    raise PydanticCustomError("record", "{text}", {"field": field, "text": text})


class Claim(Strict):
    """What an option really does: an error that it raises, or Python that is then true."""

    raises: Text | None = None
    gives: Text | None = None

    @model_validator(mode="after")
    def _one_claim(self) -> Claim:
        if self.raises and self.gives:
            wrong("raises", "an option either raises or gives something, not both")
        return self


class Option(Claim):
    """One option; a wrong one has feedback: what would really happen, and why."""

    text: Text
    feedback: str = ""


class Record(Strict):
    """What questions of all kinds have."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    topic: Annotated[str, Field(pattern=TOPIC)]
    difficulty: Literal["easy", "medium", "hard"]
    minutes: Annotated[float, Field(gt=0, le=15, strict=False)]
    #: Where it is taught: an assignment, and in it a heading's slug or a cell's grade_id.
    lesson: Annotated[str, Field(pattern=r"^\d\d-[a-z0-9-]+#[a-z0-9-]+$")]
    #: Python that assigns the names to be filled in, drawing from `rng`.
    draw: Text | None = None
    #: Python that runs before the code and that the learner does not see.
    setup: str = ""
    #: Python that runs before what the options' `gives` say, or that asserts a flashcard's back.
    verify: str = ""
    #: The oldest major release of transformers in which the answer holds; older ones do not ask.
    transformers: int = 4
    #: Where a fact is published that no run can prove.
    source: Text | None = None
    #: Which task or question of the page that this course grew from it covers, and what had to be
    #: corrected, and why.
    covers: Annotated[str, Field(pattern=r"^(task|question) [1-5]$")] | None = None
    reason: Text | None = None

    @property
    def tempting(self) -> Sequence[Option]:
        """The wrong options."""
        return ()

    def grade(self, response: Any) -> Graded:
        """Return whether `response` is right, and what to say to its parts."""
        raise NotImplementedError


class Asked(Record):
    """A question with a prompt and a right answer, and help on the way to it."""

    prompt: Text
    code: str = ""
    hints: Hints
    common_mistakes: Annotated[list[Text], Field(min_length=1)]
    solution: Annotated[list[Text], Field(min_length=2)]
    #: Where to learn what is asked, outside of the course; a link as in Markdown.
    learn: Text | None = None

    @model_validator(mode="after")
    def _ends_with_check(self) -> Asked:
        if not self.solution[-1].startswith("Quick check: "):
            wrong("solution", 'its last step must begin with "Quick check: "')
        return self


def check_options(options: Sequence[Option], answers: Sequence[str]) -> None:
    """Raise unless the answers are among the options, and each wrong option has feedback."""
    texts = [option.text for option in options]
    for text in texts:
        if texts.count(text) > 1:
            wrong("options", f"{text!r} is there twice")
    for answer in answers:
        if answer not in texts:
            wrong("answer", f"{answer!r} is none of the options")
    for place, option in enumerate(options):
        if option.text not in answers and not option.feedback:
            wrong(f"options.{place}", f"the wrong option {option.text!r} needs feedback")
    if all(text in answers for text in texts):
        wrong("options", "there is no wrong one")


def said(options: Sequence[Option], chosen: Sequence[str]) -> dict[str, str]:
    """Return the feedback of the chosen options."""
    return {o.text: o.feedback for o in options if o.text in chosen and o.feedback}
