"""Rules for choosing a program where generated tests contradict programs or each other, against counting tests passed.

Every rule compares trusted tests first. The tables are all stored ones that have generated tests, and those of
Qwen2.5-Coder with the tests of two testers together, which contradict each other more. Printed for each rule and set of
tables is the share of right choices minus that of `agreement`, a mean over problems, parts of their tables, ties, and
all sizes from 2 x 2 to 16 x 16; in brackets, the same difference from CURE's rule (`max-pass`) at the size at which it
is least. Last comes the mean over all problems with its paired 95 % bootstrap interval; a problem of a coder counts
once. Probabilities are those of weights fitted on other problems and other coders.

    python -m benchmarks.selector_rules
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from benchmarks.confidence_calibration import SIZES, held_out
from benchmarks.confidence_draws import ALL, Problem, arrays, draws, problems
from benchmarks.confidence_fit import examples
from benchmarks.selector_new_inputs import best_of, chance, interval
from benchmarks.tables.stored import load, stored_files, with_tests_of
from cure.select.confidence import ConfidenceWeights, probabilities
from cure.select.mbr import mbr_scores
from cure.select.outvoted import outvoted, outvoted_scores
from cure.select.passes import Booleans, Floats, Passes, agreement_of, compared

DRAWS = 16
RULE, BASE = "max-pass", "agreement"
LOG_ODDS = 3.0
"""Bound of the log-odds by which a test is weighed."""
TOGETHER = ("qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b")
"""Coders whose tables with the tests of both are put together."""

Rule = Callable[[Passes, ConfidenceWeights], Sequence[Floats]]
"""A function that returns the scores compared after the trusted tests passed, each (..., programs)."""


def _validity(seen: Passes, weights: ConfidenceWeights) -> Floats:
    """(..., tests): the probability that a test is right; a half where no program is right."""
    of_programs, none = probabilities(seen, weights)
    behaviours = (of_programs / seen.same_behaviour.sum(axis=-1))[..., None] * seen.passed
    return np.asarray(behaviours.sum(axis=-2) + none[..., None] / 2)


def _count(seen: Passes, weight: Floats | Booleans) -> list[Floats]:
    """The sum of the weights of the tests passed, then agreement of outputs."""
    return [np.asarray((weight[..., None, :] * seen.passed).sum(axis=-1)), seen.agreement]


def _log_odds(seen: Passes, weights: ConfidenceWeights) -> list[Floats]:
    right = np.clip(_validity(seen, weights), 1e-9, 1 - 1e-9)
    return _count(seen, np.clip(np.log(right / (1 - right)), -LOG_ODDS, LOG_ODDS))


def _outputs_first(seen: Passes, _: ConfidenceWeights) -> list[Floats]:
    """Agreement on new inputs first, where there are any, then generated tests passed, then agreement."""
    new = seen.outputs[..., seen.outputs.shape[-1] - seen.unjudged :]
    return [agreement_of(new).round(9), np.asarray(seen.passed.sum(axis=-1)), seen.agreement]


def _majority(seen: Passes, _: ConfidenceWeights) -> list[Floats]:
    """Tests that contradict an output which more than half of the programs print do not count."""
    against = (seen.answers >= 0) & ~seen.passed
    alike = seen.answers[..., :, None, :] == seen.answers[..., None, :, :]
    largest = (alike & against[..., :, None, :] & against[..., None, :, :]).sum(axis=-2).max(axis=-2, initial=0)
    return _count(seen, np.asarray(2 * largest <= seen.answers.shape[-2]))


def _share(seen: Passes, _: ConfidenceWeights) -> list[Floats]:
    return [np.asarray(seen.passed.sum(axis=-1) / np.maximum(seen.tests, 1) + seen.agreement)]


def _product(seen: Passes, _: ConfidenceWeights) -> list[Floats]:
    """(1 + tests passed) x sqrt(1 + programs that agree), as CodeT multiplies them."""
    others = seen.outputs.shape[-2] - 1
    return [np.asarray((1 + seen.passed.sum(axis=-1)) * np.sqrt(1 + others * seen.agreement))]


def _kept(seen: Passes) -> Passes:
    return replace(seen, passed=seen.passed & ~outvoted(seen)[..., None, :])


RULES: Mapping[str, Rule] = {
    BASE: lambda seen, _: [np.asarray(seen.passed.sum(axis=-1)), seen.agreement],
    "tests more probably right than not": lambda seen, w: _count(seen, _validity(seen, w) > 1 / 2),
    "tests weighed by their log-odds": _log_odds,
    "the stated probability": lambda seen, w: [probabilities(seen, w)[0]],
    "agreement on new inputs first": _outputs_first,
    "agreement of outputs first (mbr)": lambda seen, _: [np.asarray(part) for part in mbr_scores(seen)],
    "no tests against a majority": _majority,
    "share of tests + agreement": _share,
    "tests x sqrt(agreeing programs)": _product,
    "outvoted": lambda seen, _: [np.asarray(part) for part in outvoted_scores(seen)],
    "outvoted, x sqrt(agreeing programs)": lambda seen, w: _product(_kept(seen), w),
}
"""The rules by name."""


def tables() -> dict[str, list[Problem]]:
    """The problems to measure, by the names of coder and testers."""
    found: dict[str, list[Problem]] = {}
    for problem in problems(stored_files()):
        if problem.passed.shape[1]:
            found.setdefault(f"{problem.coder} + {problem.tester}", []).append(problem)
    for coder in TOGETHER:
        one, other = ({table.problem: table for table in load(f"{coder}+{tester}")} for tester in TOGETHER)
        both = [with_tests_of(one[name], other[name]) for name in one if name in other]
        found[f"{coder} + both testers"] = [arrays(table) for table in both if table.right]
    return found


def rights(problem: Problem, weights: ConfidenceWeights, public: bool, inputs: int) -> dict[str, Floats]:
    """By rule, (sizes,) chances of a right choice; of a table smaller than the size, the whole is taken."""
    sizes, found = [(n, m) for n in SIZES for m in SIZES], dict[tuple[int, int], dict[str, float]]()
    for part in draws(problem, sizes, [inputs], DRAWS, public=[public]):
        passed = part.passes.passed.sum(axis=-1) + part.passes.trusted.sum(axis=-1)
        found[part.right.shape[1], part.passes.passed.shape[2]] = {
            RULE: chance(best_of([passed.astype(float)]), part.right),
            **{
                name: chance(best_of(compared(lambda seen, of=rule: of(seen, weights), part.passes)), part.right)
                for name, rule in RULES.items()
            },
        }
    programs, tests = problem.passed.shape
    of_size = [found[min(n, programs), min(m, tests)] for n, m in sizes]
    return {name: np.array([each[name] for each in of_size]) for name in of_size[0]}


def show(sets: Mapping[str, Sequence[Mapping[str, Floats]]], keys: Mapping[str, Sequence[tuple[str, str]]]) -> None:
    """Print a line for each rule and set of tables, and one for all together."""
    for name in (RULE, *RULES):
        print(f"\n{name}")
        of_problem: dict[tuple[str, str], list[float]] = {}
        for title, rows in sets.items():
            above = [float((row[name] - row[BASE]).mean()) for row in rows]
            worst = np.mean([row[name] - row[RULE] for row in rows], axis=0).min()
            print(f"  {title:<48} {len(rows):3} {np.mean(above):+.4f} ({worst:+.3f})", flush=True)
            for key, value in zip(keys[title], above, strict=True):
                of_problem.setdefault(key, []).append(value)
        print(
            f"  {'all':<48} {len(of_problem):3} {interval(np.array([np.mean(each) for each in of_problem.values()]))}"
        )


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    every, sets = problems(stored_files()), tables()
    weights = held_out(every, examples(every), "coder")
    keys = {title: [problem.key for problem in found] for title, found in sets.items()}
    for public in (True, False):
        for inputs in (ALL, 0):
            print(f"\n## {'with' if public else 'no'} examples, {'all' if inputs else 'no'} new inputs")
            show(
                {
                    title: [rights(each, weights(each), public, inputs) for each in found]
                    for title, found in sets.items()
                },
                keys,
            )


if __name__ == "__main__":
    main()
