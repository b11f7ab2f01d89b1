"""Runs a command's coroutine so that SIGTERM and Ctrl-C cancel it and close everything it opened."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Coroutine
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")

SIGNALS = (signal.SIGTERM, signal.SIGINT)


def run_interruptible(work: Coroutine[Any, Any, T]) -> T:
    """The coroutine's result, run in an event loop of its own.

    The first SIGTERM or SIGINT cancels the coroutine, so that everything it opened is closed, and KeyboardInterrupt is
    raised with the signal's name as its text. A second signal ends the process at once, even when the event loop is
    blocked. Outside the main thread signals are left alone.
    """
    caught: list[signal.Signals] = []

    async def guarded() -> T:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None

        def cancel(number: int, _: FrameType | None) -> None:
            caught.append(signal.Signals(number))
            for handled in SIGNALS:
                signal.signal(handled, signal.SIG_DFL)
            loop.call_soon_threadsafe(task.cancel)

        in_main_thread = threading.current_thread() is threading.main_thread()
        before = {handled: signal.signal(handled, cancel) for handled in SIGNALS} if in_main_thread else {}
        try:
            return await work
        finally:
            for handled, handler in before.items():
                signal.signal(handled, handler)

    try:
        return asyncio.run(guarded())
    except asyncio.CancelledError:
        if not caught:
            raise
        raise KeyboardInterrupt(caught[0].name) from None
