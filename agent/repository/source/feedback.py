"""Further terms for a question, from the texts that fit it best: pseudo-relevance feedback."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from agent.repository.source.lexical import FIELDS
from agent.repository.source.term_counts import Corpus

BEST_TEXTS = 8
MOST_TERMS = 30


def further_terms(texts: Corpus, fit: NDArray[np.float64], known: Collection[int]) -> dict[int, float]:
    """Terms, by their hashes, that are frequent in the best texts and rare in others, with what each counts; those
    known already are left out.
    """
    best = np.argsort(-fit, kind="stable")[:BEST_TEXTS]
    share = np.zeros(texts.number)
    share[best] = fit[best] / np.maximum(texts.lengths.sum(0)[best], 1)
    symbols = texts.counts.symbols
    rows = np.flatnonzero((share > 0)[symbols])
    terms, at = np.unique(texts.counts.hashes[rows], return_inverse=True)
    if not len(terms):
        return {}
    value = np.bincount(at, (texts.counts.counts[rows] @ FIELDS) * share[symbols[rows]], len(terms))
    place = np.minimum(np.searchsorted(terms, texts.counts.hashes), len(terms) - 1)
    having = np.bincount(place[terms[place] == texts.counts.hashes], minlength=len(terms))
    worth = value * np.log(texts.number / having)
    worth[np.isin(terms, np.array(sorted(known), np.uint64))] = 0
    order = np.lexsort((terms, -worth))[:MOST_TERMS]
    return {int(terms[number]): float(worth[number]) for number in order if worth[number] > 0}
