"""Selects by the probability of being right: a conditional logit over behaviours and "no program is right".

Programs of equal behaviour are one alternative c, with a few features x_c; one more alternative says that no program is
right, with features z of the whole table. Weights are fitted on real tables whose truth is known:

    P(c) = exp(w x_c) / (sum over behaviours of exp(w x) + exp(v z))

(McFadden, "Conditional logit analysis of qualitative choice behavior", 1974). `learned.json` has the weights w and v
for some numbers of programs and of tests; those of the numbers nearest in ratio are taken. Features describe the
behaviour, the table and the tests, not the model that wrote them. `benchmarks/fit_learned.py` fits the file.

A program that fails a trusted test has probability 0, since trusted tests are right; the sum leaves its behaviour out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from cure.select.aces import aces_scores
from cure.select.passes import Booleans, Floats, Ints, Passes, rank_by
from cure.select.ranking import Ranking
from cure.table import AnyTable

SCORE_NAMES = ("probability of being right", "utility")
FEATURES = (
    "log of the number of programs that behave alike",
    "share of tests passed",
    "agreement of outputs",
    "share of tests passed x largest share in the table",
    "agreement x largest share of tests passed in the table",
    "score by ACES-C / largest such score in the table",
    "share of inputs on which the program ended `ok`",
    "share of tests that no other behaviour passes",
)
"""Meaning of the weights w."""
NONE_FEATURES = (
    "1",
    "largest share of tests passed",
    "share of tests that no program passes",
    "largest share of programs that behave alike",
    "largest agreement of outputs",
    "whether there are trusted tests",
)
"""Meaning of the weights v."""


@dataclass(frozen=True)
class Weights:
    """The weights for some numbers of programs and of tests (buckets)."""

    sizes: Floats
    """(buckets, 2): log2 of the number of programs, and of tests."""
    of_behaviour: Floats
    """(buckets, features): w."""
    of_none: Floats
    """(buckets, features of "none is right"): v."""

    def nearest(self, programs: int, tests: Ints) -> tuple[Floats, Floats]:
        """w and v, each (..., features), of the bucket nearest to `programs` and to each number in `tests` (...)."""
        wanted = np.stack(np.broadcast_arrays(np.log2(max(programs, 1)), np.log2(np.maximum(tests, 1))), axis=-1)
        bucket = np.abs(wanted[..., None, :] - self.sizes).sum(axis=-1).argmin(axis=-1)
        return self.of_behaviour[bucket], self.of_none[bucket]


def learned_scores(passes: Passes, weights: Weights | None = None) -> tuple[Floats, Floats]:
    """(..., programs): probability of being right, and utility, by which programs of probability 0 are ordered."""
    of_programs, utility, _ = probabilities(passes, weights or shipped_weights())
    return of_programs, utility


def rank_by_learned(table: AnyTable) -> Ranking:
    """Ranking by trusted tests passed, then by the probability of being right; the earliest candidate wins ties."""
    return rank_by("learned", SCORE_NAMES, learned_scores, table)


def probabilities(passes: Passes, weights: Weights) -> tuple[Floats, Floats, Floats]:
    """(..., programs) probabilities and utilities of the programs, and (...) the probability that none is right.

    The probabilities of different behaviours and of "none is right" add up to 1.
    """
    of_behaviour, of_none = weights.nearest(passes.passed.shape[-2], passes.tests[..., 0])
    utility = np.asarray((features(passes) * of_behaviour[..., None, :]).sum(axis=-1))
    none = np.asarray((none_features(passes) * of_none).sum(axis=-1))
    possible, copies = possibly_right(passes), passes.same_behaviour.sum(axis=-1)
    top = np.maximum(np.where(possible, utility, -np.inf).max(axis=-1), none)
    odds = np.where(possible, np.exp(np.minimum(utility - top[..., None], 0.0)), 0.0)
    total = (odds / copies).sum(axis=-1) + np.exp(none - top)
    return np.asarray(odds / total[..., None]), utility, np.asarray(np.exp(none - top) / total)


def possibly_right(passes: Passes) -> Booleans:
    """(..., programs): whether the program passes every trusted test."""
    return np.asarray(passes.trusted.all(axis=-1))


def features(passes: Passes) -> Floats:
    """(..., programs, features): what `FEATURES` names, for the behaviour of each program."""
    copies, agreement, ended = passes.same_behaviour.sum(axis=-1), passes.agreement, passes.outputs >= 0
    tests = np.maximum(passes.tests, 1)
    share = passes.passed.sum(axis=-1) / tests
    best = share.max(axis=-1, keepdims=True)
    weighted, _ = aces_scores(passes)
    most = np.maximum(weighted.max(axis=-1, keepdims=True), 1e-12)
    inputs = np.maximum(ended.any(axis=-2).sum(axis=-1), 1)[..., None]
    others = passes.passed.sum(axis=-2)[..., None, :] - copies[..., None]
    alone = (passes.passed & (others == 0)).sum(axis=-1) / tests
    well = ended.sum(axis=-1) / inputs
    columns = (np.log(copies), share, agreement, share * best, agreement * best, weighted / most, well, alone)
    return np.stack(columns, axis=-1)


def none_features(passes: Passes) -> Floats:
    """(..., features): what `NONE_FEATURES` names."""
    programs, tests = passes.passed.shape[-2], np.maximum(passes.tests[..., 0], 1)
    largest = passes.passed.sum(axis=-1).max(axis=-1) / tests
    nobody = (passes.known.any(axis=-2) & ~passes.passed.any(axis=-2)).sum(axis=-1) / tests
    alike = passes.same_behaviour.sum(axis=-1).max(axis=-1) / programs
    agreement = passes.agreement.max(axis=-1)
    trusted = np.full(largest.shape, float(passes.trusted.shape[-1] > 0))
    return np.stack((np.ones(largest.shape), largest, nobody, alike, agreement, trusted), axis=-1)


@cache
def shipped_weights() -> Weights:
    """The weights that come with the project."""
    text = files("cure.select").joinpath("learned.json").read_text(encoding="utf-8")
    return weights_of(json.loads(text))


def weights_of(record: Mapping[str, list[dict[str, list[float] | int]]]) -> Weights:
    """The weights in a record of `learned.json`: a list `buckets`, each with `programs`, `tests`, `w` and `v`."""
    buckets = record["buckets"]
    sizes = [[np.log2(bucket["programs"]), np.log2(bucket["tests"])] for bucket in buckets]
    w, v = ([bucket[name] for bucket in buckets] for name in ("w", "v"))
    return Weights(np.array(sizes), np.array(w, dtype=np.float64), np.array(v, dtype=np.float64))
