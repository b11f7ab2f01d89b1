"""The words of all files of a repository, and the symbols of those that are looked at."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.repository.files import Files
from agent.repository.source.cache import Cache
from agent.repository.source.outline import Parser
from agent.repository.source.parse import find_parser, parse
from agent.repository.source.skip import skipped_by_contents, skipped_by_path
from agent.repository.source.symbols import Parsed
from agent.repository.source.word_table import WordTable, empty_table, extended, kept


@dataclass(kw_only=True)
class Index:
    """What is known of the files of one state of a repository.

    Words are known of every file that counts; symbols are read when they are asked for, once for equal contents, and
    kept in the cache.
    """

    files: Files
    words: WordTable
    rows: Mapping[str, int]
    """Row of `words` by path, of every file that counts."""
    skipped: Mapping[str, str]
    """Why a file is left out, by path."""
    parser_name: str
    parser: Parser
    cache: Cache | None
    notes: list[str] = field(default_factory=list)
    """What went wrong with the cache: sentences for people."""
    _parsed: dict[str, Parsed] = field(default_factory=dict)

    def parsed(self, path: str) -> Parsed:
        """The symbols of a Python file. Raises KeyError where there is no such file."""
        return self.parsed_all([path])[path]

    def parsed_all(self, paths: Sequence[str]) -> dict[str, Parsed]:
        """The symbols of Python files by path. Raises KeyError where there is no such file."""
        blobs = {path: self.files.blob(path) for path in paths}
        unknown = sorted({blob for blob in blobs.values() if blob not in self._parsed})
        if unknown and self.cache:
            self._parsed.update(self.cache.symbols(unknown))
        fresh: dict[str, Parsed] = {}
        for path, blob in blobs.items():
            if blob not in self._parsed:
                fresh[blob] = self._parsed[blob] = parse(self.files.read(path), self.parser)
        if fresh and self.cache:
            try:
                self.cache.keep_symbols(fresh)
            except (OSError, sqlite3.Error) as error:
                self.notes.append(f"symbols were not kept in {self.cache.folder}: {error}")
        return {path: self._parsed[blob] for path, blob in blobs.items()}

    @property
    def python(self) -> Sequence[str]:
        """Sorted paths of the Python files that count."""
        return [path for path in self.rows if path.endswith((".py", ".pyi"))]


def build_index(files: Files, folder: Path | None = None) -> Index:
    """The index of these files. What is known from earlier starts comes from this folder (`cache_folder` names one for
    a repository); None keeps nothing.
    """
    name, parser = find_parser()
    cache = Cache(folder, name) if folder else None
    skipped = {path: why for path in files.paths if (why := skipped_by_path(path))}
    blobs = {path: files.blob(path) for path in files.paths if path not in skipped}
    table = cache.words() if cache else empty_table()
    row_of = {blob: row for row, blob in enumerate(table.blobs)}
    missing = {blob: path for path, blob in blobs.items() if blob not in row_of}
    notes: list[str] = []
    if missing:
        table = extended(_without_dead(table, set(blobs.values())), _contents(files, missing))
        row_of = {blob: row for row, blob in enumerate(table.blobs)}
        notes = _kept(cache, table)
    rows = {path: row_of[blob] for path, blob in blobs.items()}
    skipped |= {path: table.skipped[row] for path, row in rows.items() if table.skipped[row]}
    counted = {path: row for path, row in rows.items() if path not in skipped}
    return Index(
        files=files,
        words=table,
        rows=counted,
        skipped=dict(sorted(skipped.items())),
        parser_name=name,
        parser=parser,
        cache=cache,
        notes=notes,
    )


def _contents(files: Files, missing: Mapping[str, str]) -> Iterator[tuple[str, bytes, str]]:
    for blob, path in missing.items():
        data = files.read(path)
        yield blob, data, skipped_by_contents(path, data) or ""


def _without_dead(table: WordTable, alive: Iterable[str]) -> WordTable:
    """The table; without the rows of other states of the repository where those are the larger part."""
    wanted = set(alive)
    rows = [row for row, blob in enumerate(table.blobs) if blob in wanted]
    return kept(table, rows) if len(rows) < len(table.blobs) / 2 else table


def _kept(cache: Cache | None, table: WordTable) -> list[str]:
    try:
        if cache:
            cache.keep_words(table)
    except OSError as error:
        return [f"words were not kept in {cache.folder if cache else ''}: {error}"]
    return []
