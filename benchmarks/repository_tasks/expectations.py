"""Tests that expect something else: one literal or one comparison of their assertions is changed."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_MOST = 12
_OTHER: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.Lt: ast.GtE,
    ast.Gt: ast.LtE,
}


def wrong_expectations(text: str) -> list[str]:
    """Up to a dozen copies of the test file, each with one change in what is asserted, literals first.

    The mutants of `cure.audit` do not serve here: they leave assertions alone.
    """
    tree = ast.parse(text)
    return [made for _, made in zip(range(_MOST), _changed(tree), strict=False)]


def _changed(tree: ast.Module) -> Iterator[str]:
    asserted = [each for node in ast.walk(tree) for each in _expected(node)]
    for place in asserted:
        for node in ast.walk(place):
            if isinstance(node, ast.Constant) and (other := _other(node.value)) is not None:
                before, node.value = node.value, other
                yield ast.unparse(tree) + "\n"
                node.value = before
    for node in ast.walk(tree):
        match node:
            case ast.Assert(test=ast.Compare(ops=[op]) as compared) if kind := _OTHER.get(type(op)):
                compared.ops = [kind()]
                yield ast.unparse(tree) + "\n"
                compared.ops = [op]
            case ast.Assert(test=test) if not isinstance(test, ast.Compare):
                node.test = ast.UnaryOp(ast.Not(), test)
                yield ast.unparse(tree) + "\n"
                node.test = test


def _expected(node: ast.AST) -> list[ast.expr]:
    """What an assertion compares with, in pytest's form and in that of unittest."""
    match node:
        case ast.Assert(test=ast.Compare(comparators=values)):
            return values
        case ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr=attr), args=[_, *values]):
            return values if attr.startswith("assert") and "Raises" not in attr else []
    return []


def _other(value: object) -> bool | int | float | str | bytes | None:
    """Another value of the same type; None where there is no obvious one."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return value + "s"
        case bytes():
            return value + b"s"
    return None
