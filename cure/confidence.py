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

from cure.table import ExecutionTable, clusters

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


def confidence(table: ExecutionTable, prior: Prior = Prior()) -> Confidence:
    """Posterior of every hypothesis about the table; with no candidates, "none is right" has probability 1."""
    groups = [tuple(group) for group in clusters(table)]
    weighed = [(group, _terms(table, groups, group, prior)) for group in groups if _passes_trusted(table, group[0])]
    weighed.append(((), _terms(table, groups, (), prior)))
    totals = [sum(terms.values()) for _, terms in weighed]
    top = max(totals)
    norm = sum(exp(total - top) for total in totals)
    hypotheses = [
        Hypothesis(group, exp(total - top) / norm, terms) for (group, terms), total in zip(weighed, totals, strict=True)
    ]
    return Confidence(tuple(sorted(hypotheses, key=lambda h: h.probability, reverse=True)))


def validity_of_tests(table: ExecutionTable, posterior: Confidence, prior: Prior = Prior()) -> dict[str, float]:
    """Per test, the probability in 0..1 that its expected output is right; 1 for trusted tests.

    A test is right in proportion to the hypotheses under which the right program passes it. Where no program is right
    the tester's prior mean stands.
    """
    return _validity(table, posterior.hypotheses, prior)


def validity_if_wrong(
    table: ExecutionTable, posterior: Confidence, candidate: str, prior: Prior = Prior()
) -> dict[str, float]:
    """Per test, the probability that its expected output is right, given that this candidate is wrong.

    What a repair should go by: it is of use only if the candidate is wrong, and the tests it fails cannot be right if
    the candidate is.
    """
    return _validity(table, [h for h in posterior.hypotheses if candidate not in h.cluster], prior)


def _validity(table: ExecutionTable, hypotheses: Sequence[Hypothesis], prior: Prior) -> dict[str, float]:
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


def _passes_trusted(table: ExecutionTable, candidate: str) -> bool:
    return all(table.passes(candidate, name) for name in table.names(trusted=True))


def _terms(
    table: ExecutionTable, groups: list[tuple[str, ...]], right: tuple[str, ...], prior: Prior
) -> dict[str, float]:
    """Tempered log-likelihood of the table if `right` is the group of right programs."""
    wrong = [group for group in groups if group != right]
    wrong_sizes = [len(group) for group in wrong]
    trusted, generated = table.names(trusted=True), table.names(trusted=False)
    agreement = _beta_binomial(len(right), sum(wrong_sizes), prior.coder) + _scatter(wrong_sizes, prior.scatter)
    if not right:
        tests = _pair_term(table, wrong, generated, prior.unsolved) + _pair_term(table, wrong, trusted, prior.p_01)
        return {AGREEMENT: prior.temper * agreement, TESTS: prior.temper * tests}
    valid = [name for name in generated if table.passes(right[0], name)]
    invalid = [name for name in generated if not table.passes(right[0], name)]
    tests = (
        _beta_binomial(len(valid), len(invalid), prior.tester)
        + _pair_term(table, wrong, trusted + valid, prior.p_01)
        + _pair_term(table, wrong, invalid, prior.p_00)
    )
    return {AGREEMENT: prior.temper * agreement, TESTS: prior.temper * tests}


def _pair_term(
    table: ExecutionTable, groups: list[tuple[str, ...]], tests: list[str], rate: tuple[float, float]
) -> float:
    """Beta-binomial term of passes and fails over (group, test) pairs; a group counts once, however large."""
    passed = failed = 0
    for group in groups:
        for name in tests:
            if table.known(group[0], name):
                passed, failed = passed + table.passes(group[0], name), failed + (not table.passes(group[0], name))
    return _beta_binomial(passed, failed, rate)


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
