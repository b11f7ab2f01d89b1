"""`--sandbox none` for workspaces: plain processes in a copy of the directory, for trusted commands."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sandbox.backends.trusted import set_limits
from sandbox.errors import SandboxError
from sandbox.workspace.inside import files
from sandbox.workspace.inside.tree import PAGE_KB, TICKS
from sandbox.workspace.judge import judged
from sandbox.workspace.outcome import Outcome, really_changed
from sandbox.workspace.protocol import Change, Command, CommandResult, Output, PathRefused, checked

POLL_S = 0.02
NOTHING_FAILED = {"failed": 0, "words": "", "oom": False}
NOT_STARTED = {**NOTHING_FAILED, "status": None, "killed": "", "cpu_s": 0.0, "wall_s": 0.0, "peak_kb": 0}
PASSED_ON = ("PATH", "HOME", "LANG", "USER", "LOGNAME")


class TrustedWorkspace(Outcome):
    """A Workspace without isolation, which stops mistakes only: commands have this user's files and network."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._turn = asyncio.Lock()
        self._copy: Path | None = None
        self._before: dict[str, Any] = {}

    @property
    def isolation(self) -> str:
        return "none (plain processes as this user in a copy of the directory, resource limits only)"

    @property
    def directory(self) -> Path:
        return self._directory

    async def open(self) -> TrustedWorkspace:
        """Copy the directory and return self. Raises SandboxError where it cannot be copied."""
        await self._renew()
        return self

    async def run(self, command: Command, output: Output | None = None) -> CommandResult:
        place = checked(command.cwd)
        async with self._turn:
            process = _Process(command, output)
            facts = await process.run(self._resolved(place))
        return judged(command, facts, bytes(process.kept["stdout"]), bytes(process.kept["stderr"]))

    async def changes(self) -> list[Change]:
        async with self._turn:
            found = await asyncio.to_thread(_compare, self._root(), self._before)
        return await asyncio.to_thread(really_changed, self._directory, found)

    async def read(self, path: str) -> bytes:
        file = self._resolved(checked(path))
        with _refused(path):
            if not file.is_file():
                raise PathRefused(f"{path} is not a file")
            return await asyncio.to_thread(file.read_bytes)

    async def write(self, path: str, data: bytes) -> None:
        file = self._resolved(checked(path))
        with _refused(path):
            if file.exists() and not file.is_file():
                raise PathRefused(f"{path} is not a file")
            file.parent.mkdir(parents=True, exist_ok=True)
            await asyncio.to_thread(file.write_bytes, data)

    async def reset(self) -> None:
        async with self._turn:
            self._root()
            await self._renew()

    async def close(self) -> None:
        copy, self._copy = self._copy, None
        if copy is not None:
            await asyncio.to_thread(shutil.rmtree, copy.parent, True)

    async def _renew(self) -> None:
        await self.close()
        self._copy = await asyncio.to_thread(_copy_of, self._directory)
        self._before = await asyncio.to_thread(_listing, self._copy)

    def _root(self) -> Path:
        if self._copy is None:
            raise SandboxError("the workspace is closed")
        return self._copy

    def _resolved(self, path: str) -> Path:
        root = self._root()
        with _refused(path):
            real = (root / path).resolve()
        if not real.is_relative_to(root):
            raise PathRefused(f"{path} leads out of the workspace")
        return real


@contextmanager
def _refused(path: str) -> Iterator[None]:
    """A context in which errors of the file system become PathRefused, with `path` in front."""
    try:
        yield
    except OSError as error:
        raise PathRefused(f"{path}: {error.strerror or error}") from error
    except RuntimeError as error:  # what Path.resolve raises for a loop of links before Python 3.13
        raise PathRefused(f"{path} is a loop of links") from error


