"""Reads the assertions of a functional problem: arguments, results, and how results are compared. Nothing is run."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evaluator.datasets.functional.function import UNKNOWN, Oracle

_UNORDERED = ("set", "frozenset", "sorted", "Counter")
_BOXES = {"set": set, "frozenset": set, "tuple": tuple, "list": list, "dict": dict}


@dataclass(frozen=True)
class Assertion:
    """One `assert` that calls the function."""

    text: str
    arguments: tuple[Any, ...] | None
    """None where an argument is not a literal or is passed by keyword."""
    expected: Any
    oracle: Oracle | None
    """None where the assertion judges the result in a way that no kind of oracle describes, such as `f(1) > 2`."""


def assertions(source: str, function: str) -> list[Assertion]:
    """Every assertion in `source` that calls `function`, in order; none in source that does not parse."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Assert)]
    found.sort(key=lambda node: node.lineno)
    return [made for node in found if (made := _assertion(node, function)) is not None]


def oracle_of(found: Sequence[Assertion]) -> Oracle:
    """The oracle of all assertions together; its kind is `other` if no assertion has an oracle."""
    oracles = [assertion.oracle for assertion in found if assertion.oracle is not None]
    if not oracles:
        return Oracle("other")
    tolerance = max((oracle.tolerance for oracle in oracles if oracle.tolerance is not None), default=None)
    if any(oracle.kind == "unordered" for oracle in oracles):
        return Oracle("unordered", tolerance)
    return Oracle("truth" if all(oracle.kind == "truth" for oracle in oracles) else "equal", tolerance)


def literal(node: ast.expr) -> Any:
    """The value of a literal, calls like `set()` and `tuple([1])` included; raises ValueError for other expressions."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _BOXES:
        if len(node.args) > 1 or node.keywords:
            raise ValueError("not a literal")
        inner = literal(node.args[0]) if node.args else ()
        try:
            return _BOXES[node.func.id](inner)
        except TypeError as error:
            raise ValueError("not a literal") from error
    if isinstance(node, ast.List):
        return [literal(item) for item in node.elts]
    if isinstance(node, ast.Tuple):
        return tuple(literal(item) for item in node.elts)
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as error:
        raise ValueError("not a literal") from error


def retyped(value: Any, models: Sequence[Any], parents: tuple[type, ...] = ()) -> Any:
    """The JSON value with the types of its `models`, which are literals of the same argument in assertions.

    A list becomes a tuple or a set if all models at its place have that type. Where no model is as deep, a list inside
    two nested tuples becomes a tuple; `parents` are the types of the containers around the value. Text becomes a
    complex number, a type that JSON lacks, if a model is a complex number.
    """
    if isinstance(value, dict):
        inside = [item for model in models if isinstance(model, dict) for item in model.values()]
        return {key: retyped(item, inside) for key, item in value.items()}
    if isinstance(value, str) and any(isinstance(model, complex) for model in models):
        try:
            return complex(value)
        except ValueError:
            return value
    if not isinstance(value, list):
        return value
    boxes = [model for model in models if isinstance(model, list | tuple | set | frozenset)]
    inside = [item for model in boxes for item in model]
    kinds = {type(model) for model in boxes} or ({tuple} if parents[-2:] == (tuple, tuple) else {list})
    items = [retyped(item, inside, (*parents, *kinds) if len(kinds) == 1 else ()) for item in value]
    if kinds == {tuple}:
        return tuple(items)
    if kinds in ({set}, {frozenset}):
        try:
            return set(items)
        except TypeError:
            return items
    return items


def _assertion(node: ast.Assert, function: str) -> Assertion | None:
    call = next((found for found in ast.walk(node.test) if _calls(found, function)), None)
    if call is None:
        return None
    assert isinstance(call, ast.Call)
    arguments: tuple[Any, ...] | None
    try:
        if call.keywords:
            raise ValueError("keywords")
        arguments = tuple(literal(argument) for argument in call.args)
    except ValueError:
        arguments = None
    oracle, expected = _judged(node.test, call)
    return Assertion(ast.unparse(node.test), arguments, expected, oracle)


def _judged(test: ast.expr, call: ast.Call) -> tuple[Oracle | None, Any]:
    if test is call:
        return Oracle("truth"), True
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) and test.operand is call:
        return Oracle("truth"), False
    if isinstance(test, ast.Call) and _named(test.func) == "isclose" and call in test.args:
        tolerances = [_or_unknown(word.value) for word in test.keywords]
        tolerance = max((item for item in tolerances if isinstance(item, float)), default=1e-9)
        other = next((item for item in test.args if item is not call), call)
        return Oracle(tolerance=tolerance), _or_unknown(other)
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return None, UNKNOWN
    left, right = test.left, test.comparators[0]
    if isinstance(test.ops[0], ast.Lt | ast.LtE):
        return _difference(left, right, call)
    if not isinstance(test.ops[0], ast.Eq | ast.Is):
        return None, UNKNOWN
    if right is call:
        left, right = right, left
    if left is call:
        return Oracle(), _or_unknown(right)
    if isinstance(left, ast.Call) and _named(left.func) in _UNORDERED:
        return Oracle("unordered"), UNKNOWN
    if isinstance(left, ast.Call) and _named(left.func) in ("list", "tuple") and left.args and left.args[0] is call:
        return Oracle(), UNKNOWN
    return None, UNKNOWN


def _difference(left: ast.expr, right: ast.expr, call: ast.Call) -> tuple[Oracle | None, Any]:
    """The oracle and the value of `abs(f(x) - value) < tolerance`; None and UNKNOWN for other comparisons."""
    tolerance = _or_unknown(right)
    inside = left.args[0] if isinstance(left, ast.Call) and _named(left.func) in ("abs", "fabs") and left.args else None
    if not (isinstance(inside, ast.BinOp) and isinstance(inside.op, ast.Sub) and isinstance(tolerance, float)):
        return None, UNKNOWN
    if call not in (inside.left, inside.right):
        return None, UNKNOWN
    return Oracle(tolerance=tolerance), _or_unknown(inside.right if inside.left is call else inside.left)


def _or_unknown(node: ast.expr) -> Any:
    try:
        return literal(node)
    except ValueError:
        return UNKNOWN


def _calls(node: ast.AST, function: str) -> bool:
    return isinstance(node, ast.Call) and _named(node.func) == function


def _named(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
