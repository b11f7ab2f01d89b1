"""Docker engines of all kinds: with other runtimes, behind TCP, TLS or ssh, and engines that stop and return."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import stat
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import pytest
import pytest_asyncio
from docker.errors import DockerException

from sandbox import Job, Limits, Sandbox, SandboxUnavailable, Verdict, open_sandbox, probe
from sandbox.backends.docker import jails
from sandbox.backends.docker.client import connect
from sandbox.backends.docker.image.build import image_tag
from sandbox.backends.docker.jails import RUNTIME_VARIABLE, describe, find_docker
from sandbox.backends.docker.reap import LABEL
from sandbox.backends.docker.ssh import command
from sandbox.pool.slot import Size, Slot
from sandbox.runner.verdict import OomKills
from tests.sandbox.engine import NoEngine, OwnEngine, own_engine

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.docker]

Require = Callable[[str, str], NoReturn]

# Programs for each verdict that a program itself can bring about; some may run several inputs in one process, others
# need a process for each input.
PROGRAMS = {
    "print(input()[::-1])": (Verdict.OK, ""),
    "import os\nprint(os.read(0, 9).decode()[::-1])": (Verdict.OK, ""),
    "1 / 0": (Verdict.CRASH, "ZeroDivisionError"),
    "x = (": (Verdict.CRASH, "compile error"),
    "import os\nos.kill(1, 9)": (Verdict.CRASH, "PermissionError"),
    "while True: pass": (Verdict.TIMEOUT, "cpu"),
    "x = bytearray(1 << 30)": (Verdict.MEMORY, "MemoryError"),
    "while True: print('x' * 999)": (Verdict.OUTPUT_LIMIT, "stdout"),
    "import os\ntry:\n    while True: os.fork()\nexcept OSError: os._exit(3)": (Verdict.CRASH, "exit status 3"),
}


async def check_verdicts(sandbox: Sandbox) -> None:
    """Assert that every program gets its verdict, and close the sandbox."""
    try:
        jobs = [Job(source, source, (b"ab",), Limits(cpu_s=0.5, wall_s=10)) for source in PROGRAMS]
        verdicts = {e.job: (e.verdict, e.reason) async for e in sandbox.run(jobs)}
        assert verdicts == PROGRAMS
    finally:
        await sandbox.close()


@pytest_asyncio.fixture(loop_scope="session")
async def engine_host(require: Require) -> str:
    """The DOCKER_HOST of the machine's engine, which has the image."""
    try:
        await (await open_sandbox("docker")).close()
        engine = await connect()
    except SandboxUnavailable as error:
        require("docker", str(error))
    engine.close()
    if engine.address.port:
        pytest.skip("the machine's engine has no socket here")
    return f"unix://{engine.address.host}"


@pytest.fixture(scope="module")
def own(require: Require) -> Iterator[OwnEngine]:
    """An engine that the test may stop and start."""
    try:
        with own_engine() as engine:
            yield engine
    except NoEngine as error:
        require("docker", str(error))


