"""Turns CodeGen-16B's functions and assertions, published by CodeT, into programs and tests with standard streams.

A row of `humaneval_plus_stdio` says by `arg_kinds` how each argument is written on a line, and has in `stdio_main` the
source that reads the arguments, calls the function and prints its result.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cure.problem import UnitTest

_NEXT_STATEMENT = re.compile(r"\n(?=\S)")
"""Where a completion leaves the function: a line that begins at the margin."""

_IS_KIND: Mapping[str, Callable[[Any], bool]] = {
    "int": lambda value: type(value) is int,
    "float": lambda value: type(value) in (int, float),
    "num": lambda value: type(value) in (int, float),
    "str": lambda value: isinstance(value, str) and "\n" not in value,
}


def program_of(prompt: str, completion: str, main: str) -> str:
    """The program of a completion: the function that it completes, up to the end of its body, and `main`."""
    return prompt + _NEXT_STATEMENT.split(completion, maxsplit=1)[0].rstrip() + "\n" + main


def assertions_of(sample: str, function: str, kinds: list[str]) -> list[UnitTest]:
    """The tests in a sample's assertions; those whose arguments or result cannot be written as text are left out."""
    tests = []
    for arguments, expected in _assertions(sample, function):
        lines = _lines(arguments, kinds)
        if lines is not None:
            tests.append(UnitTest("".join(f"{line}\n" for line in lines), f"{_shown(expected)}\n"))
    return tests


def _assertions(sample: str, function: str) -> Iterator[tuple[list[Any], Any]]:
    """Arguments and result of each assertion about one call, such as `assert function(...) == result`, in a sample that
    continues the word `assert`."""
    for text in re.split(r"^\s*assert\b", sample, flags=re.MULTILINE):
        found = _equation(text.strip(), function) if f"{function}(" in text else None
        if found is not None:
            yield found


def _equation(text: str, function: str) -> tuple[list[Any], Any] | None:
    """Arguments and result of the assertion that begins the text, which may have several lines; None without one."""
    lines = text.split("\n")
    for end in range(1, len(lines) + 1):
        try:
            (statement,) = ast.parse("assert " + "\n".join(lines[:end])).body
        except (SyntaxError, ValueError):
            continue
        return _sides(statement.test, function) if isinstance(statement, ast.Assert) else None
    return None


def _sides(test: ast.expr, function: str) -> tuple[list[Any], Any] | None:
    negated = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
    left = test.operand if isinstance(test, ast.UnaryOp) and negated else test
    right: ast.expr = ast.Constant(not negated)
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], (ast.Eq, ast.Is)) and len(test.ops) == 1:
        left, right = test.left, test.comparators[0]
    if not (isinstance(left, ast.Call) and isinstance(left.func, ast.Name) and left.func.id == function):
        return None
    if left.keywords:
        return None
    try:
        return [ast.literal_eval(argument) for argument in left.args], ast.literal_eval(right)
    except (ValueError, TypeError):
        return None


def _lines(arguments: list[Any], kinds: list[str]) -> list[str] | None:
    """A line for each argument; None where an argument is of another kind, or would be read as another value."""
    if len(arguments) != len(kinds):
        return None
    lines = []
    for value, kind in zip(arguments, kinds, strict=True):
        item = kind.removeprefix("list:")
        if item != kind:
            if not isinstance(value, (list, tuple)) or not all(map(_IS_KIND[item], value)):
                return None
            if item == "str" and any(not word or word.split() != [word] for word in value):
                return None
            lines.append(" ".join(map(_word, value)))
        elif _IS_KIND[kind](value):
            lines.append(_word(value))
        else:
            return None
    return lines


def _shown(value: Any) -> str:
    """What `stdio_main` prints for this result."""
    if isinstance(value, (list, tuple)):
        if value and all(isinstance(row, (list, tuple)) for row in value):
            return "\n".join(" ".join(map(_word, row)) for row in value)
        return " ".join(map(_word, value))
    return _word(value)


def _word(value: Any) -> str:
    return repr(value) if isinstance(value, float) else str(value)
