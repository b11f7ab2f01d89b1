"""Finds the path and the name that an answer gives for a block of code."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent.repository.edit.answer import Block

_PATH = r"[\w.\-/\\+@]*\w\.[A-Za-z]\w{0,9}"
_PLACE = re.compile(
    rf"(?P<path>{_PATH})(?:(?:::|:(?=\S)| > )(?P<name>[A-Za-z_][\w.]*(?:::[A-Za-z_][\w.]*)*))?(?![\w/])"
)
_COMMENT = re.compile(
    rf"\s*(?:#|//|--|<!--)+\s*(?:(?:file|path|filename|file ?path|in|update[ds]?|modified)\b\s*:?\s*)?[`'\"*]*"
    rf"(?P<path>{_PATH})(?:\s*(?:::|[:>,]|\s)\s*(?P<name>[A-Za-z_][\w.]*(?:::[\w.]+)*))?(?:\(\))?[`'\"*]*\s*:?\s*"
    r"(?:\(.{0,60}\)|-->|\*/)?\s*",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"\s*#+\s*(?:::)?(?:(?:function|method|class|def|name)\b\s*:?\s*)[`*]*(?P<name>[A-Za-z_][\w.]*)(?:\(\))?[`*]*\s*:?\s*",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"\s*#+\s*(?:place |insert |add )?after:?\s+[`*]*(?P<name>[A-Za-z_][\w.]*)(?:\(\))?[`*]*\s*", re.IGNORECASE
)
_QUOTED = re.compile(r"[`*\"']+([A-Za-z_][\w.]*)(?:\(.{0,80}?\))?[`*\"']+")


@dataclass(frozen=True)
class Header:
    """What an answer says about the place of a block."""

    path: str = ""
    name: str = ""
    after: str = ""
    """The definition after which a new one is to stand."""


def header_of(block: Block, known: Callable[[str], bool]) -> tuple[Header, tuple[str, ...]]:
    """The place that the block's own first lines, its fence or the words above it name, and the code without the lines
    that only do so. `known` says whether a text names a file; a path in running words counts only then.
    """
    own, lines = _of_lines(block.lines, known)
    others = (_of_words(text, known) for text in (block.info, *block.above))
    if own.path and not known(own.path) and any(other.path and known(other.path) for other in others):
        own, lines = Header(), block.lines  # a comment of the file itself
    header = own
    for text in (block.info, *block.above):
        if header.path and header.name:
            break
        found = _of_words(text, known)
        same = not (header.path and found.path) or header.path == found.path
        if same:
            header = Header(header.path or found.path, header.name or found.name, header.after)
    return header, lines


def sections(lines: Sequence[str], known: Callable[[str], bool]) -> list[tuple[str, ...]]:
    """The lines, cut before each comment that names a known file and begins a line."""
    starts = [0]
    for at, line in enumerate(lines):
        found = _COMMENT.fullmatch(line) if line.startswith(("#", "//")) else None
        if at and found and known(_clean(found["path"])) and any(each.strip() for each in lines[starts[-1] : at]):
            starts.append(at)
    return [tuple(lines[start:end]) for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)]


def _of_lines(lines: Sequence[str], known: Callable[[str], bool]) -> tuple[Header, tuple[str, ...]]:
    """What comments in the first lines name, and the lines without these comments."""
    header, at = Header(), 0
    while at < len(lines):
        text = lines[at]
        if place := _COMMENT.fullmatch(text):
            path = _clean(place["path"])
            if not known(path) and not _certain(path):
                break
            header = Header(path, _dotted(place["name"] or header.name), header.after)
        elif after := _AFTER.fullmatch(text):
            header = Header(header.path, header.name, after["name"])
        elif named := _NAMED.fullmatch(text):
            header = Header(header.path, header.name or named["name"], header.after)
        elif text.strip():
            break
        at += 1
    return header, tuple(lines[at:]) if header != Header() else tuple(lines)


def _of_words(text: str, known: Callable[[str], bool]) -> Header:
    """The known file that words name, or the only path of a line that holds little else; and the name after it."""
    places = list(_PLACE.finditer(text))
    found = next((place for place in places if known(_clean(place["path"]))), None)
    if found is None and len(places) == 1 and len(text) - len(places[0][0]) < 20 and _certain(places[0]["path"]):
        found = places[0]
    if found is None:
        return Header()
    name = found["name"] or next((each for each in _QUOTED.findall(text) if not known(each)), "")
    return Header(_clean(found["path"]), _dotted(name))


def _certain(path: str) -> bool:
    """Whether a text that names no known file can only be a path."""
    return bool(re.search(r"\.(?:py|pyi|toml|cfg|ini|md|rst|txt|json|ya?ml|in|html|css|js|ts|sh|c|h)$", path)) and (
        "/" in path or path.count(".") == 1
    )


def _clean(path: str) -> str:
    return path.replace("\\", "/").removeprefix("./")


def _dotted(name: str) -> str:
    return name.replace("::", ".").strip(".")
