"""Client of the provider's `/files` and `/batches`; calls are retried unless a retry could pay for a batch twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Annotated, TypeVar

import httpx2
from openai import AsyncOpenAI
from pydantic import BaseModel, BeforeValidator, StringConstraints, ValidationError

from engines.errors import EngineError
from engines.http.batch.options import BatchOptions
from engines.http.events import GarbageError
from engines.http.retry import EXPECTED, Failure, Patience, failure

TOKEN = "cure_agent_part"
"""Metadata key of a batch. The value is a random token, by which the batch is found again if its id was lost."""
_ENDED = {"completed", "failed", "expired", "cancelled", "canceled"}
_NO_SUCH_CALL = {404, 405, 501}
_NO_LIST = {*_NO_SUCH_CALL, 400, 403}
_MOST_LISTED = 10_000

T = TypeVar("T")
Words = Annotated[str, BeforeValidator(lambda said: "" if said is None else " ".join(str(said).split()))]


class RefusedError(EngineError):
    """The server refused to make a batch and certainly made none."""


class UnsureError(EngineError):
    """It is unknown whether the batch exists; making another might pay for it twice."""


class Complaint(BaseModel):
    """One reason why a batch was refused; `line` is the faulty line of its file, from 1, if the server names one."""

    code: Words = ""
    message: Words = "no reason given"
    line: int | None = None
    param: Words = ""


class Complaints(BaseModel):
    """The reasons why a batch was refused."""

    data: list[Complaint] | None = None


class Counts(BaseModel):
    """Numbers of a batch's requests that were answered, and that were answered with an error."""

    completed: int | None = None
    failed: int | None = None


class Batch(BaseModel):
    """A batch as the server describes it."""

    id: str
    status: Annotated[str, StringConstraints(to_lower=True)]
    input_file_id: str | None = None
    output_file_id: str | None = None
    error_file_id: str | None = None
    request_counts: Counts | None = None
    errors: Complaints | None = None
    metadata: Mapping[str, object] | None = None
    created_at: float | None = None
    completed_at: float | None = None
    expired_at: float | None = None
    cancelled_at: float | None = None
    failed_at: float | None = None

    @property
    def ended(self) -> bool:
        """Whether the server will add no further results to the batch."""
        return self.status in _ENDED

    @property
    def completed(self) -> int:
        """Number of requests that were answered."""
        return (self.request_counts and self.request_counts.completed) or 0

    @property
    def failed(self) -> int:
        """Number of requests that were answered with an error."""
        return (self.request_counts and self.request_counts.failed) or 0

    @property
    def complaints(self) -> list[Complaint]:
        """The reasons why the batch was refused."""
        return (self.errors and self.errors.data) or []

    @property
    def seconds(self) -> float | None:
        """Seconds from the batch's creation to its end by the server's clock; None where the server does not say."""
        end = self.completed_at or self.expired_at or self.cancelled_at or self.failed_at
        return max(0.0, end - self.created_at) if end and self.created_at is not None else None


def read_batch(answer: object) -> Batch:
    """A batch as the server sent it; raises GarbageError for an answer that describes no batch."""
    try:
        return Batch.model_validate(answer)
    except ValidationError as error:
        raise GarbageError(f"no batch ({error.errors()[0]['msg']}) in {str(answer)[:80]!r}") from None


class BatchApi:
    """Files and batches of one server. Every call raises EngineError where it fails for good."""

    def __init__(self, client: AsyncOpenAI, options: BatchOptions) -> None:
        self.url = str(client.base_url).rstrip("/")
        self._look_again_s = options.first_pause_s
        self._patience = Patience(options.backoff_s, options.most_pause_s, options.patience_s)
        self._client = client.with_options(
            max_retries=0, timeout=httpx2.Timeout(options.idle_s, connect=min(10.0, options.idle_s))
        )
        self._reached = False

    async def upload(self, path: Path, name: str) -> str:
        """Upload the file at `path` under the name `name`; returns the file's id at the server."""

        async def send() -> str:
            with path.open("rb") as file:
                made = await self._client.files.create(file=(name, file, "application/jsonl"), purpose="batch")
            if not isinstance(getattr(made, "id", None), str):
                raise GarbageError(f"no file in {str(made)[:80]!r}")
            return made.id

        try:
            return await self._with_retries(send)
        except Failure as problem:
            if problem.status in _NO_SUCH_CALL:
                raise EngineError(f"{self.url} has no batch API ({problem.reason})") from None
            raise EngineError(f"{self.url} does not accept a file for a batch: {problem.reason}") from None

    async def create(self, file: str, endpoint: str, token: str, unsure: bool = False) -> Batch | None:
        """The batch made from an uploaded file.

        `unsure`: the batch may exist already, so it is looked for first; None means that it does not exist and that
        the server no longer makes a batch from this file. Raises RefusedError where the server certainly made no batch,
        UnsureError where the batch may exist and the server does not list its batches.
        """
        body = {"input_file_id": file, "endpoint": endpoint, "completion_window": "24h", "metadata": {TOKEN: token}}
        may_be_made = unsure

        async def make() -> Batch:
            nonlocal may_be_made
            if may_be_made and (found := await self._find(file, token)):
                return found
            try:
                return read_batch(await self._client.post("/batches", cast_to=object, body=body))
            except EXPECTED as error:
                problem = failure(error, self.url)
                may_be_made = not problem.certain
                raise problem from None

        try:
            return await self._with_retries(make)
        except Failure as problem:
            if unsure and problem.status in (400, 404):
                return None
            kind = RefusedError if problem.certain else EngineError
            raise kind(f"{self.url} did not make a batch: {problem.reason}") from None

    async def retrieve(self, batch: str) -> Batch:
        """The current state of a batch. Raises UnsureError where the server does not know the batch."""

        async def look() -> Batch:
            return read_batch(await self._client.get(f"/batches/{batch}", cast_to=object))

        try:
            return await self._with_retries(look)
        except Failure as problem:
            kind = UnsureError if problem.status == 404 else EngineError
            raise kind(f"{self.url} does not report the state of {batch}: {problem.reason}") from None

    async def download(self, file: str, path: Path) -> bool:
        """Download a file to `path`; False where the server no longer has it."""

        async def fetch() -> None:
            async with self._client.files.with_streaming_response.content(file) as response:
                with path.open("wb") as writing:
                    async for piece in response.iter_bytes():
                        writing.write(piece)

        try:
            await self._with_retries(fetch)
        except Failure as problem:
            if problem.status in (404, 410):
                return False
            raise EngineError(f"{self.url} does not send {file}: {problem.reason}") from None
        return True

    async def _find(self, file: str, token: str) -> Batch | None:
        """The batch with this token or of this file, else None. Looks twice, since the server's list may lag behind."""

        async def look() -> Batch | None:
            async for batch in self._listed():
                if batch.input_file_id == file or (batch.metadata or {}).get(TOKEN) == token:
                    return batch
            return None

        try:
            if found := await self._with_retries(look):
                return found
            await asyncio.sleep(self._look_again_s)
            return await self._with_retries(look)
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

    async def _with_retries(self, call: Callable[[], Awaitable[T]]) -> T:
        """The result of the call, retried while that may help; raises the last Failure."""
        failures, begun = 0, time.monotonic()
        while True:
            try:
                result = await call()
                self._reached = True
                return result
            except EXPECTED as error:
                problem = failure(error, self.url)
            failures += 1
            self._reached |= bool(problem.status)
            wait = self._patience.wait_s(problem, failures, time.monotonic() - begun, self._reached)
            if wait is None:
                raise problem
            await asyncio.sleep(wait)
