"""`--dry-run`: prints what a run would do and what memory it would take. Loads no model and no torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from trainer.config import dump, load
from trainer.plan.estimate import estimate
from trainer.plan.step_plan import plan, plan_lines


def show_plan(target: str, overrides: Sequence[str], as_json: bool) -> None:
    """Print the configuration as TOML, then the plan of a step and its memory as comments.

    With `as_json`, all three are printed as one JSON object. Raises TrainerError where the configuration is wrong.
    """
    import click

    config = load(target, tuple(overrides))
    planned, estimates = plan(config), [estimate(config, name) for name in config.policies]
    if as_json:
        record = {
            "config": config.model_dump(mode="json"),
            "plan": asdict(planned),
            "memory": [memory.to_record() for memory in estimates],
        }
        click.echo(json.dumps(record, indent=1))
        return
    lines = [*plan_lines(planned, config), *(line for memory in estimates for line in ("", *memory.lines()))]
    click.echo(dump(config))
    click.echo("\n".join(f"# {line}".rstrip() for line in lines))
