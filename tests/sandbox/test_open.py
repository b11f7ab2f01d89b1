"""The choice of a sandbox, and the error where there is none."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from sandbox import Job, Limits, SandboxError, SandboxUnavailable, Verdict, open_sandbox, probe
from sandbox.backends.bubblewrap import Bubblewrap, Identity
from sandbox.backends.docker.client import connect
from sandbox.backends.docker.reap import LABEL, reap
from sandbox.backends.python import candidates
from sandbox.pool.pool import Pool
from tests.sandbox.proc import descendants, lives

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
def no_bubblewrap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def no_docker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")


async def test_without_docker_it_is_bubblewrap(no_docker: None, require: Callable[[str, str], NoReturn]) -> None:
    try:
        sandbox = await open_sandbox("auto")
    except SandboxUnavailable as error:
        require("bubblewrap", str(error))
    assert sandbox.isolation.startswith("bubblewrap")
    await sandbox.close()


async def test_with_docker_and_its_image_it_is_docker(require: Callable[[str, str], NoReturn]) -> None:
    try:
        await (await open_sandbox("docker")).close()
    except SandboxUnavailable as error:
        require("docker", str(error))
    said: list[str] = []
    sandbox = await open_sandbox("auto", say=said.append)
    assert sandbox.isolation.startswith("docker") and said == []
    await sandbox.close()


async def test_without_dockers_image_it_is_bubblewrap_and_nothing_is_built(
    monkeypatch: pytest.MonkeyPatch, require: Callable[[str, str], NoReturn]
) -> None:
    try:
        (await connect()).close()
    except SandboxUnavailable as error:
        require("docker", str(error))
    try:
        await (await open_sandbox("bubblewrap")).close()
    except SandboxUnavailable as error:
        require("bubblewrap", str(error))
    for module in ("sandbox.backends.docker.image.build", "sandbox.backends.docker.jails"):
        monkeypatch.setattr(f"{module}.image_tag", lambda packages: "cure-agent-sandbox:nobody-built-this")
    said: list[str] = []
    sandbox = await open_sandbox("auto", say=said.append)
    assert sandbox.isolation.startswith("bubblewrap")
    assert len(said) == 1 and "`cure-agent sandbox build`" in said[0]
    await sandbox.close()


async def test_with_nothing_it_says_what_to_install(no_docker: None, no_bubblewrap: None) -> None:
    with pytest.raises(SandboxUnavailable) as caught:
        await open_sandbox("auto")
    message = str(caught.value)
    assert "apt-get install bubblewrap" in message and "Docker" in message and "\n" not in message
    assert caught.value.exit_code == 6


async def test_none_is_never_chosen(no_docker: None, no_bubblewrap: None) -> None:
    assert [(status.name, status.usable) for status in await probe()] == [("docker", False), ("bubblewrap", False)]
    assert all(status.remedy for status in await probe())


async def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(SandboxUnavailable, match=r"'chroot'.*auto, docker, bubblewrap, none"):
        await open_sandbox("chroot")
    with pytest.raises(SandboxError, match="at least one slot"):
        await open_sandbox("none", slots=0)


@pytest.mark.parametrize(
    ("source", "verdict", "reason"),
    [
        ("import sys; print(sys.stdin.read()[::-1])", Verdict.OK, ""),
        ("1 / 0", Verdict.CRASH, "ZeroDivisionError"),
        ("x = (", Verdict.CRASH, "compile error"),
        ("import os; os.abort()", Verdict.CRASH, "SIGABRT"),
        ("raise SystemExit(3)", Verdict.CRASH, "exit status 3"),
        ("while True: pass", Verdict.TIMEOUT, "cpu"),
        ("import time; time.sleep(60)", Verdict.TIMEOUT, "wall"),
        ("x = bytearray(1 << 30)", Verdict.MEMORY, "MemoryError"),
        ("while True: print('x' * 999)", Verdict.OUTPUT_LIMIT, "stdout"),
    ],
)
async def test_plain_processes_give_the_same_verdicts(source: str, verdict: Verdict, reason: str) -> None:
    sandbox = await open_sandbox("none", slots=2)
    assert sandbox.isolation.startswith("none")
    executions = [e async for e in sandbox.run([Job("job", source, (b"ab",), Limits(cpu_s=0.4, wall_s=1.5))])]
    assert [(e.verdict, e.reason) for e in executions] == [(verdict, reason)]
    if verdict == Verdict.OK:
        assert executions[0].stdout == b"ba\n"
    await sandbox.close()


async def _host(kind: str) -> subprocess.Popen[bytes]:
    """A process that has an endless program run in a sandbox of this kind."""
    host = textwrap.dedent(
        f"""
        import asyncio
        from sandbox import Job, Limits, open_sandbox
        async def main():
            sandbox = await open_sandbox("{kind}", slots=1)
            print("open", flush=True)
            spin = Job("b", "while True: pass", (b"",), Limits(cpu_s=60))
            async for _ in sandbox.run([Job("a", "print(1)", (b"",)), spin]):
                print("working", flush=True)
        asyncio.run(main())
        """
    )
    process = subprocess.Popen([sys.executable, "-c", host], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    assert process.stdout is not None
    assert [await asyncio.to_thread(process.stdout.readline) for _ in range(2)] == [b"open\n", b"working\n"]
    return process


async def test_no_container_outlives_a_host_that_is_killed(require: Callable[[str, str], NoReturn]) -> None:
    try:
        engine = await connect()
        await (await open_sandbox("docker")).close()
    except SandboxUnavailable as error:
        require("docker", str(error))
    process = await _host("docker")

    def containers() -> list[str]:
        mine = f":{process.pid}@"
        found = engine.client.containers(all=True, filters={"label": LABEL})
        return [container["Id"] for container in found if mine in container["Labels"][LABEL]]

    assert len(containers()) == 1
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    # The endless program still runs in the container; the next process that opens Docker's sandbox removes it.
    reap(engine.client)
    until = time.monotonic() + 15
    while containers() and time.monotonic() < until:
        await asyncio.sleep(0.2)
    assert containers() == []
    engine.close()


@pytest.mark.bubblewrap
async def test_no_jail_outlives_a_host_that_is_killed(require: Callable[[str, str], NoReturn]) -> None:
    try:
        await (await open_sandbox("bubblewrap")).close()
    except SandboxUnavailable as error:
        require("bubblewrap", str(error))
    process = await _host("bubblewrap")
    below = descendants(process.pid)
    # bwrap, its jail's first process, the zygote; what runs the program may not be there yet.
    assert len(below) >= 3
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    until = time.monotonic() + 15
    while any(map(lives, below)) and time.monotonic() < until:
        await asyncio.sleep(0.1)
    assert not [pid for pid in below if lives(pid)]


@pytest.mark.bubblewrap
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may keep the right to change user ids")
async def test_root_without_user_namespaces_gives_programs_a_user_id_of_their_own(
    require: Callable[[str, str], NoReturn],
) -> None:
    executable = shutil.which("bwrap")
    if executable is None:
        require("bubblewrap", "not installed")
    for python in candidates():
        pool = Pool(Bubblewrap(executable, python, Identity(None, 123_456_789)), 1)
        source = "import json, os\nprint(os.getuid())\nos.kill(1, 9)"
        executions = [e async for e in pool.run([Job("job", source, (b"",))])]
        assert [(e.stdout, e.reason) for e in executions] == [(b"123456790\n", "PermissionError")], python
        await pool.close()
