"""`cure-agent models`: the models that can be used on this machine."""

from __future__ import annotations

import click


@click.command()
@click.option("--port", "ports", type=click.IntRange(1, 65535), multiple=True, help="Also ask the server at this port.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def models(ports: tuple[int, ...], as_json: bool) -> None:
    """List models that can be used here, each with the value of --model that names it.

    Asks Ollama, llama.cpp, LM Studio, vLLM and cure-agent serve on their usual ports of this machine; lists models
    that can be downloaded by name, and which keys are set. Nothing is downloaded.
    """
    import asyncio
    import json
    from dataclasses import asdict

    from agent.models.choices import choices, with_ports
    from agent.show.choices import choices_view

    found = asyncio.run(choices(with_ports(ports)))
    if as_json:
        click.echo(json.dumps([asdict(choice) for choice in found], indent=2))
        return
    from rich.console import Console

    console = Console()
    console.print(choices_view(found, ascii_only=not console.encoding.lower().startswith("utf")))
