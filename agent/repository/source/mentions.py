"""What a task in words says about places in code: tracebacks, lines, paths and names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_FRAME = re.compile(r'File "(?P<path>[^"\n]+)", line (?P<line>\d+)(?:, in (?P<name>[\w<>.]+))?')
_PATH_LINE = re.compile(r"(?P<path>[\w./\\-]+\.[A-Za-z]{1,5})(?::|, line |#L| line )(?P<line>\d+)")
_PATH = re.compile(
    r"[\w.-]*[\w-](?:[/\\][\w.-]+)*\.(?:py|pyi|pyx|js|jsx|ts|tsx|go|rs|java|c|h|cc|cpp|rb|toml|cfg|md|rst)\b"
)
_FOLDERS = re.compile(r"[\w.-]+(?:/[\w.-]+)+")
_NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?P<call>\()?")
_QUOTED = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Line:
    """A line of a file that a task names; the file as the task writes it."""

    path: str
    line: int


@dataclass(frozen=True)
class Mentions:
    """What a task says about places. `lines` are in the order of the text, a traceback's last frame last; `names` are
    dotted names and identifiers that look like code.
    """

    lines: tuple[Line, ...] = ()
    paths: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


def find_mentions(task: str) -> Mentions:
    """The places that a task mentions, none twice."""
    lines = [
        Line(match["path"].replace("\\", "/"), int(match["line"]))
        for pattern in (_FRAME, _PATH_LINE)
        for match in pattern.finditer(task)
    ]
    paths = [match.replace("\\", "/") for pattern in (_PATH, _FOLDERS) for match in pattern.findall(task)]
    return Mentions(
        tuple(dict.fromkeys(lines)),
        tuple(dict.fromkeys(paths)),
        tuple(dict.fromkeys(_names(task))),
    )


def _names(task: str) -> Iterator[str]:
    quoted = [match.span(1) for match in _QUOTED.finditer(task)]
    for match in _NAME.finditer(task):
        name = match.group().rstrip("(")
        in_quotes = any(start <= match.start() and match.end() <= end for start, end in quoted)
        if match["call"] or in_quotes or _looks_like_code(name):
            yield name


def _looks_like_code(name: str) -> bool:
    """Whether no English word is written so: with dots, underscores, or capitals inside."""
    return any(
        "_" in part.strip("_") or part.startswith("_") or re.search(r"[a-z][A-Z]|[A-Z]{2,}[a-z]{2,}", part)
        for part in name.split(".")
    ) or ("." in name and name.lower() not in ("e.g", "i.e"))


def same_file(written: str, paths: Iterable[str]) -> Sequence[str]:
    """Those of the paths that a written path can mean: equal from the end on, as many folders as possible; an absolute
    path of another machine means the file that shares most of its end.
    """
    parts = [part for part in written.split("/") if part not in ("", ".", "..")]
    best: list[str] = []
    length = 0
    for path in paths:
        common = _common_end(parts, path.split("/"))
        if common and common >= length:
            best = [*best, path] if common == length else [path]
            length = common
    whole = min(len(parts), 2)
    return [path for path in best if length >= whole or length == len(path.split("/"))]


def _common_end(left: Sequence[str], right: Sequence[str]) -> int:
    common = 0
    for a, b in zip(reversed(left), reversed(right), strict=False):
        if a != b:
            break
        common += 1
    return common
