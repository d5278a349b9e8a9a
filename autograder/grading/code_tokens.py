"""Code as rows of tokens that other names, comments, types and layout do not change."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterable, Iterator

from autograder.grading.names import parsed

#: What code was written with, as far as it matters here.
Row = tuple[str, ...]

_LAYOUT = {
    tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT,
    tokenize.ENDMARKER,
}  # fmt: skip


class _Nameless(ast.NodeTransformer):
    """Takes away the names that code itself gives, docstrings and annotations."""

    def __init__(self, names: set[str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name("_", node.ctx) if node.id in self.names else node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg("_")

    def visit_keyword(self, node: ast.keyword) -> ast.keyword:
        value = self.visit(node.value)
        return ast.keyword("_" if node.arg in self.names else node.arg, value)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name, node.returns = "_", None
        return self._without_docstring(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.name = "_"
        return self._without_docstring(node)

    def _without_docstring(self, node: ast.FunctionDef | ast.ClassDef) -> ast.AST:
        if ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        return self.generic_visit(node)


def statements(sources: Iterable[str]) -> Iterator[tuple[str, str, Row]]:
    """Yield each top-level statement of cells: the function it defines or "", its text, its tokens.

    What is not Python is left out.
    """
    trees = [tree for source in sources if (tree := parsed(source)) is not None]
    names = {name for tree in trees for name in _given(tree)}
    for tree in trees:
        for statement in tree.body:
            name = statement.name if isinstance(statement, ast.FunctionDef) else ""
            try:
                yield name, ast.unparse(statement), _row(statement, names)
            except RecursionError:
                continue  # nested as nobody writes it


def _given(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.ExceptHandler(name=str(name)) | ast.alias(asname=str(name)):
                yield name


def _row(statement: ast.stmt, names: set[str]) -> Row:
    # The tree is shared with whoever has parsed the same cell.
    copied = ast.parse(ast.unparse(statement))
    text = ast.unparse(_Nameless(names).visit(copied))
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return tuple(one.string for one in tokens if one.type not in _LAYOUT)