class _Process:
    """One command, in a new session; when the command ends, all processes of its process group are killed."""

    def __init__(self, command: Command, output: Output | None) -> None:
        self._command = command
        self._limits = command.limits
        self._output = output
        self._killed = ""
        self.kept = {"stdout": bytearray(), "stderr": bytearray()}

    async def run(self, directory: Path) -> dict[str, Any]:
        """The outcome of the command, with the keys that `Supervisor.run` sends from a jail."""
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        started = time.monotonic()
        try:
            with tempfile.TemporaryFile() as given:
                given.write(self._command.stdin)
                given.seek(0)
                process = await asyncio.create_subprocess_exec(
                    *self._command.argv,
                    stdin=given,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    cwd=directory,
                    env={**environment, **self._command.env},
                    start_new_session=True,
                )
        except OSError as error:
            failed = 1 if await asyncio.to_thread(directory.is_dir) else 2
            return {**NOT_STARTED, "failed": failed, "words": error.strerror or str(error)}
        set_limits(process.pid, self._limits)
        assert process.stdout is not None and process.stderr is not None
        reading = [asyncio.create_task(self._take("stdout", process.stdout))]
        reading.append(asyncio.create_task(self._take("stderr", process.stderr)))
        ending = asyncio.ensure_future(process.wait())
        cpu_s, peak_kb = 0.0, 0
        try:
            while not ending.done() and not self._killed:
                seen_s, seen_kb = _session(process.pid)
                cpu_s, peak_kb = max(cpu_s, seen_s), max(peak_kb, seen_kb)
                if seen_kb > self._limits.memory_mb << 10:
                    self._killed = "memory"
                elif cpu_s > self._limits.cpu_s:
                    self._killed = "cpu"
                elif time.monotonic() - started > self._limits.wall_guard_s:
                    self._killed = "wall"
                await asyncio.wait({ending}, timeout=POLL_S)
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            code = await asyncio.shield(ending)
            # Processes that left the process group may still hold the pipes.
            await asyncio.wait(reading, timeout=1)
            for task in reading:
                task.cancel()
        return {
            "status": -code if code < 0 else code << 8,
            "killed": self._killed,
            "cpu_s": cpu_s,
            "wall_s": time.monotonic() - started,
            "peak_kb": peak_kb,
            **NOTHING_FAILED,
        }

    async def _take(self, name: str, stream: asyncio.StreamReader) -> None:
        while chunk := await stream.read(1 << 16):
            left = self._limits.output_bytes - len(self.kept[name])
            if left > 0:
                self.kept[name] += chunk[:left]
                if self._output is not None:
                    self._output(name, chunk[:left])
            if len(chunk) > left:
                self._killed = self._killed or name


def _session(leader: int) -> tuple[float, int]:
    """CPU seconds and kB of anonymous memory of the living processes of a session.

    The CPU seconds include those of ended children that one of these processes has waited for.
    """
    ticks = pages = 0
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        with suppress(OSError):
            fields = (process / "stat").read_text(errors="replace").rpartition(")")[2].split()
            if int(fields[3]) == leader:
                sizes = (process / "statm").read_text().split()
                ticks += sum(int(field) for field in fields[11:15])
                pages += max(0, int(sizes[1]) - int(sizes[2]))
    return ticks / TICKS, pages * PAGE_KB


def _copy_of(directory: Path) -> Path:
    place = Path(tempfile.mkdtemp(prefix="cure-agent-workspace-")) / directory.name
    done = subprocess.run(["cp", "-a", "--reflink=auto", "--", directory, place], capture_output=True, check=False)
    if done.returncode:
        shutil.rmtree(place.parent, ignore_errors=True)
        raise SandboxError(f"{directory} cannot be copied: {done.stderr.decode(errors='replace').strip()}")
    return place.resolve()


def _listing(root: Path) -> dict[str, Any]:
    return {path: files.signature(found) for path, found in files.walk(str(root)) if not files.is_directory(found)}


def _compare(root: Path, before: dict[str, Any]) -> list[list[str]]:
    return [[path, kind, files.digest(str(root / path))] for path, kind in files.differences(str(root), dict(before))]
