"""An Engine over vLLM in this process: yields samples as they finish, takes new weights without a restart."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines.errors import EngineError, PromptError
from engines.local.checkpoint import find_checkpoint, weights_version
from engines.local.in_process import InProcessEngine
from engines.local.text import Text
from engines.protocol import Request, Sampling
from engines.vllm_local.options import VllmOptions
from engines.vllm_local.reload import Checkpoint, CompletedWeights, mismatch, with_noise
from engines.vllm_local.stepper import LLMEngine, Sample, Stepper

if TYPE_CHECKING:
    import torch

_CPU_CACHE_BYTES = 512 << 20
_CHECKED_SIZE = 500_000_000
"""Largest model, in parameters, whose first reload is checked against transformers."""


class VllmEngine(InProcessEngine[Sample]):
    """Samples from one model with vLLM's scheduler, which batches all requests."""

    def __init__(self, spec: str, directory: Path, options: VllmOptions) -> None:
        """Load the model in the thread that will step it; raises EngineError if vLLM cannot load the model."""
        self._directory = directory
        self._asleep_tags: list[str] = []
        self._reloaded = False
        text = Text(directory)
        self._stepper = Stepper(lambda: self._start(options), weights_version(directory))
        super().__init__(spec, text, self._stepper)
        try:
            self._stepper.ready.result()
        except Exception as error:
            reason = " ".join(str(error).split())
            raise EngineError(f"{spec}: vLLM cannot load it: {type(error).__name__}: {reason[:500]}") from error

    @classmethod
    def load(cls, spec: str, name: str, options: VllmOptions) -> VllmEngine:
        """The engine of the checkpoint `name`, a directory or a hub id; blocks while the model loads.

        Raises EngineError if there is no such checkpoint, or vLLM cannot load it.
        """
        return cls(spec, find_checkpoint(spec, name), options)

    def _start(self, options: VllmOptions) -> LLMEngine:
        # New weights come as an iterator, which cannot cross to another process. vLLM reads the variables at import.
        os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"
        os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
        os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
        from vllm.engine.arg_utils import EngineArgs  # type: ignore[import-not-found, unused-ignore]
        from vllm.platforms import current_platform  # type: ignore[import-not-found, unused-ignore]
        from vllm.v1.engine.llm_engine import LLMEngine  # type: ignore[import-not-found, unused-ignore]
        from vllm.v1.executor import Executor  # type: ignore[import-not-found, unused-ignore]

        self._on_cpu = current_platform.is_cpu()
        on_one_host = "uni" if options.tensor_parallel == 1 else "mp"
        backend = "external_launcher" if options.spmd else on_one_host
        self._in_process = backend != "mp"
        place: dict[str, Any] = (
            {"enforce_eager": True, "kv_cache_memory_bytes": _CPU_CACHE_BYTES}
            if self._on_cpu
            else {"gpu_memory_utilization": options.memory, "enable_sleep_mode": True, "enforce_eager": options.eager}
        )
        dtype = options.dtype or ("float32" if self._on_cpu else "auto")
        arguments = EngineArgs(
            model=str(self._directory),
            dtype=dtype,
            max_model_len=options.context,
            max_num_seqs=options.rows,
            tensor_parallel_size=options.tensor_parallel,
            distributed_executor_backend=backend,
            enable_prefix_caching=True,
            logprobs_mode="processed_logprobs",
            # The checkpoint's generation_config would change the distribution that the trainer assumes.
            generation_config="vllm",
            disable_log_stats=True,
            seed=0,
            **place,
        )
        config = arguments.create_engine_config()
        self._most_tokens = int(config.model_config.max_model_len)
        self._tied = bool(getattr(config.model_config.hf_text_config, "tie_word_embeddings", False))
        self._tolerance = 0.01 if str(config.model_config.dtype) == "torch.float32" else 0.5
        return LLMEngine(config, Executor.get_class(config), log_stats=False, multiprocess_mode=False)

    async def load_weights(self, version: str, tensors: Iterable[tuple[str, torch.Tensor]]) -> None:
        """Replace the weights; see TrainableEngine.

        The first call also checks, with perturbed weights, that vLLM answers from the weights it is given; models above
        500 million parameters are not checked. vLLM overwrites weights in place, so after an error during the load the
        engine refuses requests: until weights are loaded, or for good if vLLM itself failed.
        """
        if self._on_cpu and self._tied:
            raise EngineError(
                f"{self._spec} ties its embeddings, and vLLM on a CPU would keep answering from the old lm_head: "
                f"use hf:{self._directory} there, or a checkpoint with tie_word_embeddings = false"
            )
        if not self._in_process:
            raise EngineError(
                f"{self._spec} runs in separate processes (tensor_parallel), which cannot be given weights: start the "
                f"trainer with torchrun and open the engine with spmd=True"
            )
        checkpoint = Checkpoint(self._directory, self._tied)
        engine, resume = await self._pause_stepping()
        try:
            if self._stepper.dead:
                raise EngineError(self._stepper.dead)
            self._wake_weights(engine)
            if not self._reloaded and checkpoint.size() <= _CHECKED_SIZE:
                tensors = self._check_reload(engine, checkpoint, tensors)
            self._reload(engine, checkpoint, tensors)
            self._reloaded = True
            self._stepper.version, self._stepper.stale = version, ""
        finally:
            resume.set()

    async def _pause_stepping(self) -> tuple[LLMEngine, threading.Event]:
        """vLLM's engine, and an event: until it is set, the stepping thread waits and the caller alone uses the engine.

        The caller's thread loads the weights, since collective operations of torch must run there.
        """
        paused: Future[LLMEngine] = Future()
        resume = threading.Event()

        def wait(engine: LLMEngine) -> None:
            paused.set_result(engine)
            resume.wait()

        pausing = self._stepper.between(wait)

        def pass_on(done: Future[Any]) -> None:
            if not paused.done() and (error := done.exception()):
                paused.set_exception(error)

        pausing.add_done_callback(pass_on)
        try:
            return await asyncio.wrap_future(paused), resume
        except asyncio.CancelledError:
            pausing.cancel()
            resume.set()
            raise

    def _reload(self, engine: LLMEngine, checkpoint: Checkpoint, tensors: Iterable[tuple[str, torch.Tensor]]) -> None:
        weights = CompletedWeights(checkpoint, tensors)
        self._stepper.stale = f"{self._spec}: the last load of weights was incomplete; load them again"
        try:
            engine.collective_rpc("reload_weights", kwargs={"weights_iterator": iter(weights)})
        except Exception as error:
            # A reload that breaks off leaves parameters without storage.
            self._stepper.dead = f"vLLM failed and must be opened again: {type(error).__name__}: {error}"
            raise EngineError(self._stepper.dead) from error
        if weights.error:
            raise weights.error
        if not engine.reset_prefix_cache():
            raise EngineError(f"{self._spec}: vLLM keeps keys and values of the old weights")

    def _check_reload(
        self, engine: LLMEngine, checkpoint: Checkpoint, tensors: Iterable[tuple[str, torch.Tensor]]
    ) -> list[tuple[str, torch.Tensor]]:
        """The tensors, once vLLM has answered from perturbed copies of them; raises EngineError if it does not."""
        weights = CompletedWeights(checkpoint, tensors)
        kept = {name: tensor.cpu() for name, tensor in weights}
        if weights.error:
            raise weights.error
        probe = with_noise(kept)
        self._reload(engine, checkpoint, probe.items())
        found = mismatch(self._directory, probe, lambda prompt, count: _draw(engine, prompt, count))
        if not found < self._tolerance:
            raise EngineError(
                f"{self._spec}: vLLM does not answer from the weights it was given: log-probabilities are {found:.3g} "
                f"away from those of transformers; use hf:{self._directory} instead"
            )
        return list(kept.items())

    async def sleep(self) -> None:
        """Move the weights to the host's memory and drop keys and values (sleep level 1); nothing moves on a CPU."""
        self._asleep = True
        await asyncio.wrap_future(self._stepper.between(self._put_to_sleep))

    async def wake(self) -> None:
        """Move the weights back and allocate keys and values again."""
        await asyncio.wrap_future(self._stepper.between(self._wake_up))
        self._asleep = False

    def _put_to_sleep(self, engine: LLMEngine) -> None:
        if not self._on_cpu and not self._asleep_tags:
            engine.sleep(level=1)
            self._asleep_tags = ["weights", "kv_cache"]

    def _wake_weights(self, engine: LLMEngine) -> None:
        if "weights" in self._asleep_tags:
            engine.wake_up(["weights"])
            self._asleep_tags.remove("weights")

    def _wake_up(self, engine: LLMEngine) -> None:
        if self._asleep_tags:
            engine.wake_up(self._asleep_tags)
            self._asleep_tags = []

    @property
    def _context(self) -> int:
        return self._most_tokens

    def _samples(self, request: Request, deltas: bool) -> list[Sample]:
        ids, sampling = self._text.encode(request.prompt, self._context), request.sampling
        limit = min(sampling.max_tokens, self._context - len(ids))
        ends = self._ends | self._text.stop_ids(sampling.stop)
        seed = sampling.seed if sampling.seed is not None else int.from_bytes(os.urandom(7), "little")
        try:
            return [
                Sample(request.key, index, ids, _params(sampling, (seed + index) % 2**63, limit, ends, deltas))
                for index in range(request.n)
            ]
        except Exception as error:
            # What vLLM raises for a parameter out of range has changed its class more than once.
            raise PromptError(f"vLLM does not accept the sampling parameters: {error}") from error


