"""BM25F: how well the texts of symbols fit a question, by name, prose and code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.repository.source.term_counts import Corpus, hashed

Floats = NDArray[np.float64]

FIELDS = np.array([3.0, 1.0, 1.0])
"""What a term counts in a name, in prose, and in code."""

K1 = 2.0
"""How late repetitions stop counting."""

B = 0.5
"""How much long texts are marked down: 0 not at all, 1 in proportion."""


@dataclass(frozen=True)
class Fit:
    """How well each symbol's text fits, and what each of its terms adds: rows of a symbol, a term and a part."""

    total: Floats
    symbols: NDArray[np.int64]
    terms: NDArray[np.uint64]
    parts: Floats

    def best_terms(self, symbol: int, most: int) -> list[int]:
        """Hashes of the terms that add most, best first."""
        rows = np.flatnonzero(self.symbols == symbol)
        order = np.lexsort((self.terms[rows], -self.parts[rows]))
        return [int(self.terms[row]) for row in rows[order][:most]]


def bm25f(texts: Corpus, question: Mapping[str, float]) -> Fit:
    """The fit of all texts for the weighted terms of a question. How rare a term is gets counted among these texts."""
    return by_hash(texts, {hashed(term.encode()): weight for term, weight in question.items()})


def by_hash(texts: Corpus, question: Mapping[int, float]) -> Fit:
    """The fit for terms that are given by their hashes."""
    wanted = np.array(sorted(question), np.uint64)
    if not len(wanted) or not texts.number:
        empty = np.zeros(0)
        return Fit(np.zeros(texts.number), empty.astype(np.int64), empty.astype(np.uint64), empty)
    worth = np.array([question[int(each)] for each in wanted])
    at = np.minimum(np.searchsorted(wanted, texts.counts.hashes), len(wanted) - 1)
    rows = np.flatnonzero(wanted[at] == texts.counts.hashes)
    term, symbol = at[rows], texts.counts.symbols[rows].astype(np.int64)
    frequency = texts.counts.counts[rows] @ FIELDS
    having = np.bincount(term, minlength=len(wanted))
    rarity = np.log(1 + (texts.number - having + 0.5) / (having + 0.5))
    lengths = FIELDS @ texts.lengths
    norm = K1 * (1 - B + B * lengths / max(float(lengths.mean()), 1.0))
    parts = (worth * rarity)[term] * frequency * (K1 + 1) / (frequency + norm[symbol])
    return Fit(np.bincount(symbol, parts, texts.number).astype(float), symbol, wanted[term], parts)
