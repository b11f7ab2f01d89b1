"""Confidence: the probability that a candidate is right, given the execution table and nothing else.

Candidates that behave alike, also on new inputs (those without a known output), are one alternative c with a few
features x_c; one more alternative says that no candidate is right, with features z of the whole table. The
probabilities are those of a conditional logit with weights w and v:

    P(c) = exp(w x_c) / (sum over behaviours of exp(w x) + exp(v z))

(McFadden, "Conditional logit analysis of qualitative choice behavior", 1974). Most features are shares, so the
probabilities stay bounded however large the table is: samples of one model share their mistakes, and many of them that
agree may all be wrong. One set of weights, `confidence.json`, serves tables of every size. The weights are fitted on
real tables of several coders, whose truth is known, and measured on coders and problems they were not fitted on
(`benchmarks/confidence_calibration.py`).

A candidate that fails a trusted test has probability 0, since trusted tests are right; its behaviour is left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from cure.select.hypotheses import AGREEMENT, BASE, INPUTS, TESTS, Confidence, normalised
from cure.select.passes import Booleans, Floats, Ints, Passes, agreement_of, passes_of
from cure.table import AnyTable, ExecutionTable

FEATURES = {
    "log of the share of programs that behave alike": AGREEMENT,
    "agreement of outputs on inputs of tests": AGREEMENT,
    "share of generated tests passed": TESTS,
    "share of tests' inputs on which the program did not end `ok`": TESTS,
    "agreement of outputs on new inputs": INPUTS,
    "share of new inputs on which the program did not end `ok`": INPUTS,
}
"""Meaning of the weights w, and the kind of evidence of each."""
NONE_FEATURES = {
    "1": BASE,
    "whether there are trusted tests": BASE,
    "share of trusted tests passed, mean over programs": BASE,
    "largest share of programs that behave alike": AGREEMENT,
    "whether there are new inputs": INPUTS,
}
"""Meaning of the weights v, and the kind of evidence of each."""


@dataclass(frozen=True)
class ConfidenceWeights:
    """The weights of the logit."""

    of_behaviour: Floats
    """(features,): w."""
    of_none: Floats
    """(features of "none is right",): v."""


def confidence(table: AnyTable, weights: ConfidenceWeights | None = None) -> Confidence:
    """The probability of every hypothesis about the table; with no candidates, "none is right" has probability 1.

    Candidates without a known result on a test of `table.independent` are left out, unless no candidate has one.
    """
    weights = weights or shipped_weights()
    independent = set(table.independent)
    judged = {row for (row, name), cell in table.cells.items() if name in independent and cell.known}
    names = [name for name in table.candidates if not judged or name in judged]
    if not names:
        return normalised([((), {})])
    passes = passes_of(ExecutionTable({name: table.candidates[name] for name in names}, table.tests, table.cells))
    behaviours, none = features(passes) * weights.of_behaviour, none_features(passes) * weights.of_none
    possible, same = possibly_right(passes), passes.same_behaviour
    weighed = [
        (tuple(names[other] for other in np.flatnonzero(same[row])), _terms(FEATURES, behaviours[row]))
        for row in np.flatnonzero(possible)
        if same[row].argmax() == row
    ]
    return normalised([*weighed, ((), _terms(NONE_FEATURES, none))])


def probabilities(passes: Passes, weights: ConfidenceWeights) -> tuple[Floats, Floats]:
    """(..., programs) probabilities of the programs, and (...) the probability that none is right.

    The probabilities of different behaviours and of "none is right" add up to 1.
    """
    utility, none = features(passes) @ weights.of_behaviour, none_features(passes) @ weights.of_none
    possible, copies = possibly_right(passes), passes.same_behaviour.sum(axis=-1)
    top = np.maximum(np.where(possible, utility, -np.inf).max(axis=-1), none)
    odds = np.where(possible, np.exp(np.minimum(utility - top[..., None], 0.0)), 0.0)
    total = (odds / copies).sum(axis=-1) + np.exp(none - top)
    return np.asarray(odds / total[..., None]), np.asarray(np.exp(none - top) / total)


def possibly_right(passes: Passes) -> Booleans:
    """(..., programs): whether the program passes every trusted test."""
    return np.asarray(passes.trusted.all(axis=-1))


def features(passes: Passes) -> Floats:
    """(..., programs, features): what `FEATURES` names, for the behaviour of each program."""
    tested, new = _split(passes)
    copies, programs = passes.same_behaviour.sum(axis=-1), passes.passed.shape[-2]
    passed = passes.passed.sum(axis=-1) / np.maximum(passes.tests, 1)
    # One is added to the number of programs, so that a single program does not count as agreed on by all.
    alike = np.log(copies / (programs + 1))
    columns = (alike, agreement_of(tested), passed, _failed(tested), agreement_of(new), _failed(new))
    return np.stack(columns, axis=-1)


def none_features(passes: Passes) -> Floats:
    """(..., features): what `NONE_FEATURES` names."""
    _, new = _split(passes)
    largest = passes.same_behaviour.sum(axis=-1).max(axis=-1) / passes.passed.shape[-2]
    one, examples = np.ones(largest.shape), passes.trusted.shape[-1]
    trusted = passes.trusted.mean(axis=(-2, -1)) if examples else np.zeros(largest.shape)
    explored = (new >= 0).any(axis=(-2, -1))
    return np.stack((one, one * (examples > 0), trusted, largest, explored), axis=-1)


@cache
def shipped_weights() -> ConfidenceWeights:
    """The weights that come with the project."""
    return weights_of(json.loads(files("cure.select").joinpath("confidence.json").read_text(encoding="utf-8")))


def weights_of(record: Mapping[str, Mapping[str, float]]) -> ConfidenceWeights:
    """The weights in a record of `confidence.json`: `of_behaviour` and `of_none`, each by name of the feature."""
    return ConfidenceWeights(
        np.array([record["of_behaviour"][name] for name in FEATURES]),
        np.array([record["of_none"][name] for name in NONE_FEATURES]),
    )


def _split(passes: Passes) -> tuple[Ints, Ints]:
    """`outputs` of the table, divided into those on inputs of tests and those on inputs without a known output."""
    judged = passes.outputs.shape[-1] - passes.unjudged
    return passes.outputs[..., :judged], passes.outputs[..., judged:]


def _failed(outputs: Ints) -> Floats:
    """(..., programs): of the inputs on which some program ended `ok`, the share on which this program did not."""
    ended = outputs >= 0
    some = np.asarray(ended.any(axis=-2))
    return np.asarray((some[..., None, :] & ~ended).sum(axis=-1) / np.maximum(some.sum(axis=-1), 1)[..., None])


def _terms(kinds: Mapping[str, str], parts: Floats) -> dict[str, float]:
    """The sum of the weighted features of each kind of evidence."""
    terms = dict.fromkeys((AGREEMENT, TESTS, INPUTS, BASE), 0.0)
    for kind, part in zip(kinds.values(), parts.tolist(), strict=True):
        terms[kind] += part
    return terms
