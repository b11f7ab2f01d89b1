"""Selectors: which candidate to hand over, read from an execution table.

A selector is a function from a table to a `Ranking`. `outvoted` is the default; `max-pass` is the rule of the
released CURE code. A new selector is a small file here and a line in `SELECTORS`.
"""

from collections.abc import Callable

from cure.errors import unknown_name
from cure.select.aces import rank_by_aces
from cure.select.agreement import rank_by_agreement
from cure.select.answer import answer_of, verified, viable
from cure.select.b4 import rank_by_b4
from cure.select.coderm import rank_by_coderm
from cure.select.codet import rank_by_codet
from cure.select.confidence import confidence
from cure.select.em import rank_by_em
from cure.select.hypotheses import Confidence, Hypothesis
from cure.select.learned import rank_by_learned
from cure.select.max_pass import rank_by_max_pass
from cure.select.mbr import rank_by_mbr
from cure.select.outvoted import rank_by_outvoted
from cure.select.posterior import posterior
from cure.select.prior import Prior
from cure.select.ranking import Ranked, Ranking
from cure.select.validity import believed_failures, validity_if_wrong, validity_of_tests
from cure.table import AnyTable

Selector = Callable[[AnyTable], Ranking]

SELECTORS: dict[str, Selector] = {
    "outvoted": rank_by_outvoted,
    "agreement": rank_by_agreement,
    "max-pass": rank_by_max_pass,
    "aces": rank_by_aces,
    "b4": rank_by_b4,
    "coderm": rank_by_coderm,
    "codet": rank_by_codet,
    "em": rank_by_em,
    "learned": rank_by_learned,
    "mbr": rank_by_mbr,
}


ConfidenceRule = Callable[[AnyTable], Confidence]

CONFIDENCES: dict[str, ConfidenceRule] = {"logit": confidence, "posterior": posterior}
"""Rules for the probability that a candidate is right, by name: the fitted logit, and the Bayesian model behind the
probabilities of runs recorded before the logit."""


def selector(name: str) -> Selector:
    """The selector of that name. Raises ProblemError, naming the nearest name, when there is none."""
    if found := SELECTORS.get(name):
        return found
    raise unknown_name("selector", name, SELECTORS)


__all__ = [
    "CONFIDENCES",
    "SELECTORS",
    "Confidence",
    "ConfidenceRule",
    "Hypothesis",
    "Prior",
    "Ranked",
    "Ranking",
    "Selector",
    "answer_of",
    "believed_failures",
    "confidence",
    "posterior",
    "rank_by_agreement",
    "rank_by_max_pass",
    "rank_by_outvoted",
    "selector",
    "validity_if_wrong",
    "validity_of_tests",
    "verified",
    "viable",
]
