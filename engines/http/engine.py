"""`openai:` and `http(s)://`: an Engine over an OpenAI-compatible server."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, cast

import httpx2
from openai import AsyncOpenAI, Omit, OpenAIError

from engines.errors import EngineError
from engines.gather import News, as_they_come
from engines.http.attempt import Attempt, Draft
from engines.http.pace import Pace, Taken
from engines.http.retry import EXPECTED, Failure, failure, pause
from engines.http.wire import Dialect, read_models
from engines.protocol import Completion, Delta, Finish, Request
from engines.spec import EngineOptions, ModelSpec
from engines.stop import cut_at_stop

_LONGEST_WAIT_S = 300.0
_UNREACHABLE_TRIES = 3
_FINISH: dict[str, Finish] = {"length": "length", "max_tokens": "length"}


class HttpEngine:
    """Asks one model of one server."""

    def __init__(
        self, spec: ModelSpec, options: EngineOptions, more: Callable[[Request], Mapping[str, Any]] = lambda _: {}
    ) -> None:
        """`more` says what else goes into the body of a request, for servers that know more than the protocol."""
        self._more = more
        self._spec = spec.text
        self._model = spec.name
        self._options = options
        named = spec.kind == "openai"
        # OpenAI's key goes to no other server than the one it was set for.
        key = options.api_key or os.environ.get("OPENAI_API_KEY" if named else "CURE_AGENT_API_KEY")
        if not key and named and not os.environ.get("OPENAI_BASE_URL"):
            raise EngineError(f"{spec.text} needs an API key: set OPENAI_API_KEY")
        try:
            self._client = AsyncOpenAI(
                base_url=spec.url or None,
                api_key=key or "none",
                max_retries=0,
                default_headers=None if named else _no_account(),
                # Waiting for an answer and between its pieces is timed by Attempt.
                timeout=httpx2.Timeout(None, connect=options.connect_s),
            )
        except (OpenAIError, ValueError) as error:
            raise EngineError(f"{spec.text}: {error}") from None
        if self._client.base_url.userinfo:
            # The URL stands in errors, which are written into records.
            raise EngineError(f"{spec.text}: OPENAI_BASE_URL may not hold a user name or password: set OPENAI_API_KEY")
        self._url = str(self._client.base_url).rstrip("/")
        self._dialect = Dialect(logprobs=options.logprobs, limit="max_completion_tokens" if named else "max_tokens")
        self._reached = False
        self._slots = asyncio.Semaphore(options.concurrency)
        self._pace = Pace(options.rpm, options.tpm)

    @property
    def spec(self) -> str:
        """The spec this engine was opened with."""
        return self._spec

    @property
    def full_spec(self) -> str:
        """The spec with the model's name in it, also where the server was asked for it."""
        return f"{self._spec.partition('#')[0]}#{self._model}" if self._spec.startswith("http") else self._spec

    async def models(self, timeout_s: float = 3.0) -> list[str]:
        """The models the server has; raises EngineError if it does not say so in time."""
        try:
            async with asyncio.timeout(timeout_s):
                answer = await self._client.get("/models", cast_to=object)
            return read_models(answer)
        except EXPECTED as error:
            raise EngineError(failure(error, self._url).reason) from None

    async def check(self, timeout_s: float = 3.0) -> str:
        """One line saying that the server answers and has the model; raises EngineError if not."""
        found = await self.models(timeout_s)
        if self._model not in found:
            raise EngineError(f"{self._url} has no model {self._model!r}; it has {', '.join(found[:10]) or 'none'}")
        return f"{self._url} answers and has {self._model}"

    async def choose_model(self) -> None:
        """Take the server's only model where the spec names none; raises EngineError if there is no single one."""
        if self._model:
            return
        found = await self.models(self._options.connect_s)
        if len(found) != 1:
            offered = ", ".join(found[:10]) or "none"
            raise EngineError(f"{self._url} has {len(found)} models ({offered}); name one: {self._url}#NAME")
        self._model = found[0]

    async def complete(
        self, requests: Sequence[Request], on_delta: Callable[[Delta], None] | None = None
    ) -> AsyncGenerator[Completion, None]:
        """Completions as each finishes; a sample that cannot be had is a completion with `finish="error"`."""
        call = _Call(on_delta)
        tasks = [
            asyncio.create_task(self._samples(call, request, indices))
            for request in requests
            for indices in _split(list(range(request.n)), self._options.per_request if self._dialect.n else 1)
        ]
        async with aclosing(as_they_come(call.queue, tasks)) as completions:
            async for completion in completions:
                yield completion

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _samples(self, call: _Call, request: Request, indices: list[int]) -> None:
        """Ask for these samples until each has an answer or nothing more can be hoped for."""
        missing, failures, began = list(indices), 0, time.monotonic()
        while missing:
            dialect = self._dialect
            if len(missing) > 1 and not dialect.n:
                await asyncio.gather(*(self._samples(call, request, [index]) for index in missing))
                return
            try:
                turn = self._pace.turn(request, len(missing), lambda: bool(call.hopeless))
                async with self._slots, turn as taken:
                    if call.hopeless:
                        raise Failure(call.hopeless, passing=False)
                    if not failures:
                        began = time.monotonic()
                    await self._attempt(call, request, missing, dialect, taken)
            except EXPECTED as error:
                problem = failure(error, self._url)
                if problem.status in (400, 422) and (changed := dialect.without(problem.reason)):
                    self._dialect = changed
                    continue
                failures += 1
                wait = self._wait(problem, failures, time.monotonic() - began)
                if wait is None:
                    if problem.status in (401, 403, 404):
                        call.hopeless = problem.reason
                        self._pace.wake()
                    tries = f" (asked {failures} times)" if failures > 1 else ""
                    call.give_up(request, missing, problem.reason + tries)
                    return
                await asyncio.sleep(wait)

    async def _attempt(self, call: _Call, request: Request, missing: list[int], dialect: Dialect, taken: Taken) -> None:
        """Ask once, taking the samples that were answered off `missing`."""
        asked = _run(missing) if request.sampling.seed is not None else list(missing)
        for index in asked:
            call.restart(request, index)
        attempt = Attempt(
            self._client,
            self._model,
            request,
            asked,
            dialect,
            (self._options.first_token_s, self._options.idle_s),
            lambda index, text: call.text(request, index, text),
            self._more(request),
        )
        async with aclosing(attempt.finished()) as drafts:
            async for draft in drafts:
                self._reached = True
                taken.add(draft.usage)
                missing.remove(draft.index)
                call.queue.put_nowait(_completion(request, draft))
        left = [index for index in asked if index in missing]
        if left and left == asked[1:] and attempt.started == asked[:1]:
            # A whole, orderly answer with one sample: the server does not know n.
            self._dialect = replace(self._dialect, n=False)
        elif left:
            raise Failure(f"{self._url} ended the stream before the sample was complete", passing=True)

    def _wait(self, problem: Failure, failures: int, elapsed_s: float) -> float | None:
        """Seconds until the next try; None if there should be none."""
        options = self._options
        tries = options.retries
        if problem.unreachable and not self._reached:
            tries = min(tries, _UNREACHABLE_TRIES)
        wait = pause(failures, options.backoff_s, options.max_backoff_s)
        wait = max(wait, problem.wait_s or 0.0)
        if not problem.passing or failures > tries or wait > _LONGEST_WAIT_S or elapsed_s + wait > options.patience_s:
            return None
        return wait


