"""Options of engines over OpenAI-compatible servers."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from settings.marks import Flag, Secret
from settings.section import Section


class HttpOptions(Section):
    """Rate limits, time-outs, retries and key of an engine over an OpenAI-compatible server."""

    concurrency: Annotated[int, Flag()] = Field(default=32, ge=1)
    """Most concurrent requests to a server."""
    per_request: int = Field(default=8, ge=1)
    """Most samples in one request; a larger n is split over requests, so that first results come earlier."""
    rpm: Annotated[float | None, Flag()] = Field(default=None, gt=0)
    """Most requests per minute to a server, evenly spaced; without it only `concurrency` limits them."""
    tpm: Annotated[float | None, Flag()] = Field(default=None, gt=0)
    """Most tokens per minute to and from a server, prompts and completions together."""
    timeout: Annotated[float | None, Flag()] = Field(default=None, gt=0)
    """Seconds to wait for a server's next data: the value of `first_token_s`, `idle_s` and, if it is shorter,
    `connect_s`, where these are not given themselves."""
    connect_s: float = Field(default=10.0, gt=0)
    """Most seconds to open a connection."""
    first_token_s: float = Field(default=300.0, gt=0)
    """Most seconds from the request to the first data; a busy server queues requests."""
    idle_s: float = Field(default=90.0, gt=0)
    """Most seconds between two chunks of a stream."""
    retries: Annotated[int, Flag()] = Field(default=5, ge=0)
    """How often a failed request is retried, if a retry may help."""
    backoff_s: float = Field(default=0.5, ge=0)
    """Seconds before the first retry; doubled each time, with jitter, unless the server names a time."""
    max_backoff_s: float = Field(default=30.0, ge=0)
    """Longest pause before a retry in seconds, unless the server names a longer one."""
    patience_s: float = Field(default=600.0, ge=0)
    """Seconds after the first request for a sample from which it is not retried."""
    logprobs: bool = False
    """Request log-probabilities; without it they are kept only if a server sends them anyway."""
    api_key: Annotated[str | None, Secret()] = None
    """API key of the server, in place of the environment's OPENAI_API_KEY or CURE_AGENT_API_KEY."""

    @model_validator(mode="before")
    @classmethod
    def _spread_timeout(cls, given: Any) -> Any:
        """The given values, completed by those that follow from `timeout`."""
        if not isinstance(given, dict) or not isinstance(timeout := given.get("timeout"), int | float):
            return given
        connect_s = min(timeout, cls.model_fields["connect_s"].default)
        return {"first_token_s": timeout, "idle_s": timeout, "connect_s": connect_s, **given}
