"""What was read of a repository's files, kept on disk between two starts."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from agent.repository.source.stored import from_json, to_json
from agent.repository.source.symbols import Parsed
from agent.repository.source.word_table import WordTable, empty_table, read_table, write_table

VERSION = "4"
"""Changes with what is read from a file; folders of other versions are removed when room is needed."""

LARGEST_FOLDER = 256_000_000
LARGEST_CACHE = 1_000_000_000


def cache_folder(repository: str) -> Path:
    """The folder for a repository, known by any text that names it, such as the path of its git directory."""
    from platformdirs import user_cache_path

    return user_cache_path("cure-agent") / "source" / sha256(repository.encode()).hexdigest()[:20]


@dataclass(frozen=True)
class Cache:
    """A folder with the words and symbols of files, by the names of their contents.

    Files are replaced as a whole, or by transactions, so that two processes may use a folder: the later one wins, and
    no more than work is lost. A folder that cannot be read counts as empty, and one that cannot be written stays as it
    is: `OSError` and `sqlite3.Error` are raised by the functions that write.
    """

    folder: Path
    parser: str

    def words(self) -> WordTable:
        """The words of all files known; an empty table where nothing is known."""
        try:
            with self._at("words", "bin").open("rb") as file:
                return read_table(file)
        except (OSError, ValueError, EOFError):
            return empty_table()

    def keep_words(self, table: WordTable) -> None:
        """Replaces the words. Raises OSError where that is impossible."""
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.folder / f"words.{os.getpid()}.part"
        try:
            with part.open("wb") as file:
                write_table(table, file)
            part.replace(self._at("words", "bin"))
        finally:
            part.unlink(missing_ok=True)
        make_room(self.folder)

    def symbols(self, blobs: Sequence[str]) -> dict[str, Parsed]:
        """What was found in those of these contents that are known."""
        if not self._at("symbols", "sqlite").exists():
            return {}
        found = {}
        try:
            with self._database() as database:
                for part in (blobs[at : at + 500] for at in range(0, len(blobs), 500)):
                    query = f"SELECT blob, found, terms FROM symbols WHERE blob IN ({','.join('?' * len(part))})"
                    found.update({blob: from_json(text, terms) for blob, text, terms in database.execute(query, part)})
        except (sqlite3.Error, ValueError, TypeError, KeyError):
            return {}
        return found

    def keep_symbols(self, found: Mapping[str, Parsed]) -> None:
        """Adds what was found. Raises sqlite3.Error or OSError where that is impossible."""
        self.folder.mkdir(parents=True, exist_ok=True)
        at = self._at("symbols", "sqlite")
        if at.exists() and at.stat().st_size > LARGEST_FOLDER:
            at.unlink()
        with self._database() as database, database:
            database.execute(
                "CREATE TABLE IF NOT EXISTS symbols (blob TEXT PRIMARY KEY, found TEXT, terms BLOB) WITHOUT ROWID"
            )
            rows = [(blob, to_json(parsed), parsed.terms) for blob, parsed in found.items()]
            database.executemany("INSERT OR REPLACE INTO symbols VALUES (?, ?, ?)", rows)

    def _at(self, name: str, ending: str) -> Path:
        return self.folder / f"{name}-{VERSION}-{self.parser}.{ending}"

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._at("symbols", "sqlite"), timeout=10)) as database:
            yield database


def make_room(folder: Path, largest: int = LARGEST_CACHE) -> None:
    """Marks a folder as used, and removes those beside it that were unused for the longest time, while all together
    have more than so many bytes.
    """
    os.utime(folder)
    others = sorted((other for other in folder.parent.iterdir() if other != folder), key=lambda at: at.stat().st_mtime)
    sizes = {at: sum(file.stat().st_size for file in at.glob("*")) for at in (folder, *others) if at.is_dir()}
    total = sum(sizes.values())
    for other in others:
        if total <= largest:
            return
        for file in other.glob("*"):
            file.unlink(missing_ok=True)
        other.rmdir()
        total -= sizes.get(other, 0)
