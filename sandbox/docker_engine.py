"""Jails that are Docker containers: one for each slot, started once, gone with the process that asked for them."""

from __future__ import annotations

import asyncio
import os
import random
import re
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sandbox.errors import ImageMissing, SandboxError, SandboxUnavailable
from sandbox.image.build import build, image_tag, is_built
from sandbox.slot import Size, SlotLost, boot_command

if TYPE_CHECKING:
    from docker import APIClient

INSTALL = "apt-get install docker.io"
LABEL = "cure-agent.sandbox"
WRITABLE = {"/tmp": "size=16m,nr_inodes=256,mode=1777", "/dev/shm": "size=8m,nr_inodes=256,mode=1777"}
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/tmp", "PYTHONHASHSEED": "0"}
PYTHON = "/usr/bin/python3"
ENGINE_S = 60
READ_LIMIT = 1 << 20
# An IPC namespace whose System V objects nobody can create outlives no execution.
NO_SYSTEM_V = {"kernel.shmmni": "0", "kernel.msgmni": "0", "kernel.sem": "0 0 0 0"}

T = TypeVar("T")


class Docker:
    """Starts jails through a Docker engine, local or remote."""

    def __init__(self, client: APIClient, version: str) -> None:
        self._client = client
        self._version = version
        # Limits on processes count per user id across containers, so every slot has its own.
        self._next_uid = random.SystemRandom().randrange(1 << 20, 1 << 30)

    @property
    def isolation(self) -> str:
        return f"docker (engine {self._version}; programs under a user id of their own, memory bounded per slot)"

    async def launch(self, size: Size) -> AttachedConnection:
        self._next_uid += 1
        command = boot_command(PYTHON, self._next_uid, tuple(WRITABLE))
        starting = asyncio.create_task(_engine(lambda: _start(self._client, command, size)))
        try:
            container, stream = await asyncio.shield(starting)
        except SandboxError as error:
            raise SandboxError(f"Docker could not start a sandbox: {error}") from error
        except asyncio.CancelledError:
            # The thread cannot be stopped: what it starts is removed.
            with suppress(SandboxError):
                container, stream = await starting
                stream.close()
                await _engine(lambda: _remove(self._client, container))
            raise
        return await AttachedConnection.open(self._client, container, stream)

    async def close(self) -> None:
        await _engine(self._client.close)


class AttachedConnection:
    """A runner in a container, over the stream the engine attaches to it."""

    def __init__(
        self, client: APIClient, container: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._client = client
        self._container = container
        self._reader = reader
        self._writer = writer
        self._output = bytearray()
        self._errors = b""
        self._ending: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, client: APIClient, container: str, stream: socket.socket) -> AttachedConnection:
        try:
            reader, writer = await asyncio.open_connection(sock=stream, limit=READ_LIMIT)
        except BaseException:
            stream.close()
            with suppress(SandboxError):
                await asyncio.shield(_engine(lambda: _remove(client, container)))
            raise
        return cls(client, container, reader, writer)

    async def read_exactly(self, size: int) -> bytes:
        while len(self._output) < size:
            await self._read_chunk()
        data = bytes(self._output[:size])
        del self._output[:size]
        return data

    async def _read_chunk(self) -> None:
        """One chunk of the engine's stream: which output it belongs to, its length (big-endian), its bytes."""
        try:
            head = await self._reader.readexactly(8)
            chunk = await self._reader.readexactly(int.from_bytes(head[4:], "big"))
        except (asyncio.IncompleteReadError, OSError) as error:
            raise SlotLost(self.complaint() or "the container ended") from error
        if head[0] == 2:
            self._errors = (self._errors + chunk)[-1000:]
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
        # An engine that is gone has no containers to remove; when it returns, `reap` finds those it kept.
        with suppress(SandboxError):
            await _engine(lambda: _remove(self._client, self._container))


async def find_docker(say: Callable[[str], None] | None = None) -> Docker:
    """A Docker engine that answers and has the image, which is built if `say` is given to report on that.

    Raises SandboxUnavailable with what is missing and how to get it; ImageMissing when that is the image alone.
    """
    client, version = await connect()
    try:
        if say is not None:
            await asyncio.to_thread(build, client, say)
        elif not await _engine(lambda: is_built(client)):
            raise ImageMissing(f"Docker has no image {image_tag()}: run `cure-agent sandbox build`")
        await _engine(lambda: reap(client))
    except SandboxError as error:
        await _engine(client.close)
        if isinstance(error, SandboxUnavailable):
            raise
        raise SandboxUnavailable(str(error)) from error
    return Docker(client, version)


