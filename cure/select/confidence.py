"""Confidence: the probability that a candidate is right, given the execution table and nothing else.

Candidates are grouped by behaviour. At most one group can be right, since right programs agree wherever the answer is
unique. For every group c the hypothesis H_c says "c is right and all others are wrong"; H_0 says "none is right".
Under H_c the truth of every test is known (a test is valid iff c passes it), so the table's likelihood is a product of
Beta-binomial terms whose rates are the ones of the paper (section 3): how often the coder is right, how often the
tester is right (p_u), how often a wrong program passes a right test (p_01) and a wrong one (p_00). Wrong programs
scatter over behaviours like a Chinese restaurant process. Rates are integrated out, so no number needs to be known;
the priors are weak and named in `Prior`.

The samples of one model are not independent, so the likelihood is tempered; the power and the priors are those that fit
real tables (`benchmarks/confidence_calibration.py`).

Trusted tests are valid under every hypothesis; a group that fails a trusted test has probability 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, lgamma, log

import numpy as np
from numpy.typing import NDArray

from cure.select.evidence import Evidence, evidence
from cure.select.prior import Prior
from cure.table import AnyTable

AGREEMENT, TESTS = "agreement between programs", "tests passed and failed"
"""The two kinds of evidence by which a hypothesis is weighed."""


@dataclass(frozen=True)
class Hypothesis:
    """One hypothesis: that exactly the candidates of a cluster are right, or that no candidate is right."""

    cluster: tuple[str, ...]
    """Candidates that are right under the hypothesis; empty for "none is right"."""
    probability: float
    terms: Mapping[str, float]
    """Tempered log-likelihood of each kind of evidence; differences between two hypotheses add up to their log-odds."""


@dataclass(frozen=True)
class Confidence:
    """Posterior over the hypotheses, most probable first."""

    hypotheses: tuple[Hypothesis, ...]

    def of(self, candidate: str) -> float:
        """Probability in 0..1 that the candidate is right."""
        return sum((h.probability for h in self.hypotheses if candidate in h.cluster), 0.0)

    @property
    def unsolved(self) -> float:
        """Probability that no candidate is right."""
        return sum((h.probability for h in self.hypotheses if not h.cluster), 0.0)


def confidence(table: AnyTable, prior: Prior = Prior()) -> Confidence:
    """Posterior of every hypothesis about the table; with no candidates, "none is right" has probability 1."""
    seen = evidence(table)
    weighed: list[tuple[tuple[str, ...], dict[str, float]]] = [
        (group, _terms(seen, row, prior))
        for row, group in enumerate(seen.groups)
        if bool(seen.passed[row][seen.trusted].all())
    ]
    weighed.append(((), _terms(seen, None, prior)))
    totals = [sum(terms.values()) for _, terms in weighed]
    top = max(totals)
    norm = sum(exp(total - top) for total in totals)
    hypotheses = [
        Hypothesis(group, exp(total - top) / norm, terms) for (group, terms), total in zip(weighed, totals, strict=True)
    ]
    return Confidence(tuple(sorted(hypotheses, key=lambda h: h.probability, reverse=True)))


def _terms(evidence: Evidence, right: int | None, prior: Prior) -> dict[str, float]:
    """Tempered log-likelihood of the table if the group of that row is right; None for "none is right"."""
    trusted, sizes = evidence.trusted, evidence.sizes
    wrong_sizes = [size for row, size in enumerate(sizes) if row != right]
    right_size = 0 if right is None else sizes[right]
    agreement = _beta_binomial(right_size, sum(wrong_sizes), prior.coder) + _scatter(wrong_sizes, prior.scatter)
    # Passes and fails of all wrong groups together, per test.
    passes, fails = evidence.passed.sum(axis=0), (evidence.known & ~evidence.passed).sum(axis=0)
    if right is None:
        tests = _pairs(passes, fails, ~trusted, prior.unsolved) + _pairs(passes, fails, trusted, prior.p_01)
        return {AGREEMENT: prior.temper * agreement, TESTS: prior.temper * tests}
    own, seen = evidence.passed[right], evidence.known[right]
    passes, fails = passes - own, fails - (seen & ~own)
    valid, invalid = own & ~trusted, seen & ~own & ~trusted
    tests = (
        _beta_binomial(int(valid.sum()), int(invalid.sum()), prior.tester)
        + _pairs(passes, fails, trusted | valid, prior.p_01)
        + _pairs(passes, fails, invalid, prior.p_00)
    )
    return {AGREEMENT: prior.temper * agreement, TESTS: prior.temper * tests}


def _pairs(
    passes: NDArray[np.int_], fails: NDArray[np.int_], tests: NDArray[np.bool_], rate: tuple[float, float]
) -> float:
    """Beta-binomial term of the (wrong group, test) pairs over the tests of the mask."""
    return _beta_binomial(int(passes[tests].sum()), int(fails[tests].sum()), rate)


def _beta_binomial(successes: int, failures: int, beta: tuple[float, float]) -> float:
    """Log-probability of a sequence with these numbers of successes and failures, the rate integrated out."""
    a, b = beta
    return _log_beta(a + successes, b + failures) - _log_beta(a, b)


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def _scatter(sizes: list[int], concentration: float) -> float:
    """Log-probability of a partition with these block sizes (Ewens' sampling formula); 0 for no programs."""
    total = sum(sizes)
    blocks = sum(lgamma(size) for size in sizes) + len(sizes) * log(concentration)
    return blocks + lgamma(concentration) - lgamma(concentration + total)
