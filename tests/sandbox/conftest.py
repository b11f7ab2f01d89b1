"""Real sandboxes for the tests: each test that asks for one runs under Docker and under bubblewrap."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import NoReturn

import pytest
import pytest_asyncio

from sandbox import Execution, Job, Limits, Sandbox, SandboxUnavailable, open_sandbox

Execute = Callable[..., Awaitable[Execution]]

BACKENDS = [pytest.param(kind, marks=getattr(pytest.mark, kind)) for kind in ("docker", "bubblewrap")]


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=BACKENDS)
async def sandbox(request: pytest.FixtureRequest, require: Callable[[str, str], NoReturn]) -> AsyncIterator[Sandbox]:
    """A sandbox with one slot, so that every program runs where the previous one ran."""
    try:
        opened = await open_sandbox(request.param, slots=1)
    except SandboxUnavailable as error:
        require(request.param, str(error))
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def execute(sandbox: Sandbox) -> Execute:
    """`await execute(source, stdin, cpu_s=..., ...)`: the execution of one program on one input."""

    async def run(source: str, stdin: bytes = b"", **limits: float) -> Execution:
        job = Job("program", source, (stdin,), replace(Limits(), **limits))
        return await anext(aiter(sandbox.run([job])))

    return run
