"""What the source of a cell binds and uses, read without running it.

Answers are found by what they define, wherever a student wrote them; of cells that only show
something, what others rely on is kept. IPython's magics are understood as IPython does.
"""

from __future__ import annotations

import ast
import builtins
import warnings
from collections.abc import Iterator
from functools import lru_cache

#: Calls that cost nothing and change nothing, so that an assignment may make them.
CHEAP_CALLS = {
    "bool", "dict", "enumerate", "float", "int", "len", "list", "max", "min", "range", "round",
    "set", "sorted", "str", "sum", "tuple", "zip",
}  # fmt: skip
#: Packages that only draw; importing them for a cell that only shows would cost time for nothing.
DRAWING = ("course.pictures", "course.practice", "matplotlib", "seaborn", "plotly")
RUNS_BODY = ("%%needs", "%%time", "%%timeit", "%%capture", "%%prun")
_BODIES = ("body", "orelse", "finalbody")
_COSTLY = (
    ast.Await, ast.Yield, ast.YieldFrom, ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp,
)  # fmt: skip


def body_of(source: str) -> str:
    """Return what of a cell is Python that runs in the notebook.

    A cell magic runs its body (time, needs) or does something else with it (writefile).
    """
    first, _, rest = source.lstrip().partition("\n")
    if not first.startswith("%%"):
        return source
    return rest if first.split()[0] in RUNS_BODY else ""


@lru_cache(maxsize=4096)
def parsed(source: str) -> ast.Module | None:
    """Return the syntax tree of a cell, its magics turned into Python; None if it has an error."""
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python thinks of a student's text
            return ast.parse(TransformerManager().transform_cell(body_of(source)))
    except Exception:  # whatever a tokenizer stumbles over: it is no Python
        return None


def defined(source: str) -> frozenset[str]:
    """Return the names that running a cell binds in the notebook."""
    tree = parsed(source)
    return frozenset(_bound(tree.body)) if tree else frozenset()


def _bound(statements: list[ast.stmt]) -> Iterator[str]:
    for statement in statements:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.ClassDef(name=name):
                yield name
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                yield from (one.asname or one.name.partition(".")[0] for one in names)
            case _:
                for part in ast.iter_child_nodes(statement):
                    if not isinstance(part, ast.stmt | ast.ExceptHandler):
                        yield from _stored(part)
                for field in _BODIES:
                    yield from _bound(getattr(statement, field, []))
                for handler in getattr(statement, "handlers", []):
                    yield from _bound(handler.body)


def _stored(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Lambda):
        return
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    for part in ast.iter_child_nodes(node):
        yield from _stored(part)


def binds_anything(source: str) -> bool:
    """Return whether a cell may bind names that cannot be read from it: `import *`, `%run`."""
    tree = parsed(source)
    return tree is not None and any(
        (isinstance(node, ast.ImportFrom) and node.names[0].name == "*")
        or (isinstance(node, ast.Constant) and node.value == "run")
        or (isinstance(node, ast.Name) and node.id == "exec")
        for node in ast.walk(tree)
    )


def used(source: str) -> frozenset[str]:
    """Return the names that a cell reads from the notebook, at once or when its functions run."""
    tree = parsed(source)
    if tree is None:
        return frozenset()
    loaded = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    return frozenset(name for name in loaded if not hasattr(builtins, name))


def kept_of_demo(source: str) -> tuple[str, frozenset[str]]:
    """Return what of a cell that only shows is executed, and the names that the rest would bind.

    Imports, functions, classes and plain assignments are kept, each guarded on its own: a name
    that is not there because it was only shown must not cost the others.
    """
    tree = parsed(source)
    if tree is None:
        return "", frozenset()
    kept = [statement for statement in tree.body if _is_kept(statement)]
    left = [statement for statement in tree.body if statement not in kept]
    return "\n".join(map(_guarded, kept)), frozenset(_bound(left)) - frozenset(_bound(kept))


def _is_kept(statement: ast.stmt) -> bool:
    match statement:
        case ast.Import(names=names):
            return not any(_draws(one.name) for one in names)
        case ast.ImportFrom(module=module):
            return not _draws(module or "")
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return True
        case ast.Assign(targets=targets, value=value):
            return all(isinstance(one, ast.Name | ast.Tuple) for one in targets) and _plain(value)
        case ast.AnnAssign(target=ast.Name(), value=ast.expr() as value):
            return _plain(value)
        case ast.Try(body=body, handlers=handlers, orelse=[], finalbody=[]):
            inside = [*body, *(one for handler in handlers for one in handler.body)]
            return all(isinstance(one, ast.Pass) or _is_kept(one) for one in inside)
    return False


def _draws(module: str) -> bool:
    return any(module == one or module.startswith(f"{one}.") for one in DRAWING)


def _plain(value: ast.expr) -> bool:
    """Return whether an expression costs nothing: no call but of a few builtins, no loop."""
    for node in ast.walk(value):
        if isinstance(node, _COSTLY):
            return False
        if isinstance(node, ast.Call) and not (
            isinstance(node.func, ast.Name) and node.func.id in CHEAP_CALLS
        ):
            return False
    return True


def _guarded(statement: ast.stmt) -> str:
    body = ast.unparse(statement)
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    if isinstance(statement, ast.FunctionDef | ast.ClassDef) and not statement.decorator_list:
        return body
    return f"try:\n{lines}\nexcept Exception:\n    pass"


def after_failed_import(source: str, module: str) -> str | None:
    """Return what follows, in a cell, the top-level import of a `module` that is not installed.

    None where there is no such import, or nothing after it. Several names in one import, of which
    one is missing, keep the others.
    """
    tree = parsed(source)
    if tree is None:
        return None
    for place, statement in enumerate(tree.body):
        if not (isinstance(statement, ast.Import | ast.ImportFrom) and _imports(statement, module)):
            continue
        rest: list[ast.stmt] = []
        if isinstance(statement, ast.Import):
            others = [one for one in statement.names if not _is_of(one.name, module)]
            rest = [ast.Import(names=[one]) for one in others]
        rest += tree.body[place + 1 :]
        return "\n".join(map(ast.unparse, rest)) if rest else None
    return None


def _imports(statement: ast.Import | ast.ImportFrom, module: str) -> bool:
    if isinstance(statement, ast.ImportFrom):
        return _is_of(statement.module or "", module)
    return any(_is_of(one.name, module) for one in statement.names)


def _is_of(name: str, module: str) -> bool:
    return name == module or name.startswith(f"{module}.") or module.startswith(f"{name}.")
