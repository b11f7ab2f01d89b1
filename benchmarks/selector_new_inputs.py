"""Which program to choose once new inputs count: selectors on parts of stored tables, against the rule of CURE.

The inputs of the hidden tests, without their outputs, stand for new inputs. `probability` chooses by trusted tests
passed and then by the probability of `cure.select.confidence`, with weights fitted on other problems and other coders.
Printed are the share of right choices, ties and parts of a table averaged; the difference from CURE's rule (most tests
passed, trusted and generated alike) with a paired 95 % bootstrap interval over problems; the same difference from
`agreement`; and the share of the gap between CURE's rule and the best possible choice that the selector closes. Last
comes, for each selector, the size from 2 x 2 to 16 x 16 at which it is furthest below CURE's rule.

    python -m benchmarks.selector_new_inputs [--coder codegen-16b]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from benchmarks.confidence_calibration import SIZES, held_out
from benchmarks.confidence_draws import ALL, Drawn, Problem, draws, problems
from benchmarks.confidence_fit import examples
from benchmarks.tables.stored import stored_files
from cure.select.confidence import ConfidenceWeights, probabilities
from cure.select.mbr import mbr_scores
from cure.select.outvoted import outvoted_scores
from cure.select.passes import Booleans, Floats, Scores, compared

DRAWS = 16
BOOTSTRAP = 4_000
RULE, BASE = "max-pass", "agreement"
OTHERS = ("outvoted", "mbr", "probability")


def rules(weights: ConfidenceWeights) -> Mapping[str, Scores]:
    """By selector, the scores that are compared after the number of trusted tests passed; CURE's rule is left out."""
    return {
        BASE: lambda seen: [seen.passed.sum(axis=-1), seen.agreement],
        "outvoted": outvoted_scores,
        "mbr": mbr_scores,
        "probability": lambda seen: [probabilities(seen, weights)[0]],
    }


def accuracies(part: Drawn, weights: ConfidenceWeights) -> dict[str, float]:
    """By selector, the mean chance of a right choice; also `random` and, for the best possible choice, `any right`."""
    passed = part.passes.passed.sum(axis=-1) + part.passes.trusted.sum(axis=-1)
    found = {
        "random": float(part.right.mean()),
        "any right": float(part.right.any(axis=1).mean()),
        RULE: chance(best_of([passed.astype(float)]), part.right),
    }
    for name, scores in rules(weights).items():
        found[name] = chance(best_of(compared(scores, part.passes)), part.right)
    return found


def best_of(scores: Sequence[Floats]) -> Booleans:
    """(parts, programs): those with the best score, of scores that are compared one after the other."""
    best = np.ones(scores[0].shape, dtype=np.bool_)
    for score in scores:
        best &= score == np.where(best, score, -np.inf).max(axis=1, keepdims=True)
    return best


def chance(best: Booleans, right: Booleans) -> float:
    """The mean share of right programs among the best."""
    return float(((best & right).sum(axis=1) / best.sum(axis=1)).mean())


def interval(differences: Floats) -> str:
    """The mean over problems of these differences, with its 95 % bootstrap interval."""
    count = len(differences)
    drawn = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), BOOTSTRAP) / count
    low, high = np.quantile(drawn @ differences, (0.025, 0.975))
    return f"{differences.mean():+.3f} [{low:+.3f}, {high:+.3f}]"


def show(title: str, rows: Sequence[Mapping[str, float]]) -> None:
    """Print the lines of one size."""
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    left = columns["any right"].mean() - columns[RULE].mean()
    print(
        f"\n{title}: {len(rows)} problems, random {columns['random'].mean():.3f}, any {columns['any right'].mean():.3f}"
    )
    for name in (RULE, BASE, *OTHERS):
        above = columns[name] - columns[RULE]
        recovered = above.mean() / left if left > 1e-9 else 0.0
        texts = f"{interval(above)}   {interval(columns[name] - columns[BASE])}"
        print(f"{name:<12} {columns[name].mean():.3f}   {texts}   {recovered:6.2f}", flush=True)


def grid(
    found: Sequence[Problem], weights: Callable[[Problem], ConfidenceWeights], public: bool, inputs: int
) -> dict[tuple[int, int], list[dict[str, float]]]:
    """Accuracies of every problem by size; of a table smaller than the size, the whole is taken."""
    rows: dict[tuple[int, int], list[dict[str, float]]] = {}
    for problem in found:
        for n in SIZES:
            for m in SIZES:
                for part in draws(problem, [(n, m)], [inputs], DRAWS, public=[public]):
                    rows.setdefault((n, m), []).append(accuracies(part, weights(problem)))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--coder", action="append", help="Coders to measure; codegen-16b and several-models if none.")
    options = parser.parse_args()
    every = problems(stored_files())
    weights = held_out(every, examples(every), "coder")
    for coder in options.coder or ("codegen-16b", "several-models"):
        testers = sorted({problem.tester for problem in every if problem.coder == coder and problem.passed.shape[1]})
        tester = coder if coder in testers else "codegen-16b"
        found = [problem for problem in every if (problem.coder, problem.tester) == (coder, tester)]
        for public in (True, False):
            for inputs in (0, ALL):
                title = f"{coder} + {tester}, {'with' if public else 'no'} examples, {'all' if inputs else 'no'} inputs"
                rows = grid(found, weights, public, inputs)
                for size in SIZES:
                    show(f"{title}, {size} x {size}", rows[size, size])
                for name in (BASE, *OTHERS):
                    differences = {
                        size: np.array([row[name] - row[RULE] for row in of_size]) for size, of_size in rows.items()
                    }
                    worst = min(differences, key=lambda size: float(differences[size].mean()))
                    print(f"furthest below {RULE}: {name} at {worst[0]} x {worst[1]}, {interval(differences[worst])}")


if __name__ == "__main__":
    main()
