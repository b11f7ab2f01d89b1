"""BM25F: how well the text of symbols fits a question, by name, prose and code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

from agent.repository.source.symbols import Bag


@dataclass(frozen=True)
class Fields:
    """What a term counts in each kind of text, and how much long texts are marked down: 0 not at all, 1 in
    proportion.
    """

    name: float = 3.0
    prose: float = 1.0
    code: float = 1.0
    k1: float = 1.2
    b: float = 0.5


def bm25f(bags: Sequence[Bag], query: Mapping[str, float], fields: Fields) -> list[dict[str, float]]:
    """What each term of the question adds to the score of each bag; terms that add nothing are left out. How rare a
    term is gets counted among these bags.
    """
    found = [_weighted(bag, query, fields) for bag in bags]
    lengths = [_length(bag, fields) for bag in bags]
    mean = max(sum(lengths) / max(len(lengths), 1), 1.0)
    counts: dict[str, int] = {}
    for frequencies in found:
        for term in frequencies:
            counts[term] = counts.get(term, 0) + 1
    rarity = {term: log(1 + (len(bags) - n + 0.5) / (n + 0.5)) for term, n in counts.items()}
    scores = []
    for frequencies, length in zip(found, lengths, strict=True):
        norm = fields.k1 * (1 - fields.b + fields.b * length / mean)
        scores.append({t: query[t] * rarity[t] * tf * (fields.k1 + 1) / (tf + norm) for t, tf in frequencies.items()})
    return scores


def _weighted(bag: Bag, query: Mapping[str, float], fields: Fields) -> dict[str, float]:
    weighted: dict[str, float] = {}
    for counts, weight in ((bag.name, fields.name), (bag.prose, fields.prose), (bag.code, fields.code)):
        for term in sorted(query.keys() & counts.keys()):
            weighted[term] = weighted.get(term, 0.0) + weight * counts[term]
    return weighted


def _length(bag: Bag, fields: Fields) -> float:
    return (
        fields.name * sum(bag.name.values())
        + fields.prose * sum(bag.prose.values())
        + fields.code * sum(bag.code.values())
    )
