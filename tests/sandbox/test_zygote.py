"""The zygote, which forks for PID 1, outlives jobs, is out of programs' reach, and is replaced when it has ended."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import docker
import pytest
import pytest_asyncio

from sandbox import Execution, Job, Limits, Sandbox, SandboxUnavailable, Verdict, open_sandbox
from sandbox.backends.bubblewrap import identities
from sandbox.backends.docker.reap import LABEL, owner
from tests.sandbox.conftest import BACKENDS
from tests.sandbox.proc import descendants

pytestmark = pytest.mark.asyncio(loop_scope="session")

SUM = "print(sum(map(int, input().split())))"
INPUTS = tuple(b"%d 1\n" % n for n in range(8))
MODES = [pytest.param(False, id="default"), pytest.param(True, id="strict")]
needs_own_user_id = pytest.mark.skipif(
    next(identities()).program is None, reason="only where programs have a user id of their own"
)


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=BACKENDS)
async def sandbox(request: pytest.FixtureRequest, require: Callable[[str, str], NoReturn]) -> AsyncIterator[Sandbox]:
    """A sandbox with one slot for this module alone, whose tests kill its processes."""
    before = set(runners())
    try:
        opened = await open_sandbox(request.param, slots=1)
    except SandboxUnavailable as error:
        require(request.param, str(error))
    OWN["before"] = before
    yield opened
    await opened.close()


OWN: dict[str, set[int]] = {}


def runners() -> list[int]:
    """Ids of the runners that this process started: first processes of PID namespaces."""
    found = []
    for pid in [*descendants(os.getpid()), *containers()]:
        with suppress(OSError):
            status = Path(f"/proc/{pid}/status").read_text()
            ids = next(line for line in status.splitlines() if line.startswith("NSpid")).split()
            if ids[-1] == "1" and len(ids) > 2 and b"python" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return found


def containers() -> list[int]:
    """Ids of the first processes of the containers that this process started; empty without a Docker engine."""
    try:
        client = docker.from_env()
    except docker.errors.DockerException:
        return []
    started = client.containers.list(filters={"label": f"{LABEL}={owner(os.getpid())}"})
    found = [container.attrs["State"]["Pid"] for container in started]
    client.close()
    return found


def zygotes() -> list[int]:
    """Ids of the children of this module's runner."""
    [runner] = set(runners()) - OWN["before"]
    return [int(pid) for pid in Path(f"/proc/{runner}/task/{runner}/children").read_text().split()]


async def results(sandbox: Sandbox, source: str, strict: bool, inputs: tuple[bytes, ...] = INPUTS) -> list[Execution]:
    """The program's execution on each input, in the order of the inputs."""
    executions = [execution async for execution in sandbox.run([Job("program", source, inputs, strict=strict)])]
    assert Counter(execution.index for execution in executions) == Counter(range(len(inputs)))
    return sorted(executions, key=lambda execution: execution.index)


def all_right(executions: list[Execution]) -> bool:
    return [(e.verdict, e.stdout) for e in executions] == [
        (Verdict.OK, b"%d\n" % (n + 1)) for n in range(len(executions))
    ]


@needs_own_user_id
@pytest.mark.parametrize("strict", MODES)
async def test_it_outlives_jobs_and_is_replaced_when_it_is_gone(strict: bool, sandbox: Sandbox) -> None:
    assert all_right(await results(sandbox, SUM, strict))
    [first] = zygotes()
    assert all_right(await results(sandbox, SUM, strict))
    assert zygotes() == [first]
    os.kill(first, signal.SIGKILL)
    assert all_right(await results(sandbox, SUM, strict))
    [second] = zygotes()
    assert second != first


@needs_own_user_id
@pytest.mark.parametrize("strict", MODES)
@pytest.mark.parametrize("source", [SUM, f"import os, time\ntime.sleep(0.02)\n{SUM}", "print("])
async def test_every_input_has_one_right_answer_while_it_is_killed_again_and_again(
    source: str, strict: bool, sandbox: Sandbox
) -> None:
    async def killing() -> None:
        while True:
            # Any further children of the runner are orphans of an ended zygote.
            for pid in zygotes()[:1]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            await asyncio.sleep(0.03)

    assert all_right(await results(sandbox, SUM, strict))
    mishaps = asyncio.create_task(killing())
    try:
        for _ in range(5):
            executions = await results(sandbox, source, strict)
            if source == "print(":
                assert {(e.verdict, e.reason) for e in executions} == {(Verdict.CRASH, "compile error")}
            else:
                assert all_right(executions)
    finally:
        mishaps.cancel()
        await asyncio.gather(mishaps, return_exceptions=True)


