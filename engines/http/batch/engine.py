"""An Engine over the provider's batch API.

The order of steps prevents paying twice: upload an input file (which is free), record the file in the state file, make
the batch, record its id, then wait for the batch. If the process is killed at any point, a later call with equal
requests continues from the state file; a batch whose id was lost is found in the server's list of batches.
"""

from __future__ import annotations

import asyncio
import shutil
import uuid
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from pathlib import Path

from engines.errors import EngineError
from engines.http.batch.api import Batch, BatchApi, RefusedError, UnsureError
from engines.http.batch.collect import Collection
from engines.http.batch.lines import Line, request_line, results
from engines.http.batch.missing import MissingSamples
from engines.http.batch.options import BatchOptions
from engines.http.batch.progress import BatchProgress
from engines.http.batch.state import Part, State, locked
from engines.http.server import Server, ServerEngine
from engines.protocol import Completion, Delta, Request

ENDPOINTS = ("/v1/chat/completions", "/v1/completions")
_DOWNLOADS = 3
"""Maximum number of downloads of a file that is incomplete or missing."""


class BatchEngine(ServerEngine):
    """Samples from one model of one server in batches, which are cheaper but may take a day."""

    def __init__(self, server: Server, options: BatchOptions) -> None:
        super().__init__(server)
        self._options = options

    async def complete(
        self,
        requests: Sequence[Request],
        on_delta: Callable[[Delta], None] | None = None,  # noqa: ARG002 - the protocol's
    ) -> AsyncGenerator[Completion, None]:
        """Yield completions as their batches end; `on_delta` is never called, since batches do not stream.

        The caller must store each completion before it requests the next: from then on the state file may no longer
        list the batch that holds the completion. After a cancellation the batches go on, and `on_notice` is told how to
        collect them. Samples that the state file lists as under way are not requested again. Raises EngineError where
        the server accepts no batch, or another engine has locked the state file.
        """
        with locked(self._options.state):
            call = _BatchCall(self._server, self._options, MissingSamples(requests))
            try:
                async with aclosing(call.completions()) as completions:
                    async for completion in completions:
                        yield completion
            except BaseException:
                if left := call.under_way():
                    self._options.on_notice(left)
                raise
            finally:
                shutil.rmtree(call.work, ignore_errors=True)


