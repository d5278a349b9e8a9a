"""The seven kinds of questions, as models: what a record may say, and how an answer is graded.

Grading is pure: it compares, and runs nothing. What a record claims about Python is proved
elsewhere, by `autograder.proofs`; the fields for that (`setup`, `check`, `verify`, and `raises` or
`gives` of an option) are kept here, beside what they prove.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NoReturn

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator
from pydantic_core import PydanticCustomError

TOPICS = (
    "tokenizing",
    "model-set-up",
    "optimizer-and-scheduler",
    "accuracy",
    "fine-tuning",
    "overfitting-and-debugging",
)
BLANK = re.compile(r"⟦(\d)⟧")
#: How a learner rates a flashcard, from worst to best; the last two count as right.
RATINGS = ("again", "hard", "good", "easy")

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
    """A model that takes nothing which it does not know, and guesses no types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def wrong(field: str, text: str) -> NoReturn:
    """Raise the error that says what is wrong with a record's `field`."""
    raise PydanticCustomError("record", "{text}", {"field": field, "text": text})


class Claim(Strict):
    """What an option really does: an error that it raises, or Python that then holds."""

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


class BlankOption(Option):
    """An option for blanks; its feedback and its claim are about the blank with this number."""

    blank: Annotated[int, Field(ge=1, le=4)] = 1


class PredictOption(Option):
    """A wrong prediction; `computes` is Python that prints it, as the misconception would."""

    text: str = ""
    computes: Text | None = None

    @model_validator(mode="after")
    def _one_source(self) -> PredictOption:
        if not self.text and not self.computes:
            wrong("text", "an option needs a text, or `computes` to compute it")
        return self


class Rule(Claim):
    """What is wrong when one line stands before another; both counted in the right order."""

    line: Annotated[int, Field(ge=1)]
    before: Annotated[int, Field(ge=1)]
    feedback: Text


