"""Probabilities of the hypotheses about an execution table: which behaviour is right, or that no candidate is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import exp

AGREEMENT = "agreement between programs"
TESTS = "tests passed and failed"
INPUTS = "outputs on new inputs"
BASE = "share of right programs"
"""Kinds of evidence by which a hypothesis is weighed. `BASE` is what is expected of the coder before the programs are
compared: a constant, whether there are trusted tests, and what share of them its programs pass."""


@dataclass(frozen=True)
class Hypothesis:
    """One hypothesis: that exactly the candidates of a cluster are right, or that no candidate is right."""

    cluster: tuple[str, ...]
    """Candidates that are right under the hypothesis; empty for "none is right"."""
    probability: float
    terms: Mapping[str, float]
    """A number for each kind of evidence; differences between two hypotheses add up to their log-odds."""


@dataclass(frozen=True)
class Confidence:
    """The hypotheses, most probable first; their probabilities add up to 1."""

    hypotheses: tuple[Hypothesis, ...]
    untested: frozenset[str] = frozenset()
    """Candidates that pass no test which could tell that the task is done: none of them is verified."""

    def of(self, candidate: str) -> float:
        """Probability in 0..1 that the candidate is right."""
        return sum((h.probability for h in self.hypotheses if candidate in h.cluster), 0.0)

    @property
    def unsolved(self) -> float:
        """Probability that no candidate is right."""
        return sum((h.probability for h in self.hypotheses if not h.cluster), 0.0)


def normalised(
    weighed: Sequence[tuple[tuple[str, ...], Mapping[str, float]]], untested: Collection[str] = ()
) -> Confidence:
    """The hypotheses with probabilities proportional to exp(sum of terms); each is given by its cluster and terms."""
    totals = [sum(terms.values()) for _, terms in weighed]
    top = max(totals)
    norm = sum(exp(total - top) for total in totals)
    hypotheses = [
        Hypothesis(group, exp(total - top) / norm, terms) for (group, terms), total in zip(weighed, totals, strict=True)
    ]
    return Confidence(tuple(sorted(hypotheses, key=lambda h: h.probability, reverse=True)), frozenset(untested))