class _BatchCall:
    """One call to `complete`."""

    def __init__(self, server: Server, options: BatchOptions, missing: MissingSamples) -> None:
        self._name, self._options, self._missing = server.name, options, missing
        self._api = BatchApi(server.client, options)
        self._state = State.load(options.state, server.model, server.dialect)
        self._seen: dict[str, Batch] = {}
        self._counts: Counter[str] = Counter()
        self._pause = options.first_pause_s
        self.work = options.state.with_name(options.state.name + ".work")
        """Folder of files during upload and download."""

    def under_way(self) -> str:
        """A message that names the batches still running at the server and says how to collect them; empty if none."""
        running = [part.batch or f"of {part.file}" for part in self._state.parts]
        if not running:
            return ""
        named = ", ".join(running[:5]) + (", …" if len(running) > 5 else "")
        go = "1 batch goes" if len(running) == 1 else f"{len(running)} batches go"
        return f"{go} on at {self._api.url} ({named}): the same command again collects what is ready"

    async def completions(self) -> AsyncGenerator[Completion, None]:
        """Submit, wait and collect until no sample is missing."""
        for completion in self._missing.unsendable:
            yield completion
        for part in [part for part in self._state.parts if not part.batch]:
            await self._make(part, unsure=True)
        while True:
            if not (self._state.one_at_a_time and self._state.parts):
                await self._submit()
            if not self._state.parts:
                return
            for part, batch in await self._wait():
                async with aclosing(self._collect(part, batch)) as completions:
                    async for completion in completions:
                        yield completion

    async def _make(self, part: Part, unsure: bool = False) -> None:
        """Make the batch of a part, or find it if `unsure`, which says that an earlier process may have made it.

        Where neither is possible the part is dropped, so that its samples are requested anew.
        """
        try:
            batch = await self._api.create(part.file, part.endpoint, part.token, unsure)
        except UnsureError as error:
            advice = (
                f'if it did, write the id of the batch as "batch" into the entry of "parts" with that file in '
                f"{self._state.path}, else remove this entry"
            )
            raise EngineError(f"{error}; {advice}") from None
        except RefusedError:
            self._state.drop(part)
            raise
        if batch is None:
            self._state.drop(part)
            return
        part.batch = batch.id
        self._seen[part.token] = batch
        self._state.save()

    async def _submit(self) -> None:
        """Make batches for all samples that are missing and not under way."""
        under_way = self._state.under_way()
        for endpoint in ENDPOINTS:
            most = self._options.per_line if self._state.dialect.takes("n") else 1
            lines = self._missing.lines(endpoint, under_way, most)
            first = next(lines, None)
            while first is not None:
                written, first = self._write(first, lines)
                token = uuid.uuid4().hex
                file = await self._api.upload(self.work / "input.jsonl", f"cure-agent-{token}.jsonl")
                part = Part(token=token, file=file, endpoint=endpoint, lines=written, dialect=self._state.dialect)
                self._state.parts.append(part)
                self._state.save()
                await self._make(part)
                self._pause = self._options.first_pause_s
                self._report()
                if self._state.one_at_a_time:
                    return

    def _write(
        self, first: tuple[Line, Request, int], lines: Iterator[tuple[Line, Request, int]]
    ) -> tuple[list[Line], tuple[Line, Request, int] | None]:
        """Write one batch's file, beginning with `first`; returns its lines, and the first item that did not fit."""
        most = min(self._options.lines, self._state.most_lines or self._options.lines)
        self.work.mkdir(parents=True, exist_ok=True)
        written: list[Line] = []
        size = 0
        following: tuple[Line, Request, int] | None = first
        with (self.work / "input.jsonl").open("wb") as file:
            while following is not None:
                content = request_line(*following, self._name, self._state.dialect)
                if written and (len(written) >= most or size + len(content) > self._options.size):
                    break
                size += file.write(content)
                written.append(following[0])
                following = next(lines, None)
        return written, following

    async def _wait(self) -> list[tuple[Part, Batch]]:
        """The batches that have ended, at least one; polls at growing intervals."""
        while True:
            for part in self._state.parts:
                self._seen[part.token] = await self._retrieve(part)
            self._report()
            ended = [(part, self._seen[part.token]) for part in self._state.parts if self._seen[part.token].ended]
            if ended:
                return ended
            await self._sleep()

    async def _retrieve(self, part: Part) -> Batch:
        try:
            return await self._api.retrieve(part.batch)
        except UnsureError as error:
            advice = f"was it made with another key? To ask anew, remove its entry in 'parts' from {self._state.path}"
            raise EngineError(f"{error}; {advice}") from None

    async def _sleep(self) -> None:
        await asyncio.sleep(self._pause)
        self._pause = min(self._pause * 1.5, self._options.most_pause_s)

    async def _collect(self, part: Part, batch: Batch) -> AsyncGenerator[Completion, None]:
        """The completions of an ended batch; unanswered samples stay missing or are given up as errors."""
        collection = Collection(part, batch, self._missing, self._state, self._options.rounds)
        for file, expected in ((batch.output_file_id, batch.completed), (batch.error_file_id, batch.failed)):
            if file and (path := await self._fetch(file, expected)):
                for completion in collection.read(path):
                    yield completion
        for completion in collection.finish():
            yield completion
        self._counts["done"] += collection.tally["answered"]
        self._counts["failed"] += collection.tally["refused"]
        self._state.collected.append({"batch": batch.id, "status": batch.status, **collection.tally})
        self._state.drop(part)
        self._report()
        if collection.hopeless:
            raise EngineError(f"{self._api.url} does not answer batches of {self._name}: {collection.hopeless}")
        if collection.pause:
            await self._sleep()

    async def _fetch(self, file: str, expected: int) -> Path | None:
        """Path of the downloaded file; None if the server no longer has it.

        Downloads again while lines are missing, since they are paid for.
        """
        path = self.work / "result.jsonl"
        self.work.mkdir(parents=True, exist_ok=True)
        there = False
        for number in range(_DOWNLOADS):
            if number:
                await asyncio.sleep(self._options.backoff_s)
            there = await self._api.download(file, path)
            if there:
                counts = Counter(result is not None for result in results(path))
                if not counts[False] and counts[True] >= expected:
                    break
        return path if there else None

    def _report(self) -> None:
        counts = Counter(self._counts)
        for part in self._state.parts:
            batch = self._seen.get(part.token)
            if batch is None or batch.status == "validating":
                counts["queued"] += len(part.lines)
                continue
            counts["done"] += batch.completed
            counts["failed"] += batch.failed
            counts["running"] += max(0, len(part.lines) - batch.completed - batch.failed)
        named = {name: counts[name] for name in ("queued", "running", "done", "failed")}
        self._options.on_progress(BatchProgress(len(self._state.parts), **named))
