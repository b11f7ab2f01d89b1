"""How sure: the probability that a candidate is right, given the execution table and nothing else.

Candidates are grouped by behaviour. At most one group can be right, since right programs agree wherever the answer is
unique. For every group c the hypothesis H_c says "c is right and all others are wrong"; H_0 says "none is right".
Under H_c the truth of every test is known (a test is valid iff c passes it), so the table's likelihood is a product of
Beta-binomial terms whose rates are the ones of the paper (section 3): how often the coder is right, how often the
tester is right (p_u), how often a wrong program passes a right test (p_01) and a wrong one (p_00). Wrong programs
scatter over behaviours like a Chinese restaurant process. Rates are integrated out, so no number needs to be known;
the priors are weak and named in `Prior`.

The samples of one model are not independent, so the likelihood is tempered; the power and the priors are those that fit
real tables (`benchmarks/confidence_calibration.py`).

Trusted tests are valid under every hypothesis; a group that fails one has probability 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, lgamma, log

import numpy as np
from numpy.typing import NDArray

from cure.table import AnyTable, clusters

AGREEMENT, TESTS = "agreement between programs", "tests passed and failed"
"""The two kinds of evidence a hypothesis is weighed by."""


@dataclass(frozen=True)
class Prior:
    """Beta priors (a, b) of the rates; the mean of each is a / (a + b)."""

    coder: tuple[float, float] = (1.0, 1.0)
    """A sampled program is right."""
    tester: tuple[float, float] = (1.0, 1.0)
    """p_u, a generated test is right."""
    p_01: tuple[float, float] = (1.5, 3.0)
    """A wrong program passes a right test."""
    p_00: tuple[float, float] = (0.5, 5.0)
    """A wrong program passes a wrong test."""
    unsolved: tuple[float, float] = (0.8, 3.2)
    """A wrong program passes a generated test when no program is right, whatever the test's truth."""
    scatter: float = 6.0
    """Concentration of wrong programs' behaviours: larger, and two wrong programs agree less often."""
    temper: float = 0.25
    """Power the likelihood is raised to. Programs and tests of one model share their mistakes, so n of them are worth
    less than n independent witnesses; 1 would take them for independent."""


@dataclass(frozen=True)
class Hypothesis:
    """One way the table may have come about."""

    cluster: tuple[str, ...]
    """Candidates that are right under it; empty for "none is right"."""
    probability: float
    terms: Mapping[str, float]
    """Tempered log-likelihood of each kind of evidence; two hypotheses' differences add up to their log-odds."""


@dataclass(frozen=True)
class Confidence:
    """Posterior over the hypotheses, most probable first."""

    hypotheses: tuple[Hypothesis, ...]

    def of(self, candidate: str) -> float:
        """Probability in 0..1 that the candidate is right."""
        return sum(h.probability for h in self.hypotheses if candidate in h.cluster)

    @property
    def unsolved(self) -> float:
        """Probability that no candidate is right."""
        return sum(h.probability for h in self.hypotheses if not h.cluster)


def confidence(table: AnyTable, prior: Prior = Prior()) -> Confidence:
    """Posterior of every hypothesis about the table; with no candidates, "none is right" has probability 1."""
    evidence = _Evidence(table)
    trusted = np.array([test.trusted for test in table.tests.values()], dtype=bool)
    weighed = [
        (group, _terms(evidence, trusted, row, prior))
        for row, group in enumerate(evidence.groups)
        if bool(evidence.passed[row][trusted].all())
    ]
    weighed.append(((), _terms(evidence, trusted, None, prior)))
    totals = [sum(terms.values()) for _, terms in weighed]
    top = max(totals)
    norm = sum(exp(total - top) for total in totals)
    hypotheses = [
        Hypothesis(group, exp(total - top) / norm, terms) for (group, terms), total in zip(weighed, totals, strict=True)
    ]
    return Confidence(tuple(sorted(hypotheses, key=lambda h: h.probability, reverse=True)))


def validity_of_tests(table: AnyTable, posterior: Confidence, prior: Prior = Prior()) -> dict[str, float]:
    """Per test, the probability in 0..1 that its expected output is right; 1 for trusted tests.

    A test is right in proportion to the hypotheses under which the right program passes it. Where no program is right
    the tester's prior mean stands.
    """
    return _validity(table, posterior.hypotheses, prior)


def validity_if_wrong(
    table: AnyTable, posterior: Confidence, candidate: str, prior: Prior = Prior()
) -> dict[str, float]:
    """Per test, the probability that its expected output is right, given that this candidate is wrong.

    What a repair should go by: it is of use only if the candidate is wrong, and the tests it fails cannot be right if
    the candidate is.
    """
    return _validity(table, [h for h in posterior.hypotheses if candidate not in h.cluster], prior)


def _validity(table: AnyTable, hypotheses: Sequence[Hypothesis], prior: Prior) -> dict[str, float]:
    total = sum(h.probability for h in hypotheses)
    if total == 0:
        return {name: float(test.trusted) for name, test in table.tests.items()}
    tester_mean = prior.tester[0] / sum(prior.tester)
    validity: dict[str, float] = {}
    for name, test in table.tests.items():
        right = sum(
            h.probability * (table.passes(h.cluster[0], name) if h.cluster else tester_mean) for h in hypotheses
        )
        validity[name] = 1.0 if test.trusted else right / total
    return validity


class _Evidence:
    """The table by behaviour: a group counts once per test, however many programs it has; unknown cells not at all.

    A candidate of which nothing is known is left out, unless nothing is known of any.
    """

    def __init__(self, table: AnyTable) -> None:
        everybody = [tuple(group) for group in clusters(table)]
        judged = [group for group in everybody if any(table.known(group[0], name) for name in table.tests)]
        self.groups = judged or everybody
        shape = len(self.groups), len(table.tests)
        heads = [group[0] for group in self.groups]
        self.passed = np.array([[table.passes(c, t) for t in table.tests] for c in heads], dtype=bool).reshape(shape)
        self.known = np.array([[table.known(c, t) for t in table.tests] for c in heads], dtype=bool).reshape(shape)
        self.sizes = [len(group) for group in self.groups]


def _terms(evidence: _Evidence, trusted: NDArray[np.bool_], right: int | None, prior: Prior) -> dict[str, float]:
    """Tempered log-likelihood of the table if the group of that row is right; None for "none is right"."""
    wrong_sizes = [size for row, size in enumerate(evidence.sizes) if row != right]
    right_size = 0 if right is None else evidence.sizes[right]
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
    """Log-probability of that sequence of successes and failures with the rate integrated out."""
    a, b = beta
    return _log_beta(a + successes, b + failures) - _log_beta(a, b)


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def _scatter(sizes: list[int], concentration: float) -> float:
    """Log-probability of a partition with these block sizes (Ewens' sampling formula); 0 for no programs."""
    total = sum(sizes)
    blocks = sum(lgamma(size) for size in sizes) + len(sizes) * log(concentration)
    return blocks + lgamma(concentration) - lgamma(concentration + total)
