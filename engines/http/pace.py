"""Limits requests and tokens per minute with a token bucket for each, filled evenly and without bursts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from engines.http.drafts import estimated_prompt_tokens
from engines.protocol import Request, Usage

CAPACITY = 1.0
"""Capacity of a bucket. A larger one would let more than the limit through within one minute."""


@dataclass
class Bucket:
    """A token bucket, filled with `per_minute` units a minute. It may be overdrawn; requests wait until it is full."""

    per_minute: float
    filled_at: float
    level: float = CAPACITY

    def fill(self, now: float) -> None:
        """Add the units of the time since the last call."""
        self.level = min(CAPACITY, self.level + (now - self.filled_at) * self.per_minute / 60)
        self.filled_at = now

    @property
    def wait_s(self) -> float:
        """Seconds until the bucket is full and the next request may go; 0 if it is full."""
        return (CAPACITY - self.level) * 60 / self.per_minute


@dataclass
class Consumed:
    """Token counts of a request's samples that have arrived."""

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
    """Delays requests to keep the limits, in order of arrival; without limits nothing is delayed."""

    rpm: float | None = None
    tpm: float | None = None
    clock: Callable[[], float] = time.monotonic
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _seen: Consumed = field(default_factory=Consumed)

    def __post_init__(self) -> None:
        now = self.clock()
        self._requests = None if self.rpm is None else Bucket(self.rpm, now)
        self._tokens = None if self.tpm is None else Bucket(self.tpm, now)

    @asynccontextmanager
    async def turn(self, request: Request, samples: int, unless: Callable[[], bool]) -> AsyncGenerator[Consumed, None]:
        """Wait until the limits allow a request for this many samples, then yield the counts of its samples.

        The caller adds each arriving sample to these counts, which replace the reserved tokens at the end. Waiting ends
        early once `unless` returns True; call `wake` when the result of `unless` changes.
        """
        async with self._turn:
            while (wait := self.wait_s()) > 0 and not unless():
                self._changed.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._changed.wait()
            reserved = self._reserve(request, samples)
        consumed = Consumed()
        try:
            yield consumed
        finally:
            self._settle(reserved, consumed)

    def wait_s(self) -> float:
        """Seconds until the next request may go; 0 for at once."""
        now, wait = self.clock(), 0.0
        for bucket in (self._requests, self._tokens):
            if bucket is not None:
                bucket.fill(now)
                wait = max(wait, bucket.wait_s)
        return wait

    def wake(self) -> None:
        """Make waiting requests check `unless` and the buckets again."""
        self._changed.set()

    def _reserve(self, request: Request, samples: int) -> float:
        """Take a request and its expected tokens from the buckets; returns the number of these tokens.

        A completion is assumed to be as long as the mean of all samples so far, but at most `max_tokens`; before the
        first sample, `max_tokens` is assumed.
        """
        longest, seen = request.sampling.max_tokens, self._seen
        expected = min(longest, seen.completion_tokens / seen.samples) if seen.samples else longest
        reserved = estimated_prompt_tokens(request.prompt) + samples * expected
        if self._requests is not None:
            self._requests.level -= 1
        if self._tokens is not None:
            self._tokens.level -= reserved
        return reserved

    def _settle(self, reserved: float, consumed: Consumed) -> None:
        """Replace the reserved tokens by those consumed."""
        self._seen.samples += consumed.samples
        self._seen.completion_tokens += consumed.completion_tokens
        if self._tokens is not None:
            self._tokens.level += reserved - consumed.prompt_tokens - consumed.completion_tokens
            self.wake()
