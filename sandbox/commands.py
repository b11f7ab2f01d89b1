"""`cure-agent sandbox`: builds the image, shows which sandboxes work, runs programs and commands, tests, measures."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
from pathlib import Path
from typing import BinaryIO

import click

from sandbox.backends.packages import NONE, SETS, choose, chosen
from sandbox.bench.command import bench
from sandbox.errors import SandboxError, SandboxUnavailable
from sandbox.open import KINDS, BackendStatus, open_sandbox, probe
from sandbox.protocol import Execution, Job, Limits, Verdict
from sandbox.selftest.command import selftest
from sandbox.workspace.exec import execute


@click.group()
def sandbox() -> None:
    """The sandbox that programs run in."""


sandbox.add_command(bench)
sandbox.add_command(selftest)
sandbox.add_command(execute)


@sandbox.command()
@click.option(
    "--packages",
    type=click.Choice(tuple(SETS)),
    help="Python packages that programs may import from now on: `contest` is numpy, scipy, networkx, sympy, "
    "mpmath, sortedcontainers, more-itertools and bitarray.  [default: as before]",
)
def build(packages: str | None) -> None:
    """Build Docker's image from the Dockerfile, or else from Debian packages; do nothing if it exists.

    Packages are installed into the image and for bubblewrap's Python; where Docker or bubblewrap is missing, only for
    the other.
    """
    name = chosen() if packages is None else packages
    click.echo(asyncio.run(_build(name)))
    if packages is not None:
        choose(packages)


async def _build(packages: str) -> str:
    """The tag of the image, or a line on what was installed for bubblewrap where there is no engine."""
    from sandbox.backends.bubblewrap import install_packages
    from sandbox.backends.docker.client import connect
    from sandbox.backends.docker.image import build as image

    def say(line: str) -> None:
        click.echo(line, err=True)

    missing: SandboxUnavailable | None = None
    if packages != NONE:
        try:
            await install_packages(packages, say)
        except SandboxUnavailable as error:
            missing = error
    try:
        engine = await connect()
    except SandboxUnavailable as error:
        if packages == NONE or missing is not None:
            raise
        say(f"no image: {error}")
        return f"packages for bubblewrap: {', '.join(SETS[packages])}"
    try:
        return await asyncio.to_thread(image.build, engine.client, say, packages)
    finally:
        engine.close()


@sandbox.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status(as_json: bool) -> None:
    """Show which sandboxes work on this machine, which one is chosen, and how to get the others.

    Exits with 6 when none works.
    """
    backends = asyncio.run(probe())
    chosen = next((backend.name for backend in backends if backend.usable), None)
    if as_json:
        click.echo(json.dumps({"chosen": chosen, "backends": [dataclasses.asdict(backend) for backend in backends]}))
    else:
        for backend in backends:
            click.echo(_describe(backend, chosen))
    if chosen is None:
        raise SandboxError("no sandbox works here: " + "; or ".join(backend.remedy for backend in backends))


def _describe(backend: BackendStatus, chosen: str | None) -> str:
    mark = "chosen" if backend.name == chosen else "works" if backend.usable else "missing"
    further = [f"to get it: {backend.remedy}"] if backend.remedy else []
    further += [f"packages: {', '.join(map(' '.join, backend.packages.items()))}"] if backend.packages else []
    return "\n".join([f"{backend.name:12}{mark:9}{backend.detail}", *(f"{'':21}{line}" for line in further)])


@sandbox.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--stdin",
    type=click.File("rb"),
    help="File that the program reads as its standard input; `-` passes this command's on.",
)
@click.option("--sandbox", "kind", type=click.Choice(KINDS), default="auto", show_default=True)
@click.option(
    "--time-limit",
    type=click.FloatRange(min=0, min_open=True),
    default=Limits().cpu_s,
    show_default=True,
    help="CPU seconds.",
)
@click.option("--memory", type=click.IntRange(min=16), default=Limits().memory_mb, show_default=True, help="Megabytes.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print the execution as an object instead of the program's output."
)
def run(file: Path, stdin: BinaryIO | None, kind: str, time_limit: float, memory: int, as_json: bool) -> None:
    """Run one Python program and print its output; the verdict goes to stderr.

    Exits with 0 if the verdict is ok, with 6 if the sandbox failed, else with 1.
    """
    source = file.read_bytes().decode(errors="surrogateescape")
    job = Job(str(file), source, (stdin.read() if stdin else b"",), Limits(cpu_s=time_limit, memory_mb=memory))
    execution = asyncio.run(_run(job, kind))
    if as_json:
        click.echo(json.dumps(_plain(execution)))
    else:
        sys.stdout.buffer.write(execution.stdout)
        sys.stdout.buffer.flush()
        sys.stderr.buffer.write(execution.stderr_tail)
        click.echo(_summary(execution), err=True)
    if execution.verdict == Verdict.SANDBOX_ERROR:
        raise SandboxError(execution.reason)
    if execution.verdict != Verdict.OK:
        sys.exit(1)


async def _run(job: Job, kind: str) -> Execution:
    sandbox = await open_sandbox(kind, slots=1)
    try:
        return await anext(aiter(sandbox.run([job])))
    finally:
        await sandbox.close()


def _plain(execution: Execution) -> dict[str, object]:
    """The execution as a JSON object; bytes that are not UTF-8 are replaced."""
    texts = {name: getattr(execution, name).decode(errors="replace") for name in ("stdout", "stderr_tail")}
    return {**dataclasses.asdict(execution), **texts}


def _summary(execution: Execution) -> str:
    reason = f" ({execution.reason})" if execution.reason else ""
    return (
        f"{execution.verdict}{reason}: {execution.cpu_s:.3f} s CPU, {execution.wall_s:.3f} s, "
        f"{execution.peak_memory_kb / 1024:.0f} MB"
    )
