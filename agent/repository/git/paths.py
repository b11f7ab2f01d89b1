"""Paths in a repository: which ones may be written, and how git quotes them."""

from __future__ import annotations

import os

from agent.repository.errors import RepositoryError

_GIT_FOLDERS = {".git", "git~1"}
# Characters that HFS+ ignores in names: ".g\u200cit" is .git there, and git refuses such names everywhere.
_IGNORED = dict.fromkeys((*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF))


def checked_path(path: str) -> str:
    """`path`, if it can name a file of a working tree. Raises RepositoryError where it leads out of the tree or into
    a `.git` folder.
    """
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts) or "\0" in path:
        raise RepositoryError(f"{path!r} is no path inside the repository")
    if any(part.translate(_IGNORED).rstrip(" .").lower() in _GIT_FOLDERS for part in parts):
        raise RepositoryError(f"{path!r} leads into a .git folder")
    return path


def quoted(path: str) -> bytes:
    """`path` in double quotes as git reads it from lists: every byte that is not plain ASCII as an octal number."""
    plain = (chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\{byte:03o}" for byte in os.fsencode(path))
    return f'"{"".join(plain)}"'.encode()


def shown(path: str) -> str:
    """`path` for a message on a terminal: bytes that are not UTF-8 and control characters as escapes."""
    plain = path.encode("utf-8", "backslashreplace").decode()
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in plain)
