"""Samples through the provider's batch API: half the price, a day's patience, nothing asked for twice.

The order on disk is what makes that so: a file is uploaded (which costs nothing), its part is written into the state,
the batch is made, its id is written, and only then is it waited for. A kill anywhere leaves a state from which the same
command goes on; a batch whose id was lost is found again among the server's batches.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import uuid
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from openai import AsyncOpenAI

from cure.problem import Problem
from engines import Engine, EngineError, Request
from engines.http.engine import HttpEngine
from engines.http.wire import Dialect
from evaluator.run.batch_api import Batch, BatchApi, BatchOptions, RefusedError, UnsureError
from evaluator.run.batch_collect import Collection, Sink
from evaluator.run.batch_lines import Asked, count_whole, request_line
from evaluator.run.batch_progress import BatchProgress
from evaluator.run.batch_state import Part, State, locked
from evaluator.run.lines import Lines
from evaluator.run.samples import Asker, Role, Sample, Samples

ENDPOINTS = ("/v1/chat/completions", "/v1/completions")
_DOWNLOADS = 3
"""How often a file is fetched that is not whole, or not there."""
_NO_TEXT = "the prompt cannot be sent: it holds characters that are no Unicode text"

Line = tuple[str, bytes]
"""A request's `custom_id` and its line."""


@dataclass(frozen=True)
class Server:
    """Whom batches are sent to."""

    client: AsyncOpenAI
    model: str
    spec: str
    dialect: Dialect

    @staticmethod
    def of(engine: Engine) -> Server:
        """The server that an open engine asks; raises EngineError where there is none."""
        if not isinstance(engine, HttpEngine):
            raise EngineError(f"{engine.spec} has no batch API: openai:NAME has one, and some servers (http://…) do")
        server = engine._server
        return Server(server.client, server.name, server.model, server.dialect)


def _to_stderr(text: str) -> None:
    sys.stderr.write(text + "\n")


async def fill_by_batch(
    engine: Engine | Server,
    askers: Sequence[Asker],
    problems: Sequence[Problem],
    samples: Mapping[str, Samples],
    lines: Mapping[str, Lines],
    state: Path,
    options: BatchOptions | None = None,
    on_progress: Callable[[BatchProgress], None] = lambda _: None,
    on_notice: Callable[[str], None] = _to_stderr,
) -> AsyncGenerator[tuple[Role, Sample], None]:
    """What these roles lack, as `samples.fill`, by batches: a sample is on disk before it is handed on.

    `state` is the file in the run's directory that says what is under way. Cancelled, it leaves the batches running
    and tells `on_notice` how to go on. Raises EngineError where the server takes no batch.
    """
    server = engine if isinstance(engine, Server) else Server.of(engine)
    with locked(state):
        sink = Sink(askers, problems, samples, lines)
        filling = _Filling(server, problems, sink, state, options or BatchOptions(), on_progress)
        try:
            async with aclosing(filling.samples()) as news:
                async for role, sample in news:
                    yield role, sample
        except BaseException:
            if left := filling.left():
                on_notice(left)
            raise
        finally:
            shutil.rmtree(filling.work, ignore_errors=True)


