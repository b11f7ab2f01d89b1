"""Edits and tests as answers of a model: fenced code below a header, with words around it."""

from __future__ import annotations

import ast
import difflib
import random
import textwrap
from collections.abc import Callable, Iterator, Mapping

from benchmarks.repository_tasks.definitions import difference, functions

Texts = Mapping[str, str]

_BEFORE = (
    "",
    "",
    "Here is the corrected code.\n\n",
    "The bug is in how the value is handled. This version fixes it:\n\n",
    "Looking at the code, the problem is clear. I have changed only what is needed.\n\n",
    "Sure! The change below makes the code behave as described.\n\n",
)
_AFTER = (
    "",
    "",
    "\nThis keeps the behaviour of everything else as it was.\n",
    "\n**Explanation**: the case from the description was not covered before; now it is.\n",
    "\nLet me know if anything else should change.\n",
)


def worded(code: str, draw: random.Random) -> str:
    """The answer with words before and after it, or none."""
    return draw.choice(_BEFORE) + code + draw.choice(_AFTER)


def as_functions(before: Texts, after: Texts, draw: random.Random) -> str | None:
    """Each changed or added function in full; None where the change cannot be said in this way."""
    if not all(map(_parses, after.values())):
        return None
    blocks = []
    for path, text in after.items():
        if (found := _function_blocks(path, before[path], text, draw)) is None:
            return None
        blocks += found
    return "\n".join(blocks) or None


def as_files(after: Texts) -> str:
    """Each changed file in full."""
    return "\n".join(fenced(f"# file: {path}\n{text}") for path, text in after.items())


def as_replacements(before: Texts, after: Texts) -> str:
    """Blocks that say which lines are replaced by which."""
    blocks = []
    for path, text in after.items():
        for old, new in _hunks(before[path], text):
            marked = f"<<<<<<< SEARCH\n{old}=======\n{new}>>>>>>> REPLACE\n"
            blocks.append(f"{path}\n```python\n{marked}```\n")
    return "\n".join(blocks)


def fenced(code: str) -> str:
    """Code between fences."""
    return f"```python\n{code.rstrip()}\n```\n"


FORMS: dict[str, Callable[[Texts, Texts, random.Random], str | None]] = {
    "functions": as_functions,
    "replacements": lambda before, after, _: as_replacements(before, after),
    "files": lambda _, after, __: as_files(after),
}
"""Forms of edits by name."""


def _function_blocks(path: str, before: str, after: str, draw: random.Random) -> list[str] | None:
    differs, new = difference(before, after), functions(after)
    statements = _new_statements(before, after) if differs.elsewhere else []
    if statements is None:
        return None
    named = (*differs.added, *differs.rewritten)
    if not named:
        return None
    # New functions and constants stand in front of the first function that uses them, in one block.
    alone = list(differs.rewritten)
    together = [name for name in differs.added if "." not in name]
    methods = [name for name in differs.added if "." in name]
    blocks = []
    if statements or together:
        first = alone.pop(0) if alone else None
        parts = [*statements, *(_plain(new[name].text) for name in (*together, *([first] if first else [])))]
        blocks.append(_headed(path, first, "\n\n".join(part.rstrip() for part in parts), draw))
    return blocks + [_headed(path, name, _plain(new[name].text), draw) for name in (*alone, *methods)]


def _headed(path: str, name: str | None, code: str, draw: random.Random) -> str:
    """The code with its place in the form that the prompt asks for, or in another that models use."""
    if name is None:
        return fenced(f"# {path}\n{code}")
    inside = fenced(f"# {path}::{name}\n{code}")
    outside = (f"File: `{path}`, function `{name}`\n", f"### `{path}` `{name}`\n", f"`{path}::{name}`\n")
    return draw.choice((inside, inside, inside, *(heading + fenced(code) for heading in outside)))


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def _plain(text: str) -> str:
    return textwrap.dedent(text)


def _new_statements(before: str, after: str) -> list[str] | None:
    """Assignments and imports of the module that are new; None where anything else outside functions differs."""
    old = {ast.unparse(node) for node in ast.parse(before).body}
    found, lines = [], after.splitlines(keepends=True)
    for node in ast.parse(after).body:
        if ast.unparse(node) in old or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.ClassDef):
            if _class_frame(before, node.name) != _class_frame(after, node.name):
                return None
            continue
        if not isinstance(node, ast.Assign | ast.AnnAssign | ast.Import | ast.ImportFrom):
            return None
        found.append("".join(lines[node.lineno - 1 : node.end_lineno]))
    return found


def _class_frame(source: str, name: str) -> str | None:
    """A class without its methods, as text; None where there is none of that name."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            kept = [each for each in node.body if not isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
            node.body = kept or [ast.Pass()]
            return ast.unparse(node)
    return None


def _hunks(before: str, after: str) -> Iterator[tuple[str, str]]:
    """Old and new lines of each place that differs, with enough lines around it to be found once."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for group in matcher.get_grouped_opcodes(2):
        first, last = group[0], group[-1]
        start, end, new_start, new_end = first[1], last[2], first[3], last[4]
        while before.count("".join(old[start:end])) > 1 and start and new_start:
            start, new_start = start - 1, new_start - 1
        yield "".join(old[start:end]), "".join(new[new_start:new_end])
