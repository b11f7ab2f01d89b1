"""Finds the source text that a program holds as a constant and executes.

For example, a program may read arguments from standard input and pass them to a function whose source is the text:

    text = "..."
    ...
    exec(compile(text, "part.py", "exec"), names)

A program of this form has two parts, the text and the program around it, and is plain (`sandbox.runner.plain`) if both
are. `exec`, `compile` and the name of the text occur nowhere else in the program, so it can execute nothing else.
"""

from __future__ import annotations

import types
from importlib import import_module
from typing import Any, NamedTuple

from sandbox.runner.program import FILE


class Executed(NamedTuple):
    """The text that a program executes."""

    text: str
    code: types.CodeType


def executed_by(source: bytes) -> Executed | None:
    """The text that a program of the form in this module's docstring executes; None for every other program.

    A text that does not compile counts as an empty one: executing it raises the compiler's error and does nothing else.
    """
    if b"exec(compile(" not in source:
        return None
    # The C module below `ast`; few programs need it, so it is not loaded before the fork.
    ast: Any = import_module("_ast")
    tree = compile(source, FILE, "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    found, words = [], []
    nodes = [tree]
    while nodes:
        node = nodes.pop()
        if name := _executes(node, ast):
            found.append(name)
        if isinstance(node, ast.Constant):
            continue
        for field in node._fields:
            value = getattr(node, field, None)
            for item in value if isinstance(value, list) else (value,):
                if isinstance(item, ast.AST):
                    nodes.append(item)
                elif isinstance(item, str):
                    words.append(item)
    if len(found) != 1 or [words.count(word) for word in ("exec", "compile", found[0])] != [1, 1, 2]:
        return None
    text = next((text for node in tree.body if (text := _assigned(node, found[0], ast)) is not None), None)
    return None if text is None else Executed(text, _compiled(text))


def _executes(node: Any, ast: Any) -> str:
    """The name in a call `exec(compile(name, "...", "exec"), names)`; empty for any other node."""
    match node:
        case ast.Call(
            func=ast.Name(id="exec"),
            args=[
                ast.Call(
                    func=ast.Name(id="compile"),
                    args=[ast.Name(id=str(name)), ast.Constant(value=str()), ast.Constant(value="exec")],
                    keywords=[],
                ),
                ast.Name(),
            ],
            keywords=[],
        ):
            return name
    return ""


def _assigned(node: Any, name: str, ast: Any) -> str | None:
    """The text in a statement `name = "..."`; None for any other statement."""
    match node:
        case ast.Assign(targets=[ast.Name(id=found)], value=ast.Constant(value=str(text))) if found == name:
            return text
    return None


def _compiled(text: str) -> types.CodeType:
    try:
        return compile(text, FILE, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return compile("", FILE, "exec", dont_inherit=True)
