"""Fixes in the history of a repository: what a commit says, and which symbols it changes."""

from __future__ import annotations

import ast
import random
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import CalledProcessError

from agent.repository.source import is_test
from benchmarks.repository_targets import changed
from benchmarks.repository_weights.tree import git

_FIX = re.compile(
    r"\b(fix(es|ed)?|bug|error|crash(es)?|incorrect(ly)?|wrong(ly)?|fail(s|ed|ing|ure)?|should|broken|regression|missing"
    r"|handle|raise[sd]?|support|allow)\b",
    re.IGNORECASE,
)
_NO_FIX = re.compile(
    r"\b(typo|lint|flake8|black|mypy|typing|type hints?|annotat\w+|refactor\w*|pre-commit|release|bump|pyupgrade"
    r"|coverage|deprecat\w*|readme|docs?|changelog|merge|revert)\b",
    re.IGNORECASE,
)
_TRAILER = re.compile(
    r"^(signed-off-by|co-authored-by|reviewed-by|closes|fixes|refs|see|git-svn-id|change-id|backport|cherry).*$",
    re.IGNORECASE | re.MULTILINE,
)
_NUMBER = re.compile(r"\(?#\d+\)?|gh-\d+|https?://\S+")
_CODE = re.compile(r"[a-z0-9][_.(][a-z0-9(]|[a-z][A-Z]|`|_|::|\(\)")
SHORTEST, LONGEST = 25, 700
"""Characters of a message that counts."""
MOST_FILES, MOST_FUNCTIONS = 3, 4


@dataclass(frozen=True)
class Fix:
    """A commit: its repository's name, the commit before it, its message, the message without names of code, the
    functions that it changes, and the classes and variables.
    """

    repository: str
    before: str
    message: str
    vaguer: str
    functions: tuple[str, ...]
    others: tuple[str, ...]


def mined(repository: Path, most: int) -> list[Fix]:
    """At most so many fixes of a repository, drawn with a fixed seed."""
    warnings.simplefilter("ignore")
    commits = list(_commits(repository))
    random.Random(0).shuffle(commits)
    found: list[Fix] = []
    for commit in commits:
        if len(found) == most:
            break
        found += _fix(repository, *commit)
    return found


def _commits(repository: Path) -> Iterator[tuple[str, str, str, list[str]]]:
    """Commits that say that they fix something, and change few files of the program, and tests: name, parent, message
    and these files.
    """
    log = git(repository, "log", "--no-merges", "--format=%x01%H%x02%P%x02%B%x02", "--name-status")
    for entry in log.decode("utf-8", "replace").split("\x01")[1:]:
        commit, parent, said, names = entry.split("\x02")
        message = _NUMBER.sub("", _TRAILER.sub("", said)).strip()
        rows = [line.split("\t") for line in names.strip().split("\n") if line.endswith(".py")]
        program = [row for row in rows if not is_test(row[-1])]
        modified = [row[-1] for row in program if row[0] == "M"]
        fits = _FIX.search(said) and not _NO_FIX.search(said.strip().split("\n")[0])
        if (
            fits
            and parent
            and " " not in parent
            and SHORTEST <= len(message) <= LONGEST
            and 1 <= len(modified) <= MOST_FILES
            and len(modified) == len(program) < len(rows)
        ):
            yield commit, parent, re.sub(r"\n{2,}", "\n", message), modified


def _fix(repository: Path, commit: str, parent: str, message: str, files: list[str]) -> Iterator[Fix]:
    functions: list[str] = []
    others: list[str] = []
    try:
        for path in files:
            old, new = (git(repository, "show", f"{each}:{path}").decode() for each in (parent, commit))
            functions += [f"{path}::{name}" for name in changed(old, new)]
            others += [f"{path}::{name}" for name in _others_changed(old, new)]
    except (SyntaxError, ValueError, RecursionError, CalledProcessError):
        return
    vaguer = _without_code(message, functions)
    if 1 <= len(set(functions)) <= MOST_FUNCTIONS and len(vaguer) >= SHORTEST:
        yield Fix(repository.parent.name, parent, message, vaguer, tuple(functions), tuple(others))


def _without_code(message: str, functions: list[str]) -> str:
    """A message without words that look like code, or are a name on the way to a changed function."""
    names = {part.lower() for function in functions for part in re.findall(r"\w+", function)}
    words = [word for word in message.split() if not _CODE.search(word)]
    return " ".join(word for word in words if re.sub(r"\W", "", word).lower() not in names)


def _others_changed(old: str, new: str) -> list[str]:
    """Classes whose own statements or sets of methods differ, and assignments of the module that do."""
    before, after = dict(_others(ast.parse(old).body, "")), dict(_others(ast.parse(new).body, ""))
    return [name for name, code in before.items() if after.get(name, code) != code]


def _others(body: list[ast.stmt], around: str) -> Iterator[tuple[str, str]]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            inner = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
            own = [ast.dump(each) for each in node.body if not isinstance(each, (*inner, ast.Expr))]
            names = sorted(each.name for each in node.body if isinstance(each, inner))
            yield around + node.name, "".join([*own, *map(ast.dump, node.bases), *names])
            yield from _others(node.body, f"{around}{node.name}.")
        elif isinstance(node, ast.Assign) and not around:
            names = [each.id for each in node.targets if isinstance(each, ast.Name) and not each.id.startswith("__")]
            yield from ((name, ast.dump(node)) for name in names[:1])
