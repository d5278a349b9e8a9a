"""What a check is: inputs drawn, the student's code observed, the observation judged.

The three steps are kept apart because at grading they run in two places: `observe` beside the
student's code, `cases` and `judge` where the student's code cannot reach. A visible check runs
the same three in the notebook, on other inputs, and is worth no points.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from course.checks.mistakes import Mistake, MistakeError, Signs, explained, tell_first

Inputs = dict[str, Any]


@dataclass(frozen=True)
class Raised:
    """An exception that the student's code raised: its type's name, text and line of code."""

    type_name: str
    text: str
    line: str = ""

    def __str__(self) -> str:
        where = f", in the line `{self.line}`" if self.line else ""
        text = self.text.rstrip(".")  # the sentence that quotes it goes on
        return f"{self.type_name}: {text}{where}" if text else f"{self.type_name}{where}"


class Check:
    """One thing that a student's function must do; the docstring's first line is its title.

    Subclasses name the student's function in `function`, and say in `cases` with what inputs it
    is tried, in `observe` (where the function's own result is not the observation) what is done
    with it, and in `facts` (a class) what is to be seen in an observation. `signs` has, by mistake, what
    shows it in the facts; `raised` the mistakes that an exception may show; `told` those that the
    check tells on its own account. The first that fits is told.
    """

    function: str
    #: Called with the observation and the inputs; raises MistakeError where there is nothing to see.
    facts: ClassVar[Callable[..., Any]]
    signs: ClassVar[Signs] = {}
    raised: ClassVar[tuple[str, ...]] = ()
    told: ClassVar[tuple[str | Mistake, ...]] = ()

    @property
    def title(self) -> str:
        return (type(self).__doc__ or self.function).strip().splitlines()[0]

    def cases(self, rng: random.Random) -> Iterable[Inputs]:
        """Yield the inputs of each trial, plain data only."""
        raise NotImplementedError

    @staticmethod
    def observe(function: Callable[..., Any], **inputs: Any) -> Any:
        """Try `function`, beside the student's code, and return what is to be judged."""
        return function(**inputs)

    def judge(self, observed: Any, **inputs: Any) -> None:
        """Return if `observed` is right for `inputs`; otherwise raise MistakeError."""
        tell_first(self.signs, type(self).facts(observed, **inputs), function=self.function)

    def explain(self, raised: Raised, **inputs: Any) -> MistakeError | None:
        """Return the known mistake that an exception shows, or None."""
        text = f"{raised.type_name}: {raised.text}"
        values = {"raised": raised, "function": self.function, **inputs}
        return explained(self.raised, text, raised, values)

    def mistakes(self) -> list[str | Mistake]:
        """Return all mistakes that this check knows, by id or as records, in its own order."""
        return list(dict.fromkeys([*self.signs, *self.raised, *self.told]))


class Compared(Check):
    """A check whose facts know whether the result is right; the signs only say why one is not.

    The last sign always shows, so that nothing but the right result passes.
    """

    def judge(self, observed: Any, **inputs: Any) -> None:
        """See :class:`Check`."""
        facts = type(self).facts(observed, **inputs)
        if not facts.is_right:
            tell_first(self.signs, facts, function=self.function)
