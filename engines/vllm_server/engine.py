"""A TrainableEngine over vLLM servers: samples over HTTP, new weights through a shared directory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines.errors import EngineError, PromptError
from engines.http.engine import HttpEngine
from engines.http.options import HttpOptions
from engines.http.server import Server
from engines.local.text import Text
from engines.protocol import Completion, Delta, Request, TokenPrompt
from engines.spec import parse_spec
from engines.vllm_local.reload import Checkpoint
from engines.vllm_server.handover import remove_weights, write_weights
from engines.vllm_server.host import Host, Served, difference
from engines.vllm_server.merge import distributed, merged

if TYPE_CHECKING:
    import torch

_PATIENCE_S = 3600.0
"""Seconds without data from a server, and of retries, after which a sample fails: it may wait for hundreds of others
before its first token."""
_PER_REQUEST = 8
_TOKENS_A_PIECE = 16
"""Tokens per chunk of the stream; with one per chunk the trainer would be busy parsing JSON."""


async def open_server_engine(
    directory: Path, urls: Sequence[str], weights: Path, rows: int = 64, leads: bool = True
) -> VllmServerEngine:
    """The engine over the servers at `urls`, all of which serve the model whose checkpoint lies in `directory`.

    `weights` is the directory for new weights, under the same path here and on every server; `rows` is the number of
    concurrent samples per server. Exactly one of the processes that share the servers has `leads`: it hands over the
    weights that all of them gather. Raises EngineError if a server is unreachable, has another model, or lacks a start
    option that the engine needs.
    """
    hosts = [Host(url) for url in urls]
    try:
        served = [await host.describe() for host in hosts]
        for host, model in zip(hosts, served, strict=True):
            if problem := difference(model, directory):
                raise EngineError(f"{host.url} serves another model: {problem}")
        return VllmServerEngine(directory, hosts, served, weights, rows, leads)
    except BaseException:
        for host in hosts:
            await host.close()
        raise


class VllmServerEngine:
    """Samples from one model on one or more servers, over which the requests of a call are spread."""

    def __init__(
        self,
        directory: Path,
        hosts: Sequence[Host],
        served: Sequence[Served],
        weights: Path,
        rows: int,
        leads: bool,
    ) -> None:
        """`served` describes the model of each host; see `open_server_engine` for the other parameters."""
        self._directory, self._leads, self._hosts = directory, leads, list(hosts)
        self._weights = weights.expanduser().absolute()
        self._text = Text(directory)
        self._ends = self._text.ends()
        self._context = min(model.context for model in served)
        dtypes = {model.dtype for model in served}
        self._dtype = dtypes.pop().removeprefix("torch.") if len(dtypes) == 1 else ""
        asked = HttpOptions(
            concurrency=rows,
            per_request=_PER_REQUEST,
            first_token_s=_PATIENCE_S,
            idle_s=_PATIENCE_S,
            patience_s=_PATIENCE_S,
        )
        self._models = [f"{host.url}/v1#{model.name}" for host, model in zip(hosts, served, strict=True)]
        self._samplers = [HttpEngine(Server(parse_spec(model), asked), self._more) for model in self._models]
        self._version = ""
        self._stale = ""
        """Why requests are refused until weights are loaded, else empty."""
        self._asleep = False
        self._loading = asyncio.Lock()
        self._open, self._idle = asyncio.Event(), asyncio.Event()
        self._open.set()
        self._idle.set()
        self._under_way = 0

    @property
    def spec(self) -> str:
        """The servers' addresses, for messages only: `open_engine` does not accept this spec."""
        return "vllm-server:" + ",".join(host.url for host in self._hosts)

    @property
    def model(self) -> str:
        """The spec of the model at the first server."""
        return self._models[0]

    async def check(self) -> str:
        """One line saying that all servers answer; raises EngineError if one does not."""
        return "; ".join([await sampler.check() for sampler in self._samplers])

    async def complete(
        self, requests: Sequence[Request], on_delta: Callable[[Delta], None] | None = None
    ) -> AsyncGenerator[Completion, None]:
        """Completions as each finishes; a prompt the model cannot take gives `finish="error"` for its samples.

        Raises EngineError where the engine is asleep, or a server has other weights than it was given last.
        """
        if self._asleep:
            raise EngineError(f"{self.spec} is asleep: wake it before asking")
        async with self._answering():
            await self._check_versions()
            version, taken = self._version, []
            for request in requests:
                problem = self._stale
                try:
                    taken.append(self._encoded(request))
                except PromptError as error:
                    problem = str(error)
                if problem:
                    for index in range(request.n):
                        yield Completion(request.key, index, "", "error", weights_version=version, error=problem)
            if self._stale:
                return
            greedy = {request.key for request in requests if request.sampling.temperature <= 0}
            shares = zip(self._samplers, distributed(taken, len(self._samplers)), strict=True)
            streams = [sampler.complete(share, on_delta) for sampler, share in shares if share]
            async with aclosing(merged(streams)) as completions:
                async for completion in completions:
                    yield _checked(completion, version, completion.key in greedy)

    @asynccontextmanager
    async def _answering(self) -> AsyncGenerator[None, None]:
        """A context for samples under way.

        Entering it waits for the end of a weight load; the next load waits until all such contexts are left.
        """
        while not self._open.is_set():
            await self._open.wait()
        self._under_way += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    async def _check_versions(self) -> None:
        """Raise EngineError where a server has other weights than it was given, such as after a restart."""
        for host in self._hosts if self._version else ():
            if (found := await host.version()) != self._version:
                raise EngineError(
                    f"{host.url} has the weights {found!r}, not {self._version!r}: it was started again, or another "
                    f"run uses it; start this run again, which hands over the weights"
                )

    def _encoded(self, request: Request) -> Request:
        """The request with token ids as its prompt and `max_tokens` within the context; raises PromptError."""
        ids = self._text.encode(request.prompt, self._context)
        room = self._context - len(ids)
        sampling = replace(request.sampling, max_tokens=min(request.sampling.max_tokens, room))
        return replace(request, prompt=TokenPrompt(tuple(ids)), sampling=sampling)

    def _more(self, request: Request) -> Mapping[str, Any]:
        """Request fields beyond the protocol: return ids and log-probabilities, override the server's defaults."""
        return {
            "return_token_ids": True,
            "stream_interval": _TOKENS_A_PIECE,
            "logprobs": 0,
            # End tokens as in the other engines, in place of the server's own.
            "ignore_eos": True,
            "stop_token_ids": sorted(self._ends | self._text.stop_ids(request.sampling.stop)),
            # A generation_config beside the checkpoint would change the distribution.
            "top_p": request.sampling.top_p,
            "top_k": request.sampling.top_k or 0,
            "min_p": 0.0,
            "repetition_penalty": 1.0,
        }

    async def load_weights(self, version: str, tensors: Iterable[tuple[str, torch.Tensor]]) -> None:
        """Replace the weights; see TrainableEngine.

        A process that does not lead only takes part in gathering them. After an error at a server the engine refuses
        requests until weights are loaded: servers may differ, and vLLM overwrites weights in place.
        """
        async with self._loading:
            self._open.clear()
            try:
                await self._idle.wait()
                if self._leads:
                    await self._hand_over(version, tensors)
                else:
                    for _ in tensors:
                        pass
                self._version, self._stale = version, ""
            finally:
                self._open.set()

    async def _hand_over(self, version: str, tensors: Iterable[tuple[str, torch.Tensor]]) -> None:
        import torch

        dtype = getattr(torch, self._dtype, None)
        folder = write_weights(self._weights, version, tensors, self._base(), dtype)
        # Wait for every server, so that an error at one does not interrupt the others.
        ends = await asyncio.gather(*(host.take(folder, version) for host in self._hosts), return_exceptions=True)
        for end in ends:
            if isinstance(end, BaseException):
                self._stale = f"{self.spec}: not every server loaded the last weights; load them again"
                remove_weights(self._weights)
                raise end
        remove_weights(self._weights, folder)

    def _base(self) -> Checkpoint:
        """The checkpoint whose names and shapes new weights must have."""
        from transformers import AutoConfig

        config = AutoConfig.from_pretrained(self._directory, local_files_only=True).get_text_config()
        return Checkpoint(self._directory, bool(getattr(config, "tie_word_embeddings", False)))

    async def sleep(self) -> None:
        """Refuse requests until woken. The servers keep their memory: no trainer shares their accelerators."""
        self._asleep = True
        await self._idle.wait()

    async def wake(self) -> None:
        """Accept requests again."""
        self._asleep = False

    async def close(self) -> None:
        """Close the connections, and remove the weights written for the servers if this process leads. Idempotent.

        The servers go on.
        """
        if self._leads:
            remove_weights(self._weights)
        for sampler in self._samplers:
            await sampler.close()
        for host in self._hosts:
            await host.close()


def _checked(completion: Completion, version: str, greedy: bool) -> Completion:
    """The completion with its version; an error where token ids or log-probabilities are missing."""
    stamped = replace(completion, weights_version=version)
    if completion.finish == "error":
        return stamped
    ids, logprobs = completion.token_ids or (), completion.logprobs or ()
    if not ids or len(ids) != len(logprobs):
        reason = f"the server sent {len(ids)} token ids and {len(logprobs)} log-probabilities for the sample"
        return replace(stamped, finish="error", error=reason)
    # Log-probabilities are those of the distribution that tokens are drawn from: a greedy token has probability 1.
    return replace(stamped, logprobs=(0.0,) * len(ids)) if greedy else stamped
