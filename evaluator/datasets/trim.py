"""Makes a problem set with fewer hidden tests: tests that reject wrong programs are kept first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cure.problem import Problem
from cure.reward import Booleans
from cure.table import judging_of, pass_matrix
from evaluator.datasets.execution import EmptyTable, ProgressBars
from sandbox import Sandbox


async def trim(
    problems: Sequence[Problem],
    most: int,
    sandbox: Sandbox,
    bars: ProgressBars,
    programs: Mapping[str, Sequence[str]] | None = None,
) -> list[Problem]:
    """The problems with at most `most` hidden tests each, in the order of the set.

    `programs` holds further programs by the problem's name; `bars` shows progress. Every submission or further program
    that fails a hidden test counts as wrong. After two time-outs a program is given up, and counts as rejected by the
    tests that it was not run on. Tests that reject wrong programs are chosen first (see `rejecting`); the remaining
    ones are spread evenly over the other tests. Tests that exist only as function calls are left out. Raises
    SandboxError where programs cannot be run.
    """
    tables: dict[int, EmptyTable] = {}
    for number, problem in enumerate(problems):
        given = [*(it.text for it in problem.submissions), *(programs or {}).get(problem.name, ())]
        if len(problem.hidden) > most and given:
            sources = {str(at): source for at, source in enumerate(dict.fromkeys(given))}
            tests = {str(at): test for at, test in enumerate(problem.hidden)}
            tables[number] = EmptyTable(sources, tests, judging_of(problem, give_up_after=2))
    filled = await bars.filled("running programs", sandbox, tables)
    trimmed = []
    for number, problem in enumerate(problems):
        chosen = spread(len(problem.hidden), most)
        if (table := filled.get(number)) is not None:
            chosen = rejecting(pass_matrix(table, list(table.candidates), list(table.tests)), most)
        extra = dict(problem.extra)
        if function := extra.get("function"):
            extra["function"] = {**function, "test_input": [], "test_output": []}
        trimmed.append(replace(problem, hidden=tuple(problem.hidden[at] for at in chosen), extra=extra))
    return trimmed


def rejecting(passes: Booleans, most: int) -> list[int]:
    """The columns of at most `most` tests, ascending, chosen greedily to reject many programs of `passes`.

    `passes` is (programs, tests). Each choice is the test that rejects the most programs not yet rejected by a chosen
    test; ties go to the test that rejects the most programs in all, then to the earlier test. Once every wrong program
    is rejected, the remaining choices are spread evenly over the other tests.
    """
    fails = ~passes
    chosen: list[int] = []
    left = fails.any(axis=1)  # (programs,) wrong programs that no chosen test rejects
    while left.any() and len(chosen) < most:
        found = fails[left].sum(axis=0)  # (tests,)
        best = max(range(fails.shape[1]), key=lambda at: (found[at], fails[:, at].sum(), -at))
        chosen.append(best)
        left &= ~fails[:, best]
    others = [at for at in range(fails.shape[1]) if at not in chosen]
    return sorted([*chosen, *(others[at] for at in spread(len(others), most - len(chosen)))])


def spread(count: int, most: int) -> list[int]:
    """At most `most` of the numbers below `count`, evenly spread."""
    most = min(count, most)
    return [at * count // most for at in range(most)]
