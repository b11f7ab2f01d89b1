"""What drawing samples in rounds saves and loses: the rule of `cure.select.stopping` on stored tables of real models.

The programs and tests of every problem are put into random orders; the first n and m of each order are the samples that
a run would draw at most. The first round takes a part of them, and after each round the rule says how many more are
worth their price, the least gain in the probability of a right answer that a sample must bring. For several prices the
following is printed: the share of the n + m samples that was not drawn, how much more often the choice from all of them
is right (in percentage points, with a paired 95 % bootstrap interval over problems), how many rounds there were, and
the shares of answers that are `verified` (in brackets: verified and wrong) with all samples and with those drawn. The
row "verified" is of the rule that stops only when the answer is verified. Samples without a program or test count as
drawn. `--no-confirm` leaves out the samples that are drawn only because they would verify the answer.

    python -m benchmarks.early_stopping codegen-16b+codegen-16b [-n 8 -m 8] [--no-public] [--gains]
"""

from __future__ import annotations

import argparse
import random
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agent.solve.reading import Reading, read
from agent.solve.settings import Search
from benchmarks.tables.stored import LabelledTable, load, part_of
from cure.select import SELECTORS
from cure.select.confirming import confirming
from cure.select.stopping import NOTHING, Drawn, gain, worth
from cure.table import Candidate, ProgramColumn

PRICES = (0.005, 0.01, 0.015, 0.02, 0.03)
BOOTSTRAP = 10_000
Rule = Callable[["State", Drawn, Drawn], Drawn]
"""A function of the state, the samples drawn and the most samples, which returns how many more to draw."""


@dataclass(frozen=True, kw_only=True)
class State:
    """What the table of a run shows after a round, and whether its answer is right."""

    answer: float | None
    """Probability that the answer is right; None without an answer."""
    unsolved: float
    """Probability that no candidate is right."""
    verified: bool
    right: bool
    confirming: Drawn
    """The further samples that would verify the answer if they agreed with it."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a simulated run ended, compared with the run that draws all samples."""

    saved: float
    """Share of the samples that were not drawn."""
    lost: float
    """1 if only the answer from all samples is right, -1 if only this run's is, else 0."""
    rounds: int
    all_verified: bool
    all_wrong: bool
    """Whether the answer from all samples is verified and wrong."""
    verified: bool
    wrong: bool
    """Whether the answer from the samples drawn is verified and wrong."""


class Run:
    """One problem with its samples in one order; `state(drawn)` is what the solver knows after that many."""

    def __init__(self, labelled: LabelledTable, order: int, most: Drawn, *, public: bool, confident: float) -> None:
        rng = random.Random(zlib.crc32(f"{labelled.problem}/{order}".encode()))
        programs: list[str | None] = [*labelled.table.candidates, *[None] * labelled.programs_not_extracted]
        tests = [name for name, test in labelled.table.tests.items() if not test.trusted]
        self._trusted = [name for name in labelled.table.tests if name not in tests] if public else []
        self._programs = rng.sample(programs, min(most.programs, len(programs)))
        generated: list[str | None] = [*tests, *[None] * labelled.tests_not_extracted]
        self._tests = rng.sample(generated, min(most.tests, len(generated)))
        self._labelled, self._confident = labelled, confident
        self.most = Drawn(programs=len(self._programs), tests=len(self._tests))
        self.state = lru_cache(maxsize=None)(self._state)

    def _state(self, drawn: Drawn) -> State:
        reading = self._read(drawn)
        return State(
            answer=None if reading.answer is None else reading.confidence,
            unsolved=reading.probabilities.unsolved,
            verified=reading.is_verified(self._confident),
            right=reading.answer is not None and self._labelled.right[reading.answer],
            confirming=NOTHING
            if reading.answer is None
            else confirming(reading.table, reading.answer, self._confident, self.most.minus(drawn)),
        )

    def _read(self, drawn: Drawn) -> Reading[Candidate, ProgramColumn]:
        rows = [name for name in self._programs[: drawn.programs] if name]
        columns = [*self._trusted, *(name for name in self._tests[: drawn.tests] if name)]
        table = part_of(self._labelled.table, rows, columns)
        return read(table, SELECTORS["agreement"])


def by_price(price: float, *, confirm: bool = True) -> Rule:
    """The rule of `cure-agent solve`: samples that are worth the price or, with `confirm`, would verify the answer."""

    def rule(state: State, drawn: Drawn, most: Drawn) -> Drawn:
        if state.verified:
            return NOTHING
        more = worth(state.answer, state.unsolved, drawn, most.minus(drawn), price)
        return more.at_least(state.confirming) if confirm else more

    return rule


def until_verified(state: State, drawn: Drawn, most: Drawn) -> Drawn:
    """All remaining samples, or none if the answer is verified."""
    return NOTHING if state.verified else most.minus(drawn)


def simulate(run: Run, rule: Rule, share: float) -> Outcome:
    """How the run ends under the rule."""
    most, whole = run.most, run.state(run.most)
    drawn, rounds = Drawn(programs=ceil(share * most.programs), tests=ceil(share * most.tests)), 1
    while True:
        more = rule(run.state(drawn), drawn, most)
        if not more:
            break
        drawn = drawn.plus(more)
        rounds += 1
    end = run.state(drawn)
    return Outcome(
        saved=1 - (drawn.programs + drawn.tests) / (most.programs + most.tests),
        lost=float(whole.right) - float(end.right),
        rounds=rounds,
        all_verified=whole.verified,
        all_wrong=whole.verified and not whole.right,
        verified=end.verified,
        wrong=end.verified and not end.right,
    )


