"""Line ends of texts: CRLF files keep CRLF."""

from __future__ import annotations

from agent.repository.files import Changed, Files

LF, CRLF = b"\n", b"\r\n"


def line_end(data: bytes) -> bytes | None:
    """The end that all lines of a text have; None for a mixture, for no lines, and for binary contents."""
    crlf, lf = data.count(CRLF), data.count(LF)
    if lf == 0 or b"\0" in data:
        return None
    return CRLF if crlf == lf else LF if crlf == 0 else None


def with_line_end(data: bytes, end: bytes) -> bytes:
    """A text with another end of its lines."""
    return data.replace(CRLF, LF).replace(LF, end)


def adapted(old: bytes, new: bytes, place: bytes) -> tuple[bytes, bytes]:
    """A change from `old` to `new` as a change of `place`, whose lines may end differently."""
    had, has = line_end(old), line_end(place)
    if had is None or has is None or had == has:
        return old, new
    return with_line_end(old, has), with_line_end(new, has)


def keeping_line_ends(files: Files, changed: Changed) -> Changed:
    """The changed files with the line ends that the files have had, where these had only one kind."""
    known = set(files.paths)
    return {path: _kept(files, path, data) if data and path in known else data for path, data in changed.items()}


def _kept(files: Files, path: str, data: bytes) -> bytes:
    end = line_end(files.read(path))
    return data if end is None or b"\0" in data else with_line_end(data, end)
