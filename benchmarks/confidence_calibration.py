"""Calibration of the stated confidence on coders it was not fitted on: parts of stored tables of real models.

For every part of a table the default selector chooses a program from what the part has: public examples or none, some
generated tests, some new inputs. The stated probability that this program is right is compared with whether it passes
the hidden tests, and the stated probability that no program is right with whether any is. Every table is held out: the
weights used for it are fitted on tables of other problems of other coders (`--by coder`, the default) or of other
problems (`--by problem`). `--by none` measures the weights that come with the project. Choices that fail a public
example are left out: the solver never returns them. Ties and parts of a table are averaged; every problem of a coder
counts once.

Printed are the expected calibration error (ECE) over ten bins; in brackets, the ECE that true probabilities would have
on as many problems, by chance; the share of right answers where at least 0.9 is stated, with a 95 % bootstrap interval
over problems, and the share of such answers; the area under the risk-coverage curve; and the ECE of "none is right".

    python -m benchmarks.confidence_calibration [TABLES.jsonl.gz ...] [--write cure/select/confidence.json]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.confidence_draws import ALL, Drawn, Problem, draws, problems
from benchmarks.confidence_fit import Example, examples, fit, weights_record
from benchmarks.tables.stored import stored_files
from cure.select.confidence import ConfidenceWeights, possibly_right, probabilities, shipped_weights
from cure.select.outvoted import outvoted_scores
from cure.select.passes import Booleans, Floats, Ints, compared

SIZES = (2, 4, 8, 16)
INPUTS = (0, 4, ALL)
DRAWS = 4
BINS = 10
SURE = 0.9
FOLDS = 5
BOOTSTRAP = 2_000
BY_CHANCE = 50


@dataclass(frozen=True, kw_only=True)
class Answers:
    """The choices in all parts of tables, as arrays of equal length: what is stated about each, and the truth."""

    coder: NDArray[np.str_]
    key: Ints
    """Number that identifies the problem together with its coder."""
    size: Ints
    """(answers, 2): programs and tests asked for."""
    actual: Ints
    """(answers, 2): programs and tests there are."""
    public: Booleans
    """Whether the part has public examples."""
    inputs: Ints
    """New inputs asked for."""
    stated: Floats
    """Probability that the chosen program is right."""
    right: Floats
    """Whether the chosen program is right; a share where several programs are tied."""
    stated_none: Floats
    """Probability that no program is right."""
    none: Booleans
    """Whether no program is right."""
    coders_equal: bool = False
    """Whether all coders have equal weight; otherwise all problems of all coders have."""

    def where(self, mask: Booleans) -> Answers:
        """The answers for which the mask is true."""
        values = vars(self)
        return replace(self, **{name: value[mask] for name, value in values.items() if name != "coders_equal"})

    @property
    def weight(self) -> Floats:
        """The weight of each answer; answers to one problem of one coder share the weight of the problem."""
        weight = 1 / np.bincount(self.key)[self.key]
        if self.coders_equal:
            _, coder = np.unique(self.coder, return_inverse=True)
            weight = weight / np.bincount(coder, weight)[coder]
        return np.asarray(weight)


def chosen(part: Drawn) -> Booleans:
    """(parts, programs): the choices of `outvoted`, the default selector; several where they are tied."""
    best = np.ones_like(part.right)
    for score in compared(outvoted_scores, part.passes):
        best &= score == np.where(best, score, -np.inf).max(axis=1, keepdims=True)
    return best


def answers(parts: Sequence[Drawn], weights: Callable[[Problem], ConfidenceWeights]) -> Answers:
    """What the weights state about the choice in every part, except for choices that fail a public example."""
    columns: dict[str, list[NDArray[Any]]] = {}
    coders: list[str] = []
    numbers: dict[tuple[str, str], int] = {}
    for part in parts:
        of_programs, none = probabilities(part.passes, weights(part.problem))
        best = chosen(part)
        fit_to_hand_over = (best & possibly_right(part.passes)).any(axis=1)
        ties = best.sum(axis=1)
        count = int(fit_to_hand_over.sum())
        coders += [part.problem.coder] * count
        programs, tests = part.passes.passed.shape[1:]
        for name, value in {
            "key": np.full(count, numbers.setdefault(part.problem.key, len(numbers))),
            "size": np.tile(part.size, (count, 1)),
            "actual": np.tile((programs, tests), (count, 1)),
            "public": np.full(count, part.public),
            "inputs": np.full(count, part.inputs),
            "stated": ((of_programs * best).sum(axis=1) / ties)[fit_to_hand_over],
            "right": ((part.right & best).sum(axis=1) / ties)[fit_to_hand_over],
            "stated_none": none[fit_to_hand_over],
            "none": ~part.right.any(axis=1)[fit_to_hand_over],
        }.items():
            columns.setdefault(name, []).append(np.asarray(value))
    return Answers(coder=np.array(coders), **{name: np.concatenate(value) for name, value in columns.items()})


def calibration_error(stated: Floats, truth: Floats, weight: Floats) -> float:
    """Mean distance between stated probability and share of right answers over ten equal bins, weighted by size."""
    bins = np.minimum((stated * BINS).astype(np.int64), BINS - 1)
    return float(np.abs(np.bincount(bins, weight * (stated - truth), BINS)).sum() / weight.sum())


def error_by_chance(of: Answers) -> float:
    """The mean calibration error of true probabilities, if all answers to one problem were right or wrong together."""
    random = np.random.default_rng(0)
    level = random.random((BY_CHANCE, int(of.key.max()) + 1))
    errors = [calibration_error(of.stated, (row[of.key] < of.stated).astype(float), of.weight) for row in level]
    return float(np.mean(errors))


def risk_coverage(of: Answers) -> float:
    """Area under the risk-coverage curve: the share of wrong answers among the surest ones, averaged over coverage."""
    order = np.argsort(-of.stated, kind="stable")
    weight = of.weight[order]
    wrong = np.cumsum((1 - of.right[order]) * weight) / np.cumsum(weight)
    return float((wrong * weight).sum() / weight.sum())


def sure(of: Answers) -> tuple[float, float, float, float]:
    """Share of right answers where at least `SURE` is stated, its 95 % interval, and the share of such answers.

    The first three are nan if there is no such answer.
    """
    inside = of.stated >= SURE
    if not inside.any():
        return np.nan, np.nan, np.nan, 0.0
    keys, at = np.unique(of.key, return_inverse=True)
    weight = np.bincount(at, of.weight * inside)
    right = np.bincount(at, of.weight * inside * of.right)
    drawn = np.random.default_rng(0).multinomial(len(keys), np.full(len(keys), 1 / len(keys)), BOOTSTRAP)
    total = drawn @ weight
    low, high = np.quantile((drawn @ right)[total > 0] / total[total > 0], (0.025, 0.975))
    return float(right.sum() / weight.sum()), float(low), float(high), float(weight.sum() / of.weight.sum())


def bins(of: Answers) -> list[dict[str, float]]:
    """For each of ten bins: the share of the answers, the mean stated probability, and the share of right answers."""
    found = []
    at = np.minimum((of.stated * BINS).astype(np.int64), BINS - 1)
    for number in range(BINS):
        weight = of.weight * (at == number)
        if weight.sum():
            share = float(weight.sum() / of.weight.sum())
            stated, right = (float(np.average(column, weights=weight)) for column in (of.stated, of.right))
            found.append({"share": share, "stated": stated, "right": right})
    return found


def figures(of: Answers) -> dict[str, float]:
    """The figures that are printed, by name."""
    right, low, high, share = sure(of)
    weight = of.weight
    return {
        "problems": len(np.unique(of.key)),
        "stated": float(np.average(of.stated, weights=weight)),
        "right": float(np.average(of.right, weights=weight)),
        "ece": calibration_error(of.stated, of.right, weight),
        "ece_by_chance": error_by_chance(of),
        "sure_right": right,
        "sure_low": low,
        "sure_high": high,
        "sure_share": share,
        "area": risk_coverage(of),
        "none_ece": calibration_error(of.stated_none, of.none.astype(float), weight),
    }


HEADINGS = f"{'':<34} problems  stated  right    ECE (by chance)  right from {SURE}               area  ECE of none"


def line(name: str, of: Answers) -> str:
    """One line of figures."""
    it = figures(of)
    top = f"{it['sure_right']:.3f} [{it['sure_low']:.3f}, {it['sure_high']:.3f}] ({it['sure_share']:.2f})"
    if not it["sure_share"]:
        top = "-"
    ece = f"{it['ece']:.3f}  ({it['ece_by_chance']:.3f})"
    start = f"{name:<34} {it['problems']:8.0f}  {it['stated']:6.3f}  {it['right']:.3f}  {ece}"
    return f"{start}    {top:<28} {it['area']:.3f}  {it['none_ece']:.3f}"


def held_out(found: Sequence[Problem], ready: Sequence[Example], by: str) -> Callable[[Problem], ConfidenceWeights]:
    """A function that gives the weights to be used for a problem; those that come with the project if `by` is "none".

    Otherwise the weights are fitted without the problems of its fold and, if `by` is "coder", without its coder.
    """
    if by == "none":
        return lambda _: shipped_weights()
    fitted: dict[tuple[str, int], ConfidenceWeights] = {}
    start = None
    for coder, number in sorted({(problem.coder if by == "coder" else "", problem.fold) for problem in found}):
        kept = [one for one in ready if one.problem.coder != coder and one.problem.fold != number]
        if not kept:
            raise SystemExit("holding out by coder takes tables of at least two coders")
        start = fitted[coder, number] = fit(kept, start)
    return lambda problem: fitted[problem.coder if by == "coder" else "", problem.fold]


def lines(of: Answers) -> Iterator[str]:
    """All lines that are printed."""
    with_public = of.where(of.public)
    for words, part in (("with", with_public), ("without", of.where(~of.public))):
        yield line(f"all, {words} public examples", part)
        yield line("the same, coders equal", replace(part, coders_equal=True))
    for coder in np.unique(with_public.coder):
        yield line(f"{coder}, with", with_public.where(with_public.coder == coder))
    for inputs in INPUTS:
        name = {0: "no new inputs", ALL: "all new inputs"}.get(inputs, f"{inputs} new inputs")
        yield line(f"{name}, with", with_public.where(with_public.inputs == inputs))
        yield line(f"{name}, without", of.where(~of.public & (of.inputs == inputs)))
    for n in SIZES:
        for m in SIZES:
            full = (with_public.actual == (n, m)).all(axis=1)
            if full.any():
                yield line(f"{n} x {m}, with", with_public.where(full))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", type=Path, nargs="*", help="Files of tables; all that come with the project if none.")
    parser.add_argument("--by", choices=["coder", "problem", "none"], default="coder")
    parser.add_argument("--write", type=Path, help="Fit on all tables, and write the weights.")
    parser.add_argument("--json", type=Path, help="Write the figures and bins, from which the diagram is drawn.")
    parser.add_argument("--programs", type=int, nargs="+", default=SIZES, help="Numbers of programs in a part.")
    options = parser.parse_args()
    found = problems(options.tables or stored_files())
    ready = examples(found) if options.by != "none" or options.write else []
    if options.write:
        options.write.write_text(json.dumps(weights_record(fit(ready)), indent=1) + "\n")
    weights = held_out(found, ready, options.by)
    grid = [(n, m) for n in options.programs for m in SIZES]
    stated = answers([part for problem in found for part in draws(problem, grid, INPUTS, DRAWS)], weights)
    print(f"{len(found)} tables, held out by {options.by}")
    print(HEADINGS)
    for text in lines(stated):
        print(text, flush=True)
    if options.json:
        parts = {"with public examples": stated.public, "without public examples": ~stated.public}
        record = {
            name: {"figures": figures(stated.where(mask)), "bins": bins(stated.where(mask))}
            for name, mask in parts.items()
        }
        options.json.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
