"""Fits the weights of the selector `learned` on stored tables of real models, and measures how accurate they are.

Weights are fitted for each number of programs and of tests by maximum likelihood, with a ridge penalty towards weights
fitted on all sizes together; every problem counts once, however many parts of its table are drawn. Weights are measured
on other problems: the tables are split five ways by problem (`benchmarks.tables.stored.fold`), and for each part
weights are fitted on the other four; with `--by coder`, on tables of other coders only. `--by none` fits nothing, and
measures the weights that come with the project; it is meant for tables of coders on which those weights were not
fitted.

    python -m benchmarks.fit_learned TABLES.jsonl.gz ... --write cure/select/learned.json
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.tables.stored import fold, models_of, read
from cure.metrics.best_of_n import Sampling
from cure.metrics.judged import Judged, judge
from cure.metrics.selectors import draws_of, passes_of_draws
from cure.select.learned import (
    FEATURES,
    NONE_FEATURES,
    Weights,
    features,
    none_features,
    possibly_right,
    probabilities,
    shipped_weights,
    weights_of,
)
from cure.select.passes import Booleans, Floats, Passes
from evaluator.run.verdicts import verdicts_of

SIZES = (2, 4, 8, 16)
DRAWS = 4
RIDGE = 2.0
TOWARDS_ALL = 5.0
"""RIDGE penalises the weights fitted on all sizes; TOWARDS_ALL the difference of one size's weights from those."""
BINS = 10


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """The judged programs and tests of one problem, with the names of the coder and of the problem."""

    coder: str
    problem: str
    judged: Judged


@dataclass(frozen=True, kw_only=True)
class Example:
    """Parts of the table of one problem, as arrays with the parts first."""

    labelled: Labelled
    passes: Passes
    right: Booleans
    """(parts, programs)"""


Drawn = Mapping[tuple[int, int, bool], Sequence[Example]]
"""Examples by the number of programs and of tests, and by whether public examples are known."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Arrays for the likelihood of the conditional logit (`cure/select/learned.py`), over many parts of tables."""

    x: Floats
    """(parts, programs, features)"""
    z: Floats
    """(parts, features of "none is right")"""
    share: Floats
    """(parts, programs): 1 over the number of programs that behave alike; 0 where a trusted test is failed."""
    right: Floats
    """(parts, programs): `share` of the right programs."""
    weight: Floats
    """(parts,): 1 over the number of parts drawn from the problem's table."""


def labelled_tables(paths: Sequence[Path]) -> list[Labelled]:
    """The problems of the files that have a hidden test and at least two judged programs."""
    found = []
    for path in paths:
        for table in read(path):
            judged = judge(verdicts_of(table.without_lost_cells()))
            if judged.programs > 1:
                found.append(Labelled(coder=models_of(path)[0], problem=table.name, judged=judged))
    return found


def examples(tables: Sequence[Labelled], n: int, m: int, *, public: bool, seed: int = 0) -> list[Example]:
    """Random parts of n programs and m tests of every problem, with or without its public examples."""
    found = []
    for labelled in tables:
        sampling = Sampling(orders=DRAWS, public_first=public, seed=seed)
        draws = draws_of(labelled.judged, labelled.problem, [n], [m], sampling)
        size = min(n, draws.programs.shape[1])
        right = labelled.judged.right[draws.programs[:, :size]]
        found.append(Example(labelled=labelled, passes=passes_of_draws(draws, n, m), right=right))
    return found


def batch(of: Sequence[Example], programs: int) -> Batch:
    """The examples as one batch, each padded to `programs` programs."""

    def padded(rows: Floats) -> Floats:
        missing = programs - rows.shape[1]
        return np.pad(rows, [(0, 0), (0, missing), *[(0, 0)] * (rows.ndim - 2)])

    shares = [possibly_right(one.passes) / one.passes.same_behaviour.sum(axis=-1) for one in of]
    return Batch(
        x=np.concatenate([padded(features(one.passes)) for one in of]),
        z=np.concatenate([none_features(one.passes) for one in of]),
        share=np.concatenate([padded(share) for share in shares]),
        right=np.concatenate([padded(share * one.right) for share, one in zip(shares, of, strict=True)]),
        weight=np.concatenate([np.full(len(one.right), 1.0 / len(one.right)) for one in of]),
    )


