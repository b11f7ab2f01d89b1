"""Finds the model servers that run on this machine, by asking the port that each listens on by default."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import httpx2

from agent.models.servers import SERVERS, RunningServer, Server, read_answer

TIMEOUT_S = 3.0
_LARGEST = 4 * 2**20  # bytes of an answer


async def running_servers(servers: Sequence[Server] = SERVERS, timeout_s: float = TIMEOUT_S) -> list[RunningServer]:
    """The servers that answer on their ports within `timeout_s`, in the order of `servers`; all are asked at once."""
    # Proxies named in the environment are for other machines.
    async with httpx2.AsyncClient(timeout=timeout_s, trust_env=False) as client:
        found = await asyncio.gather(*(_ask(client, server, timeout_s) for server in servers))
    return [server for server in found if server is not None]


async def _ask(client: httpx2.AsyncClient, server: Server, timeout_s: float) -> RunningServer | None:
    """The server, if its answer at `server.path`, or else at /v1/models, is that of a model server; else None."""
    root = f"http://localhost:{server.port}"
    for path in dict.fromkeys((server.path, Server.path)):
        try:
            async with asyncio.timeout(timeout_s), client.stream("GET", root + path) as response:
                body = b""
                async for piece in response.aiter_bytes():
                    body += piece
                    if len(body) > _LARGEST:
                        return None
        except (httpx2.HTTPError, TimeoutError):
            return None
        asked = Server(server.name, server.port, path)
        if found := read_answer(asked, f"{root}/v1", response.status_code, body):
            return found
    return None
