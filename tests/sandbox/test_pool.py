"""Scheduling: every (job, input) gets exactly one execution, whatever happens to slots and to callers."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import pytest
import pytest_asyncio

from sandbox import Execution, Job, Limits, SandboxError, SandboxUnavailable, Verdict
from sandbox.backends.bubblewrap import find_bubblewrap
from sandbox.backends.docker.jails import find_docker
from sandbox.pool.connection import Connection
from sandbox.pool.pool import Pool
from sandbox.pool.slot import Launcher, Size
from tests.sandbox.conftest import BACKENDS

pytestmark = pytest.mark.asyncio(loop_scope="session")

ECHO = "print(input())"


def distinct(count: int) -> tuple[bytes, ...]:
    """This many different inputs; equal ones would run once."""
    return tuple(b"%d" % n for n in range(count))


class Recorded:
    """A real backend that keeps its connections, so that a test can end a jail from outside."""

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher
        self.connections: list[Connection] = []

    @property
    def isolation(self) -> str:
        return self._launcher.isolation

    async def launch(self, size: Size) -> Connection:
        connection = await self._launcher.launch(size)
        self.connections.append(connection)
        return connection

    async def close(self) -> None:
        await self._launcher.close()


@pytest_asyncio.fixture(loop_scope="session", params=BACKENDS)
async def launcher(request: pytest.FixtureRequest, require: Callable[[str, str], NoReturn]) -> AsyncIterator[Recorded]:
    find = {"docker": find_docker, "bubblewrap": find_bubblewrap}[request.param]
    try:
        found = await find()
    except SandboxUnavailable as error:
        require(request.param, str(error))
    recorded = Recorded(found)
    yield recorded
    for connection in recorded.connections:
        await connection.end()


async def collect(executions: AsyncIterator[Execution]) -> list[Execution]:
    return [execution async for execution in executions]


async def test_many_jobs_get_one_execution_each(launcher: Recorded) -> None:
    pool = Pool(launcher, 3)
    jobs = [Job(f"job {n}", f"print({n}, input())", tuple(b"%d" % i for i in range(7))) for n in range(12)]
    executions = await collect(pool.run([*jobs, Job("nothing", ECHO, ())]))
    assert {(e.job, e.index): e.stdout for e in executions} == {
        (f"job {n}", i): b"%d %d\n" % (n, i) for n in range(12) for i in range(7)
    }
    assert len(executions) == 12 * 7
    assert len(launcher.connections) <= 3
    await pool.close()


async def test_one_jobs_inputs_are_spread_over_all_slots(launcher: Recorded) -> None:
    pool = Pool(launcher, 3)
    await collect(pool.run([Job("sleep", "import time; time.sleep(0.4)", distinct(6))]))
    assert len(launcher.connections) == 3
    await pool.close()


async def test_identical_pairs_run_once_and_are_answered_each(launcher: Recorded) -> None:
    pool = Pool(launcher, 1)
    source = "import time; print(input(), time.perf_counter_ns())"
    jobs = [Job("a", source, (b"1", b"2", b"1")), Job("b", source, (b"2", b"3")), Job("c", f"{source} ", (b"1",))]
    executions = {(e.job, e.index): e.stdout for e in await collect(pool.run(jobs))}
    assert len(executions) == 6
    assert executions["a", 0] == executions["a", 2] and executions["a", 1] == executions["b", 0]
    assert len(set(executions.values())) == 4
    await pool.close()


async def test_a_slow_program_holds_up_no_other(launcher: Recorded) -> None:
    pool = Pool(launcher, 2)
    slow = [Job(f"slow {n}", f"import time; time.sleep(0.3) # {n}", distinct(6)) for n in range(2)]
    quick = [Job(f"quick {n}", f"print({n})", distinct(6)) for n in range(20)]
    order = [e.job.split()[0] for e in await collect(pool.run([*slow, *quick]))]
    assert order.count("slow") == 12 and order.count("quick") == 120
    last_quick = max(place for place, kind in enumerate(order) if kind == "quick")
    assert order[:last_quick].count("slow") <= 4
    await pool.close()


async def test_a_hopeless_program_is_given_up_and_its_other_tests_say_so(launcher: Recorded) -> None:
    pool = Pool(launcher, 1)
    source = "n = int(input())\nwhile n > 2: pass\nprint(n)"
    job = Job("hopeless", source, distinct(12), Limits(cpu_s=0.2), give_up_after=2)
    executions = {e.index: e for e in await collect(pool.run([job]))}
    verdicts = Counter(e.verdict for e in executions.values())
    assert verdicts == {Verdict.OK: 3, Verdict.TIMEOUT: 2, Verdict.NOT_RUN: 7}
    assert all("2 time-outs" in e.reason for e in executions.values() if e.verdict == Verdict.NOT_RUN)
    await pool.close()


async def test_concurrent_runs_share_the_slots(launcher: Recorded) -> None:
    pool = Pool(launcher, 2)
    runs = [pool.run([Job("same key", f"print({n})", distinct(5))]) for n in range(4)]
    for n, executions in enumerate(await asyncio.gather(*map(collect, runs))):
        assert [e.stdout for e in executions] == [b"%d\n" % n] * 5
        assert sorted(e.index for e in executions) == list(range(5))
    assert len(launcher.connections) <= 2
    await pool.close()


async def test_executions_arrive_while_others_still_run(launcher: Recorded) -> None:
    pool = Pool(launcher, 2)
    jobs = [Job("slow", "import time; time.sleep(1)", (b"",)), Job("quick", ECHO, (b"1",))]
    assert [e.job async for e in pool.run(jobs)] == ["quick", "slow"]
    await pool.close()


async def test_a_slot_killed_in_mid_run_is_replaced_and_nothing_is_lost(launcher: Recorded) -> None:
    pool = Pool(launcher, 1)
    job = Job("sleep", "import time; time.sleep(0.2); print(input())", tuple(b"%d" % i for i in range(6)))
    executions = []
    async for execution in pool.run([job]):
        executions.append(execution)
        if len(executions) == 2:
            await launcher.connections[0].end()
    assert {e.index: (e.verdict, e.stdout) for e in executions} == {i: (Verdict.OK, b"%d\n" % i) for i in range(6)}
    assert len(executions) == 6 and len(launcher.connections) == 2
    await pool.close()


async def test_an_input_whose_slots_keep_dying_is_a_sandbox_error_and_the_others_are_not(launcher: Recorded) -> None:
    pool = Pool(launcher, 1)
    slow = Job("slow", "import time; time.sleep(20)", (b"",), Limits(wall_s=30))

    async def kill_each_slot_once_it_works() -> None:
        for nth in range(2):
            while len(launcher.connections) <= nth:
                await asyncio.sleep(0.05)
            await asyncio.sleep(1)
            await launcher.connections[nth].end()

    killer = asyncio.create_task(kill_each_slot_once_it_works())
    executions = await collect(pool.run([slow, Job("quick", ECHO, distinct(3))]))
    await killer
    assert Counter((e.job, e.verdict) for e in executions) == {
        ("slow", Verdict.SANDBOX_ERROR): 1,
        ("quick", Verdict.OK): 3,
    }
    await pool.close()


async def test_a_reader_that_goes_away_frees_the_slots(launcher: Recorded) -> None:
    pool = Pool(launcher, 1)
    endless = pool.run([Job("endless", "while True: pass", distinct(20), Limits(cpu_s=20))])
    waiting = asyncio.create_task(anext(endless))
    await asyncio.sleep(1)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await endless.aclose()
    async with asyncio.timeout(10):
        assert [e.stdout for e in await collect(pool.run([Job("next", ECHO, (b"1",))]))] == [b"1\n"]
    await pool.close()


async def test_closing_answers_what_is_open_and_is_idempotent(launcher: Recorded) -> None:
    pool = Pool(launcher, 1)
    reading = asyncio.create_task(
        collect(pool.run([Job("endless", "while True: pass", distinct(9), Limits(cpu_s=20))]))
    )
    await asyncio.sleep(1)
    await pool.close()
    await pool.close()
    executions = await reading
    assert [e.verdict for e in executions] == [Verdict.SANDBOX_ERROR] * 9
    with pytest.raises(SandboxError, match="closed"):
        await collect(pool.run([Job("late", ECHO, (b"",))]))


def children() -> set[int]:
    """Ids of this process's children, including ended ones that were not waited for."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == os.getpid():
                found.add(int(stat.parent.name))
    return found


