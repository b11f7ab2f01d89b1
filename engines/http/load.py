"""Limits the samples under way at a server, adapts the limit to the server, and notes when data last came from it."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

FIRST = 32
"""The limit on samples under way at first."""
QUEUED_S = 5.0
"""Seconds from which a wait for the first data shows that the server queues requests."""
_ONE_EVENT_S = 1.0
_NOTED_S = 0.5
"""Least seconds between two signs of life (any data from the server) that extend the deadlines of waiting requests."""


@dataclass(eq=False, kw_only=True)
class Load:
    """The samples under way at one server, at most `limit`, which adapts to the server and never exceeds `most`.

    The limit grows by one for each sample whose request was not queued, as in TCP's slow start. A request that waits
    QUEUED_S or longer for its first data while others are answered may have been queued: the limit is lowered to twice
    the largest number of samples that the server has worked on at once so far. The present number would be a poor
    measure: a long wait may also be a slow prefill, during which the server works on few samples. A refusal for
    overload or a time-out lowers the limit to half of the samples under way, or of the limit where that is less.
    """

    most: int
    clock: Callable[[], float] = time.monotonic
    """The clock of the event loop."""
    limit: int = 0
    under_way: int = 0
    begun: int = 0
    """Samples under way whose requests have received data."""
    most_begun: int = 0
    """The largest value that `begun` has had."""
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set whenever the number of samples under way falls."""
    waiting: dict[asyncio.Timeout, float] = field(default_factory=dict)
    """Deadlines of requests that wait for their first data, with the seconds that each may wait."""
    _alive_at: float = -math.inf
    _halved_at: float = -math.inf

    def __post_init__(self) -> None:
        self.limit = min(self.most, FIRST)

    @asynccontextmanager
    async def room(self, samples: int) -> AsyncGenerator[Share, None]:
        """Wait, in order of arrival, until a request for this many samples is within the limit, then yield its Share.

        A request for more samples than the limit proceeds when nothing else is under way.
        """
        async with self._turn:
            while self.under_way and self.under_way + samples > self.limit:
                self.changed.clear()
                await self.changed.wait()
            self.under_way += samples
        share = Share(self, samples)
        try:
            yield share
        finally:
            share.end()

    def overloaded(self) -> None:
        """Lower the limit after a time-out or a refusal for overload; several within a second count as one."""
        if self.clock() - self._halved_at < _ONE_EVENT_S:
            return
        self._halved_at = self.clock()
        self.limit = max(1, min(self.limit, self.under_way) // 2)

    def sign_of_life(self) -> None:
        """Restart the wait of every request without data yet: the server is alive, and may only have queued them."""
        now = self.clock()
        if now - self._alive_at >= _NOTED_S:
            self._alive_at = now
            for deadline, seconds in self.waiting.items():
                if not deadline.expired():
                    deadline.reschedule(now + seconds)


@dataclass(eq=False)
class Share:
    """The samples of one request within a server's load."""

    load: Load
    samples: int
    _asked_at: float = 0.0
    _deadline: asyncio.Timeout | None = None
    _is_quick: bool = False
    """Whether the first data came within QUEUED_S, so that the server did not queue the request."""
    _has_begun: bool = False

    def ask(self, deadline: asyncio.Timeout, seconds: float) -> None:
        """Note that the request is sent; until its first data comes, data from the server postpones the deadline."""
        self._asked_at, self._deadline = self.load.clock(), deadline
        self.load.waiting[deadline] = seconds

    def sign_of_life(self) -> None:
        """Note that data has come, the first of which shows whether the server queues requests."""
        if not self._has_begun:
            self._stop_waiting()
            self._has_begun = True
            self._is_quick = self.load.clock() - self._asked_at < QUEUED_S
            are_others_answered = self.load.begun > 0
            self.load.begun += self.samples
            self.load.most_begun = max(self.load.most_begun, self.load.begun)
            if not self._is_quick and are_others_answered:
                self.load.limit = min(self.load.limit, 2 * self.load.most_begun)
        self.load.sign_of_life()

    def arrived(self) -> None:
        """Note that a sample has come."""
        if self._is_quick:
            self.load.limit = min(self.load.most, self.load.limit + 1)
        self._give_back(1)

    def end(self) -> None:
        """Note that the request has ended, even if samples are missing."""
        self._stop_waiting()
        self._give_back(self.samples)

    def _stop_waiting(self) -> None:
        if self._deadline:
            self.load.waiting.pop(self._deadline, None)

    def _give_back(self, samples: int) -> None:
        self.samples -= samples
        self.load.under_way -= samples
        if self._has_begun:
            self.load.begun -= samples
        self.load.changed.set()
