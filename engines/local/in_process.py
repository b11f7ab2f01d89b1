"""The common part of engines that sample in a thread of this process."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Generic, Protocol, TypeVar

from engines.errors import EngineError, PromptError
from engines.local.jobs import Job
from engines.local.text import Text
from engines.protocol import Completion, Delta, Prompt, Request

S = TypeVar("S")


class SamplingThread(Protocol[S]):
    """The thread that samples."""

    version: str
    """Version of the current weights."""

    def submit(self, job: Job[S]) -> None:
        """Queue the job's samples behind those already waiting."""

    def cancel(self, job: Job[S]) -> None:
        """Drop the job's samples before the next step."""

    def close(self) -> None:
        """End the thread after the step under way, with an error for every sample not finished. Idempotent."""


class InProcessEngine(ABC, Generic[S]):
    """Encodes prompts, hands samples to the thread and passes on what it delivers."""

    def __init__(self, spec: str, text: Text, thread: SamplingThread[S]) -> None:
        self._spec, self._text, self._thread = spec, text, thread
        self._ends = text.ends()
        self._asleep = False

    @property
    def spec(self) -> str:
        """The spec this engine was opened with."""
        return self._spec

    @property
    def model(self) -> str:
        """The spec this engine was opened with."""
        return self._spec

    async def check(self) -> str:
        """One line saying that the model is loaded."""
        return f"{self._spec} is loaded"

    def objection(self, prompt: Prompt) -> str:
        """Why this model can never answer the prompt; empty if it can."""
        try:
            self._text.encode(prompt, self._context)
        except PromptError as error:
            return str(error)
        return ""

    async def complete(
        self, requests: Sequence[Request], on_delta: Callable[[Delta], None] | None = None
    ) -> AsyncGenerator[Completion, None]:
        """Completions as each finishes; a prompt the model cannot take gives `finish="error"` for its samples.

        Raises EngineError where the engine is asleep.
        """
        if self._asleep:
            raise EngineError(f"{self._spec} is asleep: wake it before asking")
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[list[Completion | Delta]] = asyncio.Queue()

        def deliver(arrived: list[Completion | Delta]) -> None:
            # The loop may have ended without closing the generator.
            if not loop.is_closed():
                loop.call_soon_threadsafe(queue.put_nowait, arrived)

        samples: list[S] = []
        for request in requests:
            try:
                # In a thread: rendering a first chat template imports transformers.
                samples += await asyncio.to_thread(self._samples, request, on_delta is not None)
            except PromptError as error:
                for index in range(request.n):
                    version = self._thread.version
                    yield Completion(request.key, index, "", "error", weights_version=version, error=str(error))
        job = Job(samples, deliver, deltas=on_delta is not None)
        left = len(samples)
        try:
            self._thread.submit(job)
            while left:
                for arrived in await queue.get():
                    if isinstance(arrived, Completion):
                        left -= 1
                        yield arrived
                    elif on_delta:
                        on_delta(arrived)
        finally:
            self._thread.cancel(job)

    async def close(self) -> None:
        """End the thread and free what it holds."""
        await asyncio.to_thread(self._thread.close)

    @property
    @abstractmethod
    def _context(self) -> int:
        """Maximum number of tokens of prompt and completion."""

    @abstractmethod
    def _samples(self, request: Request, deltas: bool) -> list[S]:
        """Samples of a request for the thread; `deltas`: their text is streamed.

        Raises PromptError for a prompt that the model cannot take.
        """
