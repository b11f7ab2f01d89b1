"""Applies a block that is a whole file, or only seems to be one."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from agent.repository.edit.code import Code
from agent.repository.edit.draft import Draft
from agent.repository.edit.elision import elides, expanded
from agent.repository.edit.imports import imports_of
from agent.repository.edit.text_file import TextFile

_MOST_LOST = 0.2
"""Share of a file's definitions that a new version may lack, where whole files were asked for."""


def write_whole(draft: Draft, path: str, lines: Sequence[str]) -> None:
    """Replace the file by these lines, or create it. Lines left out are put back from the present file.

    Raises Refused where it is not clear which lines were left out, or the file may not be changed.
    """
    file = draft.read(path)
    new = list(lines)
    while new and not new[-1].strip():
        new.pop()
    while new and not new[0].strip() and not (file.lines and not file.plain[0].strip()):
        new.pop(0)
    new += file.plain[len(file.lines) - _blank_end(file) :]
    new, filled = expanded(new, file.plain) if path in draft else (new, False)
    if filled:
        draft.note(f"left-out code put back: {path}")
    if not file.lines:
        draft.write(path, TextFile(tuple(line + file.newline for line in new), file.bom, file.newline))
        return
    draft.write(path, file.with_lines(1, len(file.lines), new))


def _blank_end(file: TextFile) -> int:
    """Number of blank lines at the end of a file."""
    plain = file.plain
    return next((number for number, line in enumerate(reversed(plain)) if line.strip()), len(plain))


def is_whole(file: TextFile, code: Code, *, asked: bool) -> bool:
    """Whether the code can be the whole new version of a Python file: nothing that the file binds at its top is lost.

    Where whole files were asked for, at most a fifth may be lost, which may be the task. Where they were not, the code
    must not be longer by example calls, either.
    """
    if any(elides(line) and not line[:1].isspace() for line in code.lines):
        return False
    try:
        present = ast.parse(file.text).body
    except (SyntaxError, ValueError, RecursionError):
        return asked and len(code.lines) > 0.8 * len(file.lines)
    names, new = _bound(present), _bound(code.tree.body)
    lost = [name for name in names if name not in new]
    if asked:
        return len(lost) <= _MOST_LOST * len(names)
    known = {ast.dump(statement) for statement in present}
    examples = [each for each in code.tree.body if _runs(each) and ast.dump(each) not in known]
    return not lost and not examples


def is_python(path: str) -> bool:
    """Whether the path is that of a Python file."""
    return path.endswith((".py", ".pyi"))


def _bound(body: Sequence[ast.stmt]) -> list[str]:
    """What statements at the top of a module bind, imports as `import` and the name."""
    found = [f"import {each.bound}" for each in imports_of(body)]
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.append(statement.name)
            if isinstance(statement, ast.ClassDef):
                found += [f"{statement.name}.{name}" for name in _bound(statement.body)]
        elif isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            found += [ast.unparse(target) for target in targets]
        elif isinstance(statement, ast.If | ast.Try):
            found += [name for name in _bound(statement.body) if not name.startswith("import ")]
    return found


def _runs(statement: ast.stmt) -> bool:
    """Whether a statement does something when the module is loaded, apart from binding names."""
    if isinstance(statement, ast.Expr):
        return not isinstance(statement.value, ast.Constant)
    return isinstance(statement, ast.If | ast.For | ast.While | ast.With | ast.Assert)
