"""Every selector on stored tables of real models, from 2 x 2 to 16 x 16, against the rule of CURE.

Best-of-n is averaged over random parts of every table and over ties (`cure.metrics.selectors`). The weights of
`learned` are fitted on other problems (and with `--by coder` on other coders) than those it chooses for; `--by none`
takes the weights that come with the project. For each size, three values are printed: the share of problems whose
chosen program is right, the difference of this share from that of CURE's rule (most tests passed, after public examples
where these count) with a paired 95 % bootstrap interval over problems, and the recovery
(selector - random) / (any right - random).

    python -m benchmarks.selector_accuracy TABLES.jsonl.gz ... [--public] [--by coder]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.fit_learned import SIZES, Labelled, examples, held_out, labelled_tables
from cure.metrics.best_of_n import Sampling, oracle, random_choice
from cure.metrics.judged import Judged
from cure.metrics.selectors import by_orders, by_selectors, chances_by_scores
from cure.select.learned import Weights, learned_scores
from cure.select.passes import Floats

RULE = "max-pass"
BOOTSTRAP = 10_000


def values(tables: Sequence[Labelled], sampling: Sampling, by: str) -> dict[str, Floats]:
    """(problems, sizes, sizes) best-of-n of every selector."""
    found = {name: grid.values for name, grid in by_selectors(_judged(tables), SIZES, SIZES, sampling).items()}
    if by == "none":
        return found
    drawn = {
        (n, m, public): examples(tables, n, m, public=public) for n in SIZES for m in SIZES for public in (True, False)
    }
    learned = np.zeros((len(tables), len(SIZES), len(SIZES)))
    for inside, weights in held_out(drawn, by):
        places = [place for place, table in enumerate(tables) if inside(table)]
        learned[places] = _by_weights([tables[place] for place in places], weights, sampling)
    return {**found, "learned": learned}


def _by_weights(tables: Sequence[Labelled], weights: Weights, sampling: Sampling) -> Floats:
    scores = partial(learned_scores, weights=weights)
    return by_orders(_judged(tables), SIZES, SIZES, sampling, partial(chances_by_scores, scores)).values


def _judged(tables: Sequence[Labelled]) -> list[Judged]:
    return [table.judged for table in tables]


def interval(differences: Floats, drawn: Floats) -> tuple[float, float]:
    """The 95 % bootstrap interval of the mean over problems; `drawn` are (draws, problems) weights of sum 1 per row."""
    low, high = np.quantile(drawn @ differences, (0.025, 0.975))
    return float(low), float(high)


def show(tables: Sequence[Labelled], found: dict[str, Floats]) -> None:
    """Print a block of lines for every size with as many programs as tests."""
    problems = _judged(tables)
    random = np.random.default_rng(0)
    drawn = random.multinomial(len(tables), np.full(len(tables), 1 / len(tables)), BOOTSTRAP) / len(tables)
    at_random = random_choice(problems).value().value or 0.0
    for place, size in enumerate(SIZES):
        any_right = oracle(problems, size).value().value or 0.0
        print(f"\n{size} x {size}: one at random {at_random:.3f}, any right {any_right:.3f}")
        print(f"{'selector':<12} {'right':>6}   {'difference from ' + RULE:<30} {'recovery':>8}")
        for name, grid in sorted(found.items(), key=lambda item: -item[1][:, place, place].mean()):
            right = grid[:, place, place]
            differences = right - found[RULE][:, place, place]
            low, high = interval(differences, drawn)
            recovery = (right.mean() - at_random) / max(any_right - at_random, 1e-9)
            text = f"{differences.mean():+.3f} [{low:+.3f}, {high:+.3f}]"
            print(f"{name:<12} {right.mean():6.3f}   {text:<30} {recovery:8.3f}")


def worst(found: dict[str, Floats]) -> None:
    """Print, for each selector, the size at which it is furthest below the rule."""
    print(f"\nfurthest below {RULE}, of all {len(SIZES) ** 2} sizes")
    for name, grid in sorted(found.items()):
        means = (grid - found[RULE]).mean(axis=0)
        n, m = np.unravel_index(int(means.argmin()), means.shape)
        print(f"{name:<12} {means.min():+.3f} at {SIZES[n]} x {SIZES[m]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", type=Path, nargs="+")
    parser.add_argument("--public", action="store_true", help="Compare the public examples that programs pass first.")
    parser.add_argument("--by", choices=["problem", "coder", "none"], default="problem")
    options = parser.parse_args()
    tables = labelled_tables(options.tables)
    print(f"{len(tables)} problems of {', '.join(path.name for path in options.tables)}")
    found = values(tables, Sampling(public_first=options.public), options.by)
    show(tables, found)
    worst(found)


if __name__ == "__main__":
    main()
