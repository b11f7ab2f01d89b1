"""The probability that a patch is right, given the table of patches and checks.

Existing tests say which patches are possible: one that breaks any of them has probability 0. They say little else,
since the unchanged code passes them, too. So the probabilities come from the generated tests that the unchanged code
fails, by the generative model of `cure.select.posterior`; a patch that passes none of these tests has its odds lowered
by a constant factor.
"""

from __future__ import annotations

from math import log

from cure.select import Confidence, Prior
from cure.select.hypotheses import BASE, normalised
from cure.select.posterior import posterior
from cure.table import AnyTable, ExecutionTable

PRIOR = Prior()
UNTESTED = 0.25
"""Factor on the odds of patches that pass no generated test."""


def patch_confidence(table: AnyTable) -> Confidence:
    """The probability of every hypothesis about a table without the unchanged code and without vacuous tests.

    Patches that break existing tests are in no hypothesis.
    """
    trusted, generated = table.names(trusted=True), table.names(trusted=False)
    possible = {
        name: row for name, row in table.candidates.items() if all(table.passes(name, test) for test in trusted)
    }
    tests = {name: table.tests[name] for name in generated}
    cells = {place: cell for place, cell in table.cells.items() if place[0] in possible and place[1] in tests}
    part = ExecutionTable(possible, tests, cells)
    stated = posterior(part, PRIOR)
    weighed = []
    for hypothesis in stated.hypotheses:
        terms = dict(hypothesis.terms)
        if hypothesis.cluster and not any(part.passes(hypothesis.cluster[0], test) for test in tests):
            terms[BASE] = terms.get(BASE, 0.0) + log(UNTESTED)
        weighed.append((hypothesis.cluster, terms))
    return normalised(weighed)
