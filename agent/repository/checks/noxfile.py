"""Reads the sessions of a noxfile.py without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class NoxSession:
    """One session: what it runs and what it installs, as far as both are written as literals."""

    name: str
    commands: tuple[tuple[str, ...], ...] = ()
    installs: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)


def sessions(source: str) -> list[NoxSession]:
    """The sessions in their order; none where the source cannot be parsed."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return []
    return [_session(node) for node in tree.body if isinstance(node, ast.FunctionDef) and _is_session(node)]


def _is_session(function: ast.FunctionDef) -> bool:
    for decorator in function.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")) == "session":
            return True
    return False


def _session(function: ast.FunctionDef) -> NoxSession:
    commands: list[tuple[str, ...]] = []
    installs: list[str] = []
    env: dict[str, str] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            words = tuple(_words(node.args))
            if node.func.attr in ("run", "run_always", "run_install") and words:
                commands.append(words)
                env.update(_env(node))
            elif node.func.attr == "install":
                installs += words
    return NoxSession(function.name, tuple(commands), tuple(installs), env)


def _words(arguments: list[ast.expr]) -> Iterator[str]:
    for argument in arguments:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            yield argument.value
        elif isinstance(argument, ast.Starred) and isinstance(argument.value, (ast.List, ast.Tuple)):
            yield from _words(argument.value.elts)


def _env(call: ast.Call) -> dict[str, str]:
    for keyword in call.keywords:
        if keyword.arg == "env" and isinstance(keyword.value, ast.Dict):
            pairs = zip(keyword.value.keys, keyword.value.values, strict=True)
            return {
                key.value: value.value
                for key, value in pairs
                if isinstance(key, ast.Constant)
                and isinstance(value, ast.Constant)
                and isinstance(key.value, str)
                and isinstance(value.value, str)
            }
    return {}