def descriptors() -> set[str]:
    """The open pipes and memory files of this process."""
    links = set()
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            links.add(f"{entry.name} {entry.readlink()}")
    return {link for link in links if "pipe:" in link or "memfd:" in link}


async def test_closing_while_jails_start_leaves_nothing_behind(require: Callable[[str, str], NoReturn]) -> None:
    try:
        bubblewrap = await find_bubblewrap()
    except SandboxUnavailable as error:
        require("bubblewrap", str(error))
    await asyncio.sleep(0.1)
    before = children(), descriptors()
    # Single turns of the event loop, so that every step of starting is met on machines of any speed; then 1 to 30 ms.
    for pauses in [*([0.0] * turns for turns in range(12)), [0.001], [0.003], [0.01], [0.03]]:
        pool = Pool(bubblewrap, 3)
        reading = asyncio.create_task(collect(pool.run([Job("job", ECHO, distinct(3))])))
        for pause in pauses:
            await asyncio.sleep(pause)
        await pool.close()
        await asyncio.gather(reading, return_exceptions=True)
    await asyncio.sleep(0.1)
    assert (children(), descriptors()) == before


async def test_a_backend_that_stops_is_waited_for_and_then_named_and_is_used_again_when_it_is_back(
    launcher: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.pool.pool.PATIENCE_S", 1.0)
    pool = Pool(launcher, 1)
    assert [e.verdict for e in await collect(pool.run([Job("before", ECHO, (b"1",))]))] == [Verdict.OK]
    attempts = 0

    async def gone(size: Size) -> Connection:
        nonlocal attempts
        attempts += 1
        raise SandboxError("the backend is gone")

    with monkeypatch.context() as stopped:
        stopped.setattr(launcher, "launch", gone)
        await launcher.connections[-1].end()
        executions = await collect(pool.run([Job("meanwhile", ECHO, distinct(5))]))
    assert [(e.verdict, e.reason) for e in executions] == [(Verdict.SANDBOX_ERROR, "the backend is gone")] * 5
    assert attempts > 1
    assert [e.stdout for e in await collect(pool.run([Job("after", ECHO, (b"1",))]))] == [b"1\n"]
    await pool.close()


async def test_a_backend_that_starts_nothing_gives_its_reason_with_every_execution() -> None:
    class Broken:
        isolation = "none"

        async def launch(self, size: Size) -> Connection:
            raise SandboxError("the engine is gone")

        async def close(self) -> None:
            pass

    pool = Pool(Broken(), 2)
    executions = await collect(pool.run([Job("job", ECHO, distinct(5))]))
    assert [(e.verdict, e.reason) for e in executions] == [(Verdict.SANDBOX_ERROR, "the engine is gone")] * 5
    await pool.close()
