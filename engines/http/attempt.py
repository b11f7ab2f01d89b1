"""One HTTP request for some samples of one prompt, followed until its stream ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from openai import AsyncStream

from engines.http.dialect import Dialect
from engines.http.drafts import Draft, Drafts
from engines.http.events import Event, events
from engines.http.load import Share
from engines.http.wire import request_body
from engines.protocol import Request

if TYPE_CHECKING:
    from engines.http.server import Server

_AFTER_LAST_S = 10.0
"""Maximum number of seconds to wait for the end of an answer whose samples have all come."""


class Attempt:
    """One HTTP request for the samples `indices` of a request (consecutive indices if a seed is set)."""

    def __init__(
        self,
        server: Server,
        request: Request,
        indices: list[int],
        dialect: Dialect,
        on_text: Callable[[int, str], None],
        extra: Mapping[str, Any],
    ) -> None:
        """`extra` holds further fields of the request's body."""
        self._server = server
        self.path, self.body = request_body(
            server.name, request.prompt, request.sampling, len(indices), indices[0], dialect
        )
        self.body |= extra
        self._drafts = Drafts(request, indices, server.url, on_text)

    @property
    def started(self) -> list[int]:
        """Indices of the samples of which something has arrived."""
        return self._drafts.started

    @property
    def problem(self) -> str:
        """What happened to the samples that have not finished, in words that continue "the server"."""
        return self._drafts.problem

    async def finished(self, share: Share) -> AsyncGenerator[Draft, None]:
        """Yield each sample when it finishes. Ends when the stream ends, even if samples are missing.

        The last sample is held back until the usage at the end of the stream has come, so that the token counts of all
        samples add up to the server's; the others carry a count from their log-probabilities or an estimate. Raises the
        stream's errors unless all samples have finished.
        """
        drafts, ready = self._drafts, list[Draft]()
        try:
            async with aclosing(self._events(share)) as arriving:
                async for event in arriving:
                    ready += drafts.add(event)
                    while ready and not drafts.all_finished:
                        yield drafts.account(ready.pop(0))
            ready += drafts.end()
        except Exception:
            # If all samples have arrived, a later error loses nothing.
            if not drafts.all_finished:
                raise
        for draft in ready:
            yield drafts.account(draft, last=draft is ready[-1])

    async def _events(self, share: Share) -> AsyncGenerator[Event, None]:
        options = self._server.options
        async with asyncio.timeout(options.first_data_s) as deadline:
            share.ask(deadline, options.first_data_s)
            stream = await self._server.client.post(
                self.path, cast_to=object, body=self.body, stream=True, stream_cls=AsyncStream[object]
            )
            try:
                # Each generator is closed here, since the garbage collector would close it with a warning.
                body = self._body(stream, deadline, share)
                async with aclosing(body), aclosing(events(body)) as arriving:
                    async for event in arriving:
                        yield event
            finally:
                await stream.close()

    async def _body(
        self, stream: AsyncStream[object], deadline: asyncio.Timeout, share: Share
    ) -> AsyncGenerator[bytes, None]:
        """The bytes of the answer. Each piece postpones the time-out, even one that only keeps the connection open."""
        loop, idle_s = asyncio.get_running_loop(), self._server.options.between_data_s
        async with aclosing(stream.response.aiter_bytes()) as pieces:
            async for piece in pieces:
                share.sign_of_life()
                left_s = min(idle_s, _AFTER_LAST_S) if self._drafts.all_finished else idle_s
                deadline.reschedule(loop.time() + left_s)
                yield piece
