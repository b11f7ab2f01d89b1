"""`--dry-run`: what a run would do, without doing it."""

from __future__ import annotations

from trainer.config import dump, load


def show_plan(target: str, overrides: tuple[str, ...], as_json: bool) -> None:
    """Print the resolved configuration."""
    import click

    config = load(target, overrides)
    click.echo(config.model_dump_json(indent=1) if as_json else dump(config), nl=as_json)
