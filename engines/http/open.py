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
    """The engine of the server, by its batch API where BatchOptions are among the options.

    Raises EngineError where no model is named and the server has no single one.
    """
    server = Server(spec, own_options(HttpOptions, options))
    try:
        await server.choose_model()
    except BaseException:
        await server.client.close()
        raise
    batch = next((given for given in options if isinstance(given, BatchOptions)), None)
    return HttpEngine(server) if batch is None else BatchEngine(server, batch)
