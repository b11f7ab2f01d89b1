"""Starts jails as child processes, connected through pipes."""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import Process
from collections.abc import Sequence
from contextlib import suppress

from sandbox.errors import SandboxUnavailable
from sandbox.pool.connection import JailLost

READ_LIMIT = 1 << 20


async def launch(command: Sequence[str], user: int | None, pass_fds: Sequence[int] = ()) -> PipeConnection:
    """The connection to a new process that runs `command` as `user` (None: this process's user), with `pass_fds` open.

    Raises SandboxUnavailable when the process cannot be started.
    """
    # asyncio's own pipes may be sockets, but the runner moves inputs with splice, which needs a pipe.
    stdin, to_process = os.pipe()
    from_process, stdout = os.pipe()
    complaints = os.memfd_create("complaints")
    reader, writer = os.fdopen(from_process, "rb", 0), os.fdopen(to_process, "wb", 0)
    process: Process | None = None
    output: asyncio.ReadTransport | None = None
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
                # Until both of bwrap's processes are set up, the second may outlive the first: end them as a group.
                start_new_session=True,
            )
        finally:
            os.close(stdin)
            os.close(stdout)
        loop = asyncio.get_running_loop()
        stream = asyncio.StreamReader(limit=READ_LIMIT)
        output, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), reader)
        target, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, writer)
    except BaseException as error:
        # The caller has no connection yet through which it could end the process.
        if output is not None:
            output.close()
        if process is not None:
            _end_group(process)
            await asyncio.shield(process.wait())
        reader.close()
        writer.close()
        os.close(complaints)
        if isinstance(error, OSError):
            raise SandboxUnavailable(f"bubblewrap did not start: {error}") from error
        raise
    return PipeConnection(process, stream, output, target, complaints)


class PipeConnection:
    """A Connection to a child process, over pipes."""

    def __init__(
        self,
        process: Process,
        stream: asyncio.StreamReader,
        output: asyncio.ReadTransport,
        target: asyncio.WriteTransport,
        complaints: int,
    ) -> None:
        """`output` feeds `stream` with what the process writes; `target` leads to the standard input of the process.

        `complaints` is the descriptor of the file that receives the standard error of the process.
        """
        self._process = process
        self._stream = stream
        self._output = output
        self._target = target
        self._complaints = complaints
        self._said = ""
        self._ended = False

    async def read_exactly(self, size: int) -> bytes:
        try:
            return await self._stream.readexactly(size)
        except (asyncio.IncompleteReadError, OSError) as error:
            raise JailLost(self.complaint() or "the process in the jail ended") from error

    def write(self, data: bytes) -> None:
        self._target.write(data)

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
        # asyncio closes the transport itself if the process ended first; aborting a closed one would be an error.
        if not self._target.is_closing():
            self._target.abort()
        self._output.close()
        os.close(self._complaints)
        await self._process.wait()


def _end_group(process: Process) -> None:
    """Kill a process, together with its process group if it leads a group."""
    if process.returncode is None:
        # Not `process.kill`, which polls first and so takes the exit status away from the task that awaits the process.
        for kill in (os.killpg, os.kill):
            with suppress(ProcessLookupError):
                kill(process.pid, signal.SIGKILL)
                return
