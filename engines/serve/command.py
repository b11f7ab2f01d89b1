"""`cure-agent serve`: any engine behind an OpenAI-compatible server."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from engines.errors import EngineError
from engines.open import open_engine
from engines.spec import parse_spec
from settings.command import SettingsCommand
from settings.registry import ENGINES

if TYPE_CHECKING:
    from engines.serve.settings import ServeOptions
    from settings.section import Section


class AddressError(EngineError):
    """The server cannot listen on the address. The command exits with 2."""

    exit_code = 2


@click.command(cls=SettingsCommand, section="serve", beside=ENGINES)
def serve(settings: ServeOptions, others: tuple[Section, ...]) -> None:
    """Serve a model to OpenAI clients: /v1/completions, /v1/chat/completions, /v1/models, /health.

    Ends on Ctrl-C or SIGTERM. When the server is ready, one line on stderr gives its address.
    """
    if asyncio.run(_serve(settings, _with_rows(others, settings.rows))):
        raise SystemExit(130)


def _with_rows(options: Sequence[Section], rows: int | None) -> list[Section]:
    """The options of engines, with their `rows` replaced if a number is given."""
    return [
        section.model_copy(update={"rows": rows}) if rows and "rows" in type(section).model_fields else section
        for section in options
    ]


async def _serve(settings: ServeOptions, options: Sequence[Section]) -> bool:
    """Serve until a signal; returns whether it was SIGINT."""
    import uvicorn

    from engines.serve.app import make_app

    class Server(uvicorn.Server):
        @contextmanager
        def capture_signals(self) -> Generator[None, None, None]:
            # uvicorn raises the signal again after its shutdown, which would make SIGTERM look like a crash.
            yield

    name = settings.name or parse_spec(settings.model).name or settings.model
    listener = _listen(settings.host, settings.port)
    with listener:
        engine = await open_engine(settings.model, *options)
        try:
            app = make_app(engine, name, settings.api_key)
            config = uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
            server = Server(config)
            received: list[int] = []

            def stop(number: int) -> None:
                server.force_exit = bool(received)
                received.append(number)
                server.should_exit = True
                # From here on interrupted answers are expected: uvicorn must not log tracebacks for them.
                logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)

            loop = asyncio.get_running_loop()
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, stop, number)
            shown = f"[{settings.host}]" if ":" in settings.host else settings.host
            click.echo(f"serving {name} at http://{shown}:{listener.getsockname()[1]}/v1", err=True)
            await server.serve(sockets=[listener])
        finally:
            await engine.close()
    return received[:1] == [signal.SIGINT]


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket; raises AddressError if the host is unknown or the port cannot be used."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise AddressError(f"cannot listen on {host}:{port}: {error.strerror or error}") from None
