"""Which words occur how often in which contents: compact arrays, ranked in milliseconds for ten thousand files."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from agent.repository.source.term_counts import hashed
from agent.repository.source.words import terms

Ints = NDArray[np.integer]


@dataclass(frozen=True, kw_only=True)
class WordTable:
    """Words of contents, one row for each. Row `i` has the entries `starts[i]` to `starts[i + 1]` of `words`, numbers
    of words in `vocabulary`, and of `counts`. A word is known by a hash of 64 bits of its bytes, a term by one of its
    stem; entry `j` of `pair_terms` is a term that the word `pair_words[j]` has.
    """

    blobs: tuple[str, ...]
    skipped: tuple[str, ...]
    """Why the words of each row were left out; empty where they count."""
    starts: Ints
    words: Ints
    counts: Ints
    lengths: Ints
    """How many words each row has, repetitions included."""
    vocabulary: Ints
    pair_terms: Ints
    pair_words: Ints


_DIGITS = b"0123456789"
_SPACED = bytes(byte if byte >= 128 or chr(byte).isalnum() or byte == ord("_") else ord(" ") for byte in range(256))
"""Maps every byte that is in no word to a space."""

_COLUMNS = ("starts", "words", "counts", "lengths", "vocabulary", "pair_terms", "pair_words")


def empty_table() -> WordTable:
    """A table without rows."""
    no_words, no_hashes = np.zeros(0, np.uint32), np.zeros(0, np.uint64)
    return WordTable(
        blobs=(),
        skipped=(),
        starts=np.zeros(1, np.int64),
        words=no_words,
        counts=np.zeros(0, np.uint16),
        lengths=np.zeros(0, np.int64),
        vocabulary=no_hashes,
        pair_terms=no_hashes,
        pair_words=no_words,
    )


def extended(table: WordTable, contents: Iterable[tuple[str, bytes, str]]) -> WordTable:
    """The table with a row for each of these contents: name of the blob, bytes, and why its words do not count (empty
    where they do).
    """
    numbers: defaultdict[bytes, int] = defaultdict(itertools.count().__next__)
    blobs, skipped = list(table.blobs), list(table.skipped)
    rows, counts, sizes, lengths = [], [], [], []
    for blob, data, why in contents:
        found = counted_words(data) if not why else Counter[bytes]()
        rows.append(np.fromiter(map(numbers.__getitem__, found), np.uint32, len(found)))
        counts.append(np.minimum(np.fromiter(found.values(), np.int64, len(found)), 65_535).astype(np.uint16))
        blobs.append(blob)
        skipped.append(why)
        sizes.append(len(found))
        lengths.append(found.total())
    vocabulary, pair_terms, pair_words, mapping = _vocabulary(table, list(numbers))
    return WordTable(
        blobs=tuple(blobs),
        skipped=tuple(skipped),
        starts=np.concatenate([table.starts, table.starts[-1] + np.cumsum(sizes, dtype=np.int64)]),
        words=np.concatenate([table.words, *(mapping[row] for row in rows)]).astype(np.uint32),
        counts=np.concatenate([table.counts, *counts]).astype(np.uint16),
        lengths=np.concatenate([table.lengths, np.array(lengths, np.int64)]),
        vocabulary=vocabulary,
        pair_terms=pair_terms,
        pair_words=pair_words,
    )


def counted_words(data: bytes) -> Counter[bytes]:
    """How often each word of a text occurs: what `WORD` finds, in two thirds of its time."""
    found = Counter(data.translate(_SPACED).split())
    for run in [run for run in found if run[0] in _DIGITS]:
        times, word = found.pop(run), run.lstrip(_DIGITS)
        if word:
            found[word] += times
    return found


def _vocabulary(table: WordTable, words: Sequence[bytes]) -> tuple[Ints, Ints, Ints, Ints]:
    """The vocabulary and its pairs with these words, too, and the number of each of these words in it."""
    hashes = np.fromiter((hashed(word) for word in words), np.uint64, len(words))
    known, order = np.sort(table.vocabulary), np.argsort(table.vocabulary)
    at = np.searchsorted(known, hashes)
    is_known = (at < len(known)) & (known[np.minimum(at, max(len(known) - 1, 0))] == hashes) if len(known) else at < 0
    mapping = np.zeros(len(words), np.uint32)
    mapping[is_known] = order[at[is_known]] if len(known) else 0
    new = np.flatnonzero(~is_known)
    mapping[new] = len(known) + np.arange(len(new), dtype=np.uint32)
    term_hashes: dict[str, int] = {}
    pair_terms, pair_words = [], []
    for number in new.tolist():
        for term in set(terms(words[number].decode("utf-8", "replace"))):
            value = term_hashes.get(term)
            if value is None:
                value = term_hashes[term] = hashed(term.encode())
            pair_terms.append(value)
            pair_words.append(int(mapping[number]))
    return (
        np.concatenate([table.vocabulary, hashes[new]]),
        np.concatenate([table.pair_terms, np.array(pair_terms, np.uint64)]),
        np.concatenate([table.pair_words, np.array(pair_words, np.uint32)]),
        mapping,
    )


def frequencies(table: WordTable, query: Sequence[str]) -> NDArray[np.float64]:
    """How often each of these terms occurs in each row: an array of terms by rows."""
    found = np.zeros((len(query), len(table.blobs)))
    wanted = np.array([hashed(term.encode()) for term in query], np.uint64)
    pairs = np.flatnonzero(np.isin(table.pair_terms, wanted))
    is_wanted = np.zeros(len(table.vocabulary), bool)
    is_wanted[table.pair_words[pairs]] = True
    entries = np.flatnonzero(is_wanted[table.words])
    words, counts = table.words[entries], table.counts[entries]
    rows = np.searchsorted(table.starts, entries, side="right") - 1
    for number, value in enumerate(wanted):
        has_term = np.zeros(len(table.vocabulary), bool)
        has_term[table.pair_words[pairs[table.pair_terms[pairs] == value]]] = True
        chosen = has_term[words]
        found[number] = np.bincount(rows[chosen], counts[chosen], len(table.blobs))
    return found


def bm25(
    table: WordTable, rows: Sequence[int], query: Mapping[str, float], k1: float = 1.2, b: float = 0.6
) -> NDArray[np.float64]:
    """The BM25 score of each of these rows for weighted terms. How rare a term is gets counted among these rows."""
    if not len(rows) or not query:
        return np.zeros(len(rows))
    order = sorted(query)
    found = frequencies(table, order)[:, list(rows)]
    lengths = table.lengths[list(rows)]
    norm = k1 * (1 - b + b * lengths / max(float(lengths.mean()), 1.0))
    scores = np.zeros(len(rows))
    for term, frequency in zip(order, found, strict=True):
        count = int(np.count_nonzero(frequency))
        rarity = float(np.log(1 + (len(rows) - count + 0.5) / (count + 0.5)))
        scores += query[term] * rarity * frequency * (k1 + 1) / (frequency + norm)
    return scores


def kept(table: WordTable, rows: Sequence[int]) -> WordTable:
    """The table with these rows only, and the words that occur in them."""
    entries = np.concatenate(
        [np.arange(table.starts[row], table.starts[row + 1]) for row in rows] or [np.zeros(0, int)]
    )
    used, words = np.unique(table.words[entries], return_inverse=True)
    number = np.full(len(table.vocabulary), -1, np.int64)
    number[used] = np.arange(len(used))
    pairs = np.flatnonzero(number[table.pair_words] >= 0)
    sizes = [int(table.starts[row + 1] - table.starts[row]) for row in rows]
    return WordTable(
        blobs=tuple(table.blobs[row] for row in rows),
        skipped=tuple(table.skipped[row] for row in rows),
        starts=np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64),
        words=words.astype(np.uint32),
        counts=table.counts[entries],
        lengths=table.lengths[list(rows)],
        vocabulary=table.vocabulary[used],
        pair_terms=table.pair_terms[pairs],
        pair_words=number[table.pair_words[pairs]].astype(np.uint32),
    )


def write_table(table: WordTable, file: BinaryIO) -> None:
    """Writes the table; `read_table` reads it."""
    names = "\n".join(f"{blob} {why}" for blob, why in zip(table.blobs, table.skipped, strict=True))
    np.save(file, np.frombuffer(names.encode(), np.uint8))
    for column in _COLUMNS:
        np.save(file, getattr(table, column))


def read_table(file: BinaryIO) -> WordTable:
    """A table that was written. Raises ValueError or EOFError for a file that is none, or is cut off."""
    names = np.load(file).tobytes().decode()
    rows = [line.partition(" ") for line in names.split("\n")] if names else []
    columns = {name: np.load(file) for name in _COLUMNS}
    return WordTable(blobs=tuple(row[0] for row in rows), skipped=tuple(row[2] for row in rows), **columns)
