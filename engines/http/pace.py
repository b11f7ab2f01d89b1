"""Requests and tokens a minute: a token bucket for each, evenly filled, with nothing saved up for bursts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from engines.http.attempt import estimated_tokens
from engines.protocol import ChatPrompt, Prompt, Request, TextPrompt, Usage

CAPACITY = 1.0
"""What a bucket holds at most. More would let through that much more than the limit within one minute."""


@dataclass
class Bucket:
    """So many units a minute. A taker may go into debt, which the next one waits for."""

    per_minute: float
    filled_at: float
    level: float = CAPACITY

    def fill(self, now: float) -> None:
        """Add what has come in since the last time."""
        self.level = min(CAPACITY, self.level + (now - self.filled_at) * self.per_minute / 60)
        self.filled_at = now

    @property
    def wait_s(self) -> float:
        """Seconds until it is full and the next may take; 0 where it is."""
        return (CAPACITY - self.level) * 60 / self.per_minute


@dataclass
class Taken:
    """What a request took, as far as its samples have arrived."""

    samples: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def add(self, usage: Usage) -> None:
        """Count a sample."""
        self.samples += 1
        self.prompt_tokens += usage.prompt_tokens
        self.completion_tokens += usage.completion_tokens


@dataclass
class Pace:
    """Lets requests through as the limits allow, in the order they come. Without limits it lets everything through."""

    rpm: float | None = None
    tpm: float | None = None
    clock: Callable[[], float] = time.monotonic
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _seen: Taken = field(default_factory=Taken)

    def __post_init__(self) -> None:
        now = self.clock()
        self._requests = None if self.rpm is None else Bucket(self.rpm, now)
        self._tokens = None if self.tpm is None else Bucket(self.tpm, now)

    @asynccontextmanager
    async def turn(self, request: Request, samples: int, unless: Callable[[], bool]) -> AsyncGenerator[Taken, None]:
        """Wait until so many samples of a request may be asked for. Count in what is handed out what they took.

        `unless` says that they will not be asked for any more; call `wake` when it changes.
        """
        async with self._turn:
            while (wait := self.wait_s()) > 0 and not unless():
                self._news.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._news.wait()
            reserved = self._reserve(request, samples)
        taken = Taken()
        try:
            yield taken
        finally:
            self._settle(reserved, taken)

    def wait_s(self) -> float:
        """Seconds until the next request may go; 0 for at once."""
        now, wait = self.clock(), 0.0
        for bucket in (self._requests, self._tokens):
            if bucket is not None:
                bucket.fill(now)
                wait = max(wait, bucket.wait_s)
        return wait

    def wake(self) -> None:
        """Have whoever waits look again."""
        self._news.set()

    def _reserve(self, request: Request, samples: int) -> float:
        """Take a request and the tokens it may need: completions as long as those so far, at first as they may be."""
        longest, seen = request.sampling.max_tokens, self._seen
        expected = min(longest, seen.completion_tokens / seen.samples) if seen.samples else longest
        reserved = _tokens_of(request.prompt) + samples * expected
        if self._requests is not None:
            self._requests.level -= 1
        if self._tokens is not None:
            self._tokens.level -= reserved
        return reserved

    def _settle(self, reserved: float, taken: Taken) -> None:
        """Correct what was reserved by what was taken."""
        self._seen.samples += taken.samples
        self._seen.completion_tokens += taken.completion_tokens
        if self._tokens is not None:
            self._tokens.level += reserved - taken.prompt_tokens - taken.completion_tokens
            self.wake()


def _tokens_of(prompt: Prompt) -> int:
    if isinstance(prompt, ChatPrompt):
        return sum(estimated_tokens(message.content) for message in prompt.messages)
    return estimated_tokens(prompt.text) if isinstance(prompt, TextPrompt) else len(prompt.token_ids)
