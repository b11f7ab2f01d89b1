"""Executions while jails are killed, containers removed and the Docker engine stopped.

Each execution gets exactly one answer: a correct one, or a sandbox error with a reason. There are 500 executions by
default; CURE_AGENT_CHAOS sets another number, and the number of faults grows with it:

    CURE_AGENT_CHAOS=10000 pytest -s tests/sandbox/test_chaos.py
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import pytest
from docker import APIClient
from docker.errors import DockerException
from requests.exceptions import RequestException

from sandbox import Job, SandboxUnavailable, Verdict
from sandbox.backends.bubblewrap import find_bubblewrap
from sandbox.backends.docker.jails import find_docker
from sandbox.backends.docker.reap import LABEL
from sandbox.pool.connection import Connection
from sandbox.pool.pool import Pool
from sandbox.pool.slot import Launcher, Size
from tests.sandbox.engine import NoEngine, OwnEngine, own_engine
from tests.sandbox.proc import children, lives

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow, pytest.mark.timeout(3600)]

EXECUTIONS = int(os.environ.get("CURE_AGENT_CHAOS", "500"))
ROUNDS = max(1, EXECUTIONS // 1000)
"""Each fault happens this many times, or a fixed multiple of it."""
SLOTS = 3
INPUTS = 20
PAUSES_S = (0.1, 1.0)
"""Shortest and longest time in seconds between two faults."""
UNHEARD_S = 75.0
"""Seconds, more than a runner waits for a host that sends nothing: see PATIENCE_S in boot.py."""

# Inputs of the first two may share a process; each input of the third sleeps in its own process, so that most faults
# happen while the third runs.
PROGRAMS = (
    "print({n}, input())",
    "import sys\nfor line in sys.stdin:\n    print({n}, line.strip())",
    "import os, time\ntime.sleep(0.03)\nprint({n}, os.read(0, 99).decode().strip())",
)

Fault = Callable[[], Awaitable[None]]


class Counted:
    """A backend that counts the jails it started."""

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher
        self.isolation = launcher.isolation
        self.started = 0

    async def launch(self, size: Size) -> Connection:
        connection = await self._launcher.launch(size)
        self.started += 1
        return connection

    async def close(self) -> None:
        await self._launcher.close()


@dataclass
class Ledger:
    """Number of answered executions, reasons of the sandbox errors among them, and counts of faults by name."""

    asked: int = 0
    errors: list[str] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)


async def work(pool: Pool, ledger: Ledger, first: int, programs: int) -> None:
    """Run this many programs, and assert that every input has exactly one answer.

    The answer is the right output, or a sandbox error with a reason.
    """
    jobs = {}
    for n in range(first, first + programs):
        inputs = tuple(b"%d\n" % i for i in range(INPUTS))
        jobs[str(n)] = Job(str(n), PROGRAMS[n % len(PROGRAMS)].format(n=n), inputs)
    answered: Counter[tuple[str, int]] = Counter()
    async for execution in pool.run(list(jobs.values())):
        answered[execution.job, execution.index] += 1
        if execution.verdict == Verdict.SANDBOX_ERROR:
            assert execution.reason
            ledger.errors.append(execution.reason)
        else:
            assert execution.verdict == Verdict.OK, execution
            assert execution.stdout == b"%s %d\n" % (execution.job.encode(), execution.index), execution
    assert answered == Counter({(key, index): 1 for key in jobs for index in range(INPUTS)})
    ledger.asked += len(answered)


async def run_with_faults(launcher: Launcher, faults: list[Fault], seed: int) -> tuple[Ledger, int]:
    """Run programs while all faults happen in turn, then once more without any.

    Returns the ledger, and the number of jails started by the end of the faults.
    """
    counted = Counted(launcher)
    pool = Pool(counted, SLOTS)
    ledger = Ledger()
    chance = random.Random(seed)
    chance.shuffle(faults)

    async def happen() -> None:
        for fault in faults:
            await asyncio.sleep(chance.uniform(*PAUSES_S))
            await fault()
            ledger.happened[fault.__name__] += 1

    happening = asyncio.create_task(happen())
    try:
        first = 0
        while ledger.asked < EXECUTIONS or not happening.done():
            await work(pool, ledger, first, 15)
            first += 15
            print(f"\r{ledger.asked} executions, {sum(ledger.happened.values())} of {len(faults)} faults", end="")
        await happening
        print(f"; {counted.started} jails, {len(ledger.errors)} sandbox errors; {dict(ledger.happened)}")
        started = counted.started
        peace = Ledger()
        await work(pool, peace, first, 30)
        assert peace.errors == []
        return ledger, started
    finally:
        happening.cancel()
        await asyncio.gather(happening, return_exceptions=True)
        await pool.close()


def descriptors() -> Counter[str]:
    """Number of open descriptors of this process, by kind."""
    # Errors about connections that the engine refused keep the sockets open until the errors are collected.
    gc.collect()
    kinds: Counter[str] = Counter()
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            kinds[str(entry.readlink()).partition(":")[0]] += 1
    return kinds


def is_bwrap(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().partition(b"\0")[0].endswith(b"bwrap")
    return False


def only_if_really_lost(ledger: Ledger, started: int) -> None:
    """Assert that at least two slots (jails in use) were lost for each sandbox error.

    An input becomes a sandbox error once two slots were lost while it ran; a lost slot counts for one input at most.
    """
    assert 2 * len(ledger.errors) <= started - SLOTS, ledger


async def settled(condition: Callable[[], bool], seconds: float = 15) -> bool:
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        await asyncio.sleep(0.1)
    return condition()


class Faults:
    """Faults of an engine and its containers, a method each."""

    def __init__(self, engine: OwnEngine, client: APIClient, chance: random.Random) -> None:
        self._engine = engine
        self._client = client
        self._chance = chance

    def containers(self) -> list[str]:
        return [c["Id"] for c in self._client.containers(all=True, filters={"label": LABEL})]

    async def _to_one(self, deed: Callable[[str], None]) -> None:
        def done() -> None:
            # The container may be gone already, which is a fault as well.
            with suppress(DockerException, RequestException, ProcessLookupError):
                if containers := self.containers():
                    deed(self._chance.choice(containers))

        await asyncio.to_thread(done)

    async def first_process_killed(self) -> None:
        def kill(container: str) -> None:
            pid = self._client.inspect_container(container)["State"]["Pid"]
            if pid:
                os.kill(pid, signal.SIGKILL)

        await self._to_one(kill)

    async def container_removed(self) -> None:
        await self._to_one(lambda container: self._client.remove_container(container, force=True))

    async def container_stopped(self) -> None:
        await self._to_one(lambda container: self._client.stop(container))

    async def container_paused(self) -> None:
        def pause(container: str) -> None:
            self._client.pause(container)
            time.sleep(1)
            self._client.unpause(container)

        await self._to_one(pause)

    async def engine_hung(self) -> None:
        self._engine.freeze(True)
        await asyncio.sleep(1)
        self._engine.freeze(False)

    async def engine_stopped(self) -> None:
        await asyncio.to_thread(self._engine.stop)
        await asyncio.sleep(self._chance.uniform(0, 2))
        await asyncio.to_thread(self._engine.start)

    async def engine_killed(self) -> None:
        await asyncio.to_thread(self._engine.kill)
        await asyncio.sleep(self._chance.uniform(0, 2))
        await asyncio.to_thread(self._engine.start)


@pytest.mark.docker
async def test_docker(monkeypatch: pytest.MonkeyPatch, require: Callable[[str, str], NoReturn]) -> None:
    try:
        with own_engine() as engine:
            monkeypatch.setenv("DOCKER_HOST", engine.host)
            await run_docker_with_faults(engine)
            engine.stop()
            assert await settled(lambda: not engine.contained(), UNHEARD_S), engine.contained()
    except NoEngine as error:
        require("docker", str(error))


async def run_docker_with_faults(engine: OwnEngine) -> None:
    before = descriptors()
    client = engine.client()
    docker = Faults(engine, client, random.Random(1))
    faults: list[Fault] = [
        *[docker.first_process_killed, docker.container_removed] * (3 * ROUNDS),
        *[docker.container_stopped, docker.container_paused, docker.engine_hung] * ROUNDS,
        *[docker.engine_stopped, docker.engine_killed] * ROUNDS,
    ]
    ledger, started = await run_with_faults(await find_docker(), faults, seed=2)
    only_if_really_lost(ledger, started)
    assert await settled(lambda: docker.containers() == []), docker.containers()
    client.close()
    assert await settled(lambda: descriptors() == before), (descriptors(), before)


@pytest.mark.bubblewrap
async def test_bubblewrap(require: Callable[[str, str], NoReturn]) -> None:
    try:
        launcher = await find_bubblewrap()
    except SandboxUnavailable as error:
        require("bubblewrap", str(error))
    chance = random.Random(3)

    def jails() -> dict[int, list[int]]:
        """The child processes of each bwrap that this process started, by the process id of the bwrap."""
        return {pid: children(pid) for pid in children(os.getpid()) if is_bwrap(pid)}

    def one() -> tuple[int, list[int]] | None:
        """A random process of a random jail, and all processes of that jail; None where there is no jail."""
        found = [[pid, *jailed] for pid, jailed in jails().items()]
        return (chance.choice(jail), jail) if found and (jail := chance.choice(found)) else None

    def signalled(pid: int, number: signal.Signals) -> None:
        # The process may have ended already.
        with suppress(ProcessLookupError):
            os.kill(pid, number)

    async def process_killed() -> None:
        if (chosen := one()) is not None:
            pid, jail = chosen
            signalled(pid, signal.SIGKILL)
            assert await settled(lambda: not any(map(lives, jail))), jail
            killed.append(pid)

    async def process_stopped_for_a_while() -> None:
        if (chosen := one()) is not None:
            signalled(chosen[0], signal.SIGSTOP)
            await asyncio.sleep(0.5)
            signalled(chosen[0], signal.SIGCONT)

    killed: list[int] = []
    before = descriptors()
    faults: list[Fault] = [*[process_killed] * (8 * ROUNDS), *[process_stopped_for_a_while] * (2 * ROUNDS)]
    ledger, started = await run_with_faults(launcher, faults, seed=4)
    only_if_really_lost(ledger, started)
    assert started >= len(killed) > 4 * ROUNDS
    assert await settled(lambda: jails() == {}), jails()
    assert await settled(lambda: descriptors() == before), (descriptors(), before)
