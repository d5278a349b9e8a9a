"""The eight kinds of questions, as models: what each may say, and how an answer is graded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, model_validator

from course.practice.record import (
    Asked,
    Claim,
    Graded,
    Option,
    Record,
    Text,
    check_options,
    said,
    wrong,
)

BLANK = re.compile(r"⟦(\d)⟧")
#: How a learner rates a flashcard, from worst to best; the last two count as right.
RATINGS = ("again", "hard", "good", "easy")


class BlankOption(Option):
    """An option for blanks; its feedback and its claim are about the blank with this number."""

    blank: Annotated[int, Field(ge=1, le=4)] = 1


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
        check_options(self.options, self.answer)
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
        known = {(option.text, option.blank): option.feedback for option in self.tempting}
        for blank, (given, right) in enumerate(zip(response, self.answer, strict=True), 1):
            if given in self.answer:
                other = f"`{given}` belongs in another blank."
            else:
                other = f"`{given}` does not do what is asked here."
            if given != right:
                feedback[f"⟦{blank}⟧"] = known.get((given, blank), other)
        return Graded(not feedback, feedback)


class Choice(Asked):
    """One right option."""

    kind: Literal["choice"]
    options: Annotated[list[Option], Field(min_length=3)]
    answer: Text

    @model_validator(mode="after")
    def _fits(self) -> Choice:
        check_options(self.options, [self.answer])
        return self

    @property
    def tempting(self) -> Sequence[Option]:
        return [option for option in self.options if option.text != self.answer]

    def grade(self, response: str) -> Graded:
        """Return whether the option with the text `response` is the right one."""
        return Graded(response == self.answer, said(self.options, [response]))


class Several(Asked):
    """All right options, one or more, and none of the others."""

    kind: Literal["several"]
    options: Annotated[list[Option], Field(min_length=3)]
    answer: Annotated[list[Text], Field(min_length=1)]

    @model_validator(mode="after")
    def _fits(self) -> Several:
        check_options(self.options, self.answer)
        return self

    @property
    def tempting(self) -> Sequence[Option]:
        return [option for option in self.options if option.text not in self.answer]

    def grade(self, response: Sequence[str] | set[str]) -> Graded:
        """Return whether just the right options were chosen."""
        chosen = list(response)
        feedback = said(self.options, chosen)
        if missing := len(set(self.answer) - set(chosen)):
            feedback[""] = f"{missing} more {'is' if missing == 1 else 'are'} right."
        return Graded(set(chosen) == set(self.answer), feedback)


class PredictOption(Option):
    """A wrong prediction; `computes` is Python that prints it, as the misconception would."""

    text: str = ""
    computes: Text | None = None

    @model_validator(mode="after")
    def _one_source(self) -> PredictOption:
        if not self.text and not self.computes:
            wrong("text", "an option needs a text, or `computes` to compute it")
        return self


class Predict(Asked):
    """What does the code print? The answer is computed by running it, and never written down.

    The options are the wrong ones. A learner chooses, or types if it is `typed`: then the options
    are not shown, and are known when they are typed.
    """

    kind: Literal["predict"]
    typed: bool = False
    code: Text
    options: Annotated[list[PredictOption], Field(default_factory=list)]
    #: Computed when a variant is made.
    answer: str | None = None

    @model_validator(mode="after")
    def _fits(self) -> Predict:
        for place, option in enumerate(self.options):
            if self.answer is None and not option.feedback:
                wrong(f"options.{place}", "a wrong prediction needs feedback")
        return self

    @property
    def tempting(self) -> Sequence[PredictOption]:
        return [option for option in self.options if option.text != self.answer]

    def grade(self, response: str) -> Graded:
        """Return whether `response` is what the code prints, whatever the white space."""
        if self.answer is None:
            raise ValueError(f"{self.id}: make a variant first; it computes the answer.")
        right = bare(response) == bare(self.answer)
        meant = [option.text for option in self.options if bare(option.text) == bare(response)]
        return Graded(right, said(self.options, meant))


def bare(printed: str) -> str | float:
    """Return what two outputs are compared by: no white space, and 3.0 is 3."""
    packed = "".join(printed.split())
    try:
        return float(packed)
    except ValueError:
        return packed


class Rule(Claim):
    """What is wrong when one line comes before another; both are numbered in the right order."""

    line: Annotated[int, Field(ge=1)]
    before: Annotated[int, Field(ge=1)]
    feedback: Text


class Order(Asked):
    """Lines to be put in order; `answer` is one right order, `orders` are others, by number."""

    kind: Literal["order"]
    answer: Annotated[list[Text], Field(min_length=3, max_length=6)]
    orders: Annotated[list[list[int]], Field(default_factory=list)]
    rules: Annotated[list[Rule], Field(min_length=1)]
    check: Text
    #: What the learner sees: `answer`, shuffled when a variant is made.
    lines: Annotated[list[str], Field(default_factory=list)]

    @model_validator(mode="after")
    def _fits(self) -> Order:
        numbers = list(range(1, len(self.answer) + 1))
        if len(set(self.answer)) < len(self.answer):
            wrong("answer", "two lines are the same")
        for place, order in enumerate(self.orders):
            if sorted(order) != numbers:
                wrong(f"orders.{place}", f"it must contain each of {numbers} once")
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
        check_options(self.options, [self.answer])
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
        """Return whether `response`, a line's number and a repair, fixes the code."""
        line, repair = response
        feedback = said(self.options, [repair])
        if line != self.line:
            feedback = {f"line {line}": "This line is fine: the code works without changing it."}
        return Graded(line == self.line and repair == self.answer, feedback)


class Find(Asked):
    """Find the broken line. The options are the lines of the code, in their order."""

    kind: Literal["find"]
    code: Text
    #: The broken line, what it should be, and what the code does because of it.
    answer: Text
    repair: Text
    broken: Claim
    check: Text

    @model_validator(mode="after")
    def _fits(self) -> Find:
        if self.draw is None and self.answer not in self.code.splitlines():
            wrong("answer", f"{self.answer!r} is no line of the code")
        return self

    @property
    def options(self) -> list[Option]:
        """The lines of the code."""
        return [Option(text=line) for line in self.code.splitlines()]

    @property
    def repaired(self) -> str:
        """The code with the line as it should be."""
        return "\n".join(
            self.repair if line == self.answer else line for line in self.code.splitlines()
        )

    def grade(self, response: str) -> Graded:
        """Return whether the line `response` is the broken one."""
        if response == self.answer:
            return Graded(True)
        return Graded(False, {response: "This line does what it should."})


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


ALL = Fill | Choice | Several | Predict | Order | Fix | Find | Flashcard
QUESTION: TypeAdapter[Any] = TypeAdapter(Annotated[ALL, Field(discriminator="kind")])
KINDS = ("fill", "choice", "several", "predict", "order", "fix", "find", "flashcard")
