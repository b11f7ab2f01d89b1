"""`gguf:` and named models: an Engine over llama.cpp in this process."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass

from engines.errors import PromptError
from engines.gather import Arrival, as_they_come
from engines.gguf.header import Header
from engines.gguf.samples import Asked, Samples
from engines.gguf.server import Capacity, LlamaServer
from engines.gguf.slots import Slots
from engines.gguf.template import ChatTemplate
from engines.protocol import ChatPrompt, Completion, Delta, Prompt, Request, TextPrompt

_CLOSED = "the engine was closed"


@dataclass(frozen=True)
class Loaded:
    """A model in memory, and what is known about it."""

    model: str
    """Model spec, with the quantisation that was chosen."""
    version: str
    """Version of the weights; empty where it is unknown."""
    header: Header
    capacity: Capacity
    server: LlamaServer


class GgufEngine:
    """Samples from one GGUF model; llama.cpp decodes all samples under way together."""

    def __init__(self, spec: str, loaded: Loaded, tokens: bool = False) -> None:
        """`tokens`: report token ids and log-probabilities."""
        self._spec, self._loaded, self._tokens = spec, loaded, tokens
        self._server: LlamaServer | None = loaded.server
        self._template = ChatTemplate(loaded.header)
        self._slots = Slots(loaded.capacity.parallel)
        # Each request to llama.cpp blocks one thread and takes at least one slot: a thread for each slot is enough.
        self._threads = ThreadPoolExecutor(self._slots.total, thread_name_prefix="gguf")
        self._calls: set[_Delivery] = set()

    @property
    def spec(self) -> str:
        """The spec this engine was opened with."""
        return self._spec

    @property
    def model(self) -> str:
        """The spec with the quantisation that was chosen."""
        return self._loaded.model

    async def check(self) -> str:
        """One line saying that the model is loaded."""
        return f"{self.model} is loaded ({self._loaded.header.architecture}, {self._loaded.capacity.words()})"

    def objection(self, prompt: Prompt) -> str:
        """Why this model can never answer the prompt; empty if it can. The length is not checked."""
        try:
            self._encode(prompt)
        except PromptError as error:
            return str(error)
        return ""

    async def complete(
        self, requests: Sequence[Request], on_delta: Callable[[Delta], None] | None = None
    ) -> AsyncGenerator[Completion, None]:
        """Completions as each finishes; a prompt the model cannot take gives `finish="error"` for its samples."""
        parts: list[Asked] = []
        for request in requests:
            try:
                parts += self._split(request)
            except PromptError as error:
                for index in range(request.n):
                    yield Completion(
                        request.key, index, "", "error", weights_version=self._loaded.version, error=str(error)
                    )
        call = _Delivery(asyncio.get_running_loop(), on_delta)
        self._calls.add(call)
        tasks = [asyncio.create_task(self._sample(call, asked)) for asked in parts]
        try:
            async with aclosing(as_they_come(call.queue, tasks)) as completions:
                async for completion in completions:
                    yield completion
        finally:
            call.stop.set()
            self._calls.discard(call)

    async def close(self) -> None:
        """Cancel all samples and free the model. Idempotent."""
        self._server = None
        for call in self._calls:
            call.stop.set()
        await asyncio.to_thread(self._free)

    def _free(self) -> None:
        self._threads.shutdown()
        self._loaded.server.close()

    def _split(self, request: Request) -> list[Asked]:
        """The request, split into parts of at most as many samples as llama.cpp decodes at once.

        Raises PromptError if the model can never answer the prompt.
        """
        prompt, sampling = self._encode(request.prompt), request.sampling
        seed = sampling.seed if sampling.seed is not None else int.from_bytes(os.urandom(4), "little")
        ends = self._loaded.header.control_ids(sampling.stop)
        size = self._slots.total
        parts = (range(start, min(start + size, request.n)) for start in range(0, request.n, size))
        return [Asked(request, prompt, indices, seed, ends, self._tokens) for indices in parts]

    async def _sample(self, call: _Delivery, asked: Asked) -> None:
        """Ask llama.cpp for the samples, once enough slots are free (each sample under way takes one)."""
        count = len(asked.indices)
        turn = self._slots.take(count)
        try:
            await asyncio.wrap_future(turn)
        except asyncio.CancelledError:
            if not turn.cancelled():
                self._slots.release(count)
            raise
        samples = Samples(asked, self._loaded.version, call.put)
        server = self._server
        if server is None:
            self._slots.release(count)
            samples.fail(_CLOSED)
            return
        work = self._threads.submit(self._ask, server, call, asked, samples)
        # Even for a cancelled call, slots are released only when llama.cpp has stopped decoding the samples.
        work.add_done_callback(lambda _: self._slots.release(count))
        await asyncio.wrap_future(work)

    def _ask(self, server: LlamaServer, call: _Delivery, asked: Asked, samples: Samples) -> None:
        def take(event: dict[str, object]) -> bool:
            samples.take(event)
            return call.stop.is_set()

        server.ask(asked.body(self._loaded.capacity.context), take)
        samples.fail(_CLOSED if call.stop.is_set() else "llama.cpp ended the answer before the sample was complete")

    def _encode(self, prompt: Prompt) -> str | list[int]:
        """The prompt as llama.cpp accepts it, text or token ids; raises PromptError if the model can never answer."""
        header = self._loaded.header
        if isinstance(prompt, TextPrompt | ChatPrompt):
            text = prompt.text if isinstance(prompt, TextPrompt) else self._template.render(prompt.messages)
            if not text:
                raise PromptError("the prompt is empty")
            try:
                text.encode()
            except UnicodeEncodeError:
                raise PromptError("the prompt holds characters that are no Unicode text") from None
            return text
        if wrong := [number for number in prompt.token_ids if not 0 <= number < header.vocabulary]:
            raise PromptError(f"token id {wrong[0]} is outside the vocabulary of {header.vocabulary}")
        if not prompt.token_ids:
            raise PromptError("the prompt is empty")
        return list(prompt.token_ids)


class _Delivery:
    """Passes completions and deltas from the threads that wait for llama.cpp to the event loop of `complete`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, on_delta: Callable[[Delta], None] | None) -> None:
        self.queue: asyncio.Queue[Arrival] = asyncio.Queue()
        self.stop = threading.Event()
        self._loop, self._on_delta = loop, on_delta

    def put(self, item: Completion | Delta) -> None:
        """Hand a completion or delta from any thread to the caller's event loop."""
        wanted = isinstance(item, Completion) or self._on_delta
        # The loop may have ended without closing the generator.
        if wanted and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._pass_on, item)

    def _pass_on(self, item: Completion | Delta) -> None:
        if isinstance(item, Completion):
            self.queue.put_nowait(item)
        elif self._on_delta and not self.stop.is_set():
            self._on_delta(item)
