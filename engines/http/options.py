"""Options of engines over OpenAI-compatible servers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from settings.marks import Flag, Secret
from settings.section import Section


class HttpOptions(Section):
    """Rate limits, time-outs, retries and key of an engine over an OpenAI-compatible server."""

    concurrency: Annotated[int, Flag()] = Field(default=256, ge=1)
    """Maximum number of samples under way at a server; fewer while it is slow to begin answers."""
    per_request: int = Field(default=8, ge=1)
    """Maximum number of samples in one request; a larger n is split over requests, so that results come sooner."""
    rpm: Annotated[float | None, Flag()] = Field(default=None, gt=0)
    """Maximum number of requests per minute to a server, evenly spaced; without it only `concurrency` limits them."""
    tpm: Annotated[float | None, Flag()] = Field(default=None, gt=0)
    """Maximum number of tokens per minute to and from a server, prompts and completions together."""
    timeout: Annotated[float | None, Flag()] = Field(default=None, gt=0)
    """Maximum number of seconds to wait for a server's next data; overrides `first_token_s`, `idle_s` and a longer
    `connect_s`."""
    connect_s: float = Field(default=10.0, gt=0)
    """Maximum number of seconds to open a connection."""
    first_token_s: float = Field(default=600.0, gt=0)
    """Maximum number of seconds to the first data of an answer, counted from the last data of any answer, so that a
    server that works on a queue is waited for. No data shows that it works on the requests of others, and for these the
    default leaves ten minutes, as OpenAI's own client does."""
    idle_s: float = Field(default=90.0, gt=0)
    """Maximum number of seconds between two chunks of a stream."""
    retries: Annotated[int, Flag()] = Field(default=5, ge=0)
    """How often a failed request is retried, if a retry may help; a server that has answered and says that it is busy,
    or that is still loading, is asked again until `patience_s`, unless this is 0."""
    backoff_s: float = Field(default=0.5, ge=0)
    """Seconds before the first retry; doubled each time, with jitter, unless the server names a time."""
    max_backoff_s: float = Field(default=30.0, ge=0)
    """Longest pause before a retry in seconds, unless the server names a longer one."""
    patience_s: float = Field(default=600.0, ge=0)
    """Seconds after the first failed request for a sample from which it is not retried."""
    logprobs: bool = False
    """Request log-probabilities; without it they are kept only if a server sends them anyway."""
    api_key: Annotated[str | None, Secret()] = None
    """API key of the server, in place of the environment's OPENAI_API_KEY or CURE_AGENT_API_KEY."""

    @property
    def connecting_s(self) -> float:
        """Maximum number of seconds to open a connection, by `connect_s` and `timeout`."""
        return min(self.connect_s, self.timeout or self.connect_s)

    @property
    def first_data_s(self) -> float:
        """Maximum number of seconds to the first data, by `first_token_s` and `timeout`."""
        return self.timeout or self.first_token_s

    @property
    def between_data_s(self) -> float:
        """Maximum number of seconds between data, by `idle_s` and `timeout`."""
        return self.timeout or self.idle_s