def loss(batch: Batch, weights: Floats, towards: Floats, ridge: float) -> tuple[float, Floats]:
    """The penalised negative log-likelihood and its gradient; `weights` are w, then v, of `cure/select/learned.py`."""
    width = batch.x.shape[-1]
    utility, none = batch.x @ weights[:width], batch.z @ weights[width:]
    top = np.maximum(utility.max(axis=1), none)
    odds, none_odds = np.exp(utility - top[:, None]), np.exp(none - top)
    total = (odds * batch.share).sum(axis=1) + none_odds
    solved = batch.right.sum(axis=1) > 0
    hit = np.where(solved, (odds * batch.right).sum(axis=1), none_odds)
    value = (batch.weight * (np.log(total) - np.log(hit))).sum()
    by_program = odds * batch.share / total[:, None] - np.where(solved[:, None], odds * batch.right / hit[:, None], 0.0)
    by_none = none_odds / total - ~solved
    gradient = np.concatenate(
        [
            np.einsum("p,pi,pif->f", batch.weight, by_program, batch.x, optimize=True),
            (batch.weight * by_none) @ batch.z,
        ]
    )
    off = weights - towards
    return float(value + ridge / 2 * off @ off), gradient + ridge * off


def minimum(function: Callable[[Floats], tuple[float, Floats]], start: Floats, steps: int = 60) -> Floats:
    """The point of a minimum of a function that returns value and gradient; by BFGS with backtracking line search."""
    at, inverse = start.copy(), np.eye(len(start))
    value, slope = function(at)
    for _ in range(steps):
        direction = -inverse @ slope
        if slope @ direction >= 0:
            direction, inverse = -slope, np.eye(len(start))
        step = 1.0
        while step > 1e-8 and function(at + step * direction)[0] > value + 1e-4 * step * (slope @ direction):
            step /= 2
        moved = at + step * direction
        new_value, new_slope = function(moved)
        change, turn = moved - at, new_slope - slope
        at, value, slope = moved, new_value, new_slope
        if np.abs(change).max() < 1e-5:
            break
        if (product := change @ turn) > 1e-12:
            shift = np.eye(len(start)) - np.outer(change, turn) / product
            inverse = shift @ inverse @ shift.T + np.outer(change, change) / product
    return at


def fit(of: Drawn, kept: Callable[[Labelled], bool] = lambda _: True) -> dict[str, Any]:
    """The content of `learned.json`, fitted on the examples of those tables for which `kept` is true."""
    batches = {
        (n, m): batch([one for public in (True, False) for one in of[n, m, public] if kept(one.labelled)], n)
        for n in SIZES
        for m in SIZES
    }
    zero = np.zeros(len(FEATURES) + len(NONE_FEATURES))

    def all_sizes(weights: Floats) -> tuple[float, Floats]:
        parts = [loss(one, weights, zero, 0.0) for one in batches.values()]
        value = sum(value for value, _ in parts) / len(parts) + RIDGE / 2 * weights @ weights
        return float(value), sum((slope for _, slope in parts), zero) / len(parts) + RIDGE * weights

    common = minimum(all_sizes, zero)
    buckets = []
    for (n, m), one in batches.items():
        weights = minimum(partial(loss, one, towards=common, ridge=TOWARDS_ALL), common)
        w, v = (np.round(part, 4).tolist() for part in np.split(weights, [len(FEATURES)]))
        buckets.append({"programs": n, "tests": m, "w": w, "v": v})
    return {"features": list(FEATURES), "none_features": list(NONE_FEATURES), "buckets": buckets}


Stated = list[tuple[float, float, float]]
"""For each part: the stated probability that the chosen program is right, its truth (ties averaged), and its weight."""


