"""The probability that each test is right, and the failed tests that are credible enough to base a repair on."""

from __future__ import annotations

from collections.abc import Sequence

from cure.select.hypotheses import Confidence, Hypothesis
from cure.select.prior import Prior
from cure.table import AnyTable

BELIEVABLE = 0.5
"""Minimum probability of being right at which a generated test is believed."""
DOUBTFUL = 0.75
"""A program that is less probably right than this is repaired if it fails a believed generated test; for any other
program, more samples are preferred to such a repair."""


def validity_of_tests(table: AnyTable, probabilities: Confidence, prior: Prior = Prior()) -> dict[str, float]:
    """Per test, the probability in 0..1 that its expected output is right; 1 for trusted tests. Columns that do not
    judge are left out.

    The probability is summed over the hypotheses whose right program passes the test. The hypothesis that no program is
    right counts with its probability times the prior probability that a generated test is right.
    """
    return _validity(table, probabilities.hypotheses, prior)


def validity_if_wrong(
    table: AnyTable, probabilities: Confidence, candidate: str, prior: Prior = Prior()
) -> dict[str, float]:
    """Per test, the probability that its expected output is right, given that this candidate is wrong.

    Repairs use this probability: a repair is useful only if the candidate is wrong; if the candidate is right, the
    tests that it fails are wrong.
    """
    return _validity(table, [h for h in probabilities.hypotheses if candidate not in h.cluster], prior)


def _validity(table: AnyTable, hypotheses: Sequence[Hypothesis], prior: Prior) -> dict[str, float]:
    total = sum(h.probability for h in hypotheses)
    if total == 0:
        return {name: float(test.trusted) for name, test in table.tests.items() if test.judges}
    tester_mean = prior.tester[0] / sum(prior.tester)
    validity: dict[str, float] = {}
    for name, test in table.tests.items():
        if not test.judges:
            continue
        right = sum(
            h.probability * (table.passes(h.cluster[0], name) if h.cluster else tester_mean) for h in hypotheses
        )
        validity[name] = 1.0 if test.trusted else right / total
    return validity


def believed_failures(table: AnyTable, candidate: str, probabilities: Confidence) -> list[str]:
    """Names of the tests the candidate fails that are worth repairing towards: trusted tests first, then generated
    tests by the probability that they are right.

    Generated tests that repeat a trusted test's input are left out. Any other generated test counts if the candidate is
    doubtful and if the test, given that the candidate is wrong, is at least as likely right as wrong.
    """
    doubtful = probabilities.of(candidate) < DOUBTFUL
    validity = validity_if_wrong(table, probabilities, candidate)
    failing = [
        name
        for name in table.independent
        if table.known(candidate, name)
        and not table.passes(candidate, name)
        and (table.tests[name].trusted or (doubtful and validity[name] >= BELIEVABLE))
    ]
    return sorted(failing, key=lambda name: (not table.tests[name].trusted, -validity[name]))
