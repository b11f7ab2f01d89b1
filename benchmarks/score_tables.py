"""How long the standard and the released metrics take: tables of 16 programs x (16 generated + 8 hidden tests).

Tables are random, drawn from a probabilistic model of coder and tester: the time does not depend on their content.

    python benchmarks/score_tables.py --problems 1000
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from cure.metrics import release, standard
from cure.metrics.best_of_n import by_tests_passed
from cure.metrics.judged import judge_all
from cure.metrics.selectors import by_orders, chances_by_agreement
from cure.metrics.verdicts import ProblemVerdicts, verdicts

PROGRAMS, TESTS, HIDDEN = 16, 16, 8


def problem(index: int, random: np.random.Generator) -> ProblemVerdicts:
    """A problem of random difficulty whose tester is right half of the time."""
    right = random.random(PROGRAMS) < random.beta(0.5, 1.0)
    true = random.random(TESTS) < 0.5
    hidden = right[:, None] | (random.random((PROGRAMS, HIDDEN)) < 0.5)
    generated = np.where(right[:, None], true, random.random((PROGRAMS, TESTS)) < np.where(true, 0.35, 0.1))
    outputs = np.where(generated, 0, random.integers(1, 5, generated.shape))
    return verdicts(hidden, generated, name=str(index), reference=true.tolist(), requested=TESTS, outputs=outputs)


def timed(what: str, work: Callable[[], object]) -> None:
    """Run `work` and print its wall-clock and CPU seconds after the label `what`."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    print(f"{what:<44}{time.perf_counter() - wall:8.2f} s{time.process_time() - cpu:8.2f} s CPU")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=int, default=1000)
    count = parser.parse_args().problems
    random = np.random.default_rng(0)
    problems = [problem(index, random) for index in range(count)]
    judged, ns, ms = judge_all(problems, HIDDEN), (1, 2, 4, 8, 16), (0, 1, 2, 4, 8, 16)
    sampling = standard.ScoreOptions().sampling
    print(f"{count} tables of {PROGRAMS} x ({TESTS} + {HIDDEN})")
    timed("release", lambda: release.score(problems, release.ReleaseOptions()))
    timed("standard, everything with intervals", lambda: standard.score(problems, standard.ScoreOptions(HIDDEN)))
    timed("  of it best-of-n by tests passed, 5 x 6", lambda: by_tests_passed(judged, ns, ms, sampling))
    timed("  of it best-of-n by agreement, 5 x 6", lambda: by_orders(judged, ns, ms, sampling, chances_by_agreement))


if __name__ == "__main__":
    main()
