"""One HTTP request for some samples of one prompt, followed until its stream ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from openai import AsyncOpenAI, AsyncStream

from engines.http.retry import Failure
from engines.http.wire import LOST, Dialect, read_chunk, request_body
from engines.protocol import ChatPrompt, Prompt, Request, TextPrompt, Usage

_CHARS_PER_TOKEN = 4


@dataclass(kw_only=True)
class Draft:
    """One sample while it arrives."""

    index: int
    text: str = ""
    started: bool = False
    chunks: int = 0
    """Number of text chunks received; most servers send one per token."""
    finish: str | None = None
    logprobs: list[float] = field(default_factory=list)
    token_ids: list[int] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)


def estimated_tokens(text: str) -> int:
    """Estimated number of tokens of a text."""
    return -(-len(text) // _CHARS_PER_TOKEN)


def estimated_prompt_tokens(prompt: Prompt) -> int:
    """Estimated number of tokens of a prompt."""
    if isinstance(prompt, ChatPrompt):
        return sum(estimated_tokens(message.content) for message in prompt.messages)
    return estimated_tokens(prompt.text) if isinstance(prompt, TextPrompt) else len(prompt.token_ids)


class Attempt:
    """One HTTP request for the samples `indices` of a request (consecutive indices if a seed is set).

    `timeouts`: seconds to the first chunk and between chunks. `extra`: further fields of the body.
    """

    def __init__(
        self,
        client: AsyncOpenAI,
        model: str,
        request: Request,
        indices: list[int],
        dialect: Dialect,
        timeouts: tuple[float, float],
        on_text: Callable[[int, str], None],
        extra: Mapping[str, Any],
    ) -> None:
        self._client = client
        self._first_token_s, self._idle_s = timeouts
        self._on_text = on_text
        self._path, self._body = request_body(
            model, request.prompt, request.sampling, len(indices), indices[0], dialect
        )
        self._body.update(extra)
        self._prompt_estimate = estimated_prompt_tokens(request.prompt)
        self._most_tokens = request.sampling.max_tokens
        self._drafts = [Draft(index=index) for index in indices]
        self._usage: Usage | None = None
        self._accounted = 0

    @property
    def started(self) -> list[int]:
        """Indices of the samples of which something has arrived."""
        return [draft.index for draft in self._drafts if draft.started]

    async def finished(self) -> AsyncGenerator[Draft, None]:
        """Yield each sample when it finishes. Ends with the stream, even if samples are missing; raises its errors.

        The last sample waits for the usage at the end of the stream, so that the sum over all samples is exact where
        the server counts; the others carry the number of their chunks, which for most servers is that of tokens.
        """
        ready: list[Draft] = []
        try:
            async with aclosing(self._chunks()) as chunks:
                async for chunk in chunks:
                    ready += self._take(chunk)
                    while ready and not self._all_finished:
                        yield self._account(ready.pop(0))
        except Exception:
            # If all samples have arrived, a later error loses nothing.
            if not self._all_finished:
                raise
        for draft in ready:
            yield self._account(draft, last=draft is ready[-1])

    @property
    def _all_finished(self) -> bool:
        return all(draft.finish for draft in self._drafts)

    async def _chunks(self) -> AsyncGenerator[object, None]:
        async with asyncio.timeout(self._first_token_s) as patience:
            stream = await self._client.post(
                self._path, cast_to=object, body=self._body, stream=True, stream_cls=AsyncStream[object]
            )
            loop = asyncio.get_running_loop()
            try:
                content_type = stream.response.headers.get("content-type", "").partition(";")[0]
                if content_type == "application/json":  # The server does not stream; it has answered in one piece.
                    yield json.loads(await stream.response.aread())
                elif content_type != "text/event-stream":
                    text = (await stream.response.aread()).decode(errors="replace")
                    what = f"answered with {content_type or 'no content type'} instead of a stream: {text[:80]!r}"
                    raise Failure(f"{self._client.base_url} {what}", passing=True)
                else:
                    async for chunk in stream:
                        patience.reschedule(loop.time() + self._idle_s)
                        yield chunk
            finally:
                await stream.close()

    def _take(self, chunk: object) -> list[Draft]:
        """Add the chunk to the drafts; returns the drafts it finishes."""
        pieces, usage = read_chunk(chunk)
        self._usage = usage or self._usage
        finished = []
        for piece in pieces:
            if not 0 <= piece.index < len(self._drafts) or (draft := self._drafts[piece.index]).finish:
                continue
            draft.started = True
            draft.text += piece.text
            draft.logprobs += piece.logprobs
            draft.token_ids += piece.token_ids
            if piece.text:
                draft.chunks += 1
                self._on_text(draft.index, piece.text)
            if piece.finish and piece.finish not in LOST:
                draft.finish = piece.finish
                finished.append(draft)
        return finished

    def _account(self, draft: Draft, last: bool = False) -> Draft:
        """The draft with its share of the usage."""
        prompt = self._usage.prompt_tokens if self._usage else self._prompt_estimate
        if last and self._usage:
            completion = max(0, self._usage.completion_tokens - self._accounted)
        else:
            guess = max(1, draft.chunks, estimated_tokens(draft.text))
            completion = len(draft.logprobs) or min(guess, self._most_tokens)
        self._accounted += completion
        exact = self._usage is not None and (last or bool(draft.logprobs))
        draft.usage = Usage(prompt if draft.index == 0 else 0, completion, estimated=not exact)
        return draft
