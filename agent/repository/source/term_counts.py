"""How often terms occur in the texts of symbols, as compact arrays: rows of a term, a symbol and three counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

NAME, PROSE, CODE = 0, 1, 2
"""Kinds of text: qualified name and parameters; docstrings, comments and string literals; identifiers in code."""

Bag = tuple[Mapping[str, int], Mapping[str, int], Mapping[str, int]]
"""Counts of terms in the name, the prose and the code of one symbol."""

_ROW = 8 + 4 + 3 * 2
_MOST = 65_535


@dataclass(frozen=True)
class TermCounts:
    """Rows: hash of the term, number of the symbol, counts in its name, prose and code; none for what does not occur.
    No pair of a term and a symbol has two rows.
    """

    hashes: NDArray[np.uint64]
    symbols: NDArray[np.uint32]
    counts: NDArray[np.uint16]
    """Rows by kinds of text."""

    def of(self, term: str) -> dict[int, tuple[int, int, int]]:
        """The counts of a term by symbol."""
        rows = np.flatnonzero(self.hashes == hashed(term.encode()))
        found = zip(self.symbols[rows].tolist(), self.counts[rows].tolist(), strict=True)
        return {symbol: (name, prose, code) for symbol, (name, prose, code) in found}


def hashed(word: bytes) -> int:
    """A hash of 64 bits, equal in all processes."""
    return int.from_bytes(blake2b(word, digest_size=8).digest(), "little")


@lru_cache(maxsize=65_536)
def _term_hash(term: str) -> int:
    return hashed(term.encode())


def packed(bags: Sequence[Bag]) -> bytes:
    """The counts of these bags; `unpacked` reads them."""
    rows = [(term, number, bag) for number, bag in enumerate(bags) for term in dict.fromkeys(_terms(bag))]
    hashes = np.fromiter((_term_hash(term) for term, _, _ in rows), np.uint64, len(rows))
    symbols = np.fromiter((number for _, number, _ in rows), np.uint32, len(rows))
    counts = np.array([[part.get(term, 0) for part in bag] for term, _, bag in rows], np.int64).reshape(len(rows), 3)
    return hashes.tobytes() + symbols.tobytes() + np.minimum(counts, _MOST).astype(np.uint16).tobytes()


def _terms(bag: Bag) -> Iterable[str]:
    for part in bag:
        yield from part


def unpacked(data: bytes) -> TermCounts:
    """The counts that were packed. Raises ValueError for other bytes."""
    number, rest = divmod(len(data), _ROW)
    if rest:
        raise ValueError(f"{len(data)} bytes are no rows of {_ROW} bytes")
    return TermCounts(
        np.frombuffer(data, np.uint64, number),
        np.frombuffer(data, np.uint32, number, 8 * number),
        np.frombuffer(data, np.uint16, 3 * number, 12 * number).reshape(number, 3),
    )


@dataclass(frozen=True)
class Corpus:
    """Counts of several files, whose symbols are numbered through, and the lengths of all texts in terms."""

    counts: TermCounts
    number: int
    lengths: NDArray[np.float64]
    """Kinds of text by symbols."""


def corpus(files: Sequence[tuple[bytes, int]]) -> Corpus:
    """The counts of these files, each packed and with the number of its symbols."""
    tables = [unpacked(data) for data, _ in files]
    sizes = [size for _, size in files]
    starts = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])
    shifts = np.repeat(starts[:-1], [len(table.hashes) for table in tables])
    counts = TermCounts(
        np.concatenate([np.zeros(0, np.uint64), *(table.hashes for table in tables)]),
        (np.concatenate([np.zeros(0, np.int64), *(table.symbols for table in tables)]) + shifts).astype(np.uint32),
        np.concatenate([np.zeros((0, 3), np.uint16), *(table.counts for table in tables)]),
    )
    total = int(starts[-1])
    kinds = zip(counts.counts.T, repeat(counts.symbols), strict=False)
    lengths = np.array([np.bincount(symbols, column, total) for column, symbols in kinds]).reshape(3, total)
    return Corpus(counts, total, lengths)
