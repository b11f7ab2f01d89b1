"""Opens what a solve needs, engines and sandbox side by side, and closes it whatever happens."""

from __future__ import annotations

import asyncio
import importlib
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import click

from engines import Engine, EngineOptions, open_engine
from sandbox import Sandbox, open_sandbox


@dataclass(frozen=True)
class Session:
    """Engines and sandbox, ready; coder and tester are one engine when their specs are equal. Closes on exit."""

    coder: Engine
    tester: Engine
    sandbox: Sandbox

    async def __aenter__(self) -> Session:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await _close(self.sandbox, self.coder, *([] if self.tester is self.coder else [self.tester]))


async def start_session(coder: str, tester: str, sandbox: str, options: EngineOptions = EngineOptions()) -> Session:
    """A session for these model specs and this kind of sandbox. Raises EngineError or SandboxUnavailable."""
    specs = [coder] if tester == coder else [coder, tester]
    # LangGraph takes a second to import; it comes in while models and containers start.
    graph = asyncio.to_thread(importlib.import_module, "agent.solve.graph")
    opening: list[asyncio.Future[Any]] = [asyncio.ensure_future(open_sandbox(sandbox))]
    opening += [asyncio.ensure_future(open_engine(spec, options)) for spec in specs]
    try:
        *opened, imported = await asyncio.gather(*opening, graph, return_exceptions=True)
    except asyncio.CancelledError:
        # gather has passed the cancellation on; what was open by then, or opens all the same, has no other owner.
        results = await asyncio.gather(*opening, return_exceptions=True)
        await _close(*(thing for thing in results if not isinstance(thing, BaseException)))
        raise
    failures = [thing for thing in [*opened, imported] if isinstance(thing, BaseException)]
    if failures:
        await _close(*(thing for thing in opened if not isinstance(thing, BaseException)))
        raise failures[0]
    return Session(opening[1].result(), opening[-1].result(), opening[0].result())


async def _close(*things: Any) -> None:
    """Close every one; an error is told on stderr, as what was found, or what failed before, matters more."""
    results = await asyncio.gather(*(thing.close() for thing in things), return_exceptions=True)
    for thing, result in zip(things, results, strict=True):
        if isinstance(result, BaseException):
            click.echo(f"cure-agent: cannot close {type(thing).__name__}: {result}", err=True)
