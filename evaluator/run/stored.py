"""Reads the tables of a run one at a time, so that memory does not grow with the number of problems."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import overload

from cure.errors import ProblemError
from cure.json_lines import line_at, placed_lines
from evaluator.run.directory import RunDirectory
from evaluator.run.tables import EvaluatedTable


class StoredTables(Sequence[EvaluatedTable]):
    """The latest table of each problem, in the order of problems; a table is read from disk at each access."""

    def __init__(self, path: Path) -> None:
        """Index the tables in a file, which may not exist."""
        self._path = path
        latest = {record["problem"]: place for place, record in placed_lines(path)}
        self._by_problem = dict(sorted(latest.items()))
        self._places = [*self._by_problem.values()]

    def of(self, problem: int) -> EvaluatedTable | None:
        """The table of this problem; None where there is none."""
        return next(self._read([self._by_problem[problem]])) if problem in self._by_problem else None

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[EvaluatedTable]:
        return self._read(self._places)

    @overload
    def __getitem__(self, at: int) -> EvaluatedTable: ...

    @overload
    def __getitem__(self, at: slice) -> list[EvaluatedTable]: ...

    def __getitem__(self, at: int | slice) -> EvaluatedTable | list[EvaluatedTable]:
        if isinstance(at, slice):
            return list(self._read(self._places[at]))
        return next(self._read([self._places[at]]))

    def _read(self, places: Sequence[int]) -> Iterator[EvaluatedTable]:
        if not places:
            return
        with self._path.open("rb") as file:
            for place in places:
                yield EvaluatedTable.from_record(line_at(file, place))


def read_tables(directory: RunDirectory) -> StoredTables:
    """The tables of a run, the latest of each problem, in the order of problems."""
    return StoredTables(directory.tables)


def tables_in(path: Path) -> Iterator[EvaluatedTable]:
    """The tables in a file of JSON lines, gzipped or not, one at a time, in the file's order.

    Raises ProblemError naming the line that holds no table, or the reason why the file cannot be read.
    """
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                yield _table(line, f"{path}: line {number}")
    except (OSError, EOFError, zlib.error) as error:
        raise ProblemError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from None


def _table(line: bytes, where: str) -> EvaluatedTable:
    try:
        return EvaluatedTable.from_record(json.loads(line.decode(errors="surrogatepass")))
    except (ValueError, KeyError, TypeError) as error:
        raise ProblemError(f"{where} holds no table of an evaluation ({error})") from None
