"""`openai:` and `http(s)://`: an Engine over an OpenAI-compatible server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any

from engines.gather import Arrival, as_they_come
from engines.http.attempt import Attempt
from engines.http.dialect import (
    LIMITS,
    REFUSALS,
    Dialect,
    is_about_context,
    is_about_model,
    is_about_size,
    may_be_parameter,
    may_name,
    names_parameters,
)
from engines.http.drafts import Draft
from engines.http.pace import Pace
from engines.http.retry import EXPECTED, OVERLOADED, Failure, Patience, failure
from engines.http.server import Server, ServerEngine
from engines.http.wire import optional_names, outcome, request_body
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
        self._splits = 0
        """How many requests with n > 1 were refused without a reason, then answered when sent for single samples."""
        self._pace = Pace(options.rpm, options.tpm)

    async def complete(
        self, requests: Sequence[Request], on_delta: Callable[[Delta], None] | None = None
    ) -> AsyncGenerator[Completion, None]:
        """Yield completions as each finishes; a sample whose retries fail has `finish="error"`."""
        call = _Call(on_delta)
        size = min(self._options.per_request, self._options.concurrency) if self._server.dialect.takes("n") else 1
        tasks = [
            asyncio.create_task(self._samples(_Group(call=call, request=request, missing=indices)))
            for request in requests
            for indices in _split(list(range(request.n)), size)
        ]
        async with aclosing(as_they_come(call.queue, tasks)) as completions:
            async for completion in completions:
                yield completion

    async def _samples(self, group: _Group) -> None:
        """Request the samples of the group until each is answered or a retry is pointless."""
        while group.missing:
            dialect = self._server.dialect.without(*group.oversized)
            if len(group.missing) > 1 and not dialect.takes("n"):
                await self._singles(group)
                return
            try:
                await self._ask(group, dialect)
            except EXPECTED as error:
                problem = failure(error, group.url or self._server.url)
                if isinstance(error, TimeoutError) or problem.status in OVERLOADED:
                    self._server.load.overloaded()
                if not (
                    await self._adapt(group, dialect, problem)
                    or await self._pause(group, problem)
                    or await self._last_try(group, dialect, problem)
                ):
                    self._give_up(group, problem)

    async def _singles(self, group: _Group) -> None:
        """Request each missing sample alone."""
        singles = [
            _Group(call=group.call, request=group.request, missing=[index], oversized=group.oversized)
            for index in group.missing
        ]
        group.missing = []
        await asyncio.gather(*map(self._samples, singles))
        group.answered += sum(single.answered for single in singles)

    async def _adapt(self, group: _Group, dialect: Dialect, problem: Failure) -> bool:
        """Whether to ask again at once, because the URL, the dialect or the group was changed to suit the refusal."""
        report, several = problem.report, len(group.missing) > 1
        sent = self._optional(group, dialect)
        name = dialect.refused(report, sent) if may_name(report, problem.status) else ""
        wrong_path = problem.is_wrong_path and not name
        if wrong_path and not is_about_model(report, self._server.name) and not names_parameters(report):
            return self._server.try_other_path(group.url)
        if name:
            if name in LIMITS and is_about_size(report):
                group.oversized = LIMITS
            else:
                self._server.leave_out(name)
            return True
        if problem.status not in REFUSALS:
            return False
        if is_about_context(report) and sent.intersection(LIMITS):
            group.oversized = LIMITS  # the server then stops where its context ends
            return True
        if several and problem.status != 404:
            await self._singles(group)
            self._splits += bool(group.answered)
            # A single status of 500 may have had another reason than n.
            if group.answered and (problem.status != 500 or self._splits > 1):
                self._server.leave_out("n")
            return True
        return may_be_parameter(report, problem.status) and await self._guess(group, dialect, sent, problem)

    def _optional(self, group: _Group, dialect: Dialect) -> set[str]:
        """What may be left out of a request for the group."""
        request = group.request
        _, body = request_body("", request.prompt, request.sampling, len(group.missing), 0, dialect)
        return optional_names(body)

    async def _guess(self, group: _Group, dialect: Dialect, sent: set[str], problem: Failure) -> bool:
        """Whether to ask again at once after a refusal that names no parameter.

        Tries which parameters to leave out, unless all such tries with this server were refused before. True if a try
        was answered, and also if another task has changed the server's dialect meanwhile.
        """
        server = self._server
        async with server.guessing:
            if server.dialect.without(*group.oversized) != dialect:
                return True
            for guess in () if server.has_guessed else dialect.guesses(sent):
                try:
                    await self._ask(group, guess)
                except EXPECTED as error:
                    if failure(error, server.url).status not in (*REFUSALS, problem.status):
                        return False
                    continue
                server.leave_out(*(name for name in guess.dropped if dialect.takes(name)))
                return True
            server.has_guessed = True
            return False

    async def _pause(self, group: _Group, problem: Failure) -> bool:
        """Wait before the next try; False if there should be none."""
        group.failures += 1
        group.failed_at = group.failed_at or time.monotonic()
        elapsed = time.monotonic() - group.failed_at
        wait = self._patience.wait_s(problem, group.failures, elapsed, self._server.has_answered)
        if wait is None:
            return False
        if problem.busy and group.failures == self._patience.retries:
            self._server.say_busy(problem.reason)
        await asyncio.sleep(wait)
        return True

    async def _last_try(self, group: _Group, dialect: Dialect, problem: Failure) -> bool:
        """Whether to ask again a server that has failed at every request without a reason.

        Some servers break off in this way when a request has a parameter that they do not know.
        """
        may_help = problem.broke_off and not self._server.has_answered
        return may_help and await self._guess(group, dialect, self._optional(group, dialect), problem)

    def _give_up(self, group: _Group, problem: Failure) -> None:
        if problem.status in (401, 402, 403, 404) or (problem.status == 429 and not problem.passing):
            group.call.hopeless = problem.reason
            self._pace.wake()
        tries = f" (asked {group.failures} times)" if group.failures > 1 else ""
        group.call.give_up(group.request, group.missing, problem.reason + tries)
        group.missing = []

    async def _ask(self, group: _Group, dialect: Dialect) -> None:
        """Send one request once load and rate limits allow, and remove the answered samples from `missing`."""
        call, request, missing = group.call, group.request, group.missing
        turn = self._pace.turn(request, len(missing), lambda: bool(call.hopeless))
        async with self._server.load.room(len(missing)) as share, turn as consumed:
            if call.hopeless:
                raise Failure(call.hopeless, passing=False)
            asked = list(missing)
            if request.sampling.seed is not None:
                # A server draws sample i of a request with seed + i, so a request can only ask for consecutive samples.
                first, count = consecutive(missing)[0]
                asked = list(range(first, first + count))
            for index in asked:
                call.restart(request, index)
            show = partial(call.text, request)
            group.url = self._server.url
            attempt = Attempt(self._server, request, asked, dialect, show, self._extra(request))
            async with aclosing(attempt.finished(share)) as drafts:
                async for draft in drafts:
                    self._server.answered_at(group.url)
                    share.arrived()
                    consumed.add(draft.usage)
                    missing.remove(draft.index)
                    group.answered += 1
                    call.queue.put_nowait(_completion(request, draft))
            left = [index for index in asked if index in missing]
            if left and left == asked[1:] and attempt.started == asked[:1]:
                # The answer is complete but has one sample: the server ignores n.
                self._server.leave_out("n")
            elif left:
                raise Failure(f"{self._server.url} {attempt.problem}", passing=True)


@dataclass(kw_only=True)
class _Group:
    """Samples of a request that are asked for together."""

    call: _Call
    request: Request
    missing: list[int]
    url: str = ""
    """Base URL of the latest request (another task may have changed the server's since); empty before the first."""
    oversized: tuple[str, ...] = ()
    """Names of length limits that are left out for this group, since their value is too large for the server."""
    answered: int = 0
    failures: int = 0
    failed_at: float = 0.0
    """Time of the first failure on the monotonic clock; 0 before a failure."""


class _Call:
    """State shared by the tasks of one call of `complete`."""

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
    text, finish, error = outcome(draft.text, draft.reasoning, draft.finish, request.sampling.stop)
    logprobs, ids = tuple(draft.logprobs) or None, tuple(draft.token_ids) or None
    return Completion(
        request.key, draft.index, text, finish, usage=draft.usage, token_ids=ids, logprobs=logprobs, error=error
    )
