"""Finds the call of pytest in command lines as people write them for shells, tox, nox, hatch and CI."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
PYTHON = re.compile(r"(?:.*/)?(?:python|pypy)(?:\d+(?:\.\d+)*)?(?:\.exe)?|py")
RUNNERS = {"poetry": "run", "uv": "run", "pdm": "run", "pipenv": "run", "rye": "run", "hatch": "run", "pixi": "run"}
"""Programs that start another one in a prepared environment, and the word that says so."""
WRAPPERS = frozenset({"time", "exec", "command", "env", "nohup", "xvfb-run", "uvx", "sudo", "nice", "dbus-run-session"})
WITH_VALUE = frozenset({"-e", "--env", "--environment", "--python", "-p", "--with", "--extra", "--group", "--index"})
"""Options of these programs that have a value in the next word."""
PROGRAMS = {"py.test": "pytest", "pytest": "pytest", "unittest": "a script named unittest"}
SEPARATORS = frozenset({"&&", "||", ";", "|", "&", "\n"})
PLACEHOLDERS = (
    (re.compile(r"\{posargs:((?:[^{}]|\{[^{}]*\})*)\}"), r"\1"),
    (re.compile(r"\{args:([^{}]*)\}"), r"\1"),
    (re.compile(r"\{(?:toxinidir|tox_root|root|project|workspace)\}/?"), ""),
    (re.compile(r"\{(?:envpython|env_python)\}"), "python"),
    (re.compile(r"\$[({](?:PYTHON|PYTHON3|python|PY)[)}]"), "python"),
    (re.compile(r"\$[({](?:PYTEST|pytest)[)}]"), "pytest"),
)
"""Placeholders of tox, hatch and make, and what stands for them."""
UNKNOWN = re.compile(r"\{[a-z_]\w*(?::[^{}]*)?\}|\$\{\{.*?\}\}|\$[({].*?[)}]|\$\w+|`.*?`")


@dataclass(frozen=True)
class Call:
    """One program started by a command line."""

    program: str
    """`pytest`, `unittest`, or the first word of any other command."""
    arguments: tuple[str, ...]
    """Its further words."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Variables assigned in front of it."""


def calls(line: str) -> list[Call]:
    """The programs that a command line starts, in their order; what cannot be read is left out.

    Runners such as `poetry run`, `coverage run -m` and `python -m` are looked through. Placeholders that only the
    program around the line could fill are left out together with the word that they are part of.
    """
    return [call for words in _simple_commands(line) if (call := _call(words)) is not None]


def _simple_commands(line: str) -> Iterator[list[str]]:
    line = re.sub(r"\\\r?\n", " ", line)
    for pattern, replacement in PLACEHOLDERS:
        line = pattern.sub(replacement, line)
    line = UNKNOWN.sub("\0", line)
    for part in line.splitlines():
        words: list[str] = []
        for word in _words(part.strip().lstrip("@-+!").strip()):
            if word in SEPARATORS:
                yield words
                words = []
            elif "\0" not in word:
                words.append(word)
        yield words


def _words(line: str) -> list[str]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars="&|;")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    try:
        return list(lexer)
    except ValueError:
        return []


def _call(words: Sequence[str]) -> Call | None:
    env: dict[str, str] = {}
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        assigned = ASSIGNMENT.fullmatch(word)
        if assigned:
            env[assigned[1]] = assigned[2]
        elif word in WRAPPERS or word in ("then", "do", "else"):
            _skip_options(waiting)
        elif word in RUNNERS:
            _skip_options(waiting)
            if not waiting or waiting[0] not in (RUNNERS[word], "test"):
                return Call(word, tuple(waiting), env)
            if waiting.pop(0) == "test":
                return Call("pytest", tuple(waiting), env)
            _skip_options(waiting)
            if word == "hatch" and waiting and ":" in waiting[0]:
                waiting[0] = waiting[0].partition(":")[2]
        elif word == "coverage" or PYTHON.fullmatch(word):
            module = _module(word, waiting)
            if module is None:
                return Call(word, tuple(waiting), env)
            if module == "unittest":
                return Call("unittest", tuple(waiting), env)
            waiting.insert(0, module)
        else:
            return Call(PROGRAMS.get(word.rpartition("/")[2], word), tuple(waiting), env)
    return None


def _skip_options(waiting: list[str]) -> None:
    while waiting and waiting[0].startswith("-"):
        option = waiting.pop(0)
        if option in WITH_VALUE and waiting:
            waiting.pop(0)


def _module(program: str, waiting: list[str]) -> str | None:
    """The module that `python -m` or `coverage run -m` runs, taken from the waiting words; None for a script."""
    if program == "coverage":
        if not waiting or waiting[0] != "run":
            return None
        waiting.pop(0)
    before: list[str] = []
    while waiting and waiting[0].startswith("-"):
        option = waiting.pop(0)
        if option == "-m" and waiting:
            return waiting.pop(0)
        before.append(option)
        if option in ("-W", "-X", "--rcfile", "--source", "--omit", "--include", "--context") and waiting:
            before.append(waiting.pop(0))
    waiting[:0] = before
    return None