class _Call:
    """What the tasks of one `complete` share."""

    def __init__(self, on_delta: Callable[[Delta], None] | None) -> None:
        self.queue: asyncio.Queue[News] = asyncio.Queue()
        self.hopeless = ""
        """Why no request can succeed (a refused key, an unknown model), once one was told so."""
        self._on_delta = on_delta
        self._shown: set[tuple[str, int]] = set()

    def text(self, request: Request, index: int, text: str) -> None:
        """Show new text of a sample."""
        if self._on_delta:
            self._shown.add((request.key, index))
            self._on_delta(Delta(request.key, index, text))

    def restart(self, request: Request, index: int) -> None:
        """Take back the text shown of a sample that is asked for again."""
        if self._on_delta and (request.key, index) in self._shown:
            self._shown.discard((request.key, index))
            self._on_delta(Delta(request.key, index, "", restart=True))

    def give_up(self, request: Request, indices: Sequence[int], reason: str) -> None:
        """Answer these samples with an error."""
        for index in indices:
            self.queue.put_nowait(Completion(request.key, index, "", "error", error=reason))


def _no_account() -> Mapping[str, str]:
    """Headers that leave out OpenAI's organization and project, which the client takes from the environment."""
    # The client takes Omit here, as it does in the headers of a request, but its types do not say so.
    return cast(Mapping[str, str], {"OpenAI-Organization": Omit(), "OpenAI-Project": Omit()})


def _split(indices: list[int], size: int) -> list[list[int]]:
    return [indices[start : start + size] for start in range(0, len(indices), size)]


def _run(indices: list[int]) -> list[int]:
    """The longest prefix of consecutive numbers: a server draws sample i of a request with seed + i."""
    length = 1
    while length < len(indices) and indices[length] == indices[0] + length:
        length += 1
    return indices[:length]


def _completion(request: Request, draft: Draft) -> Completion:
    text, stopped = cut_at_stop(draft.text, request.sampling.stop)
    logprobs, ids = tuple(draft.logprobs) or None, tuple(draft.token_ids) or None
    if draft.finish == "content_filter":
        reason = "the server's content filter cut the answer"
        return Completion(request.key, draft.index, text, "error", draft.usage, ids, logprobs, error=reason)
    finish = "stop" if stopped else _FINISH.get(draft.finish or "", "stop")
    return Completion(request.key, draft.index, text, finish, draft.usage, ids, logprobs)
