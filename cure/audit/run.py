"""Runs mutants of a program on the tests of its table."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, replace

from cure.audit.mutants import Mutant, mutants
from cure.problem import UnitTest
from cure.table import AnyTable, Candidate, Cell, Pair, ProgramExecutor, ProgramTable
from cure.table.compare import normalise
from sandbox import SandboxError, Verdict

MOST_MUTANTS = 12
MUTANT_SECONDS = 10.0
"""Seconds after which no more executions of mutants are waited for."""
_CPU_S = 1.0
"""CPU seconds of one execution at most: many mutants never end, and after the first time-out a mutant is given up."""


@dataclass(frozen=True, kw_only=True)
class MutantRun:
    """Which tests one mutant passed and failed."""

    mutant: Mutant
    passed: frozenset[str]
    """Tests that the mutant passed."""
    failed: frozenset[str]
    """Tests that the mutant was run on and did not pass."""
    apart: bool
    """Whether verdict or output of the mutant differ from those of the original program on the input of some test; if
    not, it may be equivalent to that program."""


async def run_mutants(
    executor: ProgramExecutor,
    table: AnyTable,
    candidate: str,
    most: int = MOST_MUTANTS,
    seconds: float = MUTANT_SECONDS,
) -> tuple[MutantRun, ...]:
    """The runs of up to `most` mutants of the candidate on all unit tests of the table, as far as they end in time.

    Mutants without any known execution are left out. Empty where the sandbox cannot run anything.
    """
    tests = {name: test for name, test in table.tests.items() if isinstance(test, UnitTest)}
    made = {f"m{number}": each for number, each in enumerate(mutants(table.candidates[candidate].text, most), 1)}
    rows = ProgramTable({name: Candidate(each.text) for name, each in made.items()}, tests)
    judging = executor.judging
    limits = replace(judging.limits, cpu_s=min(_CPU_S, judging.limits.cpu_s))
    brief = executor.under(replace(judging, limits=limits, give_up_after=1))
    cells: dict[Pair, Cell] = {}
    try:
        async with asyncio.timeout(seconds) as deadline:
            async with aclosing(brief.run(rows, [(row, column) for row in made for column in tests])) as known:
                async for place, cell in known:
                    if cell.known:
                        cells[place] = cell
    except SandboxError:
        return ()
    except TimeoutError:
        if not deadline.expired():
            raise
    runs = (_run(table, candidate, name, mutant, cells) for name, mutant in made.items())
    return tuple(run for run in runs if run.passed or run.failed)


def _run(table: AnyTable, candidate: str, name: str, mutant: Mutant, cells: dict[Pair, Cell]) -> MutantRun:
    own = {test: cell for (row, test), cell in cells.items() if row == name}
    return MutantRun(
        mutant=mutant,
        passed=frozenset(test for test, cell in own.items() if cell.passed),
        failed=frozenset(test for test, cell in own.items() if not cell.passed),
        apart=any(
            _did(cell) != _did(before)
            for test, cell in own.items()
            if (before := table.cells.get((candidate, test))) is not None and before.known
        ),
    )


def _did(cell: Cell) -> tuple[Verdict, str]:
    return cell.verdict, normalise(cell.stdout) if cell.verdict is Verdict.OK else ""
