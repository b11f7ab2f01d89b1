"""The number of samples under way at a server is bounded, and the bound adapts to how the server answers.

Requests go in order of arrival.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from engines.http.load import FIRST, QUEUED_S, Load


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


async def answered(load: Load, samples: int, waited_s: float) -> None:
    """Make a request whose first data comes after `waited_s` seconds, and all of whose samples arrive."""
    assert isinstance(load.clock, Clock)
    async with load.room(samples) as share, asyncio.timeout(None) as deadline:
        share.ask(deadline, 60)
        load.clock.now += waited_s
        share.sign_of_life()
        for _ in range(samples):
            share.arrived()


async def test_samples_are_bounded_not_requests_and_wait_in_order_of_arrival():
    load = Load(most=8, clock=Clock())
    order: list[int] = []
    release = asyncio.Event()

    async def request(number: int, samples: int) -> None:
        async with load.room(samples):
            order.append(number)
            await release.wait()

    tasks = [asyncio.create_task(request(number, samples)) for number, samples in enumerate([5, 3, 4, 1])]
    await asyncio.sleep(0.01)
    assert (order, load.under_way) == ([0, 1], 8), "the last would fit before the third, but came later"
    release.set()
    await asyncio.gather(*tasks)
    assert (order, load.under_way) == ([0, 1, 2, 3], 0)


async def test_a_request_for_more_samples_than_the_limit_goes_alone():
    load = Load(most=4, clock=Clock())
    async with load.room(9):
        waiting = asyncio.create_task(answered(load, 1, 0))
        await asyncio.sleep(0.01)
        assert load.under_way == 9
    await waiting
    assert load.under_way == 0


async def test_the_limit_grows_while_there_is_no_queue_up_to_the_most():
    load = Load(most=FIRST + 20, clock=Clock())
    await answered(load, 8, waited_s=0.1)
    assert load.limit == FIRST + 8
    await answered(load, 30, waited_s=0.1)
    assert load.limit == FIRST + 20


async def test_a_queue_keeps_the_limit_at_twice_what_the_server_works_on():
    load = Load(most=256, clock=Clock())
    async with AsyncExitStack() as stack:
        deadline = await stack.enter_async_context(asyncio.timeout(None))
        working = await stack.enter_async_context(load.room(3))
        working.ask(deadline, 60)
        working.sign_of_life()
        working.arrived()
        await answered(load, 1, waited_s=QUEUED_S + 1)
        assert load.limit == 6
    assert (load.under_way, load.begun) == (0, 0)


async def test_a_server_that_prefills_slowly_keeps_its_batch_full():
    load = Load(most=256, clock=Clock())
    async with AsyncExitStack() as stack:
        deadline = await stack.enter_async_context(asyncio.timeout(None))
        for _ in range(4):
            working = await stack.enter_async_context(load.room(8))
            working.ask(deadline, 60)
            load.clock.now += QUEUED_S + 1
            working.sign_of_life()
            assert load.limit == FIRST
        for _ in range(7):
            working.arrived()
        working.end()
    await answered(load, 8, waited_s=QUEUED_S + 1)
    assert load.limit == FIRST


async def test_overload_halves_the_limit_and_one_sample_always_goes():
    load = Load(most=256, clock=(clock := Clock()))
    async with load.room(20):
        load.overloaded()
        load.overloaded()
        assert load.limit == 10, "what comes at once is one event"
    for _ in range(9):
        clock.now += 2
        load.overloaded()
    assert load.limit == 1
    await answered(load, 1, waited_s=0)
    assert load.limit == 2


async def test_signs_of_life_put_off_the_deadlines_of_those_that_wait_for_their_first_data():
    load = Load(most=256, clock=(clock := Clock()))
    rooms = load.room(1), load.room(1)
    async with (
        rooms[0] as waiting,
        rooms[1] as answering,
        asyncio.timeout(None) as first,
        asyncio.timeout(None) as other,
    ):
        waiting.ask(first, 60)
        answering.ask(other, 60)
        for ahead_s in (110.0, 150.0, 200.0):
            clock.now = asyncio.get_running_loop().time() + ahead_s
            answering.sign_of_life()
            assert first.when() == clock.now + 60
            assert other.when() is None, "it waits no longer"
