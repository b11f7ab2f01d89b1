"""`cure-agent config`: the settings from files, variables and defaults, and where each value came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from settings.resolve import Resolved
    from settings.toml import Sections


@click.command()
@click.argument("section", required=False)
@click.argument("target", metavar="[PRESET|FILE.toml]", required=False)
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="With train: change a value.")
@click.option("--explain", is_flag=True, help="Add to each value where it came from and which variable sets it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--reference", is_flag=True, help="Print the reference of all settings, in Markdown.")
def config(
    section: str | None, target: str | None, overrides: tuple[str, ...], explain: bool, as_json: bool, reference: bool
) -> None:
    """Show settings as TOML: all of them, or those that SECTION (solve, eval, serve, http, ...) works with.

    The first of these that sets a key wins: flags, variables CURE_AGENT_SECTION_KEY, cure-agent.toml (or
    [tool.cure-agent] of pyproject.toml) in this folder or the nearest one above, config.toml in the user's
    configuration folder, defaults. `config train PRESET` or `config train FILE.toml` shows the configuration of a
    training run.
    """
    import json

    from settings import explain as shown
    from settings.reference import reference_page
    from settings.registry import load_training

    if reference:
        click.echo(reference_page(), nl=False)
        return
    if section == "train":
        if target is None:
            raise click.UsageError("name a preset or a file: config train PRESET, config train FILE.toml")
        run = load_training(target, overrides)
        values: Sections
        values, origins = run.value, shown.explain_run(run)
    elif target is not None or overrides:
        raise click.UsageError("only config train takes a preset or file and --set")
    else:
        found = _gathered(section)
        for line in (line for resolved in found.values() for line in resolved.ignored):
            click.echo(f"cure-agent: {line}", err=True)
        values, origins = {name: resolved.value for name, resolved in found.items()}, shown.explain_sections(found)
    known = origins if explain else None
    click.echo(
        json.dumps(shown.as_json(values, known), indent=1) if as_json else shown.as_toml(values, known).rstrip("\n")
    )


def _gathered(section: str | None) -> dict[str, Resolved[Any]]:
    """All sections by name, or those that one command or engine reads. Raises UsageError for an unknown name."""
    from settings.environment import PREFIX
    from settings.gather import gather
    from settings.registry import ENGINES, SECTIONS
    from settings.resolve import nearest

    if section is None:
        return gather(list(SECTIONS))
    if section not in SECTIONS:
        known = [*SECTIONS, "train"]
        hint = nearest(section, known) or f"; there are: {', '.join(known)}"
        raise click.UsageError(f"no section {section!r}{hint}")
    if section in ENGINES:
        return gather([section])
    return gather([section, *ENGINES], commands=[f"{PREFIX}_{section.upper()}"])
