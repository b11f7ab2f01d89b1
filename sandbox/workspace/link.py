"""A started supervisor on the host's side: one request at a time, its output, its answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Protocol

from sandbox.errors import SandboxError
from sandbox.pool.slot import Connection, SlotLost
from sandbox.workspace.inside import wire

START_S = 30.0
STOP_S = 10.0
SLACK_S = 60.0
"""How much later than its wall-clock guard a command's end may be told before the supervisor counts as lost."""
ROOM = Path(__file__).parents[2]
MODULES = {
    "sandbox": (),
    "sandbox.runner": ("frames", "confine", "seccomp"),
    "sandbox.workspace": (),
    "sandbox.workspace.inside": ("wire", "channel", "tree", "files", "watch", "supervisor"),
}
"""What the jail needs, packages before their modules and modules before those that import them."""


class Launcher(Protocol):
    """A backend: starts jails with a supervisor in each, all of them over one directory."""

    @property
    def isolation(self) -> str:
        """What separates a command from this machine, and how the directory is kept, in words."""

    @property
    def copies(self) -> bool:
        """Whether a new jail is empty and has to be sent the directory."""

    async def launch(self) -> Connection:
        """A new jail, its Python waiting for the supervisor's modules; SandboxError when there is none."""

    async def close(self) -> None:
        """Let go of what the jails were made from."""


def boot_command(python: str, uid: int | None, directories: tuple[str, ...]) -> list[str]:
    """The command that waits for the supervisor in a jail; the workspace is the first of the directories."""
    boot = (ROOM / "sandbox/workspace/inside/boot.py").read_text()
    return [python, "-s", "-P", "-B", "-c", boot, "-" if uid is None else str(uid), *directories]


def boot_payload() -> bytes:
    """What `boot_command` reads first: the length, and the modules of the supervisor."""
    modules = []
    for package, names in MODULES.items():
        modules.append([package, ""])
        folder = ROOM / package.replace(".", "/")
        modules += [[f"{package}.{name}", (folder / f"{name}.py").read_text()] for name in names]
    text = json.dumps(modules).encode()
    return len(text).to_bytes(8, "little") + text


class Link:
    """Requests to a supervisor and its answers; whoever uses it sends the next request after the answer to the last."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._busy = False

    @classmethod
    async def start(cls, launcher: Launcher) -> Link:
        """A supervisor that answered; SandboxError with the backend's own words when it does not start."""
        connection = await launcher.launch()
        link = cls(connection)
        try:
            connection.write(boot_payload())
            async with asyncio.timeout(START_S):
                kind, _, _ = await link._frame()
            if kind != wire.READY:
                raise SlotLost("the supervisor answered with another protocol")
        except BaseException as error:
            await asyncio.shield(connection.end())
            if isinstance(error, (SlotLost, TimeoutError)):
                reason = connection.complaint() or str(error) or "the supervisor did not answer in time"
                raise SandboxError(reason) from error
            raise
        return link

    async def request(
        self,
        head: dict[str, Any],
        body: bytes = b"",
        output: Callable[[str, bytes], None] = lambda _stream, _data: None,
        feed: IO[bytes] | None = None,
    ) -> dict[str, Any]:
        """What became of one command or job; SlotLost when the supervisor ends or does not answer.

        Not to be cancelled, see `stop`: it is in the middle of a conversation. What `output` raises is raised when the
        command, which it ends, is over.
        """
        complaint: Exception | None = None
        self._busy = True
        try:
            async with asyncio.timeout(head["wall_s"] + SLACK_S):
                self._connection.write(wire.pack(wire.RUN, head, body))
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
            raise SlotLost("the supervisor did not answer in time") from error
        except (ValueError, KeyError) as error:
            raise SlotLost(f"the supervisor sent what none sends: {error}") from error
        finally:
            self._busy = False
        if complaint is not None:
            raise complaint
        return answer

    def stop(self) -> None:
        """End the command of the request under way, if there is one; its answer comes at once."""
        if self._busy:
            self._connection.write(wire.pack(wire.STOP))

    def _feed(self, feed: IO[bytes]) -> None:
        chunk = feed.read(wire.CHUNK)
        self._connection.write(wire.pack(wire.MORE, body=chunk) if chunk else wire.pack(wire.END))

    async def _frame(self) -> tuple[int, dict[str, Any], bytes]:
        kind, text, body = wire.sizes(await self._connection.read_exactly(wire.HEAD.size))
        data = await self._connection.read_exactly(text + body)
        return kind, wire.head_of(data[:text]), data[text:]

    def complaint(self) -> str:
        return self._connection.complaint()

    async def end(self) -> None:
        await self._connection.end()
