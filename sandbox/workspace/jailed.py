"""A Workspace in a jail, which `reset` ends and replaces by a new one."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sandbox.errors import SandboxError
from sandbox.pool.connection import JailLost
from sandbox.protocol import Limits, Verdict
from sandbox.workspace.archive import archive_of
from sandbox.workspace.judge import judged
from sandbox.workspace.link import STOP_S, Link, WorkspaceLauncher
from sandbox.workspace.outcome import Outcome, really_changed
from sandbox.workspace.protocol import Change, Command, CommandResult, Output, PathRefused, Quota, checked

HOME = "/home/user"
PATH = "/env/bin:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
# Git refuses repositories of other owners, and a repository that is shown read-only may appear to have another owner.
GIT = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
USER = {"HOME": HOME, "USER": "user", "LOGNAME": "user"}
ENVIRONMENT = {"PATH": PATH, "LANG": "C.UTF-8", "TERM": "dumb", **USER, **GIT}
WORK_S = 600.0
"""Limit on the CPU seconds, and on the wall seconds, of a job of `inside/files.py`."""
READ_MOST = 128 << 20
"""Maximum bytes of a file that `read` returns."""
FOREIGN = "files of other owners"


class ForeignFiles(SandboxError):
    """The directory has files of other users, which commands under an overlay could not change."""


class Jailed(Outcome):
    """A Workspace in jails of one backend. Files that commands wrote are lost with a jail; `reset` makes a new jail."""

    def __init__(self, launcher: WorkspaceLauncher, directory: Path, quota: Quota) -> None:
        self._launcher = launcher
        self._directory = directory
        self._quota = quota
        self._turn = asyncio.Lock()
        self._link: Link | None = None
        self._archive: IO[bytes] | None = None
        self._closed = False
        self._working: set[asyncio.Task[Any]] = set()

    @property
    def isolation(self) -> str:
        return self._launcher.isolation

    @property
    def directory(self) -> Path:
        return self._directory

    async def open(self) -> Jailed:
        """Start the first jail and return self. Raises SandboxError, and cleans up, if no jail starts."""
        try:
            await self.reset()
        except BaseException:
            await asyncio.shield(self.close())
            raise
        return self

    async def run(self, command: Command, output: Output | None = None) -> CommandResult:
        limits = command.limits
        self._check(limits)
        head = {
            "argv": command.argv,
            "env": {**ENVIRONMENT, **command.env},
            "cwd": checked(command.cwd),
            "cpu_s": limits.cpu_s,
            "wall_s": limits.wall_guard_s,
            "memory": limits.memory_mb << 20,
            "output": limits.output_bytes,
            "processes": limits.processes,
            "file": self._quota.disk_mb << 20,
        }
        kept = {"stdout": bytearray(), "stderr": bytearray()}

        def take(stream: str, data: bytes) -> None:
            kept[stream] += data
            if output is not None:
                output(stream, data)

        try:
            facts = await self._request(head, command.stdin, take)
        except JailLost as error:
            return CommandResult(command=command.argv, verdict=Verdict.SANDBOX_ERROR, reason=str(error))
        return judged(command, facts, bytes(kept["stdout"]), bytes(kept["stderr"]))

    def _check(self, limits: Limits) -> None:
        most = self._quota.limits
        if limits.memory_mb > most.memory_mb or limits.processes > most.processes:
            raise SandboxError(
                f"a command wants {limits.memory_mb} MB and {limits.processes} processes, the workspace was opened for "
                f"{most.memory_mb} and {most.processes}: open it with a larger quota"
            )

    async def changes(self) -> list[Change]:
        lines = (await self._work("compare")).splitlines()
        return await asyncio.to_thread(really_changed, self._directory, [json.loads(line) for line in lines])

    async def read(self, path: str) -> bytes:
        return await self._work("read", {"path": checked(path), "most": READ_MOST})

    async def write(self, path: str, data: bytes) -> None:
        await self._work("write", {"path": checked(path)}, data)

    async def pack(self, root: str, target: IO[bytes]) -> None:
        """Write the directory `root` of the jail to `target`, as a tar archive of a folder with the directory's name.

        Raises SandboxError where that fails.
        """
        await self._work("pack", {"root": root, "name": root.rpartition("/")[2]}, into=target)

    async def reset(self) -> None:
        async with self._turn:
            if self._closed:
                raise SandboxError("the workspace is closed")
            await self._end_jail()
            if self._launcher.copies and self._archive is None:
                self._archive = await asyncio.to_thread(archive_of, self._directory, self._quota.disk_mb)
            self._link = await Link.start(self._launcher)
            if self._archive is not None:
                self._archive.seek(0)
                await self._send_work("unpack", {"stream": True}, feed=self._archive)
            foreign: list[bytes] = []
            await self._send_work("listing", {"keep": True}, said=foreign.append)
            if not self._launcher.copies and int(b"".join(foreign) or b"0"):
                raise ForeignFiles(FOREIGN)

    async def close(self) -> None:
        self._closed = True
        await self._end_jail()
        for task in list(self._working):
            with suppress(Exception):
                await task
        if self._archive is not None:
            self._archive.close()
            self._archive = None
        await self._launcher.close()

    async def _end_jail(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            await link.connection.end()

    async def _work(
        self, name: str, options: dict[str, Any] | None = None, body: bytes = b"", into: IO[bytes] | None = None
    ) -> bytes:
        """The output of a job of `inside/files.py`; with `into`, the output is written there and b"" is returned.

        Raises PathRefused where the job refuses a path, SandboxError where it fails otherwise.
        """
        answer = bytearray()
        words = bytearray()

        def take(stream: str, data: bytes) -> None:
            if stream == "stderr":
                words.extend(data)
            elif into is not None:
                into.write(data)
            else:
                answer.extend(data)

        facts = await self._request(_work_head(name, options, self._quota), body, take)
        _check_work(name, facts, bytes(words), (options or {}).get("path", ""))
        return bytes(answer)

    async def _send_work(
        self,
        name: str,
        options: dict[str, Any],
        *,
        feed: IO[bytes] | None = None,
        said: Callable[[bytes], None] = lambda _: None,
    ) -> None:
        """Run a job of `inside/files.py` while the workspace is being made; the caller holds `_turn`."""
        words = bytearray()

        def take(_stream: str, data: bytes) -> None:
            words.extend(data)
            said(data)

        assert self._link is not None
        try:
            facts = await self._link.request(_work_head(name, options, self._quota), output=take, feed=feed)
            _check_work(name, facts, bytes(words), "")
        except BaseException:
            # On any error, cancellation included: the workspace is incomplete.
            await asyncio.shield(self._end_jail())
            raise

    async def _request(self, head: dict[str, Any], body: bytes, output: Output) -> dict[str, Any]:
        """The answer of the jail's first process.

        Cancelling ends the command and waits for its end; after STOP_S seconds without an answer it ends the jail.
        """
        asked = _PendingRequest()
        task = asyncio.create_task(self._in_turn(asked, head, body, output))
        self._working.add(task)
        task.add_done_callback(self._done)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            asked.given_up = True
            if asked.link is not None:
                asked.link.stop()
                done, _ = await asyncio.wait({task}, timeout=STOP_S)
                if not done:
                    await self._end_jail()
            raise

    async def _in_turn(
        self, asked: _PendingRequest, head: dict[str, Any], body: bytes, output: Output
    ) -> dict[str, Any]:
        async with self._turn:
            link = self._link
            if self._closed:
                raise SandboxError("the workspace is closed")
            if link is None:
                raise SandboxError("the workspace and everything that commands wrote to it were lost: reset it")
            if asked.given_up:
                return {}
            asked.link = link
            try:
                return await link.request(head, body, output)
            except JailLost:
                await self._end_jail()
                raise

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._working.discard(task)
        if not task.cancelled():
            # Retrieve the exception: a caller that was cancelled does not, and asyncio would complain.
            task.exception()


@dataclass
class _PendingRequest:
    """State shared by a request and the task that carries it out."""

    given_up: bool = False
    link: Link | None = None


def _work_head(name: str, options: dict[str, Any] | None, quota: Quota) -> dict[str, Any]:
    bounds = {"cpu_s": WORK_S, "wall_s": WORK_S, "memory": quota.limits.memory_mb << 20}
    # An archive of everything in a workspace is somewhat larger than the contents.
    return {"work": name, "output": quota.disk_mb << 21, **bounds, **(options or {})}


def _check_work(name: str, facts: dict[str, Any], words: bytes, path: str) -> None:
    status = facts["status"]
    if status == 0 and not facts["killed"]:
        return
    said = words.decode(errors="replace").strip() or facts["words"] or facts["killed"] or f"status {status}"
    exit_code = os.WEXITSTATUS(status) if status is not None and os.WIFEXITED(status) else None
    if exit_code == 2:
        raise PathRefused(said)
    if exit_code == 3 and path:
        raise PathRefused(f"{path}: {said}")
    raise SandboxError(f"the workspace could not {name} its files: {said}")
