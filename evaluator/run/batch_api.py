"""The provider's `/files` and `/batches`, asked again where that may help and never where it would pay twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx2
from openai import AsyncOpenAI

from engines import EngineError
from engines.http.retry import EXPECTED, Failure, failure, pause
from engines.http.wire import GarbageError

TOKEN = "cure_agent_part"
"""The metadata's name under which a batch carries its part's token."""
_ENDED = {"completed", "failed", "expired", "cancelled", "canceled"}
_NO_SUCH_CALL = {404, 405, 501}
_NO_LIST = {*_NO_SUCH_CALL, 400, 403}
_UNREACHABLE_TRIES = 3
_MOST_LISTED = 10_000

T = TypeVar("T")


class RefusedError(EngineError):
    """The server makes no batch, and surely made none."""


class UnsureError(EngineError):
    """Whether there is a batch cannot be found out; asking once more might pay for it twice."""


@dataclass(frozen=True)
class BatchOptions:
    """Limits of the provider and patience with it."""

    lines: int = 50_000
    """Requests in a batch."""
    size: int = 190_000_000
    """Bytes in a batch's file; OpenAI takes 200 MB."""
    per_line: int = 128
    """Samples that one line asks for, where the server takes n."""
    rounds: int = 3
    """How often a sample is asked for in vain before it is given up."""
    first_pause_s: float = 2.0
    """Between looking and looking again; grows by half each time."""
    most_pause_s: float = 60.0
    patience_s: float = 3600.0
    """How long a server may be out of order. Its batches go on meanwhile."""
    backoff_s: float = 1.0
    idle_s: float = 120.0
    """Between two signs of life of one call."""


@dataclass(frozen=True)
class Complaint:
    """Why a batch was not taken, and because of which line of its file (from 1) if one is named."""

    code: str
    message: str
    line: int | None
    param: str


@dataclass(frozen=True)
class Batch:
    """A batch as the server describes it."""

    id: str
    status: str
    completed: int
    failed: int
    output: str
    errors: str
    """The ids of its two files; empty where it has none."""
    complaints: tuple[Complaint, ...]
    seconds: float | None
    """From its creation to its end, by the server's clock."""
    file: str
    token: str

    @property
    def ended(self) -> bool:
        """Whether nothing more comes."""
        return self.status in _ENDED


