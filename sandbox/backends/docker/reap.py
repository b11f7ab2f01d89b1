"""Which process a container belongs to, and the removal of those whose process is dead."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docker import APIClient

LABEL = "cure-agent.sandbox"


def remove(client: APIClient, container: str) -> None:
    """Remove a container by id or name, whatever it is doing; nothing when there is none."""
    from docker.errors import APIError, NotFound

    try:
        client.remove_container(container, force=True)
    except NotFound:
        return
    except APIError as error:
        # 409: it is being removed already, by its own ending.
        if error.status_code != 409:
            raise


def reap(client: APIClient) -> None:
    """Remove containers whose owner on this machine has died without removing them itself."""
    for container in client.containers(all=True, filters={"label": LABEL}):
        label = container["Labels"][LABEL]
        place, _, identity = label.rpartition(":")
        pid = identity.partition("@")[0]
        if place == _place() and pid.isdecimal() and label != owner(int(pid)):
            remove(client, container["Id"])


def owner(pid: int) -> str:
    """A name for process `pid` that no other process will ever have; for a dead one, a name that no process has."""
    try:
        started = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        started = "dead"
    return f"{_place()}:{pid}@{started}"


def _place() -> str:
    """What tells apart machines, their starts, and PID namespaces on them: process ids mean something only within."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}:{Path('/proc/self/ns/pid').readlink()}"