async def connect() -> tuple[APIClient, str]:
    """A client of the engine that DOCKER_HOST names, or the local one, and the engine's version."""
    host = os.environ.get("DOCKER_HOST", "")
    if host.startswith("ssh://") or os.environ.get("DOCKER_TLS_VERIFY"):
        raise SandboxUnavailable(
            "DOCKER_HOST over ssh or TLS is not supported: forward the engine's socket and name that"
        )

    def open_client() -> tuple[APIClient, str]:
        from docker import APIClient
        from docker.utils import kwargs_from_env

        client = APIClient(**kwargs_from_env(), version="auto", timeout=ENGINE_S)
        return client, str(client.version()["Version"])

    try:
        return await _engine(open_client)
    except SandboxError as error:
        where = host or "/var/run/docker.sock"
        raise SandboxUnavailable(f"no Docker engine answers at {where} ({error}): {INSTALL}, or start it") from error


async def _engine(call: Callable[[], T]) -> T:
    """The result of a blocking call to the engine, in a thread; its failures as SandboxError in one line."""

    def translated() -> T:
        from docker.errors import DockerException
        from requests.exceptions import RequestException

        try:
            return call()
        except (DockerException, RequestException, OSError) as error:
            raise SandboxError(_reason(error)) from error

    return await asyncio.to_thread(translated)


def _reason(error: Exception) -> str:
    """The engine's own explanation, or what the system said at the bottom of a pile of connection errors; one line."""
    text = " ".join(str(getattr(error, "explanation", None) or error).split())
    said = re.search(r"\[Errno \d+\] ([^'\")]+)|Error\(\d+, '([^']+)'", text)
    return (said[1] or said[2]) if said else text


def _start(client: APIClient, command: list[str], size: Size) -> tuple[str, socket.socket]:
    """A started container and the raw stream attached to it."""
    from docker.types import LogConfig

    memory = max(1024, 2 * size.memory_mb + 512) << 20
    container = client.create_container(
        image_tag(),
        command,
        user="0:0",
        stdin_open=True,
        working_dir="/",
        network_disabled=True,
        hostname="sandbox",
        environment=ENVIRONMENT,
        labels={LABEL: _owner(os.getpid())},
        host_config=client.create_host_config(
            network_mode="none",
            read_only=True,
            cap_drop=["ALL"],
            cap_add=["SETUID", "SETGID", "KILL"],
            security_opt=["no-new-privileges"],
            pids_limit=size.processes + 48,
            mem_limit=memory,
            memswap_limit=memory,
            ipc_mode="none",
            sysctls=NO_SYSTEM_V,
            tmpfs={path: f"{options},nosuid,nodev,noexec" for path, options in WRITABLE.items()},
            log_config=LogConfig(type="none"),
            auto_remove=True,
        ),
    )["Id"]
    try:
        attached: Any = client.attach_socket(container, {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1})
        try:
            # A descriptor of our own: the SDK's belongs to a response, which it hangs on its socket.
            stream = socket.socket(fileno=os.dup(attached.fileno()))
        finally:
            attached._response.close()
        client.start(container)
    except BaseException:
        _remove(client, container)
        raise
    return container, stream


def _remove(client: APIClient, container: str) -> None:
    from docker.errors import APIError, NotFound

    try:
        client.remove_container(container, force=True)
    except NotFound:
        return
    except APIError as error:
        # 409: it is being removed already, by its own ending.
        if error.status_code != 409:
            raise


def reap(client: APIClient) -> None:
    """Remove containers whose owner on this machine has died without removing them itself."""
    for container in client.containers(all=True, filters={"label": LABEL}):
        owner = container["Labels"][LABEL]
        place, _, identity = owner.rpartition(":")
        pid = identity.partition("@")[0]
        if place == _place() and owner != _owner(int(pid)):
            _remove(client, container["Id"])


def _place() -> str:
    """What tells apart machines, their starts, and PID namespaces on them: process ids mean something only within."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}:{Path('/proc/self/ns/pid').readlink()}"


def _owner(pid: int) -> str:
    """A name for process `pid` that no other process will ever have; for a dead one, a name that no process has."""
    try:
        started = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        started = "dead"
    return f"{_place()}:{pid}@{started}"
