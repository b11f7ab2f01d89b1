"""`cure-agent train reward`: rewards and advantages of stored tables, without training anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

import click

if TYPE_CHECKING:
    from rich.table import Table

    from cure.reward.presets import Preset


@click.command("reward")
@click.argument("tables", metavar="TABLES.json")
@click.option(
    "--preset",
    type=click.Choice(["paper", "release"]),
    default="paper",
    show_default=True,
    help="paper: fraction of ground-truth tests, Eq. 4 as corrected in docs/rewards.md, standardised; "
    "release: as the released code.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list, one result per case, in order.")
def reward(tables: str, preset: str, as_json: bool) -> None:
    """Compute rewards and advantages of the programs and tests in TABLES.json.

    The file is {cases: [{name, config, problems}]}, or the list alone; docs/rewards.md says what a problem has. The
    switches of the released code in `config` (enable_efficient, post_stage, ...) matter for --preset release only.
    """
    import json

    from cure.reward.case_file import load_cases
    from cure.reward.presets import case_rewards

    results = [case_rewards(case, cast("Preset", preset)) for case in load_cases(tables)]
    if as_json:
        click.echo(json.dumps(results, indent=1, allow_nan=False))
        return
    _show(results)


def _show(results: Iterable[Mapping[str, Any]]) -> None:
    from rich.console import Console

    console = Console()
    for index, result in enumerate(results):
        console.print(_table(result, str(result["name"]) or f"#{index}"))


def _table(result: Mapping[str, Any], name: str) -> Table:
    """A table with a row for each program and each test; remarks say why there is no advantage."""
    from rich.table import Table
    from rich.text import Text

    title = Text(f"{name} ({result['preset']})".encode("utf-8", "backslashreplace").decode())
    table = Table(title=title, title_justify="left")
    for column in ("problem", "answer"):
        table.add_column(column)
    for column in ("reward", "advantage"):
        table.add_column(column, justify="right")
    table.add_column("remark", overflow="fold")
    for index, problem in enumerate(result["problems"]):
        for role, group in (("code", problem["codes"]), ("test", problem["tests"])):
            rewards = group["rewards"] or []
            found = group["advantages"] or [None] * len(rewards)
            if not rewards:
                table.add_row(str(index), f"{role}s", "-", "-", group["reason"])
            for number, (reward_, advantage) in enumerate(zip(rewards, found, strict=True)):
                remark = group["reason"] if group["reason"] and not number else ""
                table.add_row(str(index), f"{role} {number}", _number(reward_), _number(advantage), remark)
    return table


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:+.4f}"
