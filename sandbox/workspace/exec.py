"""`cure-agent sandbox exec`: runs one command in a temporary workspace."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import shlex
import sys
from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path

import click

from sandbox.errors import SandboxError
from sandbox.open import KINDS
from sandbox.protocol import Verdict
from sandbox.workspace.open import open_workspace
from sandbox.workspace.protocol import COMMAND_LIMITS, Change, Command, CommandResult, Output, Quota, Setup, Workspace


@click.command("exec", context_settings={"ignore_unknown_options": True})
@click.option(
    "--dir",
    "directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="The directory the command gets a private view of.  [default: the current one]",
)
@click.option(
    "--sandbox",
    "kind",
    type=click.Choice(KINDS),
    default="auto",
    show_default=True,
    help="How the command is isolated; `none` is for trusted commands.",
)
@click.option("--network", is_flag=True, help="Let the command, and the setup, reach other machines.")
@click.option("--image", help="Docker image to run the command in; it needs Python >= 3.11.")
@click.option("--readable", multiple=True, help="A further path that the command may read. Repeatable.")
@click.option("--setup", "setups", multiple=True, help="A shell command that prepares /env, which is kept. Repeatable.")
@click.option(
    "--setup-key",
    "keys",
    multiple=True,
    help="A file on whose contents /env depends: if it changes, the setup runs again. Repeatable.",
)
@click.option(
    "--time-limit",
    type=click.FloatRange(min=0, min_open=True),
    default=COMMAND_LIMITS.cpu_s,
    show_default=True,
    help="CPU seconds of all processes of the command together.",
)
@click.option(
    "--memory",
    type=click.IntRange(min=16),
    default=COMMAND_LIMITS.memory_mb,
    show_default=True,
    help="Megabytes of memory, for each process and for all processes of the command together.",
)
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="Copy the files that the command added or changed to this directory.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as an object instead of the command's output.")
@click.argument("argv", metavar="COMMAND...", nargs=-1, required=True, type=click.UNPROCESSED)
def execute(
    directory: Path,
    kind: str,
    network: bool,
    image: str | None,
    readable: tuple[str, ...],
    setups: tuple[str, ...],
    keys: tuple[str, ...],
    time_limit: float,
    memory: int,
    keep: Path | None,
    as_json: bool,
    argv: tuple[str, ...],
) -> None:
    """Run a command in a temporary, private view of a directory, which the command cannot change.

    The command's output is printed as it comes, the verdict goes to stderr. Exits with 0 if the verdict is ok, with 6
    if the sandbox or the setup fails, else with 1. Put `--` before a command that has options.
    """
    limits = replace(COMMAND_LIMITS, cpu_s=time_limit, wall_s=None, memory_mb=memory)
    setup = Setup(setups, keys, network) if setups else None
    most = replace(COMMAND_LIMITS, memory_mb=max(memory, COMMAND_LIMITS.memory_mb))
    opening = open_workspace(
        directory, kind=kind, network=network, image=image, readable=readable, setup=setup, quota=Quota(limits=most)
    )
    result, changes = asyncio.run(_run(opening, Command(argv, limits), keep, None if as_json else _pass_on))
    if as_json:
        click.echo(json.dumps(_plain(result, changes)))
    else:
        click.echo(_summary(result, changes), err=True)
    if result.verdict == Verdict.SANDBOX_ERROR:
        raise SandboxError(result.reason)
    if result.verdict != Verdict.OK:
        sys.exit(1)


async def _run(
    opening: Awaitable[Workspace], command: Command, keep: Path | None, output: Output | None
) -> tuple[CommandResult, list[Change]]:
    workspace = await opening
    try:
        result = await workspace.run(command, output)
        if result.verdict == Verdict.SANDBOX_ERROR:
            return result, []
        if keep is not None:
            await workspace.export(keep)
        return result, await workspace.changes()
    finally:
        await asyncio.shield(workspace.close())


def _pass_on(stream: str, data: bytes) -> None:
    target = sys.stdout.buffer if stream == "stdout" else sys.stderr.buffer
    target.write(data)
    target.flush()


def _plain(result: CommandResult, changes: list[Change]) -> dict[str, object]:
    """The result as a JSON object; bytes that are not UTF-8 are replaced."""
    texts = {name: getattr(result, name).decode(errors="replace") for name in ("stdout", "stderr")}
    return {**dataclasses.asdict(result), **texts, "changes": [dataclasses.asdict(change) for change in changes]}


def _summary(result: CommandResult, changes: list[Change]) -> str:
    reason = f" ({result.reason})" if result.reason else ""
    figures = f"{result.cpu_s:.2f} s CPU, {result.wall_s:.2f} s, {result.peak_memory_kb / 1024:.0f} MB"
    return f"{shlex.join(result.command)}: {result.verdict}{reason}: {figures}, {len(changes)} files changed"
