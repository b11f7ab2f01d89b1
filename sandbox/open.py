"""Chooses a sandbox for this machine, and says why not the others."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.errors import SandboxError, SandboxUnavailable
from sandbox.protocol import Sandbox

KINDS = ("auto", "docker", "bubblewrap", "none")


@dataclass(frozen=True)
class BackendStatus:
    """Whether one backend works on this machine."""

    name: str
    usable: bool
    detail: str
    """What it is when usable, why it is not otherwise; one line."""
    remedy: str = ""
    """The command or step that makes it usable; empty when it is."""


async def open_sandbox(kind: str = "auto", *, slots: int | None = None) -> Sandbox:
    """A sandbox of this kind, warm after its first job; close it when done.

    `kind` is `auto` (Docker when an engine answers, else bubblewrap), `docker`, `bubblewrap`, or `none` for code one
    trusts. `slots` executions run side by side, twice the cores by default. Raises SandboxUnavailable.
    """
    from sandbox.bubblewrap import find_bubblewrap
    from sandbox.pool import Pool, default_slots
    from sandbox.trusted import Trusted

    count = default_slots() if slots is None else slots
    if count < 1:
        raise SandboxError(f"a sandbox needs at least one slot, not {count}")
    if kind == "none":
        return Trusted(count)
    if kind == "bubblewrap" or kind == "auto":
        return Pool(await find_bubblewrap(), count)
    raise SandboxUnavailable(f"unknown sandbox {kind!r}: choose one of {', '.join(KINDS)}")
