"""What a repository asks of those who change it: AGENTS.md and the like, as text for prompts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from agent.repository.files import Files
from agent.repository.source.words import CHARACTERS_PER_TOKEN, estimate_tokens

_NESTED = ("CLAUDE.md", "AGENTS.md")
"""Files that hold for their folder and what is below, the more common name last."""
_AT_ROOT = (".cursorrules", ".github/copilot-instructions.md")
_CONTRIBUTING = ("CONTRIBUTING.md", ".github/CONTRIBUTING.md", "docs/CONTRIBUTING.md", "CONTRIBUTING.rst")
_SCOPED = {".cursor/rules/": "globs", ".github/instructions/": "applyTo"}
"""Folders of files with a head that says for which paths each holds, and the key that says so."""

_ABOUT_CODE = re.compile(
    r"style|test|code\b|coding|convention|lint|format|typing|type|doc(s|ument|string)|change", re.I
)
_ABOUT_PEOPLE = re.compile(
    r"conduct|licen[cs]e|pull request|issue|report|release|sponsor|question|security|set.?up|instal", re.I
)
_HEADING = re.compile(r"^(?:#{1,6}\s+(?P<marked>.+)|(?P<lined>\S.*)\n(?:={3,}|-{3,}|~{3,}))$", re.MULTILINE)
_HEAD = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_REMARK = re.compile(r"<!--.*?-->", re.DOTALL)
_INCLUDED = re.compile(r"^@(\S+)\s*$", re.MULTILINE)
_CUT = "[shortened]"


@dataclass(frozen=True)
class Instructions:
    """Text for prompts, and the paths of the files that it is from, in the order of the text."""

    text: str
    files: tuple[str, ...]


def instructions(files: Files, touched: Sequence[str] = (), budget: int = 1_500) -> Instructions:
    """The instructions that hold for changes of these paths, nearest last: those of the whole repository, then those of
    folders from the outermost to the innermost. At most about `budget` tokens; where they have more, the nearest keep
    theirs, and of CONTRIBUTING only what is about code and tests counts.
    """
    found = {path: _contents(files, path) for path in _applying(files, touched)}
    texts = _without_repetitions({path: text for path, text in found.items() if text})
    kept: dict[str, str] = {}
    left = budget
    for path in reversed(texts):
        text = _shortened(f"## {path}\n\n{texts[path]}", left)
        if text:
            kept[path] = text
            left -= estimate_tokens(text) + 1
    order = [path for path in texts if path in kept]
    return Instructions("\n\n".join(kept[path] for path in order), tuple(order))


def _applying(files: Files, touched: Sequence[str]) -> Iterator[str]:
    """The paths of files with instructions that hold, farthest first."""
    known = set(files.paths)
    yield from [path for path in _CONTRIBUTING if path in known][:1]
    yield from (path for path in _AT_ROOT if path in known)
    for folder, key in _SCOPED.items():
        yield from (path for path in files.paths if path.startswith(folder) and _holds(files, path, key, touched))
    for folder in _folders(touched):
        yield from (folder + name for name in _NESTED if folder + name in known)


def _folders(touched: Sequence[str]) -> list[str]:
    """The root and the folders around the paths, each with `/` at its end, outer ones first."""
    folders = {""}
    for path in touched:
        parts = path.split("/")[:-1]
        folders |= {"/".join(parts[:length]) + "/" for length in range(1, len(parts) + 1)}
    return sorted(folders, key=lambda folder: (folder.count("/"), folder))


def _holds(files: Files, path: str, key: str, touched: Sequence[str]) -> bool:
    """Whether the head of a file says that it holds for one of the paths, or always."""
    from pathspec import PathSpec

    head = _HEAD.match(_decoded(files, path))
    said = dict(_pairs(head.group(1))) if head else {}
    if said.get("alwaysApply") == "true":
        return True
    patterns = [part.strip(" '\"[]") for part in said.get(key, "").split(",")]
    spec = PathSpec.from_lines("gitignore", [pattern for pattern in patterns if pattern])
    return any(spec.match_file(each) for each in touched)


def _pairs(head: str) -> Iterator[tuple[str, str]]:
    for line in head.split("\n"):
        key, colon, value = line.partition(":")
        if colon:
            yield key.strip(), value.strip()


def _decoded(files: Files, path: str) -> str:
    return files.read(path).decode("utf-8", "replace").replace("\r\n", "\n").removeprefix("\ufeff")


def _contents(files: Files, path: str) -> str:
    text = _REMARK.sub("", _HEAD.sub("", _decoded(files, path)))
    return (_parts_about_code(text) if "CONTRIBUTING" in path else text).strip()


def _parts_about_code(text: str) -> str:
    """The sections whose headings are about code and tests."""
    headings = list(_HEADING.finditer(text))
    ends = [match.start() for match in headings[1:]] + [len(text)]
    parts = []
    for match, end in zip(headings, ends, strict=True):
        title = match["marked"] or match["lined"]
        if _ABOUT_CODE.search(title) and not _ABOUT_PEOPLE.search(title):
            parts.append(text[match.start() : end].strip())
    return "\n\n".join(parts)


def _without_repetitions(texts: Mapping[str, str]) -> dict[str, str]:
    """The texts without those that a later file repeats, and without lines that only name a file that is there, too."""
    kept: dict[str, str] = {}
    for path, text in reversed(list(texts.items())):
        folder = path.rpartition("/")[0]
        named = [match[1] for match in _INCLUDED.finditer(text) if f"{folder}/{match[1]}".strip("/") in texts]
        for name in named:
            text = text.replace(f"@{name}", "", 1)
        if text.strip() and text.strip() not in kept.values():
            kept[path] = text.strip()
    return dict(reversed(kept.items()))


def _shortened(text: str, budget: int) -> str:
    """The text, cut behind a paragraph or a line so that it has so many tokens; empty where nearly nothing is left."""
    if estimate_tokens(text) <= budget:
        return text
    room = int(budget * CHARACTERS_PER_TOKEN) - len(_CUT) - 2
    if room < 200:
        return ""
    cut = max(text.rfind("\n\n", 0, room), text.rfind("\n", 0, room) if "\n\n" not in text[room // 2 : room] else 0)
    return text[: cut if cut > 0 else room].rstrip() + "\n\n" + _CUT
