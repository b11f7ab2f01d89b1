"""The files of a package, whether it is a directory or a zip file."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cure.errors import ProblemError

DESCRIPTIONS = ("problem.xml", "problem.yaml")
"""Files at the root of a package that describe the problem."""

_LARGEST_FILE = 128 * 2**20  # bytes
_LARGEST_PACKAGE = 2**30  # bytes of all files that are read


class PackageFiles:
    """The files of an open package by their names, which use slashes and begin at the package's root."""

    def __init__(self, source: str, sizes: Mapping[str, int], read: Callable[[str], bytes]) -> None:
        self.source = source
        """Path of the package, for messages."""
        self._sizes = sizes
        self._read = read
        self._left = _LARGEST_PACKAGE

    def has(self, name: str) -> bool:
        """Whether the package has this file."""
        return name in self._sizes

    def names(self, pattern: str) -> list[str]:
        """Names that fully match the regular expression, sorted with numbers by value."""
        return sorted((name for name in self._sizes if re.fullmatch(pattern, name)), key=_natural)

    def text(self, name: str) -> str:
        """The text of a file, its lines ended by line feeds.

        Raises ProblemError for a file that is missing, too large, not UTF-8 text or not readable.
        """
        where = f"{self.source}: {name}"
        if name not in self._sizes:
            raise ProblemError(f"{where}: is missing in the package")
        self._left -= self._sizes[name]
        if self._sizes[name] > _LARGEST_FILE or self._left < 0:
            raise ProblemError(f"{where}: is too large; a package may have 1 GiB, a file of it 128 MiB")
        try:
            return self._read(name).decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            raise ProblemError(f"{where}: is not UTF-8 text (byte {error.start})") from error
        except (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            # NotImplementedError: an unknown compression; RuntimeError: an encrypted file
            raise ProblemError(f"{where}: cannot be read ({error})") from error


@contextmanager
def open_files(path: str) -> Iterator[PackageFiles]:
    """The files of the package at this path, which is a directory or a zip file.

    Raises ProblemError for a directory or zip file that cannot be read, and a zip file that holds several packages.
    """
    place = Path(path)
    if place.is_dir():
        try:
            files = [file for file in place.rglob("*") if file.is_file()]
            found = {file.relative_to(place).as_posix(): file.stat().st_size for file in files}
        except OSError as error:
            raise ProblemError(f"{path}: cannot be read as a package ({error.strerror or error})") from error
        yield PackageFiles(path, found, lambda name: (place / name).read_bytes())
        return
    try:
        archive = zipfile.ZipFile(place)
    except (OSError, zipfile.BadZipFile, ValueError) as error:
        raise ProblemError(f"{path}: cannot be read as a zip file ({error})") from error
    with archive:
        sizes = {item.filename: item.file_size for item in archive.infolist() if not item.is_dir()}
        root = _root(path, sizes)
        inside = {name.removeprefix(root): size for name, size in sizes.items() if name.startswith(root)}
        yield PackageFiles(path, inside, lambda name: archive.read(root + name))


def _root(path: str, names: Mapping[str, int]) -> str:
    """Prefix of the package's folder in the archive; empty for the top. Raises ProblemError for several packages."""
    roots = {name.rpartition("/")[0] for name in names if name.rpartition("/")[2] in DESCRIPTIONS}
    top = min((root.count("/") + bool(root) for root in roots), default=0)
    nearest = sorted(root for root in roots if root.count("/") + bool(root) == top)
    if len(nearest) > 1:
        raise ProblemError(f"{path}: holds several packages ({', '.join(nearest[:5])}); unpack it and name one")
    return f"{nearest[0]}/" if nearest and nearest[0] else ""


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part[:18]) if part.isdigit() and part.isascii() else -1, part) for part in re.split(r"(\d+)", name)]
