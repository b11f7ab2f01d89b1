"""Mutants of a program: copies with one small fault each.

The faults are the usual operators of mutation testing (Offutt et al., ACM TOSEM 5(2), 1996) on Python's syntax tree: a
comparison operator, its boundary, an arithmetic operator, a constant that is off by one, a condition negated, a
statement removed. mutmut and cosmic-ray have such operators too, but work only on a project with a test suite in files,
and with a database or pytest: none of their parts can mutate a text.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from types import CodeType

_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt,
    ast.Gt: ast.Lt,
    ast.LtE: ast.GtE,
    ast.GtE: ast.LtE,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_BOUNDARY: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
_COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_REMOVED = (ast.Assign, ast.AugAssign, ast.Expr, ast.Continue, ast.Break)
"""Kinds of statements that are removed; without a statement of another kind the program would hardly run."""


@dataclass(frozen=True)
class Mutant:
    """A program with one fault."""

    text: str
    fault: str
    """What was changed, in words, with the line of the original program."""


Change = Callable[[ast.AST], None]
"""Changes the node of a copied tree in place."""


def mutants(source: str, most: int) -> tuple[Mutant, ...]:
    """Up to `most` mutants of the program, kinds of faults in turn, each from its first place to its last.

    Mutants that do not compile, or compile to the code of the program or of an earlier mutant, are left out. Empty for
    a program that is not valid Python. The same arguments give the same mutants.
    """
    try:
        tree = ast.parse(source)
        seen = {_meaning(ast.unparse(tree))}
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    found: list[Mutant] = []
    for index, words, change in _in_turn(tree):
        if len(found) == most:
            break
        text = _changed(tree, index, change)
        try:
            meaning = _meaning(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        if meaning not in seen:
            seen.add(meaning)
            found.append(Mutant(text, words))
    return tuple(found)


def _in_turn(tree: ast.AST) -> Iterator[tuple[int, str, Change]]:
    """Number of a node in the order of `ast.walk`, the fault in words, the change; kinds of faults in turn."""
    kinds: dict[str, list[tuple[int, int, str, Change]]] = {}
    for index, node in enumerate(ast.walk(tree)):
        for line, fault, change in _changes(node):
            kinds.setdefault(fault.split()[0], []).append((line, index, fault, change))
    columns = (sorted(places, key=lambda place: place[:2]) for places in kinds.values())
    for turn in zip_longest(*columns):
        for line, index, fault, change in filter(None, turn):
            yield index, f"{fault} in line {line}", change


def _changes(node: ast.AST) -> Iterator[tuple[int, str, Change]]:
    """The faults that one node can have: line, words of which the first is the kind, change."""
    line: int = getattr(node, "lineno", 1)
    match node:
        case ast.Compare(ops=ops):
            for place, op in enumerate(ops):
                for kind, table in (("comparison", _COMPARED), ("boundary", _BOUNDARY)):
                    if other := table.get(type(op)):
                        yield line, f"{kind} {_word(op)} became {_word(other())}", _placing("ops", place, other)
        case ast.BinOp(op=op) | ast.AugAssign(op=op) if swapped := _COMPUTED.get(type(op)):
            yield line, f"operator {_word(op)} became {_word(swapped())}", _setting("op", swapped())
        case ast.Constant(value=int(value)) if not isinstance(value, bool):
            yield line, f"constant {value} became {value + 1}", _setting("value", value + 1)
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
            yield line, "condition negated", _setting("test", ast.UnaryOp(ast.Not(), copy.deepcopy(test)))
    for field in ("body", "orelse"):
        statements = getattr(node, field, None)
        for place, statement in enumerate(statements if isinstance(statements, list) else ()):
            if isinstance(statement, _REMOVED) and not _is_docstring(statement):
                yield statement.lineno, "statement removed", _placing(field, place, ast.Pass)


def _setting(field: str, value: object) -> Change:
    return lambda copied: setattr(copied, field, value)


def _placing(field: str, place: int, made: Callable[[], ast.AST]) -> Change:
    return lambda copied: getattr(copied, field).__setitem__(place, made())


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _changed(tree: ast.AST, index: int, change: Change) -> str:
    """The program of a copy of the tree in which the node of that number is changed."""
    copied = copy.deepcopy(tree)
    node = next(node for number, node in enumerate(ast.walk(copied)) if number == index)
    change(node)
    return ast.unparse(ast.fix_missing_locations(copied))


def _word(op: ast.cmpop | ast.operator) -> str:
    """The operator as it is written."""
    if isinstance(op, ast.cmpop):
        return ast.unparse(ast.Compare(ast.Name("a"), [op], [ast.Name("b")]))[2:-2]
    return ast.unparse(ast.BinOp(ast.Name("a"), op, ast.Name("b")))[2:-2]


def _meaning(text: str) -> object:
    """A value that is equal for programs with the same byte code, names and constants."""
    return _code(compile(text, "program", "exec", dont_inherit=True, optimize=2))


def _code(code: CodeType) -> object:
    constants = tuple(
        _code(each) if isinstance(each, CodeType) else (type(each), repr(each)) for each in code.co_consts
    )
    return code.co_code, code.co_exceptiontable, constants, code.co_names, code.co_varnames, code.co_freevars
