"""The host's side of one started supervisor (PID 1 of a jail): sends a request, receives output and the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import IO, Any, Protocol

from sandbox.pool.connection import Connection, JailLost, boot
from sandbox.workspace.inside import wire

STOP_S = 10.0
"""Seconds that a supervisor has to answer after a command was stopped, before its jail is ended."""
SLACK_S = 60.0
"""Seconds after a command's wall-clock guard until a supervisor that has not answered counts as lost."""
MODULES = {
    "runner": ("confine", "seccomp"),
    "workspace": (),
    "workspace.inside": ("wire", "channel", "tree", "files", "watch", "supervisor"),
}
"""The modules that are sent to a jail, by package, in import order."""


class WorkspaceLauncher(Protocol):
    """A backend: starts jails with a supervisor in each, all of them over one directory."""

    @property
    def isolation(self) -> str:
        """The isolation of commands from this machine, and the kind of view of the directory, in words."""

    @property
    def copies(self) -> bool:
        """Whether a new jail is empty, so that the directory must be copied into it."""

    async def launch(self) -> Connection:
        """A new jail, its Python waiting for the supervisor's modules. Raises SandboxError when none starts."""

    async def close(self) -> None:
        """Release the resources that jails are made from."""


class Link:
    """Requests to a supervisor and its answers. A request must be answered before the next one is made."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._busy = False

    @classmethod
    async def start(cls, launcher: WorkspaceLauncher) -> Link:
        """A link to a new, ready supervisor. Raises SandboxError in the backend's own words when none starts."""
        link = cls(await launcher.launch())
        await boot(link.connection, MODULES, link._greeting)
        return link

    async def _greeting(self) -> None:
        kind, _, _ = await self._frame()
        if kind != wire.READY:
            raise JailLost("the supervisor answered with another protocol")

    async def request(
        self,
        head: dict[str, Any],
        body: bytes = b"",
        output: Callable[[str, bytes], None] = lambda _stream, _data: None,
        feed: IO[bytes] | None = None,
    ) -> dict[str, Any]:
        """The supervisor's answer to one command or job on files. Must not be cancelled while it runs: see `stop`.

        Raises JailLost when the supervisor ends or does not answer. An exception of `output` ends the command and is
        raised after that.
        """
        complaint: Exception | None = None
        self._busy = True
        try:
            async with asyncio.timeout(head["wall_s"] + SLACK_S):
                self.connection.write(wire.pack(wire.RUN, head, body))
                if feed is not None:
                    self._feed(feed)
                while True:
                    kind, answer, data = await self._frame()
                    if kind == wire.DONE:
                        break
                    if kind == wire.NEXT and feed is not None:
                        self._feed(feed)
                    elif kind == wire.OUTPUT and complaint is None:
                        try:
                            output(str(answer["stream"]), data)
                        except Exception as error:  # noqa: BLE001  # raised below, when the command is over
                            complaint = error
                            self.stop()
        except TimeoutError as error:
            raise JailLost("the supervisor did not answer in time") from error
        except (ValueError, KeyError) as error:
            raise JailLost(f"the supervisor broke the protocol: {error}") from error
        finally:
            self._busy = False
        if complaint is not None:
            raise complaint
        return answer

    def stop(self) -> None:
        """End the command of the request under way, if there is one; its answer comes at once."""
        if self._busy:
            self.connection.write(wire.pack(wire.STOP))

    def _feed(self, feed: IO[bytes]) -> None:
        chunk = feed.read(wire.CHUNK)
        self.connection.write(wire.pack(wire.MORE, body=chunk) if chunk else wire.pack(wire.END))

    async def _frame(self) -> tuple[int, dict[str, Any], bytes]:
        kind, text, body = wire.sizes(await self.connection.read_exactly(wire.HEAD.size))
        data = await self.connection.read_exactly(text + body)
        return kind, wire.head_of(data[:text]), data[text:]