@needs_own_user_id
@pytest.mark.parametrize("strict", MODES)
async def test_what_a_program_leaves_ends_with_it(strict: bool, sandbox: Sandbox) -> None:
    assert all_right(await results(sandbox, SUM, strict))
    [before] = zygotes()
    source = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(60)\n" + SUM
    assert all_right(await results(sandbox, source, strict))
    assert before not in zygotes()
    seen = await results(sandbox, "import os\nprint(sum(name.isdigit() for name in os.listdir('/proc')))", strict)
    # The four processes are the runner, the zygote, the forker and the program.
    assert {execution.stdout for execution in seen} == {b"4\n"}


REACH = """
import ctypes, os, stat
libc = ctypes.CDLL(None, use_errno=True)
others = [int(name) for name in os.listdir('/proc') if name.isdigit() and int(name) != os.getpid()]
print(len(others))
for pid in others:
    for number in (0, 9, 19, 34):
        try:
            os.kill(pid, number)
            print('signalled', pid, number)
        except PermissionError:
            pass
    # PTRACE_ATTACH, PTRACE_SEIZE
    for request in (16, 0x4206):
        if libc.ptrace(request, pid, 0, 0) == 0:
            print('traced', pid)
    for path, mode in (('mem', os.O_RDWR), ('mem', os.O_RDONLY), ('maps', os.O_RDONLY), ('fd/3', os.O_RDWR)):
        try:
            os.open(f'/proc/{pid}/{path}', mode)
            print('opened', pid, path)
        except OSError:
            pass
    try:
        print('listed', os.listdir(f'/proc/{pid}/fd'))
    except OSError:
        pass
    for fd in range(64):
        pidfd = os.pidfd_open(pid)
        # pidfd_getfd
        if libc.syscall(438, pidfd, fd, 0) >= 0:
            print('took', pid, fd)
        os.close(pidfd)
for fd in range(4096):
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode) or fd > 2:
            print('has', fd)
    except OSError:
        pass
"""


@needs_own_user_id
@pytest.mark.parametrize("strict", MODES)
async def test_no_program_can_signal_trace_or_open_it(strict: bool, sandbox: Sandbox) -> None:
    executions = await results(sandbox, REACH, strict, (b"1", b"2"))
    assert [(e.verdict, e.stdout, e.stderr_tail) for e in executions] == [(Verdict.OK, b"3\n", b"")] * 2


@pytest.mark.parametrize("strict", MODES)
async def test_a_program_that_compiles_with_a_warning_says_nothing_of_it(strict: bool, sandbox: Sandbox) -> None:
    executions = await results(sandbox, f"import os\nassert 1 is 1\n{SUM}", strict)
    assert all_right(executions)
    assert {execution.stderr_tail for execution in executions} == {b""}


@pytest.mark.parametrize("strict", MODES)
@pytest.mark.parametrize("levels", [11, 14])
async def test_time_for_compiling_is_not_the_programs(levels: int, strict: bool, sandbox: Sandbox) -> None:
    # CPython compiles the body of `finally` twice at each level, so compiling takes longer than running the program.
    # With 11 levels it takes less time than a tick of the kernel's clock, with 14 levels more.
    nested = "".join(f"{' ' * level}try: pass\n{' ' * level}finally:\n" for level in range(levels))
    source = f"{nested}{' ' * levels}pass\n{SUM}"
    started = time.process_time()
    compile(source, "main.py", "exec")
    compiling = time.process_time() - started
    executions = await results(sandbox, source, strict)
    assert all_right(executions)
    assert min(execution.cpu_s for execution in executions[1:]) < compiling / 2
    assert executions[0].cpu_s < compiling / 2


@pytest.mark.parametrize("strict", MODES)
async def test_a_program_without_memory_to_be_compiled_in_is_compiled_elsewhere(strict: bool, sandbox: Sandbox) -> None:
    source = "x = [" + "0, " * 5000 + "]\nimport os\nprint(len(x))"
    job = Job("program", source, (b"1", b"2"), Limits(memory_mb=10), strict=strict)
    executions = [execution async for execution in sandbox.run([job])]
    assert {e.verdict for e in executions} <= {Verdict.OK, Verdict.MEMORY}
    assert "compile error" not in {e.reason for e in executions}
