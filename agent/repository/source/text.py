"""Python text without a parser: which bytes are code and which are strings and comments."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from agent.repository.source.words import WORD

_OPAQUE = re.compile(
    rb"""
    (?P<comment>\#[^\n]*)
  | (?<![A-Za-z0-9_])(?P<prefix>[rRbBuUfFtT]{0,2})
    (?: \"{3}(?:[^"\\]|\\.|"(?!""))*(?:\"{3}|\Z)
      | '{3}(?:[^'\\]|\\.|'(?!''))*(?:'{3}|\Z)
      | "(?:[^"\\\n]|\\.)*(?:"|$)
      | '(?:[^'\\\n]|\\.)*(?:'|$)
    )
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_ESCAPED = re.compile(rb"\{\{|\}\}")
_FIELD = re.compile(rb"\{([^{}!:]+)")
_NOT_NEWLINE = re.compile(rb"[^\n]")
_NAME = re.compile(rb"(\.\s*)?\b([A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*)")

_KEYWORDS = frozenset(
    b"and as assert async await break class continue def del elif else except finally for from global if import in is"
    b" lambda nonlocal not or pass raise return try while with yield None True False".split()
)


@dataclass(frozen=True)
class Text:
    """The text of a file in UTF-8 with `\\n` line ends, and the same text with strings and comments blanked out.

    `prose` are the first and last bytes of strings and comments, in order; fields of f-strings stay in `code`.
    """

    data: bytes
    code: bytes
    prose: tuple[tuple[int, int], ...]
    starts: tuple[int, ...]
    """The offset of the first byte of each line, and one entry more: the length of the text."""

    def line(self, offset: int) -> int:
        """The number of the line, from 1, that has this byte."""
        return min(bisect_right(self.starts, offset), len(self.starts) - 1)

    def span(self, first: int, last: int) -> tuple[int, int]:
        """The first byte of a line, and the byte behind a line; numbers beyond the text stand for its ends."""
        end = len(self.starts) - 1
        return self.starts[min(max(first - 1, 0), end)], self.starts[min(max(last, 0), end)]


def read_text(data: bytes) -> Text:
    """The text of a Python file, decoded by its byte order mark and coding comment, UTF-8 where it has none. Bytes that
    cannot be decoded become replacement characters.
    """
    data = _utf8(data).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    starts = [0, *(match.end() for match in re.finditer(b"\n", data))]
    if starts[-1] != len(data):
        starts.append(len(data))
    prose: list[tuple[int, int]] = []
    pieces, at = [], 0
    for match in _OPAQUE.finditer(data):
        pieces += [data[at : match.start()], _blank(match)]
        prose.append(match.span())
        at = match.end()
    code = b"".join([*pieces, data[at:]])
    return Text(data, code, tuple(prose), tuple(starts))


def lines_of(data: bytes) -> list[str]:
    """The lines of a Python file, decoded as by `read_text`, without their ends."""
    return _utf8(data).decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _utf8(data: bytes) -> bytes:
    """The bytes in UTF-8, without a byte order mark."""
    from io import BytesIO
    from tokenize import detect_encoding

    data = data.removeprefix(b"\xef\xbb\xbf")
    if data.isascii():
        return data
    try:
        name, _ = detect_encoding(BytesIO(data).readline)
        return data.decode(name, "replace").encode()
    except (SyntaxError, LookupError, UnicodeError):
        return data.decode("utf-8", "replace").encode()


def _blank(match: re.Match[bytes]) -> bytes:
    """Spaces instead of a string or comment, except for line ends and the fields of f-strings."""
    found = match.group()
    blank = _NOT_NEWLINE.sub(b" ", found)
    prefix = match.group("prefix") or b""
    if not set(prefix) & set(b"fFtT"):
        return blank
    kept = bytearray(blank)
    for part in _FIELD.finditer(_ESCAPED.sub(b"  ", found)):
        kept[part.start(1) : part.end(1)] = part.group(1)
    return bytes(kept)


def names_used(code: bytes) -> set[str]:
    """The names in blanked code, without keywords; a name after a dot has a dot in front."""
    return {
        ("." if dot else "") + name.decode("utf-8", "replace")
        for dot, name in set(_NAME.findall(code))
        if name not in _KEYWORDS
    }


def words_in(data: bytes) -> list[str]:
    """The words of a text, in order."""
    return [word.decode("utf-8", "replace") for word in WORD.findall(data)]
