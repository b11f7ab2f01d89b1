"""One model of one OpenAI-compatible server: the client, the model's name, and the parameters it accepts."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import cast
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import httpx2
from openai import AsyncOpenAI, DefaultAsyncHttpxClient, Omit, OpenAIError

from engines.errors import EngineError, ModelSpecError
from engines.http.dialect import LIMITS, Dialect
from engines.http.events import GarbageError
from engines.http.load import Load
from engines.http.options import HttpOptions
from engines.http.proxy import with_proxies
from engines.http.retry import EXPECTED, failure
from engines.http.wire import ServedModel, read_models
from engines.spec import ModelSpec

_PREPARE_S = 3.0
_OWN_DEFAULTS = ("vllm", "sglang", "llamacpp", "library", "organization_owner")
"""Model owners as given by vLLM, SGLang, llama.cpp, Ollama and LM Studio, whose sampling defaults vary by model."""
_NOTED = ("temperature", "top_p", "top_k", "seed", "max_tokens", "max_completion_tokens")
"""Parameters that change the samples."""
_log = logging.getLogger(__name__)


class Server:
    """A server and its client, shared by its engines. Parameters that the server refuses are removed from `dialect`."""

    def __init__(self, spec: ModelSpec, options: HttpOptions) -> None:
        """Opens no connection; raises ModelSpecError where a key is missing, EngineError where the URL is invalid."""
        self.spec = spec.text
        self.name = spec.name
        """The model's name; empty until `prepare` where the spec names none."""
        self.options = options
        named = spec.kind == "openai"
        # OpenAI's key goes to no other server than the one it was set for.
        key = options.api_key or os.environ.get("OPENAI_API_KEY" if named else "CURE_AGENT_API_KEY")
        if not key and named and not os.environ.get("OPENAI_BASE_URL"):
            raise ModelSpecError(f"{spec.text} needs an API key: set OPENAI_API_KEY")
        address = urlsplit(spec.url)
        base = urlunsplit(address._replace(query=""))

        def make(trust_env: bool) -> AsyncOpenAI:
            return AsyncOpenAI(
                base_url=base or None,
                api_key=key or "none",
                max_retries=0,
                default_headers=None if named else _headers(address.hostname or "", key),
                default_query=dict(parse_qsl(address.query, keep_blank_values=True)),
                # `engines.http.attempt` limits the waits for an answer and between its chunks.
                timeout=httpx2.Timeout(None, connect=options.connecting_s),
                http_client=None if trust_env else DefaultAsyncHttpxClient(trust_env=False),
            )

        try:
            self.client = with_proxies(make, base or os.environ.get("OPENAI_BASE_URL") or "https://api.openai.com")
        except (OpenAIError, ValueError) as error:
            raise EngineError(f"{spec.text}: {error}") from None
        if self.client.base_url.userinfo:
            # The URL stands in errors, which are written into records.
            raise EngineError(f"{spec.text}: OPENAI_BASE_URL may not hold a user name or password: set OPENAI_API_KEY")
        self.dialect = Dialect(logprobs=options.logprobs, limit="max_completion_tokens" if named else "max_tokens")
        self.load = Load(most=options.concurrency)
        self.guessing = asyncio.Lock()
        """Held while a request whose refusal named no parameter is tried without some of its parameters."""
        self.has_guessed = False
        """Whether all tries under `guessing` were refused; no further ones are made then."""
        self._asks_models = not named
        self.has_answered = False
        """Whether a sample has come, which shows that the base URL is right."""
        self._said_busy = False
        self._first_url: str | None = None
        """The base URL as given; None until the URL with /v1 added or removed is tried."""

    @property
    def url(self) -> str:
        """The base URL without its query."""
        return str(self.client.base_url).rstrip("/")

    @property
    def model(self) -> str:
        """The spec including the model's name, even if the server was asked for it."""
        return f"{self.spec.partition('#')[0]}#{self.name}" if self.spec.startswith("http") else self.spec

    def leave_out(self, *names: str) -> None:
        """Stop sending these parameters; logs a warning where the samples change."""
        before, self.dialect = self.dialect, self.dialect.without(*names)
        lost = [name for name in names if name in _NOTED and before.takes(name)]
        if any(map(self.dialect.takes, LIMITS)):
            lost = [name for name in lost if name not in LIMITS]
        if lost:
            _log.warning("%s does not accept %s: requests are sent without", self.url, ", ".join(lost))

    def say_busy(self, reason: str) -> None:
        """Log a warning, once, that the server is waited for longer than a few retries take."""
        if not self._said_busy:
            self._said_busy = True
            _log.warning("%s: %s; it is asked again for %g s at most", self.url, reason, self.options.patience_s)

    def answered_at(self, url: str) -> None:
        """Note that a sample came from this base URL, which is the right one whatever else was tried meanwhile."""
        self.has_answered = True
        if self.url != url:
            self.client.base_url = url

    def try_other_path(self, asked: str) -> bool:
        """Whether to ask again after the path under the base URL `asked` did not exist.

        Adds /v1 to the base URL, or removes it, once; if the new path does not exist either, restores the first URL.
        """
        if self.url != asked:
            return True
        if self.has_answered:
            return False
        if self._first_url is None:
            self._first_url = asked
            self.client.base_url = asked.removesuffix("/v1") if asked.endswith("/v1") else f"{asked}/v1"
        else:
            self.client.base_url = self._first_url
        return self.url != asked

    async def models(self, timeout_s: float = 3.0) -> list[ServedModel]:
        """The server's models; raises EngineError if it sends no list of models within `timeout_s` seconds."""
        asked = self.url
        try:
            return await self._models(timeout_s)
        except EXPECTED as error:
            problem = failure(error, asked)
            is_wrong_path = problem.is_wrong_path or isinstance(error, GarbageError)
        if is_wrong_path and self._asks_models and self.try_other_path(asked):
            try:
                return await self._models(timeout_s)
            except EXPECTED:
                # There is no list of models at either path; which of the paths has completions is not known yet.
                self.client.base_url, self._first_url = asked, None
        raise EngineError(problem.reason)

    async def _models(self, timeout_s: float) -> list[ServedModel]:
        async with asyncio.timeout(timeout_s):
            return read_models(await self.client.get("/models", cast_to=object))

    async def check(self) -> str:
        """One line saying that the server answers and has the model; raises EngineError if not."""
        found = [model.name for model in await self.models()]
        if self.name not in found:
            raise EngineError(f"{self.url} has no model {self.name!r}; it has {', '.join(found[:10]) or 'none'}")
        return f"{self.url} answers and has {self.name}"

    async def prepare(self) -> None:
        """Ask the server for its models: to use its only one if the spec names none, and to know what server it is.

        With an `openai:` spec nothing is asked. Raises EngineError if the spec names no model and the server does not
        list exactly one.
        """
        if not self._asks_models:
            return
        try:
            found = await self.models(self.options.connecting_s if not self.name else _PREPARE_S)
        except EngineError:
            if not self.name:
                raise
            return
        if not self.name:
            if len(found) != 1:
                offered = ", ".join(model.name for model in found[:10]) or "none"
                raise EngineError(f"{self.url} has {len(found)} models ({offered}); name one: {self.url}#NAME")
            self.name = found[0].name
        if any(model.owner in _OWN_DEFAULTS for model in found):
            self.dialect = replace(self.dialect, neutral=True)


class ServerEngine:
    """Base class of the engines over a server."""

    def __init__(self, server: Server) -> None:
        self._server = server

    @property
    def spec(self) -> str:
        """The spec this engine was opened with."""
        return self._server.spec

    @property
    def model(self) -> str:
        """The spec including the model's name, even if the server was asked for it."""
        return self._server.model

    async def check(self) -> str:
        """One line saying that the server answers and has the model; raises EngineError if not."""
        return await self._server.check()

    async def close(self) -> None:
        """Close the connections. Batches that were submitted to the batch API go on at the server."""
        await self._server.client.close()


def _headers(host: str, key: str | None) -> Mapping[str, str]:
    """Headers without OpenAI's organization and project, which the client takes from the environment.

    Azure takes keys under a name of its own.
    """
    # The client takes Omit here, as it does in the headers of a request, but its types do not say so.
    headers = {"OpenAI-Organization": Omit(), "OpenAI-Project": Omit()}
    azure = {"api-key": key} if key and host.endswith(".azure.com") else {}
    return cast(Mapping[str, str], {**headers, **azure})
