"""The terminal UI in a browser of this machine."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence

import click

HOST = "127.0.0.1"


def serve_screens(arguments: Sequence[str], port: int) -> None:
    """Serve `cure-agent tui ARGUMENTS` until the process ends. Raises click.UsageError without the package for it."""
    try:
        from textual_serve.server import Server
    except ImportError:
        raise click.UsageError("--web needs textual-serve: pip install -e '.[web]' in the project's folder") from None
    command = shlex.join([sys.executable, "-m", "agent", "tui", *arguments])
    click.echo(
        f"The terminal UI is at http://{HOST}:{port}, for browsers of this machine alone: whoever reaches the port can "
        "run programs as you. Ctrl-C ends it.",
        err=True,
    )
    Server(command, host=HOST, port=port, title="cure-agent").serve()
