"""Starts containers and connects to them, over the stream that Docker's engine attaches to their standard streams."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress

from sandbox.backends.docker.client import ENGINE_S, Address, Engine, call, reason
from sandbox.errors import SandboxError
from sandbox.pool.connection import JailLost

ERRORS_KEPT = 1000
"""Maximum bytes of a container's standard error that are kept: the last ones."""
LARGEST_REFUSAL = 1 << 16
"""Maximum bytes that are read of the engine's explanation when it refuses to attach."""


async def start(
    engine: Engine, create: Callable[[str], None], remove: Callable[[str], Awaitable[None]]
) -> AttachedConnection:
    """The connection to a new, running container; ending the connection removes the container.

    `create` makes a container with the given name, and blocks; `remove` removes it, or does nothing if there is none.
    Raises SandboxError in the engine's words. Cancelling waits for the engine and removes the container.
    """
    starting = asyncio.create_task(_start(engine, create, remove))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        # A request that the engine has received cannot be cancelled.
        with suppress(SandboxError):
            await (await starting).end()
        raise


async def _start(
    engine: Engine, create: Callable[[str], None], remove: Callable[[str], Awaitable[None]]
) -> AttachedConnection:
    # Named here, not by the engine: an engine that dies may create a container without having reported its id.
    name = f"cure-agent-{uuid.uuid4().hex}"
    writer: asyncio.StreamWriter | None = None
    try:
        await call(lambda: create(name))
        reader, writer = await _attach(engine.address, engine.client.api_version, name)
        await call(lambda: engine.client.start(name))
    except BaseException:
        if writer is not None:
            writer.transport.abort()
        await remove(name)
        raise
    return AttachedConnection(reader, writer, lambda: remove(name))


async def _attach(
    address: Address, api_version: str, container: str
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Both directions of a container's standard streams. Raises SandboxError in the engine's words when it refuses.

    The request is written by hand, since the SDK has no attached stream that asyncio can wait on over every kind of
    connection:
    https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach
    """
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(ENGINE_S):
            reader, writer = await address.open()
            writer.write(
                f"POST /v{api_version}/containers/{container}/attach?stdin=1&stdout=1&stderr=1&stream=1 HTTP/1.1\r\n"
                "Host: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n".encode()
            )
            head = await reader.readuntil(b"\r\n\r\n")
            status = head.split(None, 2)[1]
            if status not in (b"101", b"200"):
                raise SandboxError(await _refusal(reader, status.decode(errors="replace")))
            return reader, writer
    except BaseException as error:
        if writer is not None:
            writer.transport.abort()
        if isinstance(error, TimeoutError):
            raise SandboxError("the engine did not attach to a container in time") from error
        if isinstance(error, (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, IndexError)):
            raise SandboxError(f"the engine did not attach to a container: {reason(error)}") from error
        raise


async def _refusal(reader: asyncio.StreamReader, status: str) -> str:
    body = await reader.read(LARGEST_REFUSAL)
    with suppress(ValueError, KeyError, TypeError):
        return str(json.loads(body[body.index(b"{") : body.rindex(b"}") + 1])["message"])
    return f"status {status}"


class AttachedConnection:
    """A Connection to a container's process, over the Docker engine's multiplexed stream."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, remove: Callable[[], Awaitable[None]]
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._remove = remove
        self._output = bytearray()
        self._errors = b""
        self._ending: asyncio.Task[None] | None = None

    async def read_exactly(self, size: int) -> bytes:
        while len(self._output) < size:
            await self._read_chunk()
        data = bytes(self._output[:size])
        del self._output[:size]
        return data

    async def _read_chunk(self) -> None:
        """Read a chunk of the engine's stream: stream number (2: standard error), length (big-endian), bytes."""
        try:
            head = await self._reader.readexactly(8)
            chunk = await self._reader.readexactly(int.from_bytes(head[4:], "big"))
        except (asyncio.IncompleteReadError, OSError) as error:
            raise JailLost(self.complaint() or "the container ended") from error
        if head[0] == 2:
            self._errors = (self._errors + chunk)[-ERRORS_KEPT:]
        else:
            self._output += chunk

    def write(self, data: bytes) -> None:
        self._writer.write(data)

    def complaint(self) -> str:
        return " ".join(self._errors.decode(errors="replace").split())

    async def end(self) -> None:
        if self._ending is None:
            self._ending = asyncio.create_task(self._end())
        await asyncio.shield(self._ending)

    async def _end(self) -> None:
        self._writer.transport.abort()
        await self._remove()
