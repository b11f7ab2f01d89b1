"""Limits the samples that are decoded at the same time; waiting requests are served in order of arrival."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future


class Slots:
    """A pool of `total` slots, one for each sample being decoded; usable from any thread and any event loop."""

    def __init__(self, total: int) -> None:
        self.total = total
        self._free = total
        self._lock = threading.Lock()
        self._waiting: deque[tuple[int, Future[None]]] = deque()

    def take(self, count: int) -> Future[None]:
        """A future that is done once `count` slots, at most `total`, are the caller's; cancel it to give up."""
        turn: Future[None] = Future()
        with self._lock:
            self._waiting.append((count, turn))
        self.release(0)
        return turn

    def release(self, count: int) -> None:
        """Put `count` slots back, and grant waiting requests in order while the free slots suffice; 0 only grants."""
        granted = []
        with self._lock:
            self._free += count
            while self._waiting and self._waiting[0][0] <= self._free:
                wanted, turn = self._waiting.popleft()
                if turn.set_running_or_notify_cancel():
                    self._free -= wanted
                    granted.append(turn)
        for turn in granted:
            turn.set_result(None)