def _params(sampling: Sampling, seed: int, limit: int, ends: frozenset[int], deltas: bool) -> Any:
    from vllm import SamplingParams  # type: ignore[import-not-found, unused-ignore]
    from vllm.sampling_params import RequestOutputKind  # type: ignore[import-not-found, unused-ignore]

    return SamplingParams(
        temperature=max(0.0, sampling.temperature),
        top_p=sampling.top_p,
        top_k=sampling.top_k or 0,
        max_tokens=limit,
        seed=seed,
        stop=[word for word in sampling.stop if word],
        # End tokens as in the other engines, in place of vLLM's own.
        stop_token_ids=sorted(ends),
        ignore_eos=True,
        logprobs=0,
        output_kind=RequestOutputKind.CUMULATIVE if deltas else RequestOutputKind.FINAL_ONLY,
    )


def _draw(engine: LLMEngine, prompt: list[int], count: int) -> tuple[list[int], list[float]]:
    """Ids and log-probabilities of one sample of at most `count` tokens at temperature 1."""
    params = _params(Sampling(), 0, count, frozenset(), deltas=False)
    engine.add_request("probe", {"prompt_token_ids": prompt}, params)
    done = None
    while engine.has_unfinished_requests():
        done = next(iter(engine.step()), done)
    assert done is not None
    said = done.outputs[0]
    ids = list(said.token_ids)
    return ids, [among[token].logprob for token, among in zip(ids, said.logprobs or (), strict=True)]
