"""Merges the completions of several tasks into one stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

from engines.protocol import Completion

Arrival = Completion | asyncio.Task[None]
"""A completion, or a task that has ended."""


async def as_they_come(
    queue: asyncio.Queue[Arrival], tasks: Sequence[asyncio.Task[None]]
) -> AsyncGenerator[Completion, None]:
    """Completions that the tasks put into the queue, until all tasks have ended.

    Closing the generator cancels the tasks; an error of one task cancels the others and is raised.
    """
    for task in tasks:
        task.add_done_callback(queue.put_nowait)
    running = len(tasks)
    try:
        while running:
            arrival = await queue.get()
            if isinstance(arrival, Completion):
                yield arrival
            else:
                running -= 1
                arrival.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
