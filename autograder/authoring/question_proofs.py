"""Proves a question by running it: the answer is right, and each wrong option fails as it says.

`prove` returns complaints, one sentence each; none means proved. It runs, by kind:

- fill: `setup`, the filled code, `check`. The answer must pass, every other option in every blank
  must fail, and so must the answers in another order.
- choice, several: `setup`, `verify`, then each option's `gives`. An option with `raises` is itself
  run.
- predict: the code gives the answer; an option's `computes` gives its text.
- order: all orders of the lines. Those that are called right must pass `check`, all others fail.
- fix: the broken code, the repair, every other repair.
- find: the broken code, the repaired one, and that the answer is one of its lines.
- flashcard: `setup`, `verify`, which must assert something.

Every claim counts: a wrong option without `raises` or `gives` is not proved, unless the record
names its `source`.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterator
from itertools import permutations
from typing import Any

from course.practice.kinds import Choice, Fill, Find, Fix, Flashcard, Order, Predict, Several
from course.practice.record import Claim
from course.practice.running import apart, run

Names = dict[str, Any]


def prove(question: Any) -> list[str]:
    """Return what is not true in a question's variant, one sentence each."""
    proofs: dict[type, Callable[[Any], Iterator[str]]] = {
        Fill: _fill,
        Choice: _choice,
        Several: _choice,
        Predict: _predict,
        Order: _order,
        Fix: _fix,
        Find: _find,
        Flashcard: _flashcard,
    }
    return [f"{question.id}: {complaint}" for complaint in proofs[type(question)](question)]


def _helpers(names: Names) -> Names:
    """Return `names` with what proofs use; code given as text runs in a copy of the namespace."""

    def act(what: Any) -> tuple[Names, str]:
        copy = dict(names)
        if isinstance(what, str):
            return copy, run(what.strip().strip("`"), copy)
        what()
        return copy, ""

    def error_of(what: Any) -> str:
        try:
            act(what)
        except Exception as error:
            return _told(error)
        return ""

    names |= {
        "error_of": error_of,
        "printed": lambda code: act(code)[1].strip(),
        "outcome": lambda code, name: act(code)[0][name],
    }
    return names


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _attempt(*codes: str, names: Names | None = None) -> tuple[Names, str]:
    """Run texts of Python one after the other; return the namespace, and the error or ""."""
    names = _helpers({} if names is None else names)
    with apart():
        warnings.simplefilter("error")
        try:
            for code in codes:
                run(code, names)
        except Exception as error:
            return names, _told(error)
    return names, ""


def _holds(gives: str, names: Names) -> str:
    """Return "" if the expression is true or the statements run without error; otherwise why not."""
    try:
        ast.parse(gives.strip(), mode="eval")
    except SyntaxError:
        code = gives
    else:
        code = f"assert (\n{gives.strip()}\n)"
    return _attempt(code, names=names)[1]


def _claim(what: str, claim: Claim, names: Names, error: str) -> Iterator[str]:
    """Complain unless a run with the result `names` and `error` did what is claimed."""
    if claim.raises is not None:
        if not re.search(claim.raises, error):
            yield f"{what} should raise {claim.raises!r}, but: {error or 'no error'}"
    elif claim.gives is not None:
        if error:
            yield f"{what} should run, but: {error}"
        elif failed := _holds(claim.gives, names):
            yield f"{what} does not give {claim.gives.strip()!r}: {failed}"
    else:
        yield f"{what} is not proved: it needs `raises` or `gives`"


def _fill(question: Fill) -> Iterator[str]:
    def attempt(response: list[str]) -> tuple[Names, str]:
        return _attempt(question.setup, question.filled(response))

    names, error = attempt(question.answer)
    error = error or _holds(question.check, names)
    if error:
        yield f"the answer {question.answer} fails: {error}"
    claims = {(option.text, option.blank): option for option in question.tempting}
    unproved = set(claims)
    for place, right in enumerate(question.answer):
        for option in question.options:
            if option.text == right:
                continue
            response = [*question.answer[:place], option.text, *question.answer[place + 1 :]]
            names, error = attempt(response)
            what = f"{option.text!r} in blank {place + 1}"
            if (claimed := claims.get((option.text, place + 1))) is not None:
                unproved.discard((option.text, place + 1))
                yield from _claim(what, claimed, dict(names), error)
            if not error and not _holds(question.check, names):
                yield f"{what} passes the check as well as the answer"
    for response in map(list, permutations(question.answer)):
        if response != question.answer:
            names, error = attempt(response)
            if not error and not _holds(question.check, names):
                yield f"the answers in the order {response} pass the check as well"
    if unproved:
        yield f"{sorted(unproved)} were not tried"


