"""Opens the engines and the sandbox of a command concurrently, and closes them whatever happens."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from engines import Engine, open_engine
from sandbox import Sandbox, open_sandbox

if TYPE_CHECKING:
    from settings.section import Section


class Closable(Protocol):
    """An engine, a sandbox, or anything else that is closed after use."""

    async def close(self) -> None:
        """Free all that the resource holds."""


Resource = TypeVar("Resource", bound=Closable)


@dataclass(frozen=True)
class Session:
    """Open engines and sandbox of a command."""

    engines: Mapping[str, Engine]
    """Engines by model spec; roles with the same spec share one engine."""
    sandbox: Sandbox


@asynccontextmanager
async def open_session(
    models: Iterable[str],
    sandbox: str = "auto",
    *options: Section,
    own: Mapping[str, Sequence[Section]] | None = None,
    slots: int | None = None,
    meanwhile: Awaitable[object] | None = None,
) -> AsyncIterator[Session]:
    """An engine for every model spec and a sandbox of the kind `sandbox`, closed at the end.

    `options` are for all engines, each of which takes those of its type; `own` has further options by model spec.
    `slots` executions run side by side, by default as many as `open_sandbox` chooses. `meanwhile` is awaited during the
    start. Raises EngineError, SandboxError, or what `meanwhile` raises, after closing what is open.
    """
    opened_sandbox = asyncio.ensure_future(open_sandbox(sandbox, slots=slots))
    engines = _opening(models, options, own or {})
    async with _all_open([opened_sandbox, *engines.values()], meanwhile):
        yield Session({spec: engine.result() for spec, engine in engines.items()}, opened_sandbox.result())


@asynccontextmanager
async def open_engines(
    models: Iterable[str], *options: Section, meanwhile: Awaitable[object] | None = None
) -> AsyncIterator[Mapping[str, Engine]]:
    """An engine for every model spec, by spec, closed at the end; `options` and `meanwhile` as in `open_session`.

    Raises EngineError, or what `meanwhile` raises, after closing what is open.
    """
    engines = _opening(models, options, {})
    async with _all_open(list(engines.values()), meanwhile):
        yield {spec: engine.result() for spec, engine in engines.items()}


def _opening(
    models: Iterable[str], options: Sequence[Section], own: Mapping[str, Sequence[Section]]
) -> dict[str, asyncio.Future[Engine]]:
    """The engines that are being opened, by model spec."""
    specs = dict.fromkeys(models)
    return {spec: asyncio.ensure_future(open_engine(spec, *own.get(spec, ()), *options)) for spec in specs}


@asynccontextmanager
async def _all_open(opening: Sequence[asyncio.Future[Any]], meanwhile: Awaitable[object] | None) -> AsyncIterator[None]:
    """A context in which everything is open; raises the first error, after closing what is open."""
    try:
        results = await asyncio.gather(*opening, *([] if meanwhile is None else [meanwhile]), return_exceptions=True)
        if failures := [result for result in results if isinstance(result, BaseException)]:
            raise failures[0]
        yield
    finally:
        # A cancelled gather cancels what it waits for; what is open by then, or opens all the same, is closed here.
        results = await asyncio.gather(*opening, return_exceptions=True)
        await close_all(*(result for result in results if not isinstance(result, BaseException)))


@asynccontextmanager
async def closing(resource: Resource) -> AsyncIterator[Resource]:
    """The resource, closed at the end; an error of closing is printed on stderr and not raised.

    To be entered in an `AsyncExitStack` where resources have to be opened one after another.
    """
    try:
        yield resource
    finally:
        await close_all(resource)


async def close_all(*resources: Closable) -> None:
    """Close all concurrently. Errors are printed on stderr, not raised, so that no result or earlier error is lost."""
    results = await asyncio.gather(*(resource.close() for resource in resources), return_exceptions=True)
    for resource, result in zip(resources, results, strict=True):
        if isinstance(result, BaseException):
            sys.stderr.write(f"cure-agent: cannot close {type(resource).__name__}: {result}\n")