def runs_of(tables: Sequence[LabelledTable], options: argparse.Namespace) -> dict[str, list[Run]]:
    """By problem the runs, one for each order; problems with fewer than two samples of a role are left out."""
    most = Drawn(programs=options.n, tests=options.m)
    found: dict[str, list[Run]] = {}
    for table in tables:
        runs = [
            Run(table, order, most, public=options.public, confident=options.confident)
            for order in range(options.orders)
        ]
        if min(runs[0].most.programs, runs[0].most.tests) > 1:
            found[f"{table.coder}/{table.problem}"] = runs
    return found


def means(runs: dict[str, list[Run]], rule: Rule, share: float) -> NDArray[np.float64]:
    """(problems, figures): the figures of `Outcome`, each the mean over the orders of the problem."""
    rows = []
    for mine in runs.values():
        ends = [simulate(run, rule, share) for run in mine]
        rows.append(np.mean([list(vars(end).values()) for end in ends], axis=0))
    return np.array(rows, dtype=np.float64)


def interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """The 95 % bootstrap interval of the mean over problems."""
    rng = np.random.default_rng(0)
    drawn = rng.multinomial(len(values), np.full(len(values), 1 / len(values)), BOOTSTRAP) / len(values)
    low, high = np.quantile(drawn @ values, (0.025, 0.975))
    return float(low), float(high)


def curve(runs: dict[str, list[Run]], share: float, *, confirm: bool) -> Iterator[str]:
    """Lines of a Markdown table, one for each price."""
    yield "| price | samples saved | points lost | rounds | verified, all samples (wrong) | verified (wrong) |"
    yield "|---|---|---|---|---|---|"
    rules = [("verified", until_verified), *((f"{price:g}", by_price(price, confirm=confirm)) for price in PRICES)]
    for name, rule in rules:
        figures = means(runs, rule, share)
        low, high = interval(figures[:, 1] * 100)
        saved, lost, rounds, all_verified, all_wrong, verified, wrong = figures.mean(axis=0)
        yield (
            f"| {name} | {saved:.1%} | {lost * 100:+.2f} [{low:+.2f}, {high:+.2f}] | {rounds:.2f} "
            f"| {all_verified:.3f} ({all_wrong:.3f}) | {verified:.3f} ({wrong:.3f}) |"
        )


def gains_of(runs: dict[str, list[Run]]) -> Iterator[str]:
    """Lines of a Markdown table: what all further programs gain by the formula, and what they gained."""
    rows: dict[tuple[int, bool], list[tuple[float, float]]] = {}
    for run in (run for mine in runs.values() for run in mine):
        for programs in range(2, run.most.programs, 2):
            drawn = Drawn(programs=programs, tests=min(programs, run.most.tests))
            state, after = run.state(drawn), run.state(Drawn(programs=run.most.programs, tests=drawn.tests))
            steps = [gain(1 - (state.answer or 0.0), more) for more in range(programs, run.most.programs)]
            measured = float(after.right) - float(state.right)
            rows.setdefault((programs, state.answer is None), []).append((sum(steps), measured))
    yield "| programs drawn | answer | runs | gain by the formula | measured |"
    yield "|---|---|---|---|---|"
    for (programs, none), pairs in sorted(rows.items()):
        stated, measured = np.mean(pairs, axis=0)
        yield f"| {programs} | {'none' if none else 'yes'} | {len(pairs)} | {stated:.3f} | {measured:+.3f} |"


def main() -> None:
    defaults = Search()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="+", help="Names in benchmarks/tables/data, or files.")
    parser.add_argument("-n", type=int, default=defaults.n)
    parser.add_argument("-m", type=int, default=defaults.m)
    parser.add_argument("--orders", type=int, default=8, help="Random orders of every problem.")
    parser.add_argument("--first-share", type=float, default=defaults.first_share)
    parser.add_argument("--confident", type=float, default=defaults.confident)
    parser.add_argument("--no-public", dest="public", action="store_false", help="Leave the public examples out.")
    parser.add_argument("--no-confirm", dest="confirm", action="store_false", help="Do not draw to verify the answer.")
    parser.add_argument("--gains", action="store_true", help="Compare the formula with what programs gained.")
    options = parser.parse_args()
    tables = [table for name in options.tables for table in load(Path(name) if Path(name).exists() else name)]
    runs = runs_of(tables, options)
    right = np.mean([np.mean([run.state(run.most).right for run in mine]) for mine in runs.values()])
    print(f"{len(runs)} problems, {options.orders} orders of each, at most {options.n} x {options.m}, ", end="")
    print(f"first share {options.first_share:g}; right with all samples: {right:.3f}\n")
    print("\n".join(curve(runs, options.first_share, confirm=options.confirm)))
    if options.gains:
        print("\n" + "\n".join(gains_of(runs)))


if __name__ == "__main__":
    main()
