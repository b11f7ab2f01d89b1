"""`cure-agent doctor`: checks what works on this machine, and says how to set up what does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from agent.checkup import Finding


@click.command()
@click.option("--model", "models", multiple=True, help="Also send a request to this model.")
@click.option(
    "--edit-probe", is_flag=True, help="Ask each --model for small edits in every form, and keep the best form."
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def doctor(models: tuple[str, ...], edit_probe: bool, as_json: bool) -> int:
    """Check what works on this machine, and say how to set up what does not. Exit code 0 if problems can be solved."""
    import asyncio
    import json
    from dataclasses import asdict

    from agent.checkup import examine, exit_code
    from agent.models.choices import with_ports

    if edit_probe and not models:
        raise click.UsageError("--edit-probe needs a model to ask: --model SPEC")
    findings = asyncio.run(examine(models, with_ports(()), edit_probe=edit_probe))
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        _show(findings)
    return exit_code(findings)


def _show(findings: list[Finding]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    ascii_only = not console.encoding.lower().startswith("utf")
    yes, no = ("yes", "no") if ascii_only else ("✓", "✗")
    view = Table(box=None, pad_edge=False, show_header=False)
    for finding in findings:
        colour = "green" if finding.ok else ("red" if finding.needed else "yellow")
        remedy = "" if finding.ok or not finding.remedy else f"→ {finding.remedy}"
        view.add_row(
            Text(yes if finding.ok else no, style=colour),
            Text(finding.name),
            Text(f"{finding.detail} {remedy}".strip()),
        )
    console.print(view)
