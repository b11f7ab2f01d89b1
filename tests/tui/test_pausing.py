"""Requests and executions that wait at a gate, with a real engine and real processes."""

from __future__ import annotations

import asyncio

from cure.session import Session
from engines import Request, TextPrompt
from engines.scripted import Entry, Prepared, ScriptedEngine
from sandbox import Job, open_sandbox
from tui.pausing import Gate, gated


async def test_nothing_begins_while_the_gate_is_closed_and_all_goes_on_after() -> None:
    engine = ScriptedEngine([Entry((Prepared("print(1)"),), repeat=True)])
    gate = Gate()
    session = gated(Session({"m": engine}, await open_sandbox("none")), gate)
    done: list[str] = []

    async def ask() -> None:
        async for completion in session.engines["m"].complete([Request("a", TextPrompt("x"))]):
            done.append(completion.text)

    async def execute() -> None:
        async for execution in session.sandbox.run([Job("a", "print(2)", (b"",))]):
            done.append(execution.stdout.decode().strip())

    try:
        gate.close()
        tasks = [asyncio.create_task(ask()), asyncio.create_task(execute())]
        await asyncio.sleep(0.3)
        assert done == []
        gate.open()
        await asyncio.gather(*tasks)
        assert sorted(done) == ["2", "print(1)"]
        assert session.engines["m"].spec == engine.spec and session.engines["m"].model == engine.model
        assert "no" in session.sandbox.isolation
    finally:
        await session.sandbox.close()
        await session.engines["m"].close()
