"""`hf:` and the bundled models: an Engine over a model in this process."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import torch

from engines.errors import EngineError
from engines.local import qwen
from engines.local.checkpoint import find_checkpoint, weights_version
from engines.local.decoder import Decoder
from engines.local.model import LanguageModel
from engines.local.options import LocalOptions
from engines.local.rows import Row
from engines.local.text import PromptError, Text
from engines.local.weights import assign, stage
from engines.local.worker import Job, Report, Worker
from engines.protocol import Completion, Delta, Prompt, Request, Usage


class LocalEngine:
    """Samples from one causal language model, all requests decoded together."""

    def __init__(
        self, spec: str, model: LanguageModel[Any], text: Text, version: str, rows: int = 64, threads: int | None = None
    ) -> None:
        self._spec = spec
        self._model = model
        self._text = text
        self._ends = text.ends()
        self._worker = Worker(Decoder(model), rows, threads, version)
        self._asleep = False

    @classmethod
    def load(cls, spec: str, name: str, options: LocalOptions) -> LocalEngine:
        """The engine of the checkpoint `name`, a directory or a hub id; blocks while it loads, raises EngineError."""
        place = torch.device(options.device or ("cuda" if torch.cuda.is_available() else "cpu"))
        directory = find_checkpoint(spec, name)
        try:
            text = Text(directory)
            version = weights_version(directory)
            if shape := qwen.supported(directory):
                # With several threads a step of a small model is mostly barriers, and those stall tenfold as soon as
                # something else wants a core, as the sandbox does while samples stream in.
                return cls(spec, qwen.Qwen(directory, shape, place), text, version, options.rows, options.threads or 1)
            from engines.local.transformers_model import TransformersModel

            model = TransformersModel(spec, directory, place)
            return cls(spec, model, text, version, options.rows, options.threads)
        except EngineError:
            raise
        except Exception as error:
            # transformers, tokenizers and safetensors raise all kinds for a damaged or unknown checkpoint.
            reason = " ".join(str(error).split())
            raise EngineError(f"{spec}: cannot be loaded: {type(error).__name__}: {reason[:500]}") from error

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
            self._encode(prompt)
        except PromptError as error:
            return str(error)
        return ""

    async def complete(
        self, requests: Sequence[Request], on_delta: Callable[[Delta], None] | None = None
    ) -> AsyncGenerator[Completion, None]:
        """Completions as each finishes; a prompt the model cannot take gives `finish="error"` for its samples."""
        if self._asleep:
            raise EngineError(f"{self._spec} is asleep: wake it before asking")
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[list[Report]] = asyncio.Queue()

        def deliver(reports: list[Report]) -> None:
            # A loop that ended without closing the iterator has nobody left to tell.
            if not loop.is_closed():
                loop.call_soon_threadsafe(queue.put_nowait, reports)

        rows: list[Row] = []
        for request in requests:
            try:
                # In a thread: rendering a first chat template imports transformers.
                rows += await asyncio.to_thread(self._rows, request)
            except PromptError as error:
                for index in range(request.n):
                    version = self._worker.version
                    yield Completion(request.key, index, "", "error", weights_version=version, error=str(error))
        job = Job(rows, deliver, deltas=on_delta is not None)
        left = len(rows)
        try:
            self._worker.submit(job)
            while left:
                for report in await queue.get():
                    if report.text and on_delta:
                        on_delta(Delta(report.row.key, report.row.index, report.text))
                    if report.done:
                        left -= 1
                        yield self._completion(report)
        finally:
            self._worker.cancel(job)

    def cpu_seconds(self) -> float:
        """CPU seconds the decoding thread has used so far; operators' other threads are not counted."""
        return self._worker.cpu_seconds()

    async def load_weights(self, version: str, tensors: Iterable[tuple[str, torch.Tensor]]) -> None:
        """Answer from these weights from now on; see TrainableEngine. On an EngineError nothing has changed.

        Until the samples under way are finished, the new weights are kept beside the old ones.
        """
        staged = stage(self._model.weights(), tensors)

        def replace_weights() -> None:
            assign(self._model.weights(), staged)
            self._worker.version = version

        await asyncio.wrap_future(self._worker.between(replace_weights))

    async def sleep(self) -> None:
        """Move the weights of a model on an accelerator to the host once what was asked for is finished."""
        self._asleep = True
        await asyncio.wrap_future(self._worker.between(self._model.sleep))

    async def wake(self) -> None:
        """Move the weights back."""
        await asyncio.wrap_future(self._worker.between(self._model.wake))
        self._asleep = False

    async def close(self) -> None:
        """End the decoding thread."""
        await asyncio.to_thread(self._worker.close)

    def _encode(self, prompt: Prompt) -> list[int]:
        ids = self._text.encode(prompt)
        if len(ids) >= self._model.context:
            raise PromptError(f"the prompt has {len(ids)} tokens, the model has room for {self._model.context} in all")
        return ids

    def _rows(self, request: Request) -> list[Row]:
        ids, sampling = self._encode(request.prompt), request.sampling
        limit = min(sampling.max_tokens, self._model.context - len(ids))
        ends = self._ends | self._text.stop_ids(sampling.stop)
        seed = sampling.seed if sampling.seed is not None else int.from_bytes(os.urandom(8), "little")
        return [
            Row(request.key, index, ids, sampling, (seed + index) % 2**64, limit, ends, self._text.tokenizer)
            for index in range(request.n)
        ]

    def _completion(self, report: Report) -> Completion:
        row = report.row
        prompt_tokens = len(row.prompt) if row.index == 0 else 0
        done = Completion(
            row.key,
            row.index,
            row.text,
            row.finish or "error",
            Usage(prompt_tokens, len(row.token_ids)),
            tuple(row.token_ids),
            tuple(row.logprobs),
            row.weights_version,
        )
        return replace(done, finish="error", error=report.error) if report.error else done