def read_batch(answer: object) -> Batch:
    """A batch as JSON; raises GarbageError."""
    try:
        assert isinstance(answer, Mapping)
        counts = answer.get("request_counts") or {}
        said = (answer.get("errors") or {}).get("data") or []
        ends = [answer.get(f"{name}_at") for name in ("completed", "expired", "cancelled", "failed")]
        end = next((value for value in ends if value), None)
        if not isinstance(answer["id"], str) or not isinstance(answer["status"], str):
            raise TypeError("id or status")
        return Batch(
            answer["id"],
            answer["status"].lower(),
            int(counts.get("completed") or 0),
            int(counts.get("failed") or 0),
            str(answer.get("output_file_id") or ""),
            str(answer.get("error_file_id") or ""),
            tuple(_complaint(one) for one in said),
            max(0.0, float(end) - float(answer["created_at"])) if end else None,
            str(answer.get("input_file_id") or ""),
            str((answer.get("metadata") or {}).get(TOKEN) or ""),
        )
    except (AssertionError, AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise GarbageError(f"no batch ({type(error).__name__}) in {str(answer)[:80]!r}") from None


def _complaint(said: Mapping[str, Any]) -> Complaint:
    line = said.get("line")
    message = " ".join(str(said.get("message") or "no reason given").split())
    return Complaint(str(said.get("code") or ""), message, line if isinstance(line, int) else None,
                     str(said.get("param") or ""))  # fmt: skip


class BatchApi:
    """Files and batches of one server. Everything raises EngineError where the server says no."""

    def __init__(self, client: AsyncOpenAI, options: BatchOptions) -> None:
        self.url = str(client.base_url).rstrip("/")
        self._options = options
        self._client = client.with_options(
            max_retries=0, timeout=httpx2.Timeout(options.idle_s, connect=min(10.0, options.idle_s))
        )
        self._reached = False

    async def upload(self, path: Path, name: str) -> str:
        """The id of the uploaded file."""

        async def send() -> str:
            with path.open("rb") as file:
                made = await self._client.files.create(file=(name, file, "application/jsonl"), purpose="batch")
            if not isinstance(getattr(made, "id", None), str):
                raise GarbageError(f"no file in {str(made)[:80]!r}")
            return made.id

        try:
            return await self._insist(send)
        except Failure as problem:
            if problem.status in _NO_SUCH_CALL:
                raise EngineError(f"{self.url} has no batch API ({problem.reason})") from None
            raise EngineError(f"{self.url} takes no file for a batch: {problem.reason}") from None

    async def create(self, file: str, endpoint: str, token: str, unsure: bool = False) -> Batch | None:
        """The batch made of an uploaded file.

        `unsure`: there may be one already. It is looked for first; None says that there is none, and that none can be
        made of this file any more. Raises RefusedError, or UnsureError where there is no knowing.
        """
        body = {
            "input_file_id": file,
            "endpoint": endpoint,
            "completion_window": "24h",
            "metadata": {TOKEN: token},
        }
        resumed, failures, begun = unsure, 0, time.monotonic()
        while True:
            if unsure and (found := await self._find(file, token)):
                return found
            try:
                made = read_batch(await self._client.post("/batches", cast_to=object, body=body))
                self._reached = True
                return made
            except EXPECTED as error:
                problem = failure(error, self.url)
            failures += 1
            wait = self._pause(problem, failures, begun)
            # A server that said no made none; anything else may be a yes that was lost on the way back.
            certain = problem.unreachable or (400 <= problem.status < 500 and problem.status not in (408, 409))
            if wait is None:
                if resumed and problem.status in (400, 404):
                    return None
                kind = RefusedError if certain else EngineError
                raise kind(f"{self.url} makes no batch: {problem.reason}") from None
            unsure = not certain
            await asyncio.sleep(wait)

    async def retrieve(self, batch: str) -> Batch:
        """How a batch stands. Raises UnsureError where the server does not know it."""

        async def look() -> Batch:
            return read_batch(await self._client.get(f"/batches/{batch}", cast_to=object))

        try:
            return await self._insist(look)
        except Failure as problem:
            kind = UnsureError if problem.status == 404 else EngineError
            raise kind(f"{self.url} does not say how {batch} stands: {problem.reason}") from None

    async def download(self, file: str, path: Path) -> bool:
        """Write a file of the server's to `path`; False where the server no longer has it."""

        async def fetch() -> None:
            async with self._client.files.with_streaming_response.content(file) as response:
                with path.open("wb") as writing:
                    async for piece in response.iter_bytes():
                        writing.write(piece)

        try:
            await self._insist(fetch)
        except Failure as problem:
            if problem.status in (404, 410):
                return False
            raise EngineError(f"{self.url} does not hand out {file}: {problem.reason}") from None
        return True

    async def _find(self, file: str, token: str) -> Batch | None:
        """The batch with this token or of this file. Lists may lag behind: none is none only when looked for twice."""

        async def look() -> Batch | None:
            async for batch in self._listed():
                if batch.token == token or batch.file == file:
                    return batch
            return None

        try:
            if found := await self._insist(look):
                return found
            await asyncio.sleep(self._options.first_pause_s)
            return await self._insist(look)
        except Failure as problem:
            if problem.status not in _NO_LIST:
                raise EngineError(f"{self.url} does not list its batches: {problem.reason}") from None
            what = f"may or may not have made a batch of {file}, and does not list its batches"
            raise UnsureError(f"{self.url} {what} ({problem.reason})") from None

    async def _listed(self) -> AsyncGenerator[Batch, None]:
        after, seen = "", 0
        while seen < _MOST_LISTED:
            query = {"limit": "100", **({"after": after} if after else {})}
            answer = await self._client.get("/batches", cast_to=object, options={"params": query})
            rows = answer.get("data") if isinstance(answer, Mapping) else None
            if not isinstance(answer, Mapping) or not isinstance(rows, list):
                raise GarbageError(f"no list of batches in {str(answer)[:80]!r}")
            batches = [read_batch(row) for row in rows]
            for batch in batches:
                yield batch
            seen += len(batches)
            if not batches or not answer.get("has_more") or batches[-1].id == after:
                return
            after = batches[-1].id

    async def _insist(self, call: Callable[[], Awaitable[T]]) -> T:
        """What the call returns, made again while that may help; raises the last Failure."""
        failures, begun = 0, time.monotonic()
        while True:
            try:
                result = await call()
                self._reached = True
                return result
            except EXPECTED as error:
                problem = failure(error, self.url)
            failures += 1
            wait = self._pause(problem, failures, begun)
            if wait is None:
                raise problem
            await asyncio.sleep(wait)

    def _pause(self, problem: Failure, failures: int, begun: float) -> float | None:
        """Seconds until the next try; None if there should be none."""
        options = self._options
        self._reached |= bool(problem.status)
        if not problem.passing or (problem.unreachable and not self._reached and failures >= _UNREACHABLE_TRIES):
            return None
        wait = max(pause(failures, options.backoff_s, options.most_pause_s), problem.wait_s or 0.0)
        return wait if time.monotonic() - begun + wait <= options.patience_s else None
