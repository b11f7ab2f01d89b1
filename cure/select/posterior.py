"""The posterior probability that a candidate is right, by a generative model of the execution table.

Runs recorded before `cure.select.confidence` was fitted state these probabilities.

Candidates are grouped by behaviour. At most one group can be right, since right programs agree wherever the answer is
unique. For every group c the hypothesis H_c says "c is right and all others are wrong"; H_0 says "none is right".
Under H_c the truth of every test is known (a test is valid iff c passes it), so the table's likelihood is a product of
Beta-binomial terms whose rates are those of the CURE paper (section 3): how often the coder is right, how often the
tester is right (p_u), how often a wrong program passes a right test (p_01) and a wrong one (p_00). Wrong programs
scatter over behaviours like a Chinese restaurant process. Rates are integrated out, so no number needs to be known;
the priors are weak and named in `Prior`.

The samples of one model are not independent, so the likelihood is tempered. The power and the priors were chosen on
tables of CodeGen-16B. Inputs without a known output are left out.

Trusted tests are valid under every hypothesis; a group that fails a trusted test has probability 0.
"""

from __future__ import annotations

from math import lgamma, log

import numpy as np
from numpy.typing import NDArray

from cure.select.evidence import Evidence, evidence
from cure.select.hypotheses import AGREEMENT, TESTS, Confidence, normalised
from cure.select.prior import Prior
from cure.table import AnyTable


def posterior(table: AnyTable, prior: Prior = Prior()) -> Confidence:
    """Posterior of every hypothesis about the table; with no candidates, "none is right" has probability 1."""
    seen = evidence(table)
    weighed: list[tuple[tuple[str, ...], dict[str, float]]] = [
        (group, _terms(seen, row, prior))
        for row, group in enumerate(seen.groups)
        if bool(seen.passed[row][seen.trusted].all())
    ]
    return normalised([*weighed, ((), _terms(seen, None, prior))])


def _terms(evidence: Evidence, right: int | None, prior: Prior) -> dict[str, float]:
    """Tempered log-likelihood of the table by kind of evidence, if the group with the index `right` is right, or, for
    None, if no candidate is.
    """
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
    """Beta-binomial term of the pairs of a wrong group and a test, over the tests where the mask `tests` is True."""
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