def stated(weights: Weights, of: Sequence[Example]) -> Stated:
    """What the weights say of the most probable program of each example."""
    found: Stated = []
    for one in of:
        of_programs, _, _ = probabilities(one.passes, weights)
        best = of_programs.max(axis=1)
        chosen = of_programs >= best[:, None] - 1e-9
        truth = (chosen & one.right).sum(axis=1) / chosen.sum(axis=1)
        found += [(float(p), float(t), 1.0 / len(best)) for p, t in zip(best, truth, strict=True)]
    return found


def calibration_error(pairs: Stated) -> float:
    """Mean distance between stated probability and share of right answers over ten equal bins, weighted by size."""
    p, truth, weight = (np.array(column) for column in zip(*pairs, strict=True))
    bins = np.minimum((p * BINS).astype(int), BINS - 1)
    gaps = np.bincount(bins, weight * (p - truth), BINS)
    return float(np.abs(gaps).sum() / weight.sum())


def risk_coverage(pairs: Stated) -> float:
    """Area under the risk-coverage curve: the share of wrong answers among the surest ones, averaged over coverage."""
    ordered = sorted(pairs, key=lambda pair: -pair[0])
    weight = np.array([w for _, _, w in ordered])
    wrong = np.array([(1 - truth) * w for _, truth, w in ordered])
    return float((np.cumsum(wrong) / np.cumsum(weight) * weight).sum() / weight.sum())


def held_out(of: Drawn, by: str, folds: int = 5) -> list[tuple[Callable[[Labelled], bool], Weights]]:
    """Parts of the tables, each as a function that says whether a table is in the part, with the weights to measure.

    The weights are fitted on no problem of the part, nor on its coder if `by` is "coder"; for "none" there is one part,
    all tables, with the weights that come with the project.
    """
    if by == "none":
        return [(lambda _: True, shipped_weights())]
    tables = [one.labelled for one in of[SIZES[0], SIZES[0], True]]
    coders = sorted({table.coder for table in tables}) if by == "coder" else [None]
    parts: list[tuple[Callable[[Labelled], bool], Weights]] = []
    for coder in coders:
        for number in range(folds):

            def inside(table: Labelled, coder: str | None = coder, number: int = number) -> bool:
                return fold(table.problem, folds) == number and coder in (None, table.coder)

            def other(table: Labelled, coder: str | None = coder, number: int = number) -> bool:
                return fold(table.problem, folds) != number and (coder is None or table.coder != coder)

            if any(map(inside, tables)) and any(map(other, tables)):
                parts.append((inside, weights_of(fit(of, other))))
    return parts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", type=Path, nargs="+")
    parser.add_argument("--by", choices=["problem", "coder", "none"], default="problem")
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    tables = labelled_tables(options.tables)
    of = {
        (n, m, public): examples(tables, n, m, public=public) for n in SIZES for m in SIZES for public in (True, False)
    }
    if options.write:
        options.write.write_text(json.dumps(fit(of), indent=1) + "\n")
    parts = held_out(of, options.by)
    print(f"{len(tables)} tables of {', '.join(sorted({table.coder for table in tables}))}; held out by {options.by}")
    print("public examples   n x m   stated   right     ECE   right from 0.9 up (share)   area under risk-coverage")
    for public in (True, False):
        for size in SIZES:
            drawn = of[size, size, public]
            pairs = [pair for inside, w in parts for pair in stated(w, [one for one in drawn if inside(one.labelled)])]
            p, truth, weight = (np.array(column) for column in zip(*pairs, strict=True))
            sure = p >= 0.9
            right = f"{np.average(truth[sure], weights=weight[sure]):.3f}" if sure.any() else "    -"
            print(
                f"{'yes' if public else 'no':<15} {size:>2} x {size:<2}   {np.average(p, weights=weight):6.3f}  "
                f"{np.average(truth, weights=weight):6.3f}  {calibration_error(pairs):6.3f}   {right} "
                f"({weight[sure].sum() / weight.sum():.2f})                {risk_coverage(pairs):.3f}"
            )


if __name__ == "__main__":
    main()
