"""One model of one OpenAI-compatible server: the client, the model's name, and the parameters it accepts."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import cast

import httpx2
from openai import AsyncOpenAI, Omit, OpenAIError

from engines.errors import EngineError
from engines.http.options import HttpOptions
from engines.http.retry import EXPECTED, failure
from engines.http.wire import Dialect, read_models
from engines.spec import ModelSpec


class Server:
    """A server and its client, shared by its engines. Parameters that the server refuses are removed from `dialect`."""

    def __init__(self, spec: ModelSpec, options: HttpOptions) -> None:
        """Opens no connection; raises EngineError where a key is missing or the URL is invalid."""
        self.spec = spec.text
        self.name = spec.name
        """The model's name; empty until `choose_model` where the spec names none."""
        self.options = options
        named = spec.kind == "openai"
        # OpenAI's key goes to no other server than the one it was set for.
        key = options.api_key or os.environ.get("OPENAI_API_KEY" if named else "CURE_AGENT_API_KEY")
        if not key and named and not os.environ.get("OPENAI_BASE_URL"):
            raise EngineError(f"{spec.text} needs an API key: set OPENAI_API_KEY")
        try:
            self.client = AsyncOpenAI(
                base_url=spec.url or None,
                api_key=key or "none",
                max_retries=0,
                default_headers=None if named else _no_account(),
                # Attempt times the wait for the answer and between its chunks.
                timeout=httpx2.Timeout(None, connect=options.connect_s),
            )
        except (OpenAIError, ValueError) as error:
            raise EngineError(f"{spec.text}: {error}") from None
        if self.client.base_url.userinfo:
            # The URL stands in errors, which are written into records.
            raise EngineError(f"{spec.text}: OPENAI_BASE_URL may not hold a user name or password: set OPENAI_API_KEY")
        self.url = str(self.client.base_url).rstrip("/")
        self.dialect = Dialect(logprobs=options.logprobs, limit="max_completion_tokens" if named else "max_tokens")

    @property
    def model(self) -> str:
        """The spec including the model's name, even if the server was asked for it."""
        return f"{self.spec.partition('#')[0]}#{self.name}" if self.spec.startswith("http") else self.spec

    async def models(self, timeout_s: float = 3.0) -> list[str]:
        """Names of the server's models; raises EngineError if it does not answer in time."""
        try:
            async with asyncio.timeout(timeout_s):
                answer = await self.client.get("/models", cast_to=object)
            return read_models(answer)
        except EXPECTED as error:
            raise EngineError(failure(error, self.url).reason) from None

    async def check(self) -> str:
        """One line saying that the server answers and has the model; raises EngineError if not."""
        found = await self.models()
        if self.name not in found:
            raise EngineError(f"{self.url} has no model {self.name!r}; it has {', '.join(found[:10]) or 'none'}")
        return f"{self.url} answers and has {self.name}"

    async def choose_model(self) -> None:
        """Use the server's only model if the spec names none; raises EngineError unless there is exactly one."""
        if self.name:
            return
        found = await self.models(self.options.connect_s)
        if len(found) != 1:
            offered = ", ".join(found[:10]) or "none"
            raise EngineError(f"{self.url} has {len(found)} models ({offered}); name one: {self.url}#NAME")
        self.name = found[0]


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
        """Close the connections; batches under way go on."""
        await self._server.client.close()


def _no_account() -> Mapping[str, str]:
    """Headers that leave out OpenAI's organization and project, which the client takes from the environment."""
    # The client takes Omit here, as it does in the headers of a request, but its types do not say so.
    return cast(Mapping[str, str], {"OpenAI-Organization": Omit(), "OpenAI-Project": Omit()})
