"""Settings of `cure-agent serve`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from engines.settings import Model
from settings.marks import OwnersOnly, Secret
from settings.section import Section

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class ServeOptions(Section):
    """`cure-agent serve`: an OpenAI-compatible server over any engine."""

    model: Model = "micro"
    """Model spec, such as micro or hf:PATH."""
    host: Annotated[str, OwnersOnly(lambda host: host not in LOOPBACK, "others could reach the server")] = "127.0.0.1"
    """Address to listen on."""
    port: int = Field(default=8000, ge=0, le=65535)
    """Port to listen on; 0 takes a free one."""
    name: str | None = None
    """The model's name for clients; by default the one in the spec."""
    api_key: Annotated[str | None, Secret()] = None
    """API key that clients must send; without it no key is needed."""
    rows: int | None = Field(default=None, ge=1)
    """Maximum number of samples of a bundled, `hf:` or `vllm:` model decoded in one batch; without it the
    engine's own `rows`."""
