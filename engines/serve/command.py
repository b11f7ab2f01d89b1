"""`cure-agent serve`: any engine behind an OpenAI-compatible server."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Generator
from contextlib import contextmanager

import click

from engines.errors import EngineError
from engines.open import open_engine
from engines.spec import parse_spec


class AddressError(EngineError):
    """The address cannot be listened on. The command exits with 2."""

    exit_code = 2


@click.command()
@click.option("--model", default="micro", show_default=True, help="Model spec, such as micro or hf:PATH.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--name", default=None, help="The model's name for clients; by default the one in the spec.")
@click.option("--api-key", default=None, envvar="CURE_AGENT_SERVE_API_KEY", help="Key that clients must send.")
@click.option("--rows", default=64, show_default=True, type=click.IntRange(1), help="Samples decoded side by side.")
def serve(model: str, host: str, port: int, name: str | None, api_key: str | None, rows: int) -> None:
    """Serve a model to OpenAI clients: /v1/completions, /v1/chat/completions, /v1/models, /health.

    Ends on Ctrl-C or SIGTERM. One line on stderr says when it is ready and where.
    """
    parsed = parse_spec(model)
    interrupted = asyncio.run(_serve(model, host, port, name or parsed.name or model, api_key, rows))
    if interrupted:
        raise SystemExit(130)


async def _serve(spec: str, host: str, port: int, name: str, api_key: str | None, rows: int) -> bool:
    """Serve until a signal; whether it was SIGINT."""
    import uvicorn

    from engines import LocalOptions, VllmOptions
    from engines.serve.app import make_app

    class Server(uvicorn.Server):
        @contextmanager
        def capture_signals(self) -> Generator[None, None, None]:
            # uvicorn raises the signal again after its shutdown, which would make SIGTERM look like a crash.
            yield

    listener = _listen(host, port)
    with listener:
        engine = await open_engine(spec, LocalOptions(rows=rows), VllmOptions(rows=rows))
        try:
            app = make_app(engine, name, api_key)
            config = uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
            server = Server(config)
            received: list[int] = []

            def stop(number: int) -> None:
                server.force_exit = bool(received)
                received.append(number)
                server.should_exit = True
                # From here on a broken-off answer is what was asked for, not an error with a traceback.
                logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)

            loop = asyncio.get_running_loop()
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, stop, number)
            shown = f"[{host}]" if ":" in host else host
            click.echo(f"serving {name} at http://{shown}:{listener.getsockname()[1]}/v1", err=True)
            await server.serve(sockets=[listener])
        finally:
            await engine.close()
    return received[:1] == [signal.SIGINT]


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket; raises AddressError."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise AddressError(f"cannot listen on {host}:{port}: {error.strerror or error}") from None