class Record(Strict):
    """What questions of all kinds have."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    topic: Literal[TOPICS]  # type: ignore[valid-type]
    difficulty: Literal["easy", "medium", "hard"]
    minutes: Annotated[float, Field(gt=0, le=15, strict=False)]
    #: Where it is taught: an assignment, and in it a heading's slug or a cell's grade_id.
    lesson: Annotated[str, Field(pattern=r"^\d\d-[a-z-]+#[a-z0-9-]+$")]
    #: Python that assigns the names to be filled in, drawing from `rng`.
    draw: Text | None = None
    #: Python that runs before the code and that the learner does not see.
    setup: str = ""
    #: Python that runs before what the options' `gives` say, or that asserts a flashcard's back.
    verify: str = ""
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

    @model_validator(mode="after")
    def _ends_with_check(self) -> Asked:
        if not self.solution[-1].startswith("Quick check: "):
            wrong("solution", 'its last step must begin with "Quick check: "')
        return self


def _check_options(options: Sequence[Option], answers: Sequence[str]) -> None:
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


def _said(options: Sequence[Option], chosen: Sequence[str]) -> dict[str, str]:
    return {o.text: o.feedback for o in options if o.text in chosen and o.feedback}


class Fill(Asked):
    """Blanks in code, filled with options; `answer` has one option for each blank."""

    kind: Literal["fill"]
    code: Text
    options: Annotated[list[BlankOption], Field(min_length=3)]
    answer: Annotated[list[Text], Field(min_length=1, max_length=4)]
    #: Python that asserts what the filled code is said to do.
    check: Text

    @model_validator(mode="after")
    def _fits(self) -> Fill:
        _check_options(self.options, self.answer)
        blanks = sorted({int(number) for number in BLANK.findall(self.code)})
        if blanks != list(range(1, len(self.answer) + 1)):
            wrong("code", f"it needs blanks ⟦1⟧ to ⟦{len(self.answer)}⟧, one for each answer")
        for place, option in enumerate(self.options):
            if option.blank > len(blanks):
                wrong(f"options.{place}.blank", f"there is no blank ⟦{option.blank}⟧")
        return self

    @property
    def tempting(self) -> Sequence[BlankOption]:
        return [option for option in self.options if option.text not in self.answer]

    def filled(self, response: Sequence[str]) -> str:
        """Return the code with one text for each blank."""
        return BLANK.sub(lambda blank: response[int(blank[1]) - 1], self.code)

    def grade(self, response: Sequence[str]) -> Graded:
        """Return whether each blank has its option; `response` has one text for each blank."""
        if len(response) != len(self.answer):
            raise ValueError(f"{self.id} has {len(self.answer)} blanks, not {len(response)}.")
        feedback = {}
        for blank, (given, right) in enumerate(zip(response, self.answer, strict=True), 1):
            if given == right:
                continue
            text = f"`{given}` does not do here what is asked."
            for option in self.tempting:
                if isinstance(option, BlankOption) and (option.text, option.blank) == (given, blank):
                    text = option.feedback
            if given in self.answer:
                text = f"`{given}` belongs in another blank."
            feedback[f"⟦{blank}⟧"] = text
        return Graded(not feedback, feedback)


class Choice(Asked):
    """One right option."""

    kind: Literal["choice"]
    options: Annotated[list[Option], Field(min_length=3)]
    answer: Text

    @model_validator(mode="after")
    def _fits(self) -> Choice:
        _check_options(self.options, [self.answer])
        return self

    @property
    def tempting(self) -> Sequence[Option]:
        return [option for option in self.options if option.text != self.answer]

    def grade(self, response: str) -> Graded:
        """Return whether the option with the text `response` is the right one."""
        return Graded(response == self.answer, _said(self.options, [response]))


class Several(Asked):
    """All right options, one or more, and none of the others."""

    kind: Literal["several"]
    options: Annotated[list[Option], Field(min_length=3)]
    answer: Annotated[list[Text], Field(min_length=1)]

    @model_validator(mode="after")
    def _fits(self) -> Several:
        _check_options(self.options, self.answer)
        return self

    @property
    def tempting(self) -> Sequence[Option]:
        return [option for option in self.options if option.text not in self.answer]

    def grade(self, response: Sequence[str] | set[str]) -> Graded:
        """Return whether just the right options were chosen."""
        chosen = list(response)
        feedback = _said(self.options, chosen)
        if missing := len(set(self.answer) - set(chosen)):
            feedback[""] = f"{missing} more {'is' if missing == 1 else 'are'} right."
        return Graded(set(chosen) == set(self.answer), feedback)


class Predict(Asked):
    """What does the code print? The answer is computed by running it, and never written down.

    With options, which are the wrong ones, the learner chooses; without, the learner types.
    """

    kind: Literal["predict"]
    code: Text
    options: list[PredictOption] = []
    #: Computed when a variant is made.
    answer: str | None = None

    @property
    def tempting(self) -> Sequence[PredictOption]:
        return [option for option in self.options if option.text != self.answer]

    def grade(self, response: str) -> Graded:
        """Return whether `response` is what the code prints, whatever the white space."""
        if self.answer is None:
            raise ValueError(f"{self.id}: make a variant first; it computes the answer.")
        right = bare(response) == bare(self.answer)
        return Graded(right, _said(self.options, [response]))


def bare(printed: str) -> str | float:
    """Return what two outputs are compared by: no white space, and 3.0 is 3."""
    packed = "".join(printed.split())
    try:
        return float(packed)
    except ValueError:
        return packed


class Order(Asked):
    """Lines to be put in order; `answer` is one right order, `orders` are others, by number."""

    kind: Literal["order"]
    answer: Annotated[list[Text], Field(min_length=3, max_length=6)]
    orders: list[list[int]] = []
    rules: Annotated[list[Rule], Field(min_length=1)]
    check: Text
    #: What the learner sees: `answer`, shuffled when a variant is made.
    lines: list[str] = []

    @model_validator(mode="after")
    def _fits(self) -> Order:
        numbers = list(range(1, len(self.answer) + 1))
        if len(set(self.answer)) < len(self.answer):
            wrong("answer", "two lines are the same")
        for place, order in enumerate(self.orders):
            if sorted(order) != numbers:
                wrong(f"orders.{place}", f"it must hold each of {numbers} once")
        for place, rule in enumerate(self.rules):
            if rule.line not in numbers or rule.before not in numbers or rule.line == rule.before:
                wrong(f"rules.{place}", f"it must name two of the lines {numbers}")
        return self

    @property
    def right_orders(self) -> list[list[int]]:
        """All right orders, as numbers of lines in `answer`."""
        return [list(range(1, len(self.answer) + 1)), *self.orders]

    def grade(self, response: Sequence[str]) -> Graded:
        """Return whether the lines of `response` are in a right order."""
        if sorted(response) != sorted(self.answer):
            raise ValueError(f"{self.id}: the response must hold each line once.")
        order = [self.answer.index(line) + 1 for line in response]
        if order in self.right_orders:
            return Graded(True)
        feedback = {
            self.answer[rule.line - 1]: rule.feedback
            for rule in self.rules
            if order.index(rule.line) < order.index(rule.before)
        }
        return Graded(False, feedback or {"": "In this order the lines do not do what is asked."})


class Fix(Asked):
    """Find the broken line of the code, and choose its repair."""

    kind: Literal["fix"]
    code: Text
    #: The number of the broken line, from 1, and what the code does because of it.
    line: Annotated[int, Field(ge=1)]
    broken: Claim
    options: Annotated[list[Option], Field(min_length=3)]
    answer: Text
    check: Text

    @model_validator(mode="after")
    def _fits(self) -> Fix:
        _check_options(self.options, [self.answer])
        if self.line > len(self.code.splitlines()):
            wrong("line", f"the code has only {len(self.code.splitlines())} lines")
        return self

    @property
    def tempting(self) -> Sequence[Option]:
        return [option for option in self.options if option.text != self.answer]

    def repaired(self, repair: str) -> str:
        """Return the code with the broken line replaced, at the same indentation."""
        lines = self.code.splitlines()
        old = lines[self.line - 1]
        indent = old[: len(old) - len(old.lstrip())]
        lines[self.line - 1] = "\n".join(indent + part for part in repair.splitlines())
        return "\n".join(lines) + "\n"

    def grade(self, response: tuple[int, str]) -> Graded:
        """Return whether `response`, a line's number and a repair, mends the code."""
        line, repair = response
        feedback = _said(self.options, [repair])
        if line != self.line:
            feedback = {f"line {line}": "This line may stay: the code works without changing it."}
        return Graded(line == self.line and repair == self.answer, feedback)


class Flashcard(Record):
    """A question to recall the answer of; the learner rates the recall."""

    kind: Literal["flashcard"]
    front: Text
    back: Text

    def grade(self, response: str) -> Graded:
        """Return whether the rating says that the back was recalled."""
        if response not in RATINGS:
            raise ValueError(f"A flashcard is rated {', '.join(RATINGS)}, not {response!r}.")
        return Graded(RATINGS.index(response) >= 2)


KINDS: tuple[type[Record], ...] = (Fill, Choice, Several, Predict, Order, Fix, Flashcard)
Question = Annotated[
    Fill | Choice | Several | Predict | Order | Fix | Flashcard, Field(discriminator="kind")
]
QUESTION: TypeAdapter[Any] = TypeAdapter(Question)
