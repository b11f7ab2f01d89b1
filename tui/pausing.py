"""An engine and a sandbox whose requests and executions wait, before they start, while a gate is closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing

from cure.session import Session
from engines import Completion, Delta, Engine, Request
from sandbox import Execution, Job, Sandbox


class Gate:
    """Open at first. Its methods are called in the thread of the event loop."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()

    def close(self) -> None:
        """From now on `passed` waits."""
        self._open.clear()

    def open(self) -> None:
        """Let all pass."""
        self._open.set()

    async def passed(self) -> None:
        """Return once the gate is open."""
        await self._open.wait()


class GatedEngine:
    """An engine whose requests pass a gate first; requests that are under way when it closes end."""

    def __init__(self, engine: Engine, gate: Gate) -> None:
        self._engine, self._gate = engine, gate

    @property
    def spec(self) -> str:
        """The model spec the engine was opened with."""
        return self._engine.spec

    @property
    def model(self) -> str:
        """The spec of the model that answers."""
        return self._engine.model

    async def check(self) -> str:
        """One line saying that the model is available; raises EngineError saying why it is not."""
        return await self._engine.check()

    async def complete(
        self, requests: Sequence[Request], on_delta: Callable[[Delta], None] | None = None
    ) -> AsyncGenerator[Completion, None]:
        """Yield completions as each finishes, once the gate is open."""
        await self._gate.passed()
        async with aclosing(self._engine.complete(requests, on_delta)) as completions:
            async for completion in completions:
                yield completion

    async def close(self) -> None:
        """Close the engine."""
        await self._engine.close()


class GatedSandbox:
    """A sandbox whose executions pass a gate first; those under way when it closes end."""

    def __init__(self, sandbox: Sandbox, gate: Gate) -> None:
        self._sandbox, self._gate = sandbox, gate

    @property
    def isolation(self) -> str:
        """The isolation of programs from this machine, in words."""
        return self._sandbox.isolation

    @property
    def packages(self) -> Mapping[str, str]:
        """Versions of the packages that programs can import besides the standard library, by name."""
        return self._sandbox.packages

    async def run(self, jobs: Sequence[Job]) -> AsyncGenerator[Execution, None]:
        """Executions of all jobs, as each finishes, once the gate is open."""
        await self._gate.passed()
        async with aclosing(self._sandbox.run(jobs)) as executions:
            async for execution in executions:
                yield execution

    async def close(self) -> None:
        """Close the sandbox."""
        await self._sandbox.close()


def gated(session: Session, gate: Gate) -> Session:
    """The session with its engines and its sandbox behind the gate."""
    engines = {spec: GatedEngine(engine, gate) for spec, engine in session.engines.items()}
    return Session(engines, GatedSandbox(session.sandbox, gate))
