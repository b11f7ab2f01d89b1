"""`cure-agent sandbox exec` from the command line, and the workspace without isolation."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from sandbox import SandboxError, Verdict
from sandbox.workspace import COMMAND_LIMITS, Change, ChangeKind, Command, PathRefused, Setup, open_workspace, shell
from tests.sandbox.conftest import BACKENDS
from tests.sandbox.test_commands import cure_agent


@pytest.fixture(params=BACKENDS)
def kind(request: pytest.FixtureRequest, require: Callable[[str, str], NoReturn]) -> str:
    backends = json.loads(cure_agent("status", "--json").stdout)["backends"]
    backend = next(backend for backend in backends if backend["name"] == request.param)
    if not backend["usable"]:
        require(request.param, f"{backend['detail']}; {backend['remedy']}")
    return str(request.param)


def test_exec_passes_output_through_and_exits_0_only_when_ok(kind: str, tmp_path: Path) -> None:
    place = ("--dir", tmp_path, "--sandbox", kind)
    done = cure_agent("exec", *place, "--", "sh", "-c", "echo out; echo err >&2; echo new > new")
    assert (done.returncode, done.stdout) == (0, b"out\n")
    assert done.stderr.startswith(b"err\n") and b": ok: " in done.stderr and b"1 files changed" in done.stderr
    assert list(tmp_path.iterdir()) == []
    done = cure_agent("exec", *place, "--json", "sh", "-c", "exit 7")
    result = json.loads(done.stdout)
    assert (done.returncode, result["verdict"], result["exit_code"], result["changes"]) == (1, "crash", 7, [])
    done = cure_agent("exec", *place, "--time-limit", "0.3", "sh", "-c", "while :; do :; done")
    assert done.returncode == 1 and b"timeout (cpu)" in done.stderr


def test_exec_carries_files_out(kind: str, tmp_path: Path) -> None:
    place = ("--dir", tmp_path, "--sandbox", kind)
    keep = tmp_path.parent / f"{tmp_path.name}-kept"
    done = cure_agent("exec", *place, "--keep", keep, "sh", "-c", "mkdir -p a; echo 1 > a/report.xml")
    assert done.returncode == 0 and (keep / "a" / "report.xml").read_text() == "1\n"


def test_exec_without_a_sandbox_or_a_command(tmp_path: Path) -> None:
    assert cure_agent("exec", "--dir", tmp_path).returncode == 2
    nothing = {"PATH": str(tmp_path), "DOCKER_HOST": "unix:///nonexistent.sock"}
    done = cure_agent("exec", "--dir", tmp_path, "true", **nothing)
    assert done.returncode == 6 and b"apt-get install bubblewrap" in done.stderr
    assert len(done.stderr.decode().splitlines()) == 1


async def test_none_keeps_the_directory_and_most_limits(tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("as it was\n")
    workspace = await open_workspace(tmp_path, kind="none")
    done = await workspace.run(Command(shell("cat; echo more >> kept.txt; echo x > new; exit 3"), stdin=b"in"))
    assert (done.verdict, done.exit_code, done.stdout) == (Verdict.CRASH, 3, b"in")
    assert await workspace.changes() == [Change("kept.txt", ChangeKind.CHANGED), Change("new", ChangeKind.ADDED)]
    assert "+more" in await workspace.diff()
    assert (await workspace.run(Command(("no-such-program",)))).reason.startswith("no such command")
    assert (await workspace.run(Command(shell("true"), cwd="nowhere"))).reason.startswith("no such directory")
    for script, limits, verdict in (
        ("while :; do :; done", {"cpu_s": 0.3}, Verdict.TIMEOUT),
        ("sleep 20", {"wall_s": 0.3}, Verdict.TIMEOUT),
        ("yes", {"output_bytes": 1000}, Verdict.OUTPUT_LIMIT),
    ):
        assert (
            await workspace.run(Command(shell(script), limits=replace(COMMAND_LIMITS, **limits)))
        ).verdict == verdict
    with pytest.raises(PathRefused):
        await workspace.read("../x")
    await workspace.run(Command(shell("ln -s /etc/passwd out")))
    with pytest.raises(PathRefused):
        await workspace.read("out")
    await workspace.reset()
    assert await workspace.changes() == [] and (tmp_path / "kept.txt").read_text() == "as it was\n"
    task = asyncio.create_task(workspace.run(Command(shell("sleep 60"))))
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await workspace.close()
    await workspace.close()
    with pytest.raises(SandboxError):
        await open_workspace(tmp_path, kind="none", setup=Setup(("true",)))


async def test_none_refuses_paths_that_name_no_file(tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("as it was\n")
    workspace = await open_workspace(tmp_path, kind="none")
    await workspace.run(Command(shell("mkdir sub; mkfifo pipe; ln -s loop loop; ln -s /etc out")))
    for path in ("out/passwd", "pipe", "loop", "loop/x", "sub", "nothing", "kept.txt/x", "x" * 300):
        with pytest.raises(PathRefused, match=path.partition("/")[0]):
            await workspace.read(path)
    for path in ("out/x", "pipe", "sub", "loop", "loop/x", "kept.txt/x", "x" * 300, "x" * 300 + "/y"):
        with pytest.raises(PathRefused, match=path.partition("/")[0]):
            await workspace.write(path, b"x")
    with pytest.raises(PathRefused, match="loop"):
        await workspace.run(Command(shell("true"), cwd="loop"))
    assert await workspace.read("kept.txt") == b"as it was\n"
    await workspace.close()


@pytest.mark.parametrize("argv", [(), ("",), ("cat", "a\0b")])
def test_words_that_are_no_command_are_refused_when_it_is_made(argv: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="a command"):
        Command(argv)
