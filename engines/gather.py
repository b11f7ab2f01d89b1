"""Completions that several tasks make, in one stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

from engines.protocol import Completion

News = Completion | asyncio.Task[None]


async def as_they_come(
    queue: asyncio.Queue[News], tasks: Sequence[asyncio.Task[None]]
) -> AsyncGenerator[Completion, None]:
    """What the tasks put into the queue until all have ended; closing it cancels them, an error of one ends all."""
    for task in tasks:
        task.add_done_callback(queue.put_nowait)
    running = len(tasks)
    try:
        while running:
            news = await queue.get()
            if isinstance(news, Completion):
                yield news
            else:
                running -= 1
                news.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
