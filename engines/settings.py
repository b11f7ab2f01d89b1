"""The type of a setting that names a model."""

from __future__ import annotations

from typing import Annotated

from engines.spec import parse_spec
from settings.marks import OwnersOnly, checked


def names_server(spec: object) -> bool:
    """Whether a model spec is the address of a server."""
    return isinstance(spec, str) and spec.strip().lower().startswith(("http:", "https:"))


OwnServer = OwnersOnly(names_server, "your CURE_AGENT_API_KEY would be sent to that server")

Model = Annotated[str, checked(parse_spec), OwnServer]
"""A model spec."""
