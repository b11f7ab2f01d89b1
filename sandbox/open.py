"""Opens the best sandbox that works on this machine, and reports why others do not work."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, get_args

from sandbox.errors import ImageMissing, SandboxError, SandboxUnavailable
from sandbox.protocol import Sandbox

Kind = Literal["auto", "docker", "bubblewrap", "none"]
"""Kinds of sandbox: see `open_sandbox`."""
KINDS: tuple[Kind, ...] = get_args(Kind)
INSTALL = "apt-get install bubblewrap, or install Docker and run `cure-agent sandbox build`"


@dataclass(frozen=True)
class BackendStatus:
    """Whether one backend works on this machine."""

    name: str
    usable: bool
    detail: str
    """The backend's isolation if it is usable, otherwise why it is not; one line."""
    remedy: str = ""
    """The command or step that makes it usable; empty when it is usable."""
    packages: dict[str, str] = field(default_factory=dict)
    """Versions of the packages that programs can import besides the standard library, by name."""


def default_slots() -> int:
    """Twice the cores this process may use: at most half of the slots compute at a time, the others may sleep."""
    return 2 * len(os.sched_getaffinity(0))


def say_on_stderr(line: str) -> None:
    """Write a line to stderr: a step of opening a sandbox that takes long."""
    sys.stderr.write(f"{line}\n")


async def open_sandbox(
    kind: str = "auto",
    *,
    slots: int | None = None,
    say: Callable[[str], None] = say_on_stderr,
    runtime: str | None = None,
) -> Sandbox:
    """A sandbox of this kind, for the running event loop; the caller closes it.

    `kind` is `auto` (Docker when an engine answers and has the image, else bubblewrap), `docker`, `bubblewrap`, or
    `none` for trusted code. `slots` executions run side by side, by default `default_slots()`. Docker's image is built
    when it is missing, and `docker` was asked for, a runtime is named, or bubblewrap does not work; `say` gets a line
    for each step of the build. `runtime` is the runtime of Docker's containers (`runsc`, `crun`, ...), by default the
    one that CURE_AGENT_DOCKER_RUNTIME names; with a runtime named, `auto` never falls back to bubblewrap, which would
    isolate less.

    Raises SandboxUnavailable where no backend of this kind works, SandboxError for fewer than one slot.
    """
    from sandbox.backends.trusted import Trusted
    from sandbox.pool.pool import Pool

    count = default_slots() if slots is None else slots
    if count < 1:
        raise SandboxError(f"a sandbox needs at least one slot, not {count}")
    if kind == "none":
        return Trusted(count)
    if kind in ("docker", "auto"):
        from sandbox.backends.docker.jails import chosen_runtime, find_docker

        runtime = chosen_runtime(runtime)
        if kind == "docker" or runtime is not None:
            return Pool(await find_docker(say, runtime), count)
        return await _open_first(count, say)
    if kind == "bubblewrap":
        from sandbox.backends.bubblewrap import find_bubblewrap

        return Pool(await find_bubblewrap(), count)
    raise unknown(kind)


def unknown(kind: str) -> SandboxUnavailable:
    """The error for a kind of sandbox that does not exist."""
    return SandboxUnavailable(f"unknown sandbox {kind!r}: choose one of {', '.join(KINDS)}")


async def _open_first(slots: int, say: Callable[[str], None]) -> Sandbox:
    """Docker if it has the image, else bubblewrap, else Docker after building the image, which takes long."""
    from sandbox.backends.docker.jails import find_docker
    from sandbox.pool.pool import Pool

    try:
        return Pool(await find_docker(), slots)
    except SandboxUnavailable as error:
        docker = error
    try:
        sandbox = await open_sandbox("bubblewrap", slots=slots)
    except SandboxUnavailable as error:
        bubblewrap = error
    else:
        if isinstance(docker, ImageMissing):
            say("using bubblewrap: Docker answers but lacks the image, which `cure-agent sandbox build` makes")
        return sandbox
    if isinstance(docker, ImageMissing):
        try:
            return await open_sandbox("docker", slots=slots, say=say)
        except SandboxUnavailable as error:
            docker = error
    raise SandboxUnavailable(f"no sandbox works here: {INSTALL} ({docker}; {bubblewrap})")


async def probe() -> list[BackendStatus]:
    """The state of each backend on this machine, the preferred one first. Leaves nothing built or running."""
    from sandbox.backends.bubblewrap import INSTALL as BUBBLEWRAP
    from sandbox.backends.bubblewrap import find_bubblewrap
    from sandbox.backends.docker.client import INSTALL as DOCKER
    from sandbox.backends.docker.jails import find_docker

    statuses = []
    for name, find, remedy in (("docker", find_docker, DOCKER), ("bubblewrap", find_bubblewrap, BUBBLEWRAP)):
        try:
            backend = await find()
        except SandboxUnavailable as error:
            missing = "cure-agent sandbox build" if isinstance(error, ImageMissing) else remedy
            statuses.append(BackendStatus(name, False, str(error), missing))
        else:
            statuses.append(BackendStatus(name, True, backend.isolation, packages=backend.packages))
            await backend.close()
    return statuses
