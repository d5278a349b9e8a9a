"""The code of a notebook's function as a file of its own: the function, and what it needs.

What a name means is looked up in the cells that have run, the last definition counts; a function
that no cell defines, such as one on loan, gives its own source.
"""

from __future__ import annotations

import ast
import inspect
import symtable
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any


class CodeUnknownError(LookupError):
    """The code of a function cannot be found; the text says of which."""


@dataclass(frozen=True)
class Statement:
    """One statement at the top level of a cell: its text, what it defines, and what it reads."""

    place: tuple[int, int]
    text: str
    defines: frozenset[str]
    reads: frozenset[str]
    #: Whether it changes what it defines (`x += 1`), so that earlier definitions are needed, too.
    adds: bool = False


def code_of(function: Callable[..., Any]) -> str:
    """Return Python text that defines `function`, with the cells' code that it needs.

    In a notebook that is the notebook's; elsewhere the whole file. Raises CodeUnknownError.
    """
    name = getattr(function, "__name__", type(function).__name__)
    shell = notebook_shell()
    if shell is None:
        try:
            return Path(inspect.getsourcefile(function) or "").read_text(encoding="utf-8")
        except (OSError, TypeError):
            raise CodeUnknownError(f"The file of `{name}` cannot be read.") from None
    return gathered(name, statements(_cells(shell)), shell.user_ns)


def notebook_shell() -> Any:
    """Return IPython's shell; None outside of a notebook."""
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    return get_ipython()


def _cells(shell: Any) -> Iterator[str]:
    """Yield the cells that have run, as plain Python."""
    for cell in shell.history_manager.input_hist_raw:
        first, _, rest = cell.partition("\n")
        # Of a magic for a whole cell, the cell.
        plain = rest if first.startswith("%%") else cell
        yield shell.input_transformer_manager.transform_cell(plain)


def statements(cells: Iterator[str] | Sequence[str]) -> list[Statement]:
    """Return all statements of `cells`, in the order in which they ran."""
    found = []
    for number, cell in enumerate(cells):
        try:
            tree = ast.parse(cell)
        except (SyntaxError, ValueError):
            continue  # it did not run
        lines = cell.splitlines()
        for node in tree.body:
            start = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])
            text = "\n".join(lines[start - 1 : node.end_lineno])
            with suppress(SyntaxError):  # such as `await` outside of a function
                names = symtable.symtable(text, "<cell>", "exec")
                adds = isinstance(node, ast.AugAssign)
                found.append(Statement((number, start), text, _defined(names), _read(names), adds))
    return found


def _defined(names: symtable.SymbolTable) -> frozenset[str]:
    """Return the names that a statement gives a meaning."""
    symbols = names.get_symbols()
    return frozenset(one.get_name() for one in symbols if one.is_assigned() or one.is_imported())


def _read(names: symtable.SymbolTable) -> frozenset[str]:
    """Return the names that a statement reads from the notebook; a function's own are none."""
    outermost = names.get_type() == "module"
    read = {
        one.get_name()
        for one in names.get_symbols()
        if one.is_referenced() and (outermost or one.is_global())
    }
    return frozenset(read.union(*map(_read, names.get_children())))


def gathered(name: str, ran: Sequence[Statement], names: Mapping[str, Any]) -> str:
    """Return the statements that define `name` and what they need, each once, in their order.

    `names` are what the notebook's names stand for now. Raises CodeUnknownError.
    """
    chosen: dict[tuple[int, int], Statement] = {}
    lent: dict[str, str] = {}
    waiting, seen = [name], {name}

    def take(text_of: Statement) -> None:
        if text_of.place not in chosen:
            chosen[text_of.place] = text_of
            fresh = text_of.reads - seen
            seen.update(fresh)
            waiting.extend(sorted(fresh))

    while waiting:
        wanted = waiting.pop()
        if (source := _lent(names.get(wanted))) is not None:
            lent[wanted] = source
            for one in statements([source]):
                fresh = one.reads - seen
                seen.update(fresh)
                waiting.extend(sorted(fresh))
            continue
        for one in reversed([one for one in ran if wanted in one.defines]):
            take(one)
            if not one.adds:
                break
    if name not in lent and not any(name in one.defines for one in chosen.values()):
        raise CodeUnknownError(
            f"No cell that has run defines `{name}`: define it in this notebook, by `def {name}(…)`."
        )
    # What stood in one cell stays together; imports come first in a notebook, and functions on loan
    # may need them.
    ordered = [chosen[place] for place in sorted(chosen)]
    parts = [
        "\n".join(one.text for one in of_cell)
        for _, of_cell in groupby(ordered, lambda one: one.place[0])
    ]
    return "\n\n\n".join([*parts, *lent.values()]) + "\n"


def _lent(value: Any) -> str | None:
    """Return the source of a function that was defined outside of the cells, but for the notebook."""
    file = getattr(getattr(value, "__code__", None), "co_filename", "")
    if file.startswith("<") and not file.startswith("<ipython") and inspect.isfunction(value):
        try:
            return textwrap.dedent(inspect.getsource(value)).rstrip()
        except (OSError, TypeError):
            return None
    return None
