"""`hf:` and the bundled models: an Engine over a model in this process."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterable
from typing import Any

import torch

from engines.errors import EngineError
from engines.local import qwen
from engines.local.checkpoint import find_checkpoint, weights_version
from engines.local.decoder import Decoder
from engines.local.in_process import InProcessEngine
from engines.local.model import LanguageModel
from engines.local.options import LocalOptions
from engines.local.rows import Row
from engines.local.text import Text
from engines.local.weights import assign, stage
from engines.local.worker import Worker
from engines.protocol import Request


class LocalEngine(InProcessEngine[Row]):
    """Samples from one causal language model, all requests decoded together."""

    def __init__(
        self, spec: str, model: LanguageModel[Any], text: Text, version: str, rows: int = 64, threads: int | None = None
    ) -> None:
        self._model = model
        self._worker = Worker(Decoder(model), rows, threads, version)
        super().__init__(spec, text, self._worker)

    @classmethod
    def load(cls, spec: str, name: str, options: LocalOptions, stop: threading.Event | None = None) -> LocalEngine:
        """The engine of the checkpoint `name`, a directory or a hub id. Blocks; raises EngineError if loading fails.

        Setting `stop` ends a download by raising Stopped.
        """
        place = torch.device(options.device or ("cuda" if torch.cuda.is_available() else "cpu"))
        directory = find_checkpoint(spec, name, stop)
        try:
            text = Text(directory)
            version = weights_version(directory)
            if shape := qwen.supported(directory):
                # With several threads, most of a small model's step is waiting for the slowest thread. Such a step
                # takes ten times as long when another process needs a core, as the sandbox does during sampling.
                return cls(spec, qwen.Qwen(directory, shape, place), text, version, options.rows, options.threads or 1)
            from engines.local.transformers_model import TransformersModel

            model = TransformersModel(spec, directory, place)
            return cls(spec, model, text, version, options.rows, options.threads)
        except EngineError:
            raise
        except Exception as error:
            # transformers, tokenizers and safetensors raise exceptions of many types for a bad checkpoint.
            reason = " ".join(str(error).split())
            raise EngineError(f"{spec}: cannot be loaded: {type(error).__name__}: {reason[:500]}") from error

    def cpu_seconds(self) -> float:
        """CPU seconds used by the decoding thread so far, without torch's other operator threads."""
        return self._worker.cpu_seconds()

    async def load_weights(self, version: str, tensors: Iterable[tuple[str, torch.Tensor]]) -> None:
        """Replace the weights; see TrainableEngine. On an EngineError the old weights stay.

        Old and new weights are both in memory until the samples under way are finished.
        """
        staged = stage(self._model.weights(), tensors)

        def replace_weights() -> None:
            assign(self._model.weights(), staged)
            self._worker.version = version

        await asyncio.wrap_future(self._worker.between(replace_weights))

    async def sleep(self) -> None:
        """Finish the samples under way, then move the weights from an accelerator to the host's memory.

        The weights of a small model that `qwen` runs stay where they are.
        """
        self._asleep = True
        await asyncio.wrap_future(self._worker.between(self._model.sleep))

    async def wake(self) -> None:
        """Move the weights that `sleep` has moved back to the accelerator."""
        await asyncio.wrap_future(self._worker.between(self._model.wake))
        self._asleep = False

    @property
    def _context(self) -> int:
        return self._model.context

    def _samples(self, request: Request, deltas: bool) -> list[Row]:  # noqa: ARG002 - rows are the same with deltas
        ids, sampling = self._text.encode(request.prompt, self._context), request.sampling
        limit = min(sampling.max_tokens, self._context - len(ids))
        ends = self._ends | self._text.stop_ids(sampling.stop)
        seed = sampling.seed if sampling.seed is not None else int.from_bytes(os.urandom(8), "little")
        return [
            Row(request.key, index, ids, sampling, (seed + index) % 2**64, limit, ends, self._text.tokenizer)
            for index in range(request.n)
        ]
