"""How likely each test is right, and which failures are worth believing."""

from __future__ import annotations

from collections.abc import Sequence

from cure.select.confidence import Confidence, Hypothesis
from cure.select.prior import Prior
from cure.table import AnyTable

BELIEVABLE = 0.5
"""A generated test is believed when it is at least as likely right as wrong."""
DOUBTFUL = 0.75
"""Below this probability a program is worth repairing; above it, more evidence is worth more."""


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

    Repairs are judged by this: a repair is useful only if the candidate is wrong, and if the candidate is right, the
    tests it fails are wrong.
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


def believed_failures(table: AnyTable, candidate: str, posterior: Confidence) -> list[str]:
    """Names of the tests the candidate fails that are worth repairing towards: trusted first, then by probability.

    A generated test counts if the candidate is doubtful and the test would more likely be right than not were it wrong.
    """
    doubtful = posterior.of(candidate) < DOUBTFUL
    validity = validity_if_wrong(table, posterior, candidate)
    failing = [
        name
        for name in table.independent
        if table.known(candidate, name)
        and not table.passes(candidate, name)
        and (table.tests[name].trusted or (doubtful and validity[name] >= BELIEVABLE))
    ]
    return sorted(failing, key=lambda name: (not table.tests[name].trusted, -validity[name]))
