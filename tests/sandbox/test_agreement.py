"""Labelled programs get their recorded verdicts, and equal ones in both modes under both sandboxes.

Runs every `EVERY`-th program and those of the table of known disagreements; CURE_AGENT_ALL_LABELLED=1 runs all of them.
`benchmarks/sandbox_agreement.py` runs all and prints figures.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
import pytest_asyncio

from benchmarks.agreement.compare import Comparison, Executions, between, execute, with_record
from benchmarks.agreement.known import KNOWN, reason_for
from benchmarks.agreement.labelled import Labelled, load
from sandbox import SandboxUnavailable, open_sandbox

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.slow,
    pytest.mark.docker,
    pytest.mark.bubblewrap,
    pytest.mark.timeout(3600),
]

EVERY = 1 if os.environ.get("CURE_AGENT_ALL_LABELLED") else 23
WAYS = {
    f"{kind} {mode}": (kind, mode == "strict") for kind in ("docker", "bubblewrap") for mode in ("default", "strict")
}


@pytest.fixture(scope="session")
def programs(shared_data: Path) -> list[Labelled]:
    chosen = [program for n, program in enumerate(load(shared_data)) if n % EVERY == 0 or program.key in KNOWN]
    assert len({program.key for program in chosen}) == len(chosen)
    return chosen


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def executions(programs: list[Labelled], require: Callable[[str, str], NoReturn]) -> dict[str, Executions]:
    """Executions of the programs, by the way in which they were run."""
    found: dict[str, Executions] = {}
    for way, (kind, strict) in WAYS.items():
        try:
            sandbox = await open_sandbox(kind)
        except SandboxUnavailable as error:
            require(kind, str(error))
        found[way] = await execute(sandbox, programs, strict)
        await sandbox.close()
    return found


def unexplained(comparison: Comparison) -> list[str]:
    return [str(item) for item in comparison.disagreements if not reason_for(item)]


@pytest.mark.parametrize("way", WAYS)
async def test_programs_come_out_as_recorded(
    way: str, programs: list[Labelled], executions: dict[str, Executions]
) -> None:
    comparison = with_record(programs, way, executions[way])
    assert unexplained(comparison) == []
    assert comparison.compared > 2500


@pytest.mark.parametrize("way", list(WAYS)[1:])
async def test_every_way_comes_to_the_same(
    way: str, programs: list[Labelled], executions: dict[str, Executions]
) -> None:
    first = next(iter(WAYS))
    comparison = between(programs, first, executions[first], way, executions[way])
    assert unexplained(comparison) == []
    assert comparison.compared == sum(len(program.inputs) for program in programs)


async def test_every_known_disagreement_is_still_one(
    programs: list[Labelled], executions: dict[str, Executions]
) -> None:
    first = next(iter(WAYS))
    found = [with_record(programs, way, executions[way]) for way in WAYS]
    found += [between(programs, first, executions[first], way, executions[way]) for way in WAYS]
    assert {item.program for comparison in found for item in comparison.disagreements} >= set(KNOWN)


async def test_many_of_them_share_a_process_and_none_does_in_the_strict_mode(
    executions: dict[str, Executions],
) -> None:
    for way, (_, strict) in WAYS.items():
        rows = [row for row in executions[way].values() if len(row) > 1]
        sharing = sum(any(execution.shared for execution in row) for row in rows)
        assert sharing == 0 if strict else sharing > 0.7 * len(rows)
