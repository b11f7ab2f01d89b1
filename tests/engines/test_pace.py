"""Limits on requests and tokens a minute: nothing is sent faster than allowed, and unused reservations are freed."""

from __future__ import annotations

import asyncio
import time

import pytest

from engines import ChatPrompt, HttpOptions, Message, Request, Sampling, TextPrompt, Usage, open_engine
from engines.http.pace import Pace
from tests.engines.faulty_server import FaultyServer

REQUEST = Request("k", TextPrompt("x" * 40), sampling=Sampling(max_tokens=100))
TEXT = "one two three four five six seven"


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def never() -> bool:
    return False


async def take(pace: Pace, *usages: Usage) -> None:
    """Send a request with one sample for each of `usages`, the tokens that each sample takes."""
    async with pace.turn(REQUEST, len(usages), never) as taken:
        for usage in usages:
            taken.add(usage)


async def test_requests_are_evenly_spaced() -> None:
    clock = Clock()
    pace = Pace(rpm=30, clock=clock)
    assert pace.wait_s() == 0
    await take(pace, Usage(1, 1))
    assert pace.wait_s() == 2
    clock.now += 0.5
    assert pace.wait_s() == pytest.approx(1.5)
    clock.now += 60
    await take(pace, Usage(1, 1))
    assert pace.wait_s() == 2, "what was not used in the last minute is not saved up"


async def test_tokens_are_reserved_and_corrected() -> None:
    clock = Clock()
    pace = Pace(tpm=600, clock=clock)
    async with pace.turn(REQUEST, 2, never) as taken:
        # 10 tokens of the prompt, and `max_tokens` of each of two samples.
        assert pace.wait_s() == pytest.approx(21)
        taken.add(Usage(12, 30))
        taken.add(Usage(0, 50))
    assert pace.wait_s() == pytest.approx(9.2)
    clock.now += 9.2
    async with pace.turn(REQUEST, 1, never):
        # From now on samples are taken to be as long as those before.
        assert pace.wait_s() == pytest.approx(1 + 4)


async def test_both_limits_hold() -> None:
    pace = Pace(rpm=60, tpm=600, clock=Clock())
    await take(pace, Usage(10, 40))
    assert pace.wait_s() == 5
    pace = Pace(rpm=6, tpm=600, clock=Clock())
    await take(pace, Usage(10, 40))
    assert pace.wait_s() == 10


async def test_without_limits_nobody_waits() -> None:
    pace = Pace()
    for _ in range(100):
        await take(pace, Usage(10_000, 10_000))
    assert pace.wait_s() == 0


async def test_who_waits_in_vain_is_let_go() -> None:
    pace = Pace(rpm=0.001)
    await take(pace, Usage(1, 1))
    hopeless = False

    async def wait() -> None:
        async with pace.turn(REQUEST, 1, lambda: hopeless):
            pass

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0)
    hopeless = True
    pace.wake()
    await waiting


async def ask(spec: str, options: HttpOptions, n: int) -> list[str]:
    engine = await open_engine(spec, options)
    try:
        request = Request("k", ChatPrompt((Message("user", "count"),)), n)
        return [one.error or one.text async for one in engine.complete([request])]
    finally:
        await engine.close()


async def test_a_server_gets_no_more_than_it_may(faulty: FaultyServer) -> None:
    began = time.monotonic()
    answers = await ask(faulty.url("ok"), HttpOptions(rpm=600, per_request=1), 5)
    assert answers == [TEXT] * 5
    assert time.monotonic() - began >= 0.4, "the limit was not kept"


async def test_a_refused_key_is_not_waited_for(faulty: FaultyServer) -> None:
    before = len(faulty.faults.seen)
    answers = await ask(faulty.url("unauthorized"), HttpOptions(rpm=0.01, per_request=1), 5)
    assert len(answers) == 5 and all("401" in one for one in answers)
    assert len(faulty.faults.seen) == before + 1
