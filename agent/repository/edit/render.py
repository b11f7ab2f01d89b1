"""Writes changed files as a model's answer, the reverse of `read_edits`: for scripted models and for examples."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from agent.repository.edit.definitions import Defined, definitions
from agent.repository.edit.result import Format
from agent.repository.edit.text_file import TextFile, text_file
from agent.repository.files import Changed, Files

_MARKS = re.compile(r"\s{0,3}(?:<{3,}|={5,}|>{3,}).*")


def rendered(files: Files, changed: Changed, form: Format) -> str:
    """An answer in the form that changes these files so. `read_edits` makes the same changes of it, but for line ends
    and blanks at the ends of lines and at both ends of files.

    What definitions cannot say is written as SEARCH/REPLACE, what that cannot say as a whole file; deletions are a
    patch. A whole file that lacks much of the present one may be read as a part. Raises ValueError for a file that is
    not text in UTF-8, and where files are both deleted and changed.
    """
    deleted = [path for path, data in changed.items() if data is None]
    parts = [_file(files, path, data, form) for path, data in changed.items() if data is not None]
    if deleted and parts:
        raise ValueError(f"an answer cannot delete {deleted[0]} and change other files")
    patch = [f"*** Delete File: {path}" for path in deleted]
    return "\n".join(["*** Begin Patch", *patch, "*** End Patch"]) if patch else "\n".join(parts)


def _file(files: Files, path: str, data: bytes, form: Format) -> str:
    new = _text(path, data)
    old = _text(path, files.read(path)) if path in set(files.paths) else None
    if form == "rewrite" and old is not None and path.endswith((".py", ".pyi")):
        functions = _functions(old.plain, new.plain)
        if functions is not None:
            return "".join(_fenced([f"# {path}::{name}", *lines], "python") for name, lines in functions)
    blocks = _blocks(old.plain if old else [], new.plain, path) if form != "whole" else None
    return _whole(path, new) if blocks is None else "".join(blocks)


def _text(path: str, data: bytes) -> TextFile:
    found = text_file(data)
    if found is None:
        raise ValueError(f"{path} is not text in UTF-8")
    return found


def _whole(path: str, new: TextFile) -> str:
    if path.endswith((".py", ".pyi")):
        return _fenced([f"# file: {path}", *new.plain], "python")
    return f"{path}\n{_fenced(new.plain, '')}"


def _fenced(lines: Sequence[str], info: str) -> str:
    """The lines in a fence that is longer than all in them."""
    longest = max((len(each) for line in lines for each in re.findall(r"`{3,}", line)), default=2)
    mark = "`" * (longest + 1)
    return "\n".join([f"{mark}{info}", *lines, mark]) + "\n"


def _blocks(old: Sequence[str], new: Sequence[str], path: str) -> list[str] | None:
    """SEARCH/REPLACE blocks, from the last change to the first; None where a line looks like a mark of such blocks."""
    if any(_MARKS.fullmatch(line) for line in [*old, *new]):
        return None
    if not old:
        return [_block(path, [], new)]
    state = list(old)
    found: list[str] = []
    for kind, start, end, first, last in reversed(SequenceMatcher(None, old, new, autojunk=False).get_opcodes()):
        if kind == "equal":
            continue
        above, below = _context(state, start, end)
        search = state[above:below]
        replace = [*state[above:start], *new[first:last], *state[end:below]]
        found.append(_block(path, search, replace))
        state[above:below] = replace
    return found


def _context(lines: Sequence[str], start: int, end: int) -> tuple[int, int]:
    """First index and end of the lines around a change that stand in the file once, as whole lines and not blank."""
    above, below = start, end
    while not _unique(lines, lines[above:below]):
        if above == 0 and below == len(lines):
            break
        above, below = max(0, above - 1), min(len(lines), below + 1)
    return above, below


def _unique(lines: Sequence[str], part: Sequence[str]) -> bool:
    stripped, wanted = [line.strip() for line in lines], [line.strip() for line in part]
    places = range(len(stripped) - len(wanted) + 1)
    return any(wanted) and sum(stripped[at : at + len(wanted)] == wanted for at in places) == 1


def _block(path: str, search: Sequence[str], replace: Sequence[str]) -> str:
    body = ["<<<<<<< SEARCH", *search, "=======", *replace, ">>>>>>> REPLACE"]
    return f"{path}\n{_fenced(body, 'python' if path.endswith('.py') else '')}"


def _functions(old: Sequence[str], new: Sequence[str]) -> list[tuple[str, Sequence[str]]] | None:
    """The functions that differ, by qualified name, with their new lines; None where anything else differs, or where a
    function has no unique name.
    """
    before, after = _outermost(old), _outermost(new)
    names = [each.name for each in before]
    if names != [each.name for each in after] or _skeleton(old, before) != _skeleton(new, after):
        return None
    if any(was.decorators and not each.decorators for was, each in zip(before, after, strict=True)):
        return None  # decorators that are left out are kept
    pairs = [(was, new[each.first - 1 : each.last]) for was, each in zip(before, after, strict=True)]
    differ = [(was.name, lines) for was, lines in pairs if list(lines) != list(old[was.first - 1 : was.last])]
    return differ if differ and all(names.count(name) == 1 for name, _ in differ) else None


def _outermost(lines: Sequence[str]) -> list[Defined]:
    """The functions that stand in no other function."""
    found: list[Defined] = []
    for each in definitions(lines):
        if each.kind == "function" and not (found and each.first <= found[-1].last):
            found.append(each)
    return found


def _skeleton(lines: Sequence[str], functions: Sequence[Defined]) -> list[str]:
    """The lines outside of these functions."""
    covered = {number for each in functions for number in range(each.first, each.last + 1)}
    return [line for number, line in enumerate(lines, 1) if number not in covered]
