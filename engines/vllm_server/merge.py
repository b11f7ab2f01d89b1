"""Distributes requests over servers, and merges their answers into one stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from engines.gather import Arrival, as_they_come
from engines.protocol import Completion, Request


def distributed(requests: Sequence[Request], count: int) -> list[list[Request]]:
    """The requests for each of `count` servers, in numbers that differ by at most one.

    Requests are dealt to the servers from first to last, then from last to first, and so on: where requests of two
    roles alternate, each server gets about as many of one role as of the other.
    """
    order = [*range(count), *reversed(range(count))]
    shares: list[list[Request]] = [[] for _ in range(count)]
    for number, request in enumerate(requests):
        shares[order[number % len(order)]].append(request)
    return shares


async def merged(streams: Sequence[AsyncGenerator[Completion, None]]) -> AsyncGenerator[Completion, None]:
    """Yield completions of all streams as each comes. Closing the generator, or an error in one stream, closes all."""
    queue: asyncio.Queue[Arrival] = asyncio.Queue()

    async def drain(stream: AsyncGenerator[Completion, None]) -> None:
        async with aclosing(stream):
            async for completion in stream:
                queue.put_nowait(completion)

    tasks = [asyncio.create_task(drain(stream)) for stream in streams]
    async with aclosing(as_they_come(queue, tasks)) as completions:
        async for completion in completions:
            yield completion