def _choice(question: Choice | Several) -> Iterator[str]:
    names = {"code": question.code, "answer": question.answer}
    names, error = _attempt(question.setup, question.verify, names=names)
    if error:
        yield f"the verify code fails: {error}"
        return
    for option in question.options:
        what = f"the option {option.text!r}"
        # An option that is not code, or says more than it does, is proved by what it gives.
        here = dict(names) | {"option": option.text.strip("`")}
        if option.raises is not None:
            here, error = _attempt(option.text.strip("`"), names=here)
            yield from _claim(what, option, here, error)
        elif option.gives is not None or question.source is None:
            yield from _claim(what, option, here, "")


def _predict(question: Predict) -> Iterator[str]:
    names, error = _attempt(question.setup, question.code)
    if error:
        yield f"the code fails: {error}"
        return
    with apart():
        again = run(f"{question.setup}\n{question.code}", {}).strip()
    if again != question.answer:
        yield f"the code prints {question.answer!r} once and {again!r} another time"
    if not question.answer:
        yield "the code prints nothing"
    names |= {"answer": question.answer}
    if error := _holds(question.verify, names) if question.verify else "":
        yield f"the verify code fails: {error}"
    for option in question.tempting:
        if option.computes is None:
            yield from _claim(f"the option {option.text!r}", option, dict(names), "")


def _order(question: Order) -> Iterator[str]:
    def attempt(order: list[int]) -> tuple[Names, str]:
        lines = "\n".join(question.answer[number - 1] for number in order)
        code = question.code.replace("⟦lines⟧", _indented(lines, question.code)) or lines
        return _attempt(question.setup, code)

    numbers = question.right_orders[0]
    for order in map(list, permutations(numbers)):
        names, error = attempt(order)
        error = error or _holds(question.check, names)
        if order in question.right_orders and error:
            yield f"the order {order} is called right, but fails: {error}"
        if order not in question.right_orders and not error:
            yield f"the order {order} passes the check, but is not called right"
    for rule in question.rules:
        for order in question.right_orders:
            if order.index(rule.line) < order.index(rule.before):
                yield f"the right order {order} breaks the rule of line {rule.line}"
        broken = [number for number in numbers if number != rule.line]
        broken.insert(broken.index(rule.before), rule.line)
        names, error = attempt(broken)
        yield from _claim(f"the order {broken}", rule, names, error)


def _indented(lines: str, code: str) -> str:
    found = re.search(r"^( *)⟦lines⟧", code, re.MULTILINE)
    return lines.replace("\n", "\n" + found[1]) if found else lines


def _fix(question: Fix) -> Iterator[str]:
    def attempt(code: str) -> tuple[Names, str]:
        return _attempt(question.setup, code)

    names, error = attempt(question.code)
    yield from _claim("the broken code", question.broken, dict(names), error)
    if not error and not _holds(question.check, names):
        yield "the broken code passes the check"
    for option in question.options:
        names, error = attempt(question.repaired(option.text))
        if option.text == question.answer:
            if error := error or _holds(question.check, names):
                yield f"the repair {option.text!r} fails: {error}"
            continue
        yield from _claim(f"the repair {option.text!r}", option, dict(names), error)
        if not error and not _holds(question.check, names):
            yield f"the repair {option.text!r} passes the check as well as the answer"


def _find(question: Find) -> Iterator[str]:
    names, error = _attempt(question.setup, question.code)
    yield from _claim("the broken code", question.broken, dict(names), error)
    if not error and not _holds(question.check, names):
        yield "the broken code passes the check"
    names, error = _attempt(question.setup, question.repaired)
    if error := error or _holds(question.check, names):
        yield f"the repair {question.repair!r} fails: {error}"
    if question.answer not in question.code.splitlines():
        yield f"the answer {question.answer!r} is no line of the code"


def _flashcard(question: Flashcard) -> Iterator[str]:
    if "assert" not in question.verify:
        if question.source is None:
            yield "it needs a `verify` that asserts its back, or a `source`"
        return
    if error := _attempt(question.setup, question.verify)[1]:
        yield f"the verify code fails: {error}"