async def test_an_unknown_runtime_is_named_with_those_there_are(
    engine_host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # `auto` does not fall back to bubblewrap: a user who names a runtime wants its isolation.
    for kind in ("docker", "auto"):
        with pytest.raises(SandboxUnavailable, match=r"no runtime 'nonsense'.*it has .*runc") as caught:
            await open_sandbox(kind, runtime="nonsense")
        assert "\n" not in str(caught.value)
    monkeypatch.setenv(RUNTIME_VARIABLE, "nonsense")
    with pytest.raises(SandboxUnavailable, match=f"'nonsense' .{RUNTIME_VARIABLE}"):
        await open_sandbox("auto")
    docker = (await probe())[0]
    assert not docker.usable and "nonsense" in docker.detail and docker.remedy


async def test_a_runtime_by_name(engine_host: str) -> None:
    sandbox = await open_sandbox("auto", slots=2, runtime="runc")
    assert "runtime runc;" in sandbox.isolation
    await check_verdicts(sandbox)


@pytest.mark.slow
@pytest.mark.parametrize("runtime", ["crun", "runsc"])
async def test_other_runtimes_give_the_same_verdicts(
    runtime: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The runtimes are crun, and gVisor's runsc, which runs programs on a kernel that is not Linux."""
    executable = shutil.which(runtime)
    if executable is None:
        pytest.skip(f"{runtime} is not installed")
    arguments = ["--network=none"] if runtime == "runsc" else []
    settings = tmp_path / "daemon.json"
    settings.write_text(json.dumps({"runtimes": {runtime: {"path": executable, "runtimeArgs": arguments}}}))
    try:
        with own_engine(["--config-file", str(settings)]) as engine:
            if complaint := await asyncio.to_thread(why_it_does_not_run, engine, runtime):
                pytest.skip(f"{runtime} does not run here: {complaint}")
            monkeypatch.setenv("DOCKER_HOST", engine.host)
            sandbox = await open_sandbox("docker", slots=2, runtime=runtime)
            assert f"runtime {runtime};" in sandbox.isolation
            await check_verdicts(sandbox)
    except NoEngine as error:
        pytest.skip(str(error))


@pytest.mark.slow
async def test_an_engine_that_maps_user_ids_gives_the_same_verdicts(monkeypatch: pytest.MonkeyPatch) -> None:
    mapped = Path("/etc/subuid")
    if not mapped.exists() or "dockremap:" not in mapped.read_text():
        pytest.skip(
            "no user ids are set aside for containers: dockerd --userns-remap=default would make a user for them"
        )
    try:
        with own_engine(["--userns-remap", "default"]) as engine:
            monkeypatch.setenv("DOCKER_HOST", engine.host)
            sandbox = await open_sandbox("docker", slots=2)
            assert "user namespace;" in sandbox.isolation
            await check_verdicts(sandbox)
    except NoEngine as error:
        pytest.skip(str(error))


def why_it_does_not_run(engine: OwnEngine, runtime: str) -> str:
    """The engine's error when it runs a container that does nothing; empty where there is none."""
    client = engine.client()
    try:
        settings = client.create_host_config(runtime=runtime, network_mode="none")
        container = client.create_container(image_tag(), ["/usr/bin/true"], host_config=settings)["Id"]
        try:
            client.start(container)
            client.wait(container)
        except DockerException as error:
            return str(error)
        finally:
            client.remove_container(container, force=True)
        return ""
    finally:
        client.close()


@pytest_asyncio.fixture(loop_scope="session")
async def tcp_port(engine_host: str) -> AsyncIterator[int]:
    """A TCP port that leads to the machine's engine."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
            writer.write_eof()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_unix_connection(engine_host.removeprefix("unix://"))
        await asyncio.gather(pump(reader, outer), pump(inner, writer))
        for end in (writer, outer):
            end.close()

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def test_over_tcp(tcp_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{tcp_port}")
    await check_verdicts(await open_sandbox("docker", slots=2))


async def test_an_engine_that_stops_between_two_runs_is_a_sandbox_error_that_says_so(
    engine_host: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The engine itself keeps running: only the way to it is closed."""
    monkeypatch.setattr("sandbox.pool.pool.PATIENCE_S", 1.0)
    way = tmp_path / "docker.sock"
    way.symlink_to(engine_host.removeprefix("unix://"))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{way}")
    sandbox = await open_sandbox("docker", slots=1)
    try:
        small = Job("small", "print(input())", (b"1", b"2"))
        assert {e.verdict async for e in sandbox.run([small])} == {Verdict.OK}
        way.unlink()
        # A program that needs a larger slot, and so a new container.
        large = Job("large", "print(input())", (b"1", b"2"), Limits(memory_mb=2000))
        executions = [e async for e in sandbox.run([large])]
        assert {e.verdict for e in executions} == {Verdict.SANDBOX_ERROR}
        assert all("the Docker engine no longer answers" in e.reason for e in executions)
        way.symlink_to(engine_host.removeprefix("unix://"))
        assert {e.verdict async for e in sandbox.run([large])} == {Verdict.OK}
    finally:
        if not way.exists():
            way.symlink_to(engine_host.removeprefix("unix://"))
        await sandbox.close()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the certificates and keys of an authority (ca), a server and a client."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("certificates")

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *key, "-days", "2", "-subj", "/CN=authority", "-keyout", "ca-key.pem", "-out", "ca.pem")
    for name, extension in (
        ("server", "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth"),
        ("client", "extendedKeyUsage=clientAuth"),
    ):
        (folder / f"{name}.ext").write_text(extension)
        openssl("req", *key, "-subj", f"/CN={name}", "-keyout", f"{name}-key.pem", "-out", f"{name}.csr")
        signing = ("-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-extfile", f"{name}.ext")
        openssl("x509", "-req", "-days", "2", "-in", f"{name}.csr", *signing, "-out", f"{name}.pem")
    shutil.copy(folder / "client.pem", folder / "cert.pem")
    shutil.copy(folder / "client-key.pem", folder / "key.pem")
    return folder


@pytest.mark.slow
async def test_over_tls(certificates: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, require: Require) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    tls = [f"--tls{name}={certificates / file}" for name, file in (("cacert", "ca.pem"), ("cert", "server.pem"))]
    tls += [f"--tlskey={certificates / 'server-key.pem'}", "--tlsverify", "--host", f"tcp://127.0.0.1:{port}"]
    try:
        with own_engine(tls):
            monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{port}")
            monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
            monkeypatch.setenv("DOCKER_CERT_PATH", str(certificates))
            await check_verdicts(await open_sandbox("docker", slots=2))
            # As authority, a certificate with which that of the server was not signed.
            other = tmp_path / "other"
            shutil.copytree(certificates, other)
            shutil.copy(other / "cert.pem", other / "ca.pem")
            monkeypatch.setenv("DOCKER_CERT_PATH", str(other))
            with pytest.raises(SandboxUnavailable, match="certificate verify failed") as caught:
                await open_sandbox("docker")
            assert "\n" not in str(caught.value)
    except NoEngine as error:
        require("docker", str(error))


async def test_tls_without_certificates_says_which_are_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:2376")
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    monkeypatch.setenv("DOCKER_CERT_PATH", str(tmp_path))
    with pytest.raises(SandboxUnavailable, match=f"ca.pem, cert.pem and key.pem in {tmp_path}"):
        await open_sandbox("docker")


async def test_over_ssh(engine_host: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    docker = shutil.which("docker")
    if docker is None:
        pytest.skip("there is no docker command for the other side of ssh")
    fake_ssh(tmp_path, f'while [ "$1" != -- ]; do shift; done; shift 2; shift; exec {docker} -H {engine_host} "$@"')
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("DOCKER_HOST", "ssh://somebody@elsewhere:2222")
    await check_verdicts(await open_sandbox("docker", slots=2))


async def test_an_ssh_that_fails_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake_ssh(tmp_path, "echo somebody@elsewhere: Permission denied >&2; exit 255")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("DOCKER_HOST", "ssh://somebody@elsewhere")
    with pytest.raises(SandboxUnavailable, match=r"answers at ssh://somebody@elsewhere \(.*Permission denied\)"):
        await open_sandbox("docker")


def fake_ssh(folder: Path, script: str) -> None:
    executable = folder / "ssh"
    executable.write_text(f"#!/bin/sh\n{script}\n")
    executable.chmod(executable.stat().st_mode | stat.S_IXUSR)


async def test_an_ssh_address_is_a_host_and_nothing_more() -> None:
    if shutil.which("ssh") is not None:
        rest = ["-l", "me", "-p", "22", "--", "host", "docker", "system", "dial-stdio"]
        assert command("ssh://me@host:22")[-len(rest) :] == rest
    for url in ("ssh://", "ssh://me:secret@host", "ssh://host/run/docker.sock"):
        with pytest.raises(SandboxUnavailable, match="DOCKER_HOST"):
            command(url)


async def test_a_host_that_is_gone_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for host in ("unix:///nonexistent/docker.sock", "tcp://127.0.0.1:1", "tcp://nonexistent.invalid:2375", "nonsense"):
        monkeypatch.setenv("DOCKER_HOST", host)
        with pytest.raises(SandboxUnavailable, match=f"no Docker engine answers at {host}") as caught:
            await open_sandbox("docker")
        assert "\n" not in str(caught.value) and "DOCKER_HOST" in str(caught.value)


async def test_where_no_system_v_limits_can_be_set_there_are_none(
    engine_host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jails, "NO_SYSTEM_V", {"kernel.nobody_knows_this": "0"})
    sandbox = await open_sandbox("docker", slots=1)
    executions = [e async for e in sandbox.run([Job("job", "print(1)", (b"",))])]
    assert [e.verdict for e in executions] == [Verdict.OK]
    await sandbox.close()


async def test_a_container_that_outlived_its_engine_is_removed_when_that_is_back(
    own: OwnEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", own.host)
    docker = await find_docker()
    slot = await Slot.start(docker, Size())
    await asyncio.to_thread(own.kill)
    await slot.connection.end()
    await asyncio.to_thread(own.start)
    slot = await Slot.start(docker, Size())
    client = own.client()
    assert len(client.containers(all=True, filters={"label": LABEL})) == 1
    await slot.connection.end()
    await docker.close()
    # An engine may answer that it is already removing a container, and take some time to do so.
    async with asyncio.timeout(20):
        while client.containers(all=True, filters={"label": LABEL}):
            await asyncio.sleep(0.1)
    client.close()


@pytest.mark.parametrize(
    ("info", "runtime", "words"),
    [
        (
            {"MemoryLimit": True, "PidsLimit": True},
            None,
            "(engine 20.10; programs under a user id of their own, memory bounded per slot)",
        ),
        ({"MemoryLimit": True, "PidsLimit": True}, "runsc", "(engine 20.10, runtime runsc; "),
        (
            {
                "MemoryLimit": False,
                "PidsLimit": False,
                "SecurityOptions": ["name=seccomp,profile=default", "name=rootless"],
            },
            None,
            "(engine 20.10, rootless; programs under a user id of their own, memory bounded per process only, "
            "processes per user id only)",
        ),
        (
            {"MemoryLimit": True, "PidsLimit": True, "SecurityOptions": ["name=userns"]},
            None,
            "(engine 20.10, user namespace; ",
        ),
    ],
)
async def test_isolation_says_which_limits_hold(info: dict[str, Any], runtime: str | None, words: str) -> None:
    assert words in describe({"ServerVersion": "20.10", **info}, runtime)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        # Control groups of version 2, then of version 1.
        ("memory.events", "low 0\nhigh 0\nmax 7\noom 1\noom_kill 2\noom_group_kill 0\n", "oom 2\noom_kill 3\n"),
        ("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n", "under_oom 1\noom_kill 5\n"),
    ],
)
async def test_a_kill_for_memory_is_noticed_once(name: str, before: str, after: str, tmp_path: Path) -> None:
    counter = tmp_path / name
    counter.write_text(before)
    kills = OomKills((str(tmp_path / "absent"), str(counter)))
    assert not kills.rose()
    counter.write_text(after)
    assert kills.rose() and not kills.rose()
    assert not OomKills((str(tmp_path / "absent"),)).rose()
