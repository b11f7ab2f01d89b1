"""Options of engines over OpenAI-compatible servers."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from settings.marks import Flag, Secret
from settings.section import Section


class HttpOptions(Section):
    """Pace, patience and key of an engine over an OpenAI-compatible server."""

    concurrency: Annotated[int, Flag()] = Field(default=32, ge=1)
    """Requests to a server at once."""
    per_request: int = Field(default=8, ge=1)
    """Samples asked for in one request; a larger n is split, so that first results come earlier."""
    rpm: Annotated[float | None, Flag()] = Field(default=None, gt=0)
    """Requests a minute to a server at most, evenly spaced; without it as many as `concurrency` allows."""
    tpm: Annotated[float | None, Flag()] = Field(default=None, gt=0)
    """Tokens a minute from and to a server at most, prompts and completions."""
    timeout: Annotated[float | None, Flag()] = Field(default=None, gt=0)
    """Seconds to wait for a server's next sign of life; stands for `first_token_s`, `idle_s` and, where it is shorter,
    `connect_s`, as far as these are not given themselves."""
    connect_s: float = Field(default=10.0, gt=0)
    """Seconds until a connection stands."""
    first_token_s: float = Field(default=300.0, gt=0)
    """Seconds from the request to the first sign of life; a busy server queues."""
    idle_s: float = Field(default=90.0, gt=0)
    """Seconds between two pieces of a stream."""
    retries: Annotated[int, Flag()] = Field(default=5, ge=0)
    """How often a failed request is asked again, where that may help."""
    backoff_s: float = Field(default=0.5, ge=0)
    """Seconds before the first retry; doubled each time, with jitter, unless the server names a time."""
    max_backoff_s: float = Field(default=30.0, ge=0)
    """Longest pause before a retry in seconds, unless the server names a longer one."""
    patience_s: float = Field(default=600.0, ge=0)
    """Nothing is asked for again later than so many seconds after it was first asked for."""
    logprobs: bool = False
    """Ask for log-probabilities; without it they are kept where a server sends them unasked."""
    api_key: Annotated[str | None, Secret()] = None
    """Key of the server, instead of OPENAI_API_KEY or CURE_AGENT_API_KEY of the environment."""

    @model_validator(mode="before")
    @classmethod
    def _spread_timeout(cls, given: Any) -> Any:
        """The given values, with those that `timeout` stands for where they were not given themselves."""
        if not isinstance(given, dict) or not isinstance(timeout := given.get("timeout"), int | float):
            return given
        connect_s = min(timeout, cls.model_fields["connect_s"].default)
        return {"first_token_s": timeout, "idle_s": timeout, "connect_s": connect_s, **given}
