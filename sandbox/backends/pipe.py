"""Jails that are child processes of this one, reached through pipes."""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import Process
from collections.abc import Sequence
from contextlib import suppress
from io import FileIO

from sandbox.errors import SandboxUnavailable
from sandbox.pool.connection import JailLost

READ_LIMIT = 1 << 20


async def launch(command: Sequence[str], user: int | None, pass_fds: Sequence[int] = ()) -> PipeConnection:
    """The connection to a new process that runs `command` as `user` (None: this process's user), with `pass_fds` open.

    Raises SandboxUnavailable when the process cannot be started.
    """
    # Pipes, not asyncio's own, which may be sockets: the runner moves inputs with splice.
    stdin, to_process = os.pipe()
    from_process, stdout = os.pipe()
    complaints = os.memfd_create("complaints")
    reader, writer = os.fdopen(from_process, "rb", 0), os.fdopen(to_process, "wb", 0)
    try:
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=stdin,
                stdout=stdout,
                stderr=complaints,
                env={},
                cwd="/",
                user=user,
                group=user,
                extra_groups=None if user is None else [],
                pass_fds=tuple(pass_fds),
                # bwrap's second process is not bound to the first until both are set up: they are ended as a group.
                start_new_session=True,
            )
        finally:
            for fd in (stdin, stdout):
                os.close(fd)
        return await PipeConnection.open(process, reader, writer, complaints)
    except BaseException as error:
        # A caller that is cancelled here has no connection yet that it could end.
        reader.close()
        writer.close()
        os.close(complaints)
        if isinstance(error, OSError):
            raise SandboxUnavailable(f"bubblewrap did not start: {error}") from error
        raise


class PipeConnection:
    """Standard input and output of a child process."""

    def __init__(self, process: Process, complaints: int) -> None:
        self._process = process
        self._complaints = complaints
        self._said = ""
        self._reader = asyncio.StreamReader(limit=READ_LIMIT)
        self._read_end: asyncio.ReadTransport
        self._write_end: asyncio.WriteTransport
        self._ended = False

    @classmethod
    async def open(cls, process: Process, reader: FileIO, writer: FileIO, complaints: int) -> PipeConnection:
        """The connection, which owns all four arguments.

        Raises what asyncio raises; the process has ended then, and the files stay the caller's to close.
        """
        connection = cls(process, complaints)
        loop = asyncio.get_running_loop()
        protocol = asyncio.StreamReaderProtocol(connection._reader)
        try:
            connection._read_end, _ = await loop.connect_read_pipe(lambda: protocol, reader)
            try:
                connection._write_end, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, writer)
            except BaseException:
                connection._read_end.close()
                raise
        except BaseException:
            _end_group(process)
            await asyncio.shield(process.wait())
            raise
        return connection

    async def read_exactly(self, size: int) -> bytes:
        try:
            return await self._reader.readexactly(size)
        except (asyncio.IncompleteReadError, OSError) as error:
            raise JailLost(self.complaint() or "the process in the jail ended") from error

    def write(self, data: bytes) -> None:
        self._write_end.write(data)

    def complaint(self) -> str:
        if not self._ended:
            self._said = " ".join(os.pread(self._complaints, 1000, 0).decode(errors="replace").split())
        return self._said

    async def end(self) -> None:
        if self._ended:
            return
        self.complaint()
        self._ended = True
        _end_group(self._process)
        # asyncio closes this end itself when the process went first; it must not be aborted after that.
        if not self._write_end.is_closing():
            self._write_end.abort()
        self._read_end.close()
        os.close(self._complaints)
        await self._process.wait()


def _end_group(process: Process) -> None:
    """Kill a process, and the group it leads if it leads one."""
    if process.returncode is None:
        # By its id: `process.kill` would first look whether the process has ended, and so take the exit status away
        # from whoever waits for it.
        for kill in (os.killpg, os.kill):
            with suppress(ProcessLookupError):
                kill(process.pid, signal.SIGKILL)
                return
