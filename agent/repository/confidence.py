"""The probability that a patch is right, given the table of patches and checks.

Existing tests say which patches are possible: one that breaks any of them has probability 0. Possible patches that
behave alike are one alternative c with features x_c; one more alternative says that no patch is right, with features z
of the whole table. The probabilities are those of a conditional logit, as in `cure.select.confidence`, with weights of
their own: a generated test that the unchanged code fails and a patch passes says more than a generated test that any
program may pass. The weights, `confidence.json`, are fitted by `benchmarks.repository_confidence`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import log, log1p

from agent.repository.cells import fixed_tests
from cure.select import Confidence
from cure.select.hypotheses import AGREEMENT, BASE, TESTS, normalised
from cure.table import AnyTable, ExecutionTable, clusters

FEATURES = {
    "log of the share of possible patches that behave alike": AGREEMENT,
    "share of generated tests passed": TESTS,
    "log of 1 + number of generated tests passed": TESTS,
    "whether none of these tests is passed": TESTS,
}
"""Features of a behaviour, and the kind of evidence of each. Existing tests that the unchanged code fails and some
possible patch passes count as generated tests do.
"""
NONE_FEATURES = {
    "1": BASE,
    "share of patches that are possible": BASE,
    "log of 1 + number of generated tests": TESTS,
    "share of generated tests that no possible patch passes": TESTS,
    "largest share of possible patches that behave alike": AGREEMENT,
}
"""Features of the alternative that no patch is right, and the kind of evidence of each."""


@dataclass(frozen=True)
class PatchWeights:
    """The weights of the logit, by name of the feature."""

    of_behaviour: Mapping[str, float]
    of_none: Mapping[str, float]


@dataclass(frozen=True)
class PatchFeatures:
    """What the weights are multiplied with."""

    behaviours: Sequence[tuple[str, ...]]
    """Names of the possible patches that behave alike."""
    of_behaviour: Sequence[Sequence[float]]
    """(behaviours, features): values of FEATURES."""
    of_none: Sequence[float]
    """(features,): values of NONE_FEATURES."""
    untested: Sequence[tuple[str, ...]]
    """The behaviours that pass no test which the unchanged code fails."""


def patch_confidence(table: AnyTable, weights: PatchWeights | None = None) -> Confidence:
    """The probability of every hypothesis about a table without the unchanged code and without vacuous tests.

    Patches that break existing tests are in no hypothesis. Those that pass no test which the unchanged code fails are
    `untested`.
    """
    weights = weights or shipped_patch_weights()
    found = patch_features(table)
    weighed = [
        (behaviour, _terms(FEATURES, weights.of_behaviour, values))
        for behaviour, values in zip(found.behaviours, found.of_behaviour, strict=True)
    ]
    none = ((), _terms(NONE_FEATURES, weights.of_none, found.of_none))
    return normalised([*weighed, none], [name for group in found.untested for name in group])


def patch_features(table: AnyTable) -> PatchFeatures:
    """The features of a table without the unchanged code and without vacuous tests."""
    trusted, generated = table.names(trusted=True), table.names(trusted=False)
    possible = [name for name in table.candidates if all(table.passes(name, test) for test in trusted)]
    part = ExecutionTable({name: table.candidates[name] for name in possible}, table.tests, table.cells)
    behaviours = [tuple(group) for group in clusters(part)]
    passed = [[test for test in generated if part.passes(group[0], test)] for group in behaviours]
    fixed = [{name for test in trusted for name in fixed_tests(part.cells[group[0], test])} for group in behaviours]
    reached = {*(test for passes in passed for test in passes), *(name for names in fixed for name in names)}
    counts = [len(passes) + len(names) for passes, names in zip(passed, fixed, strict=True)]
    tests = len(generated) + len(set().union(*fixed))
    rows = [
        (
            log(len(group) / (len(possible) + 1)),
            count / tests if tests else 0.0,
            log1p(count),
            float(not count),
        )
        for group, count in zip(behaviours, counts, strict=True)
    ]
    none = (
        1.0,
        len(possible) / max(len(table.candidates), 1),
        log1p(tests),
        1 - len(reached) / tests if tests else 0.0,
        max(map(len, behaviours), default=0) / max(len(possible), 1),
    )
    return PatchFeatures(
        behaviours, rows, none, [group for group, count in zip(behaviours, counts, strict=True) if not count]
    )


@cache
def shipped_patch_weights() -> PatchWeights:
    """The weights that come with the project."""
    text = files("agent.repository").joinpath("confidence.json").read_text(encoding="utf-8")
    return PatchWeights(**json.loads(text))


def _terms(kinds: Mapping[str, str], weights: Mapping[str, float], values: Sequence[float]) -> dict[str, float]:
    """The sum of the weighted features of each kind of evidence."""
    terms = dict.fromkeys((AGREEMENT, TESTS, BASE), 0.0)
    for (name, kind), value in zip(kinds.items(), values, strict=True):
        terms[kind] += weights[name] * value
    return terms