class _Filling:
    def __init__(
        self,
        server: Server,
        problems: Sequence[Problem],
        sink: Sink,
        state: Path,
        options: BatchOptions,
        on_progress: Callable[[BatchProgress], None],
    ) -> None:
        self._model, self._problems, self._sink = server.model, problems, sink
        self._options, self._on_progress = options, on_progress
        self._api = BatchApi(server.client, options)
        self._state = State.load(state, server.spec, server.dialect)
        self._seen: dict[str, Batch] = {}
        self._counts: Counter[str] = Counter()
        self._unsendable: list[Asked] = []
        self._pause = options.first_pause_s
        self.work = state.with_name(state.name + ".work")
        """Files on their way up or down, for a moment."""

    def left(self) -> str:
        """What goes on without us, and how to come back to it; empty where nothing does."""
        running = [part.batch or f"of {part.file}" for part in self._state.parts]
        if not running:
            return ""
        named = ", ".join(running[:5]) + (", …" if len(running) > 5 else "")
        go = "1 batch goes" if len(running) == 1 else f"{len(running)} batches go"
        return f"{go} on at {self._api.url} ({named}): the same command again collects what is ready"

    async def samples(self) -> AsyncGenerator[tuple[Role, Sample], None]:
        """Ask, wait and collect until nothing is missing."""
        for part in [part for part in self._state.parts if not part.batch]:
            await self._make(part, unsure=True)
        while True:
            if not (self._state.alone and self._state.parts):
                await self._submit()
            for asked in self._unsendable:
                for found in self._sink.fail(asked, _NO_TEXT, 0.0):
                    yield found
            self._unsendable.clear()
            if not self._state.parts:
                return
            for part, batch in await self._wait():
                async with aclosing(self._collect(part, batch)) as news:
                    async for found in news:
                        yield found

    async def _make(self, part: Part, unsure: bool = False) -> None:
        """Make the batch of a part, or find it; a part of which none can be made is dropped, and asked for anew."""
        try:
            batch = await self._api.create(part.file, part.endpoint, part.token, unsure)
        except UnsureError as error:
            how = (
                f'if it did, write its id as "batch" of that file into {self._state.path}, else remove that part there'
            )
            raise EngineError(f"{error}; {how}") from None
        except RefusedError:
            self._drop(part)
            raise
        if batch is None:
            self._drop(part)
            return
        part.batch = batch.id
        self._seen[part.token] = batch
        self._state.save()

    def _drop(self, part: Part) -> None:
        self._state.parts.remove(part)
        self._state.save()

    async def _submit(self) -> None:
        """Make batches of everything that is missing and not under way."""
        for endpoint in ENDPOINTS:
            lines = self._missing(endpoint)
            held = next(lines, None)
            while held is not None:
                ids, held = self._write(held, lines)
                token = uuid.uuid4().hex
                file = await self._api.upload(self.work / "input.jsonl", f"cure-agent-{token}.jsonl")
                part = Part(token, file, endpoint, ids, self._state.dialect)
                self._state.parts.append(part)
                self._state.save()
                await self._make(part)
                self._pause = self._options.first_pause_s
                self._report()
                if self._state.alone:
                    return

    def _write(self, held: Line, lines: Iterator[Line]) -> tuple[list[str], Line | None]:
        """Write the file of one batch, beginning with `held`: its ids, and the line that did not fit in."""
        most = min(self._options.lines, self._state.most_lines or self._options.lines)
        self.work.mkdir(parents=True, exist_ok=True)
        ids: list[str] = []
        size = 0
        following: Line | None = held
        with (self.work / "input.jsonl").open("wb") as file:
            while following is not None:
                name, line = following
                if ids and (len(ids) >= most or size + len(line) > self._options.size):
                    break
                file.write(line)
                ids.append(name)
                size += len(line)
                following = next(lines, None)
        return ids, following

    def _missing(self, endpoint: str) -> Iterator[Line]:
        """A line for everything of this endpoint that is missing and not under way."""
        under_way = self._state.under_way()
        dialect = self._state.dialect
        most = self._options.per_line if dialect.n else 1
        for number, problem in enumerate(self._problems):
            for asker in self._sink.askers.values():
                lacking = self._sink.lacking(asker.role, number)
                wanted = [index for index in lacking if (asker.role, number, index) not in under_way]
                for request in asker.requests(number, problem, wanted):
                    start = int(request.key.rpartition(".")[2])
                    for offset in range(0, request.n, most):
                        key = self._sink.keys[asker.role](number, start + offset)
                        asked = Asked(asker.role, number, start + offset, min(most, request.n - offset), key)
                        yield from self._line(asked, request, offset, dialect, endpoint)

    def _line(self, asked: Asked, request: Request, offset: int, dialect: Dialect, endpoint: str) -> Iterator[Line]:
        try:
            path, line = request_line(asked, request, self._model, offset, dialect)
        except UnicodeEncodeError:
            self._unsendable.append(asked)
            return
        if path == endpoint:
            yield asked.id, line

    async def _wait(self) -> list[tuple[Part, Batch]]:
        """The batches that ended, at least one, looked for at growing intervals."""
        while True:
            for part in self._state.parts:
                self._seen[part.token] = await self._look(part)
            self._report()
            ended = [(part, self._seen[part.token]) for part in self._state.parts if self._seen[part.token].ended]
            if ended:
                return ended
            await self._rest()

    async def _look(self, part: Part) -> Batch:
        try:
            return await self._api.retrieve(part.batch)
        except UnsureError as error:
            how = f"was it made with another key? To ask anew, remove that part from {self._state.path}"
            raise EngineError(f"{error}; {how}") from None

    async def _rest(self) -> None:
        await asyncio.sleep(self._pause)
        self._pause = min(self._pause * 1.5, self._options.most_pause_s)

    async def _collect(self, part: Part, batch: Batch) -> AsyncGenerator[tuple[Role, Sample], None]:
        """Everything that an ended batch has to give; what it leaves open is missing afterwards, or given up."""
        collection = Collection(part, batch, self._sink, self._state, self._options.rounds)
        for file, expected in ((batch.output, batch.completed), (batch.errors, batch.failed)):
            if file and (path := await self._fetch(file, expected)):
                for found in collection.read(path):
                    yield found
        for found in collection.finish():
            yield found
        self._counts["done"] += collection.tally["answered"]
        self._counts["failed"] += collection.tally["refused"]
        self._state.collected.append({"batch": batch.id, "status": batch.status, **collection.tally})
        self._drop(part)
        self._report()
        if collection.hopeless:
            raise EngineError(f"{self._api.url} answers no batch of {self._model}: {collection.hopeless}")
        if collection.hold:
            await self._rest()

    async def _fetch(self, file: str, expected: int) -> Path | None:
        """The file, fetched again where it is not whole: what is cut off would be paid for once more."""
        path = self.work / "result.jsonl"
        self.work.mkdir(parents=True, exist_ok=True)
        there = False
        for number in range(_DOWNLOADS):
            if number:
                await asyncio.sleep(self._options.backoff_s)
            there = await self._api.download(file, path)
            if there:
                whole, broken = count_whole(path)
                if not broken and whole >= expected:
                    break
        return path if there else None

    def _report(self) -> None:
        counts = Counter(self._counts)
        for part in self._state.parts:
            batch = self._seen.get(part.token)
            if batch is None or batch.status == "validating":
                counts["queued"] += len(part.ids)
                continue
            counts["done"] += batch.completed
            counts["failed"] += batch.failed
            counts["running"] += max(0, len(part.ids) - batch.completed - batch.failed)
        named = (counts[name] for name in ("queued", "running", "done", "failed"))
        self._on_progress(BatchProgress(len(self._state.parts), *named))
