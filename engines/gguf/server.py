"""Runs llama.cpp's server loop, which batches continuously and prefills a request's prompt once, in this process."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engines.errors import EngineError

_REASON = """
import sys, xllamacpp
parameters = xllamacpp.CommonParams()
parameters.model.path, parameters.verbosity = sys.argv[1], 1
parameters.n_ctx, parameters.fit_params, parameters.warmup = 64, False, False
xllamacpp.Server(parameters)
"""
"""A program that loads a model only for what llama.cpp then writes to its error stream."""


@dataclass(frozen=True)
class Capacity:
    """The resources that a model is loaded with."""

    threads: int
    parallel: int
    """Maximum number of samples decoded side by side."""
    context: int
    """Maximum number of tokens of prompt and completion of one sample."""
    gpu_layers: int | None
    """Number of layers computed on GPUs; None for as many as fit."""

    def words(self) -> str:
        """The capacity in words, such as `4 threads, 8 samples of 4,096 tokens`."""
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        samples = "1 sample" if self.parallel == 1 else f"{self.parallel} samples"
        return f"{threads}, {samples} of {self.context:,} tokens"


class LlamaServer:
    """One loaded model. `ask` may be called in several threads at once."""

    def __init__(self, spec: str, path: Path, capacity: Capacity) -> None:
        """Load the model, which takes seconds; raises EngineError with llama.cpp's reason."""
        import xllamacpp

        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(path)
        parameters.n_parallel = capacity.parallel
        parameters.n_ctx = capacity.parallel * capacity.context
        parameters.cpuparams.n_threads = capacity.threads
        parameters.cpuparams_batch.n_threads = capacity.threads
        if capacity.gpu_layers is not None:
            parameters.n_gpu_layers = capacity.gpu_layers
        # Fitting the model to GPUs reads the file twice, so it is done only where it can matter.
        parameters.fit_params = capacity.gpu_layers is None and has_gpu()
        parameters.warmup = False
        # Tokens of a prompt computed between two events: a request can be cancelled only at an event.
        parameters.n_batch = max(512, capacity.parallel)
        parameters.verbosity = 0
        # A prompt stays cached in the slot that computed it; llama.cpp's further cache of prompts would take 8 GB.
        parameters.cache_ram_mib = 0
        # The server also listens on a port, which this class does not use: a random key keeps everybody else out.
        parameters.api_keys = [secrets.token_hex(32)]
        parameters.ui = False
        parameters.endpoint_slots = False
        parameters.n_threads_http = 1
        parameters.endpoint_metrics = True
        try:
            self._server: xllamacpp.Server | None = xllamacpp.Server(parameters)
        except RuntimeError as error:
            raise EngineError(f"{spec}: llama.cpp cannot load it: {_reason(path) or error}") from error
        # This call returns once the server's loop, which answers it, has begun; a `close` before that would hang.
        self._server.handle_metrics()

    def ask(self, body: dict[str, Any], on_event: Callable[[dict[str, Any]], bool]) -> None:
        """Sample until every completion of the body has ended; `on_event` gets each event and returns True to stop.

        The body is that of llama.cpp's /v1/completions. Blocks. An error of llama.cpp comes as an event with `error`;
        an exception of `on_event` is raised here.
        """
        raised: list[Exception] = []

        def take(text: str) -> bool:
            # xllamacpp would swallow an exception.
            try:
                return on_event(json.loads(text))
            except Exception as error:  # noqa: BLE001 - raised below
                raised.append(error)
                return True

        assert self._server is not None
        self._server.handle_completions(json.dumps(body), take)
        if raised:
            raise raised[0]

    def close(self) -> None:
        """Free the model; no `ask` may be under way. Idempotent."""
        self._server = None


def has_gpu() -> bool:
    """Whether the installed llama.cpp sees an accelerator."""
    import xllamacpp

    cpu = xllamacpp.ggml_backend_dev_type.GGML_BACKEND_DEVICE_TYPE_CPU
    return any(device["type"] != cpu for device in xllamacpp.get_device_info())


def _reason(path: Path) -> str:
    """llama.cpp's reason for not loading the file, which it writes only to the error stream of its process."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", _REASON, str(path)], capture_output=True, text=True, errors="replace", timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    errors = [line.partition(" E ")[2].strip() for line in done.stderr.splitlines() if " E " in line]
    told = (error.partition("error loading model: ")[2] for error in errors)
    return next(filter(None, told), errors[0] if errors else "")
