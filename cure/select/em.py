"""Expectation maximisation: estimates together which programs are right and how each test treats right and wrong ones.

Source: Dawid and Skene, "Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm" (Applied
Statistics 28, 1979), with two classes of programs and tests as observers. Test j passes a right program with
probability a_j and a wrong one with b_j, which are estimated separately ("asymmetric"). The Beta priors below keep
estimates from small tables away from 0 and 1, and say which class is the right one: right programs pass more.

Programs that pass the same tests are one observation: samples of one model are not independent, and copies of the best
program, counted one by one, could make that program look wrong. The number of copies breaks ties. A program that passes
fewer trusted tests than another is taken to be wrong. Executions that did not happen or on which the sandbox failed
are left out.
"""

from __future__ import annotations

import numpy as np

from cure.select.passes import Floats, Ints, Passes, rank_by
from cure.select.ranking import Ranking
from cure.table import AnyTable

SCORE_NAMES = ("log-odds of being right", "programs that pass the same tests")

ROUNDS = 15
RIGHT = (2.0, 1.0)
"""Beta prior of a_j, the rate at which right programs pass the test."""
WRONG = (1.0, 2.0)
"""Beta prior of b_j, the rate at which wrong programs pass the test."""
SHARE = (1.0, 1.0)
"""Beta prior of the share of right programs."""


def em_scores(passes: Passes) -> tuple[Floats, Ints]:
    """(..., programs): log-odds that the program is right, and number of programs that pass the same tests."""
    seen = passes.known.astype(np.float64)
    passed = passes.passed * seen
    failed = seen - passed
    count = passes.trusted.sum(axis=-1)
    possible = count == count.max(axis=-1, keepdims=True)
    copies = np.asarray(passes.same_passes.sum(axis=-1))
    sets = (1.0 / copies).sum(axis=-1)
    ones = np.maximum(seen.sum(axis=-1), 1.0)
    right = np.where(possible, 0.1 + 0.8 * passed.sum(axis=-1) / ones, 0.0)
    odds = np.zeros(right.shape)
    for _ in range(ROUNDS):
        a = _rate(passed, failed, right / copies, RIGHT)
        b = _rate(passed, failed, (1.0 - right) / copies, WRONG)
        share = ((right / copies).sum(axis=-1) + SHARE[0]) / (sets + sum(SHARE))
        odds = _times(passed, np.log(a / b)) + _times(failed, np.log((1 - a) / (1 - b)))
        odds = odds + np.log(share / (1 - share))[..., None]
        right = np.where(possible, 1.0 / (1.0 + np.exp(-np.clip(odds, -50, 50))), 0.0)
    return odds, copies


def rank_by_em(table: AnyTable) -> Ranking:
    """Ranking by trusted tests passed, log-odds of being right, and number of programs that pass the same tests; the
    earliest candidate wins ties.
    """
    return rank_by("em", SCORE_NAMES, em_scores, table)


def _rate(passed: Floats, failed: Floats, weights: Floats, prior: tuple[float, float]) -> Floats:
    """(..., tests): the weighted share of programs that pass, with the prior's counts added."""
    passing, failing = ((weights[..., None, :] @ cells)[..., 0, :] for cells in (passed, failed))
    return np.asarray((passing + prior[0]) / (passing + failing + sum(prior)))


def _times(cells: Floats, of_tests: Floats) -> Floats:
    return np.asarray((cells @ of_tests[..., None])[..., 0])
