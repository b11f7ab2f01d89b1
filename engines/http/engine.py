"""`openai:` and `http(s)://`: an Engine over an OpenAI-compatible server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from engines.gather import Arrival, as_they_come
from engines.http.attempt import Attempt, Draft
from engines.http.pace import Consumed, Pace
from engines.http.retry import EXPECTED, Failure, Patience, failure
from engines.http.server import Server, ServerEngine
from engines.http.wire import Dialect, outcome
from engines.protocol import Completion, Delta, Request
from engines.runs import consecutive

_LONGEST_WAIT_S = 300.0


class HttpEngine(ServerEngine):
    """Samples from one model of one server."""

    def __init__(self, server: Server, extra: Callable[[Request], Mapping[str, Any]] = lambda _: {}) -> None:
        """`extra` returns further fields of a request's body, for servers with parameters beyond the protocol."""
        options = server.options
        super().__init__(server)
        self._extra, self._options = extra, options
        self._patience = Patience(
            options.backoff_s, options.max_backoff_s, options.patience_s, options.retries, _LONGEST_WAIT_S
        )
        self._reached = False
        self._slots = asyncio.Semaphore(options.concurrency)
        self._pace = Pace(options.rpm, options.tpm)

    async def complete(
        self, requests: Sequence[Request], on_delta: Callable[[Delta], None] | None = None
    ) -> AsyncGenerator[Completion, None]:
        """Yield completions as each finishes; a sample whose retries fail has `finish="error"`."""
        call = _Call(on_delta)
        tasks = [
            asyncio.create_task(self._samples(call, request, indices))
            for request in requests
            for indices in _split(list(range(request.n)), self._options.per_request if self._server.dialect.n else 1)
        ]
        async with aclosing(as_they_come(call.queue, tasks)) as completions:
            async for completion in completions:
                yield completion

    async def _samples(self, call: _Call, request: Request, indices: list[int]) -> None:
        """Request these samples until each is answered or a retry is pointless."""
        missing, failures, began = list(indices), 0, time.monotonic()
        while missing:
            dialect = self._server.dialect
            if len(missing) > 1 and not dialect.n:
                await asyncio.gather(*(self._samples(call, request, [index]) for index in missing))
                return
            try:
                turn = self._pace.turn(request, len(missing), lambda: bool(call.hopeless))
                async with self._slots, turn as consumed:
                    if call.hopeless:
                        raise Failure(call.hopeless, passing=False)
                    if not failures:
                        began = time.monotonic()
                    await self._attempt(call, request, missing, dialect, consumed)
            except EXPECTED as error:
                problem = failure(error, self._server.url)
                if problem.status in (400, 422) and (changed := dialect.without(problem.reason)):
                    self._server.dialect = changed
                    continue
                failures += 1
                wait = self._patience.wait_s(problem, failures, time.monotonic() - began, self._reached)
                if wait is None:
                    if problem.status in (401, 403, 404):
                        call.hopeless = problem.reason
                        self._pace.wake()
                    tries = f" (asked {failures} times)" if failures > 1 else ""
                    call.give_up(request, missing, problem.reason + tries)
                    return
                await asyncio.sleep(wait)

    async def _attempt(
        self, call: _Call, request: Request, missing: list[int], dialect: Dialect, consumed: Consumed
    ) -> None:
        """Send one request and remove the answered samples from `missing`."""
        asked = list(missing)
        if request.sampling.seed is not None:
            # A server draws sample i of a request with seed + i.
            first, count = consecutive(missing)[0]
            asked = list(range(first, first + count))
        for index in asked:
            call.restart(request, index)
        attempt = Attempt(
            self._server.client,
            self._server.name,
            request,
            asked,
            dialect,
            (self._options.first_token_s, self._options.idle_s),
            lambda index, text: call.text(request, index, text),
            self._extra(request),
        )
        async with aclosing(attempt.finished()) as drafts:
            async for draft in drafts:
                self._reached = True
                consumed.add(draft.usage)
                missing.remove(draft.index)
                call.queue.put_nowait(_completion(request, draft))
        left = [index for index in asked if index in missing]
        if left and left == asked[1:] and attempt.started == asked[:1]:
            # The answer is complete but has one sample: the server ignores n.
            self._server.dialect = replace(self._server.dialect, n=False)
        elif left:
            raise Failure(f"{self._server.url} ended the stream before the sample was complete", passing=True)


class _Call:
    """State shared by the tasks of one `complete`."""

    def __init__(self, on_delta: Callable[[Delta], None] | None) -> None:
        self.queue: asyncio.Queue[Arrival] = asyncio.Queue()
        self.hopeless = ""
        """Why no request can succeed (a refused key, an unknown model); empty until the server says so."""
        self._on_delta = on_delta
        self._shown: set[tuple[str, int]] = set()

    def text(self, request: Request, index: int, text: str) -> None:
        """Pass new text of a sample to `on_delta`."""
        if self._on_delta:
            self._shown.add((request.key, index))
            self._on_delta(Delta(request.key, index, text))

    def restart(self, request: Request, index: int) -> None:
        """Tell `on_delta` to discard the text of a sample that is requested again."""
        if self._on_delta and (request.key, index) in self._shown:
            self._shown.discard((request.key, index))
            self._on_delta(Delta(request.key, index, "", restart=True))

    def give_up(self, request: Request, indices: Sequence[int], reason: str) -> None:
        """Answer these samples with an error."""
        for index in indices:
            self.queue.put_nowait(Completion(request.key, index, "", "error", error=reason))


def _split(indices: list[int], size: int) -> list[list[int]]:
    return [indices[start : start + size] for start in range(0, len(indices), size)]


def _completion(request: Request, draft: Draft) -> Completion:
    text, finish, error = outcome(draft.text, draft.finish, request.sampling.stop)
    logprobs, ids = tuple(draft.logprobs) or None, tuple(draft.token_ids) or None
    return Completion(
        request.key, draft.index, text, finish, usage=draft.usage, token_ids=ids, logprobs=logprobs, error=error
    )
