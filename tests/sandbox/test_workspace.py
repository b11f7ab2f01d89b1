"""Workspaces under Docker and bubblewrap, with real commands; hostile commands run only in a jail."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest
import pytest_asyncio

from sandbox import Limits, SandboxError, SandboxUnavailable, Verdict
from sandbox.workspace import (
    COMMAND_LIMITS,
    Change,
    ChangeKind,
    Command,
    PathRefused,
    Quota,
    Workspace,
    open_workspace,
    shell,
)
from sandbox.workspace.backends import bubblewrap as bubblewrap_module
from sandbox.workspace.backends.view import git_directories
from sandbox.workspace.inside.supervisor import REFUSED, Supervisor
from sandbox.workspace.jailed import ENVIRONMENT
from tests.sandbox.conftest import BACKENDS

Open = Callable[..., Awaitable[Workspace]]
LIMITS = replace(COMMAND_LIMITS, cpu_s=20, wall_s=40, memory_mb=1024, processes=64)
SMALL = Quota(disk_mb=64)
OTHERS = "import os; print([p for p in os.listdir('/proc') if p.isdigit() and int(p) not in (1, os.getpid())])"


@pytest.fixture(params=BACKENDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "sub").mkdir(parents=True)
    (folder / "kept.txt").write_text("as it was\n")
    (folder / "sub" / "gone.txt").write_text("here\n")
    (folder / "run.sh").write_text("#!/bin/sh\necho ran\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("kept.txt")
    return folder


@pytest_asyncio.fixture
async def opened(kind: str, project: Path, require: Callable[[str, str], NoReturn]) -> AsyncIterator[Open]:
    """A coroutine function that opens a workspace on the project folder; the fixture closes it after the test."""
    workspaces = []

    async def open_one(part: str = kind, **options: Any) -> Workspace:
        try:
            workspace = await open_workspace(project, **{"kind": kind, "say": lambda _: None, **options})
        except SandboxUnavailable as error:
            require(part, str(error))
        workspaces.append(workspace)
        return workspace

    yield open_one
    for workspace in workspaces:
        await workspace.close()


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Mode and contents of everything in a folder."""
    return {
        str(path.relative_to(folder)): (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in sorted(folder.rglob("*"))
    }


async def alone(workspace: Workspace) -> bool:
    """Whether the workspace has no processes but its first one and the command that lists them."""
    return (await workspace.run(Command(("python3", "-c", OTHERS)))).stdout == b"[]\n"


async def test_commands_have_verdicts_and_both_streams(opened: Open, kind: str) -> None:
    workspace = await opened()
    done = await workspace.run(
        Command(shell("cat; echo $WORD; pwd; echo no >&2; exit 3"), stdin=b"in ", env={"WORD": "w"}, cwd="sub")
    )
    assert (done.verdict, done.exit_code, done.reason) == (Verdict.CRASH, 3, "exit status 3")
    assert done.stdout.decode() == f"in w\n{workspace.directory}/sub\n"
    assert done.stderr == done.stderr_tail == b"no\n"
    assert done.wall_s > 0 and done.peak_memory_kb > 0
    assert (await workspace.run(Command(("./run.sh",)))).stdout == b"ran\n"
    missing = await workspace.run(Command(("no-such-program",)))
    assert (missing.verdict, missing.exit_code) == (Verdict.CRASH, 127) and "no such command" in missing.reason
    assert "no such directory" in (await workspace.run(Command(shell("true"), cwd="nowhere"))).reason
    killed = await workspace.run(Command(shell("kill -TERM $$")))
    assert (killed.verdict, killed.signal, killed.reason) == (Verdict.CRASH, 15, "SIGTERM")
    assert kind in workspace.isolation and "no network" in workspace.isolation


async def test_writes_stay_in_the_workspace_and_are_told(opened: Open, project: Path) -> None:
    before = snapshot(project)
    workspace = await opened()
    script = "echo more >> kept.txt; rm -r sub; mkdir sub; echo new > sub/new.txt; touch -d 2001-01-01 run.sh; rm link"
    assert (await workspace.run(Command(shell(script)))).verdict == Verdict.OK
    assert await workspace.changes() == [
        Change("kept.txt", ChangeKind.CHANGED),
        Change("link", ChangeKind.DELETED),
        Change("sub/gone.txt", ChangeKind.DELETED),
        Change("sub/new.txt", ChangeKind.ADDED),
    ]
    assert snapshot(project) == before
    assert (await workspace.run(Command(shell("cat kept.txt sub/new.txt")))).stdout == b"as it was\nmore\nnew\n"
    await workspace.reset()
    assert await workspace.changes() == []
    assert (await workspace.run(Command(shell("cat kept.txt link sub/gone.txt; ls")))).stdout.startswith(
        b"as it was\nas it was\nhere\n"
    )


async def test_a_diff_applies(opened: Open, project: Path, tmp_path: Path) -> None:
    workspace = await opened()
    await workspace.run(
        Command(shell("printf 'a\\nno end' > new.txt; echo how it was > kept.txt; rm sub/gone.txt; : > empty"))
    )
    patch = await workspace.diff()
    copy = tmp_path / "copy"
    shutil.copytree(project, copy, symlinks=True)
    subprocess.run(["git", "apply", "--unsafe-paths", "-p1", "-"], cwd=copy, input=patch.encode(), check=True)
    assert (copy / "new.txt").read_bytes() == b"a\nno end" and (copy / "kept.txt").read_text() == "how it was\n"
    assert (copy / "empty").read_bytes() == b"" and not (copy / "sub" / "gone.txt").exists()


async def test_files_go_in_and_out(opened: Open, project: Path, tmp_path: Path) -> None:
    workspace = await opened()
    data = os.urandom(3 << 20)
    await workspace.write("deep/er/data.bin", data)
    assert await workspace.read("deep/er/data.bin") == data and await workspace.read("link") == b"as it was\n"
    assert (
        await workspace.run(Command(shell("cp deep/er/data.bin copy.bin; ln -s copy.bin pointer")))
    ).verdict == Verdict.OK
    written = await workspace.export(tmp_path / "out")
    assert sorted(str(path.relative_to(tmp_path / "out")) for path in written) == [
        *("copy.bin", "deep/er/data.bin", "pointer")
    ]
    assert (tmp_path / "out" / "copy.bin").read_bytes() == data
    with pytest.raises(PathRefused, match="never written to"):
        await workspace.export(project / "out")
    assert not (project / "copy.bin").exists()


async def test_paths_that_leave_the_workspace_are_refused(opened: Open) -> None:
    workspace = await opened()
    await workspace.run(
        Command(shell("ln -s /etc out; ln -s ../.. up; ln -s /etc/passwd file; mkfifo pipe; ln -s loop loop"))
    )
    for path in ("../x", "/etc/passwd", "a/../../x", "", "a\0b"):
        with pytest.raises(PathRefused):
            await workspace.read(path)
        with pytest.raises(PathRefused):
            await workspace.write(path, b"")
    for path in ("out/passwd", "up/x", "file", "pipe", "loop", "sub", "nothing"):
        with pytest.raises(PathRefused, match=path.partition("/")[0]):
            await workspace.read(path)
    for path in ("out/x", "up/x", "file", "pipe", "sub", "kept.txt/x"):
        with pytest.raises(PathRefused):
            await workspace.write(path, b"x")
    with pytest.raises(PathRefused):
        await workspace.run(Command(shell("true"), cwd=".."))
    assert (await workspace.run(Command(shell("true"), cwd="out"))).verdict == Verdict.CRASH


@pytest.mark.slow
async def test_limits_hold(opened: Open) -> None:
    workspace = await opened()
    spin = await workspace.run(Command(shell("while :; do :; done"), limits=replace(LIMITS, cpu_s=0.3)))
    assert (spin.verdict, spin.reason) == (Verdict.TIMEOUT, "cpu")
    team = "import os, time\nfor _ in range(3): os.fork()\nstart = time.process_time()\nwhile True: pass"
    many = await workspace.run(Command(("python3", "-c", team), limits=replace(LIMITS, cpu_s=0.6)))
    assert (many.verdict, many.reason) == (Verdict.TIMEOUT, "cpu") and many.cpu_s < 3
    sleep = await workspace.run(Command(shell("sleep 30"), limits=replace(LIMITS, wall_s=0.5)))
    assert (sleep.verdict, sleep.reason) == (Verdict.TIMEOUT, "wall") and sleep.wall_s < 10
    greedy = await workspace.run(
        Command(("python3", "-c", "bytearray(10 << 30)"), limits=replace(LIMITS, memory_mb=256))
    )
    assert greedy.verdict == Verdict.MEMORY
    hog = "import os, time\nos.fork(), os.fork()\nx = bytearray(40 << 20)\ntime.sleep(20)"
    hogs = await workspace.run(Command(("python3", "-c", hog), limits=replace(LIMITS, memory_mb=100)))
    assert (hogs.verdict, hogs.reason) == (Verdict.MEMORY, "all processes of the command together") and hogs.wall_s < 15
    assert await alone(workspace)


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
async def test_output_floods_are_cut(opened: Open, stream: str) -> None:
    workspace = await opened()
    script = f"import os\nwhile True: os.write({1 if stream == 'stdout' else 2}, b'x' * 65536)"
    flood = await workspace.run(Command(("python3", "-c", script), limits=replace(LIMITS, output_bytes=100_000)))
    assert (flood.verdict, flood.reason) == (Verdict.OUTPUT_LIMIT, stream)
    assert len(getattr(flood, stream)) == 100_000 and len(flood.stderr_tail) <= 8192
    assert await alone(workspace)


@pytest.mark.slow
async def test_hostile_commands_end_with_their_command(opened: Open) -> None:
    workspace = await opened()
    bomb = "import os\nwhile True:\n  try: os.fork()\n  except OSError: pass"
    ended = await workspace.run(
        Command(("python3", "-c", bomb), limits=replace(LIMITS, cpu_s=0.5, wall_s=4, processes=24))
    )
    assert ended.verdict == Verdict.TIMEOUT
    daemon = "import os, time\nif os.fork() == 0:\n  os.setsid()\n  if os.fork() == 0: time.sleep(60)\n  os._exit(0)"
    assert (await workspace.run(Command(("python3", "-c", daemon)))).wall_s < 10
    assert await alone(workspace)
    everyone = (
        "import os, signal\nos.fork()\nfor s in signal.valid_signals():\n  try: os.kill(1, s)\n  except OSError: pass"
    )
    assert (await workspace.run(Command(("python3", "-c", everyone)))).verdict == Verdict.OK
    await workspace.run(Command(("python3", "-c", "import os\nos.kill(-1, 9)")))
    assert await alone(workspace)


async def test_the_disk_of_a_workspace_is_bounded(opened: Open) -> None:
    workspace = await opened(quota=SMALL)
    full = await workspace.run(
        Command(shell("head -c 200M /dev/zero > big; head -c 200M /dev/zero > /tmp/big; du -sm big /tmp/big"))
    )
    assert all(int(line.split()[0]) <= 64 for line in full.stdout.splitlines())
    await workspace.reset()
    assert (await workspace.run(Command(shell("ls big /tmp/big")))).stdout == b""


async def test_output_is_streamed_and_cancelling_leaves_nothing(opened: Open) -> None:
    workspace = await opened()
    seen = asyncio.Event()
    script = "echo started; (sleep 60 &); sleep 60"
    task = asyncio.create_task(workspace.run(Command(shell(script)), output=lambda stream, data: seen.set()))
    async with asyncio.timeout(20):
        await seen.wait()
        waiting = asyncio.create_task(workspace.run(Command(shell("echo never > never"))))
        await asyncio.sleep(0)
        waiting.cancel()
        task.cancel()
        results = await asyncio.gather(task, waiting, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)
    assert await alone(workspace) and await workspace.changes() == []


async def test_a_failing_output_function_ends_the_command(opened: Open) -> None:
    workspace = await opened()

    def fail(stream: str, data: bytes) -> None:
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        await workspace.run(Command(shell("echo x; sleep 60")), output=fail)
    assert await alone(workspace)


async def test_commands_see_nothing_of_this_machine(opened: Open, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("SECRET")
    workspace = await opened()
    script = f"cat {tmp_path}/secret ~root/.ssh/* /etc/shadow; ls /run/docker.sock /var/run/docker.sock; id -u; env"
    done = await workspace.run(Command(shell(script)))
    assert b"SECRET" not in done.stdout and b"sock" not in done.stdout and not done.stdout.startswith(b"0\n")
    assert all(line.partition(b"=")[0] in WORDS for line in done.stdout.splitlines()[1:])
    for attempt in ("touch /usr/x", "touch /etc/x", "touch /x", "mount -t tmpfs x /tmp", "unshare -U true"):
        assert (await workspace.run(Command(shell(attempt)))).verdict == Verdict.CRASH


WORDS = {*(name.encode() for name in ENVIRONMENT), b"PWD", b"OLDPWD", b"SHLVL", b"_"}


async def test_the_network_is_off_unless_allowed(opened: Open, kind: str) -> None:
    count = ("python3", "-c", "import socket; print(len(socket.if_nameindex()))")
    off = await opened()
    assert (await off.run(Command(count))).stdout == b"1\n"
    dial = "import socket; socket.create_connection(('1.1.1.1', 80), 1)"
    assert b"unreachable" in (await off.run(Command(("python3", "-c", dial)))).stderr
    on = await opened(part=f"{kind} network", network=True)
    assert "no network" not in on.isolation
    assert int((await on.run(Command(count))).stdout) >= min(2, len(list(Path("/sys/class/net").iterdir())))


async def test_workspaces_run_side_by_side(opened: Open) -> None:
    first, second = await asyncio.gather(opened(), opened())
    script = "echo $0 > mine; sleep 1; cat mine"
    async with asyncio.timeout(20):
        results = await asyncio.gather(
            *(
                workspace.run(Command(("sh", "-c", script, name)))
                for workspace, name in ((first, "one"), (second, "two"))
            ),
            first.run(Command(shell("cat mine"))),
        )
    assert [result.stdout for result in results] == [b"one\n", b"two\n", b"one\n"]


async def test_close_is_idempotent_and_final(opened: Open) -> None:
    workspace = await opened()
    task = asyncio.create_task(workspace.run(Command(shell("sleep 60"))))
    await asyncio.sleep(0.3)
    await workspace.close()
    await workspace.close()
    assert (await task).verdict == Verdict.SANDBOX_ERROR
    for attempt in (workspace.run(Command(shell("true"))), workspace.changes(), workspace.reset()):
        with pytest.raises(SandboxError, match="closed"):
            await attempt


async def test_more_than_the_quota_is_refused(opened: Open) -> None:
    workspace = await opened(quota=Quota(limits=LIMITS))
    with pytest.raises(SandboxError, match="larger quota"):
        await workspace.run(Command(shell("true"), limits=Limits(memory_mb=4096)))


@pytest.mark.slow
async def test_pytest_runs_a_tiny_project(opened: Open, project: Path) -> None:
    for name in ("pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments"):
        source = Path(__import__(name).__file__ or "").parent
        shutil.copytree(source, project / "vendor" / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(source.parent / "py.py", project / "vendor")
    (project / "calc.py").write_text("def add(a, b):\n    return a - b\n")
    (project / "test_calc.py").write_text("from calc import add\n\ndef test_add():\n    assert add(2, 2) == 4\n")
    workspace = await opened()
    command = ("python3", "-m", "pytest", "-q", "--junitxml=report.xml", "test_calc.py")
    environment = {"PYTHONPATH": "vendor", "PYTHONDONTWRITEBYTECODE": "1"}
    failed = await workspace.run(Command(command, limits=LIMITS, env=environment))
    assert failed.exit_code == 1 and b"1 failed" in failed.stdout, failed.stderr
    await workspace.write("calc.py", b"def add(a, b):\n    return a + b\n")
    passed = await workspace.run(Command(command, limits=LIMITS, env=environment))
    assert passed.verdict == Verdict.OK and b"1 passed" in passed.stdout
    assert b'failures="0"' in await workspace.read("report.xml")
    assert Change("calc.py", ChangeKind.CHANGED) in await workspace.changes()


async def test_a_build_with_make(opened: Open, project: Path) -> None:
    (project / "main.c").write_text('#include <stdio.h>\nint main(void) { puts("built"); return 0; }\n')
    (project / "Makefile").write_text("main: main.c\n\tcc -o main main.c\n")
    workspace = await opened()
    if (await workspace.run(Command(shell("command -v cc && command -v make")))).verdict != Verdict.OK:
        pytest.skip("no cc and make in this sandbox")
    made = await workspace.run(Command(("make",), limits=LIMITS))
    assert made.verdict == Verdict.OK, made.stderr
    assert (await workspace.run(Command(("./main",)))).stdout == b"built\n"
    assert await workspace.changes() == [Change("main", ChangeKind.ADDED)] and not (project / "main").exists()


async def test_a_virtual_environment_works_where_it_is(opened: Open, project: Path, kind: str) -> None:
    if kind == "docker" and os.environ.get("DOCKER_HOST"):
        pytest.skip("paths of this machine are shown to a local engine only")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", project / ".venv"], check=True)
    base = Path(sys.base_prefix)
    workspace = await opened(readable=() if base == Path("/usr") else (base,))
    done = await workspace.run(Command((".venv/bin/python", "-c", "import sys, json; print(sys.prefix)")))
    assert done.stdout.decode().strip() == str(project / ".venv"), (done.stderr, done.reason)


@pytest.mark.bubblewrap
@pytest.mark.parametrize("kind", ["bubblewrap"])
async def test_a_linked_worktree_has_its_repository_read_only(opened: Open, project: Path, tmp_path: Path) -> None:
    git = ["git", "-c", "user.name=n", "-c", "user.email=e@x", "-c", "init.defaultBranch=main"]
    repository = tmp_path / "repository"
    subprocess.run([*git, "init", "-q", repository], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "first"], cwd=repository, check=True)
    shutil.rmtree(project)
    subprocess.run([*git, "worktree", "add", "-q", "--detach", project], cwd=repository, check=True)
    assert git_directories(project) == [str(repository / ".git")]
    workspace = await opened()
    assert b"first" in (await workspace.run(Command(shell("git log --oneline")))).stdout
    assert (
        await workspace.run(Command(shell("echo x > ../repository/.git/x || echo x > $(git rev-parse --git-dir)/x")))
    ).exit_code
    # A .git file gives access to no repository unless that repository names the worktree in turn.
    (project / ".git").write_text(f"gitdir: {tmp_path}/elsewhere/.git/worktrees/project\n")
    assert git_directories(project) == []


@pytest.mark.bubblewrap
@pytest.mark.parametrize("kind", ["bubblewrap"])
async def test_without_an_overlay_the_directory_is_copied(
    opened: Open, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bubblewrap_module, "OVERLAYS", (False,))
    workspace = await opened(quota=SMALL)
    assert "a copy of the directory" in workspace.isolation
    await workspace.run(Command(shell("echo more >> kept.txt")))
    assert await workspace.changes() == [Change("kept.txt", ChangeKind.CHANGED)]
    (project / "large").write_bytes(bytes(70 << 20))
    with pytest.raises(SandboxUnavailable, match="larger quota"):
        await open_workspace(project, kind="bubblewrap", quota=SMALL)


@pytest.mark.bubblewrap
@pytest.mark.parametrize("kind", ["bubblewrap"])
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may change a file's owner")
async def test_files_of_several_owners_are_copied(opened: Open, project: Path) -> None:
    assert "an overlay" in (await opened()).isolation
    os.chown(project / "kept.txt", 12345, 12345)
    workspace = await opened()
    assert "a copy of the directory" in workspace.isolation
    assert (await workspace.run(Command(shell("echo more >> kept.txt")))).verdict == Verdict.OK


OWNER = """
import asyncio, sys
from sandbox.workspace import Command, open_workspace, shell

async def main():
    workspace = await open_workspace(sys.argv[2], kind=sys.argv[1])
    await workspace.run(Command(shell(f"sleep {sys.argv[3]} & sleep {sys.argv[3]}")))

asyncio.run(main())
"""


@pytest.mark.slow
async def test_nothing_outlives_a_killed_owner(opened: Open, project: Path, kind: str) -> None:
    await opened()
    seconds = f"{1000 + os.getpid()}.{len(kind)}"
    sleeping = f"sleep\0{seconds}\0".encode()
    owner = subprocess.Popen([sys.executable, "-c", OWNER, kind, project, seconds])
    try:
        async with asyncio.timeout(20):
            while command_lines().count(sleeping) < 2:
                await asyncio.sleep(0.1)
    finally:
        owner.kill()
        owner.wait()
    async with asyncio.timeout(20):
        while sleeping in command_lines():
            await asyncio.sleep(0.1)


def command_lines() -> list[bytes]:
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            lines.append(path.read_bytes())
    return lines


def test_the_supervisor_refuses_to_start_outside_a_namespace_of_its_own(tmp_path: Path) -> None:
    script = "from sandbox.workspace.inside.supervisor import main; main(['-', '/tmp'])"
    done = subprocess.run([sys.executable, "-c", script], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert done.returncode == REFUSED and b"refusing to start" in done.stderr
    with pytest.raises(RuntimeError, match="namespace"):
        Supervisor(None, None, str(tmp_path))  # type: ignore[arg-type]  # it checks its own PID before it uses them


async def test_places_of_the_system_are_refused() -> None:
    for place in ("/", "/usr", "/tmp", "/proc/self", "/nonexistent"):
        with pytest.raises(SandboxError):
            await open_workspace(place)
