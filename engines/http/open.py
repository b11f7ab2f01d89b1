"""Opens the engine of an OpenAI-compatible server."""

from __future__ import annotations

from collections.abc import Sequence

from engines.http.batch.engine import BatchEngine
from engines.http.batch.options import BatchOptions
from engines.http.engine import HttpEngine
from engines.http.options import HttpOptions
from engines.http.server import Server
from engines.options import own_options
from engines.protocol import Engine
from engines.spec import ModelSpec
from settings.section import Section


async def open_http(spec: ModelSpec, options: Sequence[Section]) -> Engine:
    """The engine for the server; the engine uses the server's batch API if BatchOptions are among the options.

    Raises ModelSpecError if OpenAI's API key is missing, EngineError if the URL is invalid, or if the spec names no
    model and the server does not offer exactly one model.
    """
    server = Server(spec, own_options(HttpOptions, options))
    try:
        await server.prepare()
    except BaseException:
        await server.client.close()
        raise
    batch = next((given for given in options if isinstance(given, BatchOptions)), None)
    return HttpEngine(server) if batch is None else BatchEngine(server, batch)
